"""L2 networks: frames from instance to instance and nothing else; addresses are the guests' own affair.

Rule 1: a VLAN that the operator names joins the network to what is on that VLAN already.
Rule 2: without one it is as any other network: in a tunnel where the wires carry one, else on a free VLAN.
"""

from __future__ import annotations

import msgspec

from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.gurus import Design, DesignQuestion, Verdict, named_segment, proposal


class L2Guru:
    """Designs networks without addresses."""

    name = "L2NetworkGuru"

    def can_handle(self, question: DesignQuestion) -> Verdict:
        """A network of type L2 of nobody's Connectivity."""
        if question.traffic is not Traffic.GUEST or question.guest_type is not GuestType.L2:
            return Verdict(False, "only networks of type L2")
        if question.basic_zone:
            return Verdict(False, "a basic zone is flat")
        if question.connectivity is not None:
            return Verdict(False, f"the offering leaves Connectivity to {question.connectivity}")
        return Verdict(True, "a network of type L2")

    def design(self, question: DesignQuestion) -> Design:
        """On the VLAN that was named, in the preferred tunnel, or on any free VLAN."""
        plain = msgspec.structs.replace(question, cidr=None, gateway=None, cidr6=None, gateway6=None)
        if question.vlan is not None:
            return proposal(plain, Isolation.VLAN, named_segment(question), state=NetworkState.SETUP)
        tunnels = question.wires.tunnels
        return proposal(plain, tunnels[0] if tunnels else Isolation.VLAN, None, state=NetworkState.ALLOCATED)
