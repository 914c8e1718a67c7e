"""What CloudStack's answers say of instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netloom.app.cloud.instances_find import nics_of
from netloom.app.cloud.security_groups_members import groups_of
from netloom.app.cloud.templates_os import os_id
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.see import Row, See
from netloom.faces.cloudstack.views.instances_nics import nic_rows
from netloom.faces.cloudstack.views.security_groups import named_groups
from netloom.model.cloud.identity import User
from netloom.model.cloud.instances import Instance, InstanceNic, Template, UserData
from netloom.model.cloud.offerings import ServiceOffering
from netloom.model.cloud.security_groups import SecurityGroup
from netloom.model.objects import Host


def instance_rows(instances: Sequence[Instance], see: See) -> list[Row]:
    """Instances with their interfaces."""
    ids = [instance.id for instance in instances]
    see.owners(instances)
    see.tagged(ids)
    see.pending(ids)
    see.many(User, {instance.user_id for instance in instances})
    see.many(Template, {instance.template_id for instance in instances})
    see.many(ServiceOffering, {instance.service_offering_id for instance in instances})
    see.many(UserData, {instance.user_data_id for instance in instances})
    see.natives(Host, {instance.host_id for instance in instances})
    nics = nics_of(see.view, ids)
    groups = groups_of(see.view, ids)
    see.owners(group for found in groups.values() for group in found)
    shown = _shown(nics, see)
    return [
        _row(instance, see, nics[instance.id], shown, groups.get(instance.id, [])) for instance in instances
    ]


def _shown(nics: Mapping[Uuid, Sequence[InstanceNic]], see: See) -> dict[Uuid, Row]:
    every = [nic for each in nics.values() for nic in each]
    return {nic.id: row for nic, row in zip(every, nic_rows(every, see), strict=True)}


def _row(
    instance: Instance,
    see: See,
    nics: Sequence[InstanceNic],
    shown: Mapping[Uuid, Row],
    groups: Sequence[SecurityGroup],
) -> Row:
    default = next((nic for nic in nics if nic.is_default), None)
    public = {} if default is None else shown[default.id]
    user = see.one(User, instance.user_id)
    user_data = see.one(UserData, instance.user_data_id)
    return {
        "id": instance.id,
        "name": instance.name,
        "displayname": instance.display_name,
        **see.owner(instance),
        "userid": instance.user_id,
        "username": None if user is None else user.username,
        "created": see.time(instance.created_at),
        "lastupdated": see.time(instance.updated_at),
        "state": instance.state.value,
        "haenable": instance.ha_enabled,
        **see.zone(instance.zone_id),
        **_place(instance, see),
        **_made_of(instance, see),
        "cpunumber": instance.cpu_number,
        "cpuspeed": instance.cpu_speed,
        "memory": instance.memory,
        "group": instance.group,
        "keypairs": ", ".join(instance.key_pairs) or None,
        "userdataid": instance.user_data_id,
        "userdataname": None if user_data is None else user_data.name,
        "securitygroup": named_groups(groups, see),
        "nic": [shown[nic.id] for nic in nics],
        "hypervisor": instance.hypervisor,
        "ipaddress": None if default is None else default.ipv4,
        "publicip": public.get("publicip"),
        "publicipid": public.get("publicipid"),
        "details": dict(instance.details),
        "affinitygroup": [],
        "displayvm": instance.display,
        "isdynamicallyscalable": instance.dynamically_scalable,
        "deleteprotection": instance.delete_protection,
        "passwordenabled": False,
        "tags": see.tags(instance.id),
        "hasannotations": False,
        **see.job(instance.id),
    }


def _place(instance: Instance, see: See) -> Row:
    """Where it runs and what it is called there: for operators."""
    if not see.caller.is_root:
        return {}
    row: Row = {"instancename": instance.external_id or instance.internal_name}
    if instance.host_id is not None:
        host = see.natives(Host, [instance.host_id]).get(Uuid(instance.host_id))
        row.update(hostid=instance.host_id, hostname=None if host is None else host.name)
        row["hostcontrolstate"] = "Disabled" if host is not None and host.drain else "Enabled"
    return row


def _made_of(instance: Instance, see: See) -> Row:
    row: Row = {"templateid": instance.template_id, "serviceofferingid": instance.service_offering_id}
    offering = see.one(ServiceOffering, instance.service_offering_id)
    if offering is not None:
        row["serviceofferingname"] = offering.name
    template = see.one(Template, instance.template_id)
    if template is not None:
        row.update(
            templatename=template.name,
            templatedisplaytext=template.display_text,
            templatetype="USER" if template.registered else "BUILTIN",
            templateformat=template.format,
            guestosid=os_id(template.os_type),
            ostypeid=os_id(template.os_type),
            osdisplayname=template.os_type,
            arch=template.arch,
        )
    return row
