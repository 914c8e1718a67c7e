"""What the planner is told of security groups: which NICs are filtered, by which groups, and what these allow.

Rule 1: a NIC is filtered when its network's offering has the service SecurityGroup; without any group it is filtered all the
    same, and nothing comes in.
Rule 2: where no network has the service, asking costs two small reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from netloom.base.ids import Uuid
from netloom.model.cloud.instances import InstanceNic
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering
from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupMember, SecurityGroupRule
from netloom.model.cloud.services import Service
from netloom.store.cloud.records import Records, columns
from netloom.store.lookup import chunks

LOG_WORD = "SecurityGroup"
"""How the change log names a group whose rules changed."""


@dataclass(frozen=True, slots=True)
class GroupRules:
    """A group, its rules, and the numbers of the groups that these name."""

    group: SecurityGroup
    rules: tuple[SecurityGroupRule, ...]
    numbers: Mapping[Uuid, int]


_FILTERING = select(columns(NetworkOffering).id).where(
    columns(NetworkOffering).services.contains(f'"service":"{Service.SECURITY_GROUP.value}"')
)
"""Services are stored as JSON without blanks; asked with each change of a NIC, so no offering is made for it."""


def filtering_offerings(connection: Connection) -> list[Uuid]:
    """The offerings whose networks have security groups."""
    return [Uuid(row[0]) for row in connection.execute(_FILTERING)]


def is_filtered(connection: Connection, network_id: str) -> bool:
    """Whether NICs of a network are filtered."""
    network = Records(connection).get(GuestNetwork, network_id)
    return network is not None and network.offering_id in filtering_offerings(connection)


def read_nic_groups(
    connection: Connection, nic_ids: Sequence[Uuid] | None = None
) -> dict[Uuid, tuple[int, ...]]:
    """The numbers of the groups of those NICs that are filtered, by NIC, ascending.

    Args:
        connection: a snapshot.
        nic_ids: which NICs; None: all.
    """
    offerings = filtering_offerings(connection)
    if not offerings:
        return {}
    n, g, m = columns(InstanceNic), columns(GuestNetwork), columns(SecurityGroupMember)
    group = columns(SecurityGroup)
    members = select(m.instance_id, group.number).where(m.group_id == group.id).order_by(group.number)
    networks = select(g.id).where(g.offering_id.in_(offerings))
    filtered = select(n.id, n.instance_id).where(n.network_id.in_(networks))
    found: dict[Uuid, tuple[int, ...]] = {}
    for chunk in [None] if nic_ids is None else chunks(nic_ids):
        nics = connection.execute(filtered if chunk is None else filtered.where(n.id.in_(chunk))).all()
        owners = {row[1] for row in nics}
        of_instance: dict[str, list[int]] = {owner: [] for owner in owners}
        for part in [None] if chunk is None else chunks(sorted(owners)):
            where = members if part is None else members.where(m.instance_id.in_(part))
            for instance_id, number in connection.execute(where):
                if instance_id in of_instance:
                    of_instance[instance_id].append(number)
        found.update((Uuid(row[0]), tuple(of_instance[row[1]])) for row in nics)
    return found


def read_groups(connection: Connection, group_ids: Iterable[str] | None = None) -> list[GroupRules]:
    """Groups with their rules, in the order in which they were made; those that are gone are left out.

    Args:
        connection: a snapshot.
        group_ids: which; None: all.
    """
    records = Records(connection)
    c, rule = columns(SecurityGroup), columns(SecurityGroupRule)
    if group_ids is None:
        groups, rules = records.select(SecurityGroup), records.select(SecurityGroupRule)
    else:
        groups, rules = [], []
        for chunk in chunks(list(dict.fromkeys(group_ids))):
            groups += records.select(SecurityGroup, c.id.in_(chunk))
            rules += records.select(SecurityGroupRule, rule.group_id.in_(chunk))
    of_group: dict[str, list[SecurityGroupRule]] = {}
    for each in rules:
        of_group.setdefault(each.group_id, []).append(each)
    named = sorted({each.peer_group_id for each in rules if each.peer_group_id is not None})
    numbers: dict[Uuid, int] = {}
    for chunk in chunks(named):
        for row in connection.execute(select(c.id, c.number).where(c.id.in_(chunk))):
            numbers[Uuid(row[0])] = row[1]
    return [GroupRules(group, tuple(of_group.get(group.id, ())), numbers) for group in groups]
