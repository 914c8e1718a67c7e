"""All use cases by name: what jobs are found again by after a restart, and what the native faces are made from.

Rule 1: an area lists its use cases in `USE_CASES`; this list of areas is the only registration.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from netloom.app.cloud import (
    accounts,
    acl_apply,
    acl_items,
    acl_lists,
    acl_order,
    addresses,
    addresses_quarantine,
    certificates,
    configuration_change,
    dns_records,
    domains,
    domains_end,
    domains_move,
    events,
    firewall,
    firewall_egress,
    firewall_ipv6,
    gateway_hosts,
    identity_users,
    infrastructure_elements,
    infrastructure_hosts,
    infrastructure_providers,
    infrastructure_zones,
    instances_attach,
    instances_change,
    instances_deploy,
    instances_end,
    instances_import,
    instances_ips,
    instances_run,
    keys,
    limits_change,
    load_balancers,
    load_balancers_members,
    load_balancers_policies,
    networks,
    offerings,
    offerings_service,
    physical_networks,
    pods_ranges,
    port_forwarding,
    private_gateways,
    projects,
    projects_invitations,
    projects_members,
    projects_roles,
    public_ranges,
    ranges_ipv6,
    ranges_storage,
    roles_change,
    rules_retry,
    security_groups,
    security_groups_rules,
    ssh_keys,
    static_nat,
    static_routes,
    tags,
    templates,
    user_data,
    vpc_life,
    vpc_migrate,
    vpn_connections,
    vpn_customers,
    vpn_gateways,
    vpn_remote,
    vpn_users,
)
from netloom.app.cloud.usecase import AnyUseCase

AREAS: tuple[ModuleType, ...] = (
    domains,
    domains_end,
    domains_move,
    accounts,
    identity_users,
    keys,
    projects,
    projects_members,
    projects_invitations,
    projects_roles,
    roles_change,
    limits_change,
    configuration_change,
    infrastructure_zones,
    physical_networks,
    infrastructure_elements,
    infrastructure_hosts,
    infrastructure_providers,
    public_ranges,
    pods_ranges,
    ranges_ipv6,
    ranges_storage,
    offerings_service,
    offerings,
    events,
    tags,
    networks,
    addresses,
    addresses_quarantine,
    firewall,
    firewall_egress,
    firewall_ipv6,
    dns_records,
    gateway_hosts,
    port_forwarding,
    static_nat,
    load_balancers,
    load_balancers_members,
    load_balancers_policies,
    rules_retry,
    certificates,
    vpc_life,
    vpc_migrate,
    acl_lists,
    acl_items,
    acl_order,
    acl_apply,
    private_gateways,
    static_routes,
    security_groups,
    security_groups_rules,
    templates,
    ssh_keys,
    user_data,
    instances_deploy,
    instances_run,
    instances_end,
    instances_attach,
    instances_ips,
    instances_change,
    instances_import,
    vpn_gateways,
    vpn_customers,
    vpn_connections,
    vpn_remote,
    vpn_users,
)
"""Modules of `netloom.app.cloud`; each has `USE_CASES`."""


def by_name() -> Mapping[str, AnyUseCase]:
    """Every use case.

    Raises:
        RuntimeError: two have one name.
    """
    found: dict[str, AnyUseCase] = {}
    for area in AREAS:
        for use_case in area.USE_CASES:
            if use_case.name in found:
                raise RuntimeError(f"two use cases are called {use_case.name}")
            found[use_case.name] = use_case
    return found
