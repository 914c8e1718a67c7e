"""Rules that their provider could not be told come true without anybody asking for anything else."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.rules_stage import Stage, staged
from tests.sandbox.postgres import shared_server

from netloom.app.cloud import firewall, load_balancers
from netloom.app.cloud.firewall import DeleteFirewallRule
from netloom.app.cloud.load_balancers import CreateLoadBalancer
from netloom.app.cloud.networks_life import OneNetwork
from netloom.app.cloud.rules_retry import ALERT_AFTER, FIRST, LONGEST, RETRY, RuleRetry
from netloom.app.cloud.work import Work
from netloom.base.errors import PeerError
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.jobs import Alert, Job, JobState
from netloom.model.cloud.load_balancers import LbMember, LoadBalancer
from netloom.model.cloud.record import Record
from netloom.model.cloud.rules import FirewallRule, RuleState
from netloom.plan.elements import Outcome, RuleStage

ASLEEP = Outcome(done=False, reason="the router is asleep", again=True)
OLD = dt.timedelta(minutes=2)


class Hand:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def stage(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(shared_server().new_database)
    async with staged(url) as stage:
        yield stage


async def aged(stage: Stage, record: Record, state: RuleState, by: dt.timedelta = OLD) -> None:
    """Have a rule stand in a state for so long."""

    def unit(work: Work) -> None:
        now = work.records.get(type(record), record.id)
        assert now is not None
        work.records.update(msgspec.structs.replace(now, state=state, updated_at=work.at - by))

    await stage.write(unit)


async def retries(stage: Stage) -> list[Job]:
    """The jobs that were asked for, ended."""
    jobs = [job for job in await stage.all(Job) if job.use_case == RETRY.name]
    for job in jobs:
        await stage.cloud.jobs.settled(job.id, 10.0)
    ended = [job for job in await stage.all(Job) if job.use_case == RETRY.name]
    return sorted(ended, key=lambda job: job.number)


async def rule_of(stage: Stage, ip: PublicIp, port: int) -> FirewallRule:
    rule = await stage.open(ip, port)
    assert isinstance(rule, FirewallRule)
    return rule


async def test_a_rule_whose_deletion_failed_goes_once_its_provider_is_awake(stage: Stage) -> None:
    ip = await stage.extra()
    stays, goes = await rule_of(stage, ip, 22), await rule_of(stage, ip, 80)
    stage.notebook.refusals[RuleStage.FIREWALL] = ASLEEP
    with pytest.raises(PeerError):
        await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=goes.id))
    clock = Hand()
    retry = RuleRetry(stage.cloud, clock)
    await retry.step()
    assert await retries(stage) == []
    await aged(stage, goes, RuleState.REVOKE)
    stage.notebook.refusals.clear()
    await retry.step()
    [job] = await retries(stage)
    assert job.state is JobState.SUCCEEDED
    assert [(each.id, each.state) for each in await stage.all(FirewallRule)] == [(stays.id, RuleState.ACTIVE)]
    told = stage.notebook.rules[stage.network.id, RuleStage.FIREWALL]
    assert {each.id for each in told if isinstance(each, FirewallRule)} == {stays.id}
    clock.at += LONGEST
    await retry.step()
    assert len(await retries(stage)) == 1


async def test_rules_that_stand_in_add_become_active_members_too(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await rule_of(stage, ip, 22)
    request = CreateLoadBalancer(
        name="lb", public_ip_id=ip.id, public_port=80, private_port=80, algorithm="source"
    )
    balancer = await stage.do(load_balancers.CREATE_LOAD_BALANCER, request)
    assert isinstance(balancer, LoadBalancer)
    nic = stage.nics[stage.web.id]

    def member(work: Work) -> LbMember:
        return work.insert(
            LbMember(
                **work.owned(balancer),
                network_id=balancer.network_id,
                load_balancer_id=balancer.id,
                instance_id=stage.web.id,
                nic_id=nic.id,
                guest_address="10.1.1.9",
                state=RuleState.ADD,
            )
        )

    made = await stage.write(member)
    await aged(stage, made, RuleState.ADD)
    await aged(stage, rule, RuleState.ADD)
    stage.notebook.calls.clear()
    await RuleRetry(stage.cloud, Hand()).step()
    [job] = await retries(stage)
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert {each.state for each in await stage.all(FirewallRule)} == {RuleState.ACTIVE}
    assert [each.state for each in await stage.all(LbMember)] == [RuleState.ACTIVE]
    assert set(stage.notebook.stages(stage.network.id)) == {
        RuleStage.FIREWALL.value,
        RuleStage.PUBLIC_LB.value,
    }


async def test_what_keeps_failing_is_tried_more_and_more_slowly_and_operators_are_told_once(
    stage: Stage,
) -> None:
    rule = await rule_of(stage, await stage.extra(), 22)
    await aged(stage, rule, RuleState.REVOKE)
    stage.notebook.refusals[RuleStage.FIREWALL] = ASLEEP
    clock = Hand()
    retry = RuleRetry(stage.cloud, clock)
    asked: list[float] = []
    while len(asked) < 8:
        await retry.step()
        if len(await retries(stage)) > len(asked):
            asked.append(clock.at)
        clock.at += FIRST
    gaps = [after - before for before, after in itertools.pairwise(asked)]
    assert gaps[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert max(gaps) == LONGEST
    assert {job.error_code for job in await retries(stage)} == {"provider-failed"}
    [alert] = await stage.all(Alert)
    assert alert.subject == f"network/{stage.network.id}"
    assert "the router is asleep" in alert.description
    assert alert.times == len(asked) - ALERT_AFTER
    stage.notebook.refusals.clear()
    clock.at += LONGEST
    await retry.step()
    await retries(stage)
    assert await stage.all(FirewallRule) == []


async def test_what_has_a_job_of_its_own_is_left_to_it(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await rule_of(stage, ip, 22)
    await aged(stage, rule, RuleState.REVOKE)
    async with stage.cloud.backends.turns.of(f"network/{stage.network.id}"):
        again = await stage.cloud.do(stage.who.root, RETRY, OneNetwork(id=stage.network.id))
        own = await stage.cloud.do(
            stage.who.alice, firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id)
        )
        await RuleRetry(stage.cloud, Hand()).step()
        assert len([job for job in await stage.all(Job) if job.use_case == RETRY.name]) == 1
    await stage.end(again)
    await stage.end(own)
    assert await stage.all(FirewallRule) == []
