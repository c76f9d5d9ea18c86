"""How fast this machine is right now: a fixed piece of work, timed.

Shared machines change speed by the minute; a figure means little without the floor measured
beside it. The work is the kind the server does: numpy arithmetic and copying pixels.
"""

import time
from dataclasses import dataclass

import numpy as np

from bench.figures import Figure, percentile

ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Floor:
    """Milliseconds, medians of `ROUNDS`. wake_p99_ms: how late a 5 ms sleep ends."""

    matmul_ms: float
    copy_ms: float
    wake_p99_ms: float
    load_average: float

    def figures(self) -> list[Figure]:
        """As lines of the table."""
        return [
            Figure("machine: 512 × 512 f32 matrix product", self.matmul_ms, "ms"),
            Figure("machine: copy of 32 MiB", self.copy_ms, "ms"),
            Figure("machine: a 5 ms sleep ends late, p99", self.wake_p99_ms, "ms"),
            Figure("machine: load average", self.load_average),
        ]


def measure() -> Floor:
    """Takes about a second."""
    matrix = np.random.default_rng(0).standard_normal((512, 512), dtype=np.float32)
    source = np.ones(32 * 2**20, np.uint8)
    target = np.empty_like(source)
    late_ms = [_sleep_late_ms() for _ in range(100)]
    with open("/proc/loadavg", encoding="ascii") as file:
        load_average = float(file.read().split()[0])
    return Floor(
        matmul_ms=percentile([_time_ms(lambda: matrix @ matrix) for _ in range(ROUNDS)], 50),
        copy_ms=percentile([_time_ms(lambda: np.copyto(target, source)) for _ in range(20)], 50),
        wake_p99_ms=percentile(late_ms, 99),
        load_average=load_average,
    )


def _time_ms(work: object) -> float:
    start_s = time.perf_counter()
    work()  # type: ignore[operator]
    return 1000 * (time.perf_counter() - start_s)


def _sleep_late_ms() -> float:
    start_s = time.perf_counter()
    time.sleep(0.005)
    return 1000 * (time.perf_counter() - start_s) - 5
