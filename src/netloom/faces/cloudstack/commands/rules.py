"""CloudStack's commands for firewall rules, out of networks and into addresses."""

from __future__ import annotations

from netloom.app.cloud.firewall import (
    CREATE_FIREWALL_RULE,
    DELETE_FIREWALL_RULE,
    UPDATE_FIREWALL_RULE,
    CreateFirewallRule,
    DeleteFirewallRule,
    UpdateFirewallRule,
)
from netloom.app.cloud.firewall_egress import (
    CREATE_EGRESS_RULE,
    DELETE_EGRESS_RULE,
    UPDATE_EGRESS_RULE,
    CreateEgressRule,
)
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.commands import (
    certificates,
    load_balancers,
    load_balancers_internal,
    rules_edge,
    rules_nat,
)
from netloom.faces.cloudstack.commands.traffic_asked import ports_asked
from netloom.faces.cloudstack.views.rules import firewall_rows
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import FirewallRule, TrafficDirection
from netloom.store.cloud.records import columns

KEYWORD = ("protocol", "id")
"""What a keyword of a list of rules may be in."""


def _is_system(call: Call) -> bool:
    return (call.text("type") or "").lower() == "system"


async def create_firewall_rule(call: Call) -> object:
    """Opens ports of a public address."""
    return await call.do(
        CREATE_FIREWALL_RULE,
        CreateFirewallRule(
            public_ip_id=call.need_uuid("ipaddressid"),
            protocol=call.need("protocol"),
            **ports_asked(call),
            sources=call.texts("cidrlist"),
            display=call.flag("fordisplay", default=True),
            system=_is_system(call),
        ),
    )


async def update_firewall_rule(call: Call) -> object:
    """Changes whether lists show a firewall rule."""
    request = UpdateFirewallRule(id=call.need_uuid("id"), display=call.flag("fordisplay"))
    return await call.do(UPDATE_FIREWALL_RULE, request)


async def delete_firewall_rule(call: Call) -> object:
    """Ends a firewall rule."""
    return await call.do(DELETE_FIREWALL_RULE, DeleteFirewallRule(id=call.need_uuid("id")))


async def list_firewall_rules(call: Call) -> object:
    """Lists the firewall rules of public addresses."""
    return await _list(call, TrafficDirection.INGRESS)


async def create_egress_rule(call: Call) -> object:
    """Says what may go out of an isolated network (or, where all may, what may not)."""
    return await call.do(
        CREATE_EGRESS_RULE,
        CreateEgressRule(
            network_id=call.need_uuid("networkid"),
            protocol=call.need("protocol"),
            **ports_asked(call),
            sources=call.texts("cidrlist"),
            destinations=call.texts("destcidrlist"),
            display=call.flag("fordisplay", default=True),
            system=_is_system(call),
        ),
    )


async def update_egress_rule(call: Call) -> object:
    """Changes whether lists show an egress rule."""
    request = UpdateFirewallRule(id=call.need_uuid("id"), display=call.flag("fordisplay"))
    return await call.do(UPDATE_EGRESS_RULE, request)


async def delete_egress_rule(call: Call) -> object:
    """Ends an egress rule."""
    return await call.do(DELETE_EGRESS_RULE, DeleteFirewallRule(id=call.need_uuid("id")))


async def list_egress_rules(call: Call) -> object:
    """Lists the egress rules of networks."""
    return await _list(call, TrafficDirection.EGRESS)


async def _list(call: Call, direction: TrafficDirection) -> object:
    c = columns(FirewallRule)
    return await call.select(
        FirewallRule,
        call.match(c.id, "id", FirewallRule),
        call.match(c.public_ip_id, "ipaddressid", PublicIp),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.display, "fordisplay"),
        c.direction == direction.value,
        keyword=KEYWORD,
        tags_of="FirewallRule",
        id_opens=False,
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        "createFirewallRule",
        create_firewall_rule,
        JobAnswer(
            CREATE_FIREWALL_RULE,
            "firewallrule",
            firewall_rows,
            made=True,
            about="FirewallRule",
            with_id=True,
        ),
    ),
    Command(
        "updateFirewallRule",
        update_firewall_rule,
        JobAnswer(UPDATE_FIREWALL_RULE, "firewallrule", firewall_rows),
    ),
    Command("deleteFirewallRule", delete_firewall_rule, JobAnswer(DELETE_FIREWALL_RULE)),
    Command("listFirewallRules", list_firewall_rules, Listing("firewallrule", firewall_rows)),
    Command(
        "createEgressFirewallRule",
        create_egress_rule,
        JobAnswer(
            CREATE_EGRESS_RULE, "firewallrule", firewall_rows, made=True, about="FirewallRule", with_id=True
        ),
    ),
    Command(
        "updateEgressFirewallRule",
        update_egress_rule,
        JobAnswer(UPDATE_EGRESS_RULE, "firewallrule", firewall_rows),
    ),
    Command("deleteEgressFirewallRule", delete_egress_rule, JobAnswer(DELETE_EGRESS_RULE)),
    Command("listEgressFirewallRules", list_egress_rules, Listing("firewallrule", firewall_rows)),
    *rules_edge.COMMANDS,
    *rules_nat.COMMANDS,
    *load_balancers.COMMANDS,
    *load_balancers_internal.COMMANDS,
    *certificates.COMMANDS,
)
