"""CloudStack's commands for appliances that it runs itself: netloom runs none, and says so with empty lists.

What gives services above layer 2 lives at its provider; clients that ask for routers on their way must not fail.
"""

from __future__ import annotations

from netloom.faces.cloudstack.answers import Rows
from netloom.faces.cloudstack.command import Call, Command, Listing


async def list_none(call: Call) -> object:
    """There is none."""
    await call.permitted()
    return Rows([], 0)


COMMANDS: tuple[Command, ...] = (
    Command("listRouters", list_none, Listing("router")),
    Command("listSystemVms", list_none, Listing("systemvm")),
)
