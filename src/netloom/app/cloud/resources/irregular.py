"""What the table of kinds cannot read off records and use cases: other nouns, other verbs, other references.

Rule 1: a line here is for something that a person would otherwise have to guess; what is regular has no line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

NOUNS: Final[Mapping[str, str]] = {
    "network": "guest_network",
    "resource_tag": "tag",
    "zone_facet": "cloud_zone",
    "host_facet": "cloud_host",
    "physical_network_facet": "cloud_physical_network",
    "traffic_label": "traffic_type",
    "network_service_provider": "service_provider",
}
"""Words of records that the switches' intent has taken, or under which nobody would look for them."""

USE_CASE_WORDS: Final[Mapping[str, str]] = {
    "tag": "resource_tag",
    "zone": "zone_facet",
    "host": "host_facet",
    "physical_network": "physical_network_facet",
    "traffic_type": "traffic_label",
    "egress_rule": "firewall_rule",
    "static_nat": "public_ip",
}
"""Nouns of use cases whose records have another word."""


class Place(NamedTuple):
    """Where an action is.

    Attributes:
        verb: the use case's own when not given.
        ref: the field of the request that the object of the action's path fills; `id` when the request has it.
        of: the field of that object which fills it.
        owner: whether its account and domain are filled in besides.
        word: of the kind that it is an action of, when the use case's own noun is another.
    """

    verb: str | None = None
    ref: str | None = None
    of: str = "id"
    owner: bool = False
    word: str | None = None


PLACES: Final[Mapping[str, Place]] = {
    "acl_list.replace": Place("use", "acl_id"),
    "api_key.register": Place("create"),
    "configuration.reset": Place("reset", "name", of="name"),
    "configuration.update": Place("update", "name", of="name"),
    "egress_rule.create": Place("create-egress"),
    "egress_rule.delete": Place("delete-egress", "id"),
    "egress_rule.update": Place("update-egress", "id"),
    "guest_vlan_range.dedicate": Place("create"),
    "guest_vlan_range.release": Place("delete", "id"),
    "host.add": Place("create"),
    "instance.add_nic": Place("add-nic", "instance_id"),
    "instance.change_address": Place("change-address", "nic_id", word="instance_nic"),
    "instance.default_nic": Place("use-nic", "instance_id"),
    "instance.deploy": Place("create"),
    "instance.destroy": Place("delete", "id"),
    "instance.remove_nic": Place("remove-nic", "instance_id"),
    "load_balancer.assign_certificate": Place("assign-certificate", "load_balancer_id"),
    "load_balancer.remove_certificate": Place("remove-certificate", "load_balancer_id"),
    "network_service_provider.add": Place("create"),
    "pod.add_range": Place("add-range", "pod_id"),
    "pod.change_range": Place("change-range", "pod_id"),
    "pod.remove_range": Place("remove-range", "pod_id"),
    "project.add_account": Place("add-account", "project_id"),
    "project.add_user": Place("add-user", "project_id"),
    "project.remove_account": Place("remove-account", "project_id"),
    "project.remove_user": Place("remove-user", "project_id"),
    "project_invitation.answer": Place("answer", "id"),
    "project_role.add_rule": Place("add-rule", "project_role_id"),
    "project_role.change_rules": Place("change-rules", "project_role_id"),
    "project_role.remove_rule": Place("remove-rule"),
    "public_ip.associate": Place("create"),
    "public_ip.disassociate": Place("delete", "id"),
    "quarantined_ip.remove": Place("delete", "id"),
    "remote_access_vpn.delete": Place("delete", "public_ip_id", of="public_ip_id"),
    "role.add_rule": Place("add-rule", "role_id"),
    "role.change_rules": Place("change-rules", "role_id"),
    "security_group.authorize_egress": Place("authorize-egress", "group.id"),
    "security_group.authorize_ingress": Place("authorize-ingress", "group.id"),
    "security_group.delete": Place("delete", "id"),
    "security_group.revoke_egress": Place("delete-egress", "id", word="security_group_rule"),
    "security_group.revoke_ingress": Place("delete", "id", word="security_group_rule"),
    "ssh_key.delete": Place("delete", "name", of="name", owner=True),
    "ssl_certificate.upload": Place("create"),
    "static_nat.disable": Place("disable-static-nat", "public_ip_id"),
    "static_nat.enable": Place("enable-static-nat", "public_ip_id"),
    "template.link_user_data": Place("link-user-data", "template_id"),
    "template.register": Place("create"),
    "traffic_type.add": Place("create"),
    "user_data.register": Place("create"),
    "vpn_user.add": Place("create"),
    "vpn_user.remove": Place("delete", "username", of="username", owner=True),
}
"""Actions whose verb or reference is not the use case's own."""

LISTS: Final[Mapping[str, str]] = {
    "acl_item": "listNetworkACLs",
    "acl_list": "listNetworkACLLists",
    "api_key": "getUserKeys",
    "customer_gateway": "listVpnCustomerGateways",
    "former_owner": "listUsageRecords",
    "health_check_policy": "listLBHealthCheckPolicies",
    "host_facet": "listHosts",
    "instance": "listVirtualMachines",
    "instance_nic": "listNics",
    "ipv6_pool": "listGuestNetworkIpv6Prefixes",
    "ipv6_subnet": "listGuestNetworkIpv6Prefixes",
    "job": "listAsyncJobs",
    "internal_lb_address": "listLoadBalancers",
    "internal_lb_member": "listLoadBalancerRuleInstances",
    "internal_load_balancer": "listLoadBalancers",
    "lb_member": "listLoadBalancerRuleInstances",
    "load_balancer": "listLoadBalancerRules",
    "physical_network_facet": "listPhysicalNetworks",
    "public_ip": "listPublicIpAddresses",
    "public_range": "listVlanIpRanges",
    "portable_range": "listPortableIpRanges",
    "resource_tag": "listTags",
    "secondary_ip": "listNics",
    "security_group_rule": "listSecurityGroups",
    "ssh_key": "listSSHKeyPairs",
    "ssl_certificate": "listSslCerts",
    "static_nat_rule": "listIpForwardingRules",
    "storage_range": "listStorageNetworkIpRange",
    "stickiness_policy": "listLBStickinessPolicies",
    "traffic_label": "listTrafficTypes",
    "vpc": "listVPCs",
    "vpc_offering": "listVPCOfferings",
    "zone_facet": "listZones",
}
"""Commands that a role has to allow for reading a kind, where it is not `list` and the plural."""

NAMED_BY: Final[Mapping[str, str]] = {
    "public_ip": "address",
    "internal_lb_address": "address",
    "user": "username",
    "vpn_user": "username",
    "api_key": "key",
}
"""The field that people name a record by, where it has no `name`."""

BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "network": ("state",),
    "instance_nic": ("state",),
    "physical_network_facet": ("zone", "isolations", "segments", "mtu"),
    "host_facet": ("zone",),
}
"""Fields that answers take from the object of the switches' intent with the same id: what people look for first."""

OPEN: Final = frozenset({"service_offering", "network_offering", "vpc_offering", "template"})
"""Kinds that belong to nobody and that everybody may read, as far as `domain_ids` says."""

UNSEEN: Final[Mapping[str, tuple[str, ...]]] = {
    "job": ("payload",),
    "user": ("password",),
    "vpn_user": ("password",),
}
"""Fields that are no one's to read, besides those that the record's table calls secrets."""

UNGIVEN: Final[Mapping[str, frozenset[str]]] = {
    "firewall_rule.create": frozenset({"system"}),
    "egress_rule.create": frozenset({"system"}),
    "internal_load_balancer.create": frozenset({"source_network_id", "scheme"}),
    "domain.create": frozenset({"domain_id"}),
    "account.create": frozenset({"user_id", "account_id"}),
    "user.create": frozenset({"user_id"}),
    "project_invitation.answer": frozenset({"project_id", "account", "user_id"}),
    "public_ip.reserve": frozenset({"free_id"}),
    "ssh_key.create": frozenset({"public_key"}),
    "instance.import": frozenset({"stray"}),
    "security_group.delete": frozenset({"name", "account", "domain_id", "project_id"}),
}
"""Fields of requests that only netloom itself gives."""

INTERNAL: Final = frozenset(
    {
        "instance.leave_target",
        "instance.scale",
        "network.implement",
        "network.shut_down",
        "network.tell_again",
        "vpc.tell_again",
        "acl_list.tell_again",
        "vpn_user.tell_again",
        "router_element.create",
        "router_element.configure",
        "ovs_element.configure",
        "balancer_element.configure",
    }
)
"""Use cases that nobody asks for here: what others have follow, and what means something in CloudStack's words only."""

HASHED: Final = frozenset({"account.create", "user.create", "user.update"})
"""Use cases that take a password as its hash: callers give the password itself."""

REFERS: Final[Mapping[str, str]] = {
    "acl": "acl_list",
    "nic": "instance_nic",
    "parent": "domain",
    "group": "security_group",
    "peer_group": "security_group",
    "pool": "ipv6_pool",
    "range": "public_range",
    "certificate": "ssl_certificate",
    "previous_account": "account",
    "previous_domain": "domain",
    "last_host": "host",
    "associated_network": "network",
}
"""What a field names whose stem (without `_id`) is no word of records; those of one kind stand in its table."""

REFERS_IN: Final[Mapping[tuple[str, str], str]] = {
    ("network", "offering"): "network_offering",
    ("vpc", "offering"): "vpc_offering",
    ("private_gateway", "offering"): "network_offering",
    ("acl_list", "gateway"): "private_gateway",
}
"""The same for stems that mean something else in each kind: (word, stem) to word."""
