"""Every provider that comes with netloom keeps the contract; the kit finds those that do not."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from netloom.app.cloud.providers import built_in
from netloom.model.cloud.record import Record
from netloom.model.cloud.services import ProviderFacts, Service
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.elements import DONE, NetworkFacts, NicFacts, Outcome, Provider, RuleStage
from netloom.plan.gurus import Design, DesignQuestion, Verdict, WireFacts
from netloom.providers.ovs.element import OvsElement
from netloom.testing.provider import violations


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
async def test_what_is_built_in_keeps_the_contract(provider: Provider) -> None:
    assert await violations(provider) == ()


class Greedy:
    """Claims what others claim, changes its mind, and designs what wires do not carry."""

    name = "Greedy"

    def __init__(self) -> None:
        self.counter = itertools.count()

    def can_handle(self, question: DesignQuestion) -> Verdict:
        return Verdict(True, f"{next(self.counter)} times yes.")

    def design(self, question: DesignQuestion) -> Design:
        return Design(state=NetworkState.DESTROY, isolation=Isolation.VLAN, segment=5000, domain_type="")


class Sloppy(OvsElement):
    """Forgets what it has done, and does not end."""

    facts = ProviderFacts(name="Sloppy", services={Service.DHCP: {}, Service.CONNECTIVITY: {}})

    def __init__(self) -> None:
        self.shut: set[str] = set()

    def can_handle(self, network: NetworkFacts, service: Service) -> Verdict:
        return Verdict(service is not Service.DHCP, "")

    def verify_services(self, services: frozenset[Service]) -> Verdict:
        return Verdict(Service.LB in services, "only balancers")

    async def is_ready(self, wires: WireFacts) -> Verdict:
        return Verdict(True, "always")

    async def implement(self, network: NetworkFacts) -> Outcome:
        raise RuntimeError("no backend")

    async def prepare(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        await asyncio.Event().wait()
        return DONE

    async def shutdown(self, network: NetworkFacts) -> Outcome:
        if network.id in self.shut:
            return Outcome(done=False, reason="it is gone")
        self.shut.add(network.id)
        return DONE

    async def apply_rules(
        self, network: NetworkFacts, stage: RuleStage, rules: tuple[Record, ...]
    ) -> Outcome:
        return Outcome(done=stage is not RuleStage.EGRESS)


async def test_the_kit_tells_all_that_is_wrong() -> None:
    told = "\n".join(
        await violations(Provider(name="Bad", element=Sloppy(), gurus=(Greedy(),)), patience=0.01)
    )
    for text in (
        "not one sentence without its full stop",
        "answers the same question differently",
        "OvsGuestNetworkGuru claims the same network",
        "begins in state Destroy",
        "design uses vlan, which the wires do not carry",
        "segment 5000, which vlan does not have",
        "names no type of broadcast domain",
        "gives no reason",
        "names Dhcp in its facts and takes it on no isolation",
        "takes Lb, which its facts do not name",
        "refuses all of its services together: only balancers",
        "accepts services that it does not give",
        "implement raised RuntimeError('no backend')",
        "prepare did not end within 0.01 s",
        "shutdown failed: it is gone",
        "apply_rules(egress) without rules failed: no reason given",
    ):
        assert text in told, told


async def test_nothing_at_all_and_a_name_that_is_taken_are_violations() -> None:
    assert await violations(Provider(name="")) == (
        "the provider has no name",
        " brings neither an element nor a guru",
    )

    class Other(Greedy):
        name = "L2NetworkGuru"

    assert any(
        "does not fit beside" in text for text in await violations(Provider(name="x", gurus=(Other(),)))
    )
