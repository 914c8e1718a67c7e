"""VLANs as intent: which ids are whose, networks without addresses, and hosts' uplinks."""

from __future__ import annotations

import pytest
from tests.app.apps import Bed, bed

from netloom.base.errors import Conflict, Exhausted, InvalidInput, NotFound
from netloom.model.isolation import UNTAGGED, Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import Host, PhysicalNetwork, spec_of
from netloom.model.patches import HostPatch, NetworkPatch, PhysicalNetworkPatch
from netloom.model.specs import HostSpec, PhysicalNetworkSpec, UplinkSpec, ZoneSpec

VLAN = Isolation.VLAN


async def wires(b: Bed, name: str, **fields: object) -> PhysicalNetwork:
    spec = PhysicalNetworkSpec(**{"name": name, "isolations": (VLAN,)} | fields)  # type: ignore[arg-type]
    item = await b.app.create(Kind.PHYSICAL_NETWORK, spec)
    assert isinstance(item, PhysicalNetwork)
    return item


async def test_a_vlan_is_one_networks_on_its_wires_only(url: str) -> None:
    async with bed(url) as b:
        for name in ("east", "west"):
            assert (await wires(b, name)).segments == ("1-4094",)
            for segment in (100, UNTAGGED):
                network = await b.network(
                    f"{name}-{segment}", physical_network=name, segment=segment, isolation=VLAN
                )
                assert (network.isolation, network.segment) == (VLAN, segment)
                with pytest.raises(Conflict) as caught:
                    await b.network("again", physical_network=name, segment=segment, isolation=VLAN)
                assert caught.value.stable_code == "segment-taken"
        assert (await b.network("tunnel", segment=100)).isolation is Isolation.GENEVE


async def test_a_free_vlan_is_one_to_hand_out_a_named_one_any(url: str) -> None:
    async with bed(url) as b:
        await wires(b, "core", segments=("200-201",))
        first, second = [await b.network(name, physical_network="core") for name in ("a", "b")]
        assert (first.isolation, first.segment, second.segment) == (VLAN, 200, 201)
        with pytest.raises(Exhausted):
            await b.network("c", physical_network="core")
        assert (await b.network("c", physical_network="core", segment=7)).segment == 7
        # What was named from outside the ranges does not keep them from changing.
        await b.app.update(Kind.PHYSICAL_NETWORK, "core", PhysicalNetworkPatch(segments=("200-300",)))


async def test_untagged_is_for_vlan(url: str) -> None:
    async with bed(url) as b:
        await wires(b, "core")
        with pytest.raises(InvalidInput) as caught:
            await b.network("x", isolation=Isolation.VXLAN, segment=0)
        assert (caught.value.subject, caught.value.hint) == ("segment", "1 to 16777215")


async def test_guests_have_all_of_the_wires(url: str) -> None:
    async with bed(url) as b:
        await wires(b, "core", mtu=9000)
        assert (await b.network("a", physical_network="core")).guest_mtu == 9000
        await b.host(tunnel_ip="fd00:9::1")
        assert (await b.network("b", physical_network="core")).guest_mtu == 9000


async def test_a_network_without_addresses(url: str) -> None:
    async with bed(url) as b:
        network = await b.network(cidr=None)
        assert (network.cidr, network.cidr6, network.gateway) == (None, None, None)
        nic = await b.nic("n")
        assert (nic.ipv4, nic.ipv6) == (None, None)
        with pytest.raises(InvalidInput) as caught:
            await b.nic("m", ipv4="10.0.0.7")
        assert caught.value.hint == "leave out ipv4"
        await b.app.update(Kind.NETWORK, "blue", NetworkPatch(cidr="10.0.0.0/24"))
        assert getattr(await b.app.get(Kind.NIC, "n"), "ipv4") == "10.0.0.2"  # noqa: B009


async def test_uplinks_are_of_wires_that_are_there(url: str) -> None:
    async with bed(url) as b:
        core, edge = await wires(b, "core"), await wires(b, "edge")
        host = await b.host(uplinks=(UplinkSpec("core", "eth1"), UplinkSpec(edge.id, bridge="br-ex")))
        told = [(u.physical_network, u.physical_network_id, u.port, u.bridge) for u in host.uplinks]
        assert told == [("core", core.id, "eth1", None), ("edge", edge.id, None, "br-ex")]
        assert await b.app.get(Kind.HOST, "h1") == host
        for uplinks, error, subject in (
            ((UplinkSpec("no", "eth1"),), NotFound, "uplinks[0].physical_network"),
            (
                (UplinkSpec("core", "eth1"), UplinkSpec(core.id, "eth2")),
                InvalidInput,
                "uplinks[1].physical_network",
            ),
        ):
            with pytest.raises(error) as caught:
                await b.app.update(Kind.HOST, "h1", HostPatch(uplinks=uplinks))
            assert caught.value.subject == subject
        await b.app.create(Kind.ZONE, ZoneSpec(name="far"))
        await wires(b, "away", zone="far")
        with pytest.raises(Conflict) as caught:
            await b.host("h2", uplinks=(UplinkSpec("away", "eth1"),))
        assert caught.value.stable_code == "zone-mismatch"


async def test_wires_with_an_uplink_are_in_use(url: str) -> None:
    async with bed(url) as b:
        await wires(b, "core")
        host = await b.host(uplinks=(UplinkSpec("core", "eth1"),))
        with pytest.raises(Conflict) as caught:
            await b.app.delete(Kind.PHYSICAL_NETWORK, "core")
        assert caught.value.stable_code == "in-use"
        assert "host/h1" in str(caught.value)
        await b.app.update(Kind.PHYSICAL_NETWORK, "core", PhysicalNetworkPatch(name="heart"))
        renamed = await b.app.get(Kind.HOST, "h1")
        assert isinstance(renamed, Host)
        assert [u.physical_network for u in renamed.uplinks] == ["heart"]
        assert renamed.generation == host.generation
        same = spec_of(renamed)
        assert isinstance(same, HostSpec)
        assert await b.app.update(Kind.HOST, "h1", HostPatch(uplinks=same.uplinks)) == renamed
        cleared = await b.app.update(Kind.HOST, "h1", HostPatch(uplinks=()))
        assert getattr(cleared, "uplinks") == ()  # noqa: B009
        await b.app.delete(Kind.PHYSICAL_NETWORK, "heart")
