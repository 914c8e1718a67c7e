"""CloudStack's commands for what it keeps or runs itself and netloom has none of: netloom says so with empty lists.

What gives services above layer 2 lives at its provider, disks and images are the hypervisors'. Clients that ask for them on
their way must not fail: Terraform looks for an instance's root volume each time that it reads one, libcloud for routers.
"""

from __future__ import annotations

from netloom.faces.cloudstack.answers import ListingNone
from netloom.faces.cloudstack.command import Call, Command, Rows


async def list_none(call: Call) -> Rows:
    """Lists nothing: netloom has none."""
    await call.permitted()
    return call.paged(())


COMMANDS: tuple[Command, ...] = tuple(
    Command(name, list_none, ListingNone(key))
    for name, key in (
        ("listRouters", "router"),
        ("listSystemVms", "systemvm"),
        ("listDiskOfferings", "diskoffering"),
        ("listVolumes", "volume"),
        ("listSnapshots", "snapshot"),
        ("listIsos", "iso"),
    )
)
