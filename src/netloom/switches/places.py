"""From where a host dials in: to notice two machines that say they are one.

A machine made from a copy of another one's disk has its system-id. Without certificates nothing tells them apart: each takes
the other one's place, again and again.

Rule 1: a connection that gives way to one from the same address is a host that dials again, which is normal.
Rule 2: what stopped is forgotten: a host that moved to another address did so once.
"""

from __future__ import annotations

from collections import deque

from netloom.aio.clock import Clock
from netloom.model.status import Finding, Severity

FORGOTTEN = 120.0
"""Seconds after which a change of address does not count any more."""

OFTEN = 2
"""Changes within that time that are no move: there and back."""


class Places:
    """Where one host's connections came from."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changes: deque[tuple[float, str, str]] = deque(maxlen=16)

    def displaced(self, before: str, after: str) -> None:
        """A connection that lived gave way to another one.

        Args:
            before: its peer (`tcp:ADDRESS:PORT`).
            after: the new one's.
        """
        old, new = _address(before), _address(after)
        if old != new:
            self._changes.append((self._clock.now(), old, new))

    def finding(self) -> Finding | None:
        """What a person should know."""
        since = self._clock.now() - FORGOTTEN
        recent = [(old, new) for at, old, new in self._changes if at >= since]
        if len(recent) < OFTEN:
            return None
        places = sorted({place for change in recent for place in change})
        return Finding(
            code="host-dials-in-from-several-places",
            message=f"connections of this host come in turn from {' and '.join(places)}: "
            f"{len(recent)} times in the last {FORGOTTEN:g} s one took the other's place",
            severity=Severity.ERROR,
            hint="two machines have the same system-id: give the copy its own (/etc/openvswitch/system-id.conf), "
            "or use certificates",
        )


def _address(peer: str) -> str:
    return peer.rpartition(":")[0].partition(":")[2]
