"""What files have declared of the cloud, as documents that declare it again.

Rule 1: a document is told as it was applied last, while what it made is there; secrets were never kept, and are missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from netloom.app.cloud.resources.documents import document_kinds
from netloom.app.cloud.resources.existing import by_id
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.kinds import CloudKinds
from netloom.app.cloud.work import View
from netloom.model.cloud.declarations import Declaration
from netloom.model.cloud.instances import InstanceNic
from netloom.model.cloud.networks import GuestNetwork


@dataclass(frozen=True, slots=True)
class Exported:
    """The cloud's part of an export.

    Attributes:
        documents: as a file has them, `kind` first, in the order in which they were applied first.
        halves: ids of networks and NICs of the switches' intent that the cloud makes and keeps: no file declares them.
    """

    documents: tuple[dict[str, Value], ...]
    halves: frozenset[str]


def exported(view: View, kinds: CloudKinds) -> Exported:
    """What there is to be told."""
    known = document_kinds(kinds)
    documents: list[dict[str, Value]] = []
    for each in view.records.select(Declaration):
        kind = known.get(each.kind)
        if kind is not None and by_id(view, kind.kind.record, each.record_id) is not None:
            said: dict[str, Value] = msgspec.json.decode(each.spec)
            documents.append({"kind": each.kind, kind.label: each.name, **said})
    halves = {each.id for each in view.records.select(GuestNetwork)}
    halves.update(each.id for each in view.records.select(InstanceNic))
    return Exported(tuple(documents), frozenset(halves))
