"""Tenants' networks: what the cloud knows of a network beside what switches are told of it.

Rule 1: a `GuestNetwork` has the id and the number of the native `Network` that switches are programmed from; its state,
segment and encapsulation stand there, and only there. Both are made and deleted in one transaction.
Rule 2: what a tenant calls a network need not be unique; the native name (`native_name`) is, and tells operators which.

    state           Allocated, Implementing, Implemented, Shutdown, Setup, Destroy: `netloom.model.states`
    key             id (that of the native network)
    owner           account; a network for a whole domain belongs to the system's account and names the domain
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.ids import MAX_NAME, NetworkId, Uuid
from netloom.base.net import IPAddress
from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.record import AccountId, Owned, Record

UNTAGGED: Final = "untagged"
"""A VLAN that is none: frames go out as they are."""


class AclType(enum.Enum):
    """Who may put instances into a network."""

    ACCOUNT = "Account"
    DOMAIN = "Domain"


class AddressSpan(msgspec.Struct, frozen=True):
    """Addresses from `first` to `last`, both included, canonical text of one family."""

    first: str
    last: str

    def __contains__(self, address: IPAddress) -> bool:
        first = ipaddress.ip_address(self.first)
        return first.version == address.version and int(first) <= int(address) <= int(
            ipaddress.ip_address(self.last)
        )

    def __len__(self) -> int:
        return int(ipaddress.ip_address(self.last)) - int(ipaddress.ip_address(self.first)) + 1

    def overlaps(self, other: AddressSpan) -> bool:
        """Whether both have an address."""
        mine, theirs = ipaddress.ip_address(self.first), ipaddress.ip_address(other.first)
        return (
            mine.version == theirs.version
            and int(mine) <= int(ipaddress.ip_address(other.last))
            and int(theirs) <= int(ipaddress.ip_address(self.last))
        )


class GuestNetwork(Owned, frozen=True, kw_only=True):
    """A network of a tenant, a tier of a VPC, or a network shared by many.

    Attributes:
        guru: who designed it, for life.
        cidr: what instances get addresses from; None: no addresses (L2), or IPv6 only.
        network_cidr: the whole network, when `cidr` is only the part of it that instances may use.
        gateway: the router's address, kept free; anywhere in the network.
        vlan: as the operator wrote it (`500`, `untagged`); None: chosen by netloom.
        spans: the addresses that instances get, where the operator named them; empty: all of `cidr`.
        subdomain_access: a network of a domain is open to the domains below it.
        vpc_id, acl_id: only a tier has them.
        public_mtu, private_mtu: octets, as asked; None: the most that fits.
        restart_required: what was asked for needs a restart to come true.
        egress_default_allow: the offering's, kept because an update of the offering does not change networks.
    """

    name: str
    display_text: str
    zone_id: Uuid
    physical_network_id: Uuid
    offering_id: Uuid
    guest_type: GuestType
    guru: str
    traffic: Traffic = Traffic.GUEST
    acl_type: AclType = AclType.ACCOUNT
    subdomain_access: bool = False
    cidr: str | None = None
    cidr6: str | None = None
    network_cidr: str | None = None
    gateway: str | None = None
    gateway6: str | None = None
    spans: tuple[AddressSpan, ...] = ()
    vlan: str | None = None
    network_domain: str | None = None
    dns1: str | None = None
    dns2: str | None = None
    ip6_dns1: str | None = None
    ip6_dns2: str | None = None
    vpc_id: Uuid | None = None
    acl_id: Uuid | None = None
    associated_network_id: Uuid | None = None
    router_ip: str | None = None
    router_ip6: str | None = None
    external_id: str | None = None
    public_mtu: int | None = None
    private_mtu: int | None = None
    egress_default_allow: bool = True
    persistent: bool = False
    display: bool = True
    restart_required: bool = False
    details: Mapping[str, str] = msgspec.field(default_factory=dict)


class NetworkPermission(Record, frozen=True, kw_only=True):
    """Another account that may put instances into a network of an account."""

    network_id: NetworkId
    account_id: AccountId


def native_name(name: str, network_id: Uuid) -> str:
    """The name that the native network has: unique, and still telling (`web-1a2b3c4d`)."""
    tail = "-" + network_id[:8]
    clean = "".join(" " if not c.isprintable() or c in "/\\" else c for c in name).strip() or "network"
    return clean[: MAX_NAME - len(tail)].rstrip() + tail


def reserved_addresses(network: GuestNetwork) -> frozenset[str]:
    """The addresses of a network that no instance may have, besides those that no NIC may have anywhere."""
    return frozenset(
        address
        for address in (network.gateway, network.gateway6, network.router_ip, network.router_ip6)
        if address is not None
    )


def may_allocate(network: GuestNetwork, address: IPAddress) -> bool:
    """Whether an instance may have an address: inside the spans or the CIDR, and not kept for the router."""
    if str(address) in reserved_addresses(network):
        return False
    own = [span for span in network.spans if ipaddress.ip_address(span.first).version == address.version]
    if own:
        return any(address in span for span in own)
    cidr = network.cidr if address.version == 4 else network.cidr6
    return cidr is not None and address in ipaddress.ip_network(cidr)
