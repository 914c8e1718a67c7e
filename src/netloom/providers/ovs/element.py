"""Connectivity by Open vSwitch, as the cloud asks for it.

Rule 1: nothing is done here: switches are programmed from the native network and its NICs, whatever asks for them; so every
step is done when it is called.
Rule 2: what it answers for is what the planner compiles: any isolation that the switches carry.
"""

from __future__ import annotations

from netloom.model.cloud.record import Record
from netloom.model.cloud.services import Service, words
from netloom.model.cloud.services_known import KNOWN_PROVIDERS, OVS
from netloom.plan.elements import DONE, NetworkFacts, NicFacts, Outcome, RuleStage
from netloom.plan.gurus import Verdict, WireFacts


class OvsElement:
    """Connectivity, stretched over every host of the zone."""

    facts = KNOWN_PROVIDERS[OVS]

    def can_handle(self, network: NetworkFacts, service: Service) -> Verdict:
        """Connectivity in every encapsulation and on VLANs."""
        if service is not Service.CONNECTIVITY:
            return Verdict(False, f"it gives Connectivity, not {service.value}")
        return Verdict(True, f"Open vSwitch carries {network.isolation.value}")

    def verify_services(self, services: frozenset[Service]) -> Verdict:
        """Connectivity and nothing else."""
        other = services - {Service.CONNECTIVITY}
        if other:
            return Verdict(False, f"it gives Connectivity, not {words(other)}")
        return Verdict(True, "it gives Connectivity")

    async def is_ready(self, wires: WireFacts) -> Verdict:
        """Always: switches join when their hosts do."""
        return Verdict(True, f"hosts of physical network {wires.name!r} bring their switches")

    async def implement(self, _network: NetworkFacts) -> Outcome:
        """A network costs nothing on switches until a host shows a NIC of it."""
        return DONE

    async def prepare(self, _network: NetworkFacts, _nic: NicFacts) -> Outcome:
        """Ports are programmed when they are seen."""
        return DONE

    async def release(self, _network: NetworkFacts, _nic: NicFacts) -> Outcome:
        """Ports that are gone take their flows with them."""
        return DONE

    async def shutdown(self, _network: NetworkFacts) -> Outcome:
        """A network without NICs is on no host."""
        return DONE

    async def destroy(self, _network: NetworkFacts) -> Outcome:
        """Nothing is left to take away."""
        return DONE

    async def apply_rules(
        self, _network: NetworkFacts, stage: RuleStage, rules: tuple[Record, ...]
    ) -> Outcome:
        """It has no rules."""
        if rules:
            return Outcome(done=False, reason=f"Ovs does not do {stage.value}")
        return DONE
