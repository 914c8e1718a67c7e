"""Why a guest network is as it is, as the API tells it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from netloom.contract.fields import Answer, Id


class GuruSaid(Answer):
    """What one guru says to the network as it was asked for."""

    guru: str
    designs_it: bool
    reason: str


class ServiceExplained(Answer):
    """Who gives a service of the offering."""

    service: str
    offered_by: Annotated[tuple[str, ...], Field(description="Providers that the offering names.")] = ()
    provider: Annotated[
        str | None, Field(description="Who gives it; null: nobody, and `reason` says why.")
    ] = None
    reason: str = ""


class NetworkExplained(Answer):
    """A network explained."""

    id: Id
    name: str
    native_name: Annotated[str, Field(description="What it is called under /v1/networks.")]
    offering: str
    physical_network: str
    state: str
    broadcast_domain: str
    broadcast_uri: str
    guru: Annotated[str, Field(description="Who designed it, for life.")]
    gurus: tuple[GuruSaid, ...]
    services: tuple[ServiceExplained, ...]
    needed: Annotated[bool, Field(description="Whether it has to be up now.")]
    why_needed: str
