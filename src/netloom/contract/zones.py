"""Zones: where hosts and physical networks are."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from netloom.contract.fields import Description, Labels, Name, Spec
from netloom.contract.resources import Resource


class ZoneSpec(Spec):
    """A zone to create."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "berlin", "description": "Hall 3"}]})

    name: Name
    labels: Labels = Field(default_factory=dict)
    description: Description = ""


class ZonePatch(Spec):
    """Fields of a zone to change (what is left out stays)."""

    name: Name | None = None
    labels: Labels | None = None
    description: Description | None = None


class Zone(Resource):
    """A zone."""

    kind: Literal["Zone"] = "Zone"
    description: Description = ""
