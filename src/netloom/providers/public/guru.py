"""The network that public addresses are on.

Rule 1: it answers for its traffic only, and for nothing that tenants make.
Rule 2: the wires are there before netloom: the network has no more than a VLAN, and nothing to implement.
"""

from __future__ import annotations

from netloom.model.cloud.offerings import Traffic
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.gurus import Design, DesignQuestion, Verdict, named_segment, proposal

TRAFFIC = frozenset({Traffic.PUBLIC})


class PublicGuru:
    """Designs the network of a zone for this traffic."""

    name = "PublicNetworkGuru"

    def can_handle(self, question: DesignQuestion) -> Verdict:
        """By traffic alone."""
        if question.traffic not in TRAFFIC:
            return Verdict(False, f"{question.traffic.value} is another guru's traffic")
        return Verdict(True, f"the zone's network for {question.traffic.value} traffic")

    def design(self, question: DesignQuestion) -> Design:
        """On the VLAN that was named; untagged where none was."""
        return proposal(question, Isolation.VLAN, named_segment(question), state=NetworkState.SETUP)
