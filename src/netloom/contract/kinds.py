"""The table of kinds: collection path, spec, patch and answer of each. Routes, client and command line are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from netloom.contract.fields import Spec
from netloom.contract.hosts import Host, HostPatch, HostSpec
from netloom.contract.networks import Network, NetworkPatch, NetworkSpec
from netloom.contract.nics import Nic, NicPatch, NicSpec
from netloom.contract.physical_networks import PhysicalNetwork, PhysicalNetworkPatch, PhysicalNetworkSpec
from netloom.contract.resources import Resource
from netloom.contract.zones import Zone, ZonePatch, ZoneSpec


@dataclass(frozen=True, slots=True)
class KindSchema:
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
    spec: type[Spec]
    patch: type[Spec]
    answer: type[Resource]
    filters: tuple[str, ...] = ()


ZONE: Final = KindSchema("Zone", "zones", "zone", ZoneSpec, ZonePatch, Zone, ("name",))
PHYSICAL_NETWORK: Final = KindSchema(
    "PhysicalNetwork",
    "physical-networks",
    "physical network",
    PhysicalNetworkSpec,
    PhysicalNetworkPatch,
    PhysicalNetwork,
    ("name", "zone"),
)
HOST: Final = KindSchema("Host", "hosts", "host", HostSpec, HostPatch, Host, ("name", "zone"))
NETWORK: Final = KindSchema(
    "Network",
    "networks",
    "network",
    NetworkSpec,
    NetworkPatch,
    Network,
    ("name", "zone", "physical_network", "isolation", "state"),
)
NIC: Final = KindSchema("Nic", "nics", "NIC", NicSpec, NicPatch, Nic, ("name", "network", "host", "state"))

KINDS: Final = (NIC, NETWORK, HOST, PHYSICAL_NETWORK, ZONE)
BY_KIND: Final = {schema.kind: schema for schema in KINDS}
