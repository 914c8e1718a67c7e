"""From a draft to an offering of networks.

Rule 1: a draft is what was sent; an offering is what is kept; between them stands every refusal.
Rule 2: what netloom adds by itself (the gateway, the firewall of a router that translates) is added here and nowhere else.
"""

from __future__ import annotations

from netloom.model.cloud.offerings import NetworkMode, NetworkOffering, Traffic
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft, OfferingWorld, understand
from netloom.model.cloud.offerings_refusals import REFUSALS
from netloom.model.cloud.offerings_services import as_offered, with_firewall, with_gateway
from netloom.model.cloud.record import Birth
from netloom.model.cloud.words import Allocation, check_tags, check_text


def settle(draft: NetworkOfferingDraft, world: OfferingWorld, birth: Birth) -> NetworkOffering:
    """The offering that a draft comes to.

    Raises:
        InvalidInput: it promises what cannot be; the message says what, the hint what would be accepted.
        Conflict: another offering is Required already.
    """
    case = understand(draft, world)
    for refuse in REFUSALS:
        refuse(case)
    offer = with_gateway(case.offer, routed=case.mode is NetworkMode.ROUTED, known=world.providers)
    if not case.for_vpc:
        offer = with_firewall(offer, world.providers)
    return NetworkOffering(
        **birth,
        name=check_text(draft.name, "name"),
        display_text=check_text(draft.display_text or draft.name, "displaytext"),
        guest_type=case.guest_type,
        traffic=Traffic.GUEST,
        services=as_offered(offer, case.choices),
        state=Allocation.ENABLED if draft.enable else Allocation.DISABLED,
        availability=case.availability,
        conserve_mode=draft.conserve_mode,
        specify_vlan=draft.specify_vlan,
        specify_ip_ranges=draft.specify_ip_ranges,
        persistent=draft.persistent,
        egress_default_allow=draft.egress_default_allow,
        for_vpc=case.for_vpc,
        network_mode=case.mode,
        internet_protocol=case.protocol,
        network_rate=draft.network_rate,
        max_connections=draft.max_connections,
        keep_alive=draft.keep_alive,
        mtu=draft.mtu,
        tags=check_tags(draft.tags),
        service_offering_id=draft.service_offering_id,
        domain_ids=draft.domain_ids,
        zone_ids=draft.zone_ids,
        details=dict(draft.details),
    )
