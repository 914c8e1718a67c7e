"""Rules that lead to an instance: what keeps an interface from being taken away, and what goes with the instance itself.

Rule 1: taking an interface or a secondary address away is refused while rules lead there; the refusal names them.
Rule 2: an instance that goes for good takes its rules along: providers let go of them before its addresses are free.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from netloom.app.cloud import instances_life as life
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.rules_life import drop, related_to, revoke, stages_of
from netloom.app.cloud.rules_places import leave_tier
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.static_nat import STAGES as STATIC_NAT_STAGES
from netloom.app.cloud.work import View, Work
from netloom.base.errors import InvalidInput
from netloom.base.ids import NetworkId
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance, InstanceNic, SecondaryIp
from netloom.model.cloud.load_balancers import LbMember
from netloom.model.cloud.rules import PortForwardingRule, Rule, StaticNatRule
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import columns


def check_free_of_rules(view: View, nic: InstanceNic, address: str | None = None) -> None:
    """Refuse to take an interface, or one of its addresses, away from under rules.

    Raises:
        InvalidInput: rules lead there (`nic-has-rules`).
    """
    found: list[str] = []
    for record_type, word in ((PortForwardingRule, "port forwarding"), (LbMember, "balancer member")):
        c = columns(record_type)
        where = [c.nic_id == nic.id, *([] if address is None else [c.guest_address == address])]
        found += [f"{word} {rule.id}" for rule in view.records.select(record_type, *where, limit=5)]
    p = columns(PublicIp)
    where = [p.nic_id == nic.id, *([] if address is None else [p.guest_address == address])]
    found += [f"static NAT of {ip.address}" for ip in view.records.select(PublicIp, *where, limit=5)]
    if found:
        raise InvalidInput(
            f"rules lead to {address or f'interface {nic.id}'}: {', '.join(found[:5])}",
            code="nic-has-rules",
            subject="nicid",
            hint="delete them first",
        )


def check_secondary_free_of_rules(view: View, secondary: SecondaryIp, nic: InstanceNic) -> None:
    """The same for a secondary address."""
    check_free_of_rules(view, nic, secondary.address)


async def take_rules_away(doing: Doing, instance: Instance) -> None:
    """Have no rule lead to an instance any more."""
    stages = await doing.write(lambda work: _revoke_all(work, instance))
    for network_id, told in stages.items():
        await bring(doing, network_id, told)
    if stages:
        await doing.write(lambda work: _drop_all(work, instance))


def _revoke_all(work: Work, instance: Instance) -> dict[NetworkId, set[RuleStage]]:
    stages: dict[NetworkId, set[RuleStage]] = {}
    for rule in _rules(work, instance):
        related = related_to(work, rule.id)
        revoke(work, rule)
        stages.setdefault(rule.network_id, set()).update(stages_of([rule, *related]))
    for ip in _addresses(work, instance):
        cleared = msgspec.structs.replace(
            ip, static_nat=False, instance_id=None, nic_id=None, guest_address=None
        )
        work.update(cleared)
        if ip.network_id is not None:
            stages.setdefault(ip.network_id, set()).update(STATIC_NAT_STAGES)
        leave_tier(work, ip.id)
    return stages


def _drop_all(work: Work, instance: Instance) -> None:
    now = life.now_of(work, instance)
    for rule in _rules(work, now):
        drop(work, rule)


def _rules(view: View, instance: Instance) -> Sequence[Rule]:
    found: list[Rule] = []
    for record_type in (PortForwardingRule, LbMember):
        found += view.records.select(record_type, columns(record_type).instance_id == instance.id)
    for ip in _addresses(view, instance):
        found += view.records.select(StaticNatRule, columns(StaticNatRule).public_ip_id == ip.id)
    return found


def _addresses(view: View, instance: Instance) -> list[PublicIp]:
    return view.records.select(PublicIp, columns(PublicIp).instance_id == instance.id)
