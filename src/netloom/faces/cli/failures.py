"""Failures as a person reads them, and exit statuses as scripts do.

Rule 1: one exit status per way to go on: fix the request, look for the object, read it again, try later.
Rule 2: the text on stderr has what, where and the hint; a trace is only for bugs.
"""

from __future__ import annotations

import enum
import sys

from netloom.base.errors import (
    Conflict,
    Exhausted,
    InvalidInput,
    NetloomError,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
)

STOPPED = "apply-stopped"
"""The code of a file that was refused after some of it was done."""


class Exit(enum.IntEnum):
    """Exit statuses of `netloom`."""

    DONE = 0
    FAILED = 1  # refused or failed in a way that has no status of its own (not allowed, internal error)
    USAGE = 2  # the command line, a file or a value can never be right
    NOT_FOUND = 3
    CONFLICT = 4  # it clashes with what is there, was changed meanwhile, or nothing is left of a range
    UNAVAILABLE = 5  # no answer, or asked too often: try again later
    NOT_DONE = 6  # --wait: the time was over before the status was Done
    DRIFT = 7  # diff: something differs


def exit_of(error: NetloomError) -> Exit:
    """The exit status for an error."""
    match error:
        case InvalidInput() | TooLarge():
            return Exit.USAGE
        case NotFound():
            return Exit.NOT_FOUND
        case Conflict() | Exhausted():
            return Exit.CONFLICT
        case Unavailable() | TooMany():
            return Exit.UNAVAILABLE
        case _:
            return Exit.FAILED


def tell(error: NetloomError, file: str | None = None) -> None:
    """Write an error to stderr; `file` stands before positions in it."""
    mistakes = getattr(error, "mistakes", None)
    if mistakes is None:
        where = f"{error.subject}: " if error.subject else ""
        _line(f"{_red('error')}: {where}{error.message} [{error.stable_code}]")
        if error.hint:
            _line(f"  hint: {error.hint}")
        return
    for mistake in mistakes:
        place = ":".join(str(part) for part in (file, mistake.line, mistake.column) if part is not None)
        where = f"{mistake.field}: " if mistake.field else ""
        _line(f"{place + ': ' if place else ''}{_red('error')}: {where}{mistake.detail}")
        if mistake.hint:
            _line(f"  hint: {mistake.hint}")
    omitted: int = getattr(error, "omitted", 0)
    if omitted:
        _line(f"and {omitted} more")
    changed = "the file was stopped here" if error.stable_code == STOPPED else "nothing was changed"
    _line(f"{changed} [{error.stable_code}]")


def note(text: str) -> None:
    """Write something that is neither an answer nor an error."""
    _line(text)


def _line(text: str) -> None:
    sys.stderr.write(text + "\n")


def _red(text: str) -> str:
    return f"\x1b[1;31m{text}\x1b[0m" if sys.stderr.isatty() else text
