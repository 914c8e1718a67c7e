"""What the recorded server had before the tour began: zone, physical network, ranges, pod and cluster, by the same names.

Made through the API itself. A step that netloom cannot do yet is told and passed over.
"""

from __future__ import annotations

from tests.faces.cloudstack.replay.client import Client

PROVIDERS = ("VirtualRouter", "VpcVirtualRouter", "ConfigDrive", "InternalLbVm")
HOSTS = ("simulated-1", "simulated-2")


async def build(client: Client) -> list[str]:
    """Build it; what could not be built comes back."""
    failed: list[str] = []

    async def step(command: str, **params: str) -> dict:
        try:
            return await client.result(command, **params)
        except (AssertionError, KeyError) as error:
            failed.append(f"{command}: {error}")
            return {}

    zones = await step("listZones", listall="true")
    zone = (zones.get("zone") or [{}])[0].get("id", "")
    if zone:
        await step("updateZone", id=zone, name="zim1", dns1="10.147.28.6", internaldns1="10.147.28.6",
                   guestcidraddress="10.1.1.0/24")  # fmt: skip
    networks = await step("listPhysicalNetworks", zoneid=zone)
    physical = (networks.get("physicalnetwork") or [{}])[0].get("id", "")
    if physical:
        await step("updatePhysicalNetwork", id=physical, vlan="100-200", state="Enabled")
    present = await step("listNetworkServiceProviders", physicalnetworkid=physical)
    for provider in present.get("networkserviceprovider", []):
        if provider["name"] in PROVIDERS and provider["state"] != "Enabled":
            await step("updateNetworkServiceProvider", id=provider["id"], state="Enabled")
    pods = await step("createPod", name="Z1P1", zoneid=zone, gateway="172.16.15.1", netmask="255.255.255.0",
                      startip="172.16.15.2", endip="172.16.15.200")  # fmt: skip
    pod = pods.get("pod", {}).get("id", "")
    clusters = await step("addCluster", clustername="Z1P1C1", clustertype="CloudManaged", hypervisor="Simulator",
                          podid=pod, zoneid=zone)  # fmt: skip
    cluster = (clusters.get("cluster") or [{}])[0].get("id", "")
    for name in HOSTS:
        await step("addHost", url=f"http://{name}", hypervisor="Simulator", username="root", password="",
                   podid=pod, clusterid=cluster, zoneid=zone)  # fmt: skip
    await step("createVlanIpRange", zoneid=zone, physicalnetworkid=physical, forvirtualnetwork="true", vlan="50",
               gateway="192.168.2.1", netmask="255.255.255.0", startip="192.168.2.2", endip="192.168.2.200")  # fmt: skip
    return failed
