"""The tables of rules. Conflicts are looked for by address (or network) and port, so those are what the indexes lead to."""

from __future__ import annotations

from netloom.model.cloud.load_balancers import (
    HealthCheck,
    InternalLbAddress,
    InternalLbMember,
    InternalLoadBalancer,
    LbMember,
    LoadBalancer,
    SslCertificate,
    Stickiness,
)
from netloom.model.cloud.rules import (
    FirewallRule,
    Ipv6FirewallRule,
    PortForwardingRule,
    RoutingFirewallRule,
    StaticNatRule,
)
from netloom.store.cloud.table import RecordTable

_OF_ACCOUNT = ("account_id", "number")
_OWNED = {"account_id": "account", "domain_id": "domain"}
_IN_NETWORK = {**_OWNED, "network_id": "network"}
_PLACED = {**_IN_NETWORK, "public_ip_id": "public_ip"}
_PART = {**_IN_NETWORK, "load_balancer_id": "load_balancer"}

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "firewall_rule",
        FirewallRule,
        indexes=(
            _OF_ACCOUNT,
            ("public_ip_id", "start_port"),
            ("network_id", "direction", "start_port"),
            ("related_id",),
        ),
        references=_PLACED,
    ),
    RecordTable(
        "ipv6_firewall_rule",
        Ipv6FirewallRule,
        indexes=(_OF_ACCOUNT, ("network_id", "direction", "start_port")),
        references=_IN_NETWORK,
    ),
    RecordTable(
        "routing_firewall_rule",
        RoutingFirewallRule,
        indexes=(_OF_ACCOUNT, ("network_id", "direction", "start_port")),
        references=_IN_NETWORK,
    ),
    RecordTable(
        "port_forwarding_rule",
        PortForwardingRule,
        indexes=(
            _OF_ACCOUNT,
            ("public_ip_id", "public_start"),
            ("network_id",),
            ("instance_id",),
            ("nic_id",),
        ),
        references={**_PLACED, "instance_id": "instance"},
        natives={"nic_id": "nics"},
    ),
    RecordTable(
        "static_nat_rule",
        StaticNatRule,
        indexes=(_OF_ACCOUNT, ("public_ip_id", "start_port"), ("network_id",)),
        references=_PLACED,
    ),
    RecordTable(
        "load_balancer",
        LoadBalancer,
        indexes=(_OF_ACCOUNT, ("public_ip_id", "public_port"), ("network_id",), ("certificate_id",)),
        references={**_PLACED, "certificate_id": "ssl_certificate"},
    ),
    RecordTable(
        "lb_member",
        LbMember,
        unique=(("load_balancer_id", "guest_address"),),
        indexes=(("network_id",), ("instance_id",), ("nic_id",)),
        references={**_PART, "instance_id": "instance"},
        natives={"nic_id": "nics"},
    ),
    RecordTable(
        "internal_lb_address",
        InternalLbAddress,
        unique=(("network_id", "address"),),
        indexes=(_OF_ACCOUNT,),
        references=_IN_NETWORK,
    ),
    RecordTable(
        "internal_load_balancer",
        InternalLoadBalancer,
        indexes=(_OF_ACCOUNT, ("address_id", "source_port"), ("network_id",)),
        references={**_IN_NETWORK, "address_id": "internal_lb_address"},
    ),
    RecordTable(
        "internal_lb_member",
        InternalLbMember,
        unique=(("load_balancer_id", "guest_address"),),
        indexes=(("network_id",), ("instance_id",), ("nic_id",)),
        references={
            **_IN_NETWORK,
            "load_balancer_id": "internal_load_balancer",
            "instance_id": "instance",
        },
        natives={"nic_id": "nics"},
    ),
    RecordTable(
        "stickiness_policy",
        Stickiness,
        unique=(("load_balancer_id",),),
        indexes=(("network_id",),),
        references=_PART,
    ),
    RecordTable(
        "health_check_policy",
        HealthCheck,
        unique=(("load_balancer_id",),),
        indexes=(("network_id",),),
        references=_PART,
    ),
    RecordTable(
        "ssl_certificate",
        SslCertificate,
        unique=(("account_id", "name"),),
        references=_OWNED,
        secrets=("private_key",),
    ),
)
