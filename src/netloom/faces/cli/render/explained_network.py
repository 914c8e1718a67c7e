"""Why a network is as it is, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netloom.contract.networks_explained import NetworkExplained
from netloom.faces.cli.output import heading, pairs, rows, text_of

if TYPE_CHECKING:
    from rich.console import RenderableType


def explained_parts(found: NetworkExplained) -> list[RenderableType]:
    """The network, its gurus, its services."""
    why = "yes" if found.needed else "no"
    gurus = [[each.guru, text_of(each.designs_it), each.reason] for each in found.gurus]
    parts: list[RenderableType] = [
        pairs(
            [
                ("name", found.name),
                ("id", found.id),
                ("intent", found.native_name),
                ("offering", found.offering),
                ("physical network", found.physical_network),
                ("state", found.state),
                ("broadcast", found.broadcast_uri),
                ("guru", found.guru),
                ("has to be up", f"{why}: {found.why_needed}"),
            ]
        ),
        heading("Gurus"),
        rows(("guru", "designs it", "because"), gurus),
    ]
    if found.services:
        cells = [
            [each.service, text_of(each.provider), text_of(each.offered_by), each.reason]
            for each in found.services
        ]
        parts += [heading("Services"), rows(("service", "given by", "offered by", "because"), cells)]
    return parts
