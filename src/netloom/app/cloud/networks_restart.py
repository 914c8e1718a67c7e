"""Restarting a network: everything at its providers anew, as the records say it should be.

Rule 1: nothing is taken down for it: elements are called for what should be, and what is right already stays untouched. With
    `cleanup` it is the same: there is no other way here to be made anew than to be compared and corrected.
"""

from __future__ import annotations

import msgspec

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.networks_life import found, queue_of, raise_up
from netloom.app.cloud.networks_use import own_network
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering, chosen_value
from netloom.model.cloud.services import Capability, Service
from netloom.model.states import NetworkState

RESTARTABLE = frozenset({NetworkState.IMPLEMENTED, NetworkState.SETUP})


class RestartNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """Which network; `make_redundant`: with a router that has a second one beside it."""

    id: Uuid
    cleanup: bool = False
    make_redundant: bool = False


def _begin(work: Work, request: RestartNetwork) -> GuestNetwork:
    network = own_network(work, request.id)
    state = native(work, network).state
    if state not in RESTARTABLE:
        raise Conflict(
            f"network {network.name!r} ({network.id}) is {state.value}: there is nothing to restart",
            code="network-not-up",
            subject=f"network/{network.id}",
            hint="it has to be " + " or ".join(sorted(each.value for each in RESTARTABLE)),
        )
    if request.cleanup and network.vpc_id is not None:
        raise InvalidInput(
            f"network {network.name!r} ({network.id}) is a tier: its router is the VPC's",
            code="tier-cleanup",
            subject="cleanup",
            hint="restart the VPC (restartVPC)",
        )
    if request.make_redundant:
        offering = work.records.get(NetworkOffering, network.offering_id)
        redundant = offering is not None and (
            chosen_value(offering, Service.SOURCE_NAT, Capability.REDUNDANT_ROUTER) == "true"
        )
        if not redundant:
            raise InvalidInput(
                f"the offering of network {network.name!r} ({network.id}) has no redundant router",
                code="not-redundant",
                subject="makeredundant",
                hint="a network of an offering with RedundantRouter",
            )
    return network


async def _apply(doing: Doing, network: GuestNetwork) -> Ending | None:
    async with doing.turn(f"life/{network.id}"):
        now = await doing.read(lambda view: found(view, network.id))
        await raise_up(doing, now)
    return None


RESTART = UseCase(
    name="network.restart",
    command="restartNetwork",
    request=RestartNetwork,
    begin=_begin,
    apply=_apply,
    event="NETWORK.RESTART",
    queue=queue_of,
)
USE_CASES = (RESTART,)
