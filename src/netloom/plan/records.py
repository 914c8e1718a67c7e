"""The records of the planner's picture: what users asked for, what switches showed, and what became different.

Rule 1: a record is a value: frozen, compared by content, replaced and never changed.
Rule 2: intent says what and for whom; only observation says where.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import msgspec

from netloom.base.ids import HostId, NetworkId, NicId, Uuid
from netloom.base.net import IPAddress, IPNetwork, link_local
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.rules import TrafficDirection
from netloom.model.isolation import Isolation
from netloom.model.kinds import Cause, Kind


class ObjectRef(msgspec.Struct, frozen=True, gc=False):
    """An intent object, or a record of the cloud, as a cause: enough to name it to a person and to find it again."""

    kind: Kind | Cause
    id: Uuid
    number: int
    name: str


class UplinkView(msgspec.Struct, frozen=True, gc=False):
    """A host's way to the wires of a physical network: a port of its integration bridge, or another bridge; one is empty."""

    port: str = ""
    bridge: str = ""

    def port_on(self, bridge: str) -> str:
        """The port of the integration bridge that it goes by; the near end of the patch when it leads to a bridge."""
        return self.port or f"{bridge}-to-{self.bridge}"


class HostView(msgspec.Struct, frozen=True):
    """A host as the operator declared it. `draining` keeps forwarding: it refuses new NICs, which is the use case's work."""

    id: HostId
    number: int
    name: str
    zone: str = ""
    tunnel_ip: IPAddress | None = None
    bridge: str = "br-int"
    draining: bool = False
    underlay_mtu: int = 1500  # bytes of IP packet that the wires between the tunnel endpoints carry
    uplinks: Mapping[str, UplinkView] = {}  # by the id of the physical network

    @property
    def ref(self) -> ObjectRef:
        """This host as a cause."""
        return ObjectRef(Kind.HOST, self.id, self.number, self.name)

    def uplink_port(self, network: NetworkView) -> str | None:
        """The port by which a network leaves it for the wires; None without an uplink to them."""
        uplink = self.uplinks.get(network.wires)
        return None if uplink is None else uplink.port_on(self.bridge)


class PlainPort(msgspec.Struct, frozen=True, gc=False):
    """A port that carries no identity and is no tunnel's: what an uplink may be."""

    ofport: int  # OpenFlow port number, 1 and up
    mtu: int | None = None  # bytes; a patch port has none


class SwitchFacts(msgspec.Struct, frozen=True):
    """What one host's switch showed of itself."""

    host_id: HostId
    capabilities: frozenset[str] = frozenset()
    tunnel_ports: Mapping[
        Isolation, int
    ] = {}  # OpenFlow port numbers of our tunnel ports, as far as they exist
    plain_ports: Mapping[str, PlainPort] = {}  # by name


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """Where the operator wants a NIC; told to hypervisors, never taken for where it is."""

    host_id: HostId
    device: str | None = None


class NetworkView(msgspec.Struct, frozen=True):
    """A network with the decisions that were made for it. Without a segment it works inside each host only."""

    id: NetworkId
    number: int
    name: str
    isolation: Isolation
    zone: str = ""
    segment: int | None = None
    cidr4: IPv4Network | None = None
    cidr6: IPv6Network | None = None
    mtu: int | None = None  # bytes, when the user insists on one
    wires: str = ""  # id of its physical network
    physical_network: str = ""  # and its name, for people

    @property
    def on_wires(self) -> bool:
        """Whether its frames go over hosts' uplinks, where devices are that netloom does not know."""
        return self.isolation is Isolation.VLAN and self.segment is not None

    @property
    def segment_key(self) -> tuple[str, Isolation, int] | None:
        """What keeps its frames apart in its zone, or, for VLAN, on its physical network's wires; None without a segment."""
        if self.segment is None:
            return None
        return (self.zone if self.isolation.is_tunnel else self.wires, self.isolation, self.segment)

    @property
    def ref(self) -> ObjectRef:
        """This network as a cause."""
        return ObjectRef(Kind.NETWORK, self.id, self.number, self.name)


class NicView(msgspec.Struct, frozen=True):
    """A NIC with its decided addresses."""

    id: NicId
    number: int
    name: str
    network_id: NetworkId
    mac: int
    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None
    identity: str = ""  # the value of iface-id (or xs-vif-uuid) on its port; the id when empty
    attachment: Attachment | None = None
    groups: tuple[int, ...] | None = (
        None  # numbers of its security groups, ascending; None: it is not filtered
    )
    more: tuple[IPAddress, ...] = ()  # secondary addresses: its own as much as the first ones

    @property
    def ref(self) -> ObjectRef:
        """This NIC as a cause."""
        return ObjectRef(Kind.NIC, self.id, self.number, self.name)

    @property
    def iface_id(self) -> str:
        """The identity that its port carries."""
        return self.identity or self.id

    @property
    def addresses(self) -> tuple[IPAddress, ...]:
        """Its IP addresses, those that it was given first, and the link-local one of its MAC (RFC 4291, appendix A)."""
        own = link_local(self.mac)
        return (*(address for address in self.given if address != own), own)

    @property
    def given(self) -> tuple[IPAddress, ...]:
        """The addresses that it was given: those it is known by beyond its network."""
        first = tuple(address for address in (self.ipv4, self.ipv6) if address is not None)
        return first + tuple(address for address in self.more if address not in first)


class GroupRule(msgspec.Struct, frozen=True, gc=False):
    """One thing that a security group allows: `match` with an address of `cidr`, or of the group numbered `peer`."""

    direction: TrafficDirection
    match: Match  # its own networks are empty
    cidr: IPNetwork | None = None
    peer: int | None = None


class GroupView(msgspec.Struct, frozen=True):
    """A security group: what NICs in it let through."""

    id: Uuid
    number: int
    name: str
    rules: tuple[GroupRule, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """This group as a cause."""
        return ObjectRef(Cause.SECURITY_GROUP, self.id, self.number, self.name)

    def closed(self, direction: TrafficDirection) -> bool:
        """Whether what no rule allows is dropped: inwards always, outwards once there is a rule."""
        return direction is TrafficDirection.INGRESS or any(
            rule.direction is direction for rule in self.rules
        )

    def peers(self, direction: TrafficDirection) -> tuple[int, ...]:
        """The numbers of the groups that its rules of a direction name, ascending."""
        named = {rule.peer for rule in self.rules if rule.direction is direction and rule.peer is not None}
        return tuple(sorted(named))


class PortSeen(msgspec.Struct, frozen=True, gc=False):
    """A switch port that carries an identity, as observed.

    Worth remembering across restarts: a host that cannot be asked now still has its NICs.
    """

    host_id: HostId
    port_name: str
    identity: str
    ofport: int  # OpenFlow port number, 1 and up
    mtu: int | None = None  # bytes, of the host's end of the link


class Placement(msgspec.Struct, frozen=True, gc=False):
    """A NIC's port on a host: derived from a `PortSeen` and the NIC of that identity."""

    nic_id: NicId
    host_id: HostId
    port_name: str
    ofport: int
    mtu: int | None = None


class Remove(msgspec.Struct, frozen=True):
    """The removal of an intent object or of a group, as an edit."""

    kind: Kind | Cause
    id: Uuid


Edit = HostView | NetworkView | NicView | GroupView | Remove


class HostChange(msgspec.Struct, frozen=True):
    """A host was declared, declared differently, or removed."""

    before: HostView | None
    after: HostView | None


class FactsChange(msgspec.Struct, frozen=True):
    """A switch shows something else of itself."""

    host_id: HostId
    before: SwitchFacts | None
    after: SwitchFacts | None


class NetworkChange(msgspec.Struct, frozen=True):
    """A network was declared, declared differently, or removed."""

    before: NetworkView | None
    after: NetworkView | None


class NicChange(msgspec.Struct, frozen=True):
    """A NIC was declared, declared differently, or removed."""

    before: NicView | None
    after: NicView | None


class GroupChange(msgspec.Struct, frozen=True):
    """A security group became known, has other rules, or is gone."""

    before: GroupView | None
    after: GroupView | None


class PlacementChange(msgspec.Struct, frozen=True):
    """A NIC came to a host, left it, or has another port there."""

    nic: NicView
    host_id: HostId
    before: Placement | None
    after: Placement | None


class PresenceChange(msgspec.Struct, frozen=True):
    """A host has its first NIC of a network (`present`), or lost its last one."""

    network_id: NetworkId
    host_id: HostId
    present: bool


class IdentityChange(msgspec.Struct, frozen=True):
    """Several ports carry an identity, and they are others than before; the placement may still be the same."""

    identity: str


Change = (
    HostChange
    | FactsChange
    | NetworkChange
    | NicChange
    | GroupChange
    | PlacementChange
    | PresenceChange
    | IdentityChange
)
