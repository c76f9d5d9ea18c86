"""What a process and all its children cost, read from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a whole tree. pss_mib: memory, shared pages divided among their users."""

    cpu_s: float
    pss_mib: float
    fds: int
    threads: int
    processes: int
    shared_segments: int


def tree(pid: int) -> list[int]:
    """`pid` and every descendant that is alive."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        if _stat(current):
            found.append(current)
            todo += parents.get(current, [])
    return found


def usage(pid: int, *, memory: bool = True) -> Usage:
    """Sums over the tree of `pid`."""
    pids = tree(pid)
    stats = [fields for one in pids if (fields := _stat(one))]
    return Usage(
        cpu_s=sum(int(fields[11]) + int(fields[12]) for fields in stats) * TICK_S,
        pss_mib=sum(_pss_kib(one) for one in pids) / 1024 if memory else 0.0,
        fds=sum(_count(f"/proc/{one}/fd") for one in pids),
        threads=sum(int(fields[17]) for fields in stats),
        processes=len(pids),
        shared_segments=_count("/dev/shm"),
    )


def worker_pid(pid: int) -> int:
    """The child of `pid` that makes the pictures: known by its module."""
    for child in tree(pid)[1:]:
        command = Path(f"/proc/{child}/cmdline").read_bytes()
        if b"scope.engine.child" in command:
            return child
    raise LookupError(f"process {pid} has no worker")


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on; None for a process that is gone or dead."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _count(folder: str) -> int:
    try:
        return len(os.listdir(folder))
    except OSError:
        return 0
