"""What CloudStack's answers say of templates, SSH keys and user data."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.app.cloud import infrastructure
from netloom.app.cloud.templates_os import CATEGORIES, OsType, category_id, os_id
from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.identity import ROOT_DOMAIN_ID, Domain, shown_path
from netloom.model.cloud.instances import SshKey, Template, UserData


def template_rows(templates: Sequence[Template], see: See) -> list[Row]:
    """Templates, each once: in its first zone, since a hypervisor's image is wherever the hypervisor is."""
    see.tagged([template.id for template in templates])
    data = see.many(UserData, {template.user_data_id for template in templates})
    zones = infrastructure.zones(see.view)
    zone: Row = {"zoneid": zones[0].id, "zonename": zones[0].name} if zones else {}
    root = see.one(Domain, ROOT_DOMAIN_ID)
    owner: Row = {"account": "system"}
    if root is not None:
        owner.update(domain=root.name, domainid=root.id, domainpath=shown_path(root.path))
    rows = []
    for template in templates:
        linked = data.get(template.user_data_id) if template.user_data_id else None
        rows.append(
            {
                "id": template.id,
                "name": template.name,
                "displaytext": template.display_text,
                "ispublic": template.public,
                "created": see.time(template.created_at),
                "isready": True,
                "passwordenabled": False,
                "format": template.format,
                "isfeatured": template.featured,
                "crossZones": True,
                "ostypeid": os_id(template.os_type),
                "ostypename": template.os_type,
                **owner,
                **zone,
                "status": "Download Complete",
                "size": template.size,
                "templatetype": "USER" if template.registered else "BUILTIN",
                "hypervisor": template.hypervisor,
                "isextractable": False,
                "details": dict(template.details),
                "arch": template.arch,
                "sshkeyenabled": True,
                "isdynamicallyscalable": False,
                "bootable": template.bootable,
                "url": template.image,
                "userdataid": template.user_data_id,
                "userdataname": None if linked is None else linked.name,
                "tags": see.tags(template.id),
                "hasannotations": False,
            }
        )
    return rows


def key_rows(keys: Sequence[SshKey], see: See) -> list[Row]:
    """SSH keys."""
    see.owners(keys)
    return [
        {
            "id": key.id,
            "name": key.name,
            "fingerprint": key.fingerprint,
            **see.owner(key),
            "hasannotations": False,
        }
        for key in keys
    ]


def user_data_rows(kept: Sequence[UserData], see: See) -> list[Row]:
    """User data."""
    see.owners(kept)
    return [
        {
            "id": each.id,
            "name": each.name,
            **see.owner(each),
            "accountid": each.account_id,
            "userdata": each.data,
            "params": ",".join(each.params) or None,
            "hasannotations": False,
        }
        for each in kept
    ]


def os_row(each: OsType) -> Row:
    """An operating system."""
    return {
        "id": each.id,
        "name": each.name,
        "description": each.name,
        "oscategoryid": category_id(each.category),
        "oscategoryname": each.category,
        "isuserdefined": False,
        "fordisplay": True,
    }


def category_rows() -> list[Row]:
    """The families of operating systems."""
    return [{"id": category_id(name), "name": name} for name in CATEGORIES]
