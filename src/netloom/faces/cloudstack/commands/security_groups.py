"""CloudStack's commands for security groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from netloom.app.cloud.security_groups import (
    CREATE,
    DELETE,
    UPDATE,
    CreateSecurityGroup,
    GroupRef,
    UpdateSecurityGroup,
)
from netloom.app.cloud.security_groups_rules import (
    AUTHORIZE_EGRESS,
    AUTHORIZE_INGRESS,
    REVOKE_EGRESS,
    REVOKE_INGRESS,
    Authorize,
    Peer,
    Revoke,
)
from netloom.app.cloud.work import View
from netloom.faces.cloudstack.answers import SUCCESS
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Success
from netloom.faces.cloudstack.commands.traffic_asked import ports_asked
from netloom.faces.cloudstack.see import See
from netloom.faces.cloudstack.views.security_groups import authorized_row, security_group_rows
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupMember, SecurityGroupRule
from netloom.store.cloud.records import Where, columns


@dataclass(frozen=True, slots=True)
class AuthorizedAnswer(JobAnswer):
    """As CloudStack tells it: the group, with no other rules than those that the request made."""

    def result(self, job: Job, see: See) -> Mapping[str, object]:
        """The group of the job; its new rules are those of the job's own moment."""
        group = see.one(SecurityGroup, job.resource_id)
        if group is None:
            return SUCCESS
        c = columns(SecurityGroupRule)
        rules = see.where(SecurityGroupRule, c.group_id == group.id)
        made = [rule for rule in rules if rule.created_at == job.created_at]
        return {"securitygroup": authorized_row(group, made, see)}


async def create_security_group(call: Call) -> object:
    """Makes a security group."""
    return await call.do(
        CREATE,
        CreateSecurityGroup(
            name=call.need("name"),
            description=call.text("description"),
            account=call.text("account") or None,
            domain_id=call.uuid("domainid"),
            project_id=call.uuid("projectid"),
        ),
    )


async def update_security_group(call: Call) -> object:
    """Renames a security group."""
    request = UpdateSecurityGroup(id=call.need_uuid("id"), name=call.text("name"))
    return await call.do(UPDATE, request)


async def delete_security_group(call: Call) -> object:
    """Deletes a security group that has no instances and that no other group names."""
    return await call.do(DELETE, _ref(call, "id", "name"))


async def list_security_groups(call: Call) -> object:
    """Lists security groups with their rules and instances."""
    c, member = columns(SecurityGroup), columns(SecurityGroupMember)
    instance_id = call.uuid("virtualmachineid")

    def of_instance(view: View) -> tuple[Where, ...]:
        if instance_id is None:
            return ()
        view.get(Instance, instance_id, "virtualmachineid")
        return (c.id.in_(select(member.group_id).where(member.instance_id == instance_id)),)

    return await call.select(
        SecurityGroup,
        call.match(c.id, "id"),
        call.match(c.name, "securitygroupname"),
        keyword=("name",),
        tags_of="SecurityGroup",
        also=of_instance,
    )


async def authorize_security_group_ingress(call: Call) -> object:
    """Lets packets in to the members of a security group."""
    return await call.do(AUTHORIZE_INGRESS, _authorize(call))


async def authorize_security_group_egress(call: Call) -> object:
    """Lets packets out of the members of a security group; what no rule names is then dropped."""
    return await call.do(AUTHORIZE_EGRESS, _authorize(call))


async def revoke_security_group_ingress(call: Call) -> object:
    """Takes back a rule for packets in."""
    return await call.do(REVOKE_INGRESS, Revoke(id=call.need_uuid("id")))


async def revoke_security_group_egress(call: Call) -> object:
    """Takes back a rule for packets out."""
    return await call.do(REVOKE_EGRESS, Revoke(id=call.need_uuid("id")))


def _ref(call: Call, by_id: str, by_name: str) -> GroupRef:
    return GroupRef(
        id=call.uuid(by_id),
        name=call.text(by_name) or None,
        account=call.text("account") or None,
        domain_id=call.uuid("domainid"),
        project_id=call.uuid("projectid"),
    )


def _authorize(call: Call) -> Authorize:
    return Authorize(
        group=_ref(call, "securitygroupid", "securitygroupname"),
        protocol=call.text("protocol") or None,
        **ports_asked(call),
        cidrs=call.texts("cidrlist"),
        peers=tuple(
            Peer(group=entry.get("group", ""), account=entry.get("account") or None)
            for entry in call.maps("usersecuritygrouplist")
        ),
    )


_GROUP = "securitygroup"

COMMANDS: tuple[Command, ...] = (
    Command("createSecurityGroup", create_security_group, One(_GROUP, security_group_rows)),
    Command("updateSecurityGroup", update_security_group, One(_GROUP, security_group_rows)),
    Command("deleteSecurityGroup", delete_security_group, Success()),
    Command("listSecurityGroups", list_security_groups, Listing(_GROUP, security_group_rows)),
    Command(
        "authorizeSecurityGroupIngress",
        authorize_security_group_ingress,
        AuthorizedAnswer(AUTHORIZE_INGRESS, _GROUP, about="SecurityGroup", with_id=True),
    ),
    Command(
        "authorizeSecurityGroupEgress",
        authorize_security_group_egress,
        AuthorizedAnswer(AUTHORIZE_EGRESS, _GROUP, about="SecurityGroup", with_id=True),
    ),
    Command(
        "revokeSecurityGroupIngress",
        revoke_security_group_ingress,
        JobAnswer(REVOKE_INGRESS, about="SecurityGroup", with_id=True),
    ),
    Command(
        "revokeSecurityGroupEgress",
        revoke_security_group_egress,
        JobAnswer(REVOKE_EGRESS, about="SecurityGroup", with_id=True),
    ),
)
