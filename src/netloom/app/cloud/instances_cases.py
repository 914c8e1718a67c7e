"""The use cases of instances whose second half needs to know what was asked: what they have alike is said here.

Rule 1: jobs of an instance run one after the other, in its own line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_life import queue_of
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work
from netloom.model.cloud.instances import Instance

Q = TypeVar("Q", bound=msgspec.Struct)


def asked(
    verb: str,
    command: str,
    event: str | None,
    request: type[Q],
    begin: Callable[[Work, Q], Instance],
    apply: Callable[[Doing, Instance], Awaitable[Ending | None]],
) -> UseCase[Q, Instance]:
    """`instance.VERB`: a job that keeps its request; the rest is as `UseCase` says it."""
    return UseCase(
        name=f"instance.{verb}",
        command=command,
        event=event,
        request=request,
        begin=begin,
        apply=apply,
        queue=queue_of,
        keep_request=True,
    )
