"""CloudStack's commands for what instances are made of: templates, operating systems, hypervisors."""

from __future__ import annotations

from collections.abc import Callable

from netloom.app.cloud import infrastructure, templates
from netloom.app.cloud.infrastructure import zone_seen
from netloom.app.cloud.templates_os import OS_TYPES, category_id
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Rows, Success
from netloom.faces.cloudstack.see import See
from netloom.faces.cloudstack.table import INVALID
from netloom.faces.cloudstack.unused import check_stays
from netloom.faces.cloudstack.views.templates import category_rows, os_row, template_rows
from netloom.model.cloud.instances import Template
from netloom.store.cloud.records import Where, columns

FILTERS = ("featured", "self", "selfexecutable", "sharedexecutable", "executable", "community", "all")


async def list_templates(call: Call) -> object:
    """Lists templates."""
    c = columns(Template)
    return await call.select(
        Template,
        *_filtered(call),
        call.match(c.id, "id"),
        call.match(c.id, "ids"),
        call.match(c.name, "name"),
        call.match(c.hypervisor, "hypervisor"),
        call.match(c.arch, "arch"),
        *_of_type(call),
        also=_in_zone(call),
        keyword=("name", "display_text"),
        tags_of="Template",
    )


def _of_type(call: Call) -> list[Where]:
    """`templatetype`, and `isvnf`: no template is of a network function."""
    c, kind = columns(Template), (call.text("templatetype") or "").upper()
    found: list[Where] = [c.id.is_(None)] if call.flag("isvnf") else []
    if kind in {"USER", "BUILTIN"}:
        found.append(c.registered.is_(kind == "USER"))
    elif kind:
        found.append(c.id.is_(None))
    return found


def _in_zone(call: Call) -> Callable[[View], list[Where]]:
    """Every template is of every zone; a zone that is not there has none."""
    zone_id = call.uuid("zoneid")

    def look(view: View) -> list[Where]:
        if zone_id is not None:
            zone_seen(view, zone_id, "zoneid")
        return []

    return look


def _filtered(call: Call) -> list[Where]:
    """What a `templatefilter` lets through: templates are the operators', public or not."""
    wanted, c = call.need("templatefilter").lower(), columns(Template)
    if wanted not in FILTERS:
        raise InvalidInput(
            f"there is no template filter {wanted[:32]!r}", code=INVALID, hint=", ".join(FILTERS)
        )
    seen: list[Where] = [] if call.caller.is_root else [c.public.is_(True)]
    if wanted == "all" and not call.caller.is_root:
        raise InvalidInput("the template filter all is for administrators", code=INVALID)
    if wanted == "featured":
        return [*seen, c.featured.is_(True), c.public.is_(True)]
    if wanted in {"self", "selfexecutable", "sharedexecutable"}:
        return [*seen, c.registered.is_(True)] if call.caller.is_root else [c.id.is_(None)]
    if wanted == "community":
        return [*seen, c.public.is_(True), c.featured.is_(False)]
    return seen


async def register_template(call: Call) -> object:
    """Names an image that a hypervisor knows as a template."""
    made = await call.do(
        templates.REGISTER,
        templates.RegisterTemplate(
            name=call.need("name"),
            hypervisor=call.need("hypervisor"),
            image=call.need("url"),
            format=call.need("format"),
            display_text=call.text("displaytext") or None,
            os_type_id=call.uuid("ostypeid"),
            public=call.flag("ispublic", default=True),
            featured=call.flag("isfeatured", default=False),
            arch=call.text("arch") or "x86_64",
            details=call.pairs("details"),
        ),
    )
    return await _shown(call, made.record)


async def _shown(call: Call, template: Template) -> Rows:
    """A template as a list of one: so CloudStack answers."""
    rows = await call.read(lambda view: template_rows([template], See(view)))
    return Rows(rows, 1)


async def update_template(call: Call) -> object:
    """Changes the words of a template."""
    template_id = call.need_uuid("id")

    def stays(view: View) -> None:
        template = view.get(Template, template_id, "id")
        whose = f"template {template.name!r} ({template.id})"
        check_stays("format", call.text("format"), template.format, whose)
        check_stays("arch", call.text("arch"), template.arch, whose)

    await call.read(stays)
    return await call.do(
        templates.UPDATE,
        templates.UpdateTemplate(
            id=template_id,
            name=call.text("name") or None,
            display_text=call.text("displaytext") or None,
            os_type_id=call.uuid("ostypeid"),
        ),
    )


async def update_template_permissions(call: Call) -> object:
    """Shows a template to everybody, or hides it."""
    return await call.do(
        templates.PERMISSIONS,
        templates.UpdateTemplate(
            id=call.need_uuid("id"), public=call.flag("ispublic"), featured=call.flag("isfeatured")
        ),
    )


async def delete_template(call: Call) -> object:
    """Deletes a template that an operator registered."""
    zone_id = call.uuid("zoneid")

    def everywhere(view: View) -> None:
        if zone_id is not None and [zone.id for zone in infrastructure.zones(view)] != [zone_id]:
            raise InvalidInput(
                "templates are of all zones", code="not-done-here", subject="zoneid", hint="leave it out"
            )

    await call.read(everywhere)
    return await call.do(templates.DELETE, templates.DeleteTemplate(id=call.need_uuid("id")))


async def link_user_data(call: Call) -> object:
    """Gives instances of a template user data when they bring none."""
    return await call.do(
        templates.LINK_USER_DATA,
        templates.LinkUserData(
            template_id=call.need_uuid("templateid"), user_data_id=call.uuid("userdataid")
        ),
    )


async def list_os_types(call: Call) -> Rows:
    """Lists the operating systems that templates may be of."""
    wanted, category = call.uuid("id"), call.uuid("oscategoryid")
    text = (call.text("keyword") or call.text("description") or "").lower()
    return call.paged(
        [
            os_row(each)
            for each in OS_TYPES
            if wanted in (None, each.id)
            and category in (None, category_id(each.category))
            and text in each.name.lower()
        ]
    )


async def list_os_categories(call: Call) -> Rows:
    """Lists the families of operating systems."""
    wanted, name = call.uuid("id"), call.text("name")
    return call.paged(
        [
            row
            for row in category_rows()
            if wanted in (None, row["id"]) and (name is None or str(row["name"]).lower() == name.lower())
        ],
        keyword=("name",),
    )


async def list_hypervisors(call: Call) -> Rows:
    """Lists the hypervisors that are configured."""
    zone_id = call.uuid("zoneid")

    def read(view: View) -> list[str]:
        if zone_id is not None:  # adapters run machines in any zone
            zone_seen(view, zone_id, "zoneid")
        return sorted(view.backends.hypervisors.adapters)

    names = await call.read(read)
    return Rows([{"name": name} for name in names], len(names))


COMMANDS: tuple[Command, ...] = (
    Command("listTemplates", list_templates, Listing("template", template_rows)),
    Command("registerTemplate", register_template, Listing("template", template_rows)),
    Command("updateTemplate", update_template, One("template", template_rows)),
    Command("updateTemplatePermissions", update_template_permissions, Success()),
    Command("deleteTemplate", delete_template, JobAnswer(templates.DELETE)),
    Command("linkUserDataToTemplate", link_user_data, One("template", template_rows)),
    Command("listOsTypes", list_os_types, Listing("ostype")),
    Command("listOsCategories", list_os_categories, Listing("oscategory")),
    Command("listHypervisors", list_hypervisors, Listing("hypervisor")),
)
