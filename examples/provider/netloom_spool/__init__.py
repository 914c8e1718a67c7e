"""A provider of Connectivity that hands networks to something else: one JSON document per network in a directory.

Whatever reads the directory (a script that configures a fabric, say) finds `NUMBER.json` with the network and its NICs as
they should be. A document is replaced whole, so a reader sees either the old one or the new one, never half of one.

Rule 1: every step says what should be; said twice, it changes nothing, and nothing is remembered besides the documents.
Rule 2: networks are ours when their offering leaves Connectivity to `Spool`; then every other guru answers no.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import msgspec

from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.record import Record
from netloom.model.cloud.services import ProviderFacts, Service
from netloom.model.isolation import PREFERENCE
from netloom.model.states import NetworkState
from netloom.plan.elements import DONE, NetworkFacts, NicFacts, Outcome, Provider, RuleStage
from netloom.plan.gurus import Design, DesignQuestion, Verdict, WireFacts, named_segment, proposal

NAME = "Spool"


class SpoolGuru:
    """Designs isolated networks whose Connectivity is by Spool."""

    name = "SpoolNetworkGuru"

    def can_handle(self, question: DesignQuestion) -> Verdict:
        """An isolated network of guests, Connectivity by Spool, which must be enabled on the wires."""
        if question.traffic is not Traffic.GUEST or question.guest_type is not GuestType.ISOLATED:
            return Verdict(False, "only isolated networks of guests")
        if question.basic_zone:
            return Verdict(False, "a basic zone is flat")
        if question.connectivity != NAME:
            return Verdict(False, f"the offering does not leave Connectivity to {NAME}")
        if NAME not in question.wires.providers or not question.wires.isolations:
            return Verdict(False, f"{NAME} is not enabled on physical network {question.wires.name!r}")
        return Verdict(True, f"the offering leaves Connectivity to {NAME}")

    def design(self, question: DesignQuestion) -> Design:
        """The preferred isolation of the wires and any segment; or the VLAN that was named."""
        segment = None if question.vlan is None else named_segment(question)
        carried = [i for i in PREFERENCE if i in question.wires.isolations]
        isolation = carried[0] if segment is None else carried[-1]  # VLAN is the last one preferred
        return proposal(question, isolation, segment, state=NetworkState.ALLOCATED)


class SpoolElement:
    """Keeps the documents."""

    facts = ProviderFacts(name=NAME, services={Service.CONNECTIVITY: {}}, only_connectivity=True)

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def can_handle(self, network: NetworkFacts, service: Service) -> Verdict:
        """Connectivity, however the network is kept apart."""
        return Verdict(service is Service.CONNECTIVITY, f"it gives Connectivity on {network.isolation.value}")

    def verify_services(self, services: frozenset[Service]) -> Verdict:
        """Connectivity and nothing else."""
        return Verdict(services == {Service.CONNECTIVITY}, "it gives Connectivity and nothing else")

    async def is_ready(self, _wires: WireFacts) -> Verdict:
        """When documents can be written."""
        writable = await asyncio.to_thread(os.access, self.directory, os.W_OK)
        return Verdict(writable, f"{self.directory} can {'' if writable else 'not '}be written to")

    async def implement(self, network: NetworkFacts) -> Outcome:
        """Have a document."""
        return await self._have(network)

    async def prepare(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        """Have the NIC in it."""
        return await self._have(network, add=nic)

    async def release(self, network: NetworkFacts, nic: NicFacts) -> Outcome:
        """Have the NIC out of it."""
        return await self._have(network, remove=nic)

    async def shutdown(self, network: NetworkFacts) -> Outcome:
        """Have no document."""
        await asyncio.to_thread(self._path(network).unlink, missing_ok=True)
        return DONE

    destroy = shutdown

    async def apply_rules(
        self, _network: NetworkFacts, stage: RuleStage, rules: tuple[Record, ...]
    ) -> Outcome:
        """It has no rules."""
        return Outcome(done=False, reason=f"{NAME} does not do {stage.value}") if rules else DONE

    async def _have(
        self, network: NetworkFacts, add: NicFacts | None = None, remove: NicFacts | None = None
    ) -> Outcome:
        try:
            await asyncio.to_thread(self._write, network, add, remove)
        except OSError as error:
            return Outcome(done=False, reason=str(error), again=True)
        return DONE

    def _path(self, network: NetworkFacts) -> Path:
        return self.directory / f"{network.number}.json"

    def _write(self, network: NetworkFacts, add: NicFacts | None, remove: NicFacts | None) -> None:
        path = self._path(network)
        nics = json.loads(path.read_text())["nics"] if path.exists() else {}
        if remove is not None:
            if remove.id not in nics:
                return
            del nics[remove.id]
        if add is not None:
            nics[add.id] = msgspec.to_builtins(add)
        document = {"id": network.id, "name": network.name, "cidr": network.cidr, "nics": nics}
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(document, indent=1, sort_keys=True))
        draft.replace(path)


def provider() -> Provider:
    """What netloom loads."""
    directory = Path(os.environ.get("NETLOOM_SPOOL", "/var/spool/netloom"))
    return Provider(name=NAME, element=SpoolElement(directory), gurus=(SpoolGuru(),))
