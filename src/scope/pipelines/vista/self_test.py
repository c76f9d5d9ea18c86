"""How the graphs should run here, threads and arithmetic, found by trying and remembered.

Decides by the clock, among arithmetic that gives the same numbers: another thread or coarser
arithmetic must be faster by 5% to be worth it. It does not know what is run.
"""

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Precision = Literal["f32", "int8"]
MOST_THREADS = 4
ROUNDS = 3
"""A busy second does not hit the same setup every time."""
TRIES = 3
WORTH_IT = 0.95
LARGEST_ERROR = 0.08
"""Of the values' root mean square; processors differ in how they add up 8-bit products."""

CPUINFO = Path("/proc/cpuinfo")
_KIND = ("model name", "cpu family", "model", "stepping", "flags")
_KIND_OF_ARM = ("CPU implementer", "CPU part", "Features")
"""Lines of `CPUINFO` that are the same after every start of a machine."""

Part = tuple[Callable[[], NDArray[np.float32]], int]
"""A piece of a chunk's work, and how often a chunk does it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A way to run the graphs."""

    threads: int
    precision: Precision


def candidates(precisions: Sequence[Precision], *, threads: int | None = None) -> tuple[Setup, ...]:
    """What can be tried here, the plainest first; `threads` leaves only that count."""
    cores = _cores()
    counts = range(1, min(cores, MOST_THREADS) + 1) if threads is None else (threads,)
    return tuple(Setup(count, precision) for precision in precisions for count in counts)


def choose_setup(
    open_parts: Callable[[Setup], Sequence[Part]],
    tried: Sequence[Setup],
    *,
    key: str,
    cache: Path,
) -> Setup:
    """The best of `tried` for what `open_parts` returns; known answers come from the cache.

    open_parts: all of a chunk's work; the numbers of the first part are compared.
    key: what the answer depends on besides this machine. A home may be seen by several.
    """
    if len(tried) == 1:
        return tried[0]
    name = f"{key}/{_processor()}/{_cores()}/{len(tried)}"
    known = _read(cache)
    remembered = _setup_of(known.get(name))
    if remembered is not None and remembered in tried:
        return remembered
    shortest: dict[Setup, list[float]] = {}
    reference = None
    for setup in ROUNDS * tuple(tried):
        parts = open_parts(setup)
        found = parts[0][0]()
        reference = found if reference is None else reference
        if _agree(found, reference):
            seconds = [times * _seconds(run) for run, times in parts]
            shortest[setup] = [*map(min, seconds, shortest.get(setup, seconds))]
    best = tried[0]
    for setup, seconds in shortest.items():
        if sum(seconds) < WORTH_IT * sum(shortest[best]):
            best = setup
    _write(cache, known | {name: asdict(best)})
    return best


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """What tells this kind of processor from another: eight hexadecimal digits."""
    try:
        lines = CPUINFO.read_text().partition("\n\n")[0].splitlines()
    except (OSError, ValueError):
        lines = [platform.machine() + platform.processor()]
    else:
        lines = [line for line in lines if line.partition("\t")[0] in _KIND + _KIND_OF_ARM]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def _seconds(run: Callable[[], object]) -> float:
    """The shortest of some tries: short pieces are less often disturbed than a whole chunk."""
    times = []
    for _ in range(TRIES):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def _agree(found: NDArray[np.float32], reference: NDArray[np.float32]) -> bool:
    error = float(np.square(found - reference).mean())
    return error <= LARGEST_ERROR**2 * float(np.square(reference).mean())


def _setup_of(value: object) -> Setup | None:
    match value:
        case {"threads": int(threads), "precision": str(precision)}:
            named = [each for each in get_args(Precision) if each == precision]
            return Setup(threads, named[0]) if named else None
    return None


def _read(cache: Path) -> dict[str, Any]:
    try:
        found = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(cache: Path, known: dict[str, Any]) -> None:
    """A cache that cannot be written is a test run again next time, nothing worse."""
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps(known))
    except OSError:
        return
