"""Finding who gives a service of a network: one answer for logs, errors and explanations."""

from __future__ import annotations

from typing import Any

import pytest

from netloom.base.ids import Uuid
from netloom.model.cloud.record import Record
from netloom.model.cloud.services import ProviderFacts, Service
from netloom.model.isolation import Isolation
from netloom.plan.elements import (
    DONE,
    RULE_ORDER,
    NetworkFacts,
    NicFacts,
    Outcome,
    RuleStage,
    resolve,
    resolve_all,
)
from netloom.plan.gurus import Verdict, WireFacts


class Router:
    """Gives what it was told to, on GENEVE only."""

    def __init__(self, name: str, *services: Service) -> None:
        self.facts = ProviderFacts(name=name, services={service: {} for service in services})

    def can_handle(self, network: NetworkFacts, service: Service) -> Verdict:
        able = network.isolation is Isolation.GENEVE
        return Verdict(able, f"it {'does' if able else 'does not do'} {network.isolation.value}")

    def verify_services(self, services: frozenset[Service]) -> Verdict:
        return Verdict(True, "any")

    async def is_ready(self, wires: WireFacts) -> Verdict:
        return Verdict(True, "always")

    async def implement(self, network: NetworkFacts) -> Outcome:
        return DONE

    async def prepare(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        return DONE

    async def release(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        return DONE

    async def shutdown(self, network: NetworkFacts) -> Outcome:
        return DONE

    async def destroy(self, network: NetworkFacts) -> Outcome:
        return DONE

    async def apply_rules(
        self, network: NetworkFacts, stage: RuleStage, rules: tuple[Record, ...]
    ) -> Outcome:
        return DONE


def network(
    enabled: tuple[str, ...] = ("R", "S"), withheld: tuple[Service, ...] = (), **fields: Any
) -> NetworkFacts:
    fields.setdefault("services", {Service.DHCP: ("R",)})
    fields.setdefault("isolation", Isolation.GENEVE)
    return NetworkFacts(
        id=Uuid("n"),
        number=1,
        name="web",
        guru="G",
        wires=WireFacts(
            id=Uuid("w"),
            name="wires",
            isolations=(),
            providers=frozenset(enabled),
            withheld={"R": frozenset(withheld)},
        ),
        **fields,
    )


ELEMENTS = {"R": Router("R", Service.DHCP, Service.LB), "S": Router("S", Service.LB)}


@pytest.mark.parametrize(
    ("facts", "service", "provider", "reason"),
    [
        (network(), Service.DHCP, "R", "it does geneve"),
        (network(), Service.DNS, None, "does not have this service"),
        (network(services={Service.DHCP: ()}), Service.DHCP, None, "names no provider"),
        (network(services={Service.DHCP: ("Q",)}), Service.DHCP, None, "Q is not installed"),
        (network(services={Service.DHCP: ("S",)}), Service.DHCP, None, "S does not give Dhcp"),
        (network(enabled=()), Service.DHCP, None, "R is not enabled on physical network 'wires'"),
        (
            network(withheld=(Service.DHCP,)),
            Service.DHCP,
            None,
            "R is enabled without Dhcp on physical network 'wires'",
        ),
        (network(withheld=(Service.LB,)), Service.DHCP, "R", "it does geneve"),
        (
            network(services={Service.LB: ("R", "S")}, withheld=(Service.LB,)),
            Service.LB,
            "S",
            "it does geneve",
        ),
        (network(isolation=Isolation.VLAN), Service.DHCP, None, "R: it does not do vlan"),
        (network(services={Service.LB: ("R", "S")}), Service.LB, "R", "it does geneve"),
        (network(services={Service.LB: ("R", "S")}, enabled=("S",)), Service.LB, "S", "it does geneve"),
        (
            network(services={Service.LB: ("Q", "R")}, enabled=("S",)),
            Service.LB,
            None,
            "Q is not installed; R is not enabled",
        ),
    ],
)
def test_one_element_gives_a_service_or_there_is_a_reason(
    facts: NetworkFacts, service: Service, provider: str | None, reason: str
) -> None:
    resolution = resolve(ELEMENTS, facts, service)
    assert (resolution.provider, resolution.service) == (provider, service)
    assert reason in resolution.reason


def test_all_services_of_the_offering_are_resolved_in_their_order() -> None:
    facts = network(services={Service.LB: ("S",), Service.DNS: (), Service.DHCP: ("R",)})
    assert [(r.service, r.provider) for r in resolve_all(ELEMENTS, facts)] == [
        (Service.DHCP, "R"),
        (Service.DNS, None),
        (Service.LB, "S"),
    ]


def test_rules_are_programmed_closed_before_open_and_addresses_before_their_users() -> None:
    at = {stage: position for position, stage in enumerate(RULE_ORDER)}
    assert set(at) == set(RuleStage)
    assert at[RuleStage.DEFAULT_EGRESS] == 0
    assert at[RuleStage.DEFAULT_EGRESS] < at[RuleStage.EGRESS] < at[RuleStage.ADDRESSES]
    users = (RuleStage.STATIC_NAT, RuleStage.FIREWALL, RuleStage.PORT_FORWARDING, RuleStage.PUBLIC_LB)
    assert all(at[RuleStage.ADDRESSES] < at[user] for user in users)
    assert at[RuleStage.STATIC_NAT] < at[RuleStage.STATIC_NAT_PORTS]
    assert {stage.service for stage in RULE_ORDER} >= {Service.FIREWALL, Service.LB, Service.NETWORK_ACL}
