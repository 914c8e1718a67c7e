"""What an address is acquired for: a network, a VPC, or a zone; and whose it will be.

Rule 1: an address belongs to whom its network or VPC belongs to; in a network of a whole domain, to whoever asks.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.addresses_source_nat import source_nat_of, wants_source_nat
from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.networks_use import network_seen, usable_network
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.networks import AclType, GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc
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


def place_of(work: Work, request: AssociateIp) -> GuestNetwork | Vpc | None:
    """The network or VPC that is named, as the caller sees it; None: only a zone is.

    Raises:
        NotFound: there is none that the caller sees.
    """
    if request.network_id is not None:
        return network_seen(work, request.network_id)
    return None if request.vpc_id is None else work.get(Vpc, request.vpc_id, "vpcid")


def zone_of(request: AssociateIp, place: GuestNetwork | Vpc | None) -> Uuid:
    """Where the address is wanted.

    Raises:
        InvalidInput: nothing says where, or the place is in another zone than the one named.
    """
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


def owner_of(work: Work, request: AssociateIp, place: GuestNetwork | Vpc | None) -> Account:
    """Whose the address will be: whose the network or VPC is; in a network of many, whoever asks or is named.

    Raises:
        Forbidden: the network is not the caller's, and not open to the account.
        Conflict: another account was named than the one that has the place (`owner-differs`).
    """
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
    elif work.find(type(place), place.id) is None:
        raise Forbidden(
            f"{place.name} ({place.id}) belongs to another account",
            code="not-permitted",
            subject="networkid",
            hint="its owner acquires addresses for it",
        )
    return account


def only_network(work: Work, owner: Account, zone_id: Uuid) -> GuestNetwork:
    """Where an address leads that was asked for in a zone: the owner's isolated network.

    Raises:
        InvalidInput: there is none, or there are several (`network-not-named`).
    """
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


def is_first(work: Work, network: GuestNetwork) -> bool:
    """Whether an address is what its network is seen as outside from now on."""
    return wants_source_nat(work, network) and source_nat_of(work, network) is None


def check_network(work: Work, network: GuestNetwork) -> None:
    """Refuse a network that uses no public addresses.

    Raises:
        InvalidInput: its offering has no service that does (`network-takes-no-addresses`).
    """
    if not ADDRESSED & facts_of(work, network).services.keys():
        raise InvalidInput(
            f"network {network.name} ({network.id}) has no service that uses a public address",
            code="network-takes-no-addresses",
            subject="networkid",
            hint="a network whose offering has one of " + ", ".join(sorted(s.value for s in ADDRESSED)),
        )
