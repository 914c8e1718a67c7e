"""Telling a place again what its providers could not be told: a network, a VPC, an access list, an account's users of VPNs.

Rule 1: one job tells all that is untold of a place, in the place's own line: what waits there goes before or after, never
    between.
Rule 2: a record has its end only as its provider was told it: one that changed meanwhile, or that has a job of its own, is
    left to that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from netloom.app.cloud.acl_apply import bring_list
from netloom.app.cloud.alerts import DOMAIN_ROUTER, raise_alert, settle_alert
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_facts import is_up
from netloom.app.cloud.networks_life import ELEMENTS, found, raise_up
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.rules_retry_kinds import OF_ACL, OF_NETWORK, OF_VPC, OF_VPN_USERS, AnyKind
from netloom.app.cloud.untold import ACL, NETWORK, VPC, VPN_USERS, untold_of
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_provider import ROUTER, bring_parts, have_router
from netloom.app.cloud.vpn_users import bring_users
from netloom.app.cloud.work import View, Work, missing
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclList
from netloom.model.cloud.identity import Account
from netloom.model.cloud.jobs import OPEN_STATES, Job
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import Record
from netloom.model.cloud.untold import WHOLE, Mark, Untold, wait_after
from netloom.model.cloud.vpc import Vpc, VpcState
from netloom.plan.elements import RULE_ORDER
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns

ALERT_AFTER: Final = 3
"""Tries that fail before operators are told."""


class OnePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Which place, by the id in its line."""

    id: Uuid


@dataclass(frozen=True, slots=True)
class Place:
    """One sort of places.

    Attributes:
        word: what its lines begin with.
        noun: what the jobs are named by.
        record: what has the id.
        kinds: what waits there.
        tell: tell providers these sets of rules as they stand.
    """

    word: str
    noun: str
    record: type[Record]
    kinds: tuple[AnyKind, ...]
    tell: Callable[[Doing, Uuid, Collection[str]], Awaitable[None]]

    def line(self, place_id: str) -> str:
        """The line in which its jobs wait, which is its name in what is remembered."""
        return f"{self.word}/{place_id}"


async def _tell_network(doing: Doing, network_id: Uuid, parts: Collection[str]) -> None:
    if ELEMENTS not in parts:
        await bring(doing, network_id, [each for each in RULE_ORDER if WHOLE in parts or each.value in parts])
        return
    async with doing.turn(f"life/{network_id}"):
        network = await doing.read(lambda view: found(view, network_id))
        if await doing.read(lambda view: is_up(view, network)):
            await raise_up(doing, network)


async def _tell_vpc(doing: Doing, vpc_id: Uuid, parts: Collection[str]) -> None:
    vpc = await doing.read(lambda view: view.records.get(Vpc, vpc_id))
    if {WHOLE, ROUTER} & set(parts) and vpc is not None and vpc.state is VpcState.ENABLED:
        await have_router(doing, vpc_id)
    await bring_parts(doing, vpc_id, [each for each in VpcPart if WHOLE in parts or each.value in parts])


async def _tell_list(doing: Doing, acl_id: Uuid, _parts: Collection[str]) -> None:
    await bring_list(doing, acl_id)


async def _tell_vpns(doing: Doing, account_id: Uuid, _parts: Collection[str]) -> None:
    await bring_users(doing, account_id)


PLACES: Final = (
    Place(NETWORK, "network", GuestNetwork, OF_NETWORK, _tell_network),
    Place(VPC, "vpc", Vpc, OF_VPC, _tell_vpc),
    Place(ACL, "acl_list", AclList, OF_ACL, _tell_list),
    Place(VPN_USERS, "vpn_user", Account, OF_VPN_USERS, _tell_vpns),
)


def _tell_again(place: Place) -> UseCase[OnePlace, Record]:
    def begin(work: Work, request: OnePlace) -> Record:
        record = work.records.get(place.record, request.id)
        if record is None:
            raise missing(place.record, request.id, "id")
        _put_off(work, place, record)
        return record

    async def apply(doing: Doing, record: Record) -> Ending:
        line = place.line(record.id)
        untold = await doing.read(lambda view: untold_of(view, line))
        parts = {each.part for each in untold}
        told = {WHOLE} if ELEMENTS in parts else parts
        waiting = await doing.read(lambda view: _waiting(view, place, record, told))
        with doing.telling([Mark(line, part) for part in parts]):
            await place.tell(doing, record.id, parts)
        return lambda work: _end(work, place, line, untold, waiting)

    return UseCase(
        name=f"{place.noun}.tell_again",
        command="restartNetwork",
        request=OnePlace,
        begin=begin,
        apply=apply,
        queue=lambda record: place.line(record.id),
    )


def _put_off(work: Work, place: Place, record: Record) -> None:
    """Keep that a place is told again now, and when next if it fails; operators hear of one that keeps failing."""
    untold = untold_of(work, place.line(record.id))
    for each in untold:
        due = work.at + wait_after(each.tries)
        work.update(msgspec.structs.replace(each, tries=each.tries + 1, due_at=due))
    tries = max((each.tries for each in untold), default=0)
    if tries >= ALERT_AFTER:
        since = min(each.created_at for each in untold)
        parts = ", ".join(sorted({each.part for each in untold} - {WHOLE})) or "rules"
        raise_alert(
            work,
            DOMAIN_ROUTER,
            place.line(record.id),
            f"{parts} of {place.noun.replace('_', ' ')} {getattr(record, 'name', '')} ({record.id}) could not be told to"
            f" their provider since {since:%Y-%m-%d %H:%M:%S} UTC, tried {tries} times: {untold[-1].reason}",
        )


Waiting = list[tuple[AnyKind, Record]]


def _waiting(view: View, place: Place, record: Record, parts: Collection[str]) -> Waiting:
    return [(kind, each) for kind in place.kinds for each in kind.waiting(view, record.id, parts)]


def _end(work: Work, place: Place, line: str, untold: list[Untold], waiting: Waiting) -> None:
    """Have what was told have its end, and forget that it was untold; what changed meanwhile is told once more."""
    owned = _with_jobs(work, line)
    now = {record.id: work.records.get(kind.record, record.id) for kind, record in waiting}
    left = [
        record for _, record in waiting if (found := now[record.id]) is not None and found.id not in owned
    ]
    if all(_same(record, now[record.id]) for record in left):  # first: ends ask what is untold still
        for each in untold:
            _forget(work, each)
        settle_alert(work, DOMAIN_ROUTER, line)
    wanted = {record.id for record in left}
    for kind, record in waiting:
        found = work.records.get(kind.record, record.id)  # what an earlier one took along is gone
        if found is not None and record.id in wanted and _same(record, found):
            kind.end(work, found)


def _same(before: Record, now: Record | None) -> bool:
    return now is not None and now.generation == before.generation


def _forget(work: Work, untold: Untold) -> None:
    now = work.records.get(Untold, untold.id)
    if now is not None and now.generation == untold.generation:
        work.delete(now)


def _with_jobs(view: View, line: str) -> set[str]:
    """What has a job of its own in a line: that job gives it its end, and would not find it otherwise."""
    c = columns(Job)
    jobs = view.records.select(Job, c.queue == line, c.state.in_([state.value for state in OPEN_STATES]))
    return {job.resource_id for job in jobs if job.resource_id is not None}


TELL_AGAIN: Final[Mapping[str, UseCase[OnePlace, Record]]] = {
    place.word: _tell_again(place) for place in PLACES
}
"""The use cases, by the words of places."""
