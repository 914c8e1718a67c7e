"""Connectivity and security groups by Open vSwitch, as the cloud asks for them.

Rule 1: nothing is done here: switches are programmed from the native network and its NICs, whatever asks for them; so every
step is done when it is called.
Rule 2: what it answers for is what the planner compiles: any isolation that the switches carry.
"""

from __future__ import annotations

from dataclasses import dataclass

from netloom.model.cloud.record import Record
from netloom.model.cloud.services import ProviderFacts, Service, words
from netloom.model.cloud.services_known import KNOWN_PROVIDERS, OVS, SECURITY_GROUP
from netloom.plan.elements import DONE, NetworkFacts, NicFacts, Outcome, RuleStage
from netloom.plan.gurus import Verdict, WireFacts


@dataclass(frozen=True)
class OvsElement:
    """A service that the planner compiles for every NIC wherever it is; by default Connectivity.

    Attributes:
        facts: the provider as which it is known.
        gives: its one service.
        does: what Open vSwitch does about a network.
    """

    facts: ProviderFacts = KNOWN_PROVIDERS[OVS]
    gives: Service = Service.CONNECTIVITY
    does: str = "carries"

    def can_handle(self, network: NetworkFacts, service: Service) -> Verdict:
        """Its service in every encapsulation and on VLANs."""
        if service is not self.gives:
            return Verdict(False, f"it gives {self.gives.value}, not {service.value}")
        return Verdict(True, f"Open vSwitch {self.does} {network.isolation.value}")

    def verify_services(self, services: frozenset[Service]) -> Verdict:
        """Its service and nothing else."""
        other = services - {self.gives}
        if other:
            return Verdict(False, f"it gives {self.gives.value}, not {words(other)}")
        return Verdict(True, f"it gives {self.gives.value}")

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
            return Outcome(done=False, reason=f"{self.facts.name} does not do {stage.value}")
        return DONE


SECURITY_GROUPS = OvsElement(KNOWN_PROVIDERS[SECURITY_GROUP], Service.SECURITY_GROUP, "filters each NIC in")
"""Security groups: which NICs are filtered, and by what, is read with the NICs (docs/design/security-groups.md)."""
