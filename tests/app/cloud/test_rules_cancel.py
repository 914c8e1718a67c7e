"""Wishes that are cancelled while they wait leave nothing behind, and leave alone what others asked for."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.rules_stage import Stage, staged

from netloom.app.cloud import addresses, firewall, load_balancers, load_balancers_members, static_nat
from netloom.app.cloud.addresses_place import AssociateIp
from netloom.app.cloud.firewall import CreateFirewallRule, DeleteFirewallRule
from netloom.app.cloud.load_balancers import CreateLoadBalancer
from netloom.app.cloud.load_balancers_members import ChangeMembers, MemberAddress
from netloom.app.cloud.static_nat import EnableStaticNat
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.jobs import JobState
from netloom.model.cloud.load_balancers import LbMember
from netloom.model.cloud.rules import FirewallRule, RuleState


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def test_what_waits_and_is_cancelled_is_as_if_it_had_never_been(stage: Stage) -> None:
    cloud, alice = stage.cloud, stage.who.alice
    ip, free = await stage.extra(), await stage.address()
    standing = await stage.open(ip, 99)
    assert isinstance(standing, FirewallRule)
    balancer = await stage.do(
        load_balancers.CREATE_LOAD_BALANCER,
        CreateLoadBalancer(
            name="lb", public_ip_id=ip.id, public_port=80, private_port=80, algorithm="source"
        ),
    )
    before = {each.id for each in await stage.all(PublicIp)}
    members = load_balancers_members.ASSIGN_MEMBERS
    async with stage.cloud.backends.turns.of(f"network/{stage.network.id}"):
        first = await cloud.do(
            alice, members, ChangeMembers(id=balancer.id, members=(MemberAddress(stage.web.id),))
        )
        waiting = [
            await cloud.do(
                alice, members, ChangeMembers(id=balancer.id, members=(MemberAddress(stage.db.id),))
            ),
            await cloud.do(
                alice,
                static_nat.ENABLE_STATIC_NAT,
                EnableStaticNat(public_ip_id=free.id, instance_id=stage.web.id),
            ),
            await cloud.do(
                alice,
                firewall.CREATE_FIREWALL_RULE,
                CreateFirewallRule(public_ip_id=ip.id, protocol="tcp", start_port=22),
            ),
            await cloud.do(alice, addresses.ASSOCIATE_IP, AssociateIp(network_id=stage.network.id)),
            await cloud.do(alice, firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=standing.id)),
        ]
        for done in waiting:
            assert done.job is not None
            assert (await cloud.jobs.cancel(alice, done.job.id)).state is JobState.CANCELLED
    await stage.end(first)
    assert [(each.instance_id, each.state) for each in await stage.all(LbMember)] == [
        (stage.web.id, RuleState.ACTIVE)
    ]
    now = {each.id: each for each in await stage.all(PublicIp)}
    assert set(now) == before
    assert (now[free.id].static_nat, now[free.id].nic_id) == (False, None)
    rules = {each.start_port: each for each in await stage.all(FirewallRule)}
    assert rules[99].state is RuleState.REVOKE
    assert 22 not in rules
    await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=standing.id))
    assert 99 not in {each.start_port for each in await stage.all(FirewallRule)}


async def test_static_nat_that_stood_stays_when_the_same_wish_is_cancelled(stage: Stage) -> None:
    cloud, alice = stage.cloud, stage.who.alice
    ip = await stage.extra()
    wish = EnableStaticNat(public_ip_id=ip.id, instance_id=stage.web.id)
    nat = await stage.do(static_nat.ENABLE_STATIC_NAT, wish)
    async with cloud.backends.turns.of(f"network/{stage.network.id}"):
        first = await cloud.do(
            alice,
            firewall.CREATE_FIREWALL_RULE,
            CreateFirewallRule(public_ip_id=ip.id, protocol="tcp", start_port=22),
        )
        again = await cloud.do(alice, static_nat.ENABLE_STATIC_NAT, wish)
        assert again.job is not None
        await cloud.jobs.cancel(alice, again.job.id)
    await stage.end(first)
    assert [each for each in await stage.all(PublicIp) if each.id == ip.id] == [nat]
