"""CloudStack's commands for IPv6 firewall rules, at the edge of isolated networks."""

from __future__ import annotations

from netloom.app.cloud.firewall_ipv6 import (
    CREATE_IPV6_RULE,
    DELETE_IPV6_RULE,
    UPDATE_IPV6_RULE,
    CreateIpv6FirewallRule,
    DeleteIpv6FirewallRule,
    UpdateIpv6FirewallRule,
)
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing
from netloom.faces.cloudstack.commands.traffic_asked import ports_asked
from netloom.faces.cloudstack.views.rules import ipv6_firewall_rows
from netloom.model.cloud.acl import parse_direction
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import Ipv6FirewallRule, TrafficDirection
from netloom.store.cloud.records import columns


async def create_ipv6_rule(call: Call) -> object:
    """Says what may come into an isolated network over IPv6, or go out of it."""
    return await call.do(
        CREATE_IPV6_RULE,
        CreateIpv6FirewallRule(
            network_id=call.need_uuid("networkid"),
            direction=call.text("traffictype") or TrafficDirection.INGRESS.value,
            protocol=call.need("protocol"),
            **ports_asked(call),
            sources=call.texts("cidrlist"),
            destinations=call.texts("destcidrlist"),
            display=call.flag("fordisplay", default=True),
        ),
    )


async def update_ipv6_rule(call: Call) -> object:
    """Changes which packets an IPv6 firewall rule lets through."""
    return await call.do(
        UPDATE_IPV6_RULE,
        UpdateIpv6FirewallRule(
            id=call.need_uuid("id"),
            direction=call.text("traffictype") or None,
            protocol=call.text("protocol") or None,
            **ports_asked(call),
            sources=call.texts("cidrlist") or None,
            display=call.flag("fordisplay"),
        ),
    )


async def delete_ipv6_rule(call: Call) -> object:
    """Ends an IPv6 firewall rule."""
    return await call.do(DELETE_IPV6_RULE, DeleteIpv6FirewallRule(id=call.need_uuid("id")))


async def list_ipv6_rules(call: Call) -> object:
    """Lists the IPv6 firewall rules of networks."""
    c = columns(Ipv6FirewallRule)
    direction = call.text("traffictype") or None
    return await call.select(
        Ipv6FirewallRule,
        call.match(c.id, "id", Ipv6FirewallRule),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.display, "fordisplay"),
        None if direction is None else c.direction == parse_direction(direction).value,
        keyword=("protocol", "id"),
        tags_of="Ipv6FirewallRule",
        id_opens=False,
    )


COMMANDS: tuple[Command, ...] = (
    Command(
        "createIpv6FirewallRule",
        create_ipv6_rule,
        JobAnswer(
            CREATE_IPV6_RULE,
            "firewallrule",
            ipv6_firewall_rows,
            made=True,
            about="FirewallRule",
            with_id=True,
        ),
    ),
    Command(
        "updateIpv6FirewallRule",
        update_ipv6_rule,
        JobAnswer(UPDATE_IPV6_RULE, "firewallrule", ipv6_firewall_rows),
    ),
    Command("deleteIpv6FirewallRule", delete_ipv6_rule, JobAnswer(DELETE_IPV6_RULE)),
    Command("listIpv6FirewallRules", list_ipv6_rules, Listing("firewallrule", ipv6_firewall_rows)),
)
