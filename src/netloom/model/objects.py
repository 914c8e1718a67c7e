"""What there is: one object per kind, as the store keeps it and answers show it.

Rule 1: `generation` counts changes of what users asked for; `revision` is the store's count at the object's last change of
any sort, states included.
Rule 2: everything an object refers to stands there twice: the name that people read, and the id that programs follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from netloom.base.ids import HostId, NetworkId, Number, PhysicalNetworkId, Uuid, ZoneId
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.specs import (
    AttachmentSpec,
    HostSpec,
    NetworkSpec,
    NicSpec,
    PhysicalNetworkSpec,
    Spec,
    UplinkSpec,
    ZoneSpec,
)
from netloom.model.states import NetworkState, NicState
from netloom.model.status import Finding, Status


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What all kinds have. Times are UTC; `status` and `findings` are filled in for answers, the store has none."""

    id: Uuid
    number: Number
    name: str
    labels: Mapping[str, str]
    generation: int
    revision: int
    created_at: datetime
    updated_at: datetime
    status: Status | None = None
    findings: tuple[Finding, ...] = ()


class Zone(Meta, frozen=True, kw_only=True):
    """Where networks live."""

    description: str


class PhysicalNetwork(Meta, frozen=True, kw_only=True):
    """Wires between hosts; `segments` as canonical texts, `mtu` of the underlay in octets."""

    zone: str
    zone_id: ZoneId
    isolations: tuple[Isolation, ...]
    segments: tuple[str, ...]
    mtu: int


class Uplink(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A host's way to the wires of a physical network: a port of the integration bridge, or another bridge."""

    physical_network: str
    physical_network_id: PhysicalNetworkId
    port: str | None = None
    bridge: str | None = None


class Host(Meta, frozen=True, kw_only=True):
    """A machine with an Open vSwitch; `mtu` of its underlay interface in octets."""

    zone: str
    zone_id: ZoneId
    ovsdb: str | None
    openflow: str | None
    tunnel_ip: str | None
    bridge: str
    mtu: int
    uplinks: tuple[Uplink, ...]
    drain: bool
    system_id: str | None
    fingerprint: str | None


class Network(Meta, frozen=True, kw_only=True):
    """A tenant's network.

    `mtu` is what was asked (None: automatic); `guest_mtu` is what guests should use, in octets. `gateway` and `gateway6`
    are the addresses kept for the gateway; a network without CIDRs has none. `segment` 0: untagged
    VLAN. `state_since`: when the state was entered, UTC.
    """

    zone: str
    zone_id: ZoneId
    physical_network: str
    physical_network_id: PhysicalNetworkId
    isolation: Isolation
    segment: int
    cidr: str | None
    cidr6: str | None
    gateway: str | None
    gateway6: str | None
    mtu: int | None
    guest_mtu: int
    state: NetworkState
    state_since: datetime


class Attachment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The interface `device` of a host is to be this NIC."""

    host: str
    host_id: HostId
    device: str


class Nic(Meta, frozen=True, kw_only=True):
    """A guest's interface; `mac`, `ipv4`, `ipv6` as canonical text, `identity` as in `external_ids:iface-id`."""

    network: str
    network_id: NetworkId
    mac: str
    ipv4: str | None
    ipv6: str | None
    identity: str
    attachment: Attachment | None
    state: NicState


Object = Zone | PhysicalNetwork | Host | Network | Nic

OBJECT_TYPES: Mapping[Kind, type[Object]] = {
    Kind.ZONE: Zone,
    Kind.PHYSICAL_NETWORK: PhysicalNetwork,
    Kind.HOST: Host,
    Kind.NETWORK: Network,
    Kind.NIC: Nic,
}
_KIND_OF: Mapping[type[Object], Kind] = {object_type: kind for kind, object_type in OBJECT_TYPES.items()}


def kind_of_object(item: Object) -> Kind:
    """The kind of an object."""
    return _KIND_OF[type(item)]


def spec_of(item: Object) -> Spec:
    """The spec that would make this object again, with all that was chosen for it: what `export` writes."""
    match item:
        case Zone():
            return ZoneSpec(name=item.name, labels=item.labels, description=item.description)
        case PhysicalNetwork():
            return PhysicalNetworkSpec(
                name=item.name,
                labels=item.labels,
                zone=item.zone,
                isolations=item.isolations,
                segments=item.segments,
                mtu=item.mtu,
            )
        case Host():
            return HostSpec(
                name=item.name,
                labels=item.labels,
                zone=item.zone,
                ovsdb=item.ovsdb,
                openflow=item.openflow,
                tunnel_ip=item.tunnel_ip,
                bridge=item.bridge,
                mtu=item.mtu,
                uplinks=tuple(
                    UplinkSpec(uplink.physical_network, uplink.port, uplink.bridge) for uplink in item.uplinks
                ),
                drain=item.drain,
                system_id=item.system_id,
                fingerprint=item.fingerprint,
            )
        case Network():
            return NetworkSpec(
                name=item.name,
                labels=item.labels,
                zone=item.zone,
                physical_network=item.physical_network,
                isolation=item.isolation,
                cidr=item.cidr,
                cidr6=item.cidr6,
                segment=item.segment,
                mtu=item.mtu,
            )
        case Nic():
            attached = item.attachment
            return NicSpec(
                name=item.name,
                network=item.network,
                labels=item.labels,
                mac=item.mac,
                ipv4=item.ipv4,
                ipv6=item.ipv6,
                identity=item.identity,
                attachment=None if attached is None else AttachmentSpec(attached.host, attached.device),
            )
