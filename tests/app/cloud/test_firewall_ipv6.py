"""IPv6 firewall rules: at the edge of a network with IPv6, both ways, apart from what is said of IPv4."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.app.cloud.rules_stage import Stage, staged

from netloom.app.cloud import firewall_both_ways, firewall_egress
from netloom.app.cloud.addresses_release import release_network
from netloom.app.cloud.firewall_both_ways import (
    CreateEdgeRule,
    DeleteEdgeRule,
    UpdateEdgeRule,
)
from netloom.app.cloud.firewall_egress import CreateEgressRule
from netloom.base.errors import Conflict, InvalidInput, NetloomError, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.jobs import Event
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import GuestType
from netloom.model.cloud.rules import FirewallRule, Ipv6FirewallRule, RuleState
from netloom.model.cloud.rules_traffic import Protocol
from netloom.model.cloud.usage import UsageSpan, UsageType
from netloom.plan.elements import Outcome, RuleStage

OWN = "fd00:0:0:7::/64"
ALL = ("::/0",)


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        await become(stage, cidr6=OWN)
        yield stage


async def become(stage: Stage, **fields: Any) -> None:
    """Have the network be otherwise."""

    def unit(work: Any) -> GuestNetwork:
        now = work.records.get(GuestNetwork, stage.network.id)
        return work.update(msgspec.structs.replace(now, **fields))

    stage.network = await stage.write(unit)


async def let(stage: Stage, start: int | None = 80, **more: Any) -> Ipv6FirewallRule:
    asked = {"network_id": stage.network.id, "protocol": "tcp", "start_port": start, **more}
    return await stage.do(firewall_both_ways.CREATE_IPV6_RULE, CreateEdgeRule(**asked))


async def change(stage: Stage, rule: Ipv6FirewallRule, **more: Any) -> Ipv6FirewallRule:
    return await stage.do(firewall_both_ways.UPDATE_IPV6_RULE, UpdateEdgeRule(id=rule.id, **more))


async def end(stage: Stage, rule: Ipv6FirewallRule) -> None:
    await stage.do(firewall_both_ways.DELETE_IPV6_RULE, DeleteEdgeRule(id=rule.id))


def told(stage: Stage) -> set[str]:
    """The rules that the provider has."""
    return {record.id for record in stage.notebook.rules[stage.network.id, RuleStage.IPV6_FIREWALL]}


async def test_rules_both_ways_from_their_making_to_their_end(stage: Stage) -> None:
    into = await let(stage, 22, end_port=80)
    out = await let(stage, None, protocol="all", direction="egress", destinations=("2001:db8::/32",))
    assert (into.state, into.sources, into.destinations) == (RuleState.ACTIVE, ALL, (OWN,))
    assert (out.state, out.sources, out.destinations) == (RuleState.ACTIVE, (OWN,), ("2001:db8::/32",))
    assert told(stage) == {into.id, out.id}
    assert RuleStage.FIREWALL.value not in stage.notebook.stages(stage.network.id)
    spans = [span for span in await stage.all(UsageSpan) if span.type is UsageType.FIREWALL_RULE]
    assert {span.resource_id for span in spans} == {into.id, out.id}
    for rule in (into, out):
        await end(stage, rule)
    assert told(stage) == set()
    assert await stage.all(Ipv6FirewallRule) == []
    types = {event.type for event in await stage.all(Event)}
    assert {"IPV6.FIREWALL.RULE.CREATE", "IPV6.FIREWALL.RULE.DELETE"} <= types


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"sources": ("10.0.0.0/8",)}, "bad-cidr"),
        ({"sources": ("2001:db8::1/32",)}, "bad-cidr"),
        ({"destinations": ("2001:db8::/32",)}, "cidr-outside-network"),
        ({"direction": "Egress", "sources": ("2001:db8::/32",)}, "cidr-outside-network"),
        ({"direction": "sideways"}, "invalid-input"),
        ({"protocol": "gre"}, "protocol-unsupported"),
        ({"protocol": "icmp"}, "invalid-input"),
        ({"start": None, "protocol": "icmp", "icmp_type": 256}, "invalid-input"),
        ({"start": 0}, "invalid-input"),
    ],
)
async def test_what_a_rule_cannot_be(stage: Stage, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await let(stage, **{"start": 80, **asked})
    assert refused.value.stable_code == code
    assert await stage.all(Ipv6FirewallRule) == []


@pytest.mark.parametrize(
    "fields",
    [{"cidr6": None}, {"guest_type": GuestType.SHARED}, {"guest_type": GuestType.L2}],
)
async def test_networks_that_have_none_say_why(stage: Stage, fields: dict[str, Any]) -> None:
    await become(stage, **fields)
    with pytest.raises(InvalidInput, match=stage.network.id) as refused:
        await let(stage)
    assert refused.value.stable_code == "ipv6-firewall-unsupported"
    assert refused.value.subject == "networkid"
    assert refused.value.hint


async def test_two_for_the_same_packets_exclude_each_other_but_not_both_directions_nor_ipv4(
    stage: Stage,
) -> None:
    first = await let(stage, 80, end_port=90)
    for more in ({}, {"protocol": "all", "start": None}, {"sources": ("2001:db8::/32",)}, {"start": 90}):
        with pytest.raises(Conflict, match=first.id) as refused:
            await let(stage, **{"start": 80, **more})
        assert refused.value.stable_code == "rule-conflict"
    await let(stage, 91)
    await let(stage, 80, protocol="udp")
    await let(stage, None, protocol="all", direction="Egress")
    everything = CreateEgressRule(network_id=stage.network.id, protocol="all")
    over4 = await stage.do(firewall_egress.CREATE_EGRESS_RULE, everything)
    assert (over4.sources, over4.destinations) == (("10.1.1.0/24",), ())
    [kept] = await stage.all(FirewallRule)
    assert kept.id == over4.id


async def test_egress_rules_are_of_ipv4(stage: Stage) -> None:
    for asked in ({"sources": (OWN,)}, {"destinations": ("2001:db8::/32",)}):
        with pytest.raises(InvalidInput) as refused:
            await stage.do(
                firewall_egress.CREATE_EGRESS_RULE,
                CreateEgressRule(network_id=stage.network.id, protocol="all", **asked),
            )
        assert refused.value.stable_code == "bad-cidr"
    await become(stage, cidr=None, gateway=None)
    with pytest.raises(InvalidInput, match="no IPv4") as refused:
        await stage.do(
            firewall_egress.CREATE_EGRESS_RULE, CreateEgressRule(network_id=stage.network.id, protocol="all")
        )
    assert refused.value.stable_code == "egress-unsupported"
    assert (await let(stage)).state is RuleState.ACTIVE


async def test_a_rule_is_changed_and_told_anew(stage: Stage) -> None:
    rule = await let(stage, 80, end_port=90, sources=("2001:db8::/32",))
    stage.notebook.calls.clear()
    wider = await change(stage, rule, end_port=100, start_port=80)
    assert (wider.start_port, wider.end_port, wider.sources) == (80, 100, ("2001:db8::/32",))
    assert wider.state is RuleState.ACTIVE
    assert stage.notebook.stages(stage.network.id) == [RuleStage.IPV6_FIREWALL.value]
    udp = await change(stage, wider, protocol="UDP", sources=("2001:db8:1::/48",))
    assert (udp.protocol, udp.start_port, udp.end_port) == (Protocol.UDP, 80, 100)
    pings = await change(stage, udp, protocol="icmp", icmp_type=128)
    assert (pings.start_port, pings.icmp_type, pings.icmp_code) == (None, 128, -1)
    [seen] = stage.notebook.rules[stage.network.id, RuleStage.IPV6_FIREWALL]
    assert isinstance(seen, Ipv6FirewallRule)
    assert seen.traffic == pings.traffic
    other = await let(stage, 443)
    with pytest.raises(Conflict) as refused:
        await change(stage, pings, protocol="tcp", start_port=443)
    assert refused.value.stable_code == "rule-conflict"
    with pytest.raises(Conflict) as refused:
        await change(stage, other, direction="Egress")
    assert refused.value.stable_code == "immutable-field"


async def test_what_lists_show_is_changed_without_the_provider(stage: Stage) -> None:
    rule = await let(stage)
    stage.notebook.calls.clear()
    stage.notebook.refusals[RuleStage.IPV6_FIREWALL] = Outcome(done=False, reason="away")
    hidden = await change(stage, rule, display=False, direction="ingress")
    assert (hidden.display, hidden.state) == (False, RuleState.ACTIVE)
    assert stage.notebook.calls == []


async def test_a_rule_that_its_provider_refuses_is_gone(stage: Stage) -> None:
    stage.notebook.refusals[RuleStage.IPV6_FIREWALL] = Outcome(done=False, reason="no room")
    with pytest.raises(PeerError, match="no room"):
        await let(stage)
    assert await stage.all(Ipv6FirewallRule) == []
    stage.notebook.refusals.clear()
    assert (await let(stage)).state is RuleState.ACTIVE


async def test_rules_go_with_their_network_and_are_nobody_elses(stage: Stage) -> None:
    rule = await let(stage)
    strangers: list[tuple[Any, msgspec.Struct]] = [
        (firewall_both_ways.CREATE_IPV6_RULE, CreateEdgeRule(network_id=stage.network.id, protocol="all")),
        (firewall_both_ways.UPDATE_IPV6_RULE, UpdateEdgeRule(id=rule.id, display=False)),
        (firewall_both_ways.DELETE_IPV6_RULE, DeleteEdgeRule(id=rule.id)),
        (firewall_both_ways.DELETE_IPV6_RULE, DeleteEdgeRule(id=Uuid(stage.network.id))),
    ]
    for use_case, request in strangers:
        with pytest.raises(NotFound):
            await stage.cloud.do(stage.who.mallory, use_case, request)
    await stage.write(lambda work: release_network(work, stage.network.id))
    assert await stage.all(Ipv6FirewallRule) == []


async def test_a_network_without_a_firewall_has_no_rules(tmp_path: pathlib.Path) -> None:
    offering = "DefaultIsolatedNetworkOffering"
    async with staged(f"sqlite:///{tmp_path}/cloud.db", offering) as stage:
        await become(stage, cidr6=OWN)
        with pytest.raises(NetloomError) as refused:
            await let(stage)
        assert refused.value.stable_code == "service-not-provided"
