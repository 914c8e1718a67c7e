from __future__ import annotations

import ipaddress
import secrets

import pytest
from tests.app.apps import bed, on
from tests.app.runtimes import ScriptedRuntime

from netloom.aio.clock import SystemClock
from netloom.app.service import App
from netloom.base.errors import Conflict, Exhausted, InvalidInput, NetloomError, NotFound, TooLarge
from netloom.base.net import LOCAL_BIT, parse_mac
from netloom.model.errors import InvalidDocuments
from netloom.model.isolation import TUNNELS, Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import Nic, PhysicalNetwork
from netloom.model.specs import HostSpec, NetworkSpec, NicSpec, PhysicalNetworkSpec, Spec, ZoneSpec
from netloom.model.states import NetworkState, NicState
from netloom.model.status import Phase
from netloom.store.store import StoreOptions, open_store


async def test_a_new_database_has_the_defaults(url: str) -> None:
    async with bed(url) as b:
        zone = await b.app.get(Kind.ZONE, "default")
        wires = await b.app.get(Kind.PHYSICAL_NETWORK, "default")
        assert isinstance(wires, PhysicalNetwork)
        assert (wires.zone, wires.zone_id) == ("default", zone.id)
        assert wires.isolations == TUNNELS
        assert wires.segments == ("1-16777215",)


async def test_what_a_network_and_its_nics_get(url: str) -> None:
    async with bed(url) as b:
        network = await b.network(cidr6="fd00::/64", labels={"tenant": "a"})
        assert network.state is NetworkState.ALLOCATED
        assert (network.isolation, network.segment) == (Isolation.GENEVE, 1)
        assert (network.gateway, network.gateway6) == ("10.0.0.1", "fd00::1")
        assert network.guest_mtu == 1450
        assert network.labels == {"tenant": "a"}
        one, two = await b.nic("one"), await b.nic("two")
        assert (one.ipv4, one.ipv6) == ("10.0.0.2", "fd00::2")
        assert (two.ipv4, two.ipv6) == ("10.0.0.3", "fd00::3")
        assert one.mac != two.mac
        assert parse_mac(one.mac) & LOCAL_BIT
        assert one.identity == one.id
        assert one.state is NicState.ALLOCATED
        assert one.status is not None
        assert one.status.phase is Phase.PENDING
        assert one.number != two.number
        assert await b.app.get(Kind.NIC, "one") == one
        assert await b.app.get(Kind.NIC, one.id) == one


async def test_an_ipv6_underlay_leaves_guests_less_room(url: str) -> None:
    async with bed(url) as b:
        assert (await b.network()).guest_mtu == 1450
        await b.host(tunnel_ip="fd00:9::1")
        assert getattr(await b.app.get(Kind.NETWORK, "blue"), "guest_mtu") == 1430  # noqa: B009
        assert (await b.network("gre", isolation=Isolation.GRE)).guest_mtu == 1438
        assert (await b.network("own", mtu=1400)).guest_mtu == 1400


async def test_explicit_choices_are_taken(url: str) -> None:
    async with bed(url) as b:
        await b.network(isolation=Isolation.GRE, segment=77)
        nic = await b.nic("n", mac="02:00:00:00:00:01", ipv4="10.0.0.77", identity="vm-1", attachment=None)
        assert (nic.mac, nic.ipv4, nic.identity, nic.attachment) == (
            "02:00:00:00:00:01",
            "10.0.0.77",
            "vm-1",
            None,
        )


async def test_tenants_may_use_the_same_addresses_and_macs(url: str) -> None:
    async with bed(url) as b:
        await b.network("red")
        await b.network("blue")
        for network in ("red", "blue"):
            await b.nic(f"{network}-1", network, mac="02:00:00:00:00:01", ipv4="10.0.0.5")


@pytest.mark.parametrize(
    ("kind", "spec", "error", "code", "subject"),
    [
        (Kind.ZONE, ZoneSpec(name="default"), Conflict, "name-taken", "name"),
        (Kind.NETWORK, NetworkSpec(name="blue", cidr="10.0.0.0/24"), Conflict, "name-taken", "name"),
        (
            Kind.NETWORK,
            NetworkSpec(name="x", cidr="10.0.0.0/24", zone="no"),
            NotFound,
            "zone-not-found",
            "zone",
        ),
        (
            Kind.NETWORK,
            NetworkSpec(name="x", cidr="10.0.0.0/24", physical_network="no"),
            NotFound,
            "physical-network-not-found",
            "physical_network",
        ),
        (
            Kind.NETWORK,
            NetworkSpec(name="x", cidr="10.0.0.0/24", segment=5),
            Conflict,
            "segment-taken",
            "segment",
        ),
        (
            Kind.NETWORK,
            NetworkSpec(name="x", cidr="10.0.0.0/24", segment=2**24, isolation=Isolation.GRE),
            InvalidInput,
            "segment-out-of-range",
            "segment",
        ),
        (Kind.HOST, HostSpec(name="h1"), Conflict, "name-taken", "name"),
        (Kind.HOST, HostSpec(name="x", tunnel_ip="192.0.2.1"), Conflict, "tunnel-ip-taken", "tunnel_ip"),
        (Kind.HOST, HostSpec(name="x", ovsdb="tcp:192.0.2.1"), Conflict, "endpoint-taken", "ovsdb"),
        (Kind.HOST, HostSpec(name="x", system_id="sys-1"), Conflict, "identity-taken", "system_id"),
        (Kind.NIC, NicSpec(name="one", network="blue"), Conflict, "name-taken", "name"),
        (Kind.NIC, NicSpec(name="x", network="nope"), NotFound, "network-not-found", "network"),
        (Kind.NIC, NicSpec(name="x", network="blue", mac="02:00:00:00:00:01"), Conflict, "mac-taken", "mac"),
        (Kind.NIC, NicSpec(name="x", network="blue", ipv4="10.0.0.9"), Conflict, "address-taken", "ipv4"),
        (Kind.NIC, NicSpec(name="x", network="blue", ipv4="10.0.0.1"), InvalidInput, "invalid-input", "ipv4"),
        (Kind.NIC, NicSpec(name="x", network="blue", ipv4="10.9.0.1"), InvalidInput, "invalid-input", "ipv4"),
        (Kind.NIC, NicSpec(name="x", network="blue", ipv6="fd00::9"), InvalidInput, "invalid-input", "ipv6"),
        (
            Kind.NIC,
            NicSpec(name="x", network="blue", identity="vm-1"),
            Conflict,
            "identity-taken",
            "identity",
        ),
        (
            Kind.NIC,
            NicSpec(name="x", network="blue", attachment=on("h1", "tap0")),
            Conflict,
            "device-taken",
            "attachment.device",
        ),
        (
            Kind.NIC,
            NicSpec(name="x", network="blue", attachment=on("h9", "tap0")),
            NotFound,
            "host-not-found",
            "attachment.host",
        ),
        (Kind.NIC, ZoneSpec(name="x"), InvalidInput, "invalid-input", "kind"),
    ],
)
async def test_what_clashes_is_refused_and_leaves_nothing(
    url: str, kind: Kind, spec: Spec, error: type[NetloomError], code: str, subject: str
) -> None:
    async with bed(url) as b:
        await b.network(segment=5)
        await b.host(tunnel_ip="192.0.2.1", ovsdb="tcp:192.0.2.1", system_id="sys-1")
        await b.nic(
            "one", mac="02:00:00:00:00:01", ipv4="10.0.0.9", identity="vm-1", attachment=on("h1", "tap0")
        )
        before = await b.store.load_all()
        with pytest.raises(error) as caught:
            await b.app.create(kind, spec)
        assert (caught.value.stable_code, caught.value.subject) == (code, subject)
        assert await b.store.load_all() == before


async def test_zones_keep_their_networks_and_hosts_apart(url: str) -> None:
    async with bed(url) as b:
        await b.app.create(Kind.ZONE, ZoneSpec(name="west"))
        with pytest.raises(InvalidInput) as none:
            await b.network("w", zone="west")
        assert none.value.subject == "physical_network"
        await b.app.create(
            Kind.PHYSICAL_NETWORK, PhysicalNetworkSpec(name="pw", zone="west", segments=("10-19",))
        )
        west = await b.network("w", zone="west")
        assert (west.physical_network, west.segment, west.zone) == ("pw", 10, "west")
        assert (await b.network("w2", physical_network="pw")).zone == "west"
        with pytest.raises(Conflict) as mismatch:
            await b.network("w3", physical_network="default", zone="west")
        assert mismatch.value.stable_code == "zone-mismatch"
        await b.host("east")
        with pytest.raises(Conflict) as apart:
            await b.nic("n", "w", attachment=on("east", "tap0"))
        assert apart.value.stable_code == "zone-mismatch"
        # The same tunnel address may exist in both zones: their underlays do not meet.
        await b.host("e2", tunnel_ip="192.0.2.1")
        await b.host("w2", tunnel_ip="192.0.2.1", zone="west")


async def test_segments_run_out_with_the_range_named_and_come_back(url: str) -> None:
    async with bed(url) as b:
        spec = PhysicalNetworkSpec(name="small", segments=("7", "100-101"), isolations=(Isolation.VXLAN,))
        await b.app.create(Kind.PHYSICAL_NETWORK, spec)
        got = [(await b.network(f"n{i}", physical_network="small")).segment for i in range(3)]
        assert got == [7, 100, 101]
        before = await b.store.load_all()
        with pytest.raises(Exhausted, match="7, 100-101") as caught:
            await b.network("n3", physical_network="small")
        assert caught.value.stable_code == "segments-exhausted"
        assert await b.store.load_all() == before
        await b.app.delete(Kind.NETWORK, "n1")
        assert (await b.network("n3", physical_network="small")).segment == 100


async def test_two_physical_networks_of_a_zone_never_give_one_id_twice(url: str) -> None:
    async with bed(url) as b:
        for name in ("p1", "p2"):
            spec = PhysicalNetworkSpec(name=name, segments=("50-53",), isolations=(Isolation.VXLAN,))
            await b.app.create(Kind.PHYSICAL_NETWORK, spec)
        got = [(await b.network(f"n{i}", physical_network=f"p{1 + i % 2}")).segment for i in range(4)]
        assert sorted(got) == [50, 51, 52, 53]


async def test_addresses_run_out_with_the_cidr_named_and_come_back(url: str) -> None:
    async with bed(url) as b:
        await b.network(cidr="10.0.0.0/29")
        for i in range(5):
            await b.nic(f"n{i}")
        with pytest.raises(Exhausted, match=r"10\.0\.0\.0/29") as caught:
            await b.nic("n5")
        assert (caught.value.stable_code, caught.value.subject) == ("addresses-exhausted", "ipv4")
        await b.app.delete(Kind.NIC, "n2")
        assert (await b.nic("n5")).ipv4 == "10.0.0.4"


async def test_a_freed_address_is_given_out_last(url: str) -> None:
    async with bed(url) as b:
        await b.network(cidr="10.0.0.0/28")
        for i in range(3):
            await b.nic(f"n{i}")
        await b.app.delete(Kind.NIC, "n0")
        assert (await b.nic("n3")).ipv4 == "10.0.0.5"


async def test_a_batch_is_all_or_nothing_and_tells_each_mistake(url: str) -> None:
    async with bed(url) as b:
        await b.network(cidr="10.0.0.0/29")
        specs = [
            NicSpec(name="a", network="blue", mac="02:00:00:00:00:01"),
            NicSpec(name="a", network="blue"),
            NicSpec(name="b", network="blue", mac="02:00:00:00:00:01"),
            NicSpec(name="c", network="blue", ipv4="10.0.0.0"),
            NicSpec(name="d/", network="blue"),
            NicSpec(name="e", network="nope"),
            NicSpec(name="f", network="blue", identity="x"),
            NicSpec(name="g", network="blue", identity="x"),
        ]
        before = await b.store.load_all()
        with pytest.raises(InvalidDocuments) as caught:
            await b.app.create_many(Kind.NIC, specs)
        told = {mistake.index: mistake.error.stable_code for mistake in caught.value.mistakes}
        assert told == {
            1: "name-taken",
            2: "mac-taken",
            3: "invalid-input",
            4: "invalid-input",
            5: "network-not-found",
            7: "identity-taken",
        }
        assert await b.store.load_all() == before


async def test_a_batch_fills_gaps_around_explicit_addresses(url: str) -> None:
    async with bed(url) as b:
        await b.network(cidr="10.0.0.0/24", cidr6="fd00::/64")
        specs = [NicSpec(name=f"n{i}", network="blue") for i in range(100)]
        specs[50] = NicSpec(name="n50", network="blue", ipv4="10.0.0.5", ipv6="fd00::ffff:1:2:3")
        made = await b.app.create_many(Kind.NIC, specs)
        nics = [item for item in made if isinstance(item, Nic)]
        assert len({nic.ipv4 for nic in nics}) == len({nic.ipv6 for nic in nics}) == 100
        assert len({nic.mac for nic in nics}) == 100
        offsets = sorted(int(ipaddress.ip_address(nic.ipv4 or "")) & 0xFF for nic in nics)
        assert offsets == list(range(2, 102))
        assert [nic.name for nic in nics] == [spec.name for spec in specs]


async def test_too_many_at_once_are_refused(url: str) -> None:
    async with bed(url) as b:
        spec = ZoneSpec(name="z")
        with pytest.raises(TooLarge):
            await b.app.create_many(Kind.ZONE, [spec] * 10_001)


async def test_the_same_request_under_one_key_is_done_once(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        spec = NicSpec(name="n", network="blue")
        first = await b.app.create(Kind.NIC, spec, idempotency_key="k1")
        revision = b.store.revision
        assert await b.app.create(Kind.NIC, spec, idempotency_key="k1") == first
        assert b.store.revision == revision
        with pytest.raises(Conflict) as reused:
            await b.app.create(Kind.NIC, NicSpec(name="m", network="blue"), idempotency_key="k1")
        assert reused.value.stable_code == "idempotency-key-reused"
        with pytest.raises(InvalidInput):
            await b.app.create(Kind.NIC, spec, idempotency_key="")


async def test_a_refused_request_does_not_spend_its_key(url: str) -> None:
    async with bed(url) as b:
        spec = NicSpec(name="n", network="blue")
        with pytest.raises(NotFound):
            await b.app.create(Kind.NIC, spec, idempotency_key="k1")
        await b.network()
        assert (await b.app.create(Kind.NIC, spec, idempotency_key="k1")).name == "n"


async def test_a_mac_that_was_drawn_before_is_drawn_again(url: str) -> None:
    drawn = iter([7, 7, 7, 8])

    def random_bits(count: int) -> int:
        return next(drawn) if count == 48 else secrets.randbits(count)

    async with open_store(StoreOptions(url), random_bits=random_bits) as store:
        app = App(store, ScriptedRuntime())
        await app.create(Kind.NETWORK, NetworkSpec(name="blue", cidr="10.0.0.0/24"))
        made = [await app.create(Kind.NIC, NicSpec(name=name, network="blue")) for name in ("a", "b")]
        assert [getattr(nic, "mac") for nic in made] == ["02:00:00:00:00:07", "02:00:00:00:00:08"]  # noqa: B009
        assert [getattr(nic, "ipv4") for nic in made] == ["10.0.0.2", "10.0.0.3"]  # noqa: B009


async def test_a_key_is_forgotten_after_a_day(url: str) -> None:
    clock = WallClock()
    async with open_store(StoreOptions(url), clock=clock) as store:
        app = App(store, ScriptedRuntime())
        spec = ZoneSpec(name="z")
        first = await app.create(Kind.ZONE, spec, idempotency_key="k")
        clock.time += 24 * 3600 - 1
        assert await app.create(Kind.ZONE, spec, idempotency_key="k") == first
        clock.time += 2
        with pytest.raises(Conflict) as taken:
            await app.create(Kind.ZONE, spec, idempotency_key="k")
        assert taken.value.stable_code == "name-taken"
        await app.create(Kind.ZONE, ZoneSpec(name="other"), idempotency_key="k")


class WallClock(SystemClock):
    """The machine's clock, but for the time of day."""

    __slots__ = ("time",)

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def wall(self) -> float:
        return self.time
