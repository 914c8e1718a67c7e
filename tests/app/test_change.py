from __future__ import annotations

import pytest
from tests.app.apps import bed, on

from netloom.base.errors import Conflict, InvalidInput, NetloomError, NotFound, StaleVersion
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic
from netloom.model.patches import (
    HostPatch,
    NetworkPatch,
    NicPatch,
    Patch,
    PhysicalNetworkPatch,
    ZonePatch,
)


async def test_a_patch_changes_what_it_names_alone(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        nic = await b.nic("n", labels={"a": "1"})
        after = await b.app.update(Kind.NIC, "n", NicPatch(mac="02-00-00-00-00-09"))
        assert isinstance(after, Nic)
        assert (after.mac, after.ipv4, after.labels) == ("02:00:00:00:00:09", nic.ipv4, {"a": "1"})
        assert (after.generation, nic.generation) == (2, 1)
        assert after.revision > nic.revision
        assert after.updated_at > nic.updated_at
        assert after.created_at == nic.created_at
        assert await b.app.get(Kind.NIC, nic.id) == after


async def test_a_patch_that_changes_nothing_moves_nothing(url: str) -> None:
    async with bed(url) as b:
        await b.network(labels={"a": "1"})
        revision = b.store.revision
        after = await b.app.update(Kind.NETWORK, "blue", NetworkPatch(name="blue", labels={"a": "1"}))
        assert after.generation == 1
        assert b.store.revision == revision


async def test_nobody_overwrites_what_they_have_not_seen(url: str) -> None:
    async with bed(url) as b:
        await b.app.update(Kind.ZONE, "default", ZonePatch(description="one"), if_generation=1)
        with pytest.raises(StaleVersion) as caught:
            await b.app.update(Kind.ZONE, "default", ZonePatch(description="two"), if_generation=1)
        assert caught.value.current == 2
        with pytest.raises(StaleVersion):
            await b.app.delete(Kind.ZONE, "default", if_generation=1)


@pytest.mark.parametrize(
    ("kind", "ref", "patch", "error", "code"),
    [
        (Kind.NIC, "zzz", NicPatch(name="x"), NotFound, "nic-not-found"),
        (Kind.NIC, "one", NicPatch(name="two"), Conflict, "name-taken"),
        (Kind.NIC, "one", NicPatch(ipv4="10.0.0.3"), Conflict, "address-taken"),
        (Kind.NIC, "one", NicPatch(ipv4="10.0.0.255"), InvalidInput, "invalid-input"),
        (Kind.NIC, "one", NicPatch(mac="02:00:00:00:00:02"), Conflict, "mac-taken"),
        (Kind.NIC, "one", NicPatch(identity="id-2"), Conflict, "identity-taken"),
        (Kind.NIC, "one", NicPatch(attachment=on("h1", "tap2")), Conflict, "device-taken"),
        (Kind.NIC, "one", NicPatch(attachment=on("h2", "tap1")), Conflict, "host-draining"),
        (Kind.NIC, "one", ZonePatch(name="x"), InvalidInput, "invalid-input"),
        (Kind.NETWORK, "blue", NetworkPatch(cidr="10.1.0.0/24"), Conflict, "immutable-field"),
        (Kind.NETWORK, "blue", NetworkPatch(cidr=None, cidr6="fd00::/64"), Conflict, "immutable-field"),
        (Kind.HOST, "h1", HostPatch(tunnel_ip="192.0.2.2"), Conflict, "tunnel-ip-taken"),
        (Kind.PHYSICAL_NETWORK, "default", PhysicalNetworkPatch(segments=("2-9",)), Conflict, "in-use"),
        (
            Kind.PHYSICAL_NETWORK,
            "default",
            PhysicalNetworkPatch(isolations=(Isolation.GRE,)),
            Conflict,
            "in-use",
        ),
    ],
)
async def test_changes_that_cannot_be(
    url: str, kind: Kind, ref: str, patch: Patch, error: type[NetloomError], code: str
) -> None:
    async with bed(url) as b:
        await b.network()
        await b.host("h1", tunnel_ip="192.0.2.1")
        await b.host("h2", tunnel_ip="192.0.2.2", drain=True)
        await b.nic("one")
        await b.nic("two", mac="02:00:00:00:00:02", identity="id-2", attachment=on("h1", "tap2"))
        before = await b.store.load_all()
        with pytest.raises(error) as caught:
            await b.app.update(kind, ref, patch)
        assert caught.value.stable_code == code
        assert await b.store.load_all() == before


async def test_ranges_widen_and_networks_follow_renames(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        await b.nic("n")
        await b.app.update(Kind.NETWORK, "blue", NetworkPatch(name="azure"))
        nic = await b.app.get(Kind.NIC, "n")
        assert isinstance(nic, Nic)
        assert nic.network == "azure"
        await b.app.update(
            Kind.PHYSICAL_NETWORK, "default", PhysicalNetworkPatch(segments=("1-4294967295",), name="wires")
        )
        network = await b.app.get(Kind.NETWORK, "azure")
        assert isinstance(network, Network)
        assert network.physical_network == "wires"


async def test_a_network_that_gets_a_second_family_gives_it_to_its_nics(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        await b.nic("one")
        await b.nic("two")
        after = await b.app.update(Kind.NETWORK, "blue", NetworkPatch(cidr6="fd00::/64"))
        assert isinstance(after, Network)
        assert after.gateway6 == "fd00::1"
        page = await b.app.list(Kind.NIC)
        assert [(item.ipv6, item.generation) for item in page.items if isinstance(item, Nic)] == [
            ("fd00::2", 2),
            ("fd00::3", 2),
        ]


async def test_attach_and_detach(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        host = await b.host()
        await b.nic("n")
        nic = await b.app.attach("n", host.id, "tap0")
        assert nic.attachment is not None
        assert (nic.attachment.host, nic.attachment.host_id, nic.attachment.device) == ("h1", host.id, "tap0")
        assert (await b.app.attach("n", "h1", "tap0")).generation == nic.generation
        with pytest.raises(Conflict, match="nic/n") as used:
            await b.app.delete(Kind.HOST, "h1")
        assert used.value.stable_code == "in-use"
        assert (await b.app.detach("n")).attachment is None
        assert (await b.app.detach("n")).generation == nic.generation + 1
        await b.app.delete(Kind.HOST, "h1")


async def test_a_draining_host_keeps_what_it_has_and_takes_nothing_new(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        await b.host()
        await b.nic("n", attachment=on("h1", "tap0"))
        assert (await b.app.drain("h1", on=True)).drain
        with pytest.raises(Conflict) as refused:
            await b.nic("m", attachment=on("h1", "tap1"))
        assert refused.value.stable_code == "host-draining"
        await b.app.update(Kind.NIC, "n", NicPatch(labels={"still": "here"}))
        assert not (await b.app.drain("h1", on=False)).drain
        await b.nic("m", attachment=on("h1", "tap1"))


async def test_a_pinned_identity_is_forgotten_only_when_told(url: str) -> None:
    async with bed(url) as b:
        await b.host(system_id="s1", fingerprint="ab" * 32)
        kept = await b.app.update(Kind.HOST, "h1", HostPatch(tunnel_ip="192.0.2.7"))
        assert isinstance(kept, Host)
        assert (kept.system_id, kept.fingerprint) == ("s1", "sha256:" + "ab" * 32)
        forgot = await b.app.update(Kind.HOST, "h1", HostPatch(system_id=None, tunnel_ip=None))
        assert isinstance(forgot, Host)
        assert (forgot.system_id, forgot.tunnel_ip) == (None, None)


async def test_what_is_in_use_stays_and_the_users_are_named(url: str) -> None:
    async with bed(url) as b:
        await b.network()
        for i in range(7):
            await b.nic(f"n{i}")
        with pytest.raises(Conflict, match=r"nic/n0, nic/n1.*2 more"):
            await b.app.delete(Kind.NETWORK, "blue")
        with pytest.raises(Conflict, match="network/blue"):
            await b.app.delete(Kind.PHYSICAL_NETWORK, "default")
        with pytest.raises(Conflict, match="physical_network/default"):
            await b.app.delete(Kind.ZONE, "default")


async def test_a_deleted_object_is_gone_and_its_number_stays_used(url: str) -> None:
    async with bed(url) as b:
        network = await b.network()
        assert (await b.app.delete(Kind.NETWORK, "blue")).id == network.id
        with pytest.raises(NotFound):
            await b.app.get(Kind.NETWORK, network.id)
        again = await b.network()
        assert again.number > network.number
        assert again.id != network.id


async def test_the_defaults_do_not_come_back_by_themselves(url: str) -> None:
    async with bed(url) as b:
        await b.app.delete(Kind.PHYSICAL_NETWORK, "default")
    async with bed(url) as b:
        with pytest.raises(NotFound):
            await b.app.get(Kind.PHYSICAL_NETWORK, "default")
