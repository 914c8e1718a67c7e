"""Having a provider do something: one way to wait for it, and one way to say that it did not."""

from __future__ import annotations

from collections.abc import Coroutine

from netloom.app.cloud.doing import Doing
from netloom.base.errors import PeerError
from netloom.plan.elements import Outcome


async def have_done(
    doing: Doing, provider: str, call: Coroutine[object, object, Outcome], what: str, place: str
) -> None:
    """Wait until a provider did what it was told.

    Args:
        doing: for whose job.
        provider: its name.
        call: what it is told, not begun yet.
        what: that, for people: `implement network blue`.
        place: whose affair it is: `network/ID`, `vpc/ID`.

    Raises:
        PeerError: it could not (`provider-failed`), or did not answer in time (`provider-slow`).
    """
    outcome = await doing.provider(provider, call, what)
    if not outcome.done:
        raise PeerError(
            f"{provider} could not {what}: {outcome.reason}",
            code="provider-failed",
            subject=place,
            hint="ask again later" if outcome.again else None,
        )
