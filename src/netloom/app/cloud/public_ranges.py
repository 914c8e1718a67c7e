"""Ranges of public, portable and shared networks' addresses: making, changing, dedicating, deleting.

Rule 1: what is taken of a range stays in it: a range is not deleted, shrunk below it, or given to another owner.
Rule 2: a range of a shared network is within the network's subnet and on its wires; the network knows of it (`spans`).
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.domains import domain_seen
from netloom.app.cloud.infrastructure import physical_network, wires_for, zone
from netloom.app.cloud.infrastructure_shared import check_kept, shared_network, tell
from netloom.app.cloud.infrastructure_zones import OneOf
from netloom.app.cloud.ranges_ipv6 import check_no_pool
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import NetworkId, PhysicalNetworkId, Uuid, ZoneId
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.identity import Domain, is_under
from netloom.model.cloud.infrastructure_ranges import (
    DEFAULT_REGION,
    Interval,
    PortableRange,
    PublicRange,
    check_apart,
    checked_v4,
    checked_v6,
    checked_vlan,
)
from netloom.model.cloud.offerings import Traffic
from netloom.model.cloud.record import AccountId, DomainId
from netloom.model.objects import Network, PhysicalNetwork
from netloom.store.cloud.records import columns


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of a range, as they were said; IPv4, IPv6 or both."""

    gateway: str | None = None
    netmask: str | None = None
    start: str | None = None
    end: str | None = None
    gateway6: str | None = None
    cidr6: str | None = None
    start6: str | None = None
    end6: str | None = None


class CreateRange(msgspec.Struct, frozen=True, kw_only=True):
    """Make a range of public addresses of a zone, or (`network_id`) of a shared network's."""

    addresses: Addresses
    zone_id: Uuid | None = None
    physical_network_id: Uuid | None = None
    network_id: Uuid | None = None
    vlan: str | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None
    for_system: bool = False


class UpdateRange(msgspec.Struct, frozen=True, kw_only=True):
    """Change the addresses of a range; what is None stays."""

    id: Uuid
    addresses: Addresses
    for_system: bool | None = None


class DedicateRange(msgspec.Struct, frozen=True, kw_only=True):
    """Give a public range to a domain, or to one account or project of it."""

    id: Uuid
    domain_id: Uuid
    account: str | None = None
    project_id: Uuid | None = None


class CreatePortable(msgspec.Struct, frozen=True, kw_only=True):
    """Make a range of portable addresses."""

    region_id: int
    addresses: Addresses
    vlan: str | None = None


def taken(view: View, range_id: str) -> list[PublicIp]:
    """The public addresses of a range that somebody has."""
    return view.records.select(PublicIp, columns(PublicIp).range_id == range_id)


def _create(work: Work, request: CreateRange) -> PublicRange:
    network = None if request.network_id is None else shared_network(work, request.network_id)[1]
    wires = _wires(work, request, network)
    vlan = checked_vlan(request.vlan if network is None else _vlan_of(network, request.vlan))
    v4, v6 = _intervals(request.addresses, None, None)
    if network is not None:
        _check_within(network, v4, v6)
    made = PublicRange(
        **work.birth(),
        zone_id=ZoneId(wires.zone_id),
        physical_network_id=PhysicalNetworkId(wires.id),
        vlan=vlan,
        v4=v4,
        v6=v6,
        network_id=None if network is None else NetworkId(network.id),
        for_system=request.for_system,
    )
    check_apart(made, _others(work, made))
    check_no_pool(work, made.zone_id, None if v6 is None else v6.cidr)
    if network is None and (request.account or request.domain_id or request.project_id):
        made = _dedicated(work, made, request.domain_id, request.account, request.project_id)
    work.insert(made)
    tell(work, made.network_id)
    return made


def _update(work: Work, request: UpdateRange) -> PublicRange:
    found = work.get(PublicRange, request.id)
    v4, v6 = _intervals(request.addresses, found.v4, found.v6)
    changed = msgspec.structs.replace(found, v4=v4, v6=v6)
    if request.for_system is not None:
        changed = msgspec.structs.replace(changed, for_system=request.for_system)
    for ip in taken(work, found.id):
        holds = v6 if ":" in ip.address else v4
        first, last = (1, 0) if holds is None else holds.positions
        before = found.v6 if ":" in ip.address else found.v4
        same = holds is not None and before is not None and holds.cidr == before.cidr
        if not same or not first <= ip.position <= last:
            raise Conflict(
                f"{ip.address} ({ip.id}) is taken and would not be in the range any more",
                code="in-use",
                subject="startip",
                hint="release it first, or keep it in the range",
            )
    if found.network_id is not None:
        _check_within(shared_network(work, found.network_id)[1], v4, v6)
    check_kept(work, found, changed)
    check_apart(changed, _others(work, changed))
    if changed.v6 != found.v6:
        check_no_pool(work, changed.zone_id, None if v6 is None else v6.cidr)
    updated = work.update(changed)
    tell(work, found.network_id)
    return updated


def _delete(work: Work, request: OneOf) -> PublicRange:
    found = work.get(PublicRange, request.id)
    _unused(work, found.id)
    check_kept(work, found, None)
    work.delete(found)
    tell(work, found.network_id)
    return found


def _dedicate(work: Work, request: DedicateRange) -> PublicRange:
    found = work.get(PublicRange, request.id)
    if not found.is_public:
        raise InvalidInput(
            f"the range {found.id} is a shared network's", subject="id", hint="public ranges are dedicated"
        )
    if found.domain_id is not None:
        raise Conflict(
            f"the range {found.id} is dedicated already",
            code="range-dedicated",
            subject="id",
            hint="release it first (releasePublicIpRange)",
        )
    return work.update(_dedicated(work, found, request.domain_id, request.account, request.project_id))


def _release(work: Work, request: OneOf) -> PublicRange:
    found = work.get(PublicRange, request.id)
    if found.domain_id is None:
        raise Conflict(f"the range {found.id} is dedicated to nobody", code="range-free", subject="id")
    return work.update(msgspec.structs.replace(found, account_id=None, domain_id=None))


def _create_portable(work: Work, request: CreatePortable) -> PortableRange:
    if request.region_id != DEFAULT_REGION:
        raise InvalidInput(
            f"there is no region {request.region_id}", subject="regionid", hint=f"{DEFAULT_REGION}"
        )
    asked = request.addresses
    made = PortableRange(
        **work.birth(),
        region_id=request.region_id,
        vlan=checked_vlan(request.vlan),
        v4=checked_v4(asked.gateway, asked.netmask, asked.start, asked.end),
    )
    others: list[PortableRange | PublicRange] = [
        *work.records.select(PortableRange),
        *work.records.select(PublicRange, columns(PublicRange).network_id.is_(None)),
    ]
    for other in others:
        if other.v4 is not None and made.v4.meets(other.v4):
            raise Conflict(
                f"{made.v4.start}-{made.v4.end} overlaps {other.v4.start}-{other.v4.end} of the range {other.id}",
                code="range-overlaps",
                subject="startip",
                hint="addresses that no other range holds",
            )
    return work.insert(made)


async def _written(_doing: Doing, _record: PortableRange) -> None:
    """It is all there when it is written."""


def _begin_delete_portable(work: Work, request: OneOf) -> PortableRange:
    return work.get(PortableRange, request.id)


async def _apply_delete_portable(_doing: Doing, found: PortableRange) -> Ending:
    def ending(work: Work) -> None:
        _unused(work, found.id)
        work.delete(found)

    return ending


def _unused(work: Work, range_id: str) -> None:
    ips = taken(work, range_id)
    if ips:
        raise Conflict(
            f"{len(ips)} addresses of the range {range_id} are taken, the first is {ips[0].address}",
            code="in-use",
            subject="id",
            hint="release them first",
        )


def _intervals(
    asked: Addresses, v4: Interval | None, v6: Interval | None
) -> tuple[Interval | None, Interval | None]:
    """The addresses with what was said in place of what was."""
    if asked.gateway or asked.netmask or asked.start or asked.end:
        netmask = str(v4.subnet.netmask) if v4 is not None else None
        v4 = checked_v4(
            asked.gateway or (v4.gateway if v4 else None),
            asked.netmask or netmask,
            asked.start or (v4.start if v4 else None),
            asked.end or (v4.end if v4 else None),
        )
    if asked.gateway6 or asked.cidr6 or asked.start6 or asked.end6:
        v6 = checked_v6(
            asked.gateway6 or (v6.gateway if v6 else None),
            asked.cidr6 or (v6.cidr if v6 else None),
            asked.start6 or (v6.start if v6 else None),
            asked.end6 or (v6.end if v6 else None),
        )
    if v4 is None and v6 is None:
        raise InvalidInput(
            "a range without addresses",
            subject="startip",
            hint="gateway, netmask and startip, or ip6gateway and ip6cidr",
        )
    return v4, v6


def _dedicated(
    work: Work, found: PublicRange, domain_id: Uuid | None, account: str | None, project_id: Uuid | None
) -> PublicRange:
    """The range as somebody's; what is taken of it must be theirs."""
    owner = None
    if account is not None or project_id is not None:
        owner = work.owner(account, domain_id, project_id)
        domain = work.get(Domain, owner.domain_id)
    else:
        domain = domain_seen(work, domain_id or work.caller.domain_id)
    for ip in taken(work, found.id):
        place = work.get(Domain, ip.domain_id)
        if (owner is not None and ip.account_id != owner.id) or not is_under(place.path, domain.path):
            raise Conflict(
                f"{ip.address} ({ip.id}) of the range belongs to the account {ip.account_id}",
                code="in-use",
                subject="id",
                hint="release it first",
            )
    return msgspec.structs.replace(
        found,
        account_id=None if owner is None else AccountId(owner.id),
        domain_id=DomainId(domain.id),
    )


def _others(work: Work, of: PublicRange) -> list[PublicRange]:
    found = work.records.select(PublicRange, columns(PublicRange).zone_id == of.zone_id)
    return [each for each in found if each.id != of.id]


def _wires(work: Work, request: CreateRange, network: Network | None) -> PhysicalNetwork:
    if network is not None:
        return physical_network(work, network.physical_network_id)
    if request.physical_network_id is not None:
        wires = physical_network(work, request.physical_network_id)
        if request.zone_id is not None and zone(work, request.zone_id).id != wires.zone_id:
            raise InvalidInput(
                f"the physical network {wires.name!r} ({wires.id}) is not in the zone {request.zone_id}",
                subject="physicalnetworkid",
            )
        return wires
    if request.zone_id is None:
        raise InvalidInput(
            "neither zone nor physical network nor network was given", subject="zoneid", hint="give zoneid"
        )
    place = zone(work, request.zone_id)
    carriers = wires_for(work, place.id, Traffic.PUBLIC)
    if len(carriers) != 1:
        raise InvalidInput(
            f"{len(carriers)} physical networks of the zone {place.name!r} carry Public traffic",
            subject="physicalnetworkid",
            hint="give the physical network, or have one carry it (addTrafficType)",
        )
    return carriers[0]


def _vlan_of(network: Network, asked: str | None) -> str | None:
    if asked is not None or network.isolation.is_tunnel:
        return asked
    return str(network.segment) if network.segment else None


def _check_within(network: Network, v4: Interval | None, v6: Interval | None) -> None:
    for interval, cidr in ((v4, network.cidr), (v6, network.cidr6)):
        if interval is not None and interval.cidr != cidr:
            raise InvalidInput(
                f"the network {network.name!r} ({network.id}) has {cidr or 'no such CIDR'}, not {interval.cidr}",
                subject="netmask",
                hint="addresses of the network's own subnet",
            )


CREATE = UseCase(
    name="public_range.create",
    command="createVlanIpRange",
    request=CreateRange,
    begin=_create,
    event="VLAN.IP.RANGE.CREATE",
)
UPDATE = UseCase(
    name="public_range.update",
    command="updateVlanIpRange",
    request=UpdateRange,
    begin=_update,
    event="VLAN.IP.RANGE.UPDATE",
)
DELETE = UseCase(
    name="public_range.delete",
    command="deleteVlanIpRange",
    request=OneOf,
    begin=_delete,
    event="VLAN.IP.RANGE.DELETE",
)
DEDICATE = UseCase(
    name="public_range.dedicate",
    command="dedicatePublicIpRange",
    request=DedicateRange,
    begin=_dedicate,
    event="VLAN.IP.RANGE.DEDICATE",
)
RELEASE = UseCase(
    name="public_range.release",
    command="releasePublicIpRange",
    request=OneOf,
    begin=_release,
    event="VLAN.IP.RANGE.RELEASE",
)
CREATE_PORTABLE = UseCase(
    name="portable_range.create",
    command="createPortableIpRange",
    request=CreatePortable,
    begin=_create_portable,
    apply=_written,
    event="PORTABLE.IP.RANGE.CREATE",
)
DELETE_PORTABLE = UseCase(
    name="portable_range.delete",
    command="deletePortableIpRange",
    request=OneOf,
    begin=_begin_delete_portable,
    apply=_apply_delete_portable,
    event="PORTABLE.IP.RANGE.DELETE",
)
USE_CASES = (CREATE, UPDATE, DELETE, DEDICATE, RELEASE, CREATE_PORTABLE, DELETE_PORTABLE)
