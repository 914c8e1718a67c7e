"""THE TEST PROVIDER that keeps rules and does nothing: for tests of what is asked for, where no packet passes.

It goes by the names that the built-in offerings name (`VirtualRouter`, `VpcVirtualRouter`, ...), with the capabilities that
netloom knows of those. Product code never imports it.

Rule 1: it remembers what it was told last, by network (or VPC) and set of rules, and the order of calls; tests look at both.
Rule 2: it refuses what a test tells it to refuse, and never answers where a test says so; nothing else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.providers import Providers, built_in
from netloom.model.cloud.record import Record
from netloom.model.cloud.services import ProviderFacts, Service
from netloom.model.cloud.services_known import (
    CONFIG_DRIVE,
    INTERNAL_LB,
    KNOWN_PROVIDERS,
    VIRTUAL_ROUTER,
    VPC_VIRTUAL_ROUTER,
)
from netloom.plan.elements import DONE, NetworkFacts, NicFacts, Outcome, Provider, RuleStage
from netloom.plan.gurus import Verdict, WireFacts
from netloom.plan.vpc_elements import VpcFacts, VpcPart

KEPT = (VIRTUAL_ROUTER, VPC_VIRTUAL_ROUTER, INTERNAL_LB, CONFIG_DRIVE)
"""The providers that it stands in for."""


@dataclass
class Notebook:
    """What all keepers of one cloud were told.

    Attributes:
        rules: by network and stage, as told last.
        parts: by VPC and part, as told last.
        calls: what was called, of whom, with which stage; in order.
        refusals: what to refuse: a stage, a part, or a call's name (`implement`); taken out by the test that put it in.
        hanging: what never to answer, named likewise.
    """

    rules: dict[tuple[str, RuleStage], tuple[Record, ...]] = field(default_factory=dict)
    parts: dict[tuple[str, VpcPart], tuple[Record, ...]] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    refusals: dict[object, Outcome] = field(default_factory=dict)
    hanging: set[object] = field(default_factory=set)

    def stages(self, network_id: str) -> list[str]:
        """The stages that were told of a network, in order."""
        return [what for call, where, what in self.calls if call == "apply_rules" and where == network_id]


class RuleKeeper:
    """Says yes to the services of one known provider, and keeps what it is told."""

    def __init__(self, facts: ProviderFacts, notebook: Notebook) -> None:
        self.facts = facts
        self.notebook = notebook

    def can_handle(self, network: NetworkFacts, service: Service) -> Verdict:
        """Whatever its facts name."""
        if not self.facts.offers(service):
            return Verdict(False, f"{self.facts.name} does not keep {service.value}")
        return Verdict(True, f"{self.facts.name} keeps rules for tests")

    def verify_services(self, services: frozenset[Service]) -> Verdict:
        """Any of its services."""
        if all(self.facts.offers(service) for service in services):
            return Verdict(True, "all of them are kept")
        return Verdict(False, "not all of them are kept")

    async def is_ready(self, _wires: WireFacts) -> Verdict:
        """Always."""
        return Verdict(True, "nothing is needed to keep rules")

    async def implement(self, network: NetworkFacts) -> Outcome:
        """Keep that it was asked."""
        return await self._called("implement", network.id)

    async def prepare(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        """Keep that it was asked."""
        return await self._called("prepare", network.id, nic.id)

    async def release(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        """Keep that it was asked."""
        return await self._called("release", network.id, nic.id)

    async def shutdown(self, network: NetworkFacts) -> Outcome:
        """Keep that it was asked, and forget the network's rules."""
        outcome = await self._called("shutdown", network.id)
        if outcome.done:
            self._forget(network.id)
        return outcome

    async def destroy(self, network: NetworkFacts) -> Outcome:
        """Keep that it was asked, and forget the network's rules."""
        outcome = await self._called("destroy", network.id)
        if outcome.done:
            self._forget(network.id)
        return outcome

    async def apply_rules(
        self, network: NetworkFacts, stage: RuleStage, rules: tuple[Record, ...]
    ) -> Outcome:
        """Keep the rules."""
        outcome = await self._called("apply_rules", network.id, stage.value, refused_by=stage)
        if outcome.done:
            self.notebook.rules[network.id, stage] = rules
        return outcome

    async def _called(self, call: str, where: str, what: str = "", refused_by: object = None) -> Outcome:
        self.notebook.calls.append((call, where, what))
        for reason in (call, refused_by):
            if reason in self.notebook.refusals:
                return self.notebook.refusals[reason]
            if reason in self.notebook.hanging:
                await asyncio.Event().wait()
        return DONE

    def _forget(self, network_id: str) -> None:
        for key in [key for key in self.notebook.rules if key[0] == network_id]:
            del self.notebook.rules[key]


class VpcRuleKeeper(RuleKeeper):
    """The same for VPCs as a whole."""

    def can_serve(self, vpc: VpcFacts, service: Service) -> Verdict:
        """Whatever its facts name."""
        return Verdict(self.facts.offers(service), f"{self.facts.name} keeps VPCs for tests")

    async def implement_vpc(self, vpc: VpcFacts) -> Outcome:
        """Keep that it was asked."""
        return await self._called("implement_vpc", vpc.id)

    async def shutdown_vpc(self, vpc: VpcFacts) -> Outcome:
        """Keep that it was asked, and forget the VPC's parts."""
        outcome = await self._called("shutdown_vpc", vpc.id)
        if outcome.done:
            for key in [key for key in self.notebook.parts if key[0] == vpc.id]:
                del self.notebook.parts[key]
        return outcome

    async def apply_part(self, vpc: VpcFacts, part: VpcPart, records: tuple[Record, ...]) -> Outcome:
        """Keep the records."""
        outcome = await self._called("apply_part", vpc.id, part.value, refused_by=part)
        if outcome.done:
            self.notebook.parts[vpc.id, part] = records
        return outcome


def keepers(notebook: Notebook) -> tuple[Provider, ...]:
    """The test providers, all writing into one notebook."""
    return tuple(
        Provider(
            name=name,
            element=(VpcRuleKeeper if KNOWN_PROVIDERS[name].in_vpc else RuleKeeper)(
                KNOWN_PROVIDERS[name], notebook
            ),
        )
        for name in KEPT
    )


def keeper_backends(notebook: Notebook | None = None) -> Backends:
    """Backends with what is built in and the test providers; `dataclasses.replace` adds to them."""
    return Backends(providers=Providers([*built_in(), *keepers(notebook or Notebook())]))
