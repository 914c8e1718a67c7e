"""CloudStack's commands for networks, where the recorded tour says nothing: users, permissions, parameters."""

from __future__ import annotations

from typing import Any

import pytest
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import vlans_only

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller

OVS = "DefaultOvsIsolatedNetworkOffering"
L2 = "DefaultL2NetworkOffering"


class Place:
    """The default zone and its offerings, as the administrator sees them; users of the root domain."""

    def __init__(self, admin: Client, zone: str, offerings: dict[str, str]) -> None:
        self.admin = admin
        self.zone = zone
        self.offerings = offerings

    async def user(self, name: str) -> Client:
        """A new account's client."""
        made = await self.admin.result(
            "createAccount",
            username=name,
            password="of nobody",
            firstname=name,
            lastname="Test",
            email=f"{name}@example.org",
            accounttype="0",
        )
        keys = await self.admin.result("registerUserKeys", id=made["account"]["user"][0]["id"])
        return self.admin.signing(keys["userkeys"]["apikey"], keys["userkeys"]["secretkey"])

    async def network(self, client: Client, name: str = "blue", offering: str = OVS, **more: str) -> Any:
        """A network."""
        made = await client.result(
            "createNetwork",
            name=name,
            zoneid=self.zone,
            networkofferingid=self.offerings[offering],
            **more,
        )
        return made["network"]

    async def refused(self, client: Client, command: str, **params: str) -> tuple[int, int]:
        """Status and code of a refusal."""
        status, body = await client.call(command, **params)
        content: dict[str, Any] = next(iter(body.values()))
        assert status != 200, content
        return status, content["cserrorcode"]


@pytest.fixture
async def place(admin: Client) -> Place:
    zone = (await admin.result("listZones"))["zone"][0]["id"]
    found = (await admin.result("listNetworkOfferings"))["networkoffering"]
    return Place(admin, zone, {each["name"]: each["id"] for each in found})


async def names(client: Client, **params: str) -> list[str]:
    """The networks of a list."""
    content = await client.result("listNetworks", **params)
    assert content == {} or content["count"] >= len(content["network"])
    return [each["name"] for each in content.get("network", [])]


async def test_a_user_has_networks_of_its_own(place: Place) -> None:
    alice, mallory = await place.user("alice"), await place.user("mallory")
    network = await place.network(alice, gateway="10.9.8.1", netmask="255.255.255.0")
    assert (network["account"], network["cidr"], network["state"]) == ("alice", "10.9.8.0/24", "Allocated")
    assert "broadcasturi" not in network
    assert await names(alice) == ["blue"]
    assert await names(place.admin) == []
    assert await names(place.admin, listall="true") == ["blue"]
    assert await names(mallory, listall="true") == []
    assert await place.refused(mallory, "listNetworks", id=network["id"]) == (431, 9999)
    for command in ("deleteNetwork", "restartNetwork", "updateNetwork"):
        assert await place.refused(mallory, command, id=network["id"]) == (431, 9999)
    assert await place.refused(mallory, "listNetworkPermissions", networkid=network["id"]) == (431, 9999)


async def test_a_network_is_opened_to_an_account_and_closed(place: Place) -> None:
    alice, bob = await place.user("alice"), await place.user("bob")
    network = await place.network(alice)
    at = {"networkid": network["id"]}
    assert (await alice.result("createNetworkPermissions", **at, accounts="bob")) == {"success": True}
    [opened] = (await alice.result("listNetworkPermissions", **at))["networkpermission"]
    assert (opened["account"], opened["networkid"]) == ("bob", network["id"])
    assert await names(bob) == ["blue"]
    assert await names(bob, networkfilter="shared") == ["blue"]
    assert await place.refused(bob, "deleteNetwork", id=network["id"]) == (531, 4365)
    await alice.result("removeNetworkPermissions", **at, accounts="bob")
    assert await names(bob) == []
    await alice.result("createNetworkPermissions", **at, accounts="bob")
    await alice.result("resetNetworkPermissions", **at)
    assert await alice.result("listNetworkPermissions", **at) == {}


async def test_a_shared_network_is_everybodys_to_see(place: Place, cloud: Cloud) -> None:
    await cloud.write_as(system_caller(), "test", vlans_only)
    alice = await place.user("alice")
    offering = await place.admin.result(
        "createNetworkOffering",
        name="flat",
        displaytext="flat",
        guestiptype="Shared",
        traffictype="GUEST",
        specifyvlan="true",
        specifyipranges="true",
        supportedservices="",
        enable="true",
    )
    place.offerings["flat"] = offering["networkoffering"]["id"]
    shared = await place.network(
        place.admin,
        "office",
        "flat",
        vlan="untagged",
        gateway="10.44.0.1",
        netmask="255.255.255.0",
        startip="10.44.0.10",
        endip="10.44.0.50",
    )
    assert (shared["state"], shared["broadcasturi"], shared["acltype"]) == (
        "Setup",
        "vlan://untagged",
        "Domain",
    )
    assert "account" not in shared
    [seen] = (await alice.result("listNetworks"))["network"]
    assert (seen["id"], seen["domain"]) == (shared["id"], "ROOT")
    [one] = (await alice.result("listNetworks", id=shared["id"]))["network"]
    assert one["subdomainaccess"] is True
    ranges = (await place.admin.result("listVlanIpRanges", networkid=shared["id"]))["vlaniprange"]
    assert [each["startip"] for each in ranges] == ["10.44.0.10"]
    assert await place.refused(alice, "updateNetwork", id=shared["id"], name="mine") == (531, 4365)


async def test_what_is_not_done_is_refused_and_not_dropped(place: Place) -> None:
    common = {"name": "x", "zoneid": place.zone, "networkofferingid": place.offerings[OVS]}
    for name, value in (("isolatedpvlan", "7"), ("asnumber", "65000"), ("associatednetworkid", place.zone)):
        assert await place.refused(place.admin, "createNetwork", **common, **{name: value}) == (431, 4350)
    assert await names(place.admin) == []


async def test_pages_filters_and_protocols(place: Place) -> None:
    for number in range(5):
        await place.network(place.admin, f"n{number}")
    await place.network(place.admin, "l2", L2)
    assert await names(place.admin, page="1", pagesize="2") == ["l2", "n4"]
    assert await names(place.admin, page="3", pagesize="2") == ["n1", "n0"]
    assert await names(place.admin, type="L2") == ["l2"]
    assert await names(place.admin, supportedservices="Connectivity", keyword="n3") == ["n3"]
    assert await names(place.admin, issystem="true") == []
    content = await place.admin.result("listNetworks", retrieveonlyresourcecount="true")
    assert content["count"] == 6
    protocols = (await place.admin.result("listNetworkProtocols", option="protocolnumber"))["networkprotocol"]
    assert {"TCP", "UDP", "ICMP"} <= {each["name"] for each in protocols}
    types = (await place.admin.result("listNetworkProtocols", option="icmptype"))["networkprotocol"]
    assert next(each for each in types if each["index"] == 8)["details"] == {"0": "Echo request"}
    assert await place.refused(place.admin, "listNetworkProtocols", option="x") == (431, 4350)
