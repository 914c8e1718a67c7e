"""Public addresses: acquired for a zone, a network or a VPC; changed; given back; reserved by administrators.

Rule 1: an address is taken in the request's transaction; the job only tells the providers.
Rule 2: the first address of an isolated network is what it is seen as outside; that one goes with the network, never by
    itself.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.addresses_allocate import Wanted, acquire
from netloom.app.cloud.addresses_free import FreeIp, find_free, find_free_address
from netloom.app.cloud.addresses_place import (
    AssociateIp,
    check_network,
    is_first,
    only_network,
    owner_of,
    place_of,
    zone_of,
)
from netloom.app.cloud.addresses_release import apply_release, begin_release, finish_release
from netloom.app.cloud.doing import Doing, nothing_more
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_provider import bring_parts
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NetloomError, NotFound
from netloom.base.ids import NetworkId, Uuid, ZoneId
from netloom.model.cloud.addresses import IpEvent, IpState, PublicIp, next_ip_state
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.plan.elements import RuleStage
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns


class UpdateIp(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of an address; None stays."""

    id: Uuid
    display: bool | None = None


class NamedIp(msgspec.Struct, frozen=True, kw_only=True):
    """An address by its id or as text."""

    id: Uuid | None = None
    address: str | None = None


class ReserveIp(msgspec.Struct, frozen=True, kw_only=True):
    """A free address that only one account may acquire from now on: by itself, or by the id that lists of free ones tell."""

    free_id: Uuid | None = None
    address: str | None = None
    zone_id: Uuid | None = None
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None
    display: bool = True


def _associate(work: Work, request: AssociateIp) -> PublicIp:
    place = place_of(work, request)
    zone_id = zone_of(request, place)
    owner = owner_of(work, request, place)
    network = place if isinstance(place, GuestNetwork) else None
    if network is None and place is None and not request.portable:
        network = only_network(work, owner, zone_id)
    vpc = place if isinstance(place, Vpc) else None
    if network is not None:
        check_network(work, network)
        if network.vpc_id is not None:
            vpc = work.get(Vpc, network.vpc_id, "networkid")
    if vpc is not None:
        check_open(vpc)
    return acquire(
        work,
        owner,
        Wanted(
            zone_id=ZoneId(zone_id),
            address=request.address,
            portable=request.portable,
            network_id=None if network is None else NetworkId(network.id),
            vpc_id=None if vpc is None else vpc.id,
            source_nat=not request.portable and network is not None and is_first(work, network),
            display=request.display,
        ),
    )


async def _apply(doing: Doing, ip: PublicIp) -> Ending:
    if ip.vpc_id is not None:
        await bring_parts(doing, ip.vpc_id, {VpcPart.ADDRESSES})
    if ip.network_id is not None:
        await bring(doing, ip.network_id, [RuleStage.ADDRESSES])
    return lambda work: _allocated(work, ip)


def _allocated(work: Work, ip: PublicIp) -> None:
    now = work.records.get(PublicIp, ip.id)
    if now is not None and now.state is IpState.ALLOCATING:
        work.update(msgspec.structs.replace(now, state=next_ip_state(now.state, IpEvent.SUCCEED)))


def _undo(work: Work, ip: PublicIp, _error: NetloomError) -> None:
    if ip.state is IpState.ALLOCATING:
        work.update(msgspec.structs.replace(ip, state=next_ip_state(ip.state, IpEvent.FAIL)))
        finish_release(work, ip.id, rests=False)


def find(work: Work, request: NamedIp) -> PublicIp:
    """An address that the caller may see, by id or text.

    Raises:
        NotFound: there is none.
        InvalidInput: neither was given.
    """
    if request.id is not None:
        return work.get(PublicIp, request.id)
    if request.address is None:
        raise InvalidInput(
            "no address is named", subject="id", hint="its id, or the address itself (ipaddress)"
        )
    c = columns(PublicIp)
    for ip in work.records.select(PublicIp, c.address == request.address):
        if work.find(PublicIp, ip.id) is not None:
            return ip
    raise NotFound(
        f"there is no public address {request.address!r}", code="public-ip-not-found", subject="ipaddress"
    )


def _disassociate(work: Work, request: NamedIp) -> PublicIp:
    ip = find(work, request)
    if ip.source_nat:
        raise InvalidInput(
            f"public address {ip.address} ({ip.id}) is what its network is seen as outside (source NAT)",
            code="address-is-source-nat",
            subject="id",
            hint="it goes with its network or VPC",
        )
    if ip.for_system and not work.caller.is_root:
        raise Forbidden(
            f"public address {ip.address} ({ip.id}) is netloom's own", code="not-permitted", subject="id"
        )
    return begin_release(work, ip)


def _update(work: Work, request: UpdateIp) -> PublicIp:
    ip = work.get(PublicIp, request.id)
    if request.display is None:
        return ip
    return work.update(msgspec.structs.replace(ip, display=request.display))


def _reserve(work: Work, request: ReserveIp) -> PublicIp:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    free = _free(work, request)
    wanted = Wanted(zone_id=free.zone_id, address=free.address, display=request.display)
    return acquire(work, owner, wanted, IpEvent.RESERVE)


def _free(work: Work, request: ReserveIp) -> FreeIp:
    if request.free_id is None:
        if request.address is None:
            raise InvalidInput(
                "which address is not said", subject="address", hint="a free one of a public range"
            )
        return find_free_address(work, request.address, request.zone_id)
    taken = work.find(PublicIp, request.free_id)
    if taken is not None:
        raise Conflict(
            f"public address {taken.address} ({taken.id}) is {taken.state.value}",
            code="address-taken",
            subject="id",
            hint="an address that is Free",
        )
    return find_free(work, request.free_id)


def _release(work: Work, request: NamedIp) -> PublicIp:
    ip = find(work, request)
    if ip.state is not IpState.RESERVED:
        raise InvalidInput(
            f"public address {ip.address} ({ip.id}) is {ip.state.value}, not Reserved",
            code="address-not-reserved",
            subject="id",
            hint="disassociate it instead",
        )
    finish_release(work, ip.id)
    return ip


def line(ip: PublicIp) -> str:
    """The line that the jobs of an address wait in: its network's, its VPC's, or its own."""
    if ip.network_id is not None:
        return f"network/{ip.network_id}"
    return f"vpc/{ip.vpc_id}" if ip.vpc_id is not None else f"public_ip/{ip.id}"


ASSOCIATE_IP = UseCase(
    name="public_ip.associate",
    command="associateIpAddress",
    request=AssociateIp,
    begin=_associate,
    event="NET.IPASSIGN",
    text=lambda ip: f"acquire public address {ip.address}",
    apply=_apply,
    undo=_undo,
    queue=line,
)
DISASSOCIATE_IP = UseCase(
    name="public_ip.disassociate",
    command="disassociateIpAddress",
    request=NamedIp,
    begin=_disassociate,
    event="NET.IPRELEASE",
    text=lambda ip: f"release public address {ip.address}",
    apply=apply_release,
    queue=line,
)
UPDATE_IP = UseCase(
    name="public_ip.update",
    command="updateIpAddress",
    request=UpdateIp,
    begin=_update,
    event="NET.IPUPDATE",
    apply=nothing_more,
    queue=line,
)
RESERVE_IP = UseCase(
    name="public_ip.reserve",
    command="reserveIpAddress",
    request=ReserveIp,
    begin=_reserve,
    event="NET.IPRESERVE",
)
RELEASE_IP = UseCase(
    name="public_ip.release",
    command="releaseIpAddress",
    request=NamedIp,
    begin=_release,
    event="NET.IPRELEASE",
)

USE_CASES = (ASSOCIATE_IP, DISASSOCIATE_IP, UPDATE_IP, RESERVE_IP, RELEASE_IP)
