"""Records as answers: their fields, the names of what they refer to, whose they are, their tags, and how far they are.

Rule 1: a page costs a few reads, however many records are on it.
Rule 2: secrets are in no answer; what a client sees of a record is its struct, in its order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from netloom.app.cloud import infrastructure
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.irregular import BESIDE
from netloom.app.cloud.resources.kinds import CloudKind
from netloom.app.cloud.resources.targets import NATIVE, Target, names_of
from netloom.app.cloud.tags import tags_of
from netloom.app.cloud.work import View
from netloom.model.cloud.identity import Account, Domain
from netloom.model.cloud.infrastructure import HostFacet, PhysicalNetworkFacet, ZoneFacet
from netloom.model.cloud.jobs import OPEN_STATES, Job, JobState
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.tags import KINDS as TAGGED
from netloom.model.status import Phase
from netloom.store.catalog import find_by_ids
from netloom.store.cloud.records import columns

Row = dict[str, Value]
"""An object of an answer."""

FACETS: Final[Mapping[type[Record], str]] = {
    ZoneFacet: "zone", HostFacet: "host", PhysicalNetworkFacet: "physical_network",
}  # fmt: skip
"""Records that say more about an object of the switches' intent: their names are that object's."""

_NATIVE_OF: Final[Mapping[str, str]] = {"network": "network", "instance_nic": "nic"}
"""Words of records that have an object of the switches' intent with their id, and its word."""

_ACCOUNT: Final = Target("account", record=Account)
_DOMAIN: Final = Target("domain", record=Domain)
_CHUNK: Final = 500


def facet(view: View, record_type: type[Record], record_id: str) -> Record:
    """What the cloud knows of a zone, host or physical network, defaults filled in."""
    if record_type is ZoneFacet:
        return infrastructure.zone_facet(view, record_id)
    if record_type is HostFacet:
        return infrastructure.host_facet(view, record_id)
    return infrastructure.wires_facet(view, record_id)


def rows(
    view: View, kind: CloudKind, records: Sequence[Record], jobs: Mapping[str, Job] | None = None
) -> list[Row]:
    """Records as answers, in their order.

    Args:
        view: as the caller sees.
        kind: of all of them.
        records: what to show.
        jobs: those that callers are interested in, by the records' ids; the open ones are looked up when not given.
    """
    names = _names(view, kind, records)
    tags = tags_of(view, [record.id for record in records]) if kind.word in TAGGED.values() else {}
    working = jobs if jobs is not None else _open_jobs(view, records)
    beside = _beside(view, kind, records)
    found: list[Row] = []
    for record in records:
        row: Row = {"kind": kind.spec.kind}
        values: dict[str, Value] = msgspec.to_builtins(record)
        facet_word = FACETS.get(kind.record)
        if facet_word is not None:
            row["name"] = names[facet_word].get(record.id, "")
        for field, value in values.items():
            if field in kind.hidden:
                continue
            row[field] = value
            target = kind.targets.get(field)
            if target is not None:
                row[target[0]] = _named(value, names[target[1].word])
        row |= beside.get(record.id, {})
        if isinstance(record, Owned):
            row["account"] = names["account"].get(record.account_id, "")
            row["domain"] = names["domain"].get(record.domain_id, "")
        if tags and "tags" not in values:
            row["tags"] = {tag.key: tag.value for tag in tags.get(record.id, ())}
        row["status"] = status_of(working.get(record.id))
        found.append(row)
    return found


def status_of(job: Job | None) -> Row:
    """How far a record is, from the job that is about it."""
    if job is None or job.state is JobState.SUCCEEDED:
        return {"phase": Phase.DONE.value, "job_id": None if job is None else job.id}
    if job.state in OPEN_STATES:
        return {
            "phase": Phase.PENDING.value,
            "reason": job.progress or job.state.value.lower(),
            "job_id": job.id,
        }
    return {
        "phase": Phase.ERROR.value,
        "reason": job.error_text or job.state.value.lower(),
        "code": job.error_code or job.state.value.lower(),
        "error": job.error_kind,
        "job_id": job.id,
    }


def _beside(view: View, kind: CloudKind, records: Sequence[Record]) -> Mapping[str, Row]:
    """What the objects of the switches' intent with the same ids say, by id."""
    fields = BESIDE.get(kind.word, ())
    if not fields or not records:
        return {}
    native = NATIVE[FACETS.get(kind.record) or _NATIVE_OF[kind.word]]
    found = find_by_ids(view.records.connection, native, [record.id for record in records])
    return {
        ident: {name: msgspec.to_builtins(getattr(item, name)) for name in fields}
        for ident, item in found.items()
    }


def _named(value: Value, names: Mapping[str, str]) -> Value:
    if isinstance(value, str):
        return names.get(value)
    if isinstance(value, Sequence):
        return [names.get(each, each) if isinstance(each, str) else each for each in value]
    return None


def _names(view: View, kind: CloudKind, records: Sequence[Record]) -> dict[str, Mapping[str, str]]:
    """The names of all that the records refer to, by word and id."""
    wanted: dict[str, tuple[Target, dict[str, None]]] = {}
    for field, (_, target) in kind.targets.items():
        ids = wanted.setdefault(target.word, (target, {}))[1]
        for record in records:
            ids.update(dict.fromkeys(_ids(getattr(record, field))))
    if issubclass(kind.record, Owned):
        for target, field in ((_ACCOUNT, "account_id"), (_DOMAIN, "domain_id")):
            ids = wanted.setdefault(target.word, (target, {}))[1]
            ids.update(dict.fromkeys(getattr(record, field) for record in records))
    facet_word = FACETS.get(kind.record)
    if facet_word is not None:
        target = Target(facet_word, native=NATIVE[facet_word])
        wanted.setdefault(facet_word, (target, {}))[1].update(dict.fromkeys(record.id for record in records))
    return {word: names_of(view, target, ids) for word, (target, ids) in wanted.items()}


def _ids(value: str | Iterable[str] | None) -> Iterable[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _open_jobs(view: View, records: Sequence[Record]) -> Mapping[str, Job]:
    if records and isinstance(records[0], Job):
        return {record.id: record for record in records if isinstance(record, Job)}
    c = columns(Job)
    states = [state.value for state in OPEN_STATES]
    ids = [record.id for record in records]
    found: dict[str, Job] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        for job in view.records.select(Job, c.resource_id.in_(chunk), c.state.in_(states)):
            if job.resource_id is not None:
                found[job.resource_id] = job
    return found
