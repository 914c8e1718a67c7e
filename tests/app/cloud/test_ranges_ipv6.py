"""IPv6 subnets that zones give to dual-stack networks: each network one, from the pools alone, and back again."""

from __future__ import annotations

import ipaddress
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.instance_stage import on_stage
from tests.app.cloud.nets import Nets, nets
from tests.testing.racers import at_once, winners

from netloom.app.cloud import configuration_change, public_ranges, ranges_ipv6
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.networks_change import UPDATE, UpdateNetwork
from netloom.app.cloud.networks_create import CREATE, CreateNetwork
from netloom.app.cloud.networks_end import DELETE, DeleteNetwork
from netloom.app.cloud.offerings import CREATE_NETWORK_OFFERING
from netloom.app.cloud.ranges_ipv6 import CreatePool, DeletePool
from netloom.base.errors import Conflict, Exhausted, InvalidInput, NetloomError
from netloom.model.cloud.ipv6_pools import Ipv6Pool, Ipv6Subnet
from netloom.model.cloud.jobs import JobState
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.networks_subnet import Wished
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft
from netloom.model.cloud.offerings_services import ServiceProvider

DUAL, SINGLE = "dual", "single"


@pytest.fixture
async def it(tmp_path: pathlib.Path) -> AsyncIterator[Nets]:
    async with nets(tmp_path) as found:
        yield await offered(found)


@pytest.fixture
async def on_both(tmp_path: pathlib.Path, url: str) -> AsyncIterator[Nets]:
    async with nets(tmp_path, url) as found:
        yield await offered(found)


async def offered(it: Nets) -> Nets:
    await it.set("ipv6.offering.enabled", "true")
    await it.offer(DUAL, internet_protocol="DualStack")
    await it.offer(SINGLE)
    return it


async def pool(it: Nets, prefix: str) -> Ipv6Pool:
    done = await it.cloud.do(it.who.root, ranges_ipv6.CREATE, CreatePool(zone_id=it.zone_id, prefix=prefix))
    await it.ended(done)
    return done.record


async def dual(it: Nets, name: str, cidr6: str | None = None, gateway6: str | None = None) -> GuestNetwork:
    return await it.make(name, DUAL, addresses=Wished(cidr6=cidr6, gateway6=gateway6))


async def held(it: Nets) -> list[Ipv6Subnet]:
    return await it.read(lambda view: view.records.select(Ipv6Subnet))


async def test_no_two_get_one_subnet(on_both: Nets) -> None:
    found = await pool(on_both, "fd00:1::/61")
    results = await at_once(*(dual(on_both, f"n{number}") for number in range(10)))
    assert len({each.cidr6 for each in winners(results) if isinstance(each, GuestNetwork)}) == 8
    assert results.count("ipv6-exhausted") == 2
    assert await on_both.read(lambda view: ranges_ipv6.taken_of(view, [found])) == {found.id: 8}


async def test_each_network_has_a_subnet_of_its_own_and_gives_it_back(on_both: Nets) -> None:
    it = on_both
    await pool(it, "2001:db8:0:10::/63")
    one, two = await dual(it, "one"), await dual(it, "two")
    assert (one.cidr6, one.gateway6) == ("2001:db8:0:10::/64", "2001:db8:0:10::1")
    assert (await it.native(two)).cidr6 == two.cidr6 == "2001:db8:0:11::/64"
    with pytest.raises(Exhausted) as refused:
        await dual(it, "three")
    assert refused.value.stable_code == "ipv6-exhausted"
    assert (await it.make("four", SINGLE)).cidr6 is None
    job = await it.do(DELETE, DeleteNetwork(id=one.id))
    assert job is not None
    assert job.state is JobState.SUCCEEDED, job.error_text
    assert [each.network_id for each in await held(it)] == [two.id]
    assert (await dual(it, "five")).cidr6 == one.cidr6


async def test_a_pool_that_is_full_is_followed_by_the_next_and_cannot_go(it: Nets) -> None:
    first, _second = await pool(it, "2001:db8:1::/64"), await pool(it, "fd00:1::/56")
    one, two = await dual(it, "one"), await dual(it, "two")
    assert (one.cidr6, two.cidr6) == ("2001:db8:1::/64", "fd00:1::/64")
    job = await it.do(ranges_ipv6.DELETE, DeletePool(id=first.id), it.who.root)
    assert job is not None
    assert (job.state, job.error_code) == (JobState.FAILED, "in-use")
    await it.do(DELETE, DeleteNetwork(id=one.id))
    job = await it.do(ranges_ipv6.DELETE, DeletePool(id=first.id), it.who.root)
    assert job is not None
    assert job.state is JobState.SUCCEEDED
    assert (await dual(it, "three")).cidr6 == "fd00:1:0:1::/64"


async def test_without_a_pool_a_network_names_its_own_or_is_refused(it: Nets) -> None:
    with pytest.raises(Exhausted, match="createGuestNetworkIpv6Prefix"):
        await dual(it, "one")
    named = await dual(it, "two", "fd00:2::/64", "fd00:2::1")
    assert (named.cidr6, await held(it)) == ("fd00:2::/64", [])
    with pytest.raises(Conflict) as refused:
        await pool(it, "fd00:2::/48")
    assert "two" in refused.value.message


async def test_nobody_names_what_a_pool_gives(it: Nets) -> None:
    await pool(it, "fd00:1::/56")
    with pytest.raises(Conflict) as refused:
        await dual(it, "one", "fd00:1:0:7::/64", "fd00:1:0:7::1")
    assert refused.value.stable_code == "cidr-of-pool"
    span = public_ranges.Addresses(gateway6="fd00:1:0:8::1", cidr6="fd00:1:0:8::/64")
    request = public_ranges.CreateRange(addresses=span, zone_id=it.zone_id, vlan="50")
    with pytest.raises(Conflict) as refused:
        await it.cloud.do(it.who.root, public_ranges.CREATE, request)
    assert refused.value.stable_code == "cidr-of-pool"


@pytest.mark.parametrize("taken", ["fd00:1::/56", "fd00:1:0:80::/57", "fd00::/16"])
async def test_no_two_pools_hold_one_subnet(it: Nets, taken: str) -> None:
    await pool(it, "fd00:1::/56")
    with pytest.raises(Conflict) as refused:
        await pool(it, taken)
    assert refused.value.stable_code == "range-overlaps"


@pytest.mark.parametrize(
    "prefix", ["10.0.0.0/8", "fd00::1/56", "fd00::/65", "fd00::/8", "ff02::/32", "fe80::/32", "x", ""]
)
async def test_what_is_no_prefix_for_networks(it: Nets, prefix: str) -> None:
    with pytest.raises(InvalidInput):
        await pool(it, prefix)


async def test_an_offering_with_ipv6_gives_a_network_a_subnet_and_is_kept_to(it: Nets) -> None:
    network = await it.make("blue", SINGLE)
    to_dual = UpdateNetwork(id=network.id, offering_id=it.offerings[DUAL].id)
    with pytest.raises(Exhausted):
        await it.do(UPDATE, to_dual)
    await pool(it, "fd00:1::/56")
    await it.do(UPDATE, to_dual)
    now = await it.now(network)
    assert (now.cidr6, (await it.native(now)).cidr6) == ("fd00:1::/64", "fd00:1::/64")
    with pytest.raises(NetloomError) as refused:
        await it.do(UPDATE, UpdateNetwork(id=network.id, offering_id=it.offerings[SINGLE].id, forced=True))
    assert refused.value.stable_code == "offering-unfit"
    await it.do(DELETE, DeleteNetwork(id=network.id))
    assert await held(it) == []


async def test_a_pool_counts_without_rows(it: Nets) -> None:
    found = await pool(it, "fd00::/16")
    await dual(it, "one")
    assert found.total == 2**48
    assert found.subnet(found.total - 1) == ipaddress.IPv6Network("fd00:ffff:ffff:ffff::/64")
    assert await it.read(lambda view: ranges_ipv6.taken_of(view, [found])) == {found.id: 1}


async def test_an_instance_has_an_address_of_its_networks_subnet(tmp_path: pathlib.Path) -> None:
    async with on_stage(f"sqlite:///{tmp_path}/cloud.db") as stage:
        root = stage.who.root
        asked = UpdateConfiguration(name="ipv6.offering.enabled", value="true")
        await stage.cloud.do(root, configuration_change.UPDATE, asked)
        wish = CreatePool(zone_id=stage.zone_id, prefix="fd00:1::/56")
        await stage.do(ranges_ipv6.CREATE, wish, root)
        draft = NetworkOfferingDraft(
            name="dual",
            guest_type="Isolated",
            services=("Connectivity",),
            providers=(ServiceProvider("Connectivity", "Ovs"),),
            internet_protocol="DualStack",
            enable=True,
        )
        offering = (await stage.cloud.do(root, CREATE_NETWORK_OFFERING, draft)).record
        blue = CreateNetwork(name="blue", offering_id=offering.id, zone_id=stage.zone_id)
        network = (await stage.cloud.do(stage.who.alice, CREATE, blue)).record
        [nic] = await stage.nics(await stage.deploy("web", network))
        assert (nic.ipv6, nic.ipv4) == ("fd00:1::2", "10.1.1.2")
        assert (await stage.natives([nic]))[nic.id].ipv6 == nic.ipv6
