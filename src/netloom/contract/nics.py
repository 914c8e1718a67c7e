"""NICs: one guest's port in a network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from netloom.contract.fields import (
    Answer,
    Device,
    Id,
    Identity,
    IPv4,
    IPv6,
    Labels,
    Mac,
    Name,
    Ref,
    Spec,
)
from netloom.contract.resources import Resource

MAX_BATCH = 5_000

NicState = Annotated[
    str, Field(description="Allocated, Reserving, Reserved or Releasing.", examples=["Allocated"])
]


class AttachmentSpec(Spec):
    """Where a NIC is to be plugged."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"host": "h1", "device": "tap0"}]})

    host: Ref
    device: Device


class Attachment(Answer):
    """Where a NIC is meant to be plugged; where it *is* is observed (`explain nic`)."""

    host: Name
    host_id: Id
    device: Device


class NicSpec(Spec):
    """A NIC to create. What is left out is chosen: MAC, free addresses of the network, identity."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "vm7-eth0", "network": "blue", "mac": "02:00:00:00:00:07", "ipv4": "10.0.0.7"}
            ]
        }
    )

    name: Name
    labels: Labels = Field(default_factory=dict)
    network: Ref
    mac: Mac | None = None
    ipv4: IPv4 | None = None
    ipv6: IPv6 | None = None
    identity: Identity | None = None
    attachment: AttachmentSpec | None = None


class NicPatch(Spec):
    """Fields of a NIC to change (what is left out stays, null clears where the field may be empty)."""

    name: Name | None = None
    labels: Labels | None = None
    mac: Mac | None = None
    ipv4: IPv4 | None = None
    ipv6: IPv6 | None = None
    identity: Identity | None = None
    attachment: AttachmentSpec | None = None


class Nic(Resource):
    """A NIC."""

    kind: Literal["Nic"] = "Nic"
    network: Name
    network_id: Id
    mac: Mac
    ipv4: IPv4 | None = None
    ipv6: IPv6 | None = None
    identity: Identity
    attachment: Attachment | None = None
    state: NicState


class NicBatch(Spec):
    """NICs to create in one transaction: all or none."""

    items: Annotated[tuple[NicSpec, ...], Field(min_length=1, max_length=MAX_BATCH)]


class BatchCreated(Answer):
    """The answer to a batch with `Prefer: return=minimal`."""

    count: int
    ids: Annotated[tuple[Id, ...], Field(description="In the order of the request.")]
