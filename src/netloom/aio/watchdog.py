"""How late the loop is: the first thing to look at when everything is slow.

Rule 1: the watchdog measures; what to do about a lag (tell systemd, warn, shed load) is its owner's affair.
Rule 2: it wakes up rarely and allocates nothing that stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netloom.aio.clock import SYSTEM_CLOCK, Clock


@dataclass(frozen=True, slots=True)
class LagCounters:
    """Seconds by which the loop woke up late."""

    last: float
    highest: float
    total: float
    beats: int


class LagWatchdog:
    """Sleeps, sees how late it wakes, tells its owner."""

    def __init__(
        self,
        *,
        interval: float = 0.5,
        beat: Callable[[float], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._interval = interval
        self._beat = beat
        self._clock = clock
        self._last = 0.0
        self._highest = 0.0
        self._total = 0.0
        self._beats = 0

    def counters(self) -> LagCounters:
        """What was seen since the start."""
        return LagCounters(self._last, self._highest, self._total, self._beats)

    async def run(self) -> None:
        """Measure until cancelled; `beat(lag)` is called after each interval (a systemd watchdog hangs here)."""
        while True:
            due = self._clock.now() + self._interval
            await self._clock.sleep(self._interval)
            lag = max(0.0, self._clock.now() - due)
            self._last = lag
            self._highest = max(self._highest, lag)
            self._total += lag
            self._beats += 1
            if self._beat is not None:
                self._beat(lag)
