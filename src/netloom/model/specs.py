"""What a caller asks for: one spec per kind, as it stands in a request or a document.

Rule 1: `checked()` returns the spec in canonical form or says which field is wrong; it looks at the spec alone, what
concerns other objects is the store's to check.
Rule 2: in a spec, *left out* (`UNSET`, or None where the field has no other use for it) means "as it is, or choose for me".
References (`zone`, `network`, `host`, …) take a name or an id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from netloom.base.errors import InvalidInput
from netloom.base.ids import parse_name
from netloom.base.net import format_mac, parse_ip, parse_mac
from netloom.model import mtu as mtus
from netloom.model.addressing import check_tunnel_ip, parse_cidr
from netloom.model.endpoints import OPENFLOW_PORT, OVSDB_PORT, parse_endpoint
from netloom.model.isolation import MAX_VLAN, TUNNELS, Isolation
from netloom.model.kinds import Kind
from netloom.model.labels import NO_LABELS, check_labels, check_text
from netloom.model.segments import parse_ranges

DEFAULT_ZONE = "default"
DEFAULT_PHYSICAL_NETWORK = "default"
DEFAULT_SEGMENTS = ("1-16777215",)
DEFAULT_VLANS = (f"1-{MAX_VLAN}",)
"""What a physical network hands out that carries nothing but VLANs."""

DEFAULT_BRIDGE = "br-int"
DEFAULT_UNDERLAY_MTU = 1500
MAX_DESCRIPTION = 1024
MAX_UPLINKS = 16

_INTERFACE = re.compile(r"^[^\s/:\"\\\x00-\x1f]{1,15}$")
_PORT = re.compile(r"^[^\s/\"\\\x00-\x1f]{1,63}$")
_IDENTITY = re.compile(r"^[!-~]{1,255}$")
_FINGERPRINT = re.compile(r"^(?:sha256:)?([0-9a-fA-F]{2}(?::?[0-9a-fA-F]{2}){31})$")


class ZoneSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where networks live: hosts of one zone reach each other."""

    name: str
    labels: Mapping[str, str] = NO_LABELS
    description: str = ""

    def checked(self) -> ZoneSpec:
        """The canonical form; raises `InvalidInput`."""
        return ZoneSpec(
            name=parse_name(self.name),
            labels=check_labels(self.labels),
            description=check_text(self.description, "description", MAX_DESCRIPTION),
        )


class PhysicalNetworkSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Wires between hosts, how networks are kept apart on them, and the segment ids to hand out."""

    name: str
    labels: Mapping[str, str] = NO_LABELS
    zone: str = DEFAULT_ZONE
    isolations: tuple[Isolation, ...] = TUNNELS
    segments: tuple[str, ...] = DEFAULT_SEGMENTS
    mtu: int = DEFAULT_UNDERLAY_MTU

    def checked(self) -> PhysicalNetworkSpec:
        """The canonical form; raises `InvalidInput`."""
        if not self.isolations:
            raise InvalidInput("no isolation", subject="isolations", hint="gre, vxlan, geneve or vlan")
        isolations = tuple(i for i in Isolation if i in self.isolations)
        segments = self.segments
        if isolations == (Isolation.VLAN,) and segments == DEFAULT_SEGMENTS:
            segments = DEFAULT_VLANS
        return PhysicalNetworkSpec(
            name=parse_name(self.name),
            labels=check_labels(self.labels),
            zone=parse_reference(self.zone, "zone"),
            isolations=isolations,
            segments=parse_ranges(segments, isolations).texts,
            mtu=check_underlay_mtu(self.mtu),
        )


class UplinkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a host reaches the wires of a physical network: by `port` of its integration bridge, or by `bridge`, an Open
    vSwitch bridge of the operator's (with a bond in it, say), which netloom joins with a pair of patch ports.
    """

    physical_network: str
    port: str | None = None
    bridge: str | None = None

    def checked(self, subject: str = "uplinks") -> UplinkSpec:
        """The canonical form; raises `InvalidInput`."""
        if (self.port is None) == (self.bridge is None):
            raise InvalidInput(
                "an uplink is either a port or a bridge",
                subject=subject,
                hint="`port` on the integration bridge, or `bridge` beside it",
            )
        return UplinkSpec(
            physical_network=parse_reference(self.physical_network, f"{subject}.physical_network"),
            port=None if self.port is None else check_port(self.port, f"{subject}.port"),
            bridge=None if self.bridge is None else check_interface(self.bridge, f"{subject}.bridge"),
        )


class HostSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine with an Open vSwitch.

    `ovsdb` None: the host dials in. `openflow` None: derived from what OVSDB says. `system_id` and `fingerprint`
    (`sha256:` of its certificate) pin who may come back under this name; None keeps what was learned on admission.
    """

    name: str
    labels: Mapping[str, str] = NO_LABELS
    zone: str = DEFAULT_ZONE
    ovsdb: str | None = None
    openflow: str | None = None
    tunnel_ip: str | None = None
    bridge: str = DEFAULT_BRIDGE
    mtu: int = DEFAULT_UNDERLAY_MTU
    uplinks: tuple[UplinkSpec, ...] = ()
    drain: bool | UnsetType = UNSET
    system_id: str | None = None
    fingerprint: str | None = None

    def checked(self) -> HostSpec:
        """The canonical form; raises `InvalidInput`."""
        return HostSpec(
            name=parse_name(self.name),
            labels=check_labels(self.labels),
            zone=parse_reference(self.zone, "zone"),
            ovsdb=None if self.ovsdb is None else str(parse_endpoint(self.ovsdb, OVSDB_PORT, "ovsdb")),
            openflow=None
            if self.openflow is None
            else str(parse_endpoint(self.openflow, OPENFLOW_PORT, "openflow")),
            tunnel_ip=None if self.tunnel_ip is None else check_tunnel_ip(self.tunnel_ip),
            bridge=check_interface(self.bridge, "bridge"),
            mtu=check_underlay_mtu(self.mtu),
            uplinks=check_uplinks(self.uplinks, self.bridge),
            drain=self.drain,
            system_id=None if self.system_id is None else check_identity(self.system_id, "system_id"),
            fingerprint=None if self.fingerprint is None else check_fingerprint(self.fingerprint),
        )


class NetworkSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tenant's network.

    `zone`, `physical_network`, `isolation`, `segment` None: chosen. `mtu` None: the most that the underlay carries.
    Without `cidr` (IPv4) and `cidr6` it is an Ethernet and no more: its NICs have no addresses (CloudStack's L2). Segment
    0, for VLAN only: frames go untagged.
    """

    name: str
    labels: Mapping[str, str] = NO_LABELS
    zone: str | None = None
    physical_network: str | None = None
    isolation: Isolation | None = None
    cidr: str | None = None
    cidr6: str | None = None
    segment: int | None = None
    mtu: int | None = None

    def checked(self) -> NetworkSpec:
        """The canonical form; raises `InvalidInput`."""
        if self.segment is not None:
            check_segment(self.segment, self.isolation)
        return NetworkSpec(
            name=parse_name(self.name),
            labels=check_labels(self.labels),
            zone=None if self.zone is None else parse_reference(self.zone, "zone"),
            physical_network=None
            if self.physical_network is None
            else parse_reference(self.physical_network, "physical_network"),
            isolation=self.isolation,
            cidr=None if self.cidr is None else str(parse_cidr(self.cidr, 4, "cidr")),
            cidr6=None if self.cidr6 is None else str(parse_cidr(self.cidr6, 6, "cidr6")),
            segment=self.segment,
            mtu=None if self.mtu is None else check_guest_mtu(self.mtu, ipv6=self.cidr6 is not None),
        )


class AttachmentSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The wish that interface `device` on `host` be put on the bridge as this NIC."""

    host: str
    device: str

    def checked(self, subject: str = "attachment") -> AttachmentSpec:
        """The canonical form; raises `InvalidInput`."""
        return AttachmentSpec(
            parse_reference(self.host, f"{subject}.host"), check_port(self.device, f"{subject}.device")
        )


class NicSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A guest's interface in a network.

    `mac`, `ipv4`, `ipv6` None: allocated. `identity` None: the NIC's id; it is what the port's `external_ids:iface-id`
    says. `attachment` left out keeps what is there; null takes the device off again.
    """

    name: str
    network: str
    labels: Mapping[str, str] = NO_LABELS
    mac: str | None = None
    ipv4: str | None = None
    ipv6: str | None = None
    identity: str | None = None
    attachment: AttachmentSpec | UnsetType | None = UNSET

    def checked(self) -> NicSpec:
        """The canonical form; raises `InvalidInput`."""
        return NicSpec(
            name=parse_name(self.name),
            network=parse_reference(self.network, "network"),
            labels=check_labels(self.labels),
            mac=None if self.mac is None else format_mac(parse_mac(self.mac)),
            ipv4=None if self.ipv4 is None else _address(self.ipv4, 4, "ipv4"),
            ipv6=None if self.ipv6 is None else _address(self.ipv6, 6, "ipv6"),
            identity=None if self.identity is None else check_identity(self.identity, "identity"),
            attachment=self.attachment.checked()
            if isinstance(self.attachment, AttachmentSpec)
            else self.attachment,
        )


Spec = ZoneSpec | PhysicalNetworkSpec | HostSpec | NetworkSpec | NicSpec
S = TypeVar("S", ZoneSpec, PhysicalNetworkSpec, HostSpec, NetworkSpec, NicSpec)

SPEC_TYPES: Mapping[Kind, type[Spec]] = {
    Kind.ZONE: ZoneSpec,
    Kind.PHYSICAL_NETWORK: PhysicalNetworkSpec,
    Kind.HOST: HostSpec,
    Kind.NETWORK: NetworkSpec,
    Kind.NIC: NicSpec,
}


def kind_of(spec: Spec) -> Kind:
    """The kind that a spec asks for."""
    return _KIND_OF[type(spec)]


_KIND_OF: Mapping[type[Spec], Kind] = {spec_type: kind for kind, spec_type in SPEC_TYPES.items()}


def parse_reference(text: str, subject: str) -> str:
    """A name or an id; ids in lower case."""
    if len(text) == 36:
        lowered = text.lower()
        if _UUID.match(lowered):
            return lowered
    return parse_name(text, subject)


_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


def check_interface(text: str, subject: str) -> str:
    """The name of a Linux interface (IFNAMSIZ is 16 with its end)."""
    if _INTERFACE.match(text) is None or text in {".", ".."} or not text.isprintable():
        raise InvalidInput(
            f"{text!r} cannot name an interface",
            subject=subject,
            hint="1 to 15 characters, no blank, '/' or ':'",
        )
    return text


def check_port(text: str, subject: str) -> str:
    """The name of a port in Open vSwitch; not all are Linux interfaces, so it may be longer."""
    if _PORT.match(text) is None or not text.isprintable():
        raise InvalidInput(
            f"{text!r} cannot name a port", subject=subject, hint="1 to 63 characters, no blank, '/' or quote"
        )
    return text


def check_uplinks(uplinks: Sequence[UplinkSpec], bridge: str) -> tuple[UplinkSpec, ...]:
    """The uplinks of a host: each physical network once, each way out once.

    Raises:
        InvalidInput: too many, one that is neither port nor bridge, or two that are the same.
    """
    if len(uplinks) > MAX_UPLINKS:
        raise InvalidInput(f"{len(uplinks)} uplinks", subject="uplinks", hint=f"up to {MAX_UPLINKS}")
    checked = tuple(uplink.checked(f"uplinks[{at}]") for at, uplink in enumerate(uplinks))
    wires: set[str] = set()
    ways: set[tuple[str | None, str | None]] = set()
    for at, uplink in enumerate(checked):
        if uplink.bridge == bridge:
            raise InvalidInput(
                f"{bridge!r} is the integration bridge itself",
                subject=f"uplinks[{at}].bridge",
                hint="name a port of it, or another bridge",
            )
        if uplink.physical_network in wires:
            raise InvalidInput(
                f"physical network {uplink.physical_network!r} has two uplinks",
                subject=f"uplinks[{at}].physical_network",
                hint="one for each; put two ports into a bond on a bridge of their own",
            )
        if (uplink.port, uplink.bridge) in ways:
            raise InvalidInput(
                f"{uplink.port or uplink.bridge!r} leads to two physical networks: their VLANs could not be told apart",
                subject=f"uplinks[{at}]",
                hint="make them one physical network",
            )
        wires.add(uplink.physical_network)
        ways.add((uplink.port, uplink.bridge))
    return checked


def check_segment(segment: int, isolation: Isolation | None, subject: str = "segment") -> int:
    """A segment id that a network can have; the widest's, while the isolation is not chosen."""
    known = Isolation.GRE if isolation is None else isolation
    if not known.min_segment <= segment <= known.max_segment:
        untagged = " (0: untagged)" if known.min_segment == 0 else ""
        raise InvalidInput(
            f"segment {segment} does not exist",
            subject=subject,
            hint=f"{known.min_segment} to {known.max_segment}{untagged}",
        )
    return segment


def check_identity(text: str, subject: str) -> str:
    """An identity as it stands in `external_ids`."""
    if _IDENTITY.match(text) is None:
        raise InvalidInput(
            f"{text!r} is not an identity", subject=subject, hint="1 to 255 visible ASCII characters"
        )
    return text


def check_fingerprint(text: str, subject: str = "fingerprint") -> str:
    """The SHA-256 of a certificate as `sha256:` and 64 lower-case hexadecimal digits; colons may part the octets."""
    found = _FINGERPRINT.match(text)
    if found is None:
        raise InvalidInput(
            f"{text!r} is not a fingerprint", subject=subject, hint="sha256: and 64 hexadecimal digits"
        )
    return "sha256:" + found[1].replace(":", "").lower()


def check_underlay_mtu(mtu: int, subject: str = "mtu") -> int:
    """The MTU of the wires between hosts."""
    if not mtus.MIN_UNDERLAY <= mtu <= mtus.MAX_MTU:
        raise InvalidInput(
            f"an underlay MTU of {mtu}", subject=subject, hint=f"{mtus.MIN_UNDERLAY} to {mtus.MAX_MTU}"
        )
    return mtu


def check_guest_mtu(mtu: int, *, ipv6: bool, subject: str = "mtu") -> int:
    """The MTU of guests' interfaces."""
    least = mtus.MIN_GUEST_IPV6 if ipv6 else mtus.MIN_GUEST_IPV4
    if not least <= mtu <= mtus.MAX_MTU:
        raise InvalidInput(f"an MTU of {mtu}", subject=subject, hint=f"{least} to {mtus.MAX_MTU}")
    return mtu


def _address(text: str, version: int, subject: str) -> str:
    address = parse_ip(text, subject)
    if address.version != version:
        raise InvalidInput(
            f"{address} is IPv{address.version}", subject=subject, hint=f"an IPv{version} address"
        )
    return str(address)
