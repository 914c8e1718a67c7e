"""Lists come in pages; a cursor is opaque and stays valid while the store knows its revision."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from netloom.contract.fields import Answer

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
MAX_CURSOR = 512

T = TypeVar("T")


class Page(Answer, Generic[T]):
    """One page of a list.

    Pass `next_cursor` as `?cursor=` to get the next; null on the last one. `revision` is where a watch starts that
    misses nothing after this list.
    """

    items: tuple[T, ...]
    next_cursor: Annotated[str | None, Field(max_length=MAX_CURSOR)] = None
    revision: int = 0
