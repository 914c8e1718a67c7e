"""The use cases of a kind of rules: what all of them have alike is said here, and a kind says its words.

Rule 1: making, changing and ending a rule are jobs in its network's line; how each goes is `rules_life`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from netloom.app.cloud.rules_life import apply, apply_if_new, line, unapply, withdraw
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.model.cloud.rules import Rule

Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Rule)


def making(
    name: str, command: str, event: str, request: type[Q], begin: Callable[[Work, Q], R]
) -> UseCase[Q, R]:
    """A new rule; one that its provider refuses is taken out again."""
    return UseCase(
        name=name,
        command=command,
        event=event,
        request=request,
        begin=begin,
        apply=apply,
        undo=withdraw,
        queue=line,
    )


def changing(
    name: str, command: str, event: str, request: type[Q], begin: Callable[[Work, Q], R]
) -> UseCase[Q, R]:
    """A rule that is otherwise from now on; what lists only show of it is not told to its provider."""
    return UseCase(
        name=name,
        command=command,
        event=event,
        request=request,
        begin=begin,
        apply=apply_if_new,
        queue=line,
    )


def ending(
    name: str, command: str, event: str, request: type[Q], begin: Callable[[Work, Q], R]
) -> UseCase[Q, R]:
    """A rule that goes."""
    return UseCase(
        name=name,
        command=command,
        event=event,
        request=request,
        begin=begin,
        apply=unapply,
        queue=line,
    )
