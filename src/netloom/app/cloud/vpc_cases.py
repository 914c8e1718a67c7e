"""The use cases of a VPC's parts: what all of them have alike is said here, and a kind says its words.

Rule 1: making and ending a part are jobs in its VPC's line; one that its router refuses is taken out again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.endings import withdraw
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work
from netloom.model.cloud.routes import PrivateGateway, StaticRoute
from netloom.model.cloud.vpn import VpnConnection, VpnGateway

Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", PrivateGateway, StaticRoute)


def line(part: PrivateGateway | StaticRoute | VpnConnection | VpnGateway) -> str:
    """The line in which the jobs of a part wait: its VPC's."""
    return f"vpc/{part.vpc_id}"


def making(
    name: str,
    command: str,
    event: str,
    request: type[Q],
    begin: Callable[[Work, Q], R],
    tell: Callable[[Doing, R], Awaitable[Ending]],
) -> UseCase[Q, R]:
    """A new part."""
    return UseCase(
        name=name,
        command=command,
        event=event,
        request=request,
        begin=begin,
        apply=tell,
        undo=withdraw,
        queue=line,
    )


def ending(
    name: str,
    command: str,
    event: str,
    request: type[Q],
    begin: Callable[[Work, Q], R],
    tell: Callable[[Doing, R], Awaitable[Ending]],
) -> UseCase[Q, R]:
    """A part that goes."""
    return UseCase(
        name=name, command=command, event=event, request=request, begin=begin, apply=tell, queue=line
    )
