"""A VPC as elements see it, and where in its zone it may have legs.

Rule 1: a provider counts as enabled in a zone when it is on one of the zone's physical networks that carry guests.
"""

from __future__ import annotations

from netloom.app.cloud.gateway_places import hosts_of
from netloom.app.cloud.infrastructure import serving_facts, wire_facts, wires_for, zone_seen
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import PhysicalNetworkId, Uuid
from netloom.model.cloud.offerings import Traffic, VpcOffering
from netloom.model.cloud.vpc import Vpc
from netloom.model.objects import Zone
from netloom.plan.vpc_elements import VpcFacts


def zone_of(view: View, zone_id: Uuid) -> Zone:
    """The zone of a new VPC.

    Raises:
        NotFound: there is none.
    """
    return zone_seen(view, zone_id)


def facts_of_vpc(view: View, vpc: Vpc, *, anew: bool = False) -> VpcFacts:
    """A VPC with its offering's services, and who serves in its zone.

    Args:
        view: where it is.
        vpc: the record.
        anew: judge it as one that is being made, by the providers that are enabled now; else those that serve it go on.
    """
    offering = view.records.get(VpcOffering, vpc.offering_id)
    services = () if offering is None else offering.services
    carriers = wires_for(view, vpc.zone_id, Traffic.GUEST)
    serving = [
        wire_facts(view, wires) if anew else serving_facts(view, wires, offering) for wires in carriers
    ]
    return VpcFacts(
        id=vpc.id,
        number=vpc.number,
        name=vpc.name,
        cidr=vpc.cidr,
        zone_id=vpc.zone_id,
        services={item.service: item.providers for item in services},
        enabled=frozenset(name for each in serving for name in each.providers),
        public_mtu=vpc.public_mtu,
        redundant=offering is not None and offering.redundant_router,
        gateway_hosts=() if anew else hosts_of(view, vpc_id=vpc.id),
    )


def guest_wires(view: View, zone_id: Uuid, wanted: Uuid | None) -> PhysicalNetworkId:
    """The physical network of a leg: the one that is named, or the zone's only one that carries guests.

    Raises:
        InvalidInput: it is none of the zone's, or several would do and none is named (`physical-network-unclear`).
    """
    there = wires_for(view, zone_id, Traffic.GUEST)
    fitting = [each for each in there if wanted in (None, each.id)]
    if len(fitting) == 1:
        return PhysicalNetworkId(fitting[0].id)
    names = ", ".join(f"{each.name} ({each.id})" for each in there)
    if wanted is not None:
        why = f"physical network {wanted} is none of the zone's that carry guests"
    else:
        why = f"{'more than one' if there else 'no'} physical network of the zone carries guests"
    raise InvalidInput(
        why,
        code="physical-network-unclear",
        subject="physicalnetworkid",
        hint=f"name one of {names}" if there else "have an administrator give one the traffic type Guest",
    )
