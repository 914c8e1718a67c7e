"""Deleting a tenant's network: with its rules, addresses, permissions and tags; never under an instance.

Rule 1: whether something is in it is decided in the job, by the transaction that takes the network out (`in-use`).
Rule 2: providers let go first; with `forced` a network goes although one of them failed, and the log says which.
"""

from __future__ import annotations

import msgspec
import structlog
from sqlalchemy import select

from netloom.app.cloud import networks_native
from netloom.app.cloud.addresses_release import release_network
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.gateway_places import forget_hosts
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.networks_life import crew, found, move, queue_of, take_down, tell
from netloom.app.cloud.networks_use import own_network
from netloom.app.cloud.ranges_ipv6 import give_back
from netloom.app.cloud.tags import forget as forget_tags
from netloom.app.cloud.usecase import Ending, UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Conflict, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.infrastructure_ranges import PublicRange
from netloom.model.cloud.networks import GuestNetwork, NetworkPermission
from netloom.model.states import NetworkEvent, NetworkState
from netloom.store import tables
from netloom.store.cloud.records import columns

_log = structlog.get_logger("netloom.networks")

MAX_NAMES = 5
"""Interfaces that a refusal names."""


class DeleteNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """Which network; `forced`: also when a provider cannot let go of it."""

    id: Uuid
    forced: bool = False


def _begin(work: Work, request: DeleteNetwork) -> GuestNetwork:
    return own_network(work, request.id)


async def _apply(doing: Doing, network: GuestNetwork) -> Ending:
    forced = doing.request(DeleteNetwork).forced
    async with doing.turn(f"life/{network.id}"):
        await doing.write(lambda work: _leave(work, network.id))
        try:
            await _let_go(doing, network)
        except NetloomError as error:
            if not forced:
                raise
            _log.error("network deleted although a provider failed", network=network.id, error=str(error))
    return lambda work: remove(work, network.id)


def _leave(work: Work, network_id: Uuid) -> None:
    """Begin to take the network down."""
    network = found(work, network_id)
    check_empty(work, network)
    row = native(work, network)
    if row.state in (NetworkState.IMPLEMENTED, NetworkState.IMPLEMENTING):
        move(work, row, NetworkEvent.SHUTDOWN)


async def _let_go(doing: Doing, network: GuestNetwork) -> None:
    if await doing.read(lambda view: native(view, network).state) is NetworkState.SHUTDOWN:
        await take_down(doing, network.id)
    facts, elements = await doing.read(lambda view: crew(view, network, all_there=False))
    for element in reversed(elements):
        await tell(doing, element, element.destroy(facts), "let go of", facts)


def check_empty(view: View, network: GuestNetwork) -> None:
    """Refuse to go on while interfaces are in a network.

    Raises:
        Conflict: with the first few of them (`in-use`).
    """
    i = tables.nics.c
    rows = view.records.connection.execute(
        select(i.name).where(i.network_id == network.id).order_by(i.number).limit(MAX_NAMES + 1)
    )
    names = [row[0] for row in rows]
    if names:
        more = " and more" if len(names) > MAX_NAMES else ""
        raise Conflict(
            f"network {network.name!r} ({network.id}) has interfaces: {', '.join(names[:MAX_NAMES])}{more}",
            code="in-use",
            subject=f"network/{network.id}",
            hint="destroy the instances, or take their interfaces out of the network",
        )


def remove(work: Work, network_id: Uuid) -> None:
    """Take out a network that providers have let go of, with all that stands on it.

    Raises:
        Conflict: an interface came into it meanwhile (`in-use`).
    """
    network = work.records.get(GuestNetwork, network_id)
    if network is None:
        return
    check_empty(work, network)
    release_network(work, network.id)
    forget_hosts(work, network_id=network.id)
    permission = columns(NetworkPermission)
    work.delete_all(work.records.select(NetworkPermission, permission.network_id == network.id))
    ranges = work.records.select(PublicRange, columns(PublicRange).network_id == network.id)
    for each in ranges:
        work.delete_all(work.records.select(PublicIp, columns(PublicIp).range_id == each.id))
    work.delete_all(ranges)
    give_back(work, network.id)
    forget_tags(work, [network.id])
    networks_native.remove(work, network)


DELETE = UseCase(
    name="network.delete",
    command="deleteNetwork",
    request=DeleteNetwork,
    begin=_begin,
    apply=_apply,
    event="NETWORK.DELETE",
    queue=queue_of,
    keep_request=True,
)
USE_CASES = (DELETE,)
