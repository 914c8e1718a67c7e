"""Physical networks: the wires of a zone, with the encapsulations and segment ids that may be used on them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from netloom.contract.fields import Id, Isolation, Labels, Mtu, Name, Ref, SegmentRange, Spec
from netloom.contract.resources import Resource

Isolations = Annotated[
    tuple[Isolation, ...],
    Field(
        min_length=1,
        max_length=4,
        description="How networks are kept apart here; of several, geneve is preferred, then vxlan, gre, vlan.",
    ),
]
Segments = Annotated[
    tuple[SegmentRange, ...],
    Field(min_length=1, max_length=64, description="Segment ids that networks here may get."),
]


class PhysicalNetworkSpec(Spec):
    """A physical network to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "core", "zone": "berlin", "isolations": ["geneve"], "segments": ["5000-5999"]}
            ]
        }
    )

    name: Name
    labels: Labels = Field(default_factory=dict)
    zone: Ref = "default"
    isolations: Isolations = ("gre", "vxlan", "geneve")
    segments: Segments = ("1-16777215",)
    mtu: Mtu = 1500


class PhysicalNetworkPatch(Spec):
    """Fields of a physical network to change (what is left out stays)."""

    name: Name | None = None
    labels: Labels | None = None
    isolations: Isolations | None = None
    segments: Segments | None = None
    mtu: Mtu | None = None


class PhysicalNetwork(Resource):
    """A physical network."""

    kind: Literal["PhysicalNetwork"] = "PhysicalNetwork"
    zone: Name
    zone_id: Id
    isolations: Isolations
    segments: Segments
    mtu: Mtu
