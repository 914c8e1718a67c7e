"""Networks: one tenant's broadcast domain, carried between hosts in an encapsulation of its own segment id."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from netloom.contract.fields import Cidr4, Cidr6, Id, Isolation, Labels, Mtu, Name, Ref, Segment, Spec
from netloom.contract.resources import Resource

NetworkState = Annotated[
    str,
    Field(
        description="Allocated (costs nothing on hosts), Implementing, Implemented, Shutdown or Destroy.",
        examples=["Allocated"],
    ),
]


class NetworkSpec(Spec):
    """A network to create."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "blue", "isolation": "geneve", "cidr": "10.0.0.0/24", "cidr6": "fd00::/64"}]
        }
    )

    name: Name
    labels: Labels = Field(default_factory=dict)
    zone: Ref = "default"
    physical_network: Ref = "default"
    isolation: Isolation | None = None
    cidr: Cidr4 | None = None
    cidr6: Cidr6 | None = None
    segment: Segment | None = None
    mtu: Mtu | None = None


class NetworkPatch(Spec):
    """Fields of a network to change (RFC 7396: what is absent stays, null clears)."""

    name: Name | None = None
    labels: dict[str, str | None] | None = None
    cidr: Cidr4 | None = None
    cidr6: Cidr6 | None = None
    mtu: Mtu | None = None


class Network(Resource):
    """A network."""

    kind: Literal["Network"] = "Network"
    zone: Name
    zone_id: Id
    physical_network: Name
    physical_network_id: Id
    isolation: Isolation
    cidr: Cidr4 | None = None
    cidr6: Cidr6 | None = None
    segment: Segment | None = None
    mtu: Mtu | None = None
    state: NetworkState
