"""Firewall rules, port forwarding and static NAT: what is taken, what gets in the way, what the provider is told."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.app.cloud.rules_stage import Stage, put_instance, put_secondary, staged

from netloom.app.cloud import firewall, firewall_egress, port_forwarding, static_nat
from netloom.app.cloud.firewall import CreateFirewallRule, DeleteFirewallRule, UpdateFirewallRule
from netloom.app.cloud.firewall_egress import CreateEgressRule
from netloom.app.cloud.port_forwarding import (
    CreatePortForwarding,
    DeletePortForwarding,
    UpdatePortForwarding,
)
from netloom.app.cloud.rules_to import end_leading_to, leading_to
from netloom.app.cloud.static_nat import (
    CreateStaticNatRule,
    DeleteStaticNatRule,
    DisableStaticNat,
    EnableStaticNat,
)
from netloom.app.cloud.tags import CREATE_TAGS, CreateTags
from netloom.base.errors import Conflict, Forbidden, InvalidInput, NetloomError, NotFound, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import InstanceState
from netloom.model.cloud.rules import FirewallRule, PortForwardingRule, RuleState, StaticNatRule
from netloom.model.cloud.tags import ResourceTag
from netloom.plan.elements import Outcome, RuleStage

REFUSED = Outcome(done=False, reason="it does not want to")


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


def told(stage: Stage, which: RuleStage) -> set[str]:
    """The ids of what the provider was told last, without the addresses that it stands on."""
    return {
        rule.id for rule in stage.notebook.rules[stage.network.id, which] if not isinstance(rule, PublicIp)
    }


async def forward(stage: Stage, ip: PublicIp, port: int, **more: Any) -> PortForwardingRule:
    asked = {
        "public_ip_id": ip.id,
        "protocol": "tcp",
        "public_port": port,
        "private_port": port,
        "instance_id": stage.web.id,
        "open_firewall": False,
        **more,
    }
    return await stage.do(port_forwarding.CREATE_PORT_FORWARDING, CreatePortForwarding(**asked))


# -- firewall ----------------------------------------------------------------------------------------------------------


async def test_a_firewall_rule_from_its_making_to_its_end(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await stage.open(ip, 22, 80, sources=("10.0.0.0/8", "10.0.0.0/8"))
    assert isinstance(rule, FirewallRule)
    assert (rule.state, rule.sources, rule.start_port, rule.end_port) == (
        RuleState.ACTIVE,
        ("10.0.0.0/8",),
        22,
        80,
    )
    assert told(stage, RuleStage.FIREWALL) == {rule.id}
    assert ip.id in {each.id for each in stage.notebook.rules[stage.network.id, RuleStage.FIREWALL]}
    tag = CreateTags(kind="FirewallRule", resource_ids=(rule.id,), tags={"why": "ssh"})
    await stage.do(CREATE_TAGS, tag)
    update = UpdateFirewallRule(id=rule.id, display=False)
    assert not (await stage.do(firewall.UPDATE_FIREWALL_RULE, update)).display
    await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id))
    assert told(stage, RuleStage.FIREWALL) == set()
    assert await stage.all(FirewallRule) == []
    assert await stage.all(ResourceTag) == []


@pytest.mark.parametrize(
    ("more", "kind", "code"),
    [
        ({"start_port": 22, "end_port": 80}, Conflict, "rule-conflict"),
        ({"start_port": 80, "end_port": 90}, Conflict, "rule-conflict"),
        ({"start_port": None}, Conflict, "rule-conflict"),
        ({"start_port": 30, "sources": ("192.168.0.0/16",)}, Conflict, "rule-conflict"),
        ({"start_port": 90, "end_port": 80}, InvalidInput, "invalid-input"),
        ({"start_port": 0, "end_port": 80}, InvalidInput, "invalid-input"),
        ({"start_port": 1, "end_port": 65536}, InvalidInput, "invalid-input"),
        ({"end_port": 65}, InvalidInput, "invalid-input"),
        ({"start_port": 1, "sources": ("10.0.0.0/40",)}, InvalidInput, "bad-cidr"),
        ({"start_port": 1, "sources": ("10.0.0.1/8",)}, InvalidInput, "bad-cidr"),
        ({"start_port": 1, "sources": ("2001:db8::/32",)}, InvalidInput, "bad-cidr"),
        ({"start_port": 1, "protocol": "sctpx"}, InvalidInput, "protocol-unsupported"),
        ({"start_port": 1, "protocol": "icmp"}, InvalidInput, "invalid-input"),
        ({"start_port": 1, "icmp_type": 8}, InvalidInput, "invalid-input"),
        ({"start_port": 1, "system": True}, Forbidden, "not-permitted"),
        ({"public_ip_id": Uuid("00000000-0000-4000-8000-000000000009")}, NotFound, "public-ip-not-found"),
    ],
    ids=repr,
)
async def test_what_a_firewall_rule_cannot_be(
    stage: Stage, more: dict[str, Any], kind: type[NetloomError], code: str
) -> None:
    ip = await stage.extra()
    first = await stage.open(ip, 22, 80)
    with pytest.raises(kind) as refused:
        await stage.open(ip, **{"start": more.get("start_port"), "end": more.get("end_port"), **more})
    assert refused.value.stable_code == code
    if code == "rule-conflict":
        assert isinstance(first, FirewallRule)
        assert first.id in refused.value.message
    assert len(await stage.all(FirewallRule)) == 1


async def test_rules_that_no_packet_is_of_both_stand_beside_each_other(stage: Stage) -> None:
    ip = await stage.extra()
    await stage.open(ip, 22, sources=("10.0.0.0/8",))
    await stage.open(ip, 22, sources=("192.168.0.0/16",))
    await stage.open(ip, 22, protocol="udp")
    await stage.open(ip, None, protocol="icmp", icmp_type=8, icmp_code=0)
    await stage.open(ip, None, protocol="icmp", icmp_type=0, icmp_code=0)
    assert len(told(stage, RuleStage.FIREWALL)) == 5


async def test_a_rule_that_its_provider_refuses_is_gone_and_its_ports_are_free_again(stage: Stage) -> None:
    ip = await stage.extra()
    stage.notebook.refusals[RuleStage.FIREWALL] = REFUSED
    with pytest.raises(PeerError, match="does not want to"):
        await stage.open(ip, 22)
    assert await stage.all(FirewallRule) == []
    stage.notebook.refusals.clear()
    await stage.open(ip, 22)


async def test_a_service_that_nobody_gives_is_refused_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ip = await stage.extra()
    monkeypatch.setattr(stage.cloud.backends.providers, "elements", {})
    with pytest.raises(Conflict, match="VirtualRouter is not installed") as refused:
        await stage.open(ip, 22)
    assert refused.value.stable_code == "service-not-provided"
    assert await stage.all(FirewallRule) == []


async def test_rules_of_others_are_not_found(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await stage.open(ip, 22)
    assert isinstance(rule, FirewallRule)
    mallory = stage.who.mallory
    with pytest.raises(NotFound):
        await stage.do(firewall.DELETE_FIREWALL_RULE, DeleteFirewallRule(id=rule.id), mallory)
    with pytest.raises(NotFound):
        await stage.do(
            firewall.CREATE_FIREWALL_RULE,
            CreateFirewallRule(public_ip_id=ip.id, protocol="tcp", start_port=99),
            mallory,
        )
    with pytest.raises(NotFound):  # an egress rule is none of these
        await stage.do(firewall_egress.DELETE_EGRESS_RULE, DeleteFirewallRule(id=rule.id))


async def test_egress_rules_come_from_within_their_network(stage: Stage) -> None:
    def asked(**more: Any) -> CreateEgressRule:
        return CreateEgressRule(
            **{"network_id": stage.network.id, "protocol": "tcp", "start_port": 443, **more}
        )

    whole = await stage.do(firewall_egress.CREATE_EGRESS_RULE, asked(sources=("0.0.0.0/0",)))
    assert (whole.sources, whole.state) == (("10.1.1.0/24",), RuleState.ACTIVE)
    with pytest.raises(InvalidInput) as refused:
        await stage.do(firewall_egress.CREATE_EGRESS_RULE, asked(sources=("99.0.0.0/8",)))
    assert refused.value.stable_code == "cidr-outside-network"
    with pytest.raises(Conflict):
        await stage.do(firewall_egress.CREATE_EGRESS_RULE, asked(sources=("10.1.1.128/25",)))
    everything = asked(protocol="all", start_port=None, destinations=("198.51.100.0/24",))
    with pytest.raises(Conflict):
        await stage.do(firewall_egress.CREATE_EGRESS_RULE, everything)
    await stage.do(firewall_egress.DELETE_EGRESS_RULE, DeleteFirewallRule(id=whole.id))
    kept = await stage.do(firewall_egress.CREATE_EGRESS_RULE, everything)
    assert told(stage, RuleStage.EGRESS) == {kept.id}


# -- port forwarding ---------------------------------------------------------------------------------------------------


async def test_a_forwarding_opens_its_port_and_closes_it_with_its_end(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await forward(stage, ip, 22, open_firewall=None)
    [opened] = await stage.all(FirewallRule)
    assert (opened.related_id, opened.start_port, opened.state) == (rule.id, 22, RuleState.ACTIVE)
    assert rule.guest_address == stage.nics[stage.web.id].ipv4
    assert told(stage, RuleStage.PORT_FORWARDING) == {rule.id}
    assert told(stage, RuleStage.FIREWALL) == {opened.id}
    await stage.do(port_forwarding.DELETE_PORT_FORWARDING, DeletePortForwarding(id=rule.id))
    assert await stage.all(FirewallRule) == []
    assert told(stage, RuleStage.PORT_FORWARDING) == told(stage, RuleStage.FIREWALL) == set()


@pytest.mark.parametrize(
    ("more", "kind", "code"),
    [
        ({"port": 22, "private_port": 2222}, Conflict, "rule-conflict"),
        ({"port": 20, "public_end_port": 25, "private_end_port": 25}, Conflict, "rule-conflict"),
        ({"port": 1000, "public_end_port": 1010, "private_end_port": 1005}, InvalidInput, "invalid-input"),
        (
            {"port": 1000, "public_end_port": 1010, "private_port": 2000, "private_end_port": 2010},
            InvalidInput,
            "invalid-input",
        ),
        ({"port": 23, "protocol": "icmp"}, InvalidInput, "protocol-unsupported"),
        (
            {"port": 23, "instance_id": Uuid("00000000-0000-4000-8000-000000000009")},
            NotFound,
            "instance-not-found",
        ),
        ({"port": 23, "guest_address": "10.1.1.99"}, InvalidInput, "not-an-address-of-the-nic"),
        ({"port": 23, "guest_address": "ten"}, InvalidInput, "invalid-input"),
    ],
    ids=repr,
)
async def test_what_a_forwarding_cannot_be(
    stage: Stage, more: dict[str, Any], kind: type[NetloomError], code: str
) -> None:
    ip = await stage.extra()
    await forward(stage, ip, 22)
    with pytest.raises(kind) as refused:
        await forward(stage, ip, **more)
    assert refused.value.stable_code == code
    assert len(await stage.all(PortForwardingRule)) == 1


async def test_a_forwarding_to_another_port_guest_or_address(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await forward(stage, ip, 22)
    nic = stage.nics[stage.db.id]
    await stage.write(lambda work: put_secondary(work, nic, "10.1.1.77"))
    change = UpdatePortForwarding(
        id=rule.id, private_port=2200, instance_id=stage.db.id, guest_address="10.1.1.77"
    )
    after = await stage.do(port_forwarding.UPDATE_PORT_FORWARDING, change)
    assert (after.private_start, after.private_end, after.instance_id, after.nic_id) == (
        2200,
        2200,
        stage.db.id,
        nic.id,
    )
    assert (after.guest_address, after.state) == ("10.1.1.77", RuleState.ACTIVE)
    [kept] = [
        each
        for each in stage.notebook.rules[stage.network.id, RuleStage.PORT_FORWARDING]
        if isinstance(each, PortForwardingRule)
    ]
    assert kept.private_start == 2200


async def test_the_same_port_for_other_people_leads_elsewhere(stage: Stage) -> None:
    ip = await stage.extra()
    await forward(stage, ip, 22, sources=("10.0.0.0/8",))
    other = await forward(stage, ip, 22, sources=("192.168.0.0/16",), instance_id=stage.db.id)
    wider = UpdatePortForwarding(id=other.id, sources=("10.2.0.0/16",))
    with pytest.raises(Conflict):
        await stage.do(port_forwarding.UPDATE_PORT_FORWARDING, wider)


async def test_nothing_leads_to_an_instance_that_goes_or_is_anothers(stage: Stage) -> None:
    ip = await stage.extra()

    def dying(work: Any) -> Any:
        return put_instance(work, stage.network, "dying", InstanceState.DESTROYED)

    gone = await stage.write(dying)
    with pytest.raises(Conflict) as refused:
        await forward(stage, ip, 22, instance_id=gone.id)
    assert refused.value.stable_code == "instance-gone"


async def test_a_change_that_could_not_be_told_comes_true_with_the_next_that_could(stage: Stage) -> None:
    ip = await stage.extra()
    rule = await forward(stage, ip, 22)
    stage.notebook.refusals[RuleStage.PORT_FORWARDING] = REFUSED
    change = UpdatePortForwarding(id=rule.id, private_port=2200)
    with pytest.raises(PeerError):
        await stage.do(port_forwarding.UPDATE_PORT_FORWARDING, change)
    [now] = await stage.all(PortForwardingRule)
    assert (now.private_start, now.state) == (2200, RuleState.ADD)
    stage.notebook.refusals.clear()
    await forward(stage, ip, 23)
    assert {each.state for each in await stage.all(PortForwardingRule)} == {RuleState.ACTIVE}


# -- static NAT --------------------------------------------------------------------------------------------------------


async def enable(stage: Stage, ip: PublicIp, **more: Any) -> PublicIp:
    asked = {"public_ip_id": ip.id, "instance_id": stage.web.id, **more}
    return await stage.do(static_nat.ENABLE_STATIC_NAT, EnableStaticNat(**asked))


async def test_static_nat_takes_all_of_an_address_and_gives_it_back(stage: Stage) -> None:
    ip = await stage.extra()
    nat = await enable(stage, ip)
    assert (nat.static_nat, nat.instance_id, nat.guest_address) == (
        True,
        stage.web.id,
        stage.nics[stage.web.id].ipv4,
    )
    assert [each.id for each in stage.notebook.rules[stage.network.id, RuleStage.STATIC_NAT]] == [ip.id]
    assert await enable(stage, ip) == nat
    opening = await stage.do(
        static_nat.CREATE_STATIC_NAT_RULE,
        CreateStaticNatRule(public_ip_id=ip.id, protocol="tcp", start_port=80),
    )
    assert (opening.end_port, opening.state) == (80, RuleState.ACTIVE)
    assert [each.related_id for each in await stage.all(FirewallRule)] == [opening.id]
    for again in (
        CreateStaticNatRule(public_ip_id=ip.id, protocol="tcp", start_port=70, end_port=90),
        CreateStaticNatRule(public_ip_id=ip.id, protocol="tcp", start_port=80),
    ):
        with pytest.raises(Conflict):
            await stage.do(static_nat.CREATE_STATIC_NAT_RULE, again)
    with pytest.raises(InvalidInput) as refused:
        await forward(stage, ip, 22)
    assert refused.value.stable_code == "static-nat-enabled"
    await stage.do(static_nat.DISABLE_STATIC_NAT, DisableStaticNat(public_ip_id=ip.id))
    assert await stage.all(StaticNatRule) == []
    assert await stage.all(FirewallRule) == []
    assert stage.notebook.rules[stage.network.id, RuleStage.STATIC_NAT] == ()
    await forward(stage, ip, 22)
    with pytest.raises(InvalidInput):
        await stage.do(static_nat.DISABLE_STATIC_NAT, DisableStaticNat(public_ip_id=ip.id))


async def test_what_static_nat_cannot_be(stage: Stage) -> None:
    source = await stage.address()
    used, free, other = await stage.address(), await stage.address(), await stage.address()
    await forward(stage, used, 22)
    await enable(stage, free)
    wrong: list[tuple[PublicIp, dict[str, Any], type[NetloomError], str]] = [
        (source, {}, InvalidInput, "address-is-source-nat"),
        (used, {}, Conflict, "address-has-rules"),
        (free, {"instance_id": stage.db.id}, Conflict, "static-nat-enabled"),
        (other, {}, Conflict, "guest-has-static-nat"),
        (other, {"network_id": Uuid("00000000-0000-4000-8000-000000000009")}, Conflict, "address-elsewhere"),
    ]
    for ip, more, kind, code in wrong:
        with pytest.raises(kind) as refused:
            await enable(stage, ip, **more)
        assert refused.value.stable_code == code
    with pytest.raises(InvalidInput) as refused:
        await stage.do(
            static_nat.CREATE_STATIC_NAT_RULE,
            CreateStaticNatRule(public_ip_id=other.id, protocol="tcp", start_port=80),
        )
    assert refused.value.stable_code == "static-nat-not-enabled"


async def test_static_nat_that_its_provider_refuses_is_none(stage: Stage) -> None:
    ip = await stage.extra()
    stage.notebook.refusals[RuleStage.STATIC_NAT] = REFUSED
    with pytest.raises(PeerError):
        await enable(stage, ip)
    [now] = [each for each in await stage.all(PublicIp) if each.id == ip.id]
    assert (now.static_nat, now.instance_id, now.nic_id, now.guest_address) == (False, None, None, None)
    stage.notebook.refusals.clear()
    nat = await enable(stage, ip)
    stage.notebook.refusals[RuleStage.STATIC_NAT] = REFUSED
    with pytest.raises(PeerError):
        await enable(stage, ip)  # what stands is not taken away because it could not be told again
    assert [each for each in await stage.all(PublicIp) if each.id == ip.id] == [nat]


async def test_an_opening_ends_alone(stage: Stage) -> None:
    ip = await stage.extra()
    await enable(stage, ip)
    opening = await stage.do(
        static_nat.CREATE_STATIC_NAT_RULE,
        CreateStaticNatRule(public_ip_id=ip.id, protocol="udp", start_port=53, open_firewall=False),
    )
    await stage.do(static_nat.DELETE_STATIC_NAT_RULE, DeleteStaticNatRule(id=opening.id))
    assert await stage.all(StaticNatRule) == []
    assert any(each.static_nat for each in await stage.all(PublicIp))


# -- a guest that goes ---------------------------------------------------------------------------------------------------


async def test_nothing_leads_to_a_guest_that_goes(stage: Stage) -> None:
    ip, other = await stage.extra(), await stage.address()
    await forward(stage, ip, 22, open_firewall=True)
    kept = await forward(stage, ip, 23, instance_id=stage.db.id)
    await enable(stage, other)
    await stage.do(
        static_nat.CREATE_STATIC_NAT_RULE,
        CreateStaticNatRule(public_ip_id=other.id, protocol="tcp", start_port=80),
    )
    nic = stage.nics[stage.web.id]
    assert len(await stage.read(lambda view: leading_to(view, [nic.id]))) == 2
    await end_leading_to(stage.doing(), [nic.id])
    assert await stage.read(lambda view: leading_to(view, [nic.id])) == []
    assert await stage.all(FirewallRule) == []
    assert await stage.all(StaticNatRule) == []
    assert told(stage, RuleStage.PORT_FORWARDING) == {kept.id}
    assert stage.notebook.rules[stage.network.id, RuleStage.STATIC_NAT] == ()
    assert len(await stage.all(PublicIp)) == 3
    calls = len(stage.notebook.calls)
    await end_leading_to(stage.doing(), [nic.id])
    assert len(stage.notebook.calls) == calls
