"""Routing firewall rules: IPv4 at the edge of a routed network, where nothing is translated; all else is as over IPv6."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.app.cloud.rules_stage import Stage, staged

from netloom.app.cloud import firewall_both_ways, firewall_egress
from netloom.app.cloud.addresses_release import release_network
from netloom.app.cloud.firewall_both_ways import CreateEdgeRule, DeleteEdgeRule, UpdateEdgeRule
from netloom.app.cloud.firewall_egress import CreateEgressRule
from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.networks_offering import with_offering
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkMode, NetworkOffering
from netloom.model.cloud.rules import Ipv6FirewallRule, RoutingFirewallRule, RuleState
from netloom.plan.elements import RuleStage
from netloom.store.cloud.records import columns

OWN = "10.1.1.0/24"


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        await become(stage, NetworkMode.ROUTED)
        yield stage


async def become(stage: Stage, mode: NetworkMode) -> None:
    """Have the network's offering be routed, or not."""

    def unit(work: Work) -> None:
        offering = work.records.get(NetworkOffering, stage.network.offering_id)
        assert offering is not None
        work.update(msgspec.structs.replace(offering, network_mode=mode))

    await stage.write(unit)


async def let(stage: Stage, start: int | None = 80, **more: Any) -> RoutingFirewallRule:
    asked = {"network_id": stage.network.id, "protocol": "tcp", "start_port": start, **more}
    return await stage.do(firewall_both_ways.CREATE_ROUTING_RULE, CreateEdgeRule(**asked))


async def test_rules_both_ways_are_told_as_a_stage_of_their_own(stage: Stage) -> None:
    into = await let(stage, 22, end_port=80, sources=("198.51.100.0/24",))
    out = await let(stage, None, protocol="all", direction="egress")
    assert (into.state, into.sources, into.destinations) == (RuleState.ACTIVE, ("198.51.100.0/24",), (OWN,))
    assert (out.state, out.sources, out.destinations) == (RuleState.ACTIVE, (OWN,), ("0.0.0.0/0",))
    told = stage.notebook.rules[stage.network.id, RuleStage.ROUTING_FIREWALL]
    assert {record.id for record in told} == {into.id, out.id}
    assert (await stage.read(lambda view: facts_of(view, stage.network))).routed
    hidden = await stage.do(firewall_both_ways.UPDATE_ROUTING_RULE, UpdateEdgeRule(id=into.id, display=False))
    assert (hidden.display, hidden.state) == (False, RuleState.ACTIVE)
    await stage.do(firewall_both_ways.DELETE_ROUTING_RULE, DeleteEdgeRule(id=out.id))
    [left] = stage.notebook.rules[stage.network.id, RuleStage.ROUTING_FIREWALL]
    assert left.id == into.id
    await stage.write(lambda work: release_network(work, stage.network.id))
    assert await stage.all(RoutingFirewallRule) == []


async def test_what_two_rules_may_say(stage: Stage) -> None:
    first = await let(stage, 80, end_port=90)
    with pytest.raises(Conflict, match=first.id) as refused:
        await let(stage, 90)
    assert refused.value.stable_code == "rule-conflict"
    await let(stage, None, protocol="all", direction="Egress")

    def unit(work: Work) -> GuestNetwork:
        return work.update(msgspec.structs.replace(stage.network, cidr6="fd00::/64"))

    await stage.write(unit)
    over6 = CreateEdgeRule(network_id=stage.network.id, protocol="tcp", start_port=80)
    await stage.do(firewall_both_ways.CREATE_IPV6_RULE, over6)
    assert len(await stage.all(Ipv6FirewallRule)) == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"sources": ("2001:db8::/32",)}, "bad-cidr"),
        ({"destinations": ("10.2.0.0/16",)}, "cidr-outside-network"),
        ({"direction": "Egress", "sources": ("10.2.0.0/16",)}, "cidr-outside-network"),
    ],
)
async def test_what_a_rule_cannot_be(stage: Stage, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await let(stage, **asked)
    assert refused.value.stable_code == code


async def test_egress_rules_and_these_are_for_networks_of_different_modes(stage: Stage) -> None:
    egress = CreateEgressRule(network_id=stage.network.id, protocol="all")
    with pytest.raises(InvalidInput, match="is routed") as refused:
        await stage.do(firewall_egress.CREATE_EGRESS_RULE, egress)
    assert refused.value.stable_code == "egress-unsupported"
    await become(stage, NetworkMode.NATTED)
    with pytest.raises(InvalidInput, match="is not routed") as refused:
        await let(stage)
    assert refused.value.stable_code == "routing-firewall-unsupported"
    assert (await stage.do(firewall_egress.CREATE_EGRESS_RULE, egress)).state is RuleState.ACTIVE


async def test_they_are_nobody_elses_and_no_ipv6_rules(stage: Stage) -> None:
    rule = await let(stage)
    with pytest.raises(NotFound):
        await stage.cloud.do(
            stage.who.mallory, firewall_both_ways.DELETE_ROUTING_RULE, DeleteEdgeRule(id=rule.id)
        )
    with pytest.raises(NotFound):
        await stage.do(firewall_both_ways.DELETE_IPV6_RULE, DeleteEdgeRule(id=rule.id))


async def test_a_network_stays_routed(stage: Stage) -> None:
    c = columns(NetworkOffering)
    other = await stage.read(
        lambda view: view.records.first(NetworkOffering, c.name == "DefaultIsolatedNetworkOffering")
    )
    assert other is not None
    with pytest.raises(InvalidInput, match="routed") as refused:
        await stage.write(lambda work: with_offering(work, stage.network, other.id, forced=True))
    assert refused.value.stable_code == "offering-unfit"
