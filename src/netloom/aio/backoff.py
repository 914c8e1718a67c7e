"""How long to wait before the next try: doubling, capped, spread.

Rule 1: randomness is an argument (`jitter`, a function that answers 0..1), so that a test knows every delay.
Rule 2: a success or a change of the input clears the count; time alone never does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Jitter = Callable[[], float]
"""Answers a number in [0, 1); `random.random` in production."""


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """Bounds of a growing delay.

    Args:
        first: seconds before the first retry.
        limit: seconds that no delay exceeds.
        factor: growth from one retry to the next.
        spread: share of the delay that is random: 0.5 means between 50 % and 100 % of it. Spreading downwards keeps
            `limit` a promise while 500 hosts that failed together do not come back together.
    """

    first: float = 0.5
    limit: float = 30.0
    factor: float = 2.0
    spread: float = 0.5


class Backoff:
    """The growing delay of one thing that fails."""

    __slots__ = ("_failures", "_jitter", "_policy")

    def __init__(self, policy: BackoffPolicy, jitter: Jitter) -> None:
        self._policy = policy
        self._jitter = jitter
        self._failures = 0

    @property
    def failures(self) -> int:
        """Failures since the last `clear`."""
        return self._failures

    def clear(self) -> None:
        """It worked, or what is tried has changed: the next failure waits the shortest time again."""
        self._failures = 0

    def next_delay(self) -> float:
        """Count one failure; seconds to wait before trying again."""
        policy = self._policy
        # The exponent is bounded: 2.0 ** 1024 overflows, and a host may be away for months.
        exponent = min(self._failures, 64)
        self._failures += 1
        delay = min(policy.limit, policy.first * policy.factor**exponent)
        return delay * (1.0 - policy.spread * self._jitter())
