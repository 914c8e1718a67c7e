"""Documents of `apply`, `plan` and `export`: the specs of the resources with a `kind` in front.

Rule 1: a file is all or nothing: it is validated whole before anything is changed.
Rule 2: YAML is read as YAML 1.2's core schema (`no` is text, `10:20:30:40:50:59` is text), keys are unique, aliases bounded.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from netloom.contract.fields import Answer, Id, Name
from netloom.contract.hosts import HostSpec
from netloom.contract.networks import NetworkSpec
from netloom.contract.nics import NicSpec
from netloom.contract.physical_networks import PhysicalNetworkSpec
from netloom.contract.zones import ZoneSpec

MAX_DOCUMENTS = 20_000
YAML_MEDIA_TYPE = "application/yaml"


class ZoneDocument(ZoneSpec):
    """A zone that should be."""

    kind: Literal["Zone"]


class PhysicalNetworkDocument(PhysicalNetworkSpec):
    """A physical network that should be."""

    kind: Literal["PhysicalNetwork"]


class HostDocument(HostSpec):
    """A host that should be."""

    kind: Literal["Host"]


class NetworkDocument(NetworkSpec):
    """A network that should be."""

    kind: Literal["Network"]


class NicDocument(NicSpec):
    """A NIC that should be."""

    kind: Literal["Nic"]


Document = Annotated[
    ZoneDocument | PhysicalNetworkDocument | HostDocument | NetworkDocument | NicDocument,
    Field(discriminator="kind"),
]


class ApplyResult(Answer):
    """What became of one document."""

    kind: str
    name: Name
    action: Annotated[str, Field(description="created, updated or unchanged.", examples=["created"])]
    id: Id
    generation: int


class Applied(Answer):
    """What became of a file, in its order."""

    items: tuple[ApplyResult, ...]
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    done: Annotated[
        bool | None, Field(description="With `?wait=`: whether everything is Done; null without.")
    ] = None
    behind: Annotated[
        tuple[str, ...],
        Field(description="`Kind/name` of what was not Done when the wait ended; at most 100."),
    ] = ()
