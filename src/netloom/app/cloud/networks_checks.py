"""What a zone, an offering and the settings allow of a new network.

Rule 1: only questions of what is allowed stand here; what a network comes to be is said in `networks_create`.
"""

from __future__ import annotations

from netloom.app.cloud import configuration
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, Forbidden, InvalidInput
from netloom.model.cloud.infrastructure import ZoneFacet, ZoneType
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.networks_subnet import Bounds
from netloom.model.cloud.offerings import GuestType, InternetProtocol, NetworkOffering, services_of
from netloom.model.cloud.services import Service
from netloom.store.cloud.records import columns


def check_zone(view: View, facet: ZoneFacet, offering: NetworkOffering) -> None:
    """Refuse a type of network that a zone does not have.

    Raises:
        InvalidInput: the zone has networks of other types.
        Conflict: it is basic and has its network (`basic-zone-network`).
    """
    services = services_of(offering)
    if facet.type is ZoneType.BASIC and (
        offering.guest_type is not GuestType.SHARED or Service.SOURCE_NAT in services
    ):
        raise InvalidInput(
            "a basic zone has shared networks without source NAT only",
            subject="networkofferingid",
            hint="an offering of type Shared, for example DefaultSharedNetworkOfferingWithSGService",
        )
    if facet.type is ZoneType.BASIC:
        there = view.records.first(GuestNetwork, columns(GuestNetwork).zone_id == facet.id)
        if there is not None:
            raise Conflict(
                f"a basic zone has one network, and this one has {there.name!r} ({there.id})",
                code="basic-zone-network",
                subject="zoneid",
                hint="put the instances into that one, or use an advanced zone",
            )
    if (
        facet.security_groups
        and facet.type is ZoneType.ADVANCED
        and offering.guest_type is GuestType.ISOLATED
    ):
        raise InvalidInput(
            "a zone with security groups has networks of types Shared and L2 only",
            subject="networkofferingid",
            hint="an offering of one of these types",
        )


def check_vlan(view: View, vlan: str | None, offering: NetworkOffering) -> None:
    """Let a VLAN be named exactly where the offering leaves it to the operator.

    Raises:
        InvalidInput: it is missing (`vlan-missing`), or not for anybody to name (`vlan-not-chosen`).
        Forbidden: the caller is no operator (`vlan-not-yours`).
    """
    if vlan is None:
        if offering.specify_vlan:
            raise InvalidInput(
                f"offering {offering.name!r} ({offering.id}) leaves the VLAN to whoever makes the network",
                code="vlan-missing",
                subject="vlan",
                hint="1 to 4094, or untagged",
            )
        return
    if not offering.specify_vlan:
        raise InvalidInput(
            f"offering {offering.name!r} ({offering.id}) lets nobody name a VLAN",
            code="vlan-not-chosen",
            subject="vlan",
            hint="leave it out, or use an offering whose networks name their VLAN",
        )
    if not view.caller.is_root:
        raise Forbidden(
            "VLANs are named by administrators of the root domain", code="vlan-not-yours", subject="vlan"
        )


def bounds_for(view: View, facet: ZoneFacet, offering: NetworkOffering, *, tier: bool) -> Bounds:
    """What limits the addresses of a network; those of a tier, its VPC does."""
    return Bounds(
        zone_cidr=None if tier else facet.guest_cidr,
        shortest=None
        if tier or view.caller.is_admin
        else configuration.number(view, "network.guest.cidr.limit"),
        private_only=not tier and not configuration.flag(view, "allow.non.rfc1918.compliant.ips"),
        v6_offered=offering.internet_protocol is not InternetProtocol.IPV4,
    )
