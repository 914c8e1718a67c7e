"""CloudStack's commands for rules at the edge of isolated networks: over IPv6, and over IPv4 of routed ones."""

from __future__ import annotations

from netloom.app.cloud.firewall_both_ways import (
    CREATE_IPV6_RULE,
    CREATE_ROUTING_RULE,
    DELETE_IPV6_RULE,
    DELETE_ROUTING_RULE,
    UPDATE_IPV6_RULE,
    UPDATE_ROUTING_RULE,
    CreateEdgeRule,
    DeleteEdgeRule,
    UpdateEdgeRule,
)
from netloom.app.cloud.usecase import AnyUseCase
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, Rows
from netloom.faces.cloudstack.views.rules import edge_rows
from netloom.model.cloud.acl import parse_direction
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import EdgeRule, Ipv6FirewallRule, RoutingFirewallRule, TrafficDirection
from netloom.store.cloud.records import columns


async def create_ipv6_rule(call: Call) -> object:
    """Says what may come into an isolated network over IPv6, or go out of it."""
    return await call.do(CREATE_IPV6_RULE, _asked(call))


async def create_routing_rule(call: Call) -> object:
    """Says what may come into a routed network over IPv4, or go out of it."""
    return await call.do(CREATE_ROUTING_RULE, _asked(call))


def _asked(call: Call) -> CreateEdgeRule:
    return CreateEdgeRule(
        network_id=call.need_uuid("networkid"),
        direction=call.text("traffictype") or TrafficDirection.INGRESS.value,
        protocol=call.need("protocol"),
        start_port=call.integer("startport"),
        end_port=call.integer("endport"),
        icmp_type=call.integer("icmptype"),
        icmp_code=call.integer("icmpcode"),
        sources=call.texts("cidrlist"),
        destinations=call.texts("destcidrlist"),
        display=call.flag("fordisplay", default=True),
    )


async def update_ipv6_rule(call: Call) -> object:
    """Changes which packets an IPv6 firewall rule lets through."""
    return await call.do(
        UPDATE_IPV6_RULE,
        UpdateEdgeRule(
            id=call.need_uuid("id"),
            direction=call.text("traffictype") or None,
            protocol=call.text("protocol") or None,
            start_port=call.integer("startport"),
            end_port=call.integer("endport"),
            icmp_type=call.integer("icmptype"),
            icmp_code=call.integer("icmpcode"),
            sources=call.texts("cidrlist") or None,
            display=call.flag("fordisplay"),
        ),
    )


async def update_routing_rule(call: Call) -> object:
    """Changes whether lists show a routing firewall rule."""
    request = UpdateEdgeRule(id=call.need_uuid("id"), display=call.flag("fordisplay"))
    return await call.do(UPDATE_ROUTING_RULE, request)


async def delete_ipv6_rule(call: Call) -> object:
    """Ends an IPv6 firewall rule."""
    return await call.do(DELETE_IPV6_RULE, DeleteEdgeRule(id=call.need_uuid("id")))


async def delete_routing_rule(call: Call) -> object:
    """Ends a routing firewall rule."""
    return await call.do(DELETE_ROUTING_RULE, DeleteEdgeRule(id=call.need_uuid("id")))


async def list_ipv6_rules(call: Call) -> object:
    """Lists the IPv6 firewall rules of networks."""
    return await _list(call, Ipv6FirewallRule)


async def list_routing_rules(call: Call) -> object:
    """Lists the firewall rules of routed networks."""
    return await _list(call, RoutingFirewallRule)


async def _list(call: Call, record_type: type[EdgeRule]) -> Rows:
    c = columns(record_type)
    direction = call.text("traffictype") or None
    return await call.select(
        record_type,
        call.match(c.id, "id", record_type),
        call.match(c.network_id, "networkid", GuestNetwork),
        call.match(c.display, "fordisplay"),
        None if direction is None else c.direction == parse_direction(direction).value,
        keyword=("protocol", "id"),
        tags_of=record_type.__name__,
        id_opens=False,
    )


def _made(use_case: AnyUseCase) -> JobAnswer:
    return JobAnswer(use_case, "firewallrule", edge_rows, made=True, about="FirewallRule", with_id=True)


COMMANDS: tuple[Command, ...] = (
    Command("createIpv6FirewallRule", create_ipv6_rule, _made(CREATE_IPV6_RULE)),
    Command(
        "updateIpv6FirewallRule", update_ipv6_rule, JobAnswer(UPDATE_IPV6_RULE, "firewallrule", edge_rows)
    ),
    Command("deleteIpv6FirewallRule", delete_ipv6_rule, JobAnswer(DELETE_IPV6_RULE)),
    Command("listIpv6FirewallRules", list_ipv6_rules, Listing("firewallrule", edge_rows)),
    Command("createRoutingFirewallRule", create_routing_rule, _made(CREATE_ROUTING_RULE)),
    Command(
        "updateRoutingFirewallRule",
        update_routing_rule,
        JobAnswer(UPDATE_ROUTING_RULE, "firewallrule", edge_rows),
    ),
    Command("deleteRoutingFirewallRule", delete_routing_rule, JobAnswer(DELETE_ROUTING_RULE)),
    Command("listRoutingFirewallRules", list_routing_rules, Listing("firewallrule", edge_rows)),
)
