"""Rules whose provider could not be told, told again: they come true without anybody asking for anything in their network.

Rule 1: a rule is stuck when it stands in Add or Revoke longer than `STUCK`, in a network in whose line no job is open.
Rule 2: one job tells a network's stuck rules together; it looks again before it does, and leaves alone what has got a job
    of its own meanwhile. What fails is tried again more and more slowly, and operators get an alert.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.app.cloud.alerts import DOMAIN_ROUTER, raise_alert
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_life import OneNetwork, found, queue_of
from netloom.app.cloud.rules_life import drop, stages_of
from netloom.app.cloud.rules_provider import bring_found, settle
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.base.errors import NetloomError, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.dns import DnsRecord
from netloom.model.cloud.jobs import OPEN_STATES, Job
from netloom.model.cloud.load_balancers import HealthCheck, LbMember, LoadBalancer, Stickiness
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import (
    FirewallRule,
    PortForwardingRule,
    Rule,
    RuleState,
    StaticNatRule,
)
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import Where, columns
from netloom.store.times import to_microseconds

_log = structlog.get_logger("netloom.rules")

EVERY: Final = 30.0
"""Seconds between two looks."""
STUCK: Final = dt.timedelta(minutes=1)
"""How long a rule is left to the job that it was made, changed or revoked by."""
FIRST: Final = 60.0
LONGEST: Final = 3600.0
"""Seconds before the second try, and before any later one at most; each try doubles them."""
ALERT_AFTER: Final = 3
"""Tries that fail before operators are told."""
AT_ONCE: Final = 200
"""Networks that a look asks jobs for; the next look takes more."""

KINDS: Final[tuple[type[Rule], ...]] = (
    FirewallRule,
    PortForwardingRule,
    StaticNatRule,
    LoadBalancer,
    LbMember,
    Stickiness,
    HealthCheck,
    DnsRecord,
)
_ON_THE_WAY = (RuleState.ADD.value, RuleState.REVOKE.value)


@dataclass(slots=True)
class Tries:
    """What was tried for a network: how often, by which job last, and not again before when (by the clock)."""

    count: int
    job_id: Uuid | None
    due: float


class RuleRetry:
    """Looks and asks."""

    def __init__(self, cloud: Cloud, clock: Clock = SYSTEM_CLOCK) -> None:
        self._cloud = cloud
        self._clock = clock
        self._tries: dict[Uuid, Tries] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.step()
            except NetloomError as error:
                _log.warning("stuck rules not looked after", code=error.stable_code, error=str(error))
            await self._clock.sleep(EVERY)

    async def step(self) -> None:
        """Look once, and ask for what is due."""
        stuck = await self._cloud.read_as(system_caller(), _networks)
        self._tries = {each: tries for each, tries in self._tries.items() if each in stuck}
        now = self._clock.now()
        for network_id in stuck:
            before = self._tries.get(network_id)
            if before is not None and now < before.due:
                continue
            if before is not None and before.count >= ALERT_AFTER:
                await self._alert(network_id, before)
            await self._ask(network_id, before, now)

    async def _ask(self, network_id: Uuid, before: Tries | None, now: float) -> None:
        try:
            done = await self._cloud.do(system_caller(), RETRY, OneNetwork(id=network_id))
        except NotFound:  # deleted since
            return
        count = 0 if before is None else before.count
        wait = min(LONGEST, FIRST * 2.0 ** min(count, 16))
        self._tries[network_id] = Tries(count + 1, done.job.id if done.job is not None else None, now + wait)

    async def _alert(self, network_id: Uuid, tries: Tries) -> None:
        def unit(work: Work) -> None:
            network = work.records.get(GuestNetwork, network_id)
            job = None if tries.job_id is None else work.records.get(Job, tries.job_id)
            if network is None:
                return
            why = "" if job is None or job.error_text is None else f": {job.error_text}"
            raise_alert(
                work,
                DOMAIN_ROUTER,
                f"network/{network_id}",
                f"rules of network {network.name} ({network_id}) could not be told to their provider,"
                f" tried {tries.count} times{why}",
            )

        await self._cloud.write_as(system_caller(), RETRY.name, unit)


def _stuck(record_type: type[Rule], view: View) -> list[Where]:
    c = columns(record_type)
    return [c.state.in_(_ON_THE_WAY), c.updated_at < to_microseconds(view.at - STUCK)]


def _networks(view: View) -> dict[Uuid, None]:
    """The networks with stuck rules in whose line no job is open, in their order."""
    found_: dict[Uuid, None] = {}
    j = columns(Job)
    for kind in KINDS:
        c = columns(kind)
        busy = (
            select(j.id)
            .where(j.queue == "network/" + c.network_id, j.state.in_([state.value for state in OPEN_STATES]))
            .exists()
        )
        statement = select(c.network_id).where(*_stuck(kind, view), ~busy).distinct().limit(AT_ONCE)
        found_ |= dict.fromkeys(Uuid(each) for each in view.records.connection.scalars(statement))
    return found_


def _begin(work: Work, request: OneNetwork) -> GuestNetwork:
    return found(work, request.id)


async def _apply(doing: Doing, network: GuestNetwork) -> Ending:
    stuck: list[Rule] = []

    def find(view: View) -> set[RuleStage]:
        stuck.clear()
        for kind in KINDS:
            where = columns(kind).network_id == network.id
            stuck.extend(view.records.select(kind, where, *_stuck(kind, view)))
        return stages_of(stuck)

    told = await bring_found(doing, network.id, find)

    def ending(work: Work) -> None:
        owned = _with_jobs(work, network)
        settle(work, [each for each in (*told, *stuck) if each.id not in owned])
        for rule in stuck:
            now = work.records.get(type(rule), rule.id)
            if now is not None and now.state is RuleState.REVOKE and now.id not in owned:
                drop(work, now)

    return ending


def _with_jobs(view: View, network: GuestNetwork) -> set[str]:
    """What has a job of its own in a network's line: that job settles it, and would not find it otherwise."""
    c = columns(Job)
    jobs = view.records.select(
        Job, c.queue == queue_of(network), c.state.in_([state.value for state in OPEN_STATES])
    )
    return {job.resource_id for job in jobs if job.resource_id is not None}


RETRY: Final = UseCase(
    name="network.retry_rules",
    command="restartNetwork",
    request=OneNetwork,
    begin=_begin,
    apply=_apply,
    queue=queue_of,
)
USE_CASES = (RETRY,)
