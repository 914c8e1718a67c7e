"""What CloudStack's answers say of elements and of what zones have left."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud.infrastructure_capacity import WORDS, Capacity
from netloom.app.cloud.infrastructure_elements import element_id, is_installed
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.infrastructure import NetworkServiceProvider


def element_rows(providers: Sequence[NetworkServiceProvider], see: See) -> list[Row]:
    """Elements, by their providers."""
    return [
        {
            "id": element_id(provider),
            "nspid": provider.id,
            "enabled": is_installed(see.view, provider),
        }
        for provider in providers
    ]


def capacity_rows(found: Sequence[Capacity]) -> list[Row]:
    """How much of each zone is taken."""
    return [
        {
            "type": each.kind.value,
            "name": WORDS[each.kind],
            "zoneid": each.zone.id,
            "zonename": each.zone.name,
            "capacityallocated": 0,
            "capacityused": each.used,
            "capacitytotal": each.total,
            "percentused": f"{each.percent:.2f}",
        }
        for each in found
    ]
