"""The steps that all rules take: accepted, applied, revoked, gone.

Rule 1: a row goes in the transaction that ends the job which told the provider; until then it stands as Revoke.
Rule 2: a rule is Active only as its provider was told it.
Rule 3: what a provider refuses to add is taken out again; what it refuses to drop stays Revoke, and can be deleted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.rules_places import leave_tier
from netloom.app.cloud.rules_provider import bring_found, settle
from netloom.app.cloud.tags import forget as forget_tags
from netloom.app.cloud.usecase import Ending
from netloom.app.cloud.work import View, Work
from netloom.base.errors import NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.dns import DnsRecord
from netloom.model.cloud.load_balancers import (
    HealthCheck,
    InternalLbAddress,
    InternalLbMember,
    InternalLoadBalancer,
    LbMember,
    LoadBalancer,
    Stickiness,
)
from netloom.model.cloud.rules import (
    FirewallRule,
    Ipv6FirewallRule,
    PortForwardingRule,
    RoutingFirewallRule,
    Rule,
    RuleEvent,
    RuleState,
    StaticNatRule,
    next_rule_state,
)
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import columns

R = TypeVar("R", bound=Rule)


def line(rule: Rule) -> str:
    """The line that the jobs of a rule wait in: its network's."""
    return f"network/{rule.network_id}"


def added(rule: R) -> R:
    """A rule that nothing stands against, on its way to its provider."""
    return msgspec.structs.replace(rule, state=next_rule_state(rule.state, RuleEvent.ACCEPT))


def changed(work: Work, rule: R) -> R:
    """Keep a rule that its provider must have anew."""
    return work.update(msgspec.structs.replace(rule, state=next_rule_state(rule.state, RuleEvent.CHANGE)))


def revoke(work: Work, rule: R) -> R:
    """Keep a rule, and what was opened for it, as on its way out."""
    for related in _opened_for(work, rule):
        work.update(_stepped(related, RuleEvent.REVOKE))
    return work.update(_stepped(rule, RuleEvent.REVOKE))


def activate(rule: Rule, told: Iterable[Rule] = ()) -> Ending:
    """The end of a job after which the provider has a rule, and what was opened for it, as they were told.

    Others that were told with it are settled too: one whose own job failed at its provider has come true since.
    """

    def ending(work: Work) -> None:
        now = work.records.get(type(rule), rule.id)
        done = {rule.id}
        if now is not None and now.generation == rule.generation:
            for each in (now, *_opened_for(work, rule)):
                done.add(each.id)
                if each.state is not RuleState.REVOKE:
                    work.update(_stepped(each, RuleEvent.APPLY))
        settle(work, [each for each in told if each.id not in done])

    return ending


def forget(rule: Rule) -> Ending:
    """The end of a job after which the provider has let go of a rule, and of what was opened for it."""
    return lambda work: drop(work, rule)


async def apply(doing: Doing, rule: Rule) -> Ending:
    """Have the provider have a rule, and what was opened for it.

    What changed since the rule was read for this job has a job of its own to wait for, and is not settled by this one.
    """
    told = await bring_found(doing, rule.network_id, lambda view: stages_of([rule, *_opened_for(view, rule)]))
    return activate(rule, told)


async def unapply(doing: Doing, rule: Rule) -> Ending:
    """Have the provider let go of a revoked rule, and of what was opened for it."""
    await bring_found(doing, rule.network_id, lambda view: stages_of([rule, *_opened_for(view, rule)]))
    return forget(rule)


async def apply_if_new(doing: Doing, rule: Rule) -> Ending | None:
    """The second half of a change that concerns lists only; a rule that its provider does not have yet is brought."""
    return await apply(doing, rule) if rule.state is RuleState.ADD else None


def withdraw(work: Work, rule: Rule, _error: NetloomError) -> None:
    """Take out a rule that its provider refused: the next set of rules that it is told is without it."""
    drop(work, rule)


def drop(work: Work, rule: Rule) -> None:
    """Take out a rule's row, those of its parts, and those of what was opened for it."""
    now = work.records.get(type(rule), rule.id)
    if now is None:
        return
    going: list[Rule] = [*_opened_for(work, rule)]
    going += parts_of(work, rule)
    forget_tags(work, [rule.id, *(each.id for each in going)])
    work.delete_all(going)
    work.delete(now)
    if isinstance(now, (PortForwardingRule, LoadBalancer, StaticNatRule)):
        leave_tier(work, now.public_ip_id)
    if isinstance(now, InternalLoadBalancer):
        _leave_address(work, now.address_id)


def _leave_address(work: Work, address_id: Uuid) -> None:
    """Let instances have an internal balancers' address again once none is on it."""
    if not work.records.exists(InternalLoadBalancer, columns(InternalLoadBalancer).address_id == address_id):
        address = work.records.get(InternalLbAddress, address_id)
        work.delete_all([] if address is None else [address])


def related_to(view: View, rule_id: Uuid) -> list[FirewallRule]:
    """The firewall rules that were opened for a rule."""
    return view.records.select(FirewallRule, columns(FirewallRule).related_id == rule_id)


def _opened_for(view: View, rule: Rule) -> list[FirewallRule]:
    """The same for a rule, without asking for those that nothing is opened for."""
    return related_to(view, rule.id) if isinstance(rule, _OPENED) else []


_OPENED: Final = (PortForwardingRule, LoadBalancer, StaticNatRule)


_PARTS: Final[Mapping[type[Rule], tuple[type[Rule], ...]]] = {
    LoadBalancer: (LbMember, Stickiness, HealthCheck),
    InternalLoadBalancer: (InternalLbMember,),
}


def parts_of(view: View, rule: Rule) -> list[Rule]:
    """Members and policies of a balancer; other rules have no parts."""
    found: list[Rule] = []
    for record_type in _PARTS.get(type(rule), ()):
        found += view.records.select(record_type, columns(record_type).load_balancer_id == rule.id)
    return found


def stages_of(rules: Iterable[Rule]) -> set[RuleStage]:
    """The sets of rules that a provider must be told of after these changed."""
    stages: set[RuleStage] = set()
    for rule in rules:
        if isinstance(rule, FirewallRule):
            stages.add(RuleStage.EGRESS if rule.public_ip_id is None else RuleStage.FIREWALL)
        elif isinstance(rule, Ipv6FirewallRule):
            stages.add(RuleStage.IPV6_FIREWALL)
        elif isinstance(rule, RoutingFirewallRule):
            stages.add(RuleStage.ROUTING_FIREWALL)
        elif isinstance(rule, PortForwardingRule):
            stages.add(RuleStage.PORT_FORWARDING)
        elif isinstance(rule, StaticNatRule):
            stages.add(RuleStage.STATIC_NAT_PORTS)
        elif isinstance(rule, (LoadBalancer, LbMember, Stickiness, HealthCheck)):
            stages.add(RuleStage.PUBLIC_LB)
        elif isinstance(rule, (InternalLoadBalancer, InternalLbMember)):
            stages.add(RuleStage.INTERNAL_LB)
        elif isinstance(rule, DnsRecord):
            stages.add(RuleStage.DNS_RECORDS)
    return stages


def _stepped(rule: R, event: RuleEvent) -> R:
    return msgspec.structs.replace(rule, state=next_rule_state(rule.state, event))
