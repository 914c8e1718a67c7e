"""The public addresses of VPCs: the one that it is seen as outside, and giving all of them back at its end.

Rule 1: a VPC whose offering has SourceNat has such an address from its first moment; there is exactly one.
Rule 2: VPN gateways use that address.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.addresses_allocate import Wanted, acquire
from netloom.app.cloud.addresses_release import begin_release, finish_release
from netloom.app.cloud.rules_claims import address_in_use
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid, ZoneId
from netloom.model.cloud.addresses import IpEvent, IpState, PublicIp, next_ip_state
from netloom.model.cloud.identity import Account
from netloom.model.cloud.offerings import VpcOffering, services_of
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import columns


def addresses_of(view: View, vpc_id: Uuid) -> list[PublicIp]:
    """All public addresses of a VPC."""
    return view.records.select(PublicIp, columns(PublicIp).vpc_id == vpc_id)


def source_nat_of(view: View, vpc_id: Uuid) -> PublicIp | None:
    """The address that a VPC is seen as outside."""
    c = columns(PublicIp)
    return view.records.first(PublicIp, c.vpc_id == vpc_id, c.source_nat.is_(True))


def claim_source_nat(work: Work, vpc: Vpc, wanted: str | None) -> None:
    """Have the address that a VPC is seen as outside: the one that is named, or any.

    Raises:
        InvalidInput: one is named and the offering has no SourceNat, or it is in no range.
        Conflict: it is somebody's, or something stands on it (`address-has-rules`).
        Exhausted: no address is free.
    """
    offering = work.records.get(VpcOffering, vpc.offering_id)
    if offering is None or Service.SOURCE_NAT not in services_of(offering):
        if wanted is not None:
            raise InvalidInput(
                f"the offering of VPC {vpc.name} ({vpc.id}) has no SourceNat",
                subject="sourcenatipaddress",
                hint="leave the address out",
            )
        return
    current = source_nat_of(work, vpc.id)
    if current is not None and wanted in (None, current.address):
        return
    there = next((ip for ip in addresses_of(work, vpc.id) if ip.address == wanted), None)
    if there is None:
        _acquire(work, vpc, wanted)
    else:
        _check_free(work, there)
        work.update(msgspec.structs.replace(there, source_nat=True, network_id=None))
    if current is not None:
        work.update(msgspec.structs.replace(current, source_nat=False))


def _acquire(work: Work, vpc: Vpc, wanted: str | None) -> None:
    owner = work.records.get(Account, vpc.account_id)
    if owner is None:
        raise NotFound("the owner is gone", code="account-not-found", subject="account")
    acquire(
        work,
        owner,
        Wanted(zone_id=ZoneId(vpc.zone_id), address=wanted, vpc_id=vpc.id, source_nat=True),
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


def settle_addresses(work: Work, vpc_id: Uuid) -> None:
    """Have a VPC's addresses be its own once its router has them."""
    for ip in addresses_of(work, vpc_id):
        if ip.source_nat and ip.state is IpState.ALLOCATING:
            work.update(msgspec.structs.replace(ip, state=next_ip_state(ip.state, IpEvent.SUCCEED)))


def vpn_address(view: View, vpc: Vpc) -> Uuid:
    """The address that a VPC's VPN gateway uses.

    Raises:
        Conflict: the VPC has none (`no-source-nat`).
    """
    ip = source_nat_of(view, vpc.id)
    if ip is None:
        raise Conflict(
            f"VPC {vpc.name} ({vpc.id}) has no address that it is seen as outside",
            code="no-source-nat",
            subject="vpcid",
            hint="a VPC of an offering with SourceNat",
        )
    return ip.id


def release_addresses(work: Work, vpc: Vpc) -> None:
    """Give all addresses of a VPC back, with what stands on them."""
    for ip in addresses_of(work, vpc.id):
        leaving = ip
        if ip.state is IpState.ALLOCATING:
            leaving = work.update(msgspec.structs.replace(ip, state=next_ip_state(ip.state, IpEvent.FAIL)))
        finish_release(work, begin_release(work, leaving).id)
