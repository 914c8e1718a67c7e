"""What an operator sets up before tenants come, with calls of CloudStack's API: providers, addresses."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faces.cloudstack.replay.client import Client

PROVIDERS = ("VirtualRouter", "VpcVirtualRouter", "InternalLbVm", "ConfigDrive")


async def build(root: Client) -> Mapping[str, str]:
    """Set it up; ids by what they are of."""
    zone = (await root.result("listZones"))["zone"][0]["id"]
    physical = (await root.result("listPhysicalNetworks", zoneid=zone))["physicalnetwork"][0]["id"]
    present = await root.result("listNetworkServiceProviders", physicalnetworkid=physical)
    for provider in present["networkserviceprovider"]:
        if provider["name"] in PROVIDERS and provider["state"] != "Enabled":
            await root.result("updateNetworkServiceProvider", id=provider["id"], state="Enabled")
    await root.result(
        "createVlanIpRange",
        zoneid=zone,
        physicalnetworkid=physical,
        forvirtualnetwork="true",
        vlan="untagged",
        gateway="203.0.113.1",
        netmask="255.255.255.0",
        startip="203.0.113.10",
        endip="203.0.113.200",
    )
    return {"zone": zone, "physical network": physical}
