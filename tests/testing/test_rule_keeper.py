"""The test provider keeps the contract that real ones are held to."""

from __future__ import annotations

import pytest
from tests.testing.rule_keeper import Notebook, keeper_backends, keepers

from netloom.model.cloud.services import Service
from netloom.plan.elements import Outcome, Provider, RuleStage
from netloom.testing.provider import sample_network, violations


@pytest.mark.parametrize("provider", keepers(Notebook()), ids=lambda provider: provider.name)
async def test_it_keeps_the_contract(provider: Provider) -> None:
    assert await violations(provider) == ()


async def test_it_refuses_what_it_is_told_to_and_keeps_the_rest() -> None:
    notebook = Notebook(refusals={RuleStage.FIREWALL: Outcome(done=False, reason="a test wants it so")})
    element = keeper_backends(notebook).providers.elements["VirtualRouter"]
    network = sample_network({Service.FIREWALL: ("VirtualRouter",)})
    assert not (await element.apply_rules(network, RuleStage.FIREWALL, ())).done
    assert (await element.apply_rules(network, RuleStage.EGRESS, ())).done
    assert notebook.rules == {(network.id, RuleStage.EGRESS): ()}
    assert notebook.stages(network.id) == ["firewall", "egress"]
    await element.shutdown(network)
    assert notebook.rules == {}
