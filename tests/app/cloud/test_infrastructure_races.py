"""Of two that want the same range, segments, name or traffic at the same time, exactly one has it; on both databases."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.clouds import opened
from tests.app.cloud.people import People, people
from tests.testing import templates
from tests.testing.racers import at_once, winners

from netloom.app.cloud import (
    infrastructure,
    infrastructure_hosts,
    infrastructure_zones,
    offerings,
    physical_networks,
    public_ranges,
)
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.infrastructure_hosts import AddHost
from netloom.app.cloud.infrastructure_zones import CreateCluster, CreatePod, PodFields
from netloom.app.cloud.physical_networks import DedicateVlans
from netloom.app.cloud.public_ranges import Addresses, CreateRange
from netloom.base.ids import Uuid
from netloom.model.cloud.infrastructure import HostFacet
from netloom.model.cloud.infrastructure_ranges import GuestVlanRange, PublicRange
from netloom.model.cloud.offerings import NetworkOffering
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def cloud(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Cloud]:
    url = f"sqlite:///{tmp_path}/cloud.db"
    if request.param == "postgresql":
        url = await asyncio.to_thread(templates.migrated_postgres)
    async with opened(url) as cloud:
        yield cloud


@pytest.fixture
async def who(cloud: Cloud) -> People:
    return await people(cloud)


async def places(cloud: Cloud, who: People) -> tuple[Uuid, Uuid]:
    """The zone and its physical network."""
    return await cloud.read_as(
        who.root,
        lambda view: (infrastructure.zones(view)[0].id, infrastructure.physical_networks(view)[0].id),
    )


async def test_one_of_many_ranges_with_an_address_in_common(cloud: Cloud, who: People) -> None:
    zone, _ = await places(cloud, who)
    requests = [
        CreateRange(
            zone_id=zone,
            addresses=Addresses(
                gateway="192.0.2.1", netmask="255.255.255.0", start=f"192.0.2.{10 + n}", end="192.0.2.50"
            ),
        )
        for n in range(6)
    ]
    results = await at_once(*(cloud.do(who.root, public_ranges.CREATE, each) for each in requests))
    assert len(winners(results)) == 1
    assert results.count("range-overlaps") == 5
    assert len(await cloud.read_as(who.root, lambda view: view.records.select(PublicRange))) == 1


async def test_segments_are_kept_for_one_account_only(cloud: Cloud, who: People) -> None:
    _, wires = await places(cloud, who)
    requests = [
        DedicateVlans(physical_network_id=wires, segments="100-199", account=name, domain_id=who.acme.id)
        for name in ("alice", "bob", "alice", "bob")
    ]
    results = await at_once(
        *(cloud.do(who.root, physical_networks.DEDICATE_VLANS, each) for each in requests)
    )
    assert len(winners(results)) == 1
    assert results.count("guest-vlan-range-taken") == 3
    assert len(await cloud.read_as(who.root, lambda view: view.records.select(GuestVlanRange))) == 1


async def test_one_of_many_offerings_of_one_name(cloud: Cloud, who: People) -> None:
    draft = NetworkOfferingDraft(name="mine", guest_type="L2")
    before = await cloud.read_as(who.root, lambda view: view.records.count(NetworkOffering))
    results = await at_once(*(cloud.do(who.root, offerings.CREATE_NETWORK_OFFERING, draft) for _ in range(6)))
    assert len(winners(results)) == 1
    assert results.count("offering-taken") == 5
    assert await cloud.read_as(who.root, lambda view: view.records.count(NetworkOffering)) == before + 1


async def test_a_host_that_several_add_is_one_host(cloud: Cloud, who: People) -> None:
    zone, _ = await places(cloud, who)
    pod = (
        await cloud.do(
            who.root,
            infrastructure_zones.CREATE_POD,
            CreatePod(zone_id=zone, fields=PodFields(name="p")),
        )
    ).record
    cluster = CreateCluster(name="c", zone_id=zone, pod_id=pod.id, hypervisor="KVM")
    await cloud.do(who.root, infrastructure_zones.CREATE_CLUSTER, cluster)
    request = AddHost(url="http://192.0.2.11", zone_id=zone, pod_id=pod.id, hypervisor="KVM")
    results = await at_once(*(cloud.do(who.root, infrastructure_hosts.ADD, request) for _ in range(5)))
    assert len(winners(results)) == 5
    hosts = await cloud.read_as(who.root, infrastructure.hosts)
    assert [(host.name, host.ovsdb) for host in hosts] == [("192.0.2.11", "ssl:192.0.2.11:6640")]
    assert await cloud.read_as(who.root, lambda view: view.records.count(HostFacet)) == 1
