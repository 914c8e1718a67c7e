"""The life of a tenant's network: made true at its providers before its first instance runs, taken down when it is empty.

Rule 1: of all who want a network up or down, one has its turn (`Backends.turns`); what it finds then is what counts, so a
    network that is found Implementing was left so by somebody who died over it, and is done again from the beginning.
Rule 2: whoever needs a network says so in the store before asking for it (an instance is Starting); taking down looks again
    inside its own transaction, and leaves a network that is needed as it is.
Rule 3: a network in state Setup keeps it: nothing has to be implemented on its wires; its services are told all the same.

    key        id of the network            states   `netloom.model.states`, stepped by `next_network_state`
    lease      `state_since` of the native row: `networks_keeper` looks for those that are Implementing for too long
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Final

import msgspec
import structlog
from sqlalchemy import exists, or_, select

from netloom.app.cloud.addresses_source_nat import claim_source_nat, settle_source_nat
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_facts import facts_of, native
from netloom.app.cloud.providers_told import have_done
from netloom.app.cloud.rules_provider import bring
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.vpc_provider import have_router
from netloom.app.cloud.work import View, Work, missing
from netloom.app.states import write_states
from netloom.base.errors import Conflict, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.untold import Mark
from netloom.model.kinds import Kind
from netloom.model.objects import Network
from netloom.model.states import NetworkEvent, NetworkState, NicState, next_network_state
from netloom.plan.elements import RULE_ORDER, NetworkElement, NetworkFacts, Outcome
from netloom.store import tables
from netloom.store.cloud.records import Where, columns

_log = structlog.get_logger("netloom.networks")

Crew = tuple[NetworkFacts, tuple[NetworkElement, ...]]
"""A network as its elements see it, and the elements."""


ELEMENTS: Final = "elements"
"""The word for all that its elements have of a network, among the sets that they may have to be told again."""


class OneNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """Which network."""

    id: Uuid


# -- up ----------------------------------------------------------------------------------------------------------------


async def implement(doing: Doing, network_id: Uuid) -> None:
    """Have a network up: its elements, then its rules in their order. Asked for again, it costs a read.

    Raises:
        NotFound: it is gone.
        Conflict: a service has no provider any more (`service-not-provided`).
        Exhausted: no address is left that it could be seen as outside.
        PeerError: a provider could not (`provider-failed`); the network is down again.
    """
    async with doing.turn(f"life/{network_id}"):
        network = await doing.read(lambda view: found(view, network_id))
        state = await doing.read(lambda view: native(view, network).state)
        if state is NetworkState.IMPLEMENTED and not network.restart_required:
            return
        await raise_up(doing, network)


async def raise_up(doing: Doing, network: GuestNetwork) -> None:
    """Have a network up whatever its state; the turn is the caller's. Raises as `implement`."""
    network_id = network.id
    try:
        with doing.telling([Mark(queue_of(network), ELEMENTS)]):
            if network.vpc_id is not None:
                await have_router(doing, network.vpc_id)
            facts, elements = await doing.write(lambda work: _begin_up(work, network_id))
            for element in doing.each(elements, lambda _: f"implement network {facts.name}"):
                await tell(doing, element, element.implement(facts), "implement", facts)
            await bring(doing, network_id, RULE_ORDER)
    except NetloomError:
        await _give_up(doing, network_id)
        raise
    await doing.write(lambda work: _up(work, network_id))


def _begin_up(work: Work, network_id: Uuid) -> Crew:
    network = found(work, network_id)
    row = native(work, network)
    if row.state in (NetworkState.ALLOCATED, NetworkState.SHUTDOWN):
        move(work, row, NetworkEvent.IMPLEMENT)
    claim_source_nat(work, network)
    return crew(work, network)


def _up(work: Work, network_id: Uuid) -> None:
    network = found(work, network_id)
    row = native(work, network)
    if row.state is NetworkState.IMPLEMENTING:
        move(work, row, NetworkEvent.SUCCEED)
    settle_source_nat(work, network)
    if network.restart_required:
        work.update(msgspec.structs.replace(network, restart_required=False))


async def _give_up(doing: Doing, network_id: Uuid) -> None:
    """Take down what an implementing that failed left behind, as far as it goes.

    One that was up before stays up; what it lacks is told by `restartrequired`, and done by whoever needs it next.
    """

    def fail(work: Work) -> bool:
        network = work.records.get(GuestNetwork, network_id)
        if network is None:
            return False
        row = native(work, network)
        if row.state is NetworkState.IMPLEMENTING:
            move(work, row, NetworkEvent.FAIL)
            return True
        if row.state is NetworkState.IMPLEMENTED:
            work.update(msgspec.structs.replace(network, restart_required=True))
        return False

    if await doing.write(fail):
        try:
            await take_down(doing, network_id)
        except NetloomError as error:
            _log.warning("network not taken down after a failure", network=network_id, error=str(error))


# -- down --------------------------------------------------------------------------------------------------------------


async def shut_down(doing: Doing, network_id: Uuid) -> bool:
    """Have nothing of an empty network that costs anything; whether that is so. One that is needed stays up.

    Raises:
        PeerError: a provider could not (`provider-failed`); the network stays Shutdown, and is tried again.
    """
    async with doing.turn(f"life/{network_id}"):
        if not await doing.write(lambda work: _begin_down(work, network_id)):
            return False
        await take_down(doing, network_id)
        return True


def _begin_down(work: Work, network_id: Uuid) -> bool:
    network = work.records.get(GuestNetwork, network_id)
    if network is None or is_needed(work, network):
        return False
    row = native(work, network)
    if row.state in (NetworkState.IMPLEMENTED, NetworkState.IMPLEMENTING):
        row = move(work, row, NetworkEvent.SHUTDOWN)
    return row.state is NetworkState.SHUTDOWN


async def take_down(doing: Doing, network_id: Uuid) -> None:
    """Have elements shut a network down that is Shutdown; the turn is the caller's."""
    facts, elements = await doing.read(lambda view: crew(view, found(view, network_id), all_there=False))
    for element in doing.each(elements[::-1], lambda _: f"shut down network {facts.name}"):
        await tell(doing, element, element.shutdown(facts), "shut down", facts)
    await doing.write(lambda work: _down(work, network_id))


def _down(work: Work, network_id: Uuid) -> None:
    network = work.records.get(GuestNetwork, network_id)
    if network is not None:
        row = native(work, network)
        if row.state is NetworkState.SHUTDOWN:
            move(work, row, NetworkEvent.SUCCEED)


# -- looking -----------------------------------------------------------------------------------------------------------


def found(view: View, network_id: Uuid) -> GuestNetwork:
    """A network by its id.

    Raises:
        NotFound: it is gone.
    """
    network = view.records.get(GuestNetwork, network_id)
    if network is None:
        raise missing(GuestNetwork, network_id, "networkid")
    return network


def crew(view: View, network: GuestNetwork, *, all_there: bool = True) -> Crew:
    """A network's elements; `all_there`: every service must have one.

    Raises:
        Conflict: one has none (`service-not-provided`).
    """
    facts = facts_of(view, network)
    providers = view.backends.providers
    if all_there:
        return facts, providers.elements_of(facts)
    resolved = [providers.resolve(facts, service).element for service in facts.services]
    return facts, tuple({id(each): each for each in resolved if each is not None}.values())


_RUNS = tuple(state.value for state in InstanceState if state.on_host)


def in_use() -> Where:
    """The condition that a network has an interface that is, or is about to be, in use; on the rows of guest networks."""
    network_id = columns(GuestNetwork).id
    nic, instance, i = columns(InstanceNic), columns(Instance), tables.nics.c
    plugged = exists(select(i.id).where(i.network_id == network_id, i.state != NicState.ALLOCATED.value))
    running = exists(
        select(nic.id)
        .join_from(nic.id.table, instance.id.table, nic.instance_id == instance.id)
        .where(nic.network_id == network_id, instance.state.in_(_RUNS))
    )
    return or_(plugged, running)


def is_needed(view: View, network: GuestNetwork) -> bool:
    """Whether a network has to stay up: something runs in it, or its offering says so."""
    if network.persistent:
        return True
    return view.records.exists(GuestNetwork, columns(GuestNetwork).id == network.id, in_use())


def move(work: Work, row: Network, event: NetworkEvent) -> Network:
    """Take a network to the state that an event leads to.

    Raises:
        Conflict: its life has no such step (`bad-transition`).
    """
    after = next_network_state(row.state, event)
    work.made_natives.pop(row.id, None)
    write_states(work.tx, [(Kind.NETWORK, row.id, row.name, row.generation, after.value)])
    _log.info("network moved", network=row.name, before=row.state.value, after=after.value)
    return msgspec.structs.replace(row, state=after, state_since=work.at)


async def tell(
    doing: Doing,
    element: NetworkElement,
    call: Coroutine[object, object, Outcome],
    what: str,
    facts: NetworkFacts,
) -> None:
    """Have an element do something with a network; `what`: a verb. Raises as `have_done`."""
    name, place = f"{what} network {facts.name!r} ({facts.id})", f"network/{facts.id}"
    await have_done(doing, element.facts.name, call, name, place)


# -- as jobs of their own ----------------------------------------------------------------------------------------------


def queue_of(network: GuestNetwork) -> str:
    """The line in which a network's jobs wait."""
    return f"network/{network.id}"


def _one(work: Work, request: OneNetwork) -> GuestNetwork:
    return found(work, request.id)


async def _apply_up(doing: Doing, network: GuestNetwork) -> None:
    await implement(doing, network.id)


async def _apply_down(doing: Doing, network: GuestNetwork) -> Ending | None:
    if not await shut_down(doing, network.id):
        raise Conflict(
            f"network {network.name!r} ({network.id}) is needed again",
            code="in-use",
            subject=f"network/{network.id}",
        )
    return None


IMPLEMENT = UseCase(
    name="network.implement",
    command="restartNetwork",
    request=OneNetwork,
    begin=_one,
    apply=_apply_up,
    queue=queue_of,
)
SHUT_DOWN = UseCase(
    name="network.shut_down",
    command="restartNetwork",
    request=OneNetwork,
    begin=_one,
    apply=_apply_down,
    event="NETWORK.SHUTDOWN",
    queue=queue_of,
)
USE_CASES = (IMPLEMENT, SHUT_DOWN)


def implement_later(work: Work, network: GuestNetwork) -> None:
    """Have a network implemented by a job that follows this unit."""
    work.then(IMPLEMENT, network, OneNetwork(id=network.id))
