"""Which instances are in which groups, and telling switches of it.

Rule 1: an instance is in groups of its own account; one in a network with security groups that names none is in `default`.
Rule 2: what a NIC lets through follows from its instance's groups; a change of them is a change of its native NICs, so that
    the planner reads them again and their status says how far switches are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netloom.app.cloud.instances_anew import tell_anew
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, Exhausted
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account
from netloom.model.cloud.instances import Instance, InstanceNic
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.security_groups import DEFAULT_NAME, SecurityGroup, SecurityGroupMember
from netloom.store.cloud.filters import is_filtered
from netloom.store.cloud.records import columns

MAX_GROUPS = 16
"""Groups of one instance: each is asked about for the first packet of a connection."""


def groups_for(
    view: View, account: Account, wanted: Sequence[SecurityGroup], networks: Iterable[GuestNetwork]
) -> tuple[SecurityGroup, ...]:
    """The groups that a new instance of an account will be in: those that are wanted, else the default one where it matters.

    Raises:
        Conflict: one is another account's (`security-group-of-another`), or no network has security groups
            (`no-security-groups`).
        Exhausted: there are too many.
    """
    filtered = any(is_filtered(view.records.connection, network.id) for network in networks)
    if wanted and not filtered:
        raise Conflict(
            "security groups were given, but none of the instance's networks has them",
            code="no-security-groups",
            subject="securitygroupids",
            hint="leave them out, or use a network whose offering has the service SecurityGroup",
        )
    if not wanted and filtered:
        c = columns(SecurityGroup)
        wanted = view.records.select(SecurityGroup, c.account_id == account.id, c.name == DEFAULT_NAME)
    return _checked(account.id, wanted)


def _checked(account_id: str, wanted: Sequence[SecurityGroup]) -> tuple[SecurityGroup, ...]:
    groups = tuple({group.id: group for group in wanted}.values())
    if len(groups) > MAX_GROUPS:
        raise Exhausted(
            f"{len(groups)} security groups for one instance",
            code="too-many-security-groups",
            subject="securitygroupids",
            hint=f"at most {MAX_GROUPS}",
        )
    for group in groups:
        if group.account_id != account_id:
            raise Conflict(
                f"security group {group.name} ({group.id}) belongs to another account than the instance",
                code="security-group-of-another",
                subject="securitygroupids",
                hint="groups of the account that owns the instance",
            )
    return groups


def set_groups(work: Work, instance: Instance, wanted: Sequence[SecurityGroup]) -> None:
    """Put an instance into these groups and no others; its NICs are told to switches anew when that changes anything.

    Raises:
        Conflict: one is another account's. Exhausted: there are too many.
    """
    groups = {group.id for group in _checked(instance.account_id, wanted)}
    c = columns(SecurityGroupMember)
    present = work.records.select(SecurityGroupMember, c.instance_id == instance.id)
    gone = [member for member in present if member.group_id not in groups]
    work.delete_all(gone)
    new = [group for group in wanted if group.id not in {member.group_id for member in present}]
    for group in {group.id: group for group in new}.values():
        work.insert(SecurityGroupMember(**work.birth(), group_id=group.id, instance_id=instance.id))
    if gone or new:
        nics = columns(InstanceNic)
        tell_anew(work, work.records.select(InstanceNic, nics.instance_id == instance.id))


def have_groups(work: Work, instance: Instance, network: GuestNetwork) -> None:
    """Put an instance that is in no group into the default one before it comes into a network with security groups."""
    c = columns(SecurityGroupMember)
    if work.records.exists(SecurityGroupMember, c.instance_id == instance.id):
        return
    owner = work.records.get(Account, instance.account_id)
    if owner is not None:
        set_groups(work, instance, groups_for(work, owner, (), [network]))


def leave_groups(work: Work, instance_id: Uuid) -> None:
    """Take an instance that goes for good out of all groups."""
    c = columns(SecurityGroupMember)
    work.delete_all(work.records.select(SecurityGroupMember, c.instance_id == instance_id))


def groups_of(view: View, instance_ids: Iterable[str]) -> dict[str, list[SecurityGroup]]:
    """The groups of instances, in the order in which they were made; an instance without any is not in it."""
    members = view.records.having(SecurityGroupMember, "instance_id", instance_ids)
    groups = view.records.many(SecurityGroup, {member.group_id for member in members})
    found: dict[str, list[SecurityGroup]] = {}
    for member in members:
        found.setdefault(member.instance_id, []).append(groups[member.group_id])
    return {key: sorted(each, key=lambda group: group.number) for key, each in found.items()}


def members_of(view: View, group_ids: Iterable[str]) -> dict[str, list[Uuid]]:
    """The ids of the instances in groups; a group without any is not in it."""
    found: dict[str, list[Uuid]] = {}
    for member in view.records.having(SecurityGroupMember, "group_id", group_ids):
        found.setdefault(member.group_id, []).append(member.instance_id)
    return found
