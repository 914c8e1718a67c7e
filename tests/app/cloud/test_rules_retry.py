"""What a provider could not be told comes true without anybody asking for anything else."""

from __future__ import annotations

import asyncio
import datetime as dt
import pathlib
from collections.abc import AsyncIterator

import msgspec
import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.rules_stage import Stage, staged
from tests.sandbox.postgres import shared_server
from tests.testing.reads import statements
from tests.testing.rule_keeper import keeper_backends

from netloom.app.cloud import firewall, load_balancers, load_balancers_members, static_nat
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.firewall import DeleteFirewallRule
from netloom.app.cloud.networks_life import ELEMENTS
from netloom.app.cloud.networks_restart import RESTART, RestartNetwork
from netloom.app.cloud.rules_retry import RuleRetry
from netloom.app.cloud.rules_retry_places import ALERT_AFTER, TELL_AGAIN, OnePlace
from netloom.app.cloud.untold import NETWORK, remember
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.base.errors import PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.jobs import Alert, Job, JobState
from netloom.model.cloud.load_balancers import LbMember, LoadBalancer
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rules import FirewallRule, RuleState, StaticNatRule
from netloom.model.cloud.untold import FIRST, LONGEST, Mark, Untold
from netloom.plan.elements import Outcome, RuleStage

ASLEEP = Outcome(done=False, reason="the router is asleep", again=True)
AGAIN = TELL_AGAIN[NETWORK]


class Hand:
    """A clock that a test moves on; it only sleeps."""

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
async def url(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    if request.param == "postgresql":
        return await asyncio.to_thread(shared_server().new_database)
    return f"sqlite:///{tmp_path}/cloud.db"


@pytest.fixture
async def stage(url: str) -> AsyncIterator[Stage]:
    async with staged(url) as stage:
        yield stage


async def wait(cloud: Cloud, by: dt.timedelta = FIRST) -> None:
    """Let time go by for what is untold."""

    def unit(work: Work) -> None:
        for each in work.records.select(Untold):
            work.records.update(msgspec.structs.replace(each, due_at=each.due_at - by))

    await cloud.write_as(system_caller(), "stage", unit)


async def look(stage: Stage) -> list[Job]:
    """Have it looked once; all jobs that were asked for so far, ended."""
    await RuleRetry(stage.cloud, Hand()).step()
    return await retries(stage)


async def retries(stage: Stage) -> list[Job]:
    """All jobs that were asked for so far, ended."""
    names = {use_case.name for use_case in TELL_AGAIN.values()}
    for job in [job for job in await stage.all(Job) if job.use_case in names]:
        await stage.cloud.jobs.settled(job.id, 30.0)
    ended = [job for job in await stage.all(Job) if job.use_case in names]
    return sorted(ended, key=lambda job: job.number)


async def rule_of(stage: Stage, ip: PublicIp, port: int) -> FirewallRule:
    rule = await stage.open(ip, port)
    assert isinstance(rule, FirewallRule)
    return rule


async def parts(stage: Stage) -> dict[str, int]:
    """What is untold, and how often it was tried."""
    return {each.part: each.tries for each in await stage.all(Untold)}


async def test_a_rule_whose_deletion_failed_goes_once_its_provider_is_awake(stage: Stage) -> None:
    ip = await stage.extra()
    stays, goes = await rule_of(stage, ip, 22), await rule_of(stage, ip, 80)
    stage.notebook.refusals[RuleStage.FIREWALL] = ASLEEP
    with pytest.raises(PeerError):
        await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=goes.id))
    assert await parts(stage) == {RuleStage.FIREWALL.value: 0}
    stage.notebook.refusals.clear()
    assert await look(stage) == [], "the job that failed is a moment ago"
    await wait(stage.cloud)
    [job] = await look(stage)
    assert job.state is JobState.SUCCEEDED
    assert [(each.id, each.state) for each in await stage.all(FirewallRule)] == [(stays.id, RuleState.ACTIVE)]
    told = stage.notebook.rules[stage.network.id, RuleStage.FIREWALL]
    assert {each.id for each in told if isinstance(each, FirewallRule)} == {stays.id}
    assert await stage.all(Untold) == []
    await wait(stage.cloud, LONGEST)
    assert len(await look(stage)) == 1


async def test_a_set_that_a_refused_rule_was_in_is_told_again_without_it(stage: Stage) -> None:
    ip = await stage.extra()
    stays = await rule_of(stage, ip, 22)
    stage.notebook.refusals[RuleStage.FIREWALL] = ASLEEP
    with pytest.raises(PeerError):
        await stage.open(ip, 80)
    assert [each.id for each in await stage.all(FirewallRule)] == [stays.id]
    stage.notebook.refusals.clear()
    stage.notebook.rules.clear()  # nobody knows what the provider has after a failure
    await wait(stage.cloud)
    await look(stage)
    told = stage.notebook.rules[stage.network.id, RuleStage.FIREWALL]
    assert {each.id for each in told if isinstance(each, FirewallRule)} == {stays.id}


async def test_an_address_is_a_guests_until_its_provider_translates_it_no_more(stage: Stage) -> None:
    ip = await stage.extra()
    enable = static_nat.EnableStaticNat(public_ip_id=ip.id, instance_id=stage.web.id)
    await stage.do(static_nat.ENABLE_STATIC_NAT, enable)
    opening = static_nat.CreateStaticNatRule(public_ip_id=ip.id, protocol="tcp", start_port=80)
    await stage.do(static_nat.CREATE_STATIC_NAT_RULE, opening)
    stage.notebook.refusals[RuleStage.STATIC_NAT] = ASLEEP
    disable = static_nat.DisableStaticNat(public_ip_id=ip.id)
    for _ in range(2):  # and it can be asked for again meanwhile
        with pytest.raises(PeerError):
            await stage.do(static_nat.DISABLE_STATIC_NAT, disable)
        [half] = [each for each in await stage.all(PublicIp) if each.id == ip.id]
        assert (half.static_nat, half.instance_id) == (False, stage.web.id)
    stage.notebook.refusals.clear()
    await wait(stage.cloud)
    [job] = await look(stage)
    assert job.state is JobState.SUCCEEDED, job.error_text
    [now] = [each for each in await stage.all(PublicIp) if each.id == ip.id]
    assert (now.static_nat, now.instance_id, now.nic_id, now.guest_address) == (False, None, None, None)
    assert await stage.all(StaticNatRule) == []
    assert stage.notebook.rules[stage.network.id, RuleStage.STATIC_NAT] == ()


async def test_members_that_could_not_be_taken_away_go_and_changes_become_active(stage: Stage) -> None:
    ip = await stage.extra()
    request = load_balancers.CreateLoadBalancer(
        name="lb", public_ip_id=ip.id, public_port=80, private_port=80, algorithm="source"
    )
    balancer = await stage.do(load_balancers.CREATE_LOAD_BALANCER, request)
    assert isinstance(balancer, LoadBalancer)
    member = load_balancers_members.MemberAddress(instance_id=stage.web.id)
    change = load_balancers_members.ChangeMembers(id=balancer.id, members=(member,))
    await stage.do(load_balancers_members.ASSIGN_MEMBERS, change)
    stage.notebook.refusals[RuleStage.PUBLIC_LB] = ASLEEP
    with pytest.raises(PeerError):
        await stage.do(load_balancers_members.REMOVE_MEMBERS, change)
    other = load_balancers.UpdateLoadBalancer(id=balancer.id, algorithm="roundrobin")
    with pytest.raises(PeerError):
        await stage.do(load_balancers.UPDATE_LOAD_BALANCER, other)
    stage.notebook.refusals.clear()
    await wait(stage.cloud)
    [job] = await look(stage)
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert await stage.all(LbMember) == []
    [now] = await stage.all(LoadBalancer)
    assert (now.state, now.algorithm.value) == (RuleState.ACTIVE, "roundrobin")


async def test_what_keeps_failing_is_tried_more_and_more_slowly_and_operators_are_told_once(
    stage: Stage,
) -> None:
    rule = await rule_of(stage, await stage.extra(), 22)
    stage.notebook.refusals[RuleStage.FIREWALL] = ASLEEP
    with pytest.raises(PeerError):
        await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id))
    waits: list[dt.timedelta] = []
    for tries in range(1, 10):
        [before] = await stage.all(Untold)
        await wait(stage.cloud, LONGEST)
        assert len(await look(stage)) == tries
        [after] = await stage.all(Untold)
        assert (after.id, after.tries) == (before.id, tries)
        waits.append(after.due_at - stage.cloud.now())
    minutes = [round(each / FIRST) for each in waits]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert {job.error_code for job in await retries(stage)} == {"provider-failed"}
    [alert] = await stage.all(Alert)
    assert (alert.type, alert.name) == (9, "ALERT.SERVICE.DOMAINROUTER")
    assert alert.subject == f"network/{stage.network.id}"
    assert "firewall of network blue" in alert.description
    assert "the router is asleep" in alert.description
    assert alert.times == 9 - ALERT_AFTER
    stage.notebook.refusals.clear()
    await wait(stage.cloud, LONGEST)
    await look(stage)
    assert await stage.all(FirewallRule) == []
    [alert] = await stage.all(Alert)
    assert alert.archived, "what is over is put away"


async def test_a_restart_forgets_nothing_and_hurries_nothing(url: str) -> None:
    async with staged(url) as stage:
        rule = await rule_of(stage, await stage.extra(), 22)
        stage.notebook.refusals[RuleStage.FIREWALL] = ASLEEP
        with pytest.raises(PeerError):
            await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id))
        for _ in range(2):
            await wait(stage.cloud, LONGEST)
            await look(stage)
        [before] = await stage.all(Untold)
    async with opened(url, keeper_backends()) as cloud:
        retry = RuleRetry(cloud, Hand())
        await retry.step()
        assert retry.counters().asked == 0
        [left] = await cloud.read_as(system_caller(), lambda view: view.records.select(Untold))
        assert (left.due_at, left.tries) == (before.due_at, 2)
        await wait(cloud, LONGEST)
        await retry.step()
        counted = retry.counters()
        assert (counted.asked, counted.untold, counted.oldest) == (1, 1, before.created_at)
        [job] = [job for job in await jobs_of(cloud) if job.state is not JobState.FAILED]
        await cloud.jobs.settled(job.id, 30.0)
        assert await cloud.read_as(system_caller(), lambda view: view.records.count(FirewallRule)) == 0
        await retry.step()
        assert retry.counters().untold == 0


async def jobs_of(cloud: Cloud) -> list[Job]:
    jobs = await cloud.read_as(system_caller(), lambda view: view.records.select(Job))
    return [job for job in jobs if job.use_case == AGAIN.name]


async def test_a_clock_that_was_set_back_holds_nothing_up(stage: Stage) -> None:
    await stage.write(lambda work: remember(work, [here(stage, RuleStage.EGRESS)], "asleep"))
    await wait(stage.cloud, -dt.timedelta(days=300))
    [job] = await look(stage)
    assert job.state is JobState.SUCCEEDED


def here(stage: Stage, part: RuleStage) -> Mark:
    return Mark(f"network/{stage.network.id}", part.value)


async def test_what_has_a_job_of_its_own_is_left_to_it(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await rule_of(stage, ip, 22)
    await stage.write(lambda work: remember(work, [here(stage, RuleStage.FIREWALL)], "asleep"))
    await wait(stage.cloud)
    async with stage.cloud.backends.turns.of(f"network/{stage.network.id}"):
        again = await stage.cloud.do(stage.who.root, AGAIN, OnePlace(id=Uuid(stage.network.id)))
        own = await stage.cloud.do(
            stage.who.alice, firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id)
        )
        await wait(stage.cloud, LONGEST)
        await RuleRetry(stage.cloud, Hand()).step()
        assert len([job for job in await stage.all(Job) if job.use_case == AGAIN.name]) == 1
    await stage.end(again)
    await stage.end(own)
    assert await stage.all(FirewallRule) == []


async def test_a_deletion_that_was_cancelled_is_told_all_the_same(stage: Stage) -> None:
    rule = await rule_of(stage, await stage.extra(), 22)
    async with stage.cloud.backends.turns.of(f"network/{stage.network.id}"):
        first = await stage.cloud.do(stage.who.root, AGAIN, OnePlace(id=Uuid(stage.network.id)))
        own = await stage.cloud.do(
            stage.who.alice, firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id)
        )
        assert own.job is not None
        await stage.cloud.jobs.cancel(stage.who.alice, own.job.id)
    await stage.end(first)
    [left] = await stage.all(FirewallRule)
    assert left.state is RuleState.REVOKE
    await wait(stage.cloud)
    assert [job.state for job in await look(stage)] == [JobState.SUCCEEDED] * 2
    assert await stage.all(FirewallRule) == []


async def test_what_is_untold_of_a_place_that_is_gone_is_forgotten(stage: Stage) -> None:
    gone = Mark("network/00000000-0000-4000-8000-00000000dead", "firewall")
    await stage.write(lambda work: remember(work, [gone], "asleep"))
    await wait(stage.cloud)
    assert await look(stage) == []
    assert await stage.all(Untold) == []


async def test_a_look_reads_what_is_untold_and_no_rules(stage: Stage) -> None:
    await rule_of(stage, await stage.extra(), 22)
    retry = RuleRetry(stage.cloud, Hand())
    with statements() as said:
        await retry.step()
    asked = [each for each in said if "FROM" in each]
    assert len(asked) == 2
    assert all("FROM cloud_untolds" in each for each in asked)


async def test_a_network_whose_elements_could_not_be_told_is_raised_again(stage: Stage) -> None:
    stage.notebook.refusals["implement"] = ASLEEP
    with pytest.raises(PeerError):
        await stage.do(RESTART, RestartNetwork(id=Uuid(stage.network.id)))
    assert await parts(stage) == {ELEMENTS: 0}
    [network] = await stage.all(GuestNetwork)
    assert network.restart_required
    stage.notebook.refusals.clear()
    stage.notebook.calls.clear()
    await wait(stage.cloud)
    [job] = await look(stage)
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert ("implement", stage.network.id, "") in stage.notebook.calls
    assert set(stage.notebook.stages(stage.network.id)) >= {RuleStage.FIREWALL.value, RuleStage.EGRESS.value}
    [network] = await stage.all(GuestNetwork)
    assert not network.restart_required
    assert await stage.all(Untold) == []
