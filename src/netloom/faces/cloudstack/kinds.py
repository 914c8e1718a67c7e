"""What CloudStack calls the kinds of things, in events, jobs and usage.

Rule 1: a kind that is not in the table is told by its own words joined (`static_route`: `StaticRoute`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

KINDS: Final[Mapping[str, str]] = {
    # the word of the records' table: CloudStack's
    "zone_facet": "Zone",
    "physical_network_facet": "PhysicalNetwork",
    "host_facet": "Host",
    "traffic_label": "TrafficType",
    "guest_network": "Network",
    "instance": "VirtualMachine",
    "instance_nic": "Nic",
    "public_ip": "IpAddress",
    "ipv6_firewall_rule": "FirewallRule",
    "routing_firewall_rule": "FirewallRule",
    "port_forwarding_rule": "FirewallRule",
    "load_balancer": "FirewallRule",
    "internal_load_balancer": "LoadBalancer",
    "acl_list": "NetworkAcl",
    "acl_item": "NetworkAclItem",
    "customer_gateway": "VpnCustomerGateway",
}


def shown_kind(word: str | None) -> str:
    """CloudStack's name for a kind; `None` as CloudStack writes it when there is none."""
    if word is None:
        return "None"
    return KINDS.get(word) or "".join(part.capitalize() for part in word.split("_"))


def word_of_kind(shown: str) -> tuple[str, ...]:
    """The words that are shown as this kind, whatever its case."""
    wanted = shown.strip().lower()
    words = [word for word, name in KINDS.items() if name.lower() == wanted]
    plain = "".join(f"_{c.lower()}" if c.isupper() else c for c in shown.strip()).lstrip("_")
    return tuple(dict.fromkeys([*words, plain, wanted]))
