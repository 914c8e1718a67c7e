"""The change stream of `/v1/watch`: one JSON object a line.

Rule 1: level, not edge: a change says *look at this object again*; several may have been folded into one.
Rule 2: bookmarks carry the revision to resume from; they also show that the stream is alive.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from netloom.contract.fields import Answer, Id
from netloom.contract.problems import Problem

MEDIA_TYPE = "application/x-ndjson"


class Change(Answer):
    """An object was created, changed or deleted."""

    type: Literal["change"] = "change"
    revision: int
    kind: str
    id: Id
    name: str
    action: Annotated[
        str,
        Field(
            description="created, updated, deleted, or state (a state moved, intent did not change).",
            examples=["created"],
        ),
    ]
    generation: int
    at: dt.datetime


class Bookmark(Answer):
    """Everything up to `revision` was told; resume with `?since=` this."""

    type: Literal["bookmark"] = "bookmark"
    revision: int


class StreamError(Answer):
    """The stream ends here, for this reason."""

    type: Literal["error"] = "error"
    problem: Problem
