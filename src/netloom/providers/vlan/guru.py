"""Isolated networks on VLANs: where the operator names one, or where the wires carry nothing else.

Rule 1: only offerings that leave Connectivity to nobody; else that provider's guru answers.
Rule 2: together with Ovs's guru every isolated network has one designer: a named VLAN or no tunnels is here, the rest there.
"""

from __future__ import annotations

from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.gurus import Design, DesignQuestion, Verdict, named_segment, proposal


class VlanGuru:
    """Designs isolated networks with a VLAN each."""

    name = "VlanGuestNetworkGuru"

    def can_handle(self, question: DesignQuestion) -> Verdict:
        """An isolated network of nobody's Connectivity, on wires with VLANs, that is not tunnelled."""
        if question.traffic is not Traffic.GUEST or question.guest_type is not GuestType.ISOLATED:
            return Verdict(False, "only isolated networks of guests")
        if question.basic_zone:
            return Verdict(False, "a basic zone is flat")
        if question.connectivity is not None:
            return Verdict(False, f"the offering leaves Connectivity to {question.connectivity}")
        wires = question.wires
        if not wires.carries_vlans:
            return Verdict(False, f"physical network {wires.name!r} carries no VLANs")
        if question.vlan is not None:
            return Verdict(True, f"the operator named VLAN {question.vlan}")
        if wires.tunnels:
            return Verdict(
                False,
                f"no VLAN was named, and physical network {wires.name!r} carries {wires.tunnels[0].value}",
            )
        return Verdict(True, f"physical network {wires.name!r} carries VLANs only")

    def design(self, question: DesignQuestion) -> Design:
        """The VLAN that was named, which needs no implementing; else any free one."""
        if question.vlan is not None:
            return proposal(question, Isolation.VLAN, named_segment(question), state=NetworkState.SETUP)
        return proposal(question, Isolation.VLAN, None, state=NetworkState.ALLOCATED)
