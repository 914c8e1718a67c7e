"""Field types shared by the schemas: each with its bound, its meaning and an example.

Rule 1: bounds and types are checked here, at the door; what a value *means* (a MAC, a CIDR, a free segment) is checked
once, by the model behind it.
Rule 2: text in, text out: MAC addresses, IP addresses and CIDRs cross HTTP in their usual text form.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

MAX_NAME = 128
MAX_TEXT = 1_024
MAX_LABELS = 32
MAX_LABEL_VALUE = 255
MAX_SEGMENT = 2**32 - 1

Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_NAME,
        description="What people call it: any script, no slash, unique among its kind.",
        examples=["blue"],
    ),
]
Ref = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, description="Name or id of another object.", examples=["blue"]),
]
Id = Annotated[
    str,
    Field(
        max_length=36,
        description="UUID, given by netloom, never changes.",
        examples=["3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"],
    ),
]
LabelKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$")]
LabelValue = Annotated[str, Field(max_length=MAX_LABEL_VALUE)]
Labels = Annotated[
    dict[LabelKey, LabelValue],
    Field(
        max_length=MAX_LABELS,
        description="Free key and value pairs; lists filter by them.",
        examples=[{"tenant": "blue"}],
    ),
]
Description = Annotated[str, Field(max_length=MAX_TEXT, description="For people.", examples=["First floor"])]
Isolation = Annotated[
    Literal["gre", "vxlan", "geneve", "vlan"],
    Field(description="Encapsulation between hosts, or VLANs over their uplinks.", examples=["geneve"]),
]
Mac = Annotated[
    str,
    Field(max_length=17, description="Unicast MAC address.", examples=["02:00:00:00:00:01"]),
]
IPv4 = Annotated[str, Field(max_length=15, description="IPv4 address.", examples=["10.0.0.7"])]
IPv6 = Annotated[str, Field(max_length=39, description="IPv6 address.", examples=["fd00::7"])]
Address = Annotated[str, Field(max_length=39, description="IPv4 or IPv6 address.", examples=["192.0.2.1"])]
Cidr4 = Annotated[
    str, Field(max_length=18, description="IPv4 network, no host bits set.", examples=["10.0.0.0/24"])
]
Cidr6 = Annotated[
    str, Field(max_length=43, description="IPv6 network, no host bits set.", examples=["fd00::/64"])
]
Segment = Annotated[
    StrictInt,
    Field(
        ge=0,
        le=MAX_SEGMENT,
        description="Segment id (GRE key, VNI, VLAN) on the wire; 0 for VLAN: untagged.",
        examples=[5001],
    ),
]
SegmentRange = Annotated[
    str,
    Field(
        max_length=21,
        pattern=r"^[0-9]{1,10}(-[0-9]{1,10})?$",
        description="One segment id or a range of them, both ends included.",
        examples=["1000-1999"],
    ),
]
Mtu = Annotated[StrictInt, Field(ge=68, le=65_535, description="Octets of an IP packet.", examples=[1450])]
Flag = StrictBool
Endpoint = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        description="`ssl:IP:PORT`, `tcp:IP:PORT` or `unix:PATH`; null when the host dials in.",
        examples=["ssl:192.0.2.11:6640"],
    ),
]
Device = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, description="Interface name on the host.", examples=["tap0"]),
]
Identity = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        description="`external_ids:iface-id` that the NIC's port carries; the NIC's id when not given.",
        examples=["vm7-eth0"],
    ),
]


class Spec(BaseModel):
    """What a caller sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Answer(BaseModel):
    """What netloom answers: a newer server may say more than a client knows."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True, from_attributes=True)
