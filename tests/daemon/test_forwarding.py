"""A NIC is forwarded to at a host when its port is there and no switch that answers owes anything on its account."""

from __future__ import annotations

import asyncio

import pytest

from netloom.base.ids import HostId, NetworkId, NicId
from netloom.daemon.forwarding import Forwarding
from netloom.plan.records import NicView, PortSeen
from netloom.plan.switch import FragmentKey
from netloom.plan.view import View
from netloom.reconcile.status import StatusBook

NIC = NicView(NicId("a"), 1, "a", NetworkId("n"), 0x020000000001, identity="vif")
HERE, THERE, AWAY = HostId("h1"), HostId("h2"), HostId("h3")
FLOW = FragmentKey("flow", 1)


class Place:
    def __init__(self) -> None:
        self.view = View()
        self.book: StatusBook[FragmentKey] = StatusBook(lambda _host, _key: ())
        self.up = {HERE, THERE}
        self.forwarding = Forwarding(self.view, self.book, self.up.__contains__)
        self.view.put_nic(NIC)
        for host in (HERE, THERE):
            self.book.set_ready(host, ready=True)
        self.book.taken({NIC.id: 1})

    def seen(self, host: HostId) -> None:
        self.view.observe_port(PortSeen(host, "tap", "vif", 1))


@pytest.fixture
def place() -> Place:
    return Place()


def test_where_it_is_not_seen_it_is_not_forwarded_to(place: Place) -> None:
    place.seen(HERE)
    assert place.forwarding.forwards(NIC.id, HERE)
    assert not place.forwarding.forwards(NIC.id, THERE)
    assert not place.forwarding.forwards(NicId("unknown"), THERE)


def test_the_last_switch_that_owes_something_makes_it_so(place: Place) -> None:
    place.seen(THERE)
    place.book.expect([NIC.id], {HERE: [FLOW], THERE: [FLOW]})
    assert not place.forwarding.forwards(NIC.id, THERE)
    place.book.realised(THERE, [FLOW], [])
    assert not place.forwarding.forwards(NIC.id, THERE)
    place.book.realised(HERE, [FLOW], [])
    assert place.forwarding.forwards(NIC.id, THERE)


def test_a_host_that_is_away_is_not_waited_for(place: Place) -> None:
    place.seen(THERE)
    place.book.expect([NIC.id], {AWAY: [FLOW]})
    assert place.forwarding.forwards(NIC.id, THERE)
    place.up.add(AWAY)
    assert not place.forwarding.forwards(NIC.id, THERE)


def test_what_several_connected_switches_show_is_told(place: Place) -> None:
    place.seen(HERE)
    place.seen(AWAY)
    assert place.forwarding.several() == {}
    place.seen(THERE)
    assert place.forwarding.several() == {NIC.id: {HERE, THERE}}


async def test_whoever_waits_goes_on_when_all_are_there(place: Place) -> None:
    place.seen(THERE)
    place.book.expect([NIC.id], {THERE: [FLOW]})
    waiting = asyncio.create_task(place.forwarding.in_force([NIC.id], THERE))
    for _ in range(5):
        place.book.set_ready(HERE, ready=True)  # whatever is told, as long as it is not that
        await asyncio.sleep(0)
        assert not waiting.done()
    place.book.realised(THERE, [FLOW], [])
    async with asyncio.timeout(20):
        await waiting


async def test_whoever_waits_goes_on_when_the_port_is_seen(place: Place) -> None:
    waiting = asyncio.create_task(place.forwarding.in_force([NIC.id], THERE))
    await asyncio.sleep(0)
    place.seen(THERE)
    place.book.taken({})  # as after each turn of the planner
    async with asyncio.timeout(20):
        await waiting


async def test_whoever_waits_goes_on_when_the_last_that_owes_something_is_away(place: Place) -> None:
    place.seen(THERE)
    place.book.expect([NIC.id], {HERE: [FLOW]})
    waiting = asyncio.create_task(place.forwarding.in_force([NIC.id], THERE))
    await asyncio.sleep(0)
    place.up.discard(HERE)
    place.book.set_ready(HERE, ready=False)
    async with asyncio.timeout(20):
        await waiting
