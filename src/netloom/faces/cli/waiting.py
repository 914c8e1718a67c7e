"""`--wait`: asks the server to wait, shows how far it is, and says at the end whether it got there."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from netloom.client import calls
from netloom.contract.kinds import A, KindSchema, P, S
from netloom.faces.cli.failures import Exit, note
from netloom.faces.cli.output import span

if TYPE_CHECKING:
    from netloom.contract.resources import Resource
    from netloom.faces.cli.session import Session

_STEP: Final = 2.0
"""Seconds that one request waits: how often the progress line is renewed."""


def wait_done(session: Session, schema: KindSchema[S, P, A], item: A, seconds: float) -> A:
    """The object when it is Done or the time is over; progress on stderr when that is a terminal."""
    deadline = time.monotonic() + seconds
    began = time.monotonic()
    with progress() as tell:
        while item.status.phase != "Done" and (left := deadline - time.monotonic()) > 0:
            tell(f"{schema.noun} {item.name}: {progress_of(item)} ({span(time.monotonic() - began)})")
            item = session.send(calls.get(schema, item.id, wait=min(left, _STEP)))
    return item


def progress_of(item: Resource) -> str:
    """How far an object is, in a line."""
    status = item.status
    parts: list[str] = [status.phase]
    if status.reason:
        parts.append(status.reason)
    if status.behind:
        parts.append("behind: " + ", ".join(status.behind[:5]) + (" …" if len(status.behind) > 5 else ""))
    return ", ".join(parts)


def verdict(item: Resource, noun: str) -> Exit:
    """The exit status after a wait; says on stderr why it is not Done."""
    if item.status.phase == "Done":
        return Exit.DONE
    note(f"{noun} {item.name} is not done: {progress_of(item)}")
    return Exit.NOT_DONE


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A function that renews one line on stderr; does nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415

    with Console(stderr=True).status("…") as status:
        yield lambda text: status.update(escape(text))
