"""Reading records: one by name or id, pages of a kind with filters.

Rule 1: a page is read in the order of making, from a cursor on; its cost does not grow with what is before it.
Rule 2: what a caller may not see is not found; a kind that is the operator's is refused to others as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import inspect

from netloom.app.cloud.identity_owner import named, project_seen
from netloom.app.cloud.projects_allowed import check_command
from netloom.app.cloud.resources import seen
from netloom.app.cloud.resources.computed import COMPUTED
from netloom.app.cloud.resources.fields import Value, check_value, struct_fields
from netloom.app.cloud.resources.kinds import CloudKind
from netloom.app.cloud.resources.shown import FACETS, Row, rows
from netloom.app.cloud.resources.targets import EVERYTHING, NATIVE, Names, Target, ambiguous
from netloom.app.cloud.visibility import Scope
from netloom.app.cloud.work import View, missing
from netloom.base.errors import Forbidden, InvalidInput
from netloom.base.ids import Uuid, is_uuid
from netloom.model.cloud.identity import Domain, Project
from netloom.model.cloud.record import AccountId, Owned, Record
from netloom.store.catalog import find
from netloom.store.cloud.records import Where, columns

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
OWNERS: Final = ("account", "domain", "project")
"""Filters that say whose records are listed."""

_DOMAIN: Final = Target("domain", record=Domain)
_PROJECT: Final = Target("project", record=Project)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for: `cursor` is the `next_cursor` of the page before."""

    filters: Mapping[str, str] = field(default_factory=dict)
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    items: Sequence[Row]
    next_cursor: str | None


def check_readable(view: View, kind: CloudKind) -> None:
    """Let a caller read a kind.

    Raises:
        Forbidden: the kind belongs to nobody and is for operators.
    """
    if not kind.readable and not view.caller.is_root:
        raise Forbidden(
            f"{kind.spec.collection} are the operator's",
            code="not-permitted",
            subject=kind.spec.list_command,
            hint="ask with the administrator's token, or an administrator's keys",
        )


def one(view: View, kind: CloudKind, ref: str, subject: str = "ref") -> Record:
    """A record by name or id.

    Raises:
        NotFound: the caller sees none that is called so.
        Conflict: more than one is (`ambiguous-name`).
    """
    if not ref.isprintable():
        raise missing(kind.record, ref, subject)
    if kind.record in FACETS:
        item = find(view.records.connection, NATIVE[FACETS[kind.record]], ref, subject)
        facets = (each for each in COMPUTED[kind.record](view) if each.id == item.id)
        return _first(facets, kind, ref, subject)
    computed = COMPUTED.get(kind.record)
    if computed is not None:
        found = [each for each in computed(view) if ref in {each.id, getattr(each, "name", None)}]
        if len(found) > 1:
            raise ambiguous(kind.record, found, ref, subject)
        return _first(found, kind, ref, subject)
    target_id = ref.lower() if is_uuid(ref) else _named(view, kind, ref, subject)
    return seen.get(view, kind.record, target_id, subject)


def page(view: View, kind: CloudKind, asked: Asked) -> Page:
    """A page of a kind, as far as the caller sees it.

    Raises:
        InvalidInput: a filter, limit or cursor that cannot be.
        NotFound, Conflict: a filter names what is not there, or several things.
    """
    after = _cursor(asked.cursor)
    computed = COMPUTED.get(kind.record)
    if computed is not None:
        return _in_memory(view, kind, computed(view), asked, after)
    c = columns(kind.record)
    conditions, scope = _conditions(view, kind, asked.filters)
    if after:
        conditions.append(c.number > after)
    found = seen.select(view, kind.record, *conditions, scope=scope, limit=asked.limit + 1)
    more = len(found) > asked.limit
    shown = found[: asked.limit]
    return Page(rows(view, kind, shown), str(shown[-1].number) if more else None)


def _first(found: Iterable[Record], kind: CloudKind, ref: str, subject: str) -> Record:
    record = next(iter(found), None)
    if record is None:
        raise missing(kind.record, ref, subject)
    return record


def _named(view: View, kind: CloudKind, ref: str, subject: str) -> Uuid:
    return Names(view).resolve(Target(kind.word, record=kind.record), ref, subject)


def _cursor(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise InvalidInput(
            "the cursor is not one of ours", subject="cursor", hint="as in next_cursor", code="bad-cursor"
        )
    return int(text)


def _in_memory(view: View, kind: CloudKind, every: Sequence[Record], asked: Asked, after: int) -> Page:
    """The same for kinds of which there are few; the cursor counts them."""
    shown = [row for row in rows(view, kind, every) if _fits(row, kind, asked.filters)]
    end = after + asked.limit
    return Page(shown[after:end], str(end) if len(shown) > end else None)


def _fits(row: Row, kind: CloudKind, filters: Mapping[str, str]) -> bool:
    for name, text in filters.items():
        if name not in kind.spec.filters:
            raise _unknown_filter(kind, name)
        value, ident = row.get(name), row.get(f"{name}_id")
        if isinstance(value, bool):
            value = str(value).lower()
        if text not in {str(value), ident}:
            return False
    return True


def _conditions(view: View, kind: CloudKind, filters: Mapping[str, str]) -> tuple[list[Where], Scope]:
    c = columns(kind.record)
    own = {field.name: field for field in struct_fields(kind.record)}
    fields = {shown: (name, target) for name, (shown, target) in kind.targets.items()}
    conditions: list[Where] = []
    scope = _scope(view, kind, filters) if issubclass(kind.record, Owned) else EVERYTHING
    for name, text in filters.items():
        if issubclass(kind.record, Owned) and name in OWNERS:
            continue
        if name not in kind.spec.filters:
            raise _unknown_filter(kind, name)
        check_value(text, name)
        if name in fields:
            column, target = fields[name]
            conditions.append(c[column] == Names(view).resolve(target, text, name))
        else:
            conditions.append(c[name] == _value(kind, own[name], text))
    return conditions, scope


def _scope(view: View, kind: CloudKind, filters: Mapping[str, str]) -> Scope:
    account, domain, project = (filters.get(name) for name in OWNERS)
    if project is not None:
        found = project_seen(view, Names(view).resolve(_PROJECT, project, "project"), "project")
        check_command(view, found, kind.spec.list_command)
        return Scope(account_ids=(found.account_id,))
    domain_id = None if domain is None else Names(view).resolve(_DOMAIN, domain, "domain")
    if account is not None:
        return Scope(account_ids=(AccountId(named(view, account, domain_id).id),))
    if domain_id is not None:
        above = view.records.get(Domain, domain_id)
        return Scope(domain_path="" if above is None else above.path)
    return EVERYTHING


def _value(kind: CloudKind, field: inspect.Field, text: str) -> Value:
    """A filter's text as the column has it."""
    found = field.type
    if isinstance(found, inspect.UnionType):
        found = next(part for part in found.types if not isinstance(part, inspect.NoneType))
    if isinstance(found, inspect.BoolType):
        if text.lower() not in {"true", "false"}:
            raise InvalidInput(f"{field.name} is {text[:40]!r}", subject=field.name, hint="true or false")
        return text.lower() == "true"
    if isinstance(found, inspect.IntType):
        if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > 18:
            raise InvalidInput(f"{field.name} is {text[:40]!r}", subject=field.name, hint="a whole number")
        return int(text)
    if isinstance(found, inspect.EnumType):
        for item in found.cls:
            if str(item.value).lower() == text.lower():
                return str(item.value)
        words = ", ".join(str(item.value) for item in found.cls)
        raise InvalidInput(f"{field.name} is {text[:40]!r}", subject=field.name, hint=f"one of {words}")
    return text


def _unknown_filter(kind: CloudKind, name: str) -> InvalidInput:
    known = (*kind.spec.filters, *(OWNERS if issubclass(kind.record, Owned) else ()))
    return InvalidInput(
        f"there is no parameter {name[:64]!r}",
        subject=name[:64],
        hint=f"one of {', '.join(('limit', 'cursor', *known))}",
        code="unknown-parameter",
    )
