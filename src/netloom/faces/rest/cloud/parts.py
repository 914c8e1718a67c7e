"""What the cloud's routes are made of, as the daemon hands it over, and who may reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fastapi import FastAPI

from netloom.app.cloud.resources.acting import Resources
from netloom.faces.rest.auth import Gate, Signers
from netloom.faces.rest.cloud import components, explained, machines, routes, usage
from netloom.faces.rest.cloud.components import Component
from netloom.faces.rest.cloud.schemas import Schemas
from netloom.faces.rest.face import Face


@dataclass(frozen=True, slots=True)
class CloudParts:
    """What the composition root gives.

    Attributes:
        resources: the kinds and what is done to them.
        signers: who has an API key.
        components: the daemon's parts with their run levels, as they are now.
    """

    resources: Resources
    signers: Signers | None = None
    components: Callable[[], Sequence[Component]] = tuple


def add(api: FastAPI, face: Face, parts: CloudParts) -> Schemas:
    """All routes of the cloud; gives their schemas."""
    components.add(api, parts.components)
    explained.add(api, face, parts.resources)
    usage.add(api, parts.resources)
    machines.add(api, parts.resources)
    return routes.add(api, face, parts.resources)


def gate(tokens: Iterable[str], parts: CloudParts) -> Gate:
    """The gate that lets users in to the cloud's kinds."""
    return Gate(tokens, parts.signers, [spec.collection for spec in parts.resources.kinds.specs])
