"""What instances are made of: the images that hypervisors bring, and those that operators name besides.

Rule 1: an image that an adapter brings is a template; operators hide it, they do not delete it.
Rule 2: a template is a word that its hypervisor knows: netloom fetches and keeps no images.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_terms import check_details, check_display
from netloom.app.cloud.tags import forget
from netloom.app.cloud.templates_os import OTHER, os_by_id
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance, Template, UserData
from netloom.store.cloud.records import columns

MAX_IMAGE = 2048
FORMATS = frozenset({"QCOW2", "RAW", "VHD", "VHDX", "OVA", "VMDK", "ISO", "TAR", "DIR"})


class RegisterTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A further template: what its hypervisor knows the image by, and words for people."""

    name: str
    hypervisor: str
    image: str
    format: str
    display_text: str | None = None
    os_type_id: Uuid | None = None
    public: bool = True
    featured: bool = False
    arch: str = "x86_64"
    details: Mapping[str, str] = {}


class UpdateTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """Other words for a template; None: as they are."""

    id: Uuid
    name: str | None = None
    display_text: str | None = None
    os_type_id: Uuid | None = None
    public: bool | None = None
    featured: bool | None = None


class DeleteTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """Which template."""

    id: Uuid


class LinkUserData(msgspec.Struct, frozen=True, kw_only=True):
    """User data that instances of a template get when they bring none; None: no more."""

    template_id: Uuid
    user_data_id: Uuid | None = None


def seed(work: Work) -> None:
    """Have a template for each image that an adapter brings."""
    c = columns(Template)
    for adapter in work.backends.hypervisors.adapters.values():
        there = {each.image for each in work.records.select(Template, c.hypervisor == adapter.name)}
        for image in adapter.images:
            if image.image not in there:
                work.insert(
                    Template(
                        **work.birth(),
                        name=image.name,
                        display_text=image.display_text,
                        hypervisor=adapter.name,
                        image=image.image,
                        os_type=image.os_type,
                        format=image.format,
                    )
                )


def _operator(work: Work) -> None:
    if not work.caller.is_root:
        raise Forbidden(
            "templates are made and changed by operators", code="template-not-yours", subject="id"
        )


def _register(work: Work, request: RegisterTemplate) -> Template:
    _operator(work)
    adapter = work.backends.hypervisors.adapters.get(request.hypervisor)
    if adapter is None:
        raise InvalidInput(
            f"no hypervisor {request.hypervisor[:64]!r} is configured",
            code="hypervisor-unknown",
            subject="hypervisor",
            hint=f"one of {', '.join(work.backends.hypervisors.adapters) or 'none: the settings name no adapter'}",
        )
    image, form = request.image.strip(), request.format.upper()
    if not 1 <= len(image) <= MAX_IMAGE or not image.isprintable():
        raise InvalidInput("no image is named", subject="url", hint="what the hypervisor knows it by")
    if form not in FORMATS:
        raise InvalidInput(f"format {form[:32]!r}", subject="format", hint=", ".join(sorted(FORMATS)))
    name = check_display(request.name, "name")
    return work.insert(
        Template(
            **work.birth(),
            name=name,
            display_text=check_display(request.display_text or name, "displaytext"),
            hypervisor=adapter.name,
            image=image,
            os_type=_os_name(request.os_type_id, OTHER),
            format=form,
            arch=request.arch,
            public=request.public,
            featured=request.featured,
            registered=True,
            details=check_details(request.details),
        )
    )


def _os_name(os_type_id: Uuid | None, default: str) -> str:
    if os_type_id is None:
        return default
    found = os_by_id(os_type_id)
    if found is None:
        raise NotFound(
            f"there is no operating system {os_type_id}", code="os-type-not-found", subject="ostypeid",
            hint="listOsTypes shows them",
        )  # fmt: skip
    return found.name


def _update(work: Work, request: UpdateTemplate) -> Template:
    template = work.get(Template, request.id)
    _operator(work)
    text = request.display_text
    return work.update(
        msgspec.structs.replace(
            template,
            name=template.name if request.name is None else check_display(request.name, "name"),
            display_text=template.display_text if text is None else check_display(text, "displaytext"),
            os_type=_os_name(request.os_type_id, template.os_type),
            public=template.public if request.public is None else request.public,
            featured=template.featured if request.featured is None else request.featured,
        )
    )


def _begin_delete(work: Work, request: DeleteTemplate) -> Template:
    template = work.get(Template, request.id)
    _operator(work)
    if not template.registered:
        raise Conflict(
            f"template {template.name} ({template.id}) came with {template.hypervisor}",
            code="template-built-in",
            subject="id",
            hint="hide it: make it not public (updateTemplatePermissions)",
        )
    _check_unused(work, template)
    return template


def _check_unused(work: Work, template: Template) -> None:
    used = work.records.count(Instance, columns(Instance).template_id == template.id)
    if used:
        raise Conflict(
            f"template {template.name} ({template.id}) is what {used} instances are of",
            code="in-use",
            subject="id",
            hint="hide it instead",
        )


async def _delete(doing: Doing, template: Template) -> Ending | None:
    def ending(work: Work) -> None:
        now = work.records.get(Template, template.id)
        if now is not None:
            _check_unused(work, now)
            forget(work, [now.id])
            work.delete(now)

    return ending


def _link(work: Work, request: LinkUserData) -> Template:
    template = work.get(Template, request.template_id, "templateid")
    _operator(work)
    if request.user_data_id is not None:
        work.get(UserData, request.user_data_id, "userdataid")
    return work.update(msgspec.structs.replace(template, user_data_id=request.user_data_id))


REGISTER = UseCase(
    name="template.register",
    command="registerTemplate",
    event="TEMPLATE.CREATE",
    request=RegisterTemplate,
    begin=_register,
)
UPDATE = UseCase(
    name="template.update",
    command="updateTemplate",
    event="TEMPLATE.EDIT",
    request=UpdateTemplate,
    begin=_update,
)
PERMISSIONS = UseCase(
    name="template.publish",
    command="updateTemplatePermissions",
    event="TEMPLATE.EDIT",
    request=UpdateTemplate,
    begin=_update,
)
DELETE = UseCase(
    name="template.delete",
    command="deleteTemplate",
    event="TEMPLATE.DELETE",
    request=DeleteTemplate,
    begin=_begin_delete,
    apply=_delete,
)
LINK_USER_DATA = UseCase(
    name="template.link_user_data",
    command="linkUserDataToTemplate",
    event="TEMPLATE.EDIT",
    request=LinkUserData,
    begin=_link,
)
USE_CASES = (REGISTER, UPDATE, PERMISSIONS, DELETE, LINK_USER_DATA)
