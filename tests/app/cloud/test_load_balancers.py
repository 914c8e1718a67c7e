"""Balancers: their port, their members, their policies."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.app.cloud.rules_stage import Stage, put_secondary, staged

from netloom.app.cloud import load_balancers, load_balancers_members, load_balancers_policies, port_forwarding
from netloom.app.cloud.firewall import CREATE_FIREWALL_RULE, CreateFirewallRule
from netloom.app.cloud.load_balancers import CreateLoadBalancer, DeleteLoadBalancer, UpdateLoadBalancer
from netloom.app.cloud.load_balancers_members import ChangeMembers, MemberAddress
from netloom.app.cloud.load_balancers_policies import (
    CreateHealthCheck,
    CreateStickiness,
    DeletePolicy,
    UpdatePolicy,
)
from netloom.app.cloud.port_forwarding import CreatePortForwarding
from netloom.base.errors import Conflict, InvalidInput, NetloomError, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.load_balancers import (
    Algorithm,
    HealthCheck,
    LbMember,
    LbProtocol,
    LoadBalancer,
    Stickiness,
)
from netloom.model.cloud.rules import FirewallRule, RuleState
from netloom.plan.elements import Outcome, RuleStage

NOBODY = Uuid("00000000-0000-4000-8000-000000000009")


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def balance(stage: Stage, ip: PublicIp, port: int = 8080, **more: Any) -> LoadBalancer:
    asked = {
        "name": "lb1",
        "public_ip_id": ip.id,
        "public_port": port,
        "private_port": 80,
        "algorithm": "RoundRobin",
        "open_firewall": False,
        **more,
    }
    return await stage.do(load_balancers.CREATE_LOAD_BALANCER, CreateLoadBalancer(**asked))


async def assign(stage: Stage, balancer: LoadBalancer, *members: MemberAddress) -> LoadBalancer:
    request = ChangeMembers(id=balancer.id, members=members)
    return await stage.do(load_balancers_members.ASSIGN_MEMBERS, request)


async def test_a_balancer_with_members_and_policies_is_told_whole_and_ends_whole(stage: Stage) -> None:
    ip = await stage.extra()
    balancer = await balance(stage, ip, open_firewall=True)
    assert (balancer.algorithm, balancer.protocol, balancer.state) == (
        Algorithm.ROUND_ROBIN,
        None,
        RuleState.ACTIVE,
    )
    await assign(stage, balancer, MemberAddress(stage.web.id), MemberAddress(stage.db.id))
    policy = await stage.do(
        load_balancers_policies.CREATE_STICKINESS,
        CreateStickiness(
            load_balancer_id=balancer.id, name="ck", method="lbcookie", parameters={"cookie-name": "c"}
        ),
    )
    assert (policy.method, policy.parameters, policy.state) == (
        "LbCookie",
        {"cookie-name": "c"},
        RuleState.ACTIVE,
    )
    told = stage.notebook.rules[stage.network.id, RuleStage.PUBLIC_LB]
    assert [type(each) for each in told] == [PublicIp, LoadBalancer, LbMember, LbMember, Stickiness]
    members = await stage.all(LbMember)
    assert {member.guest_address for member in members} == {nic.ipv4 for nic in stage.nics.values()}
    assert {member.state for member in members} == {RuleState.ACTIVE}
    await stage.do(load_balancers.DELETE_LOAD_BALANCER, DeleteLoadBalancer(id=balancer.id))
    for record_type in (LoadBalancer, LbMember, Stickiness, FirewallRule):
        assert await stage.all(record_type) == []
    assert stage.notebook.rules[stage.network.id, RuleStage.PUBLIC_LB] == ()


@pytest.mark.parametrize(
    ("more", "kind", "code"),
    [
        ({"algorithm": "magic"}, InvalidInput, "algorithm-unsupported"),
        ({"protocol": "smtp"}, InvalidInput, "protocol-unsupported"),
        ({"protocol": "ssl"}, InvalidInput, "protocol-unsupported"),
        ({"port": 0}, InvalidInput, "invalid-input"),
        ({"private_port": 70000}, InvalidInput, "invalid-input"),
        ({"name": " "}, InvalidInput, "invalid-input"),
        ({"name": "a\nb"}, InvalidInput, "invalid-input"),
        ({"public_ip_id": None}, InvalidInput, "invalid-input"),
        ({"port": 22}, Conflict, "rule-conflict"),
        ({"port": 8080}, Conflict, "rule-conflict"),
        ({"network_id": NOBODY}, Conflict, "address-elsewhere"),
        ({"port": 22, "protocol": "udp"}, None, ""),
        ({"port": 8080, "protocol": "udp"}, None, ""),
    ],
    ids=repr,
)
async def test_what_a_balancer_can_be(
    stage: Stage, more: dict[str, Any], kind: type[NetloomError] | None, code: str
) -> None:
    ip = await stage.extra()
    await stage.do(
        port_forwarding.CREATE_PORT_FORWARDING,
        CreatePortForwarding(
            public_ip_id=ip.id, protocol="tcp", public_port=22, private_port=22, instance_id=stage.web.id
        ),
    )
    await balance(stage, ip)
    if kind is None:
        await balance(stage, ip, **more)
        return
    with pytest.raises(kind) as refused:
        await balance(stage, ip, **more)
    assert refused.value.stable_code == code


async def test_the_name_servers_port_of_source_nat_is_not_balanced(stage: Stage) -> None:
    source = await stage.address()
    with pytest.raises(Conflict) as refused:
        await balance(stage, source, 53)
    assert refused.value.stable_code == "port-is-dns"
    await balance(stage, await stage.address(), 53)


async def test_a_member_is_one_once_and_that_comes_out_in_the_job(stage: Stage) -> None:
    balancer = await balance(stage, await stage.extra())
    await assign(stage, balancer, MemberAddress(stage.web.id))
    with pytest.raises(Conflict) as refused:
        await assign(stage, balancer, MemberAddress(stage.db.id), MemberAddress(stage.web.id))
    assert refused.value.stable_code == "member-assigned"
    [member] = await stage.all(LbMember)
    assert member.instance_id == stage.web.id


async def test_members_by_address_come_and_go(stage: Stage) -> None:
    balancer = await balance(stage, await stage.extra())
    nic = stage.nics[stage.web.id]
    await stage.write(lambda work: put_secondary(work, nic, "10.1.1.77"))
    await assign(stage, balancer, MemberAddress(stage.web.id), MemberAddress(stage.web.id, "10.1.1.77"))
    remove = load_balancers_members.REMOVE_MEMBERS
    one = ChangeMembers(id=balancer.id, members=(MemberAddress(stage.web.id, "10.1.1.77"),))
    await stage.do(remove, one)
    [left] = await stage.all(LbMember)
    assert left.guest_address == nic.ipv4
    with pytest.raises(InvalidInput) as refused:
        await stage.do(remove, one)
    assert refused.value.stable_code == "not-a-member"
    for wrong, kind in (((), InvalidInput), ((MemberAddress(NOBODY),), NotFound)):
        with pytest.raises(kind):
            await stage.do(remove, ChangeMembers(id=balancer.id, members=wrong))
        with pytest.raises(kind):
            await assign(stage, balancer, *wrong)


async def test_members_that_the_provider_refuses_are_none(stage: Stage) -> None:
    balancer = await balance(stage, await stage.extra())
    stage.notebook.refusals[RuleStage.PUBLIC_LB] = Outcome(done=False, reason="no room")
    with pytest.raises(PeerError, match="no room"):
        await assign(stage, balancer, MemberAddress(stage.web.id))
    assert await stage.all(LbMember) == []


async def test_a_balancer_changes(stage: Stage) -> None:
    ip = await stage.extra()
    balancer = await balance(stage, ip)
    change = UpdateLoadBalancer(id=balancer.id, algorithm="leastconn", name="other", protocol="tcp-proxy")
    after = await stage.do(load_balancers.UPDATE_LOAD_BALANCER, change)
    assert (after.algorithm, after.name, after.protocol, after.state) == (
        Algorithm.LEAST_CONNECTIONS,
        "other",
        LbProtocol.TCP_PROXY,
        RuleState.ACTIVE,
    )
    await stage.do(
        load_balancers_policies.CREATE_STICKINESS,
        CreateStickiness(load_balancer_id=balancer.id, name="ck", method="LbCookie"),
    )
    udp = UpdateLoadBalancer(id=balancer.id, protocol="udp")
    with pytest.raises(InvalidInput, match="cookies"):
        await stage.do(load_balancers.UPDATE_LOAD_BALANCER, udp)


async def test_policies_are_one_of_a_sort_and_known(stage: Stage) -> None:
    balancer = await balance(stage, await stage.extra())

    async def stick(**more: Any) -> Stickiness:
        asked = {"load_balancer_id": balancer.id, "name": "ck", "method": "SourceBased", **more}
        return await stage.do(load_balancers_policies.CREATE_STICKINESS, CreateStickiness(**asked))

    for more in ({"method": "Nope"}, {"name": ""}, {"parameters": {"cookie-name": "c"}}):
        with pytest.raises(InvalidInput):
            await stick(**more)
    policy = await stick(parameters={"tablesize": "100k", "expire": "5m"})
    with pytest.raises(Conflict) as refused:
        await stick()
    assert refused.value.stable_code == "policy-taken"
    hide = UpdatePolicy(id=policy.id, display=False)
    assert not (await stage.do(load_balancers_policies.UPDATE_STICKINESS, hide)).display
    await stage.do(load_balancers_policies.DELETE_STICKINESS, DeletePolicy(id=policy.id))
    assert await stage.all(Stickiness) == []
    with pytest.raises(Conflict) as refused:
        await stage.do(
            load_balancers_policies.CREATE_HEALTH_CHECK, CreateHealthCheck(load_balancer_id=balancer.id)
        )
    assert refused.value.stable_code == "health-check-unsupported"
    assert await stage.all(HealthCheck) == []


async def test_a_firewall_rule_and_a_balancer_do_not_get_in_each_others_way(stage: Stage) -> None:
    ip = await stage.extra()
    await balance(stage, ip)
    await stage.do(
        CREATE_FIREWALL_RULE, CreateFirewallRule(public_ip_id=ip.id, protocol="tcp", start_port=8080)
    )
    with pytest.raises(Conflict):
        await balance(stage, ip, 8081, network_id=NOBODY)
