"""What the cloud says of zones, physical networks and hosts beyond what switches need: types, addresses, states, racks.

A zone, physical network or host is a native object; its *facet* is a record with the same id that holds the rest.

Rule 1: a facet that was never written is its default: a zone made with the native API is a zone of the cloud at once.
Rule 2: a provider gives services on a physical network only while it is Enabled there.

    provider   Disabled -enable-> Enabled -disable-> Disabled      Enabled -shutdown-> Shutdown -enable-> Enabled
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.ids import PhysicalNetworkId, Uuid, ZoneId
from netloom.model.cloud.offerings import Traffic
from netloom.model.cloud.record import AccountId, DomainId, Record
from netloom.model.cloud.services import Service
from netloom.model.cloud.services_known import (
    CONFIG_DRIVE,
    INTERNAL_LB,
    OVS,
    SECURITY_GROUP,
    VIRTUAL_ROUTER,
    VPC_VIRTUAL_ROUTER,
)
from netloom.model.cloud.words import Allocation
from netloom.model.transitions import step


class ZoneType(enum.Enum):
    """In a basic zone all instances share one flat network, and security groups keep them apart."""

    ADVANCED = "Advanced"
    BASIC = "Basic"


class ProviderState(enum.Enum):
    """What a provider is on a physical network."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"
    SHUTDOWN = "Shutdown"


class ProviderEvent(enum.Enum):
    """What moves a provider on."""

    ENABLE = "enable"
    DISABLE = "disable"
    SHUTDOWN = "shutdown"


PROVIDER_TABLE: Final[Mapping[tuple[ProviderState, ProviderEvent], ProviderState]] = {
    (ProviderState.DISABLED, ProviderEvent.ENABLE): ProviderState.ENABLED,
    (ProviderState.SHUTDOWN, ProviderEvent.ENABLE): ProviderState.ENABLED,
    (ProviderState.ENABLED, ProviderEvent.ENABLE): ProviderState.ENABLED,
    (ProviderState.ENABLED, ProviderEvent.DISABLE): ProviderState.DISABLED,
    (ProviderState.DISABLED, ProviderEvent.DISABLE): ProviderState.DISABLED,
    (ProviderState.SHUTDOWN, ProviderEvent.DISABLE): ProviderState.DISABLED,
    (ProviderState.ENABLED, ProviderEvent.SHUTDOWN): ProviderState.SHUTDOWN,
}


def next_provider_state(state: ProviderState, event: ProviderEvent) -> ProviderState:
    """Where an event takes a provider.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(PROVIDER_TABLE, "a provider", state, event)


class ZoneFacet(Record, frozen=True, kw_only=True):
    """The rest of a zone.

    Attributes:
        dns1, dns2, ip6_dns1, ip6_dns2: resolvers for guests.
        internal_dns1, internal_dns2: resolvers for netloom's own appliances.
        guest_cidr: of isolated networks that name none.
        network_domain: of guests whose network, account and domain name none.
        domain_id, account_id: whom it is dedicated to.
        private_mtu, public_mtu: largest packets on guest and public sides of routers; users may choose smaller ones when
            `users_choose_mtu`.
    """

    type: ZoneType = ZoneType.ADVANCED
    security_groups: bool = False
    dns1: str = "9.9.9.9"
    dns2: str | None = None
    ip6_dns1: str | None = None
    ip6_dns2: str | None = None
    internal_dns1: str = "9.9.9.9"
    internal_dns2: str | None = None
    guest_cidr: str | None = "10.1.1.0/24"
    network_domain: str | None = None
    allocation: Allocation = Allocation.ENABLED
    dhcp_provider: str = VIRTUAL_ROUTER
    domain_id: DomainId | None = None
    account_id: AccountId | None = None
    local_storage: bool = False
    users_choose_mtu: bool = False
    private_mtu: int = 1500
    public_mtu: int = 1500


class PodSpan(msgspec.Struct, frozen=True):
    """Further addresses of a pod's management network, in the pod's subnet; `vlan`: `vlan://50`, `vlan://untagged`."""

    start: str
    end: str
    vlan: str
    for_system: bool = False


class Pod(Record, frozen=True, kw_only=True):
    """Racks with a management network of their own, from whose ranges machines of the operator get addresses."""

    name: str
    zone_id: ZoneId
    gateway: str | None = None
    netmask: str | None = None
    start_ip: str | None = None
    end_ip: str | None = None
    spans: tuple[PodSpan, ...] = ()
    allocation: Allocation = Allocation.ENABLED


class Cluster(Record, frozen=True, kw_only=True):
    """Hosts of one hypervisor in a pod."""

    name: str
    zone_id: ZoneId
    pod_id: Uuid
    hypervisor: str
    allocation: Allocation = Allocation.ENABLED
    managed: bool = True
    arch: str = "x86_64"


class HostFacet(Record, frozen=True, kw_only=True):
    """The rest of a host. `maintenance` goes with the native host's draining."""

    pod_id: Uuid | None = None
    cluster_id: Uuid | None = None
    hypervisor: str = "KVM"
    allocation: Allocation = Allocation.ENABLED
    tags: tuple[str, ...] = ()


class PhysicalNetworkFacet(Record, frozen=True, kw_only=True):
    """The rest of a physical network; a disabled one takes no new networks. `tags`: offerings choose it by them."""

    allocation: Allocation = Allocation.ENABLED
    tags: tuple[str, ...] = ()
    speed: str | None = None
    broadcast_range: str = "ZONE"


class TrafficLabel(Record, frozen=True, kw_only=True):
    """A traffic type of a physical network; `labels`: the bridge or network that carries it, by hypervisor (`KVM`)."""

    physical_network_id: PhysicalNetworkId
    traffic: Traffic
    labels: Mapping[str, str] = {}


class NetworkServiceProvider(Record, frozen=True, kw_only=True):
    """A provider on a physical network. `services`: those of it that are enabled, all it has when empty.

    `removed`: an operator took it out of the list.
    """

    physical_network_id: PhysicalNetworkId
    name: str
    state: ProviderState
    services: tuple[Service, ...] = ()
    removed: bool = False


DEFAULT_TRAFFIC: Final = (Traffic.GUEST, Traffic.MANAGEMENT, Traffic.PUBLIC, Traffic.STORAGE)
ONCE_A_ZONE: Final = frozenset({Traffic.PUBLIC, Traffic.MANAGEMENT, Traffic.CONTROL, Traffic.STORAGE})
HYPERVISORS: Final = ("KVM", "XenServer", "Simulator")
LISTED_PROVIDERS: Final = (
    OVS,
    VIRTUAL_ROUTER,
    VPC_VIRTUAL_ROUTER,
    INTERNAL_LB,
    SECURITY_GROUP,
    CONFIG_DRIVE,
)
"""The providers that every physical network has in its list; others that are installed come after them."""

ENABLED_AT_FIRST: Final = frozenset({OVS})
"""Of those that are installed, the ones that need nobody's consent."""


def derived_id(owner: str, word: str) -> Uuid:
    """The id of a record that follows from another: the same before and after it is written."""
    return Uuid(str(uuid.uuid5(uuid.UUID(owner), word)))
