"""A command, and one call of it: typed parameters, use cases, lists.

Rule 1: parameters were checked by the table before a command's function runs: the getters here do not fail on their form.
Rule 2: a list goes through `select`: what the caller may see, keyword, tags, page and count are said in one place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final, TypeVar, overload

import msgspec
from sqlalchemy import ColumnElement, and_, or_

from netloom.app.cloud.cloud import Cloud, Done
from netloom.app.cloud.infrastructure import zone_seen
from netloom.app.cloud.networks_use import network_seen
from netloom.app.cloud.projects_allowed import check_in_project
from netloom.app.cloud.tags import tagged
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import Scope
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput, Unavailable
from netloom.base.ids import Uuid, is_uuid
from netloom.faces.cloudstack.answers import Answer, Content, JobAnswer, Listing, One, Page, Rows, Success
from netloom.faces.cloudstack.catalogue import Catalogue
from netloom.faces.cloudstack.errors import of_job
from netloom.faces.cloudstack.protocol.parameters import Parameters
from netloom.faces.cloudstack.scope import Asked, resolve
from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.table import (
    INVALID,
    NO_ID,
    ApiCommand,
    names_a_day,
    refused,
    to_date,
    to_flag,
    to_integer,
)
from netloom.model.cloud.identity import Caller, Project
from netloom.model.cloud.jobs import OPEN_STATES, Job, JobState
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import Record
from netloom.model.kinds import Kind
from netloom.store.catalog import find
from netloom.store.cloud.records import Order, Where, columns

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)

DEFAULT_PAGE: Final = 500
"""Objects of a list that was asked for without a page: CloudStack's `default.page.size`."""
MAX_PAGE: Final = 10_000
FINISH: Final = 60.0
"""Seconds that a command without a job waits for the job behind it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One of CloudStack's commands as netloom does it.

    Attributes:
        name: CloudStack's, spelt as the table spells it.
        run: does it; what it gives fits the answer. Its docstring's first line is the command's description.
        answer: how the result is told.
    """

    name: str
    run: Callable[[Call], Awaitable[object]]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Match:
    """A list's condition on a column, from a parameter; made by `Call.match` and evaluated where the list is read."""

    column: ColumnElement[Any]
    value: object
    refers_to: type[Record] | Kind | None = None
    parameter: str = "id"

    def condition(self, view: View) -> Where:
        """The condition.

        Raises:
            NotFound: the parameter names a record that is not there, or that the caller may not see.
        """
        if self.value is None:
            return self.column.is_(None)
        if isinstance(self.value, tuple):
            if self.refers_to is not None:
                for found in self.value:
                    self._look(view, found)
            return self.column.in_(self.value)
        if isinstance(self.value, str):
            self._look(view, self.value)
        return self.column == self.value

    def _look(self, view: View, found: str) -> None:
        if self.refers_to is Kind.ZONE:
            zone_seen(view, found, self.parameter)
        elif self.refers_to is GuestNetwork:  # seen by those too whom it is open to
            network_seen(view, found, self.parameter)
        elif isinstance(self.refers_to, Kind):
            find(view.records.connection, self.refers_to, found, self.parameter)
        elif self.refers_to is not None:
            view.get(self.refers_to, found, self.parameter)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListParameters:
    """What every list takes."""

    page: int | None
    page_size: int
    keyword: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    asked: Asked

    @property
    def offset(self) -> int:
        """Objects before the page."""
        return 0 if self.page is None else (self.page - 1) * self.page_size


@dataclass
class Call:
    """A request for a command by a caller who is known. Names of parameters are CloudStack's, in lower case."""

    command: Command
    api: ApiCommand
    given: Parameters
    caller: Caller
    cloud: Cloud
    catalogue: Catalogue

    @property
    def name(self) -> str:
        """The command's name."""
        return self.command.name

    # -- parameters --------------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        """Whether a parameter was given, be it empty."""
        return name in self.given.values or name in self.given.entries

    def text(self, name: str) -> str | None:
        """A text as it was sent; None when it was not."""
        return self.given.values.get(name)

    def need(self, name: str) -> str:
        """A text that has to be there.

        Raises:
            InvalidInput: it is not.
        """
        value = self.given.values.get(name)
        if value is None:
            raise self.missing(name)
        return value

    def uuid(self, name: str) -> Uuid | None:
        """An id; None when it was not sent, or was sent empty or as `-1` (see `is_none`)."""
        value = self.given.values.get(name, "")
        return Uuid(value.lower()) if is_uuid(value) else None

    def need_uuid(self, name: str) -> Uuid:
        """An id that has to be there.

        Raises:
            InvalidInput: it is not.
        """
        found = self.uuid(name)
        if found is None:
            raise self.missing(name)
        return found

    def is_none(self, name: str) -> bool:
        """Whether `-1` was sent where an id is expected: *those that have none*."""
        return self.given.values.get(name) == NO_ID

    def integer(self, name: str) -> int | None:
        """A whole number; None when it was not sent."""
        value = self.given.values.get(name)
        return None if value is None else to_integer(value)

    def need_integer(self, name: str) -> int:
        """A whole number that has to be there.

        Raises:
            InvalidInput: it is not.
        """
        found = self.integer(name)
        if found is None:
            raise self.missing(name)
        return found

    @overload
    def flag(self, name: str) -> bool | None: ...
    @overload
    def flag(self, name: str, default: bool) -> bool: ...
    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """True or false; the default when it was not sent or says nothing (`None`)."""
        value = self.given.values.get(name)
        found = None if value is None else to_flag(value)
        return default if found is None else found

    def moment(self, name: str) -> datetime | None:
        """A time, UTC unless it says otherwise; None when it was not sent."""
        value = self.given.values.get(name)
        return None if value is None else to_date(value)

    def until(self, name: str) -> datetime | None:
        """The end of a span of time; a day without an hour means that day's end."""
        found = self.moment(name)
        if found is not None and names_a_day(self.given.values[name]):
            return found.replace(hour=23, minute=59, second=59, microsecond=999_999)
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """A comma separated list, blanks around its parts dropped; empty when it was not sent."""
        parts = self.given.values.get(name, "").split(",")
        return tuple(stripped for part in parts if (stripped := part.strip()))

    def uuids(self, name: str) -> tuple[Uuid, ...]:
        """A comma separated list of ids.

        Raises:
            InvalidInput: one is none.
        """
        found = self.texts(name)
        for value in found:
            if not is_uuid(value):
                raise refused(self.name, name, value, "not an id", "ids, separated by commas")
        return tuple(Uuid(value.lower()) for value in found)

    def maps(self, name: str) -> tuple[Mapping[str, str], ...]:
        """The entries of `name[0].inner=value`, inner names in lower case."""
        return tuple(
            {inner.lower(): value for inner, value in entry.items()}
            for entry in self.given.entries.get(name, ())
        )

    def pairs(self, name: str) -> dict[str, str]:
        """`name[0].key=k&name[0].value=v` as one mapping; also `name[0].k=v`, as details are sent."""
        found: dict[str, str] = {}
        for entry in self.given.entries.get(name, ()):
            inner = {key.lower(): value for key, value in entry.items()}
            if "key" in inner:
                found[inner["key"]] = inner.get("value", "")
            else:
                found.update(entry)
        return found

    def missing(self, name: str) -> InvalidInput:
        """The error for a parameter that this call needs."""
        return InvalidInput(
            f"Unable to execute API command {self.name.lower()} due to missing parameter {name}", code=INVALID
        )

    # -- lists -------------------------------------------------------------------------------------------------------

    @cached_property
    def listing(self) -> ListParameters:
        """Page, keyword, tags and scope.

        Raises:
            InvalidInput: a page without its size, or out of bounds.
        """
        page, size = self.integer("page"), self.integer("pagesize")
        if page is not None and size is None:
            raise InvalidInput(
                '"pagesize" parameter is required when "page" is specified', code=INVALID, hint="send both"
            )
        if page is not None and page < 1:
            raise refused(self.name, "page", str(page), "pages count from 1")
        if size is not None and size != -1 and not 0 < size <= MAX_PAGE:
            raise refused(self.name, "pagesize", str(size), "out of bounds", f"1 to {MAX_PAGE}")
        return ListParameters(
            page=page,
            page_size=MAX_PAGE if size == -1 else size or DEFAULT_PAGE,
            keyword=self.text("keyword") or None,
            tags=self.pairs("tags"),
            asked=self.asked,
        )

    @cached_property
    def asked(self) -> Asked:
        """Whose objects a list is about."""
        return Asked(
            account=self.text("account") or None,
            domain_id=self.uuid("domainid"),
            project_id=self.uuid("projectid"),
            all_projects=self.is_none("projectid"),
            list_all=self.flag("listall", default=False),
            recursive=self.flag("isrecursive", default=False),
            by_id="id" in self.given.values or "ids" in self.given.values,
        )

    def match(
        self, column: ColumnElement[Any], parameter: str, refers_to: type[Record] | Kind | None = None
    ) -> Match | None:
        """A condition from an id, text, number, flag or list, by the parameter's type; None when it was not sent.

        Args:
            column: what has to be equal (`columns(FirewallRule).public_ip_id`).
            parameter: CloudStack's name in lower case; `-1` for an id asks for those that have none.
            refers_to: what an id names, a record or a native object: an unknown id is then refused, as CloudStack does.
        """
        if parameter not in self.given.values:
            return None
        kind = next((param.type for param in self.api.params if param.name.lower() == parameter), "string")
        value: object
        if kind == "uuid" and self.is_none(parameter):
            return Match(column, None)
        if kind == "uuid":
            value = self.uuid(parameter)
        elif kind == "boolean":
            value = self.flag(parameter)
        elif kind in {"integer", "long", "short"}:
            value = self.integer(parameter)
        elif kind == "list":
            value = self.texts(parameter) or None
        else:
            value = self.text(parameter)
        return None if value is None else Match(column, value, refers_to, parameter)

    async def select(  # noqa: PLR0913 - what a list may need, each by its name
        self,
        record_type: type[R],
        *where: Match | Where | None,
        keyword: Sequence[str] = (),
        tags_of: str | None = None,
        order: Order | None = None,
        also: Callable[[View], Iterable[Where]] | None = None,
        id_opens: bool = True,
        opened_by: Sequence[str] = (),
        everybodys: Where | None = None,
        visible: Callable[[View, Scope], Sequence[Where]] | None = None,
    ) -> Rows:
        """A page of records, shown by the command's own view, with the count of all that fit.

        Args:
            record_type: what is listed; owned records are restricted to what the caller may see in this scope.
            where: conditions; None is passed over.
            keyword: fields that the keyword may be in.
            tags_of: CloudStack's name for the kind of thing (`Network`), when it may have tags.
            order: newest last when not given.
            also: further conditions that need to look at other records first.
            id_opens: whether `id` alone finds a thing of another account, as most of CloudStack's lists do
                (listNetworks and listFirewallRules do not).
            opened_by: other parameters that do the same (`vpcid`), where the thing that they name is a condition too.
            everybodys: what is in every list that it fits, whoever owns it.
            visible: what the caller may see in a scope, for things that are shared in other ways than by their owner.
        """
        answer = self.command.answer
        if not isinstance(answer, Listing) or answer.view is None:
            raise TypeError(f"{self.name} lists records and has no view for them")
        show, listing = answer.view, self.listing
        by_id = (listing.asked.by_id and id_opens) or any(self.text(name) for name in opened_by)
        asked = replace(listing.asked, by_id=by_id)
        minimal = self.texts("details") == ("min",)

        def read(view: View) -> Rows:
            conditions = [
                part.condition(view) if isinstance(part, Match) else part
                for part in where
                if part is not None
            ]
            c, scope = columns(record_type), resolve(view, asked)
            if also is not None:
                conditions.extend(also(view))
            if listing.keyword is not None and keyword:
                text = listing.keyword
                conditions.append(or_(*(c[name].icontains(text, autoescape=True) for name in keyword)))
            if listing.tags and tags_of is not None:
                conditions.extend(tagged(c.id, tags_of, listing.tags))
            seen = view.visible(record_type, scope) if visible is None else tuple(visible(view, scope))
            if seen and everybodys is not None:
                seen = (or_(and_(*seen), everybodys),)
            asked_for, conditions = conditions, [*conditions, *seen]
            records = view.records.select(
                record_type, *conditions, order=order, limit=listing.page_size, offset=listing.offset
            )
            if listing.offset or len(records) == listing.page_size:
                if visible is None and everybodys is None:
                    count = view.count(record_type, *asked_for, scope=scope)
                else:
                    count = view.records.count(record_type, *conditions)
            else:
                count = len(records)
            return Rows(show(records, See(view, minimal=minimal)), count) if records or count else Rows((), 0)

        return await self.read(read)

    # -- the cloud ---------------------------------------------------------------------------------------------------

    async def do(self, use_case: UseCase[Q, R], request: Q) -> Done[R]:
        """Do a use case; see `Cloud.do`. What the answer will tell of it is read in its transaction."""
        answer = self.command.answer
        view = answer.view if isinstance(answer, One) else None
        if view is None:
            return await self.cloud.do(self.caller, use_case, request)
        return await self.cloud.do(
            self.caller, use_case, request, lambda seen, record: view([record], See(seen))[0]
        )

    async def finish(self, use_case: UseCase[Q, R], request: Q) -> Done[R]:
        """Do a use case to its end: for commands that CloudStack answers only then.

        Raises:
            NetloomError: what it was refused for, at once or in its job.
            Unavailable: its job has not ended in time; it goes on (`still-running`).
        """
        done = await self.do(use_case, request)
        if done.job is None:
            return done
        job_id = done.job.id
        await self.cloud.jobs.settled(job_id, FINISH)
        job = await self.cloud.read_as(self.caller, lambda view: view.records.get(Job, job_id))
        if job is None or job.state in OPEN_STATES:
            raise Unavailable(
                f"job {job_id} has not ended within {FINISH:.0f} s",
                code="still-running",
                hint="ask for it with queryAsyncJobResult",
            )
        if job.state is not JobState.SUCCEEDED:
            raise of_job(job)
        return done

    async def permitted(self) -> None:
        """Let the call pass.

        Raises:
            Forbidden: the caller's role does not allow the command.
        """
        await self.read(lambda view: None)

    async def read(self, work: Callable[[View], T]) -> T:
        """Read with the permission for this command, also of the project that it names; see `Cloud.read`."""
        project_id = self.uuid("projectid")

        def permitted(view: View) -> T:
            project = None if project_id is None else view.records.get(Project, project_id)
            if project is not None:
                check_in_project(view, project.account_id, self.name)
            return work(view)

        return await self.cloud.read(self.caller, self.name, permitted)

    def paged(self, rows: Sequence[Row], *, keyword: Sequence[str] = ()) -> Rows:
        """The page that was asked for of rows that are all there; `keyword`: fields that the keyword may be in."""
        listing = self.listing
        if listing.keyword is not None and keyword:
            text = listing.keyword.lower()
            rows = [row for row in rows if any(text in str(row.get(name, "")).lower() for name in keyword)]
        return Rows(rows[listing.offset : listing.offset + listing.page_size], len(rows))

    def shown(self, found: Sequence[T], show: Callable[[Sequence[T]], Sequence[Row]]) -> Rows:
        """The page that was asked for of things that are all there: only those on it are shown."""
        listing = self.listing
        page = found[listing.offset : listing.offset + listing.page_size]
        return Rows(show(page) if page else (), len(found))


__all__ = [
    "Call",
    "Command",
    "Content",
    "JobAnswer",
    "ListParameters",
    "Listing",
    "One",
    "Page",
    "Row",
    "Rows",
    "See",
    "Success",
]
