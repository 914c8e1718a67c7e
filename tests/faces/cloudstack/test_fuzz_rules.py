"""IPv6 rules and internal balancers asked for at random: nothing unforeseen, none that clash, all told as they stand."""

from __future__ import annotations

import asyncio
import itertools
import pathlib
import time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from structlog.testing import capture_logs
from tests.app.cloud.test_load_balancers_internal import built
from tests.app.cloud.vpcs import vpc_staged
from tests.faces.cloudstack.fuzz import Pool, faults, requests, uuid_of
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import administrator_keys, face_on, http_to
from tests.faces.cloudstack.test_fuzz import BUGS, FEWEST, SECONDS, ask

from netloom.app.cloud.rules_claims import claim_of
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import Work
from netloom.model.cloud.load_balancers import InternalLbAddress, InternalLbMember, InternalLoadBalancer
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.rule_conflicts import clash
from netloom.model.cloud.rules import Ipv6FirewallRule
from netloom.plan.elements import RuleStage

SLOTS = {
    "firewallrule": [uuid_of(100 + at) for at in range(4)],
    "loadbalancer": [uuid_of(200 + at) for at in range(4)],
}
"""Ids that stand for those made last."""
ABOUT = {
    "ipv6": r"(ipv6|routing)firewallrule",
    "inside": r"^(create|update|delete|list)loadbalancers?$|^(assignto|removefrom)loadbalancerrule$",
}


@pytest.mark.parametrize("kind", sorted(ABOUT))
async def test_rules_asked_for_at_random(kind: str, tmp_path: pathlib.Path) -> None:
    async with vpc_staged(f"sqlite:///{tmp_path}/cloud.db") as vpcs:
        inside, stage = await built(vpcs), vpcs.stage
        flat = stage.network

        def unit(work: Work) -> GuestNetwork:
            return work.update(msgspec.structs.replace(flat, cidr6="fd00::/64"))

        await stage.write(unit)
        key, secret = await stage.cloud.write_as(system_caller(), "test", administrator_keys)
        async with http_to(face_on(stage.cloud)) as http:
            client = Client(http, key, secret)
            pool = Pool(
                {
                    "listNetworks": [flat.id if kind == "ipv6" else inside.tier.id],
                    "listVirtualMachines": [inside.web.id, inside.db.id],
                    "listIpv6FirewallRules": SLOTS["firewallrule"],
                    "listLoadBalancers": SLOTS["loadbalancer"],
                    "listLoadBalancerRules": SLOTS["loadbalancer"],
                }
            )
            made: dict[str, list[str]] = {"firewallrule": [], "loadbalancer": []}
            ends = time.monotonic() + SECONDS
            loop, answered = asyncio.get_running_loop(), list[int]()

            @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(requests(pool, ABOUT[kind]))
            def check(drawn: dict[str, str]) -> None:
                if len(answered) >= FEWEST and time.monotonic() > ends:
                    return
                sent = _filled(drawn, made)
                with capture_logs() as logs:
                    status, body = asyncio.run_coroutine_threadsafe(ask(client, sent), loop).result()
                found = [*faults(sent, status, body), *(log for log in logs if log["event"] in BUGS)]
                assert found == [], (sent, status, body)
                answered.append(status)
                _learn(made, body)

            await asyncio.to_thread(check)
        rules, balancers = await stage.all(Ipv6FirewallRule), await stage.all(InternalLoadBalancer)
        assert len(answered) >= FEWEST
        assert answered.count(200) > len(answered) / 50
        for one, other in itertools.combinations([claim_of(each) for each in (*rules, *balancers)], 2):
            assert clash(one, other) is None, (one, other)
        addresses, members = await stage.all(InternalLbAddress), await stage.all(InternalLbMember)
        assert {address.id for address in addresses} == {balancer.address_id for balancer in balancers}
        told = stage.notebook.rules
        assert _ids(told.get((flat.id, RuleStage.IPV6_FIREWALL), ())) == _ids(rules)
        inner = _ids(told.get((inside.tier.id, RuleStage.INTERNAL_LB), ()))
        assert inner == _ids([*addresses, *balancers, *members])


def _ids(records: Any) -> set[str]:
    return {record.id for record in records}


def _filled(drawn: dict[str, str], made: dict[str, list[str]]) -> dict[str, str]:
    """A request about what was made last, where it is about one of the slots."""
    meant = {
        slot: found[-1 - at]
        for key, found in made.items()
        for at, slot in enumerate(SLOTS[key])
        if at < len(found)
    }
    return {
        name: ",".join(meant.get(part, part) for part in value.split(",")) for name, value in drawn.items()
    }


def _learn(made: dict[str, list[str]], body: Any) -> None:
    """Ask about what was made from now on."""
    result = next(iter(body.values())).get("jobresult", {})
    for key, ids in made.items():
        if isinstance(result, dict) and isinstance(result.get(key), dict) and result[key]["id"] not in ids:
            ids.append(result[key]["id"])
