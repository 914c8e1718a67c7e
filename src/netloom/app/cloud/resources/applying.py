"""Making the cloud be as documents say: checked whole, then worked off stage by stage.

Rule 1: nothing is changed before every document was tried in one transaction that is then undone. What cannot be known
    before a job of another document has ended is left to its stage.
Rule 2: applying again changes nothing, and goes on where it was stopped: a document finds what it made by its declaration.
Rule 3: a stage is one transaction; its jobs have ended before the next begins.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from netloom.app.batch import Mistakes
from netloom.app.cloud.identity_passwords import hashed
from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.resources.documents import Document, Order, ordered
from netloom.app.cloud.resources.irregular import HASHED
from netloom.app.cloud.resources.steps import Outcome, Steps
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, NetloomError, TooLarge
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.errors import InvalidDocuments
from netloom.store.transaction import Transaction

MAX_DOCUMENTS: Final = 5_000
"""Documents of the cloud in one file: each is a use case of its own."""
STAGE: Final = 200
"""Documents in one transaction at most: others want to write too."""
JOB_SECONDS: Final = 300.0
STOPPED: Final = "apply-stopped"
_UNSERVED: Final = "service-not-provided"
_PROVIDER: Final = "network_service_provider"
_SAID: Final = frozenset({"ambiguous-name", "immutable-field", "declared-twice", "in-use"})
"""Conflicts that no job ends."""


Before = Callable[[Transaction], object]
"""What is done in a transaction first."""


class Became(enum.Enum):
    """What became of a document."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Result:
    """One document's outcome; in a plan the id of what would be created is empty."""

    document: Document
    became: Became
    id: str = ""
    generation: int = 0
    fields: tuple[str, ...] = ()


@dataclass
class _Run:
    """What is known while documents are worked off."""

    steps: Steps
    order: Order
    results: dict[int, Result] = field(default_factory=dict)
    unknown: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)


class Applying:
    """Applies documents for a caller."""

    def __init__(self, resources: Resources, caller: Caller) -> None:
        self._resources = resources
        self._cloud = resources.cloud
        self._caller = caller

    async def plan(self, documents: Sequence[Document], before: Before | None = None) -> tuple[Result, ...]:
        """What `make` would do; nothing is changed.

        Args:
            documents: of the cloud.
            before: what the rest of the file does, in the same transaction.

        Raises:
            InvalidDocuments: some of them cannot be.
            TooLarge: there are too many.
        """
        documents = await self._prepared(documents)
        order = self._order(documents)

        def unit(work: Work) -> tuple[_Run, Mistakes]:
            if before is not None:
                before(work.tx)
            run, mistakes = _Run(Steps(self._resources, documents), order), Mistakes()
            for document in (each for stage in order.stages for each in stage):
                _try(work, run, document, mistakes)
            return run, mistakes

        run, mistakes = await self._cloud.try_as(self._caller, "apply", unit)
        mistakes.raise_if_any()
        return tuple(run.results[document.index] for document in documents)

    async def make(self, documents: Sequence[Document]) -> tuple[Result, ...]:
        """Make it so; `plan` was asked before.

        Raises:
            InvalidDocuments: one failed at its stage; what was before it is done, and the hint says so.
            TooLarge: there are too many.
        """
        documents = await self._prepared(documents)
        run = _Run(Steps(self._resources, documents), self._order(documents))
        for stage in run.order.stages:
            for start in range(0, len(stage), STAGE):
                await self._stage(run, stage[start : start + STAGE])
        return tuple(run.results[document.index] for document in documents)

    async def _stage(self, run: _Run, stage: Sequence[Document]) -> None:
        def unit(work: Work) -> list[tuple[Document, Outcome]]:
            return [(document, _step(work, run, document)) for document in stage]

        done = await self._cloud.write_as(self._caller, "apply", unit)
        for _, outcome in done:
            for begun in outcome.begun:
                self._cloud.take(begun)
        for document, outcome in done:
            run.results[document.index] = _result(document, outcome)
            run.steps.keep(document, outcome)
        jobs = {
            begun.job.id: document
            for document, outcome in done
            for begun in outcome.begun
            if begun.job is not None
        }
        await self._ended(run, jobs)

    async def _ended(self, run: _Run, jobs: Mapping[Uuid, Document]) -> None:
        """Wait for the jobs of a stage.

        Raises:
            InvalidDocuments: one failed.
        """
        mistakes = Mistakes()
        async with asyncio.timeout(JOB_SECONDS):
            for job_id, document in jobs.items():
                await self._cloud.jobs.settled(job_id, JOB_SECONDS)
                job = await self._cloud.read_as(self._caller, partial(_job, job_id=job_id))
                if job is not None and job.state in {JobState.FAILED, JobState.CANCELLED}:
                    error = NetloomError(job.error_text or "cancelled", code=job.error_code or "cancelled")
                    mistakes.add(document.index, _stopped(error, run))
        mistakes.raise_if_any()

    async def _prepared(self, documents: Sequence[Document]) -> Sequence[Document]:
        """The documents with passwords as their hashes."""
        found = []
        for document in documents:
            create, password = document.kind.create, document.values.get("password")
            if create is not None and create.use_case.name in HASHED and isinstance(password, str):
                values = {**document.values, "password": await hashed(password)}
                document = replace(document, values=values)  # noqa: PLW2901 - the same with its hash
            found.append(document)
        return found

    def _order(self, documents: Sequence[Document]) -> Order:
        if len(documents) > MAX_DOCUMENTS:
            raise TooLarge(
                f"{len(documents)} documents of the cloud",
                subject="documents",
                hint=f"at most {MAX_DOCUMENTS} at once",
            )
        first: dict[tuple[str, str, str], Document] = {}
        mistakes = Mistakes()
        for each in documents:
            before = first.setdefault((each.kind.name, each.owner, each.name), each)
            if before is not each:
                text = (
                    f"{each.kind.name} {each.name!r} is declared twice (first in document {before.index + 1})"
                )
                mistakes.add(each.index, Conflict(text, code="declared-twice", subject=each.kind.label))
        mistakes.raise_if_any()
        return ordered(documents)


def _job(view: View, job_id: Uuid) -> Job | None:
    return view.records.get(Job, job_id)


def _try(work: Work, run: _Run, document: Document, mistakes: Mistakes) -> None:
    """Try one document; what cannot be known yet is passed over, what only follows from another mistake is not told."""
    needs = run.order.needs[document.index]
    if needs & run.broken:
        run.broken.add(document.index)
        return
    if needs & run.unknown:
        run.unknown.add(document.index)
        run.results[document.index] = Result(document, Became.CREATED)
        return
    savepoint = work.tx.connection.begin_nested()
    try:
        outcome = run.steps.step(work, document)
    except NetloomError as error:
        savepoint.rollback()
        lifted = _may_pass(error) and any(run.results[each].became is not Became.UNCHANGED for each in needs)
        if lifted or _is_enabled_by_then(error, run):
            run.unknown.add(document.index)
            run.results[document.index] = Result(document, Became.CREATED)
        else:
            run.broken.add(document.index)
            mistakes.add(document.index, error)
        return
    savepoint.commit()
    run.steps.keep(document, outcome)
    run.results[document.index] = _result(document, outcome)


def _is_enabled_by_then(error: NetloomError, run: _Run) -> bool:
    """Whether the file enables providers, and only their services are missing: that is done in jobs."""
    return error.stable_code == _UNSERVED and any(
        each.document.word == _PROVIDER and each.became is not Became.UNCHANGED
        for each in run.results.values()
    )


def _may_pass(error: NetloomError) -> bool:
    """Whether a refusal may be no more when the jobs before have ended: it is about a state, not about what was said."""
    said = error.stable_code.endswith("-taken") or error.stable_code in _SAID
    return isinstance(error, Conflict) and not said


def _step(work: Work, run: _Run, document: Document) -> Outcome:
    try:
        outcome = run.steps.step(work, document)
    except InvalidDocuments:
        raise
    except NetloomError as error:
        mistakes = Mistakes()
        mistakes.add(document.index, _stopped(error, run))
        mistakes.raise_if_any()
        raise
    run.steps.keep(document, outcome)
    return outcome


def _stopped(error: NetloomError, run: _Run) -> NetloomError:
    """The error with what a person has to know: some of the file is done."""
    done = sum(result.became is not Became.UNCHANGED for result in run.results.values())
    after = f"{done} documents are done; put this right and apply again"
    hint = f"{error.hint}; {after}" if error.hint else after
    return Conflict(f"{error.message} [{error.stable_code}]", code=STOPPED, subject=error.subject, hint=hint)


def _result(document: Document, outcome: Outcome) -> Result:
    became = Became.CREATED if outcome.created else Became.UPDATED if outcome.changed else Became.UNCHANGED
    return Result(document, became, outcome.record.id, outcome.record.generation, outcome.changed)
