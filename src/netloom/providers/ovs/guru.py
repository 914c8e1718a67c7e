"""Networks in tunnels between the hosts' Open vSwitches, and those whose wires an offering leaves to Ovs.

Rule 1: where the offering names a provider of Connectivity, that provider's guru answers for the network; this one, for Ovs.
Rule 2: where it names none, an isolated network without a VLAN of its own goes into a tunnel if the wires carry any.
"""

from __future__ import annotations

from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.services_known import OVS
from netloom.model.isolation import Isolation
from netloom.model.states import NetworkState
from netloom.plan.gurus import Design, DesignQuestion, Verdict, named_segment, proposal


class OvsGuru:
    """Designs networks that netloom builds on Open vSwitch."""

    name = "OvsGuestNetworkGuru"

    def can_handle(self, question: DesignQuestion) -> Verdict:
        """Connectivity by Ovs, or an isolated network that may be tunnelled and belongs to nobody else."""
        if question.traffic is not Traffic.GUEST or question.guest_type is None:
            return Verdict(False, f"{question.traffic.value} is not a guests' network")
        if question.basic_zone:
            return Verdict(False, "a basic zone is flat")
        wires = question.wires
        connectivity = question.connectivity
        if connectivity not in (None, OVS):
            return Verdict(False, f"the offering leaves Connectivity to {connectivity}")
        if OVS not in wires.providers:
            return Verdict(False, f"provider Ovs is not enabled on physical network {wires.name!r}")
        if connectivity == OVS:
            return Verdict(True, "the offering leaves Connectivity to Ovs")
        if question.guest_type is not GuestType.ISOLATED:
            return Verdict(
                False,
                f"a network of type {question.guest_type.value} without Connectivity is a VLAN's matter",
            )
        if question.vlan is not None:
            return Verdict(False, f"the operator named VLAN {question.vlan}")
        if not wires.tunnels:
            return Verdict(False, f"physical network {wires.name!r} carries no tunnels")
        return Verdict(True, f"an isolated network on wires that carry {wires.tunnels[0].value}")

    def design(self, question: DesignQuestion) -> Design:
        """The preferred tunnel with any segment; the VLAN that was named, or any where there are no tunnels."""
        if question.vlan is not None:
            return proposal(question, Isolation.VLAN, named_segment(question), state=NetworkState.SETUP)
        tunnels = question.wires.tunnels
        isolation = tunnels[0] if tunnels else Isolation.VLAN
        return proposal(question, isolation, None, state=NetworkState.ALLOCATED)
