"""Connecting to a host anew, as an operator asks for it: both connections ended, dialled again, the switch read in full.

Rule 1: it is done when connections made afterwards are of use and everything desired was confirmed through them.
Rule 2: whoever asks is told why not: what the connection failed with last, or what the switch refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from netloom.base.errors import Unavailable
from netloom.base.ids import HostId
from netloom.daemon.hosts import KeptHost
from netloom.plan.switch import FragmentKey
from netloom.reconcile.status import StatusBook

PATIENCE: Final = 30.0
"""Seconds that a host has: several tries to connect, and reading and repairing a switch in full."""


class Reconnecting:
    """Connects hosts anew.

    Args:
        kept: the session of a host, if it has one.
        book: how far the hosts are.
        patience: seconds until it is told why a host is not in sync.
    """

    def __init__(
        self,
        kept: Callable[[HostId], KeptHost | None],
        book: StatusBook[FragmentKey],
        patience: float = PATIENCE,
    ) -> None:
        self._kept = kept
        self._book = book
        self._patience = patience

    async def reconnect(self, host_id: HostId) -> None:
        """As `netloom.app.cloud.switches.Switches` says."""
        kept = self._kept(host_id)
        session = None if kept is None else kept.session
        before = (0, 0) if session is None else session.connections
        if session is not None:
            session.reconnect()

        def done() -> bool:
            now = self._kept(host_id)
            if now is None or not now.session.is_up:
                return False
            least = (
                before if now.session is session else (0, 0)
            )  # a session of another declaration counts anew
            fresh = all(new > old for new, old in zip(now.session.connections, least, strict=True))
            return fresh and self._book.in_sync(host_id)

        try:
            async with asyncio.timeout(self._patience):
                await self._book.news.until(done)
        except TimeoutError as error:
            raise self._why_not(host_id) from error

    def _why_not(self, host_id: HostId) -> Unavailable:
        kept = self._kept(host_id)
        failure = self._book.host_failure(host_id) or next(iter(self._book.refusals(host_id).values()), None)
        name = host_id if kept is None else kept.config.name
        reason = "it has no session" if kept is None else "it is still being read"
        return Unavailable(
            f"the host {name!r} ({host_id}) is not in sync {self._patience:g} s after it was dialled again: "
            f"{reason if failure is None else failure.reason}",
            code="host-not-in-sync" if failure is None else failure.code,
            subject=f"host/{host_id}",
            hint="it is tried again without being asked; the host's report tells how its connections do",
        )
