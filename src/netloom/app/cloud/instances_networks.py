"""The networks of an instance made ready before it runs, and told when it does not run any more.

Rule 1: a network is implemented before the first guest in it runs, and each interface prepared before its instance starts.
Rule 2: letting go never fails an instance's stop: what an element could not release is told and tried again with the next.
"""

from __future__ import annotations

import structlog

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_find import nics_of_one
from netloom.app.cloud.instances_plan import nic_facts
from netloom.app.cloud.networks_facts import facts_of
from netloom.app.cloud.networks_life import implement
from netloom.app.cloud.providers_told import have_done
from netloom.app.cloud.work import View
from netloom.base.errors import PeerError, Unavailable
from netloom.model.cloud.instances import Instance
from netloom.model.cloud.networks import GuestNetwork
from netloom.plan.elements import NetworkElement, NetworkFacts, NicFacts

_log = structlog.get_logger("netloom.instances")

Step = tuple[NetworkFacts, NicFacts, tuple[NetworkElement, ...]]


async def bring_up(doing: Doing, instance: Instance) -> None:
    """Have the networks of an instance implemented and its interfaces prepared.

    Raises:
        NetloomError: a service of a network is not provided, or an element refused.
    """
    network_ids = await doing.read(lambda view: [nic.network_id for nic in nics_of_one(view, instance.id)])
    for network_id in doing.each(network_ids, lambda _: "make its networks ready"):
        await implement(doing, network_id)
    steps = await doing.read(lambda view: _steps(view, instance))
    for network, nic, elements in doing.each(steps, lambda _: "make its interfaces ready"):
        for element in elements:
            outcome = await doing.provider(
                element.facts.name,
                element.prepare(network, nic),
                f"prepare interface {nic.id} in network {network.name}",
            )
            if not outcome.done:
                raise Unavailable(
                    f"{element.facts.name} did not prepare interface {nic.id} in network {network.name}"
                    f" ({network.id}): {outcome.reason}",
                    code="nic-not-prepared",
                    subject=f"network/{network.id}",
                )


async def let_go(doing: Doing, instance: Instance, only: str | None = None) -> None:
    """Have elements forget the interfaces of an instance that does not run; `only`: one of them."""
    for network, nic, elements in await doing.read(lambda view: _steps(view, instance, told=False)):
        if only is not None and nic.id != only:
            continue
        for element in elements:
            name = element.facts.name
            try:
                await have_done(
                    doing,
                    name,
                    element.release(network, nic),
                    f"release interface {nic.id} in network {network.name}",
                    f"network/{network.id}",
                )
            except PeerError as error:
                _log.warning("interface not released", nic=nic.id, element=name, error=str(error))


def _steps(view: View, instance: Instance, *, told: bool = True) -> list[Step]:
    steps: list[Step] = []
    for nic in nics_of_one(view, instance.id):
        network = view.records.get(GuestNetwork, nic.network_id)
        if network is None:
            continue
        facts = facts_of(view, network)
        providers = view.backends.providers
        elements = () if not told and providers.missing(facts) else providers.elements_of(facts)
        steps.append((facts, nic_facts(instance, nic), elements))
    return steps
