"""The table of kinds: collection path, spec, patch and answer of each. Routes, client and command line are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from netloom.contract.fields import Spec
from netloom.contract.hosts import Host, HostPatch, HostSpec
from netloom.contract.networks import Network, NetworkPatch, NetworkSpec
from netloom.contract.nics import Nic, NicPatch, NicSpec
from netloom.contract.pages import Page
from netloom.contract.physical_networks import PhysicalNetwork, PhysicalNetworkPatch, PhysicalNetworkSpec
from netloom.contract.resources import Resource
from netloom.contract.zones import Zone, ZonePatch, ZoneSpec

S = TypeVar("S", bound=Spec)
P = TypeVar("P", bound=Spec)
A = TypeVar("A", bound=Resource)


@dataclass(frozen=True, slots=True)
class KindSchema(Generic[S, P, A]):
    """One kind's place in the API.

    Attributes:
        kind: as in documents (`PhysicalNetwork`).
        collection: path segment (`physical-networks`).
        noun: for people, singular.
        filters: query parameters of its list besides `label`, `limit` and `cursor`.
    """

    kind: str
    collection: str
    noun: str
    spec: type[S]
    patch: type[P]
    answer: type[A]
    page: type[Page[A]]
    filters: tuple[str, ...] = ()


ZONE: Final = KindSchema("Zone", "zones", "zone", ZoneSpec, ZonePatch, Zone, Page[Zone], ("name",))
PHYSICAL_NETWORK: Final = KindSchema(
    "PhysicalNetwork",
    "physical-networks",
    "physical network",
    PhysicalNetworkSpec,
    PhysicalNetworkPatch,
    PhysicalNetwork,
    Page[PhysicalNetwork],
    ("name", "zone"),
)
HOST: Final = KindSchema(
    "Host", "hosts", "host", HostSpec, HostPatch, Host, Page[Host], ("name", "zone", "tunnel_ip", "system_id")
)
NETWORK: Final = KindSchema(
    "Network",
    "networks",
    "network",
    NetworkSpec,
    NetworkPatch,
    Network,
    Page[Network],
    ("name", "zone", "physical_network", "isolation", "segment", "state"),
)
NIC: Final = KindSchema(
    "Nic",
    "nics",
    "NIC",
    NicSpec,
    NicPatch,
    Nic,
    Page[Nic],
    ("name", "network", "host", "state", "mac", "ipv4", "ipv6", "identity", "device"),
)

AnyKind = (
    KindSchema[NicSpec, NicPatch, Nic]
    | KindSchema[NetworkSpec, NetworkPatch, Network]
    | KindSchema[HostSpec, HostPatch, Host]
    | KindSchema[PhysicalNetworkSpec, PhysicalNetworkPatch, PhysicalNetwork]
    | KindSchema[ZoneSpec, ZonePatch, Zone]
)
KINDS: Final[tuple[AnyKind, ...]] = (NIC, NETWORK, HOST, PHYSICAL_NETWORK, ZONE)
BY_KIND: Final[dict[str, AnyKind]] = {schema.kind: schema for schema in KINDS}
