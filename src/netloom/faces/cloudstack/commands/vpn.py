"""CloudStack's commands for VPNs between sites: a VPC's gateway, customers' gateways, and connections."""

from __future__ import annotations

from typing import TypedDict

from netloom.app.cloud import vpn_connections as connections
from netloom.app.cloud import vpn_customers as customers
from netloom.app.cloud import vpn_gateways as gateways
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.commands.vpn_remote import REMOTE_COMMANDS, display_asked
from netloom.faces.cloudstack.views.vpn import customer_gateway_rows, vpn_connection_rows, vpn_gateway_rows
from netloom.model.cloud.vpc import Vpc
from netloom.model.cloud.vpn import CustomerGateway, VpnConnection, VpnGateway
from netloom.store.cloud.records import columns


async def create_vpn_gateway(call: Call) -> object:
    """Gives a VPC a gateway for VPNs to other sites."""
    return await call.do(
        gateways.CREATE_GATEWAY,
        gateways.CreateVpnGateway(
            vpc_id=call.need_uuid("vpcid"), for_display=call.flag("fordisplay", default=True)
        ),
    )


async def update_vpn_gateway(call: Call) -> object:
    """Changes whether a VPN gateway is shown."""
    return await call.do(gateways.UPDATE_GATEWAY, display_asked(call))


async def delete_vpn_gateway(call: Call) -> object:
    """Takes the VPN gateway off a VPC."""
    return await call.do(gateways.DELETE_GATEWAY, gateways.DeleteVpnGateway(id=call.need_uuid("id")))


async def list_vpn_gateways(call: Call) -> object:
    """Lists VPN gateways of VPCs."""
    c = columns(VpnGateway)
    return await call.select(
        VpnGateway,
        call.match(c.id, "id"),
        call.match(c.vpc_id, "vpcid", Vpc),
        call.match(c.for_display, "fordisplay"),
    )


class _Described(TypedDict):
    name: str | None
    gateway: str
    cidrs: tuple[str, ...]
    key: str
    ike_policy: str
    esp_policy: str
    ike_lifetime: int | None
    esp_lifetime: int | None
    dead_peer_detection: bool
    force_encapsulation: bool
    split_connections: bool
    ike_version: str | None


def _described(call: Call) -> _Described:
    return _Described(
        name=call.text("name") or None,
        gateway=call.need("gateway"),
        cidrs=call.texts("cidrlist"),
        key=call.need("ipsecpsk"),
        ike_policy=call.need("ikepolicy"),
        esp_policy=call.need("esppolicy"),
        ike_lifetime=call.integer("ikelifetime"),
        esp_lifetime=call.integer("esplifetime"),
        dead_peer_detection=call.flag("dpd", default=False),
        force_encapsulation=call.flag("forceencap", default=False),
        split_connections=call.flag("splitconnections", default=False),
        ike_version=call.text("ikeversion") or None,
    )


async def create_vpn_customer_gateway(call: Call) -> object:
    """Describes the other end of a VPN: a customer's gateway and the networks behind it."""
    return await call.do(
        customers.CREATE_CUSTOMER,
        customers.CreateCustomerGateway(
            **_described(call),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def update_vpn_customer_gateway(call: Call) -> object:
    """Describes a customer's gateway anew; its connections are told."""
    return await call.do(
        customers.UPDATE_CUSTOMER,
        customers.UpdateCustomerGateway(id=call.need_uuid("id"), **_described(call)),
    )


async def delete_vpn_customer_gateway(call: Call) -> object:
    """Deletes a customer's gateway that no connection leads to."""
    request = customers.DeleteCustomerGateway(id=call.need_uuid("id"))
    return await call.do(customers.DELETE_CUSTOMER, request)


async def list_vpn_customer_gateways(call: Call) -> object:
    """Lists customers' gateways."""
    c = columns(CustomerGateway)
    return await call.select(CustomerGateway, call.match(c.id, "id"), keyword=("name",))


async def create_vpn_connection(call: Call) -> object:
    """Connects a VPC's VPN gateway with a customer's."""
    return await call.do(
        connections.CREATE,
        connections.CreateVpnConnection(
            gateway_id=call.need_uuid("s2svpngatewayid"),
            customer_gateway_id=call.need_uuid("s2scustomergatewayid"),
            passive=call.flag("passive", default=False),
            for_display=call.flag("fordisplay", default=True),
        ),
    )


async def update_vpn_connection(call: Call) -> object:
    """Changes whether a VPN connection is shown."""
    return await call.do(connections.UPDATE, display_asked(call))


async def reset_vpn_connection(call: Call) -> object:
    """Begins a VPN connection anew."""
    return await call.do(connections.RESET, connections.NameVpnConnection(id=call.need_uuid("id")))


async def delete_vpn_connection(call: Call) -> object:
    """Ends a VPN connection."""
    return await call.do(connections.DELETE, connections.NameVpnConnection(id=call.need_uuid("id")))


async def list_vpn_connections(call: Call) -> object:
    """Lists VPN connections and how they are."""
    c = columns(VpnConnection)
    return await call.select(
        VpnConnection,
        call.match(c.id, "id"),
        call.match(c.vpc_id, "vpcid", Vpc),
        call.match(c.for_display, "fordisplay"),
    )


_GATEWAY, _CUSTOMER, _CONNECTION = "vpngateway", "vpncustomergateway", "vpnconnection"
_OF_CUSTOMER = "VpnCustomerGateway"

COMMANDS: tuple[Command, ...] = (
    Command(
        "createVpnGateway",
        create_vpn_gateway,
        JobAnswer(gateways.CREATE_GATEWAY, _GATEWAY, vpn_gateway_rows, made=True, about="None"),
    ),
    Command(
        "updateVpnGateway",
        update_vpn_gateway,
        JobAnswer(gateways.UPDATE_GATEWAY, _GATEWAY, vpn_gateway_rows),
    ),
    Command("deleteVpnGateway", delete_vpn_gateway, JobAnswer(gateways.DELETE_GATEWAY)),
    Command("listVpnGateways", list_vpn_gateways, Listing(_GATEWAY, vpn_gateway_rows)),
    Command(
        "createVpnCustomerGateway",
        create_vpn_customer_gateway,
        JobAnswer(customers.CREATE_CUSTOMER, _CUSTOMER, customer_gateway_rows, made=True, about=_OF_CUSTOMER),
    ),
    Command(
        "updateVpnCustomerGateway",
        update_vpn_customer_gateway,
        JobAnswer(customers.UPDATE_CUSTOMER, _CUSTOMER, customer_gateway_rows, about=_OF_CUSTOMER),
    ),
    Command(
        "deleteVpnCustomerGateway",
        delete_vpn_customer_gateway,
        JobAnswer(customers.DELETE_CUSTOMER, about=_OF_CUSTOMER),
    ),
    Command("listVpnCustomerGateways", list_vpn_customer_gateways, Listing(_CUSTOMER, customer_gateway_rows)),
    Command(
        "createVpnConnection",
        create_vpn_connection,
        JobAnswer(connections.CREATE, _CONNECTION, vpn_connection_rows, made=True, about="None"),
    ),
    Command(
        "updateVpnConnection",
        update_vpn_connection,
        JobAnswer(connections.UPDATE, _CONNECTION, vpn_connection_rows),
    ),
    Command(
        "resetVpnConnection",
        reset_vpn_connection,
        JobAnswer(connections.RESET, _CONNECTION, vpn_connection_rows),
    ),
    Command("deleteVpnConnection", delete_vpn_connection, JobAnswer(connections.DELETE)),
    Command("listVpnConnections", list_vpn_connections, Listing(_CONNECTION, vpn_connection_rows)),
    *REMOTE_COMMANDS,
)
