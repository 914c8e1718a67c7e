"""What a plan says in people's words: fields before and after, and the hosts' share as the runtime previewed it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec

from netloom.app.ports import PlannedChange, Preview
from netloom.app.reports import Action, FieldChange, ObjectChange, PlanReport, SystemReport
from netloom.model.objects import Object, kind_of_object, spec_of
from netloom.model.specs import NicSpec, Spec
from netloom.store.store import StoreFacts

GENERATED = "(generated)"
"""Stands for what is drawn at random when the objects are really made."""


def report(
    revision: int, documents: Sequence[Spec], changes: Sequence[PlannedChange], preview: Preview
) -> PlanReport:
    """The report of a plan on the store's revision."""
    pairs = zip(documents, changes, strict=True)
    objects = [change for change in (_object_change(*pair) for pair in pairs) if change is not None]
    return PlanReport(
        revision=revision,
        objects=tuple(objects),
        unchanged=len(changes) - len(objects),
        hosts=preview.hosts,
        findings=preview.findings,
    )


def with_store(system: SystemReport, facts: StoreFacts) -> SystemReport:
    """The daemon's report with what the store knows."""
    return dataclasses.replace(
        system,
        database=f"{facts.dialect} {facts.schema}",
        revision=facts.revision,
        oldest_revision=facts.oldest_revision,
        counts=dict(facts.counts),
    )


def _object_change(document: Spec, change: PlannedChange) -> ObjectChange | None:
    before, after = change.before, change.after
    item = after or before
    if item is None or before == after:
        return None
    action = Action.ADD if before is None else Action.REMOVE if after is None else Action.CHANGE
    old, new = _texts(before), _texts(after)
    if before is None and isinstance(document, NicSpec):
        for name in ("mac", "identity"):
            if getattr(document, name) is None:
                new[name] = GENERATED
    fields = tuple(
        FieldChange(name, old.get(name), new.get(name))
        for name in (new or old)
        if name != "name" and old.get(name) != new.get(name)
    )
    return ObjectChange(
        kind=kind_of_object(item).value,
        name=item.name,
        action=action,
        id=None if before is None else before.id,
        fields=fields,
    )


def _texts(item: Object | None) -> dict[str, str]:
    """The fields that users declare, as text; absent ones are left out."""
    if item is None:
        return {}
    plain = msgspec.to_builtins(spec_of(item))
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in plain.items()
        if value is not None and value != {}
    }
