"""Shared networks: instances stand on the operator's own wires, with addresses out of ranges that the operator names.

Rule 1: the VLAN is the operator's to name, `untagged` included; without one it is any free one of the physical network's.
Rule 2: there is nothing to implement: the wires are there before netloom.
"""

from __future__ import annotations

from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.gurus import Design, DesignQuestion, Verdict, named_segment, proposal


class SharedGuru:
    """Designs shared networks, and the flat network of a basic zone."""

    name = "DirectNetworkGuru"

    def can_handle(self, question: DesignQuestion) -> Verdict:
        """A shared network of nobody's Connectivity on wires with VLANs."""
        if question.traffic is not Traffic.GUEST or question.guest_type is not GuestType.SHARED:
            return Verdict(False, "only shared networks of guests")
        if question.connectivity is not None:
            return Verdict(False, f"the offering leaves Connectivity to {question.connectivity}")
        if not question.wires.carries_vlans:
            return Verdict(False, f"physical network {question.wires.name!r} carries no VLANs")
        return Verdict(True, "a shared network on the wires of the physical network")

    def design(self, question: DesignQuestion) -> Design:
        """On the VLAN that was named; a basic zone's is untagged unless named."""
        named = question.vlan is not None or question.basic_zone
        segment = named_segment(question) if named else None
        return proposal(question, Isolation.VLAN, segment, state=NetworkState.SETUP)
