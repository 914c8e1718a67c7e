"""What lists show of a kind where the rule (`kinds.columns_of`) would leave out what a person looks for.

Rule 1: names are those of answers; a list fits a wide terminal: bodies of keys and certificates are for `show`.
Rule 2: what happened has its time first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_RULE: Final = ("state", "network", "public_ip", "protocol")
_EDGE: Final = (
    "state", "network", "protocol", "direction", "start_port", "end_port", "icmp_type", "icmp_code", "sources",
    "destinations",
)  # fmt: skip

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "acl_item": ("acl", "order", "action", "direction", "match", "state"),
    "alert": ("created_at", "name", "subject", "description", "times", "archived"),
    "audit": ("created_at", "use_case", "via", "resource_kind", "resource_id", "user"),
    "api_key": ("key", "user", "expires_at"),
    "customer_gateway": ("name", "gateway", "cidrs", "ike_policy", "esp_policy"),
    "event": ("created_at", "type", "state", "level", "description", "user", "resource_id"),
    "firewall_rule": (*_RULE, "direction", "start_port", "end_port", "icmp_type", "icmp_code", "sources", "destinations"),
    "gateway_host": ("host", "network", "vpc", "priority"),
    "health_check_policy": ("load_balancer", "ping_path", "interval", "response_timeout", "state"),
    "instance": ("name", "state", "zone", "host", "template", "service_offering"),
    "ipv6_firewall_rule": _EDGE,
    "internal_lb_member": ("load_balancer", "instance", "guest_address", "state", "network"),
    "internal_load_balancer": ("name", "state", "network", "address", "source_port", "instance_port", "algorithm"),
    "job": ("created_at", "state", "use_case", "queue", "resource_id", "progress", "error_text"),
    "lb_member": ("load_balancer", "instance", "guest_address", "state", "network"),
    "load_balancer": ("name", *_RULE, "public_port", "private_port", "algorithm", "sources"),
    "network_service_provider": ("name", "state", "physical_network", "services", "removed"),
    "port_forwarding_rule": (
        *_RULE, "public_start", "public_end", "private_start", "private_end", "instance", "guest_address", "sources",
    ),
    "portable_range": ("region_id", "v4", "vlan"),
    "project_member": ("project", "role"),
    "public_range": ("zone", "v4", "v6", "vlan", "physical_network", "network", "for_system"),
    "quarantined_ip": ("address", "previous_account", "ends_at", "removed_at", "removal_reason"),
    "routing_firewall_rule": _EDGE,
    "secondary_ip": ("address", "network", "nic_id"),
    "security_group_member": ("group", "instance"),
    "security_group_rule": ("group", "direction", "match", "peer_group"),
    "ssh_key": ("name", "fingerprint"),
    "ssl_certificate": ("name", "fingerprint"),
    "static_nat_rule": (*_RULE, "start_port", "end_port", "sources"),
    "static_route": ("vpc", "cidr", "gateway", "next_hop", "state"),
    "stickiness_policy": ("name", "load_balancer", "method", "parameters", "state"),
    "traffic_label": ("physical_network", "traffic", "labels"),
    "usage_span": ("type", "name", "resource_id", "started_at", "ended_at"),
    "user_data": ("name", "params"),
    "vpn_connection": ("vpc", "gateway", "customer_gateway", "passive", "state"),
}  # fmt: skip
"""By the word of the record, before whose it is and its id."""
