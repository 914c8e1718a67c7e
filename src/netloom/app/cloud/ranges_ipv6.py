"""IPv6 pools of zones, and the subnets that networks of dual-stack offerings have of them.

Rule 1: a network that names no IPv6 CIDR, and whose offering promises IPv6, gets a /64 of a pool, or is refused.
Rule 2: nobody names a CIDR inside a pool: what a pool holds, it alone gives.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import bindparam, func, select

from netloom.app.cloud.doing import Doing, nothing_more
from netloom.app.cloud.infrastructure import zone
from netloom.app.cloud.infrastructure_zones import OneOf
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted
from netloom.base.ids import NetworkId, Uuid, ZoneId
from netloom.model.addressing import AddressRange, gateway_of
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.ipv6_pools import Ipv6Pool, Ipv6Subnet, checked_prefix
from netloom.store import tables
from netloom.store.allocate import Column64, Pool, choose
from netloom.store.cloud.records import columns
from netloom.store.cloud.schema import STORED

_POSITIONS = Column64(
    STORED[Ipv6Subnet].table, "position", lambda table: (table.c.pool_id == bindparam("pool"),)
)


class CreatePool(msgspec.Struct, frozen=True, kw_only=True):
    """Give a zone a prefix (`/16` to `/64`) from which its dual-stack networks get their IPv6 subnets."""

    zone_id: Uuid
    prefix: str


class DeletePool(OneOf, frozen=True, kw_only=True):
    """Delete a prefix of which no network has a subnet."""


class Drawn(msgspec.Struct, frozen=True):
    """A subnet that a network is about to have."""

    pool_id: Uuid
    position: int
    cidr: str
    gateway: str


def _create(work: Work, request: CreatePool) -> Ipv6Pool:
    place = zone(work, request.zone_id)
    made = Ipv6Pool(**work.birth(), zone_id=ZoneId(place.id), prefix=checked_prefix(request.prefix))
    for other in work.records.whole(Ipv6Pool):
        if other.network.overlaps(made.network):
            raise _overlaps(made.prefix, f"the prefix {other.prefix} ({other.id})")
    ranges = work.records.select(PublicRange, columns(PublicRange).zone_id == place.id)
    for each in ranges:
        if each.v6 is not None and each.v6.subnet.overlaps(made.network):
            raise _overlaps(made.prefix, f"{each.v6.cidr} of the range {each.id}")
    n = tables.networks.c
    named = select(n.id, n.name, n.cidr6).where(n.zone_id == place.id, n.cidr6.is_not(None))
    for network_id, name, cidr6 in work.records.connection.execute(named):
        if ipaddress.IPv6Network(cidr6).overlaps(made.network):
            raise _overlaps(made.prefix, f"{cidr6} of the network {name!r} ({network_id})")
    return work.insert(made)


def _begin_delete(work: Work, request: OneOf) -> Ipv6Pool:
    return work.get(Ipv6Pool, request.id)


async def _apply_delete(_doing: Doing, pool: Ipv6Pool) -> Ending:
    def ending(work: Work) -> None:
        held = work.records.first(Ipv6Subnet, columns(Ipv6Subnet).pool_id == pool.id)
        if held is not None:
            raise Conflict(
                f"the network {held.network_id} has {pool.subnet(held.position)} of the prefix {pool.prefix} ({pool.id})",
                code="in-use",
                subject="id",
                hint="delete the networks that have subnets of it first",
            )
        work.delete(pool)

    return ending


def draw(work: Work, zone_id: str) -> Drawn:
    """A subnet of the zone's pools that nobody has; `keep` has it belong to the network in the same unit.

    Raises:
        Exhausted: there is none (`ipv6-exhausted`).
    """
    pools = [each for each in work.records.whole(Ipv6Pool) if each.zone_id == zone_id]
    for pool in sorted(pools, key=lambda each: each.number):
        positions = Pool((pool.id, "ipv6-subnet"), _POSITIONS, {"pool": pool.id})
        hint = work.tx.hint(positions.key)
        if hint is None:
            used = positions.last_used(work.records.connection)
            hint = 0 if used is None else used + 1
        span = AddressRange(0, pool.total - 1)
        chosen = choose(work.records.connection, positions, span.from_hint(min(hint, span.last)), 1, set())
        if chosen:
            work.tx.leave_hint(positions.key, chosen[0] + 1)
            subnet = pool.subnet(chosen[0])
            return Drawn(pool.id, chosen[0], str(subnet), str(gateway_of(subnet)))
    raise Exhausted(
        f"no IPv6 subnet is free in the zone {zone_id}",
        code="ipv6-exhausted",
        subject="networkofferingid",
        hint="an administrator has to add a prefix (createGuestNetworkIpv6Prefix)"
        if not pools
        else "delete a network, or have an administrator add a prefix (createGuestNetworkIpv6Prefix)",
    )


def keep(work: Work, drawn: Drawn, network_id: str) -> None:
    """Have a subnet be a network's; the network is there."""
    work.insert(
        Ipv6Subnet(
            **work.birth(),
            pool_id=drawn.pool_id,
            position=drawn.position,
            network_id=NetworkId(Uuid(network_id)),
        )
    )


def give_back(work: Work, network_id: str) -> None:
    """Take a network's subnet from it, if it has one of a pool."""
    c = columns(Ipv6Subnet)
    work.delete_all(work.records.select(Ipv6Subnet, c.network_id == network_id))


def check_no_pool(view: View, zone_id: str, cidr: str | None, subject: str = "ip6cidr") -> None:
    """Let an IPv6 CIDR that somebody named pass; None: nobody did.

    Raises:
        Conflict: it is a pool's to give (`cidr-of-pool`).
    """
    if cidr is None:
        return
    for pool in view.records.whole(Ipv6Pool):
        if pool.zone_id == zone_id and pool.network.overlaps(ipaddress.IPv6Network(cidr)):
            raise Conflict(
                f"{cidr} overlaps {pool.prefix}, from which networks of the zone get theirs",
                code="cidr-of-pool",
                subject=subject,
                hint="leave it out to get a subnet of it, or name another one",
            )


def taken_of(view: View, pools: Iterable[Ipv6Pool]) -> Mapping[str, int]:
    """How many subnets of pools are taken, by the pools' ids; one of which none is, is not in it."""
    c = columns(Ipv6Subnet)
    ids = [pool.id for pool in pools]
    counted = select(c.pool_id, func.count()).where(c.pool_id.in_(ids)).group_by(c.pool_id)
    return {row[0]: row[1] for row in view.records.connection.execute(counted)}


def _overlaps(prefix: str, other: str) -> Conflict:
    return Conflict(
        f"{prefix} overlaps {other}",
        code="range-overlaps",
        subject="prefix",
        hint="a prefix that nothing has",
    )


CREATE = UseCase(
    name="ipv6_pool.create",
    command="createGuestNetworkIpv6Prefix",
    request=CreatePool,
    begin=_create,
    apply=nothing_more,
    event="GUEST.IP6.PREFIX.CREATE",
)
DELETE = UseCase(
    name="ipv6_pool.delete",
    command="deleteGuestNetworkIpv6Prefix",
    request=DeletePool,
    begin=_begin_delete,
    apply=_apply_delete,
    event="GUEST.IP6.PREFIX.DELETE",
)
USE_CASES = (CREATE, DELETE)
