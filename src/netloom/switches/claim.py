"""Our claim to be the one controller that writes to a switch, and what to do when another one takes that place.

    claimed ──(the switch tells it, or refuses a bundle)──► fenced ──(a wait that grows)──► claimed anew, read in full

A switch has one primary controller: the one whose claim has the highest generation (OpenFlow 1.3.5, section 6.3.6).

Rule 1: a claim that was lost is made again with a higher generation, each time later than the time before: two
    controllers that both want a switch make it change hands once a minute, not a thousand times a second.
Rule 2: whoever has the store's latest claim may claim again; one that the same store has replaced stays fenced.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from netloom.aio.backoff import Backoff, BackoffPolicy, Jitter
from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import Conflict
from netloom.model.status import Finding, Severity
from netloom.reconcile.ports import Refusal
from netloom.switches.openflow_client import OpenFlowClient, RequestRefused
from netloom.wire.openflow.messages.async_config import AsyncMasks, SetAsync
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.messages.role import (
    NO_GENERATION,
    ControllerRole,
    RoleReply,
    RoleRequest,
    RoleStatus,
)
from netloom.wire.openflow.versions import OF14

FENCED = "controller-fenced"
HINT = "only one netloom may own a host; remove it from the other controller, or from this one"

HELD = 600.0
"""Seconds that a claim must hold until what was before is forgotten: the next loss is the first again."""

HIGHEST = 1 << 62
"""Generations above are not followed: the store keeps ours as a signed number, and counting that far takes sabotage."""

_ROLE_REASONS = 0b111


class Claims(Protocol):
    """The generation that all our sessions claim with."""

    @property
    def generation(self) -> int:
        """What to claim with now."""
        ...

    async def renew(self, above: int) -> int:
        """A higher one, remembered for good.

        Args:
            above: a generation that a switch has seen.

        Raises:
            Conflict: another process with the same store has claimed since: this one is not the owner any more.
        """
        ...


class Claim:
    """The claim on one switch."""

    def __init__(
        self, claims: Claims, policy: BackoffPolicy, *, jitter: Jitter, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._claims = claims
        self._backoff = Backoff(policy, jitter)
        self._clock = clock
        self._held_since: float | None = None
        self._losses = 0
        self._lost_at = 0.0
        self._first_lost_at = 0.0

    async def make(self, client: OpenFlowClient) -> None:
        """Become primary.

        Raises:
            Conflict: the switch has seen a newer claim.
        """
        try:
            await self._ask(client, self._claims.generation)
        except RequestRefused as error:
            raise Conflict(
                "another controller with a newer claim is primary on this switch", code=FENCED, hint=HINT
            ) from error

    async def make_anew(self, client: OpenFlowClient) -> None:
        """Become primary with a generation above what the switch has seen.

        Raises:
            Conflict: it was not to be had.
        """
        seen = await client.request(RoleRequest(ControllerRole.NO_CHANGE), RoleReply)
        above = 0 if seen.generation_id == NO_GENERATION else seen.generation_id
        if above >= HIGHEST:
            raise Conflict(
                f"another controller has claimed the switch with the generation {above}: there is none above",
                code=FENCED,
                hint="restart ovs-vswitchd on the host once the other controller is gone",
            )
        if above >= self._claims.generation:
            await self._claims.renew(above)
        await self.make(client)

    async def _ask(self, client: OpenFlowClient, generation: int) -> None:
        if client.version >= OF14:
            # Without being asked a switch lets us find out at our next change.
            client.send(SetAsync(AsyncMasks(), AsyncMasks(role_status=_ROLE_REASONS)))
        await client.request(RoleRequest(ControllerRole.PRIMARY, generation), RoleReply)
        self._held_since = self._clock.now()

    def lost(self) -> float:
        """It was lost, or could not be made; seconds to wait before it is made anew."""
        if self._held_since is not None and self._clock.now() - self._held_since >= HELD:
            self._backoff.clear()
            self._losses = 0
        if self._losses == 0:
            self._first_lost_at = self._clock.wall()
        self._held_since = None
        self._losses += 1
        self._lost_at = self._clock.wall()
        return self._backoff.next_delay()

    def refusal(self) -> Refusal:
        """Why the host counts as lost meanwhile."""
        return Refusal(FENCED, f"another controller has taken the switch ({HINT})")

    def finding(self) -> Finding | None:
        """What a person should know: that somebody else writes there, too."""
        held = self._held_since
        if not self._losses or (held is not None and self._clock.now() - held >= HELD):
            return None
        times = "once" if self._losses == 1 else f"{self._losses} times since {_moment(self._first_lost_at)}"
        return Finding(
            code="controller-contended",
            message=f"another controller took the switch {times}, last at {_moment(self._lost_at)}; "
            + ("netloom is about to take it back" if held is None else "netloom has taken it back"),
            severity=Severity.ERROR if held is None else Severity.WARNING,
            hint=HINT,
        )


def says_fenced(message: Message) -> bool:
    """Whether the switch says that it does not listen to us any more."""
    return isinstance(message, RoleStatus) and message.role is ControllerRole.SECONDARY


def _moment(wall: float) -> str:
    return dt.datetime.fromtimestamp(wall, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
