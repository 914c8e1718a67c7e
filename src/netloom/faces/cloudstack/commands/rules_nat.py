"""CloudStack's commands for port forwarding and static NAT."""

from __future__ import annotations

from sqlalchemy import select

from netloom.app.cloud.port_forwarding import (
    CREATE_PORT_FORWARDING,
    DELETE_PORT_FORWARDING,
    UPDATE_PORT_FORWARDING,
    CreatePortForwarding,
    DeletePortForwarding,
    UpdatePortForwarding,
)
from netloom.app.cloud.static_nat import (
    CREATE_STATIC_NAT_RULE,
    DELETE_STATIC_NAT_RULE,
    DISABLE_STATIC_NAT,
    ENABLE_STATIC_NAT,
    CreateStaticNatRule,
    DeleteStaticNatRule,
    DisableStaticNat,
    EnableStaticNat,
)
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, Success
from netloom.faces.cloudstack.views.rules import forwarding_rows, static_nat_rows
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import PortForwardingRule, StaticNatRule
from netloom.store.cloud.records import columns


async def create_port_forwarding_rule(call: Call) -> object:
    """Leads ports of a public address to an instance."""
    return await call.do(
        CREATE_PORT_FORWARDING,
        CreatePortForwarding(
            public_ip_id=call.need_uuid("ipaddressid"),
            protocol=call.need("protocol"),
            public_port=call.need_integer("publicport"),
            public_end_port=call.integer("publicendport"),
            private_port=call.need_integer("privateport"),
            private_end_port=call.integer("privateendport"),
            instance_id=call.need_uuid("virtualmachineid"),
            guest_address=call.text("vmguestip") or None,
            network_id=call.uuid("networkid"),
            sources=call.texts("cidrlist"),
            open_firewall=call.flag("openfirewall"),
            display=call.flag("fordisplay", default=True),
        ),
    )


async def update_port_forwarding_rule(call: Call) -> object:
    """Leads ports of a public address elsewhere, or for others."""
    return await call.do(
        UPDATE_PORT_FORWARDING,
        UpdatePortForwarding(
            id=call.need_uuid("id"),
            private_port=call.integer("privateport"),
            private_end_port=call.integer("privateendport"),
            instance_id=call.uuid("virtualmachineid"),
            guest_address=call.text("vmguestip") or None,
            sources=call.texts("cidrlist") if call.has("cidrlist") else None,
            display=call.flag("fordisplay"),
        ),
    )


async def delete_port_forwarding_rule(call: Call) -> object:
    """Ends a port forwarding rule."""
    return await call.do(DELETE_PORT_FORWARDING, DeletePortForwarding(id=call.need_uuid("id")))


async def list_port_forwarding_rules(call: Call) -> object:
    """Lists port forwarding rules."""
    c = columns(PortForwardingRule)
    return await call.select(
        PortForwardingRule,
        call.match(c.id, "id", PortForwardingRule),
        call.match(c.public_ip_id, "ipaddressid", PublicIp),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.display, "fordisplay"),
        keyword=("protocol", "guest_address"),
        tags_of="PortForwardingRule",
        id_opens=False,
    )


async def enable_static_nat(call: Call) -> object:
    """Gives a public address, all of it, to an instance."""
    return await call.finish(
        ENABLE_STATIC_NAT,
        EnableStaticNat(
            public_ip_id=call.need_uuid("ipaddressid"),
            instance_id=call.need_uuid("virtualmachineid"),
            guest_address=call.text("vmguestip") or None,
            network_id=call.uuid("networkid"),
        ),
    )


async def disable_static_nat(call: Call) -> object:
    """Takes a public address from its instance."""
    return await call.do(DISABLE_STATIC_NAT, DisableStaticNat(public_ip_id=call.need_uuid("ipaddressid")))


async def create_ip_forwarding_rule(call: Call) -> object:
    """Opens ports of an address that static NAT leads to an instance."""
    return await call.do(
        CREATE_STATIC_NAT_RULE,
        CreateStaticNatRule(
            public_ip_id=call.need_uuid("ipaddressid"),
            protocol=call.need("protocol"),
            start_port=call.need_integer("startport"),
            end_port=call.integer("endport"),
            sources=call.texts("cidrlist"),
            open_firewall=call.flag("openfirewall"),
        ),
    )


async def delete_ip_forwarding_rule(call: Call) -> object:
    """Ends an opening of static NAT."""
    return await call.do(DELETE_STATIC_NAT_RULE, DeleteStaticNatRule(id=call.need_uuid("id")))


async def list_ip_forwarding_rules(call: Call) -> object:
    """Lists openings of static NAT."""
    c, ip = columns(StaticNatRule), columns(PublicIp)
    leading = call.match(ip.instance_id, "virtualmachineid", Instance)
    return await call.select(
        StaticNatRule,
        call.match(c.id, "id", StaticNatRule),
        call.match(c.public_ip_id, "ipaddressid", PublicIp),
        keyword=("protocol",),
        also=None
        if leading is None
        else lambda view: [c.public_ip_id.in_(select(ip.id).where(leading.condition(view)))],
        id_opens=False,
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        "createPortForwardingRule",
        create_port_forwarding_rule,
        JobAnswer(
            CREATE_PORT_FORWARDING,
            "portforwardingrule",
            forwarding_rows,
            made=True,
            about="FirewallRule",
            with_id=True,
        ),
    ),
    Command(
        "updatePortForwardingRule",
        update_port_forwarding_rule,
        JobAnswer(UPDATE_PORT_FORWARDING, "portforwardingrule", forwarding_rows),
    ),
    Command("deletePortForwardingRule", delete_port_forwarding_rule, JobAnswer(DELETE_PORT_FORWARDING)),
    Command(
        "listPortForwardingRules", list_port_forwarding_rules, Listing("portforwardingrule", forwarding_rows)
    ),
    Command("enableStaticNat", enable_static_nat, Success()),
    Command("disableStaticNat", disable_static_nat, JobAnswer(DISABLE_STATIC_NAT)),
    Command(
        "createIpForwardingRule",
        create_ip_forwarding_rule,
        JobAnswer(
            CREATE_STATIC_NAT_RULE,
            "ipforwardingrule",
            static_nat_rows,
            made=True,
            about="FirewallRule",
            with_id=True,
        ),
    ),
    Command("deleteIpForwardingRule", delete_ip_forwarding_rule, JobAnswer(DELETE_STATIC_NAT_RULE)),
    Command("listIpForwardingRules", list_ip_forwarding_rules, Listing("ipforwardingrule", static_nat_rows)),
)
