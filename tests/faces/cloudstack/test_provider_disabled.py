"""What a provider that is disabled goes on doing, and what it does no more."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.replay.stage import build
from tests.faces.cloudstack.test_infrastructure import refused

SOURCE_NAT = "DefaultIsolatedNetworkOfferingWithSourceNatService"


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with in_process() as client:
        assert await build(client) == []
        yield client


async def router(client: Client) -> str:
    """The id of VirtualRouter on the wires."""
    listed = await client.result("listNetworkServiceProviders", name="VirtualRouter")
    found: str = listed["networkserviceprovider"][0]["id"]
    return found


async def wish(client: Client) -> dict[str, str]:
    """What a network with a router is made of."""
    zone = (await client.result("listZones"))["zone"][0]["id"]
    offering = (await client.result("listNetworkOfferings", name=SOURCE_NAT))["networkoffering"][0]["id"]
    return {"zoneid": zone, "networkofferingid": offering}


async def test_what_a_disabled_provider_serves_it_goes_on_serving(client: Client) -> None:
    asked = await wish(client)
    network = (await client.result("createNetwork", name="web", **asked))["network"]["id"]
    address = (await client.result("associateIpAddress", networkid=network))["ipaddress"]["id"]
    rule = (
        await client.result(
            "createFirewallRule", ipaddressid=address, protocol="tcp", startport="22", endport="22"
        )
    )["firewallrule"]["id"]
    provider = await router(client)
    await client.result("updateNetworkServiceProvider", id=provider, state="Disabled")

    status, _, text = await refused(client, "createNetwork", name="late", **asked)
    assert (status, "VirtualRouter is not enabled" in text) == (431, True)
    status, _, text = await refused(
        client, "createFirewallRule", ipaddressid=address, protocol="tcp", startport="80", endport="80"
    )
    assert (status, "VirtualRouter is not enabled" in text) == (431, True)
    await client.result("deleteFirewallRule", id=rule)
    await client.result("deleteNetwork", id=network)
    assert await client.result("listNetworks", listall="true") == {}


async def test_a_provider_may_be_enabled_with_some_of_its_services(client: Client) -> None:
    asked = await wish(client)
    provider = await router(client)
    some = "Dhcp,Dns,UserData,SourceNat,Firewall,Vpn,StaticNat,PortForwarding"
    changed = await client.result("updateNetworkServiceProvider", id=provider, servicelist=some)
    assert "Lb" not in changed["networkserviceprovider"]["servicelist"]
    status, _, text = await refused(client, "createNetwork", name="web", **asked)
    assert (status, "VirtualRouter is enabled without Lb" in text) == (431, True)
    await client.result("updateNetworkServiceProvider", id=provider, servicelist=f"{some},Lb")
    await client.result("createNetwork", name="web", **asked)
