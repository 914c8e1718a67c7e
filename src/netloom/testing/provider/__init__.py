"""Checks a provider against the contract of `netloom.plan.gurus` and `netloom.plan.elements`.

from netloom.testing.provider import violations

async def test_it_keeps_the_contract() -> None:
assert await violations(my_provider()) == ()
"""

from netloom.testing.provider.contract import violations
from netloom.testing.provider.samples import every_question, sample_network, sample_nic

__all__ = ["every_question", "sample_network", "sample_nic", "violations"]
