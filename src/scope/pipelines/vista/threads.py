"""How many threads the graphs should use here, found by trying and remembered.

Decides by the clock: a count must be faster by 5% to be worth another thread. It does not know
what is run.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

MOST = 4
TRIES = 5


def choose_threads(
    open_run: Callable[[int], Callable[[], object]], *, key: str, cache: Path
) -> int:
    """The best count for what `open_run(threads)` returns; known answers come from the cache.

    key: what the answer depends on besides this machine.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = f"{key}/{cores}"
    known = _read(cache)
    if isinstance(known.get(name), int) and 1 <= known[name] <= MOST:
        return known[name]
    best, best_s = 1, _seconds(open_run(1))
    for threads in range(2, min(cores or 1, MOST) + 1):
        seconds = _seconds(open_run(threads))
        if seconds < 0.95 * best_s:
            best, best_s = threads, seconds
    _write(cache, known | {name: best})
    return best


def _seconds(run: Callable[[], object]) -> float:
    run()
    times = []
    for _ in range(TRIES):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def _read(cache: Path) -> dict[str, int]:
    try:
        found = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(cache: Path, known: dict[str, int]) -> None:
    """A cache that cannot be written is a test run again next time, nothing worse."""
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(known))
    except OSError:
        return
