"""What a view looks at besides the records it shows: others by id, owners, tags, jobs, each read once a request.

Rule 1: a view asks for many at once where it can: a page of five hundred costs a few reads, not five hundred.
Rule 2: nothing is kept longer than a request: the next one sees what is true then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import select

from netloom.app.cloud.tags import tags_of
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.protocol.envelopes import timestamp
from netloom.model.cloud.former import FormerOwner
from netloom.model.cloud.identity import Account, AccountType, Caller, Domain, Project, shown_path
from netloom.model.cloud.jobs import OPEN_STATES, Job
from netloom.model.cloud.record import Owned, Record
from netloom.model.cloud.tags import called
from netloom.model.kinds import Kind
from netloom.model.objects import OBJECT_TYPES, Meta, Object
from netloom.store.among import among
from netloom.store.catalog import find_by_ids, recall_all
from netloom.store.cloud.records import Where, columns

R = TypeVar("R", bound=Record)
N = TypeVar("N", bound=Meta)
Row = dict[str, object]
"""An object of an answer: fields by CloudStack's names; None is left out."""

_KINDS: Mapping[type[Meta], Kind] = {object_type: kind for kind, object_type in OBJECT_TYPES.items()}

_JOB = columns(Job)
_OPEN_JOBS = (
    select(_JOB.resource_id, _JOB.id)
    .where(
        among(_JOB.resource_id, parameter="wanted"), _JOB.state.in_([state.value for state in OPEN_STATES])
    )
    .order_by(_JOB.number)
)

ViewFunction = Callable[[Sequence[Any], "See"], list[Row]]
"""Shows records as rows, one a record, in their order."""


class See:
    """The surroundings of records, memoised for one request.

    Args:
        view: what the caller sees.
        minimal: a list was asked for without what has to be counted (`details=min`).
    """

    def __init__(self, view: View, *, minimal: bool = False) -> None:
        self.view = view
        self.minimal = minimal
        self.caller: Caller = view.caller
        self._found: dict[type[Record], dict[str, Record | None]] = {}
        self._jobs: dict[str, str | None] = {}
        self._owners: dict[str, Row] = {}
        self._tags: dict[str, list[Row]] = {}
        self._natives: dict[str, Object | None] = {}
        self._zones: dict[str, Row] = {}

    def many(self, record_type: type[R], ids: Iterable[str | None]) -> Mapping[Uuid, R]:
        """Those of these records that are there, by id; None among the ids is passed over."""
        known = self._found.setdefault(record_type, {})
        wanted = dict.fromkeys(found for found in ids if found is not None)
        fresh = [found for found in wanted if found not in known]
        if fresh:
            read = self.view.records.many(record_type, fresh)
            for found in fresh:
                known[found] = read.get(Uuid(found))
        return {Uuid(found): record for found in wanted if isinstance(record := known[found], record_type)}

    def one(self, record_type: type[R], record_id: str | None) -> R | None:
        """A record, None when it is not there or there is no id."""
        if record_id is None:
            return None
        known = self._found.get(record_type)
        if known is not None and record_id in known:  # as it is for most rows of a page
            return cast("R | None", known[record_id])
        return self.many(record_type, [record_id]).get(Uuid(record_id))

    def learn(self, record_type: type[R], records: Iterable[R]) -> None:
        """Take records that were read already for what they are by their ids."""
        self._found.setdefault(record_type, {}).update({record.id: record for record in records})

    def natives(self, object_type: type[N], ids: Iterable[str | None]) -> Mapping[Uuid, N]:
        """Those of these native objects (zones, physical networks, hosts, networks, NICs) that are there, by id."""
        wanted = dict.fromkeys(found for found in ids if found is not None)
        made = self.view.made_natives
        self._natives.update({found: made[found] for found in wanted if found in made})
        fresh = [Uuid(found) for found in wanted if found not in self._natives]
        if fresh:
            read = find_by_ids(
                self.view.records.connection, _KINDS[object_type], fresh, self.view.records.known
            )
            self._natives.update({found: read.get(found) for found in fresh})
        return {
            Uuid(found): item for found in wanted if isinstance(item := self._natives[found], object_type)
        }

    def learn_natives(self, natives: Iterable[Object]) -> None:
        """Take native objects that were read already for what they are by their ids."""
        self._natives.update({native.id: native for native in natives})

    def zone(self, zone_id: str | None) -> Row:
        """`zoneid` and `zonename`; to be spread into a row."""
        if zone_id is None:
            return {}
        row = self._zones.get(zone_id)
        if row is None:
            records = self.view.records
            zones = recall_all(records.connection, records.known, Kind.ZONE)
            zone = next((zone for zone in zones if zone.id == zone_id), None)
            row = {"zoneid": zone_id, "zonename": None if zone is None else zone.name}
            self._zones[zone_id] = row
        return row

    def having(self, record_type: type[R], field: str, values: Iterable[str]) -> list[R]:
        """Records of which a field has one of these values; those found are known by id from then on."""
        records = self.view.records.having(record_type, field, values)
        self.learn(record_type, records)
        return records

    def where(self, record_type: type[R], *where: Where) -> list[R]:
        """Records by condition; those found are known by id from then on."""
        records = self.view.records.select(record_type, *where)
        self.learn(record_type, records)
        return records

    def owners(self, records: Iterable[Owned]) -> None:
        """Read the owners of records ahead, all at once."""
        records = [record for record in records if record.account_id not in self._owners]
        accounts, domains = {each.account_id for each in records}, {each.domain_id for each in records}
        there = {*self.many(Account, accounts), *self.many(Domain, domains)}
        self.many(FormerOwner, {*accounts, *domains} - there)

    def owner(self, record: Owned) -> Row:
        """`account` or `projectid` and `project`, then `domainid`, `domain`, `domainpath`; to be spread into a row."""
        known = self._owners.get(record.account_id)
        if known is None:
            known = self._owners[record.account_id] = self._owner(record)
        return known

    def _owner(self, record: Owned) -> Row:
        account = self.one(Account, record.account_id)
        row: Row = {}
        if account is not None and account.type is AccountType.PROJECT:
            project = self.view.records.first(Project, columns(Project).account_id == account.id)
            if project is not None:
                row.update(projectid=project.id, project=project.name)
        elif account is not None:
            row["account"] = account.name
        else:
            row.update(self._former(record.account_id))
        domain: Domain | FormerOwner | None = self.one(Domain, record.domain_id)
        if domain is None:
            domain = self.one(FormerOwner, record.domain_id)
        if domain is not None:
            row.update(domainid=domain.id, domain=domain.name, domainpath=shown_path(domain.path or ""))
        return row

    def _former(self, account_id: str) -> Row:
        """Whose it was: an account that is gone, or a project."""
        gone = self.one(FormerOwner, account_id)
        if gone is None:
            return {}
        if gone.project_id is not None:
            return {"projectid": gone.project_id, "project": gone.project}
        return {"account": gone.name}

    def pending(self, ids: Iterable[str]) -> None:
        """Read the open jobs of records ahead, all at once."""
        fresh = [found for found in dict.fromkeys(ids) if found not in self._jobs]
        self._jobs.update(dict.fromkeys(fresh))
        fresh = [found for found in fresh if not self.view.is_new(found)]
        if fresh:
            for resource_id, job_id in self.view.records.connection.execute(_OPEN_JOBS, {"wanted": fresh}):
                self._jobs[resource_id] = job_id

    def job(self, record_id: str) -> Row:
        """`jobid` and `jobstatus` while a job is open on a record; to be spread into a row."""
        if record_id not in self._jobs:
            self.pending([record_id])
        job_id = self._jobs[record_id]
        return {} if job_id is None else {"jobid": job_id, "jobstatus": 0}

    def tagged(self, ids: Iterable[str]) -> None:
        """Read the tags of things ahead, all at once."""
        fresh = [found for found in dict.fromkeys(ids) if found not in self._tags]
        read = tags_of(self.view, [found for found in fresh if not self.view.is_new(found)])
        self.owners(tag for tags in read.values() for tag in tags)
        for found in fresh:
            self._tags[found] = [
                {
                    "key": tag.key,
                    "value": tag.value,
                    "resourcetype": called(tag.kind),
                    "resourceid": tag.resource_id,
                    "customer": tag.customer,
                    **self.owner(tag),
                }
                for tag in read.get(found, ())
            ]

    def tags(self, record_id: str) -> list[Row]:
        """A thing's tags, for its row's `tags`."""
        if record_id not in self._tags:
            self.tagged([record_id])
        return self._tags[record_id]

    time = staticmethod(timestamp)
    """A time as CloudStack writes it."""
