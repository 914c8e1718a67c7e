"""The public addresses of VPCs: the one that it is seen as outside, and giving all of them back at its end.

Rule 1: a VPC whose offering has SourceNat has such an address from its first moment; there is exactly one.
Rule 2: VPN gateways use that address.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.addresses_release import begin_release, finish_release
from netloom.app.cloud.addresses_source_nat import have_source_nat, source_nat_of
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import IpEvent, IpState, PublicIp, next_ip_state
from netloom.model.cloud.offerings import VpcOffering, services_of
from netloom.model.cloud.services import Service
from netloom.model.cloud.vpc import Vpc
from netloom.store.cloud.records import columns


def addresses_of(view: View, vpc_id: Uuid) -> list[PublicIp]:
    """All public addresses of a VPC."""
    return view.records.select(PublicIp, columns(PublicIp).vpc_id == vpc_id)


def claim_source_nat(work: Work, vpc: Vpc, wanted: str | None) -> None:
    """Have the address that a VPC is seen as outside: the one that is named, or any; none if its offering has no SourceNat.

    Raises:
        InvalidInput: one is named and the offering has no SourceNat, or it is in no range.
        Conflict: it is somebody's, or something stands on it (`address-taken`, `address-has-rules`).
        Exhausted: no address is free.
    """
    offering = work.records.get(VpcOffering, vpc.offering_id)
    if offering is not None and Service.SOURCE_NAT in services_of(offering):
        have_source_nat(work, vpc, wanted)
    elif wanted is not None:
        raise InvalidInput(
            f"the offering of VPC {vpc.name} ({vpc.id}) has no SourceNat",
            code="no-source-nat",
            subject="sourcenatipaddress",
            hint="leave the address out",
        )


def vpn_address(view: View, vpc: Vpc) -> Uuid:
    """The address that a VPC's VPN gateway uses.

    Raises:
        Conflict: the VPC has none (`no-source-nat`).
    """
    ip = source_nat_of(view, vpc)
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
