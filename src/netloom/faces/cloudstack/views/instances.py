"""What CloudStack's answers say of instances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class _Around:
    """What instances of a page are made of and where they are, by id; each read once, and told once for all that have it."""

    users: Mapping[Uuid, User]
    data: Mapping[Uuid, UserData]
    hosts: Mapping[Uuid, Host]
    templates: Mapping[Uuid, Row]
    offerings: Mapping[Uuid, ServiceOffering]
    nics: Mapping[Uuid, Sequence[InstanceNic]]
    shown: Mapping[Uuid, Row]
    groups: Mapping[str, list[SecurityGroup]]


def instance_rows(instances: Sequence[Instance], see: See) -> list[Row]:
    """Instances with their interfaces."""
    ids = [instance.id for instance in instances]
    see.learn(Instance, instances)
    see.owners(instances)
    see.tagged(ids)
    see.pending(ids)
    nics = nics_of(see.view, ids)
    every = [nic for each in nics.values() for nic in each]
    groups = groups_of(see.view, ids)
    templates = see.many(Template, {instance.template_id for instance in instances})
    around = _Around(
        users=see.many(User, {instance.user_id for instance in instances}),
        data=see.many(UserData, {instance.user_data_id for instance in instances}),
        hosts=see.natives(Host, {instance.host_id for instance in instances}),
        templates={template.id: _template(template) for template in templates.values()},
        offerings=see.many(ServiceOffering, {instance.service_offering_id for instance in instances}),
        nics=nics,
        shown={nic.id: row for nic, row in zip(every, nic_rows(every, see), strict=True)},
        groups=groups,
    )
    return [_row(instance, see, around) for instance in instances]


def _row(instance: Instance, see: See, around: _Around) -> Row:
    nics = around.nics[instance.id]
    default = next((nic for nic in nics if nic.is_default), None)
    public = {} if default is None else around.shown[default.id]
    user = around.users.get(instance.user_id) if instance.user_id else None
    user_data = around.data.get(instance.user_data_id) if instance.user_data_id else None
    offering = around.offerings.get(instance.service_offering_id)
    groups = around.groups.get(instance.id)
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
        **_place(instance, see, around),
        "templateid": instance.template_id,
        **around.templates.get(instance.template_id, {}),
        "serviceofferingid": instance.service_offering_id,
        "serviceofferingname": None if offering is None else offering.name,
        "cpunumber": instance.cpu_number,
        "cpuspeed": instance.cpu_speed,
        "memory": instance.memory,
        "group": instance.group,
        "keypairs": ", ".join(instance.key_pairs) or None,
        "userdataid": instance.user_data_id,
        "userdataname": None if user_data is None else user_data.name,
        "securitygroup": [] if groups is None else named_groups(groups, see),
        "nic": [around.shown[nic.id] for nic in nics],
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


def _place(instance: Instance, see: See, around: _Around) -> Row:
    """Where it runs and what it is called there: for operators."""
    if not see.caller.is_root:
        return {}
    row: Row = {"instancename": instance.external_id or instance.internal_name}
    if instance.host_id is not None:
        host = around.hosts.get(instance.host_id)
        row.update(hostid=instance.host_id, hostname=None if host is None else host.name)
        row["hostcontrolstate"] = "Disabled" if host is not None and host.drain else "Enabled"
    return row


def _template(template: Template) -> Row:
    return {
        "templatename": template.name,
        "templatedisplaytext": template.display_text,
        "templatetype": "USER" if template.registered else "BUILTIN",
        "templateformat": template.format,
        "guestosid": os_id(template.os_type),
        "ostypeid": os_id(template.os_type),
        "osdisplayname": template.os_type,
        "arch": template.arch,
    }
