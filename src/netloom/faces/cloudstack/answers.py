"""What a command answers with: a list, an object, a job, a success.

Rule 1: a command's function gives records; what they look like is the view's, what stands around them is the answer's.
Rule 2: the result of a job is made when it is asked for, from the record as it is then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from netloom.app.cloud.cloud import Done
from netloom.app.cloud.usecase import AnyUseCase
from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.see import Row, See, ViewFunction
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.record import Record
from netloom.store.cloud.schema import BY_WORD

if TYPE_CHECKING:
    from netloom.faces.cloudstack.command import Call

SUCCESS: Final[Mapping[str, object]] = {"success": True}


@dataclass(frozen=True, slots=True)
class Page:
    """Records of a page and how many there are in all."""

    records: Sequence[Record]
    count: int


@dataclass(frozen=True, slots=True)
class Rows:
    """A page that is shown already."""

    rows: Sequence[Row]
    count: int


class Answer(Protocol):
    """How what a command's function gave is told."""

    async def give(self, call: Call, result: object) -> Mapping[str, object]:
        """The content of the envelope."""
        ...


@dataclass(frozen=True, slots=True)
class Listing:
    """`{"count": 3, "network": [...]}`; nothing at all when nothing was found. Functions give `Page` or `Rows`.

    Attributes:
        key: the objects' name.
        view: shows records; not needed for `Rows`.
    """

    key: str
    view: ViewFunction | None = None

    async def give(self, call: Call, result: object) -> Mapping[str, object]:
        """The content of the envelope."""
        if isinstance(result, Page):
            view, page = self.view, result
            if view is None:
                raise TypeError(f"{call.name} gives records and has no view for them")
            result = Rows(await call.read(lambda seen: view(page.records, See(seen))), page.count)
        if not isinstance(result, Rows):
            raise TypeError(f"{call.name} gives a {type(result).__name__}, not a page")
        if not result.count and not result.rows:
            return {}
        return {"count": result.count, self.key: result.rows}


@dataclass(frozen=True, slots=True)
class ListingNone(Listing):
    """The same for what netloom has none of: an id of such a thing leads nowhere, wherever it is given."""


@dataclass(frozen=True, slots=True)
class One:
    """`{"network": {...}}`. Functions give a record, what `do` gave, or (without a view) a row."""

    key: str
    view: ViewFunction | None = None

    async def give(self, call: Call, result: object) -> Mapping[str, object]:
        """The content of the envelope."""
        view = self.view
        if view is None:
            if not isinstance(result, Mapping):
                raise TypeError(f"{call.name} gives a {type(result).__name__}, not a row")
            return {self.key: result}
        if isinstance(result, Done) and result.shown is not None:
            return {self.key: result.shown}
        record = result.record if isinstance(result, Done) else result
        rows = await call.read(lambda seen: view([record], See(seen)))
        return {self.key: rows[0]}


@dataclass(frozen=True, slots=True)
class Success:
    """`{"success": true}`; whatever the function gives."""

    async def give(self, call: Call, result: object) -> Mapping[str, object]:
        """The content of the envelope."""
        return SUCCESS


@dataclass(frozen=True, slots=True)
class Content:
    """The function gives the whole content of the envelope itself."""

    async def give(self, call: Call, result: object) -> Mapping[str, object]:
        """The content of the envelope."""
        if not isinstance(result, Mapping):
            raise TypeError(f"{call.name} gives a {type(result).__name__}, not the content of an answer")
        return result


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """`{"id": ..., "jobid": ...}` at once; later `queryAsyncJobResult` tells `{key: {...}}`, or success without a key.

    Attributes:
        use_case: whose job it is; that is how the job finds this answer again.
        key, view: how the result is told; both None: `{"success": true}`.
        made: the command makes the object, so its id is told at once.
        about: CloudStack's word for what the job is about (`jobinstancetype`), and
        with_id: whether its id is told with it.
        subject: the record of the result, when it is not the one that the use case is about.
        named: the id that is told at once, when what was made has another one than the record.
    """

    use_case: AnyUseCase
    key: str | None = None
    view: ViewFunction | None = None
    made: bool = False
    about: str | None = None
    with_id: bool = False
    subject: Callable[[View, Record], Record | None] | None = None
    named: Callable[[Record], Uuid] | None = None

    async def give(self, call: Call, result: object) -> Mapping[str, object]:
        """The content of the envelope."""
        if not isinstance(result, Done):
            raise TypeError(f"{call.name} gives a {type(result).__name__}, not what `do` gave")
        if result.job is None:
            raise TypeError(f"{call.name} is asynchronous, and {self.use_case.name} has no second half")
        job_id: Uuid = result.job.id
        if not self.made:
            return {"jobid": job_id}
        made_id: Uuid = result.record.id if self.named is None else self.named(result.record)
        return {"id": made_id, "jobid": job_id}

    def result(self, job: Job, see: See) -> Mapping[str, object]:
        """What a job that succeeded is told to have given."""
        if self.key is None or self.view is None:
            return SUCCESS
        if job.resource_kind is None or job.resource_id is None:
            return SUCCESS
        record: Record | None = see.view.records.get(BY_WORD[job.resource_kind].spec.record, job.resource_id)
        if record is not None and self.subject is not None:
            record = self.subject(see.view, record)
        if record is None:  # gone since
            return {self.key: {"id": job.resource_id}}
        return {self.key: self.view([record], see)[0]}
