"""What listing, showing and deleting have in common for all kinds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import typer

from netloom.client import calls
from netloom.contract.hosts import Uplink
from netloom.contract.kinds import A, KindSchema, P, S
from netloom.contract.pages import MAX_LIMIT
from netloom.contract.resources import Resource
from netloom.faces.cli.failures import Exit
from netloom.faces.cli.options import parse_labels
from netloom.faces.cli.output import Format, ago, pairs, rows, show, text_of, write, write_data
from netloom.faces.cli.session import Session, session_of
from netloom.faces.cli.waiting import verdict, wait_done

Columns = Sequence[tuple[str, str]]
"""Heading and field of each column."""

_OWN = ("kind", "name", "id", "status", "findings")


def list_all(
    session: Session,
    schema: KindSchema[S, P, A],
    *,
    filters: Mapping[str, str],
    labels: Mapping[str, str],
    limit: int | None,
) -> list[A]:
    """All objects that match, page by page, at most `limit`."""
    found: list[A] = []
    cursor: str | None = None
    while True:
        left = MAX_LIMIT if limit is None else min(MAX_LIMIT, limit - len(found))
        page = session.send(calls.page(schema, filters=filters, labels=labels, limit=left, cursor=cursor))
        found += page.items
        cursor = page.next_cursor
        if cursor is None or len(found) == limit:
            return found


def list_objects(
    ctx: typer.Context,
    schema: KindSchema[S, P, A],
    columns: Columns,
    how: Format,
    *,
    label: list[str] | None,
    limit: int | None,
    **filters: str | None,
) -> None:
    """Fetch and write what matches; a filter of None is not asked for."""
    asked = {key: value for key, value in filters.items() if value is not None}
    items = list_all(session_of(ctx), schema, filters=asked, labels=parse_labels(label), limit=limit)
    write_list(items, columns, how)


def delete_object(
    ctx: typer.Context, schema: KindSchema[S, P, A], ref: str, noun: str, done: str = "deleted"
) -> None:
    """Delete one, and say so."""
    item = session_of(ctx).send(calls.delete(schema, ref))
    write(f"{noun} {item.name} {done}")


def write_list(items: Sequence[Resource], columns: Columns, how: Format) -> None:
    """A list as the user asked for it."""
    if how is not Format.TABLE:
        write_data(items, how)
    elif not items:
        write("none")
    else:
        show(rows([head for head, _ in columns], [_cells(item, columns) for item in items]))


def _cells(item: Resource, columns: Columns) -> list[str]:
    return [item.status.phase if field == "status" else text_of(getattr(item, field)) for _, field in columns]


def write_one(item: Resource, how: Format) -> None:
    """One object, all fields."""
    if how is not Format.TABLE:
        write_data(item, how)
        return
    show(pairs(describe(item)))


def describe(item: Resource) -> list[tuple[str, str]]:
    """Names and values of an object: identity first, then its own fields, then how it does."""
    lines = [("name", item.name), ("id", item.id)]
    for name in type(item).model_fields:
        value = getattr(item, name)
        if name in _OWN or name.endswith("_id") or value in (None, "", (), {}):
            continue
        lines.append((name.replace("_", " "), _field_text(name, value)))
    lines += status_lines(item)
    return lines


def _field_text(name: str, value: object) -> str:
    if name == "attachment":
        return f"{getattr(value, 'device', '')} on {getattr(value, 'host', '')}"
    if name == "uplinks" and isinstance(value, tuple):
        return ", ".join(uplink_text(uplink) for uplink in value if isinstance(uplink, Uplink))
    return text_of(value)


def uplink_text(uplink: Uplink) -> str:
    """An uplink as it is given: `core=eth1`, `core=bridge:br-ex`."""
    return f"{uplink.physical_network}={uplink.port or f'bridge:{uplink.bridge}'}"


def status_lines(item: Resource) -> list[tuple[str, str]]:
    """How far reality is, and what was found."""
    status = item.status
    lines: list[tuple[str, str]] = [("status", status.phase)]
    if status.since is not None:
        lines.append(("since", ago(status.since)))
    if status.reason:
        lines.append(("reason", f"{status.reason} [{status.code}]" if status.code else status.reason))
    if status.next_try is not None:
        lines.append(("next try", ago(status.next_try)))
    if status.behind:
        lines.append(("behind", ", ".join(status.behind)))
    for finding in item.findings:
        hint = f" ({finding.hint})" if finding.hint else ""
        lines.append((finding.severity, f"{finding.message}{hint} [{finding.code}]"))
    return lines


def create_object(
    ctx: typer.Context,
    schema: KindSchema[S, P, A],
    spec: S,
    how: Format,
    *,
    wait: float | None,
    said: Callable[[A], str],
) -> NoReturn:
    """Make one, once however often the request is sent; the rest as `finish`."""
    finish(ctx, schema, calls.create(schema, spec, key=str(uuid.uuid4())), how, wait=wait, said=said)


def finish(
    ctx: typer.Context,
    schema: KindSchema[S, P, A],
    call: calls.Call[A],
    how: Format,
    *,
    wait: float | None,
    said: Callable[[A], str],
) -> NoReturn:
    """Do it, wait when asked to, print what was done, and end with the exit status.

    Raises:
        typer.Exit: always.
    """
    session = session_of(ctx)
    item = session.send(call)
    if wait is not None:
        item = wait_done(session, schema, item, wait)
    if how is Format.TABLE:
        write(said(item))
    else:
        write_data(item, how)
    raise typer.Exit(Exit.DONE if wait is None else verdict(item, schema.noun))
