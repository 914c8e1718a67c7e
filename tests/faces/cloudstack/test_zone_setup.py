"""A zone set up call by call as CloudStack's own deployment script does it, then used."""

from __future__ import annotations

from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.test_infrastructure import refused

ELEMENTS = {
    "VirtualRouter": ("VirtualRouterElement", "virtualrouterelement"),
    "VpcVirtualRouter": ("VirtualRouterElement", "virtualrouterelement"),
    "InternalLbVm": ("InternalLoadBalancerElement", "internalloadbalancerelement"),
    "Ovs": ("OvsElement", "ovselement"),
}


async def a_zone(client: Client) -> str:
    """Set it up; its id."""
    zone = (
        await client.result(
            "createZone", name="new", networktype="Advanced", dns1="192.0.2.1", internaldns1="192.0.2.1"
        )
    )["zone"]["id"]
    wires = (
        await client.result(
            "createPhysicalNetwork", zoneid=zone, name="new-wires", isolationmethods="VLAN", vlan="300-309"
        )
    )["physicalnetwork"]["id"]
    for traffic in ("Guest", "Public", "Management", "Storage"):
        await client.result("addTrafficType", physicalnetworkid=wires, traffictype=traffic)
    listed = await client.result("listNetworkServiceProviders", physicalnetworkid=wires)
    for provider in listed["networkserviceprovider"]:
        if provider["name"] in ELEMENTS:
            command, key = ELEMENTS[provider["name"]]
            (element,) = (await client.result(f"list{command}s", nspid=provider["id"]))[key]
            if not element["enabled"]:
                continue
            on = (await client.result(f"configure{command}", id=element["id"], enabled="true"))[key]
            assert on == element
            if command == "VirtualRouterElement":
                begun = await client.call("createVirtualRouterElement", nspid=provider["id"])
                assert begun[1]["createvirtualrouterelementresponse"]["id"] == element["id"]
                made = await client.result("createVirtualRouterElement", nspid=provider["id"])
                assert made[key] == element
            await client.result("updateNetworkServiceProvider", id=provider["id"], state="Enabled")
    await client.result("updatePhysicalNetwork", id=wires, state="Enabled")
    pod = (
        await client.result(
            "createPod",
            zoneid=zone,
            name="p",
            gateway="172.16.0.1",
            netmask="255.255.255.0",
            startip="172.16.0.2",
            endip="172.16.0.9",
        )
    )["pod"]["id"]
    await client.result(
        "createVlanIpRange",
        zoneid=zone,
        vlan="60",
        gateway="198.51.100.1",
        netmask="255.255.255.0",
        startip="198.51.100.10",
        endip="198.51.100.19",
    )
    cluster = (
        await client.result(
            "addCluster",
            zoneid=zone,
            podid=pod,
            clustername="c",
            clustertype="CloudManaged",
            hypervisor="Simulator",
        )
    )["cluster"][0]["id"]
    await client.result(
        "addHost",
        zoneid=zone,
        podid=pod,
        clusterid=cluster,
        url="http://192.0.2.31",
        hypervisor="Simulator",
        username="root",
        password="secret",
    )
    await client.result("updateZone", id=zone, allocationstate="Enabled")
    return str(zone)


async def test_a_zone_is_set_up_and_used_and_what_is_left_of_it_is_told() -> None:
    async with in_process() as client:
        zone = await a_zone(client)
        offering = (
            await client.result(
                "listNetworkOfferings", name="DefaultIsolatedNetworkOfferingWithSourceNatService"
            )
        )["networkoffering"][0]["id"]
        network = (await client.result("createNetwork", zoneid=zone, name="web", networkofferingid=offering))[
            "network"
        ]
        await client.result("associateIpAddress", networkid=network["id"])
        template = (await client.result("listTemplates", templatefilter="all"))["template"][0]["id"]
        size = (await client.result("listServiceOfferings"))["serviceoffering"][0]["id"]
        made = await client.result(
            "deployVirtualMachine",
            zoneid=zone,
            name="a",
            templateid=template,
            serviceofferingid=size,
            networkids=network["id"],
        )
        assert made["virtualmachine"]["state"] == "Running"
        assert made["virtualmachine"]["hostname"] == "192.0.2.31"

        told = {each["name"]: each for each in (await client.result("listCapacity", zoneid=zone))["capacity"]}
        segments, public = told["VLAN"], told["VIRTUAL_NETWORK_PUBLIC_IP"]
        assert (segments["capacitytotal"], segments["capacityused"]) == (10, 1)
        assert (public["capacitytotal"], public["capacityused"] > 0) == (10, True)
        assert float(public["percentused"]) == 100 * public["capacityused"] / 10
        assert told["DIRECT_ATTACHED_PUBLIC_IP"]["capacitytotal"] == 0
        assert len((await client.result("listCapacity", zoneid=zone, type="7"))["capacity"]) == 1


async def test_an_element_is_on_as_long_as_it_is_installed(admin: Client) -> None:
    (ovs,) = (await admin.result("listOvsElements", enabled="true"))["ovselement"]
    status, _, text = await refused(admin, "configureOvsElement", id=ovs["id"], enabled="false")
    assert (status, "as long as it is installed" in text) == (431, True)
    routers = (await admin.result("listVirtualRouterElements"))["virtualrouterelement"]
    assert [each["enabled"] for each in routers] == [False, False]
    status, _, text = await refused(
        admin, "configureVirtualRouterElement", id=routers[0]["id"], enabled="true"
    )
    assert (status, "is not installed" in text) == (431, True)
    assert (await refused(admin, "listOvsElements", id=routers[0]["id"]))[0] == 431
    assert await admin.result("listVirtualRouterElements", enabled="true") == {}
    answer = await refused(admin, "createVirtualRouterElement", nspid=routers[0]["nspid"])
    assert (answer[0], "is not installed" in answer[2]) == (431, True)
    assert (await refused(admin, "createVirtualRouterElement", nspid=ovs["nspid"]))[0] == 431
