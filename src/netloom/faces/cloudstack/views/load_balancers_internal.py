"""What CloudStack's answers say of internal balancers: one port each, and the instances behind it."""

from __future__ import annotations

from collections.abc import Sequence

from netloom.faces.cloudstack.see import Row, See
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.load_balancers import InternalLbAddress, InternalLbMember, InternalLoadBalancer
from netloom.model.cloud.rules import RuleState


def internal_rows(rules: Sequence[InternalLoadBalancer], see: See) -> list[Row]:
    """Internal balancers; their address is in their own network."""
    addresses = see.many(InternalLbAddress, [rule.address_id for rule in rules])
    ids = [rule.id for rule in rules]
    members: dict[str, list[InternalLbMember]] = {}
    for member in see.having(InternalLbMember, "load_balancer_id", ids):
        if member.state is not RuleState.REVOKE:
            members.setdefault(member.load_balancer_id, []).append(member)
    instances = see.many(Instance, [each.instance_id for found in members.values() for each in found])
    see.owners(rules)
    see.tagged(ids)
    see.pending(ids)
    rows: list[Row] = []
    for rule in rules:
        address = addresses.get(rule.address_id)
        rows.append(
            {
                "id": rule.id,
                "name": rule.name,
                "description": rule.description,
                "algorithm": rule.algorithm.value,
                "networkid": rule.network_id,
                "sourceipaddress": None if address is None else address.address,
                "sourceipaddressnetworkid": rule.network_id,
                **see.owner(rule),
                "loadbalancerrule": [
                    {
                        "sourceport": rule.source_port,
                        "instanceport": rule.instance_port,
                        "state": rule.state.value,
                    }
                ],
                "loadbalancerinstance": [
                    _member_row(member, instances.get(member.instance_id))
                    for member in members.get(rule.id, ())
                ],
                "tags": see.tags(rule.id),
                "fordisplay": rule.display,
                **see.job(rule.id),
            }
        )
    return rows


def _member_row(member: InternalLbMember, instance: Instance | None) -> Row:
    return {
        "id": member.instance_id,
        "name": None if instance is None else instance.name,
        "state": None if instance is None else instance.state.value,
        "ipaddress": member.guest_address,
    }
