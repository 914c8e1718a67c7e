"""What leads packets to a guest, and having nothing lead there any more: for NICs and addresses that go.

Rule 1: revoked first, told to the providers, and only then gone: a restart in between does it again from the beginning.
Rule 2: an address that static NAT gave to the guest stays its owner's; only the translation ends.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.rules_life import drop, revoke, stages_of
from netloom.app.cloud.rules_places import end_translation
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.load_balancers import InternalLbMember, LbMember, Member
from netloom.model.cloud.rules import PortForwardingRule, Rule, StaticNatRule
from netloom.model.cloud.untold import Mark
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import Where, columns

Leading = PortForwardingRule | Member | PublicIp
"""What leads to a guest: rules, memberships, and addresses by static NAT."""


def leading_to(view: View, nic_ids: Iterable[str], address: str | None = None) -> list[Leading]:
    """All that leads to NICs, or to one of their addresses only: nothing stands on the guest when there is none."""
    wanted = list(nic_ids)
    found: list[Leading] = []
    for record_type in (PortForwardingRule, LbMember, InternalLbMember, PublicIp):
        c = columns(record_type)
        where: list[Where] = [c.nic_id.in_(wanted)]
        if address is not None:
            where.append(c.guest_address == address)
        found += view.records.select(record_type, *where)
    return found


async def end_leading_to(doing: Doing, nic_ids: Iterable[str], address: str | None = None) -> None:
    """Have nothing lead to NICs (or one of their addresses) any more.

    Raises:
        PeerError: a provider could not (`provider-failed`); what was revoked stays so, and asking again goes on.
    """
    wanted = tuple(nic_ids)
    stages = await doing.write(lambda work: _revoke(work, leading_to(work, wanted, address)))
    with doing.telling(
        [Mark(f"network/{each}", stage.value) for each, told in stages.items() for stage in told]
    ):
        for network_id, told in stages.items():
            await bring(doing, network_id, told)
    if stages:
        await doing.write(lambda work: _drop(work, leading_to(work, wanted, address)))


def _revoke(work: Work, leading: list[Leading]) -> dict[Uuid, set[RuleStage]]:
    """Revoke all of it; which rules of which networks are to be told."""
    stages: dict[Uuid, set[RuleStage]] = {}
    for each in leading:
        if each.network_id is None:
            continue
        told = stages.setdefault(Uuid(each.network_id), set())
        if isinstance(each, PublicIp):
            work.update(msgspec.structs.replace(each, static_nat=False))
            rules: list[Rule] = [*_openings(work, each)]
            told |= {RuleStage.ADDRESSES, RuleStage.STATIC_NAT, RuleStage.FIREWALL}
        else:
            rules = [each]
            told.add(RuleStage.FIREWALL)
        told |= stages_of(rules)
        for rule in rules:
            revoke(work, rule)
    return stages


def _drop(work: Work, leading: list[Leading]) -> None:
    for each in leading:
        if not isinstance(each, PublicIp):
            drop(work, each)
            continue
        for rule in _openings(work, each):
            drop(work, rule)
        end_translation(work, each.id)


def _openings(view: View, ip: PublicIp) -> list[StaticNatRule]:
    return view.records.select(StaticNatRule, columns(StaticNatRule).public_ip_id == ip.id)
