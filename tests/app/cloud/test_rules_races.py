"""Of two that want the same at the same time, exactly one has it; on both databases."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.rules_stage import Stage, staged
from tests.testing import templates
from tests.testing.racers import at_once, winners

from netloom.app.cloud import (
    addresses,
    firewall,
    firewall_both_ways,
    load_balancers,
    port_forwarding,
    static_nat,
)
from netloom.app.cloud.addresses import NamedIp
from netloom.app.cloud.addresses_place import AssociateIp
from netloom.app.cloud.firewall import CreateFirewallRule
from netloom.app.cloud.firewall_both_ways import CreateEdgeRule
from netloom.app.cloud.load_balancers import CreateLoadBalancer
from netloom.app.cloud.port_forwarding import CreatePortForwarding
from netloom.app.cloud.static_nat import EnableStaticNat
from netloom.app.cloud.work import Work
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import FirewallRule, Ipv6FirewallRule, PortForwardingRule, TrafficDirection


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def stage(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(templates.migrated_postgres)
    async with staged(url) as stage:
        yield stage


async def test_one_of_many_firewall_rules_for_the_same_ports(stage: Stage) -> None:
    ip = await stage.extra()
    request = CreateFirewallRule(public_ip_id=ip.id, protocol="tcp", start_port=22, end_port=80)
    results = await at_once(*(stage.do(firewall.CREATE_FIREWALL_RULE, request) for _ in range(8)))
    assert len(winners(results)) == 1
    assert results.count("rule-conflict") == 7
    assert len(await stage.all(FirewallRule)) == 1


async def test_one_of_many_ipv6_rules_for_the_same_packets(stage: Stage) -> None:
    def unit(work: Work) -> GuestNetwork:
        return work.update(msgspec.structs.replace(stage.network, cidr6="fd00::/64"))

    await stage.write(unit)
    request = CreateEdgeRule(network_id=stage.network.id, protocol="udp", start_port=53)
    into = [stage.do(firewall_both_ways.CREATE_IPV6_RULE, request) for _ in range(6)]
    out = msgspec.structs.replace(request, direction="Egress")
    results = await at_once(*into, stage.do(firewall_both_ways.CREATE_IPV6_RULE, out))
    assert len(winners(results)) == 2
    assert results.count("rule-conflict") == 5
    assert {rule.direction for rule in await stage.all(Ipv6FirewallRule)} == set(TrafficDirection)


async def test_a_forwarding_or_a_balancer_or_static_nat(stage: Stage) -> None:
    ip = await stage.extra()
    forward = CreatePortForwarding(
        public_ip_id=ip.id,
        protocol="tcp",
        public_port=80,
        private_port=80,
        instance_id=stage.web.id,
        open_firewall=False,
    )
    balance = CreateLoadBalancer(
        name="lb",
        public_ip_id=ip.id,
        public_port=80,
        private_port=80,
        algorithm="source",
        open_firewall=False,
    )
    nat = EnableStaticNat(public_ip_id=ip.id, instance_id=stage.db.id)
    results = await at_once(
        stage.do(port_forwarding.CREATE_PORT_FORWARDING, forward),
        stage.do(load_balancers.CREATE_LOAD_BALANCER, balance),
        stage.do(static_nat.ENABLE_STATIC_NAT, nat),
        stage.do(port_forwarding.CREATE_PORT_FORWARDING, forward),
    )
    assert len(winners(results)) == 1
    assert {each for each in results if isinstance(each, str)} <= {
        "rule-conflict",
        "address-has-rules",
        "static-nat-enabled",
    }


async def test_one_address_in_particular_and_the_last_one(stage: Stage) -> None:
    wanted = AssociateIp(network_id=stage.network.id, address="192.0.2.20")
    results = await at_once(*(stage.do(addresses.ASSOCIATE_IP, wanted) for _ in range(5)))
    assert len(winners(results)) == 1
    assert results.count("address-taken") == 4
    anything = AssociateIp(network_id=stage.network.id)
    results = await at_once(*(stage.do(addresses.ASSOCIATE_IP, anything) for _ in range(18)))
    taken = winners(results)
    assert len(taken) == 14
    assert results.count("address-exhausted") == 4
    everybody = await stage.all(PublicIp)
    assert len({ip.address for ip in everybody}) == 15
    assert [ip.source_nat for ip in everybody].count(True) == 1


async def test_a_rule_and_the_end_of_its_address(stage: Stage) -> None:
    ip = await stage.extra()
    forward = CreatePortForwarding(
        public_ip_id=ip.id, protocol="tcp", public_port=80, private_port=80, instance_id=stage.web.id
    )
    await at_once(
        stage.do(port_forwarding.CREATE_PORT_FORWARDING, forward),
        stage.do(addresses.DISASSOCIATE_IP, NamedIp(id=ip.id)),
    )
    left = [each for each in await stage.all(PublicIp) if each.id == ip.id]
    assert left == []
    assert await stage.all(PortForwardingRule) == []
    assert await stage.all(FirewallRule) == []
