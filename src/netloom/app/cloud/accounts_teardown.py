"""Tearing down what accounts still have, so that they can go: machines first, then what they were connected to.

Rule 1: nothing is torn down here: each thing goes by its own deletion, as a job of its own that waits in its own line.
Rule 2: what is under way is waited for and looked at again, so whoever begins anew, after a crash or a refusal, goes on
    where it ended.
Rule 3: sorts go one after the other. When something will not go, others of its sort still do; later sorts stay untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import or_

from netloom.app.cloud.addresses import DISASSOCIATE_IP, RELEASE_IP, NamedIp
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_end import DESTROY, DestroyInstance
from netloom.app.cloud.networks_end import DELETE as DELETE_NETWORK
from netloom.app.cloud.networks_end import DeleteNetwork
from netloom.app.cloud.usecase import AnyUseCase
from netloom.app.cloud.vpc_life import DELETE as DELETE_VPC
from netloom.app.cloud.vpc_life import DeleteVpc
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, NetloomError, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import IpState, PublicIp
from netloom.model.cloud.identity import Account, Domain
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.networks import AclType, GuestNetwork
from netloom.model.cloud.record import Owned
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import Where, columns

AT_ONCE: Final = 8
"""Things of a sort that go at the same time."""
MAX_NAMES: Final = 5
"""Protected instances that a refusal names."""


@dataclass(frozen=True, slots=True)
class Sort:
    """Things that go together.

    Attributes:
        what: what people call them.
        record: their type.
        where: which of them.
        ask: the use case that one goes by, and the request for it.
    """

    what: str
    record: type[Owned]
    where: Callable[[], tuple[Where, ...]]
    ask: Callable[[Owned], tuple[AnyUseCase, msgspec.Struct]]


def _release(ip: Owned) -> tuple[AnyUseCase, msgspec.Struct]:
    reserved = isinstance(ip, PublicIp) and ip.state is IpState.RESERVED
    return (RELEASE_IP if reserved else DISASSOCIATE_IP), NamedIp(id=ip.id)


SORTS: Final = (
    Sort("instances", Instance, tuple, lambda it: (DESTROY, DestroyInstance(id=it.id, expunge=True))),
    Sort(
        "tiers",
        GuestNetwork,
        lambda: (columns(GuestNetwork).vpc_id.is_not(None),),
        lambda it: (DELETE_NETWORK, DeleteNetwork(id=it.id)),
    ),
    Sort("VPCs", Vpc, tuple, lambda it: (DELETE_VPC, DeleteVpc(id=it.id))),
    Sort(
        "networks",
        GuestNetwork,
        lambda: (columns(GuestNetwork).vpc_id.is_(None),),
        lambda it: (DELETE_NETWORK, DeleteNetwork(id=it.id)),
    ),
    Sort("public addresses", PublicIp, tuple, _release),
)
"""In the order in which they go. Rules go with addresses and networks; gateways, routes, lists and VPNs with VPCs."""


async def tear_down(doing: Doing, accounts: Iterable[Account], domains: Iterable[Domain] = ()) -> None:
    """Have nothing of these accounts, and no network of these domains, that forwards packets.

    Raises:
        PeerError, Conflict: something would not go; what went stays gone, and asking again goes on.
    """
    owners, places = [each.id for each in accounts], [each.id for each in domains]
    for sort in SORTS:
        left = await doing.read(partial(_left, sort=sort, owners=owners, places=places))
        failures: list[NetloomError] = []
        for start in range(0, len(left), AT_ONCE):
            doing.progress(f"delete {sort.what}: {start} of {len(left)} are gone")
            failures += await _away(doing, sort, left[start : start + AT_ONCE])
        if failures:
            raise _told(sort, failures, len(left))


def check_unprotected(view: View, account_ids: Iterable[Uuid]) -> None:
    """Refuse to tear down what somebody protected from being deleted.

    Raises:
        Conflict: with the first few of the instances (`delete-protection`).
    """
    c = columns(Instance)
    found = view.records.select(
        Instance, c.account_id.in_(list(account_ids)), c.delete_protection.is_(True), limit=MAX_NAMES + 1
    )
    if found:
        names = ", ".join(f"{each.name} ({each.id})" for each in found[:MAX_NAMES])
        raise Conflict(
            f"instances are protected from deletion: {names}{' and more' if len(found) > MAX_NAMES else ''}",
            code="delete-protection",
            subject="id",
            hint="take off its protection from deletion first (updateVirtualMachine)",
        )


def _left(view: View, sort: Sort, owners: list[Uuid], places: list[Uuid]) -> list[Owned]:
    c = columns(sort.record)
    whose: Where = c.account_id.in_(owners)
    if sort.record is GuestNetwork:
        whose = or_(whose, c.domain_id.in_(places) & (c.acl_type == AclType.DOMAIN.value))
    return view.records.select(sort.record, whose, *sort.where(), order=c.number)


async def _away(doing: Doing, sort: Sort, batch: list[Owned]) -> list[NetloomError]:
    """Have these gone; why it did not work with some of them."""
    failures: list[NetloomError] = []
    asked: list[Uuid] = []
    for record in batch:
        try:
            await doing.quiet(record)
            job_id = await doing.ask(*sort.ask(record))
        except NotFound:  # what was under way took it out
            continue
        except NetloomError as error:
            failures.append(error)
            continue
        if job_id is not None:
            asked.append(job_id)
    for job_id in asked:
        try:
            await doing.ended(job_id)
        except NetloomError as error:
            failures.append(error)
    return failures


def _told(sort: Sort, failures: list[NetloomError], count: int) -> NetloomError:
    first = failures[0]
    kind = PeerError if isinstance(first, PeerError) else Conflict
    return kind(
        f"{len(failures)} of {count} {sort.what} could not be deleted: {first.message}",
        code=first.stable_code,
        subject=first.subject,
        hint="ask again: what is gone stays gone",
    )
