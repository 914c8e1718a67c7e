"""Ranges of a shared network: instances get addresses of them, and what an instance has stays in one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.replay.stage import build
from tests.faces.cloudstack.test_infrastructure import refused

from netloom.base.ids import Uuid

NET = {"gateway": "10.9.0.1", "netmask": "255.255.255.0"}


class Shared:
    """A cloud with a shared network of one address, and what an instance needs."""

    def __init__(self, client: Client, zone: Uuid, network: Uuid) -> None:
        self.client = client
        self.zone = zone
        self.network = network

    async def deployed(self, name: str) -> str:
        """The address that a new instance gets."""
        offering = (await self.client.result("listServiceOfferings"))["serviceoffering"][0]["id"]
        template = (await self.client.result("listTemplates", templatefilter="all"))["template"][0]["id"]
        made = await self.client.result(
            "deployVirtualMachine",
            name=name,
            zoneid=self.zone,
            serviceofferingid=offering,
            templateid=template,
            networkids=self.network,
            startvm="false",
        )
        address: str = made["virtualmachine"]["nic"][0]["ipaddress"]
        return address

    async def ranges(self) -> dict[str, str]:
        """The network's ranges: first address and id."""
        found = await self.client.result("listVlanIpRanges", networkid=self.network)
        return {each["startip"]: each["id"] for each in found["vlaniprange"]}


@pytest.fixture
async def shared() -> AsyncIterator[Shared]:
    async with in_process() as client:
        assert await build(client) == []
        zone = (await client.result("listZones"))["zone"][0]["id"]
        offerings = await client.result("listNetworkOfferings", name="QuickCloudNoServices")
        made = await client.result(
            "createNetwork",
            name="flat",
            zoneid=zone,
            networkofferingid=offerings["networkoffering"][0]["id"],
            vlan="700",
            startip="10.9.0.10",
            endip="10.9.0.10",
            **NET,
        )
        yield Shared(client, zone, made["network"]["id"])


async def test_a_second_range_is_handed_out_when_the_first_is_full(shared: Shared) -> None:
    assert await shared.deployed("a") == "10.9.0.10"
    with pytest.raises(AssertionError, match="no address is free"):
        await shared.deployed("b")
    await shared.client.result(
        "createVlanIpRange",
        forvirtualnetwork="false",
        networkid=shared.network,
        startip="10.9.0.20",
        endip="10.9.0.29",
        **NET,
    )
    assert await shared.deployed("b") == "10.9.0.20"
    assert await shared.deployed("c") == "10.9.0.21"


async def test_what_an_instance_has_stays_in_a_range(shared: Shared) -> None:
    await shared.client.result(
        "createVlanIpRange",
        forvirtualnetwork="false",
        networkid=shared.network,
        startip="10.9.0.20",
        endip="10.9.0.29",
        **NET,
    )
    await shared.deployed("a")
    ranges = await shared.ranges()
    status, _, text = await refused(shared.client, "deleteVlanIpRange", id=ranges["10.9.0.10"])
    assert (status, "is that of an interface" in text) == (530, True)
    assert (await refused(shared.client, "updateVlanIpRange", id=ranges["10.9.0.10"], startip="10.9.0.11"))[
        0
    ] == 431
    await shared.client.result("updateVlanIpRange", id=ranges["10.9.0.10"], endip="10.9.0.12")
    await shared.client.result("deleteVlanIpRange", id=ranges["10.9.0.20"])
    status, _, text = await refused(shared.client, "deleteVlanIpRange", id=ranges["10.9.0.10"])
    assert (status, "the only range" in text) == (530, True)
    assert await shared.deployed("b") == "10.9.0.11"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"startip": "10.9.0.10", "endip": "10.9.0.20"}, "overlaps"),
        ({"startip": "10.9.0.20", "netmask": "255.255.255.128"}, "has 10.9.0.0/24"),
        ({"startip": "10.9.0.1"}, "gateway"),
    ],
)
async def test_a_range_that_does_not_fit_is_refused(
    shared: Shared, params: dict[str, str], said: str
) -> None:
    status, code, text = await refused(
        shared.client,
        "createVlanIpRange",
        forvirtualnetwork="false",
        networkid=shared.network,
        **(NET | params),
    )
    assert (status, code) == (431, 4350)
    assert said in text
    assert len(await shared.ranges()) == 1


async def test_only_shared_networks_have_ranges(shared: Shared) -> None:
    offerings = await shared.client.result("listNetworkOfferings", name="DefaultL2NetworkOffering")
    made = await shared.client.result(
        "createNetwork",
        name="l2",
        zoneid=shared.zone,
        networkofferingid=offerings["networkoffering"][0]["id"],
    )
    status, _, text = await refused(
        shared.client,
        "createVlanIpRange",
        forvirtualnetwork="false",
        networkid=made["network"]["id"],
        startip="10.9.0.20",
        **NET,
    )
    assert (status, "is L2" in text) == (431, True)
