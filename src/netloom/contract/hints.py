"""What one may write into a field of the cloud's kinds, in a few words: for help, and for the API's description.

Rule 1: a field's name says what it is; here stands how it is written, what is meant where the name is a word of
    CloudStack's, and what happens without it. A name that means different things in different nouns has a line for
    each (`noun.field`).
Rule 2: a line is a phrase, not a sentence, and holds an example where the form is not plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_V4: Final = "IPv4 address, as 10.1.1.1"
_V6: Final = "IPv6 address, as fd00::1"
_CIDRS: Final = "networks, as 192.0.2.0/24; from anywhere when left out"

HINTS: Final[Mapping[str, str]] = {
    "account": "name of the account that it shall belong to; goes with domain",
    "acl-item.action": "Allow or Deny",
    "acl-item.number": "place in the list, from 1; the next free one when left out",
    "acl_type": "Account, or Domain for a network of a whole domain",
    "addresses": "an address for an interface by its MAC, as 52:54:00:00:00:01=10.1.1.9",
    "algorithm": "roundrobin, leastconn or source",
    "any_vlan": "let the VLAN be one that is in use",
    "availability": "Optional, or Required: of the offerings for isolated networks with source NAT one",
    "capabilities": 'as {"service": "SourceNat", "capability": "RedundantRouter", "value": "true"}',
    "certificate": "PEM",
    "chain": "PEM of the authorities between",
    "cidr": "network, as 10.1.1.0/24",
    "cidr6": "IPv6 network, as fd00:1::/64",
    "cidrs": "networks, as 192.0.2.0/24",
    "cleanup": "have all providers put the network right from the start, without an interruption of what is right",
    "clients": "addresses for clients, as 10.1.2.2-10.1.2.9",
    "conserve_mode": "let one public address serve several services",
    "current_end": "as it is now",
    "current_start": "as it is now",
    "data": "base64",
    "destinations": "networks behind, as 198.51.100.0/24; anywhere when left out",
    "dhcp_provider": "who gives addresses in the zone",
    "display": "whether lists show it to its owner",
    "dns1": _V4,
    "dns2": _V4,
    "egress_default_allow": "whether guests get out unless a rule says no",
    "email": "as a@example.org",
    "enable": "have it Enabled at once; networks are made of enabled offerings only",
    "end6": _V6,
    "end_ip": _V4,
    "end_port": "1 to 65535; the first one when left out",
    "for_display": "whether lists show it to its owner",
    "for_system": "keep the range for what netloom itself needs",
    "for_vpc": "for tiers of VPCs",
    "forced": "also when that loses something",
    "gateway": _V4,
    "customer-gateway.gateway": "address or host name of the other end",
    "gateway6": _V6,
    "guest_address": "the interface's address that is meant, when it has several",
    "guest_cidr": "network, as 10.1.1.0/24",
    "guest-network.guest_cidr": "the part of the network's CIDR that instances get addresses of",
    "guest_type": "Isolated, Shared or L2",
    "host_tags": "comma-separated",
    "hypervisor": "KVM, XenServer or Simulator (the lab's)",
    "icmp_code": "-1 for any",
    "icmp_type": "-1 for any",
    "internal_dns1": _V4,
    "internal_dns2": _V4,
    "internet_protocol": "IPv4 or DualStack",
    "ip6_dns1": _V6,
    "ip6_dns2": _V6,
    "ipv4": _V4,
    "ipv6": _V6,
    "isolations": "gre, vxlan, geneve or vlan",
    "labels": "the bridge or network that carries it, by hypervisor, as KVM=cloudbr0",
    "mac": "as 02:00:00:00:00:05",
    "machine": "what the hypervisor calls it (netloom instance unmanaged)",
    "max": "-1 for no limit",
    "load-balancer.members": 'name or id of an instance, or as {"instance": "web", "guest_address": "10.1.1.9"}',
    "mtu": "octets",
    "netmask": "as 255.255.255.0",
    "network_domain": "DNS suffix, as corp.example",
    "network_mode": "NATTED or ROUTED",
    "network_rate": "Mbit/s",
    "networks": "the network of an interface by its MAC, as 52:54:00:00:00:01=home",
    "next_hop": _V4,
    "nics": 'name or id of a network, or as {"network": "home", "ipv4": "10.1.1.9"}; the first is the default one',
    "peers": 'groups whose members may, as {"group": "web", "account": "alice"}',
    "persistent": "up without an instance in it too",
    "portable": "one that may move between networks and zones",
    "priority": "the gateway is on the host with the lowest one that is there",
    "private_end_port": "1 to 65535",
    "private_key": "PEM",
    "private_mtu": "octets",
    "private_port": "1 to 65535",
    "protocol": "tcp, udp, icmp, all or a number, as far as the kind of rule knows it",
    "providers": 'as {"service": "Dhcp", "provider": "VirtualRouter"}',
    "public_end_port": "1 to 65535",
    "public_key": "as in ~/.ssh/id_ed25519.pub",
    "public_mtu": "octets",
    "public_port": "1 to 65535",
    "reason": "for those who read it later",
    "region_id": "1, the only one",
    "router_ip": _V4,
    "router_ip6": _V6,
    "security-group.name": "unique in its account",
    "security_groups": "have machines told apart by security groups",
    "segments": "VLANs or VNIs, as 100-199",
    "service-provider.state": "Enabled or Disabled",
    "services": (
        "Dhcp, Dns, SourceNat, StaticNat, PortForwarding, Firewall, NetworkACL, Lb, Vpn, UserData, SecurityGroup, "
        "Connectivity"
    ),
    "sources": _CIDRS,
    "source_nat_address": "the address that the network is seen as outside; any free one when left out",
    "specify_ip_ranges": "networks of it are given their addresses by an operator",
    "specify_vlan": "networks of it are given their VLAN by an operator",
    "guest-network.start": _V4,
    "guest-network.end": _V4,
    "portable-range.start": _V4,
    "portable-range.end": _V4,
    "public-range.start": _V4,
    "public-range.end": _V4,
    "start6": _V6,
    "start_ip": _V4,
    "start_port": "1 to 65535",
    "storage_tags": "comma-separated",
    "subdomain_access": "let the domains below use it too",
    "tag.kind": "CloudStack's word, as Network, UserVm, Vpc, PublicIpAddress",
    "tag.resource_ids": "ids",
    "timezone": "as Europe/Berlin",
    "traffic": "Guest; of physical networks also Public, Management, Control, Storage",
    "user_data": "base64",
    "vlan": "1 to 4094, or untagged",
}


def hint_of(noun: str, field: str) -> str:
    """What may be written into a field; empty: its name says it."""
    return HINTS.get(f"{noun}.{field}") or HINTS.get(field, "")
