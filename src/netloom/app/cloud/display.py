"""Whether users' lists show something: all that may change of some kinds of records, and told to nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

import msgspec

from netloom.app.cloud.endings import nothing_more
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.ids import Uuid
from netloom.model.cloud.record import Record

R = TypeVar("R", bound=Record)


class UpdateDisplay(msgspec.Struct, frozen=True, kw_only=True):
    """Whether lists show it; None stays."""

    id: Uuid
    for_display: bool | None = None


class _Displayed(Protocol):
    @property
    def for_display(self) -> bool:
        """Whether lists show it."""
        ...


def displaying(
    name: str, command: str, event: str, record_type: type[R], queue: Callable[[R], str]
) -> UseCase[UpdateDisplay, R]:
    """The use case that changes whether lists show a record, which has a field `for_display`."""

    def begin(work: Work, request: UpdateDisplay) -> R:
        record = work.get(record_type, request.id)
        shown = cast("_Displayed", record).for_display
        if request.for_display is not None:
            shown = request.for_display
        return work.update(msgspec.structs.replace(record, for_display=shown))

    return UseCase(
        name=name,
        command=command,
        event=event,
        request=UpdateDisplay,
        begin=begin,
        apply=nothing_more,
        queue=queue,
    )
