"""Doing an action on a kind: names resolved, versions compared and the use case begun in one transaction.

Rule 1: what a name stood for when it was resolved is what is acted on: both happen in the same transaction.
Rule 2: with an idempotency key the same request is done once, and answered as it was answered first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from netloom.app.cloud.cloud import Cloud, Done
from netloom.app.cloud.identity_owner import named, project_seen
from netloom.app.cloud.identity_passwords import hashed
from netloom.app.cloud.instances_import import IMPORT
from netloom.app.cloud.resources import machines, reading
from netloom.app.cloud.resources.fields import Value, request_of
from netloom.app.cloud.resources.irregular import HASHED
from netloom.app.cloud.resources.kinds import CloudAction, CloudKind, CloudKinds
from netloom.app.cloud.resources.once import made_for, told_of
from netloom.app.cloud.resources.reading import OWNERS, Asked, Page, check_readable, one
from netloom.app.cloud.resources.shown import Row, rows
from netloom.app.cloud.resources.subjects import field_meant, hint_meant
from netloom.app.cloud.resources.targets import Names, Target
from netloom.app.cloud.roles import check_permission
from netloom.app.cloud.work import View, Work
from netloom.base.errors import NetloomError, NotFound, StaleVersion
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Caller, Domain, Project
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.record import AccountId, Owned, Record
from netloom.store.idempotency import check_key, recall_answer, remember_answer

_SPOKEN: Final = "password"
_DOMAIN: Final = Target("domain", record=Domain)


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done: an action of a kind, to the object called `ref` when it is done to one, with these values.

    `fixed`: fields of the request that were found out and not said.
    """

    kind: CloudKind
    action: CloudAction
    values: Mapping[str, Value]
    ref: str | None = None
    fixed: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class How:
    """How an action is to be done.

    Attributes:
        generation: that the object has to have; None: any.
        key: names this request for ever.
        wait: seconds to wait for the job.
        texts: numbers and flags are written as text, as in a query.
    """

    generation: int | None = None
    key: str | None = None
    wait: float = 0.0
    texts: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: the object as it is then (as it was last, when it is gone).

    `once`: the row holds what nobody is told again.
    """

    row: Row
    generation: int
    once: bool = False


class Resources:
    """The cloud's kinds for whoever calls."""

    def __init__(self, cloud: Cloud, kinds: CloudKinds) -> None:
        self.cloud = cloud
        self.kinds = kinds

    async def page(self, caller: Caller, kind: CloudKind, asked: Asked) -> Page:
        """A page of a kind.

        Raises:
            Forbidden: the caller's role does not allow it.
            InvalidInput, NotFound, Conflict: see `reading.page`.
        """

        def read(view: View) -> Page:
            check_readable(view, kind)
            return reading.page(view, kind, asked)

        return await self.cloud.read(caller, kind.spec.list_command, read)

    async def get(self, caller: Caller, kind: CloudKind, ref: str, wait: float = 0.0) -> Outcome:
        """One by name or id; with `wait`, when its job has ended or the seconds are over.

        Raises:
            Forbidden: the caller's role does not allow it.
            NotFound, Conflict: see `reading.one`.
        """

        def read(view: View) -> Outcome:
            check_readable(view, kind)
            return _outcome(view, kind, one(view, kind, ref))

        found = await self.cloud.read(caller, kind.spec.list_command, read)
        job_id = _open_job(found.row)
        if wait and job_id is not None:
            await self.cloud.jobs.settled(job_id, wait)
            return await self.cloud.read(caller, kind.spec.list_command, read)
        return found

    async def act(self, caller: Caller, deed: Deed, how: How) -> Outcome:
        """Do an action; the object as it is then.

        Raises:
            Forbidden: the caller's role does not allow it.
            StaleVersion: the object was changed since the generation given.
            InvalidInput, NotFound, Conflict: as the use case says.
        """
        kind, use_case = deed.kind, deed.action.use_case
        digest = _digest(caller, deed)
        password = deed.values.get(_SPOKEN)
        if use_case.name in HASHED and isinstance(password, str):
            deed = replace(deed, values={**deed.values, _SPOKEN: await hashed(password)})
        if use_case.name == IMPORT.name:
            machine = await machines.named(self.cloud, caller, deed.values)
            deed = replace(deed, fixed={"stray": msgspec.to_builtins(machine)})
        beside = made_for(use_case)
        deed = replace(deed, fixed={**deed.fixed, **beside.fixed})

        def unit(work: Work) -> tuple[Done[Record] | None, Row]:
            if how.key is not None:
                answer = recall_answer(work.tx, check_key(how.key), digest)
                if answer is not None:
                    return None, msgspec.json.decode(answer)
            done = begin(self.cloud, work, deed, how)
            shown = self._shown(work, kind, done)
            if how.key is not None:
                remember_answer(work.tx, how.key, digest, msgspec.json.encode(shown))
            return done, shown

        done, shown = await self.cloud.write_as(caller, use_case.name, unit)
        if done is None:
            return Outcome(shown, _generation(shown))
        self.cloud.take(done)
        if done.job is not None and how.wait:
            await self.cloud.jobs.settled(done.job.id, how.wait)
            shown = await self.cloud.read_as(caller, lambda view: self._later(view, kind, done))
        told = await told_of(self.cloud, caller, beside, done.record)
        return Outcome({**shown, **told}, _generation(shown), once=bool(told))

    async def cancel(self, caller: Caller, job_id: Uuid) -> Job:
        """Cancel a job that has not begun.

        Raises:
            NotFound: there is no such job.
            Conflict: it runs or has ended.
        """
        await self.cloud.read(caller, "queryAsyncJobResult", lambda view: view.get(Job, job_id))
        return await self.cloud.jobs.cancel(caller, job_id)

    def kind_of(self, record: Record, asked: CloudKind) -> CloudKind:
        """The kind of what a use case gave: some are about another record than the one they were asked of."""
        if isinstance(record, asked.record):
            return asked
        return next(kind for kind in self.kinds.every if isinstance(record, kind.record))

    def _shown(self, view: View, kind: CloudKind, done: Done[Record]) -> Row:
        jobs: dict[str, Job] = {} if done.job is None else {done.record.id: done.job}
        return rows(view, self.kind_of(done.record, kind), [done.record], jobs)[0]

    def _later(self, view: View, kind: CloudKind, done: Done[Record]) -> Row:
        """The object after its job, as it was last when it is gone."""
        if done.job is None:
            raise TypeError("there is no job to wait for")
        record = view.records.get(type(done.record), done.record.id) or done.record
        job = view.records.get(Job, done.job.id) or done.job
        return self._shown(view, kind, Done(record, job))


def begin(cloud: Cloud, work: Work, deed: Deed, how: How, names: Names | None = None) -> Done[Record]:
    """Begin an action in a transaction of one's own; see `Cloud.begin`.

    Args:
        cloud: whose use cases.
        work: the transaction.
        deed: what is to be done.
        how: versions and forms; waiting and keys are the caller's affair.
        names: finds what texts name; those of whom the object will belong to come first when not given.
    """
    action = deed.action
    use_case, place, word = action.use_case, action.place, deed.kind.word
    check_permission(work, use_case.command)
    fixed, values = dict(deed.fixed), deed.values
    if place.ref is not None:
        record = one(work, deed.kind, deed.ref or "")
        if how.generation is not None and record.generation != how.generation:
            raise StaleVersion(
                f"generation {how.generation} was given, {record.generation} is there",
                current=record.generation,
                subject=f"{word}/{record.id}",
            )
        outer, _, inner = place.ref.partition(".")
        value: Value = getattr(record, place.of)
        fixed[outer] = {inner: value} if inner else value
        if place.owner and isinstance(record, Owned):
            owner = work.get(Account, record.account_id)
            fixed |= {"account": owner.name, "domain_id": owner.domain_id}
    names = names or Names(work, prefer=owner_named(work, deed.values))
    try:
        if use_case.name == IMPORT.name:
            values = {**values, "networks": machines.networks(work, names.prefer, values.get("networks"))}
        request = request_of(names, use_case.request, action.fields, values, texts=how.texts, fixed=fixed)
        return cloud.begin(work, use_case, request)
    except NetloomError as error:
        error.subject, error.hint = field_meant(action.fields, error.subject), hint_meant(error.hint)
        raise


def owner_named(view: View, values: Mapping[str, Value]) -> AccountId | None:
    """The account that values say an object will belong to; None: they say none that is there."""
    account, domain, project = (values.get(name) for name in OWNERS)
    names = Names(view)
    try:
        if isinstance(project, str):
            found = names.resolve(Target("project", record=Project), project, "project")
            return project_seen(view, found).account_id
        if not isinstance(account, str):
            return None
        domain_id = names.resolve(_DOMAIN, domain, "domain") if isinstance(domain, str) else None
        return AccountId(named(view, account, domain_id).id)
    except NotFound:  # the use case says so, in its own words
        return None


def _outcome(view: View, kind: CloudKind, record: Record) -> Outcome:
    return Outcome(rows(view, kind, [record])[0], record.generation)


def _open_job(row: Row) -> Uuid | None:
    status = row.get("status")
    if (
        isinstance(status, dict)
        and status.get("phase") == "Pending"
        and isinstance(status.get("job_id"), str)
    ):
        return Uuid(str(status["job_id"]))
    return None


def _generation(row: Row) -> int:
    found = row.get("generation")
    return found if isinstance(found, int) else 1


def _digest(caller: Caller, deed: Deed) -> str:
    """What tells one request from another; the caller is in it, so that nobody is answered what another was."""
    told = (caller.account_id, deed.action.use_case.name, deed.ref, deed.values)
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()
