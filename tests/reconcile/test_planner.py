"""When the loop releases whom: never before what is known has been worked in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network

import msgspec
import pytest

from netloom.base.ids import HostId, NetworkId, NicId, Uuid
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.status import Phase
from netloom.plan.graph import Planner
from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import (
    Change,
    Edit,
    HostView,
    NetworkView,
    NicView,
    PortSeen,
    Remove,
    SwitchFacts,
    View,
)
from netloom.providers.ovs.compile.compiler import OvsCompiler
from netloom.reconcile.inputs import IntentBatch, PlanInputs
from netloom.reconcile.planner import PlannerLoop
from netloom.reconcile.ports import Refusal
from netloom.reconcile.source import PlanSource
from netloom.reconcile.status import StatusBook

H1, H2 = (HostId(Uuid(f"00000000-0000-4000-8000-00000000000{n}")) for n in (1, 2))
NET = NetworkId(Uuid("00000000-0000-4000-9000-000000000001"))
NIC1, NIC2 = (NicId(Uuid(f"00000000-0000-4000-a000-00000000000{n}")) for n in (1, 2))
HOSTS = [HostView(h, n, f"h{n}", tunnel_ip=IPv4Address(f"192.0.2.{n}")) for n, h in ((1, H1), (2, H2))]
NETWORK = NetworkView(NET, 1, "n", Isolation.GENEVE, segment=7, cidr4=IPv4Network("10.0.0.0/24"))
NICS = [
    NicView(nic, n, f"nic{n}", NET, 0x020000000000 + n, IPv4Address(f"10.0.0.{n}"), identity=f"vif-{n}")
    for n, nic in ((1, NIC1), (2, NIC2))
]
ALL: list[Edit] = [*HOSTS, NETWORK, *NICS]
PORT1, PORT2 = PortSeen(H1, "p1", "vif-1", 1), PortSeen(H2, "p2", "vif-2", 1)


class Workers:
    def __init__(self) -> None:
        self.events: list[tuple[str, ...]] = []
        self.touched: dict[str, dict[FragmentKey, Fragment | None]] = {}

    def touch(self, name: str, before: Mapping[FragmentKey, Fragment | None]) -> None:
        self.events.append(("touch", name))
        self.touched.setdefault(name, {}).update(before)

    def set_ready(self, name: str, *, ready: bool) -> None:
        self.events.append(("ready" if ready else "lost", name))

    def resync(self, name: str) -> None:
        self.events.append(("resync", name))

    def look_again(self) -> None:
        self.events.append(("complete",))


class Feed:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[IntentBatch | Exception] = asyncio.Queue()

    async def follow(self) -> AsyncIterator[IntentBatch]:
        while True:
            batch = await self.queue.get()
            if isinstance(batch, Exception):
                raise batch
            yield batch

    def put(self, edits: Sequence[Edit], *, complete: bool = True, revision: int = 1) -> None:
        generations = {edit.id: revision for edit in edits if not isinstance(edit, Remove)}
        self.queue.put_nowait(IntentBatch(revision, edits, generations, complete))


class Memory:
    def __init__(self, ports: Mapping[HostId, Sequence[PortSeen]]) -> None:
        self.ports = dict(ports)

    def recall(self) -> Mapping[HostId, Sequence[PortSeen]]:
        return self.ports

    def remember(self, host_id: HostId, ports: Collection[PortSeen]) -> None:
        self.ports[host_id] = list(ports)

    def forget(self, host_id: HostId) -> None:
        self.ports.pop(host_id, None)


class Bench:
    def __init__(
        self, memory: Mapping[HostId, Sequence[PortSeen]] | None = None, grace: float = 30.0
    ) -> None:
        self.planner = Planner(OvsCompiler())
        self.source = PlanSource(self.planner)
        self.book: StatusBook[FragmentKey] = StatusBook(self.source.why)
        self.workers = Workers()
        self.feed = Feed()
        self.memory = Memory(memory or {})
        self.loop = PlannerLoop(
            self.source, self.book, self.workers, PlanInputs(self.feed, self.memory, grace)
        )
        self.task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Bench:  # noqa: PYI034
        self.task = asyncio.create_task(self.loop.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait([self.task])

    async def settle(self) -> None:
        turns = -1
        while turns != (turns := self.loop.counters().turns) or not self.feed.queue.empty():
            for _ in range(10):
                await asyncio.sleep(0)


async def test_nobody_is_applied_before_all_intent_and_all_hosts_are_known() -> None:
    async with Bench() as bench:
        bench.feed.put(HOSTS, complete=False)
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        await bench.settle()
        assert ("ready", H1) in bench.workers.events
        assert not bench.source.complete
        bench.feed.put([NETWORK, *NICS])
        await bench.settle()
        assert not bench.source.complete, "h2 was never asked where its NICs are"
        bench.loop.observe_all(H2, SwitchFacts(H2), [PORT2])
        await bench.settle()
        assert bench.source.complete
        assert ("complete",) in bench.workers.events


async def test_a_host_that_is_remembered_need_not_be_asked() -> None:
    async with Bench({H1: [], H2: [PORT2]}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        assert bench.source.complete
        assert bench.planner.view.placement(NIC2, H2) is not None


async def test_after_the_grace_it_goes_on_without_the_silent() -> None:
    async with Bench(grace=0.01) as bench:
        bench.feed.put(ALL)
        async with asyncio.timeout(20):
            while not bench.source.complete:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def test_a_host_is_released_after_what_it_showed_is_worked_in() -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        bench.workers.events.clear()
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        await bench.settle()
        own = [event for event in bench.workers.events if event != ("complete",)]
        assert own[-1] == ("ready", H1)
        assert ("touch", H1) in own
        assert bench.memory.ports[H1] == [PORT1]


async def test_a_lost_host_is_not_released_by_what_was_queued_before() -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put(ALL)
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        bench.loop.lost(H1, Refusal("unavailable", "gone"), None)
        await bench.settle()
        assert ("ready", H1) not in bench.workers.events
        assert bench.planner.view.placement(NIC1, H1) is not None, "where its NICs are stays known"


async def test_a_nic_is_pending_until_its_last_output_is_in_force_and_neighbours_stay_done() -> None:
    async with Bench() as bench:
        bench.feed.put([*HOSTS, NETWORK, NICS[0]])
        for host, ports in ((H1, [PORT1]), (H2, [PORT2])):
            bench.loop.observe_all(host, SwitchFacts(host), ports)
            bench.loop.release(host)
        await bench.settle()
        for host in (H1, H2):
            bench.book.realised(host, None, ())
        assert bench.loop.status(Kind.NIC, NIC1).phase is Phase.DONE
        bench.workers.touched.clear()
        bench.feed.put([NICS[1]], revision=2)
        await bench.settle()
        status = bench.loop.status(Kind.NIC, NIC2)
        assert (status.phase, set(status.behind)) == (Phase.PENDING, {H1, H2})
        assert bench.loop.status(Kind.NETWORK, NET).phase is Phase.PENDING
        assert bench.loop.status(Kind.NIC, NIC1).phase is Phase.DONE
        bench.book.realised(H1, bench.workers.touched[H1], ())
        assert bench.loop.status(Kind.NIC, NIC2).behind == (H2,)
        waiter = asyncio.ensure_future(bench.book.settled(NIC2, 2))
        await asyncio.sleep(0)
        assert not waiter.done()
        bench.book.realised(H2, bench.workers.touched[H2], ())
        async with asyncio.timeout(20):
            await waiter
        assert bench.loop.status(Kind.NIC, NIC2).generation == 2
        assert bench.loop.status(Kind.NETWORK, NET).phase is Phase.DONE


async def test_a_feed_that_begins_anew_forgets_what_was_removed_meanwhile() -> None:
    async with Bench({H1: [], H2: []}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        bench.feed.queue.put_nowait(RuntimeError("the store hiccuped"))
        assert bench.task is not None
        with pytest.raises(ExceptionGroup):
            await bench.task
        bench.task = asyncio.create_task(bench.loop.run())
        bench.feed.put([*HOSTS, NETWORK, NICS[0]])
        await bench.settle()
        assert set(bench.planner.view.nics) == {NIC1}


async def test_a_host_that_is_removed_is_waited_for_no_more() -> None:
    async with Bench({H1: [], H2: [PORT2]}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        assert H2 in bench.loop.status(Kind.NIC, NIC2).behind
        bench.feed.put([Remove(Kind.HOST, H2)], revision=2)
        await bench.settle()
        bench.book.set_ready(H1, ready=True)
        bench.book.realised(H1, None, ())
        assert bench.loop.status(Kind.NIC, NIC2).phase is Phase.DONE
        assert H2 not in bench.memory.ports


async def test_a_refused_output_puts_its_causes_into_error_until_it_is_taken() -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put([*HOSTS, NETWORK, NICS[0]])
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        await bench.settle()
        key = next(key for key in bench.workers.touched[H1] if NIC1 in bench.source.why(H1, key))
        bench.book.refused(H1, {key: Refusal("flow-refused", "bad action")}, 5.0)
        bench.book.realised(H1, None, [key])
        status = bench.loop.status(Kind.NIC, NIC1)
        assert (status.phase, status.code, status.behind) == (Phase.ERROR, "flow-refused", (H1,))
        assert status.next_try is not None
        assert not bench.book.in_sync(H1)
        bench.book.realised(H1, [key], ())
        assert bench.loop.status(Kind.NIC, NIC1).phase is Phase.DONE
        assert bench.book.in_sync(H1)


async def test_what_an_ended_feed_had_queued_is_not_taken_for_all_there_is() -> None:
    async with Bench({H1: [], H2: []}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        bench.feed.put([NICS[0]], revision=2)
        bench.feed.queue.put_nowait(RuntimeError("the store hiccuped"))
        assert bench.task is not None
        with pytest.raises(ExceptionGroup):
            await bench.task
        bench.task = asyncio.create_task(bench.loop.run())
        for _ in range(20):
            await asyncio.sleep(0)
        assert set(bench.planner.view.nics) == {NIC1, NIC2}, "nothing is removed before the feed said all"
        bench.feed.put(ALL, revision=3)
        await bench.settle()
        assert set(bench.planner.view.nics) == {NIC1, NIC2}


async def test_an_object_that_is_confirmed_without_an_edit_is_there() -> None:
    async with Bench({H1: [], H2: []}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        bench.feed.queue.put_nowait(RuntimeError("the store hiccuped"))
        assert bench.task is not None
        with pytest.raises(ExceptionGroup):
            await bench.task
        bench.task = asyncio.create_task(bench.loop.run())
        bench.feed.queue.put_nowait(IntentBatch(2, [], {edit.id: 1 for edit in ALL}))
        await bench.settle()
        assert set(bench.planner.view.nics) == {NIC1, NIC2}


async def test_what_a_failed_turn_had_observed_is_worked_in_by_the_next() -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        failures = [RuntimeError("once")]

        def worked_in(_changes: object) -> None:
            if failures:
                raise failures.pop()

        bench.loop._worked_in = worked_in
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        assert bench.task is not None
        with pytest.raises(ExceptionGroup):
            await bench.task
        bench.task = asyncio.create_task(bench.loop.run())
        bench.feed.put(ALL)
        await bench.settle()
        assert ("ready", H1) in bench.workers.events
        assert bench.planner.view.placement(NIC1, H1) is not None


async def test_nobody_sends_to_a_removed_host_any_more() -> None:
    async with Bench({H1: [PORT1], H2: [PORT2]}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        bench.feed.put([Remove(Kind.HOST, H2)], revision=2)
        await bench.settle()
        assert bench.planner.desired(H1) == bench.planner.recompute(H1)


async def test_a_removed_host_shows_nothing_any_more() -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put(ALL)
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        await bench.settle()
        assert bench.planner.view.placements
        bench.feed.put([Remove(Kind.HOST, H1)], revision=2)
        await bench.settle()
        bench.loop.observe(H1, None, [PORT1], [])  # its session is swept a moment later
        bench.loop.lost(H1, Refusal("unavailable", "gone"), None)
        await bench.settle()
        assert not bench.planner.view.placements
        assert H1 not in bench.planner.view.ports
        assert H1 not in bench.planner.view.facts
        assert H1 not in bench.memory.ports
        assert bench.book.host_failure(H1) is None


async def test_what_cannot_be_taken_in_stops_only_its_object(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put(ALL)
        await bench.settle()
        observe = bench.planner.view.observe_port

        def broken(port: PortSeen) -> tuple[Change, ...]:
            if port.port_name == "bad":
                raise RuntimeError("a mistake")
            return observe(port)

        monkeypatch.setattr(bench.planner.view, "observe_port", broken)
        bench.loop.observe_all(H1, SwitchFacts(H1), [PortSeen(H1, "bad", "vif-2", 9), PORT1])
        bench.loop.release(H1)
        await bench.settle()
        assert bench.task is not None
        assert not bench.task.done()
        assert bench.planner.view.placement(NIC1, H1) is not None
        assert ("ready", H1) in bench.workers.events
        (finding,) = bench.planner.findings(H1)
        assert finding.code == "internal-error"
        assert "port bad" in finding.message
        assert bench.loop.status(Kind.HOST, H1).code == "internal-error"
        monkeypatch.undo()
        bench.loop.observe(H1, None, [PortSeen(H1, "bad", "vif-2", 9)], [])
        await bench.settle()
        assert bench.planner.findings(H1) == ()
        assert bench.planner.view.placement(NIC2, H1) is not None


async def test_what_cannot_be_made_keeps_its_nic_and_network_from_being_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put([*HOSTS, NETWORK, NICS[0]])
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        await bench.settle()
        made = OvsCompiler.own

        def broken(self: OvsCompiler, view: View, host: HostId, key: FragmentKey) -> Fragment | None:
            if key == FragmentKey("local", 2):
                raise RuntimeError("a mistake")
            return made(self, view, host, key)

        monkeypatch.setattr(OvsCompiler, "own", broken)
        bench.feed.put([NICS[1]], revision=2)
        second = PortSeen(H1, "p2", "vif-2", 2)
        bench.loop.observe(H1, None, [second], [])
        await bench.settle()
        for host in (H1, H2):
            bench.book.set_ready(host, ready=True)
            bench.book.realised(host, None, ())
        assert bench.loop.status(Kind.NIC, NIC1).phase is Phase.DONE
        for kind, item in ((Kind.NIC, NIC2), (Kind.NETWORK, NET)):
            status = bench.loop.status(kind, item)
            assert (status.phase, status.code) == (Phase.ERROR, "internal-error")
            assert bench.book.waits(item)
        monkeypatch.undo()
        bench.loop.observe(H1, None, [msgspec.structs.replace(second, ofport=3)], [])
        await bench.settle()
        bench.book.realised(H1, None, ())
        assert bench.loop.status(Kind.NIC, NIC2).phase is Phase.DONE
        assert not bench.book.waits(NET)


async def test_what_a_failed_turn_made_is_waited_for() -> None:
    async with Bench({H2: []}) as bench:
        bench.feed.put([*HOSTS, NETWORK])
        bench.loop.observe_all(H1, SwitchFacts(H1), [PORT1])
        bench.loop.release(H1)
        await bench.settle()
        bench.book.realised(H1, None, ())
        failures = [RuntimeError("once")]
        touch = bench.workers.touch

        def breaking(name: str, before: Mapping[FragmentKey, Fragment | None]) -> None:
            if failures:
                raise failures.pop()
            touch(name, before)

        bench.workers.touch = breaking  # type: ignore[method-assign]
        bench.feed.put([NICS[0]], revision=2)
        assert bench.task is not None
        with pytest.raises(ExceptionGroup):
            await bench.task
        bench.task = asyncio.create_task(bench.loop.run())
        bench.feed.put([*HOSTS, NETWORK, NICS[0]], revision=2)
        await bench.settle()
        assert bench.loop.status(Kind.NIC, NIC1).behind == (H1,)
        bench.book.realised(H1, None, ())
        assert bench.loop.status(Kind.NIC, NIC1).phase is Phase.DONE
