"""CloudStack's command that tells where an instance could be moved to."""

from __future__ import annotations

from netloom.app.cloud.infrastructure import host_facet
from netloom.app.cloud.instances_place import targets
from netloom.app.cloud.work import View
from netloom.faces.cloudstack.command import Call, Command, Listing, Rows
from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.infrastructure_hosts import host_rows
from netloom.model.cloud.instances import Instance

MAX_HOSTS = 500
"""Hosts that are told of."""


async def find_hosts_for_migration(call: Call) -> Rows:
    """Lists the hosts that an instance could be moved to, and those that it could not."""
    instance_id = call.need_uuid("virtualmachineid")
    keyword = (call.listing.keyword or "").lower()

    def look(view: View) -> list[Row]:
        found = targets(view, view.get(Instance, instance_id, "virtualmachineid"))
        found = [(host, reason) for host, reason in found if keyword in host.name.lower()]
        facets = [host_facet(view, host.id) for host, _ in found[:MAX_HOSTS]]
        rows = host_rows(facets, See(view))
        for row, (_, reason) in zip(rows, found, strict=False):
            row.update(suitableformigration=reason is None, requiresStorageMotion=False)
        return rows

    return call.paged(await call.read(look))


COMMANDS: tuple[Command, ...] = (Command("findHostsForMigration", find_hosts_for_migration, Listing("host")),)
