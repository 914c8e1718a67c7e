"""Where a network balances: before its router (Public) or inside (Internal); one of them, as its offering says.

Rule 1: what the offering chose counts; where it chose nothing, what the provider of Lb has; where that says nothing, Public.
Rule 2: a network keeps its scheme while balancers of it stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.rules_provider import RULES
from netloom.app.cloud.work import View
from netloom.base.errors import Conflict, InvalidInput
from netloom.model.cloud.load_balancers import Scheme
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering, offered
from netloom.model.cloud.services import Capability, ProviderFacts, Service
from netloom.plan.elements import RuleStage

_STAGES: Final[Mapping[Scheme, RuleStage]] = {
    Scheme.PUBLIC: RuleStage.PUBLIC_LB,
    Scheme.INTERNAL: RuleStage.INTERNAL_LB,
}


def schemes_of(view: View, network: GuestNetwork, facts: ProviderFacts) -> frozenset[str]:
    """The schemes of a network that has Lb, in lower case.

    Args:
        view: where its offering is.
        network: as it is, or as it would be.
        facts: of its provider of Lb.
    """
    offering = view.records.get(NetworkOffering, network.offering_id)
    item = None if offering is None else offered(offering, Service.LB)
    chosen = None if item is None else item.value(Capability.LB_SCHEMES)
    if chosen:
        return frozenset(word.strip().lower() for word in chosen.split(","))
    return facts.values(Service.LB, Capability.LB_SCHEMES) or frozenset({Scheme.PUBLIC.value.lower()})


def check_scheme(view: View, network: GuestNetwork, facts: ProviderFacts, wanted: Scheme) -> None:
    """Refuse a balancer where the network balances in the other place only.

    Raises:
        InvalidInput: it does (`scheme-unsupported`).
    """
    schemes = schemes_of(view, network, facts)
    if wanted.value.lower() not in schemes:
        raise InvalidInput(
            f"network {network.name} ({network.id}) has no {wanted.value.lower()} balancers:"
            f" {facts.name} balances {', '.join(sorted(schemes))}",
            code="scheme-unsupported",
            subject="scheme" if wanted is Scheme.INTERNAL else "publicipid",
            hint="a network of an offering whose Lb has the other scheme (LbSchemes)",
        )


def check_schemes_stay(view: View, after: GuestNetwork) -> None:
    """Refuse another offering that does not balance where balancers of the network stand.

    Args:
        view: inside the transaction that changes it.
        after: the network as it would be; somebody gives all of its services.

    Raises:
        Conflict: it does not (`services-in-use`).
    """
    standing = [scheme for scheme, stage in _STAGES.items() if RULES[stage](view, after.id)]
    if not standing:
        return
    facts = view.backends.providers.element(facts_of(view, after, anew=True), Service.LB).facts
    gone = [scheme for scheme in standing if scheme.value.lower() not in schemes_of(view, after, facts)]
    if gone:
        raise Conflict(
            f"network {after.name!r} ({after.id}) has {_STAGES[gone[0]].value} rules, which the offering does not balance",
            code="services-in-use",
            subject="networkofferingid",
            hint="delete the balancers first, or use an offering whose Lb has their scheme (LbSchemes)",
        )
