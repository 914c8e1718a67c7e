"""Commands of the cloud's kinds, made from the table of kinds when one of them is called.

Rule 1: a kind, action or field of the table is a noun, verb or option without a line here.
Rule 2: what a command prints is the object as the API answers it; a table chooses.
"""

from __future__ import annotations

import inspect
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from netloom.base.errors import NotFound
from netloom.contract.cloud import Action, RecordKind, record_kinds
from netloom.faces.cli.cloud_fields import parameter, values_of
from netloom.faces.cli.cloud_output import cells, name_of, write_object
from netloom.faces.cli.failures import Exit, note
from netloom.faces.cli.options import WAIT_SECONDS, Limit, Output, WaitSeconds
from netloom.faces.cli.output import Format, rows, show, text_of, write, write_data, write_plain
from netloom.faces.cli.session import Session, session_of
from netloom.faces.cli.waiting import progress

if TYPE_CHECKING:
    from netloom.client.cloud import Json

_STEP: Final = 2.0
_PAGE: Final = 1_000
_JOB: Final = "job"
_INSTANCE: Final = "instance"
_WAIT = Annotated[bool, typer.Option("--wait", help="Wait until its job has ended.")]


def noun_app(noun: str) -> typer.Typer:
    """The commands of one kind."""
    kind = next(kind for kind in record_kinds() if kind.noun == noun)
    app = typer.Typer(help=help_of(kind), no_args_is_help=True)
    _add(app, "list", _list_command(kind))
    _add(app, "show", _show_command(kind))
    for action in kind.actions:
        _add(app, action.verb, _action_command(kind, action))
    if noun == _JOB:
        _add(app, "wait", _wait_command(kind))
    if noun == _INSTANCE:
        _add(app, "unmanaged", _unmanaged_command())
    return app


def help_of(kind: RecordKind) -> str:
    """One line about a noun, as the native ones have it."""
    verbs = ["list", "show", *(action.verb for action in kind.actions)]
    return f"{kind.collection.replace('-', ' ').capitalize()}: {', '.join(verbs)}."


def _add(app: typer.Typer, name: str, command: Callable[..., None]) -> None:
    app.command(name)(command)


def _command(
    run: Callable[..., None], about: str, parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """A function that Typer reads as a command with these parameters."""

    def command(**given: Any) -> None:  # noqa: ANN401 - as the parameters say
        run(**given)

    ctx = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    ordered = sorted((ctx, *parameters), key=lambda each: each.kind)
    command.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in ordered}
    command.__doc__ = about
    return command


def _option(name: str, annotation: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_OUTPUT: Final = _option("output_", Output, Format.TABLE)


def _ref(kind: RecordKind) -> inspect.Parameter:
    named = f"Its {kind.name_field} or id." if kind.name_field else "Its id."
    annotation = Annotated[str, typer.Argument(metavar=kind.noun.upper(), help=named)]
    return inspect.Parameter("ref_", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)


def _list_command(kind: RecordKind) -> Callable[..., None]:
    names = dict.fromkeys((*kind.filters, *(("account", "domain", "project") if kind.owned else ())))

    def run(ctx: typer.Context, output_: Format, limit_: int | None, **filters: str | None) -> None:
        asked = {name: value for name, value in filters.items() if value is not None}
        items = every(session_of(ctx), kind, asked, limit_)
        if output_ is not Format.TABLE:
            write_plain(items, output_)
        elif not items:
            write("none")
        else:
            show(rows([*kind.columns, "status"], [cells(kind, item) for item in items]))

    options = [
        _option(
            name,
            Annotated[
                str | None,
                typer.Option(f"--{name.replace('_', '-')}", help="Only with this one.", show_default=False),
            ],
            None,
        )
        for name in names
    ]
    about = f"List {kind.collection.replace('-', ' ')}."
    return _command(run, about, [*options, _option("limit_", Limit, None), _OUTPUT])


def _show_command(kind: RecordKind) -> Callable[..., None]:
    def run(ctx: typer.Context, ref_: str, output_: Format) -> None:
        from netloom.client import cloud  # noqa: PLC0415 - keeps help fast

        write_object(session_of(ctx).send(cloud.get(kind, ref_)), output_)

    return _command(run, "Show one, all fields.", [_ref(kind), _OUTPUT])


def _action_command(kind: RecordKind, action: Action) -> Callable[..., None]:
    first = next(
        (field for field in action.fields if field.name == kind.name_field and field.required), None
    ) if not action.on_one else None  # fmt: skip

    def run(
        ctx: typer.Context, *, output_: Format, wait_: bool = False, seconds_: float = WAIT_SECONDS,
        ref_: str | None = None, **given: object,
    ) -> None:  # fmt: skip
        from netloom.client import cloud  # noqa: PLC0415 - keeps help fast

        session = session_of(ctx)
        values = values_of(action.fields, given)
        item = session.send(cloud.act(action, ref_, values, key=str(uuid.uuid4())))
        code = Exit.DONE
        if wait_:
            item, code = settled(session, kind, item, seconds_)
        if output_ is not Format.TABLE:
            write_plain(item, output_)
        else:
            write(said(kind, action, item))
        raise typer.Exit(code)

    waits = (
        [_option("wait_", _WAIT, default=False), _option("seconds_", WaitSeconds, WAIT_SECONDS)]
        if action.job
        else []
    )
    fields = [parameter(field, kind.noun, positional=field is first) for field in action.fields]
    refs = [_ref(kind)] if action.on_one else []
    return _command(run, action.about, [*refs, *fields, *waits, _OUTPUT])


def _wait_command(kind: RecordKind) -> Callable[..., None]:
    def run(ctx: typer.Context, ref_: str, seconds_: float, output_: Format) -> None:
        from netloom.client import cloud  # noqa: PLC0415 - keeps help fast

        session = session_of(ctx)
        item, code = settled(session, kind, session.send(cloud.get(kind, ref_)), seconds_)
        write_object(item, output_)
        raise typer.Exit(code)

    return _command(
        run, "Wait until it has ended.", [_ref(kind), _option("seconds_", WaitSeconds, WAIT_SECONDS), _OUTPUT]
    )


def _unmanaged_command() -> Callable[..., None]:
    def run(ctx: typer.Context, output_: Format) -> None:
        from netloom.client import cloud  # noqa: PLC0415 - keeps help fast

        found = session_of(ctx).send(cloud.unmanaged_instances())
        if output_ is not Format.TABLE:
            write_data(found, output_)
        elif not found.items:
            write("none")
        else:
            heads = ("name", "host", "hypervisor", "running", "interfaces")
            cells = [
                [
                    each.name,
                    each.host,
                    each.hypervisor,
                    text_of(each.running),
                    text_of([nic.mac for nic in each.nics]),
                ]
                for each in found.items
            ]
            show(rows(heads, cells))

    return _command(run, "List machines that no instance stands for; import takes one over.", [_OUTPUT])


def every(session: Session, kind: RecordKind, asked: Mapping[str, str], limit: int | None) -> list[Json]:
    """All that match, page by page, at most `limit`."""
    from netloom.client import cloud  # noqa: PLC0415 - keeps help fast

    found: list[Json] = []
    cursor: str | None = None
    while True:
        left = _PAGE if limit is None else min(_PAGE, limit - len(found))
        page = session.send(cloud.page(kind, asked, limit=left, cursor=cursor))
        found += page.items
        cursor = page.next_cursor
        if cursor is None or len(found) == limit:
            return found


def settled(session: Session, kind: RecordKind, item: Json, seconds: float) -> tuple[Json, Exit]:
    """The object when its job has ended or the time is over, and what a script is told."""
    from netloom.client import cloud  # noqa: PLC0415 - keeps help fast

    jobs = next(kind for kind in record_kinds() if kind.noun == _JOB)
    began, job_id = time.monotonic(), item["status"].get("job_id")
    with progress() as tell:
        while (
            job_id
            and item["status"]["phase"] == "Pending"
            and (left := began + seconds - time.monotonic()) > 0
        ):
            tell(f"{kind.noun} {name_of(kind, item)}: {item['status'].get('reason', '')}")
            job = session.send(cloud.get(jobs, job_id, wait=min(left, _STEP)))
            item = {**item, "status": job["status"]}
    status = item["status"]
    if status["phase"] == "Done":
        try:
            found: Json = session.send(cloud.get(kind, item["id"]))
        except NotFound:  # it was deleted, and is told as it was last
            return item, Exit.DONE
        return {**found, "status": status}, Exit.DONE
    if status["phase"] == "Error":
        note(f"{kind.noun} {name_of(kind, item)}: {status.get('reason')} [{status.get('code')}]")
        return item, _FAILURES.get(status.get("error") or "", Exit.FAILED)
    note(f"{kind.noun} {name_of(kind, item)} is not done: {status.get('reason')} (job {job_id})")
    return item, Exit.NOT_DONE


_FAILURES: Final = {
    "InvalidInput": Exit.USAGE, "NotFound": Exit.NOT_FOUND, "Conflict": Exit.CONFLICT, "Exhausted": Exit.CONFLICT,
    "Unavailable": Exit.UNAVAILABLE,
}  # fmt: skip


def said(kind: RecordKind, action: Action, item: Json) -> str:
    """What was done, in a line."""
    told = next((each for each in record_kinds() if each.kind == item["kind"]), kind)
    status = item["status"]
    how = f"{action.verb} {status['phase'].lower()}"
    if action.verb == "cancel":  # the status is that of the job that was cancelled
        how = str(item["state"]).lower()
    tail = f"; job {status['job_id']} goes on" if status["phase"] == "Pending" else ""
    if item.get("secret"):
        tail += f"\nkey    {item['key']}\nsecret {item['secret']}\nThe secret is shown this once."
    if item.get("private_key"):
        tail += f"\n{item['private_key'].rstrip()}\nThe private key is shown this once."
    return f"{told.noun} {name_of(told, item)}: {how} ({item['id']}){tail}"
