"""The address that a network or a VPC is seen as outside.

Rule 1: there is exactly one as soon as anything of the place is outside: with its first public address, or when it is
    implemented, whichever comes first; it stays until another takes its part or the place goes.
Rule 2: a tier is seen as its VPC is.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.addresses_allocate import Wanted, acquire
from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.rules_claims import address_in_use
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import NetworkId, Uuid, ZoneId
from netloom.model.cloud.addresses import IpEvent, IpState, PublicIp, next_ip_state
from netloom.model.cloud.identity import Account
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import Where, columns


def wants_source_nat(view: View, network: GuestNetwork) -> bool:
    """Whether a network is seen as an address of its own outside: isolated, no tier, with SourceNat in its offering."""
    return (
        network.guest_type is GuestType.ISOLATED
        and network.vpc_id is None
        and Service.SOURCE_NAT in facts_of(view, network).services
    )


def source_nat_of(view: View, place: GuestNetwork | Vpc) -> PublicIp | None:
    """The address that a network or VPC is seen as outside."""
    return view.records.first(PublicIp, _of(place), columns(PublicIp).source_nat.is_(True))


def claim_source_nat(work: Work, network: GuestNetwork, wanted: str | None = None) -> PublicIp | None:
    """Have the address that a network is seen as outside: the one that is named, or any; None: it needs none.

    Called when a network is implemented, when somebody names the address, and again without harm.

    Raises:
        InvalidInput: one is named and the network needs none, or it is in no range.
        Conflict: it is somebody's, or something stands on it (`address-taken`, `address-has-rules`).
        Exhausted: no address is free (`address-exhausted`), or the owner's limit is reached (`limit-reached`).
    """
    if wants_source_nat(work, network):
        return have_source_nat(work, network, wanted)
    if wanted is not None:
        raise InvalidInput(
            f"network {network.name} ({network.id}) has no source NAT of its own",
            code="no-source-nat",
            subject="sourcenatipaddress",
            hint="leave the address out",
        )
    return None


def have_source_nat(work: Work, place: GuestNetwork | Vpc, wanted: str | None = None) -> PublicIp:
    """Have the address that a place is seen as outside, whatever its offering says; errors as `claim_source_nat`."""
    current = source_nat_of(work, place)
    if current is not None and wanted in (None, current.address):
        return current
    there = None
    if wanted is not None:
        there = work.records.first(PublicIp, _of(place), columns(PublicIp).address == wanted)
    if there is None:
        chosen = _acquire(work, place, wanted)
    else:
        _check_free(work, there)
        network_id = there.network_id if isinstance(place, GuestNetwork) else None
        chosen = work.update(msgspec.structs.replace(there, source_nat=True, network_id=network_id))
    if current is not None:
        work.update(msgspec.structs.replace(current, source_nat=False))
    return chosen


def settle_source_nat(work: Work, place: GuestNetwork | Vpc) -> None:
    """Have the address be Allocated once the place's provider has it."""
    ip = source_nat_of(work, place)
    if ip is not None and ip.state is IpState.ALLOCATING:
        work.update(msgspec.structs.replace(ip, state=next_ip_state(ip.state, IpEvent.SUCCEED)))


def _of(place: GuestNetwork | Vpc) -> Where:
    c = columns(PublicIp)
    return c.network_id == place.id if isinstance(place, GuestNetwork) else c.vpc_id == place.id


def _acquire(work: Work, place: GuestNetwork | Vpc, wanted: str | None) -> PublicIp:
    owner = work.records.get(Account, place.account_id)
    if owner is None:
        raise NotFound("the owner is gone", code="account-not-found", subject="account")
    is_network = isinstance(place, GuestNetwork)
    return acquire(
        work,
        owner,
        Wanted(
            zone_id=ZoneId(place.zone_id),
            address=wanted,
            network_id=NetworkId(place.id) if is_network else None,
            vpc_id=None if is_network else Uuid(place.id),
            source_nat=True,
        ),
    )


def _check_free(view: View, ip: PublicIp) -> None:
    used = address_in_use(view, ip)
    if used is not None or ip.static_nat:
        what = "static NAT" if used is None else f"rule {used.id}"
        raise Conflict(
            f"{what} stands on public address {ip.address} ({ip.id})",
            code="address-has-rules",
            subject="sourcenatipaddress",
            hint="another address, or take that away first",
        )
