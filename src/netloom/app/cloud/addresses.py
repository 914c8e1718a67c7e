"""Public addresses: acquired for a zone, a network or a VPC; changed; given back; reserved by administrators.

Rule 1: an address is taken in the request's transaction; the job only tells the providers.
Rule 2: the first address of an isolated network is what it is seen as outside; that one goes with the network, never by
    itself.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.addresses_allocate import Wanted, acquire
from netloom.app.cloud.addresses_free import find_free
from netloom.app.cloud.addresses_release import apply_release, begin_release, finish_release
from netloom.app.cloud.addresses_source_nat import source_nat_of, wants_source_nat
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.networks_use import network_seen, usable_network
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NetloomError, NotFound
from netloom.base.ids import NetworkId, Uuid, ZoneId
from netloom.model.cloud.addresses import IpEvent, IpState, PublicIp, next_ip_state
from netloom.model.cloud.identity import Account
from netloom.model.cloud.networks import AclType, GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc, check_open
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import columns

ADDRESSED = frozenset(
    {
        Service.SOURCE_NAT,
        Service.STATIC_NAT,
        Service.PORT_FORWARDING,
        Service.LB,
        Service.VPN,
        Service.FIREWALL,
    }
)
"""Services that a public address is for."""


class AssociateIp(msgspec.Struct, frozen=True, kw_only=True):
    """An address wanted: for a network, for a VPC, or in a zone for later."""

    zone_id: Uuid | None = None
    network_id: Uuid | None = None
    vpc_id: Uuid | None = None
    address: str | None = None
    portable: bool = False
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None
    display: bool = True


class UpdateIp(msgspec.Struct, frozen=True, kw_only=True):
    """What may change of an address; None stays."""

    id: Uuid
    display: bool | None = None


class NamedIp(msgspec.Struct, frozen=True, kw_only=True):
    """An address by its id or as text."""

    id: Uuid | None = None
    address: str | None = None


class ReserveIp(msgspec.Struct, frozen=True, kw_only=True):
    """A free address that only one account may acquire from now on; `id` as lists of free addresses tell it."""

    id: Uuid
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None
    display: bool = True


def _associate(work: Work, request: AssociateIp) -> PublicIp:
    place = _place(work, request)
    zone_id = _zone(request, place)
    owner = _owner(work, request, place)
    network = place if isinstance(place, GuestNetwork) else None
    if network is None and place is None and not request.portable:
        network = _only_network(work, owner, zone_id)
    vpc = place if isinstance(place, Vpc) else None
    if network is not None:
        _check_network(work, network)
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
            source_nat=not request.portable and network is not None and _is_first(work, network),
            display=request.display,
        ),
    )


def _place(work: Work, request: AssociateIp) -> GuestNetwork | Vpc | None:
    if request.network_id is not None:
        return network_seen(work, request.network_id)
    return None if request.vpc_id is None else work.get(Vpc, request.vpc_id, "vpcid")


def _zone(request: AssociateIp, place: GuestNetwork | Vpc | None) -> Uuid:
    zone_id = request.zone_id if place is None else place.zone_id
    if zone_id is None:
        raise InvalidInput(
            "no zone, network or VPC to acquire an address in",
            subject="zoneid",
            hint="name one of zoneid, networkid and vpcid",
        )
    if place is not None and request.zone_id not in (None, zone_id):
        raise InvalidInput(
            f"zone {request.zone_id} is not where {place.name} ({place.id}) is",
            subject="zoneid",
            hint=f"zone {zone_id}, or leave it out",
        )
    return zone_id


def _owner(work: Work, request: AssociateIp, place: GuestNetwork | Vpc | None) -> Account:
    """Whose the address will be: whose the network or VPC is; in a network of many, whoever asks or is named."""
    if place is None:
        return work.owner(request.account, request.domain_id, request.project_id)
    if isinstance(place, GuestNetwork) and place.acl_type is AclType.DOMAIN:
        user = work.owner(request.account, request.domain_id, request.project_id)
        usable_network(work, place.id, user)
        return user
    account = work.records.get(Account, place.account_id)
    if account is None:
        raise NotFound("the owner is gone", code="account-not-found", subject="account")
    if request.account is not None or request.project_id is not None:
        asked = work.owner(request.account, request.domain_id, request.project_id)
        if asked.id != account.id:
            raise Conflict(
                f"{place.name} ({place.id}) belongs to account {account.name}, not to {asked.name}",
                code="owner-differs",
                subject="account",
                hint=f"leave the account out, or name {account.name}",
            )
    elif not work.caller.is_admin and work.find(type(place), place.id) is None:
        raise Forbidden(
            f"{place.name} ({place.id}) belongs to another account",
            code="not-permitted",
            subject="networkid",
            hint="its owner acquires addresses for it",
        )
    return account


def _only_network(work: Work, owner: Account, zone_id: Uuid) -> GuestNetwork:
    """Where an address leads that was asked for in a zone: the owner's isolated network, if there is but one."""
    c = columns(GuestNetwork)
    found = work.records.select(
        GuestNetwork,
        c.account_id == owner.id,
        c.zone_id == zone_id,
        c.guest_type == GuestType.ISOLATED.value,
        c.vpc_id.is_(None),
        limit=2,
    )
    if len(found) != 1:
        raise InvalidInput(
            f"account {owner.name} ({owner.id}) has {'several' if found else 'no'} isolated networks in zone {zone_id}",
            code="network-not-named",
            subject="networkid",
            hint="name the network, or the VPC" if found else "make a network first, or name the VPC",
        )
    return found[0]


def _is_first(work: Work, network: GuestNetwork) -> bool:
    """Whether an address is what its network is seen as outside from now on."""
    return wants_source_nat(work, network) and source_nat_of(work, network) is None


def _check_network(work: Work, network: GuestNetwork) -> None:
    if not ADDRESSED & facts_of(work, network).services.keys():
        raise InvalidInput(
            f"network {network.name} ({network.id}) has no service that uses a public address",
            code="network-takes-no-addresses",
            subject="networkid",
            hint="a network whose offering has one of " + ", ".join(sorted(s.value for s in ADDRESSED)),
        )


async def _apply(doing: Doing, ip: PublicIp) -> Ending:
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


async def _nothing(_doing: Doing, _ip: PublicIp) -> None:
    """What changed concerns lists only."""


def _reserve(work: Work, request: ReserveIp) -> PublicIp:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    taken = work.find(PublicIp, request.id)
    if taken is not None:
        raise Conflict(
            f"public address {taken.address} ({taken.id}) is {taken.state.value}",
            code="address-taken",
            subject="id",
            hint="an address that is Free",
        )
    free = find_free(work, request.id)
    wanted = Wanted(zone_id=free.zone_id, address=free.address, display=request.display)
    return acquire(work, owner, wanted, IpEvent.RESERVE)


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
    apply=_nothing,
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
