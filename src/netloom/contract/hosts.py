"""Hosts: hypervisors and gateways with an Open vSwitch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from netloom.contract.fields import Address, Answer, Device, Endpoint, Flag, Id, Labels, Mtu, Name, Ref, Spec
from netloom.contract.resources import Resource

Bridge = Annotated[
    str,
    Field(min_length=1, max_length=15, description="The integration bridge.", examples=["br-int"]),
]
SystemId = Annotated[
    str,
    Field(
        max_length=255,
        description="`external_ids:system-id` that the host has to show; learned on admission when not given.",
        examples=["5f0c7c0e-92a4-4f2e-8f7d-4f8a8a3d2a11"],
    ),
]
Fingerprint = Annotated[
    str,
    Field(
        max_length=103,
        description="`sha256:` of the certificate that the host has to show, hex; learned when not given.",
    ),
]


class UplinkSpec(Spec):
    """How a host reaches the wires of a physical network: by `port` of its integration bridge (a device of that name is
    plugged when it is not there), or by `bridge`, another Open vSwitch bridge, joined by patch ports.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"physical_network": "core", "port": "eth1"}]})

    physical_network: Ref
    port: Device | None = None
    bridge: Bridge | None = None


class Uplink(Answer):
    """A host's way to the wires of a physical network."""

    physical_network: Name
    physical_network_id: Id
    port: Device | None = None
    bridge: Bridge | None = None


Uplinks = Annotated[
    tuple[UplinkSpec, ...],
    Field(max_length=16, description="Ways to the wires of physical networks, for VLANs; one for each."),
]


class HostSpec(Spec):
    """A host to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "h1", "ovsdb": "ssl:192.0.2.11:6640", "tunnel_ip": "192.0.2.11"}]
        }
    )

    name: Name
    labels: Labels = Field(default_factory=dict)
    zone: Ref = "default"
    ovsdb: Endpoint | None = None
    openflow: Endpoint | None = None
    tunnel_ip: Address | None = None
    bridge: Bridge = "br-int"
    mtu: Mtu = 1500
    uplinks: Uplinks = ()
    drain: Flag = False
    system_id: SystemId | None = None
    fingerprint: Fingerprint | None = None


class HostPatch(Spec):
    """Fields of a host to change (what is left out stays, null clears where the field may be empty)."""

    name: Name | None = None
    labels: Labels | None = None
    ovsdb: Endpoint | None = None
    openflow: Endpoint | None = None
    tunnel_ip: Address | None = None
    bridge: Bridge | None = None
    mtu: Mtu | None = None
    uplinks: Uplinks | None = None
    drain: Flag | None = None
    system_id: SystemId | None = None
    fingerprint: Fingerprint | None = None


class Host(Resource):
    """A host."""

    kind: Literal["Host"] = "Host"
    zone: Name
    zone_id: Id
    ovsdb: Endpoint | None = None
    openflow: Endpoint | None = None
    tunnel_ip: Address | None = None
    bridge: Bridge
    mtu: Mtu
    uplinks: tuple[Uplink, ...] = ()
    drain: bool = False
    system_id: SystemId | None = None
    fingerprint: Fingerprint | None = None


class DrainRequest(Spec):
    """Whether the host takes no more NICs."""

    on: Flag = True
