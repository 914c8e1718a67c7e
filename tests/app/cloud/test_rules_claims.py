"""What the store is asked about clashes is no less than what the model knows of them: random rules, decided both ways."""

from __future__ import annotations

import pathlib
import random
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.rules_stage import Stage, staged

from netloom.app.cloud.rules_claims import OnAddress, check_claim, claim_of
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.load_balancers import Algorithm, LbProtocol, LoadBalancer
from netloom.model.cloud.rule_conflicts import Claim, check_free
from netloom.model.cloud.rules import (
    FirewallRule,
    PortForwardingRule,
    RuleState,
    StaticNatRule,
    TrafficDirection,
)
from netloom.model.cloud.rules_traffic import Protocol

SOURCES = ((), ("0.0.0.0/0",), ("10.0.0.0/8",), ("10.1.0.0/16", "192.168.0.0/24"), ("192.168.0.128/25",))
STATES = (RuleState.ADD, RuleState.ACTIVE, RuleState.ACTIVE, RuleState.REVOKE)


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


def any_rule(work: Work, stage: Stage, ips: list[PublicIp], dice: random.Random) -> FirewallRule | OnAddress:
    """Any rule, on few addresses and ports so that many meet."""
    ip = dice.choice(ips)
    first = dice.randint(1, 12)
    last = first + dice.choice((0, 0, 3))
    sources = dice.choice(SOURCES)
    state, nic = dice.choice(STATES), stage.nics[stage.web.id]
    common = {**work.owned(ip), "network_id": stage.network.id, "state": state}
    match dice.randrange(5):
        case 0:
            protocol = dice.choice((Protocol.TCP, Protocol.UDP, Protocol.ICMP))
            ported = protocol is not Protocol.ICMP and dice.random() < 0.8
            return FirewallRule(
                **common,  # type: ignore[arg-type]
                direction=TrafficDirection.INGRESS,
                public_ip_id=ip.id,
                protocol=protocol,
                start_port=first if ported else None,
                end_port=last if ported else None,
                icmp_type=dice.choice((-1, 0, 8)) if protocol is Protocol.ICMP else None,
                icmp_code=-1 if protocol is Protocol.ICMP else None,
                sources=sources,
            )
        case 1:
            protocol = dice.choice((Protocol.TCP, Protocol.UDP, Protocol.ALL))
            ported = protocol is not Protocol.ALL and dice.random() < 0.8
            return FirewallRule(
                **common,  # type: ignore[arg-type]
                direction=TrafficDirection.EGRESS,
                protocol=protocol,
                start_port=first if ported else None,
                end_port=last if ported else None,
                sources=("10.1.1.0/24",),
                destinations=sources,
            )
        case 2:
            return PortForwardingRule(
                **common,  # type: ignore[arg-type]
                public_ip_id=ip.id,
                protocol=dice.choice((Protocol.TCP, Protocol.UDP)),
                public_start=first,
                public_end=last,
                private_start=first,
                private_end=last,
                instance_id=stage.web.id,
                nic_id=nic.id,  # type: ignore[arg-type]
                guest_address=nic.ipv4 or "",
                sources=sources,
            )
        case 3:
            return LoadBalancer(
                **common,  # type: ignore[arg-type]
                name="lb",
                public_ip_id=ip.id,
                public_port=first,
                private_port=80,
                algorithm=Algorithm.SOURCE,
                protocol=dice.choice((None, *LbProtocol)),
                sources=sources,
            )
        case _:
            return StaticNatRule(
                **common,  # type: ignore[arg-type]
                public_ip_id=ip.id,
                protocol=dice.choice((Protocol.TCP, Protocol.UDP)),
                start_port=first,
                end_port=last,
                sources=sources,
            )


def refused(check: object, *args: object, conserve: bool) -> bool:
    try:
        check(*args, conserve=conserve)  # type: ignore[operator]
    except Conflict:
        return True
    return False


async def test_the_store_finds_every_clash_that_the_model_knows_of(stage: Stage) -> None:
    ips = [await stage.address() for _ in range(3)]
    decided = {True: 0, False: 0}

    def sequence(work: Work, seed: int) -> None:
        dice = random.Random(seed)
        standing: list[Claim] = []
        for record_type in (FirewallRule, PortForwardingRule, LoadBalancer, StaticNatRule):
            work.delete_all(work.records.select(record_type))
        for _ in range(25):
            rule, conserve = any_rule(work, stage, ips, dice), dice.random() < 0.7
            new = claim_of(rule)
            by_model = refused(check_free, new, standing, conserve=conserve)
            assert refused(check_claim, work, new, conserve=conserve) is by_model, (seed, new, standing)
            decided[by_model] += 1
            if not by_model:
                work.records.insert(rule)
                if rule.state is not RuleState.REVOKE:
                    standing.append(new)

    for seed in range(24):
        await stage.write(lambda work, seed=seed: sequence(work, seed))
    assert min(decided.values()) > 100, decided
