"""CloudStack's commands for offerings of networks and of VPCs."""

from __future__ import annotations

from collections.abc import Callable

from netloom.app.cloud import offerings
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.offerings import DeleteOffering, UpdateNetworkOffering, UpdateOffering
from netloom.app.cloud.work import View
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Rows, Success
from netloom.faces.cloudstack.commands.offerings_asked import (
    capabilities_chosen,
    changes,
    domain_ids,
    listed,
    providers_named,
    same_flag,
    same_word,
    zone_ids,
)
from netloom.faces.cloudstack.views.offerings import network_offering_rows, vpc_offering_rows
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkMode, NetworkOffering, VpcOffering, services_of
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft
from netloom.model.cloud.offerings_vpc import VpcOfferingDraft
from netloom.model.cloud.services import Service, parse_service
from netloom.model.cloud.words import Allocation


async def list_network_offerings(call: Call) -> Rows:
    """Lists the offerings of networks that the caller may use."""
    services = frozenset(parse_service(text) for text in call.texts("supportedservices"))
    tags = frozenset(call.texts("tags"))
    network_id, routing = call.uuid("networkid"), (call.text("routingmode") or "").lower()

    def fits(view: View) -> Callable[[NetworkOffering], bool]:
        network = None if network_id is None else network_seen(view, network_id)
        return lambda offering: (
            same_flag(call.flag("isdefault"), offering.is_default)
            and same_flag(call.flag("specifyvlan"), offering.specify_vlan)
            and same_flag(call.flag("specifyipranges"), offering.specify_ip_ranges)
            and same_flag(call.flag("forvpc"), offering.for_vpc)
            and same_flag(call.flag("istagged"), bool(offering.tags))
            and same_flag(call.flag("sourcenatsupported"), Service.SOURCE_NAT in services_of(offering))
            and same_word(call.text("displaytext"), offering.display_text)
            and same_word(call.text("traffictype"), offering.traffic.value)
            and same_word(call.text("availability"), offering.availability.value)
            and same_word(call.text("guestiptype"), offering.guest_type.value)
            and (not routing or (offering.network_mode is NetworkMode.ROUTED and routing == "static"))
            and services <= services_of(offering)
            and (not tags or bool(tags & set(offering.tags)))
            and (network is None or _may_become(network, offering))
        )

    return await listed(call, NetworkOffering, network_offering_rows, fits)


def _may_become(network: GuestNetwork, offering: NetworkOffering) -> bool:
    """Whether a network could be given this offering in place of its own."""
    return (
        offering.state is Allocation.ENABLED
        and offering.guest_type is network.guest_type
        and offering.for_vpc == (network.vpc_id is not None)
    )


async def create_network_offering(call: Call) -> object:
    """Makes an offering of networks, disabled unless asked otherwise."""
    return await call.do(
        offerings.CREATE_NETWORK_OFFERING,
        NetworkOfferingDraft(
            name=call.need("name"),
            guest_type=call.need("guestiptype"),
            traffic=call.need("traffictype"),
            display_text=call.text("displaytext") or None,
            services=call.texts("supportedservices"),
            providers=providers_named(call),
            capabilities=capabilities_chosen(call),
            availability=call.text("availability") or None,
            conserve_mode=call.flag("conservemode", default=True),
            specify_vlan=call.flag("specifyvlan", default=False),
            specify_ip_ranges=call.flag("specifyipranges", default=False),
            specify_as_number=call.flag("specifyasnumber", default=False),
            persistent=call.flag("ispersistent", default=False),
            egress_default_allow=call.flag("egressdefaultpolicy", default=True),
            for_vpc=call.flag("forvpc"),
            network_mode=call.text("networkmode") or None,
            internet_protocol=call.text("internetprotocol") or None,
            network_rate=call.integer("networkrate"),
            max_connections=call.integer("maxconnections"),
            keep_alive=call.flag("keepaliveenabled", default=False),
            tags=call.texts("tags"),
            service_offering_id=call.uuid("serviceofferingid"),
            domain_ids=domain_ids(call),
            zone_ids=zone_ids(call),
            details=call.pairs("details"),
            enable=call.flag("enable", default=False),
        ),
    )


async def update_network_offering(call: Call) -> object:
    """Changes an offering of networks."""
    return await call.do(
        offerings.UPDATE_NETWORK_OFFERING,
        UpdateNetworkOffering(
            **changes(call),
            availability=call.text("availability") or None,
            max_connections=call.integer("maxconnections"),
            keep_alive=call.flag("keepaliveenabled"),
            tags=call.texts("tags") if call.has("tags") else None,
        ),
    )


async def delete_network_offering(call: Call) -> object:
    """Deletes an offering that no network was made of."""
    return await call.do(offerings.DELETE_NETWORK_OFFERING, DeleteOffering(id=call.need_uuid("id")))


async def list_vpc_offerings(call: Call) -> Rows:
    """Lists the offerings of VPCs that the caller may use."""
    services = frozenset(parse_service(text) for text in call.texts("supportedservices"))

    def fits(_view: View) -> Callable[[VpcOffering], bool]:
        return lambda offering: (
            same_flag(call.flag("isdefault"), offering.is_default)
            and same_word(call.text("displaytext"), offering.display_text)
            and services <= services_of(offering)
        )

    return await listed(call, VpcOffering, vpc_offering_rows, fits)


async def create_vpc_offering(call: Call) -> object:
    """Makes an offering of VPCs, disabled unless asked otherwise."""
    return await call.do(
        offerings.CREATE_VPC_OFFERING,
        VpcOfferingDraft(
            name=call.need("name"),
            display_text=call.text("displaytext") or None,
            services=call.texts("supportedservices"),
            providers=providers_named(call),
            capabilities=capabilities_chosen(call),
            network_mode=call.text("networkmode") or None,
            internet_protocol=call.text("internetprotocol") or None,
            specify_as_number=call.flag("specifyasnumber", default=False),
            service_offering_id=call.uuid("serviceofferingid"),
            domain_ids=domain_ids(call),
            zone_ids=zone_ids(call),
            enable=call.flag("enable", default=False),
        ),
    )


async def update_vpc_offering(call: Call) -> object:
    """Changes an offering of VPCs."""
    return await call.do(
        offerings.UPDATE_VPC_OFFERING,
        UpdateOffering(**changes(call)),
    )


async def delete_vpc_offering(call: Call) -> object:
    """Deletes an offering that no VPC was made of."""
    return await call.do(offerings.DELETE_VPC_OFFERING, DeleteOffering(id=call.need_uuid("id")))


COMMANDS: tuple[Command, ...] = (
    Command("listNetworkOfferings", list_network_offerings, Listing("networkoffering")),
    Command("createNetworkOffering", create_network_offering, One("networkoffering", network_offering_rows)),
    Command("updateNetworkOffering", update_network_offering, One("networkoffering", network_offering_rows)),
    Command("deleteNetworkOffering", delete_network_offering, Success()),
    Command("listVPCOfferings", list_vpc_offerings, Listing("vpcoffering")),
    Command(
        "createVPCOffering",
        create_vpc_offering,
        JobAnswer(
            offerings.CREATE_VPC_OFFERING, "vpcoffering", vpc_offering_rows, made=True, about="VpcOffering"
        ),
    ),
    Command(
        "updateVPCOffering",
        update_vpc_offering,
        JobAnswer(offerings.UPDATE_VPC_OFFERING, "vpcoffering", vpc_offering_rows, about="VpcOffering"),
    ),
    Command(
        "deleteVPCOffering",
        delete_vpc_offering,
        JobAnswer(offerings.DELETE_VPC_OFFERING, about="VpcOffering"),
    ),
)
