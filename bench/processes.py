"""CPU seconds and memory of processes, as the kernel counts them; waiting with a limit."""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """What a set of processes used up to now: CPU in seconds, memory in bytes of PSS."""

    cpu: float
    pss: int


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of live processes."""
    total = 0
    for pid in pids:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def pss_bytes(pids: Iterable[int]) -> int:
    """Proportional set size: shared pages counted once over their users."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def use(pids: Iterable[int]) -> Use:
    """Both, now."""
    pids = list(pids)
    return Use(cpu_seconds(pids), pss_bytes(pids))


def wait_for(condition: Callable[[], object], seconds: float, what: str, interval: float = 0.01) -> None:
    """Poll until a condition holds.

    Raises:
        TimeoutError: it did not, in that time.
    """
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"{what}: not after {seconds} s")
        time.sleep(interval)
