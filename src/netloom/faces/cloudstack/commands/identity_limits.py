"""CloudStack's commands for limits of resources, and for changing settings."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.configuration_change import RESET, UPDATE
from netloom.app.cloud.limits_change import UPDATE as UPDATE_LIMIT
from netloom.app.cloud.limits_change import UpdateLimit, limits_of, owner_asked, used_of
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.command import Call, Command, Listing, One, Row, Rows, See
from netloom.faces.cloudstack.views.identity_resources import kind_fields, limit_rows, owner_fields
from netloom.faces.cloudstack.views.system import setting_row
from netloom.model.cloud.configuration import SETTINGS, Configuration
from netloom.model.cloud.limits import ResourceType, type_of_number

SCOPES = ("accountid", "domainid", "clusterid", "zoneid", "storageid", "imagestoreuuid", "imagestoreid")


async def update_resource_limit(call: Call) -> object:
    """Sets the limit of an account, a project or a domain; -1 for none."""
    return await call.do(
        UPDATE_LIMIT,
        UpdateLimit(
            type=type_of_number(call.need_integer("resourcetype")),
            max=call.integer("max"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def list_resource_limits(call: Call) -> Rows:
    """Lists the limits of an account, a project or a domain; the caller's own unless told otherwise."""
    kinds = _kinds(call)

    def read(view: View) -> list[Row]:
        owner = owner_asked(view, *_owner(call))
        whose, limits = owner_fields(owner, See(view)), limits_of(view, owner)
        return [{**whose, **kind_fields(kind), "max": limits[kind]} for kind in kinds]

    return call.paged(await call.read(read))


async def update_resource_count(call: Call) -> Rows:
    """Counts what an account, a project or a domain uses. netloom counts each time: no count is ever wrong."""
    kinds = _kinds(call)

    def read(view: View) -> list[Row]:
        owner = owner_asked(view, *_owner(call))
        whose, used = owner_fields(owner, See(view)), used_of(view, owner)
        return [{**whose, **kind_fields(kind), "resourcecount": used.get(kind, 0)} for kind in kinds]

    return call.paged(await call.read(read))


async def update_configuration(call: Call) -> object:
    """Sets a setting of the cloud; it holds from then on."""
    _check_scope(call)
    value = call.text("value")
    if value is None:
        raise call.missing("value")
    return await call.do(UPDATE, UpdateConfiguration(name=call.need("name"), value=value))


async def reset_configuration(call: Call) -> object:
    """Sets a setting of the cloud back to its default."""
    _check_scope(call)
    return await call.do(RESET, UpdateConfiguration(name=call.need("name")))


def _configuration_rows(found: Sequence[Configuration], _see: See) -> list[Row]:
    return [setting_row(SETTINGS[each.name], each.value) for each in found]


def _check_scope(call: Call) -> None:
    for name in SCOPES:
        if call.text(name):
            raise InvalidInput(
                "settings hold for the whole cloud",
                subject=name,
                hint="leave it out; limits are set by limits",
            )


def _owner(call: Call) -> tuple[str | None, Uuid | None, Uuid | None]:
    return call.text("account") or None, call.uuid("domainid"), call.uuid("projectid")


def _kinds(call: Call) -> tuple[ResourceType, ...]:
    number, name = call.integer("resourcetype"), call.text("resourcetypename")
    if number is not None:
        return (type_of_number(number),)
    if name:
        found = tuple(kind for kind in ResourceType if kind.value == name.strip().lower())
        if not found:
            raise InvalidInput(
                f"there is no resource {name[:64]!r}",
                subject="resourcetypename",
                hint=", ".join(kind.value for kind in ResourceType),
            )
        return found
    return tuple(ResourceType)


COMMANDS: tuple[Command, ...] = (
    Command("updateResourceLimit", update_resource_limit, One("resourcelimit", limit_rows)),
    Command("listResourceLimits", list_resource_limits, Listing("resourcelimit")),
    Command("updateResourceCount", update_resource_count, Listing("resourcecount")),
    Command("updateConfiguration", update_configuration, One("configuration", _configuration_rows)),
    Command("resetConfiguration", reset_configuration, One("configuration", _configuration_rows)),
)
