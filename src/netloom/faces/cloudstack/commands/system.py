"""CloudStack's commands for the system itself: what there is, what it can do, how it is set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netloom.app.cloud import configuration
from netloom.app.cloud.work import View
from netloom.base.errors import NotFound
from netloom.faces.cloudstack.command import Call, Command, Listing, One, Rows
from netloom.faces.cloudstack.discovery import listed
from netloom.faces.cloudstack.see import Row
from netloom.faces.cloudstack.table import ApiCommand, table_of
from netloom.faces.cloudstack.views.system import capability_row, setting_row
from netloom.model.cloud.configuration import SETTINGS
from netloom.model.cloud.identity import CallerKind
from netloom.model.cloud.permissions import ROOT_ADMIN_ROLE, Role, allowed


async def list_apis(call: Call) -> Rows:
    """Lists the commands that the caller may use, with their parameters and answers."""
    rows: Mapping[str, ApiCommand] = {**call.catalogue.table, **table_of(("login", "logout"))}
    wanted = call.text("name")
    if wanted is not None:
        found = rows.get(wanted.lower())
        if found is None:
            raise NotFound(f"there is no command {wanted[:64]!r}", code="command-not-found", subject="name")
        rows = {wanted.lower(): found}
    names = [row.name for row in rows.values()]
    allowed_names = await call.read(lambda view: _may_use(view, names))
    shown = listed(call.catalogue, rows, [*allowed_names, "login", "logout"])
    return Rows(shown, len(shown))


def _may_use(view: View, names: Sequence[str]) -> list[str]:
    caller = view.caller
    role = None if caller.role_id is None else view.records.get(Role, caller.role_id)
    if caller.kind is CallerKind.SYSTEM or caller.role_id == ROOT_ADMIN_ROLE:
        return list(names)
    return [] if role is None else [name for name in names if allowed(role, name)]


async def list_capabilities(call: Call) -> Row:
    """Tells what this cloud can do."""
    return await call.read(
        lambda view: capability_row(security_groups=True, values=configuration.values(view))
    )


async def list_configurations(call: Call) -> Rows:
    """Lists the settings that there are, with their values."""
    name, category, keyword = call.text("name"), call.text("category"), call.listing.keyword

    def read(view: View) -> list[Row]:
        values = configuration.values(view)
        return [
            setting_row(setting, values[setting.name])
            for setting in sorted(SETTINGS.values(), key=lambda setting: setting.name)
            if (not name or setting.name == name)
            and (not category or setting.category.lower() == category.lower())
            and (not keyword or keyword.lower() in setting.name)
        ]

    return call.paged(await call.read(read))


COMMANDS: tuple[Command, ...] = (
    Command("listApis", list_apis, Listing("api")),
    Command("listCapabilities", list_capabilities, One("capability")),
    Command("listConfigurations", list_configurations, Listing("configuration")),
)
