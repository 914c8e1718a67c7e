"""Networks: one tenant's broadcast domain, carried between hosts in an encapsulation of its own segment id."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from netloom.contract.fields import (
    Cidr4,
    Cidr6,
    Id,
    IPv4,
    IPv6,
    Isolation,
    Labels,
    Mtu,
    Name,
    Ref,
    Segment,
    Spec,
)
from netloom.contract.resources import Resource

NetworkState = Annotated[
    str,
    Field(
        description="Allocated (costs nothing on hosts), Implementing, Implemented, Shutdown or Destroy.",
        examples=["Allocated"],
    ),
]


class NetworkSpec(Spec):
    """A network to create: with `cidr`, `cidr6`, both, or (an Ethernet without addresses) neither.

    Zone, physical network, isolation, segment and MTU are chosen when left out.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "blue", "isolation": "geneve", "cidr": "10.0.0.0/24", "cidr6": "fd00::/64"}]
        }
    )

    name: Name
    labels: Labels = Field(default_factory=dict)
    zone: Ref | None = None
    physical_network: Ref | None = None
    isolation: Isolation | None = None
    cidr: Cidr4 | None = None
    cidr6: Cidr6 | None = None
    segment: Segment | None = None
    mtu: Mtu | None = None


class NetworkPatch(Spec):
    """Fields of a network to change (what is left out stays, null clears where the field may be empty)."""

    name: Name | None = None
    labels: Labels | None = None
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
    gateway: Annotated[IPv4 | None, Field(description="Address kept for the gateway.")] = None
    gateway6: Annotated[IPv6 | None, Field(description="Address kept for the gateway.")] = None
    segment: Segment
    mtu: Annotated[Mtu | None, Field(description="What was asked; null: as the underlay allows.")] = None
    guest_mtu: Annotated[int, Field(description="What guests should use, octets.", examples=[1450])]
    state: NetworkState
    state_since: dt.datetime
