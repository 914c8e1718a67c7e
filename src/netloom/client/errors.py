"""Problem details back to exceptions; the inverse of what the REST face does.

Rule 1: the class follows the status, so that `except NotFound` means the same here as inside netloom.
Rule 2: an answer that is no problem of ours (a proxy's page) is still told with its status and first words.
"""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError

from netloom.base.errors import (
    Conflict,
    Exhausted,
    Forbidden,
    InvalidInput,
    NetloomError,
    NotFound,
    PeerError,
    StaleVersion,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from netloom.contract.problems import Mistake, Problem

_BY_STATUS: Final[dict[int, type[NetloomError]]] = {
    400: InvalidInput,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: InvalidInput,
    422: InvalidInput,
    429: TooMany,
    502: PeerError,
    503: Unavailable,
    504: Unavailable,
}


class FileError(InvalidInput):
    """A file (or body) with mistakes, each with its place. Not empty.

    Attributes:
        mistakes: the first of them.
        omitted: how many more there are.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail, code=problem.code, subject=problem.field, hint=problem.hint)
        self.mistakes: tuple[Mistake, ...] = problem.errors or (
            Mistake(
                detail=problem.detail,
                field=problem.field,
                hint=problem.hint,
                document=problem.document,
                line=problem.line,
                column=problem.column,
            ),
        )
        self.omitted = problem.errors_omitted


class NoAnswer(Unavailable):
    """The daemon could not be reached, or hung up; `maybe_done` when the request may have been done all the same."""

    code = "no-answer"

    def __init__(self, message: str, *, hint: str | None = None, maybe_done: bool) -> None:
        super().__init__(message, subject="netloomd", hint=hint)
        self.maybe_done = maybe_done


def error_of(status: int, body: bytes) -> NetloomError:
    """The exception that an error answer stands for."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        text = body[:200].decode("utf-8", "replace").strip()
        kind = _BY_STATUS.get(status, NetloomError)
        return kind(f"HTTP status {status}: {text}", code="http-error")
    return error_of_problem(problem)


def error_of_problem(problem: Problem) -> NetloomError:
    """The exception that a problem stands for."""
    if problem.status == StaleVersion.status and problem.current is not None:
        return StaleVersion(problem.detail, current=problem.current, subject=problem.field)
    if problem.errors or problem.line is not None:
        return FileError(problem)
    # `segments-exhausted`, `addresses-exhausted`: a conflict that only more room settles.
    kind = (
        Exhausted if problem.code.endswith(Exhausted.code) else _BY_STATUS.get(problem.status, NetloomError)
    )
    return kind(
        problem.detail,
        code=problem.code,
        subject=problem.field,
        hint=problem.hint,
        retry_after=problem.retry_after,
    )
