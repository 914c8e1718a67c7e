"""Zones, racks, wires and ranges through CloudStack's API: made, changed, listed, refused, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.app.cloud.people import People, keys, people
from tests.faces.cloudstack.replay.client import Client

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.app.intent import create_many
from netloom.faces.cloudstack.app import CloudStackFace
from netloom.faces.cloudstack.protocol.envelopes import timestamp
from netloom.model.cloud.identity import Caller
from netloom.model.kinds import Kind
from netloom.model.objects import Network
from netloom.model.specs import NetworkSpec


async def only(client: Client, command: str, key: str, **params: str) -> dict[str, Any]:
    """The one object of a list."""
    found = (await client.result(command, **params))[key]
    assert len(found) == 1
    one: dict[str, Any] = found[0]
    return one


async def refused(client: Client, command: str, **params: str) -> tuple[int, int, str]:
    """Status, code and text of a refusal, at once or by the job."""
    status, body = await client.call(command, **params)
    content = next(iter(body.values()))
    if status == 200:
        job = await client.ended(content["jobid"])
        assert job["jobstatus"] == 2, job
        return job["jobresultcode"], 0, job["jobresult"]["errortext"]
    return status, content["cserrorcode"], content["errortext"]


async def signing(client: Client, cloud: Cloud, who: Caller) -> Client:
    """A client that signs as somebody."""
    made = await keys(cloud, who)
    secret = cloud.backends.vault.open(made.secret, f"api_key/{made.id}")
    return Client(client._http, made.key, secret)


@pytest.fixture
async def zone(admin: Client) -> str:
    found: str = (await only(admin, "listZones", "zone"))["id"]
    return found


@pytest.fixture
async def wires(admin: Client, zone: str) -> str:
    found: str = (await only(admin, "listPhysicalNetworks", "physicalnetwork", zoneid=zone))["id"]
    return found


async def test_a_zone_is_made_changed_and_deleted(admin: Client) -> None:
    made = (
        await admin.result(
            "createZone", name="z2", networktype="advanced", dns1="192.0.2.1", internaldns1="192.0.2.2"
        )
    )["zone"]
    assert (made["networktype"], made["allocationstate"], made["dns1"]) == (
        "Advanced",
        "Disabled",
        "192.0.2.1",
    )
    changed = (
        await admin.result(
            "updateZone", id=made["id"], name="z3", allocationstate="Enabled", ip6dns1="2001:DB8::1"
        )
    )["zone"]
    assert (changed["name"], changed["allocationstate"], changed["ip6dns1"]) == (
        "z3",
        "Enabled",
        "2001:db8::1",
    )
    assert changed["zonetoken"] == made["zonetoken"]
    assert len((await admin.result("listZones"))["zone"]) == 2
    assert (await admin.result("deleteZone", id=made["id"]))["success"] is True
    status, code, _ = await refused(admin, "listZones", id=made["id"])
    assert (status, code) == (431, 9999)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"networktype": "Basically"}, "networktype"),
        ({"dns1": "no address"}, "IPv4"),
        ({"ip6dns1": "192.0.2.1"}, "IPv6"),
        ({"guestcidraddress": "192.0.2.0/24"}, "not for guests"),
        ({"guestcidraddress": "10.0.0.0/30"}, "not for guests"),
        ({"guestcidraddress": "10.0.0.0"}, "not for guests"),
        ({"guestcidraddress": "10.0.0.1/24"}, "no IPv4 CIDR"),
        ({"isedge": "true"}, "edge"),
        ({"name": "default"}, "default"),
    ],
)
async def test_a_zone_that_cannot_be_is_refused(admin: Client, params: dict[str, str], said: str) -> None:
    zone = {"name": "z2", "networktype": "Advanced", "dns1": "192.0.2.1", "internaldns1": "192.0.2.1"}
    status, code, text = await refused(admin, "createZone", **(zone | params))
    assert (status, code) == (431, 4350)
    assert said in text
    assert len((await admin.result("listZones"))["zone"]) == 1


async def test_a_zone_with_something_in_it_stays(admin: Client, zone: str) -> None:
    status, _, text = await refused(admin, "deleteZone", id=zone)
    assert status == 530
    assert "physical network 'default'" in text


async def test_a_zone_of_a_domain_is_there_for_it_alone(cloud: Cloud, admin: Client) -> None:
    who: People = await people(cloud)
    made = (
        await admin.result(
            "createZone",
            name="of-acme",
            networktype="Advanced",
            allocationstate="Enabled",
            dns1="192.0.2.1",
            internaldns1="192.0.2.1",
            domainid=who.acme.id,
        )
    )["zone"]
    assert made["domainname"] == "acme"
    for caller, sees in ((who.carol, True), (who.alice, True), (who.mallory, False)):
        client = await signing(admin, cloud, caller)
        zones = {each["name"]: each for each in (await client.result("listZones"))["zone"]}
        assert ("of-acme" in zones) is sees
        assert "dns1" not in zones["default"]
    found = await admin.result("listZones", domainid=who.other.id)
    assert [each["name"] for each in found["zone"]] == ["default"]
    await admin.result("updateZone", id=made["id"], ispublic="true")
    client = await signing(admin, cloud, who.mallory)
    assert len((await client.result("listZones"))["zone"]) == 2
    await admin.result("updateZone", id=made["id"], allocationstate="Disabled")
    assert [each["name"] for each in (await client.result("listZones"))["zone"]] == ["default"]
    hidden = await refused(client, "listZones", id=made["id"])
    assert hidden[:2] == (431, 9999)
    assert len((await admin.result("listZones"))["zone"]) == 2


async def test_pods_clusters_and_hosts_stand_in_each_other(admin: Client, zone: str) -> None:
    pod = (
        await admin.result(
            "createPod",
            zoneid=zone,
            name="p",
            gateway="172.16.0.1",
            netmask="255.255.255.0",
            startip="172.16.0.2",
        )
    )["pod"]
    assert (pod["endip"], pod["zonename"]) == (["172.16.0.2"], "default")
    cluster = (
        await admin.result(
            "addCluster",
            zoneid=zone,
            podid=pod["id"],
            clustername="c",
            clustertype="CloudManaged",
            hypervisor="kvm",
        )
    )["cluster"][0]
    assert (cluster["hypervisortype"], cluster["podname"]) == ("KVM", "p")
    host = (
        await admin.result(
            "addHost",
            zoneid=zone,
            podid=pod["id"],
            url="http://192.0.2.11",
            hypervisor="KVM",
            hosttags="fast",
        )
    )["host"][0]
    assert (host["name"], host["ipaddress"], host["clustername"], host["hosttags"]) == (
        "192.0.2.11",
        "192.0.2.11",
        "c",
        "fast",
    )
    again = (
        await admin.result(
            "addHost", zoneid=zone, podid=pod["id"], url="ssl:192.0.2.11:6640", hypervisor="KVM"
        )
    )["host"][0]
    assert again["id"] == host["id"]
    assert (await refused(admin, "deletePod", id=pod["id"]))[0] == 530
    assert (await refused(admin, "deleteCluster", id=cluster["id"]))[0] == 530

    drained = (await admin.result("prepareHostForMaintenance", id=host["id"]))["host"]
    assert drained["resourcestate"] == "Maintenance"
    assert (await refused(admin, "prepareHostForMaintenance", id=host["id"]))[0] == 431
    assert (await only(admin, "listHosts", "host", resourcestate="Maintenance"))["id"] == host["id"]
    resumed = (await admin.result("cancelHostMaintenance", id=host["id"]))["host"]
    assert resumed["resourcestate"] == "Enabled"
    disabled = (await admin.result("updateHost", id=host["id"], allocationstate="Disable", name="h1"))["host"]
    assert (disabled["resourcestate"], disabled["name"]) == ("Disabled", "h1")

    await admin.result("deleteHost", id=host["id"])
    assert await admin.result("listHosts") == {}
    await admin.result("deleteCluster", id=cluster["id"])
    await admin.result("deletePod", id=pod["id"])
    assert await admin.result("listPods") == {}


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"hypervisor": "XenServer"}, "has hosts of KVM"),
        ({"url": "http://no-such-name"}, "no numeric address"),
        ({"clustername": "other"}, "no such cluster"),
    ],
)
async def test_a_host_that_has_no_place_is_refused(
    admin: Client, zone: str, params: dict[str, str], said: str
) -> None:
    pod = (await admin.result("createPod", zoneid=zone, name="p"))["pod"]["id"]
    await admin.result(
        "addCluster", zoneid=zone, podid=pod, clustername="c", clustertype="CloudManaged", hypervisor="KVM"
    )
    host = {"zoneid": zone, "podid": pod, "url": "http://192.0.2.11", "hypervisor": "KVM"}
    status, code, text = await refused(admin, "addHost", **(host | params))
    assert (status, code) == (431, 4350)
    assert said in text
    assert await admin.result("listHosts") == {}


async def test_a_physical_network_from_its_making_to_its_end(admin: Client, zone: str) -> None:
    made = (
        await admin.result(
            "createPhysicalNetwork",
            zoneid=zone,
            name="lan",
            isolationmethods="VLAN",
            vlan="100-200,300-310",
            tags="fast",
        )
    )["physicalnetwork"]
    assert (made["vlan"], made["isolationmethods"], made["state"], made["tags"]) == (
        "100-200,300-310",
        "VLAN",
        "Disabled",
        "fast",
    )
    changed = (
        await admin.result("updatePhysicalNetwork", id=made["id"], vlan="100-150", state="Enabled", tags="")
    )["physicalnetwork"]
    assert (changed["vlan"], changed["state"], "tags" in changed) == ("100-150", "Enabled", False)
    await admin.result("deletePhysicalNetwork", id=made["id"])
    assert len((await admin.result("listPhysicalNetworks"))["physicalnetwork"]) == 1


async def test_traffic_types_are_one_network_s_and_carry_labels(admin: Client, zone: str, wires: str) -> None:
    second = (await admin.result("createPhysicalNetwork", zoneid=zone, name="second"))["physicalnetwork"][
        "id"
    ]
    status, _, text = await refused(admin, "addTrafficType", physicalnetworkid=second, traffictype="Public")
    assert (status, "carries Public traffic already" in text) == (431, True)
    types = {
        each["traffictype"]: each["id"]
        for each in (await admin.result("listTrafficTypes", physicalnetworkid=wires))["traffictype"]
    }
    await admin.result("deleteTrafficType", id=types["Public"])
    added = (
        await admin.result(
            "addTrafficType", physicalnetworkid=second, traffictype="public", kvmnetworklabel="br-ex"
        )
    )["traffictype"]
    assert (added["traffictype"], added["kvmnetworklabel"]) == ("Public", "br-ex")
    changed = (await admin.result("updateTrafficType", id=added["id"], xennetworklabel="xapi1"))[
        "traffictype"
    ]
    assert (changed["kvmnetworklabel"], changed["xennetworklabel"]) == ("br-ex", "xapi1")


async def test_providers_are_enabled_disabled_and_taken_out(admin: Client, wires: str) -> None:
    ovs = await only(
        admin, "listNetworkServiceProviders", "networkserviceprovider", physicalnetworkid=wires, name="ovs"
    )
    assert (ovs["state"], ovs["servicelist"]) == ("Enabled", ["Connectivity"])
    for state in ("Disabled", "Enabled"):
        changed = await admin.result("updateNetworkServiceProvider", id=ovs["id"], state=state.lower())
        found = changed["networkserviceprovider"]
        assert (found["state"], found["id"]) == (state, ovs["id"])
    router = await only(
        admin,
        "listNetworkServiceProviders",
        "networkserviceprovider",
        physicalnetworkid=wires,
        name="VirtualRouter",
    )
    assert router["state"] == "Disabled"
    for wrong, said in (
        ({"state": "Enabled"}, "not installed"),
        ({"state": "Shutdown"}, "by removing it"),
        ({"state": "On"}, "no state of a provider"),
        ({"servicelist": "Connectivity"}, "does not give Connectivity"),
    ):
        status, _, text = await refused(admin, "updateNetworkServiceProvider", id=router["id"], **wrong)
        assert (status, said in text) == (431, True), text
    await admin.result("deleteNetworkServiceProvider", id=router["id"])
    listed = await admin.result("listNetworkServiceProviders", physicalnetworkid=wires)
    assert "VirtualRouter" not in {each["name"] for each in listed["networkserviceprovider"]}
    back = (await admin.result("addNetworkServiceProvider", physicalnetworkid=wires, name="VirtualRouter"))[
        "networkserviceprovider"
    ]
    assert (back["id"], back["state"]) == (router["id"], "Disabled")


async def test_public_ranges_are_made_dedicated_changed_and_deleted(
    cloud: Cloud, admin: Client, zone: str
) -> None:
    who = await people(cloud)
    made = (
        await admin.result(
            "createVlanIpRange",
            zoneid=zone,
            vlan="50",
            gateway="192.0.2.1",
            netmask="255.255.255.0",
            startip="192.0.2.10",
            endip="192.0.2.20",
        )
    )["vlan"]
    assert (made["vlan"], made["cidr"], made["forvirtualnetwork"]) == ("vlan://50", "192.0.2.0/24", True)
    status, code, _ = await refused(
        admin,
        "createVlanIpRange",
        zoneid=zone,
        vlan="50",
        gateway="192.0.2.1",
        netmask="255.255.255.0",
        startip="192.0.2.20",
    )
    assert (status, code) == (431, 4350)
    given = (
        await admin.result("dedicatePublicIpRange", id=made["id"], domainid=who.acme.id, account="alice")
    )["vlan"]
    assert (given["account"], given["domain"]) == ("alice", "acme")
    assert (await only(admin, "listVlanIpRanges", "vlaniprange", account="alice", domainid=who.acme.id))[
        "id"
    ] == made["id"]
    assert (await refused(admin, "dedicatePublicIpRange", id=made["id"], domainid=who.other.id))[0] == 431
    await admin.result("releasePublicIpRange", id=made["id"])
    changed = (await admin.result("updateVlanIpRange", id=made["id"], endip="192.0.2.30"))["vlan"]
    assert (changed["startip"], changed["endip"]) == ("192.0.2.10", "192.0.2.30")
    await admin.result("deleteVlanIpRange", id=made["id"])
    assert await admin.result("listVlanIpRanges") == {}


async def test_a_range_is_for_the_public_or_for_a_network(admin: Client, zone: str) -> None:
    addresses = {"gateway": "192.0.2.1", "netmask": "255.255.255.0", "startip": "192.0.2.10"}
    status, _, text = await refused(
        admin, "createVlanIpRange", zoneid=zone, forvirtualnetwork="false", **addresses
    )
    assert (status, "is a network's" in text) == (431, True)


async def test_portable_ranges(admin: Client) -> None:
    addresses = {
        "gateway": "203.0.113.1",
        "netmask": "255.255.255.0",
        "startip": "203.0.113.10",
        "endip": "203.0.113.19",
    }
    made = (await admin.result("createPortableIpRange", regionid="1", **addresses))["portableiprange"]
    assert (made["startip"], made["vlan"]) == ("203.0.113.10", "vlan://untagged")
    assert (await refused(admin, "createPortableIpRange", regionid="2", **addresses))[0] == 431
    assert (await refused(admin, "createPortableIpRange", regionid="1", **addresses))[0] == 431
    assert (await only(admin, "listPortableIpRanges", "portableiprange"))["id"] == made["id"]
    await admin.result("deletePortableIpRange", id=made["id"])
    assert await admin.result("listPortableIpRanges") == {}


async def test_segments_are_kept_for_an_account_and_listed(cloud: Cloud, admin: Client, wires: str) -> None:
    who = await people(cloud)
    await admin.result("updatePhysicalNetwork", id=wires, vlan="100-199,1000-16777215")
    kept = (
        await admin.result(
            "dedicateGuestVlanRange",
            physicalnetworkid=wires,
            vlanrange="150-159",
            account="alice",
            domainid=who.acme.id,
        )
    )["dedicatedguestvlanrange"]
    assert (kept["guestvlanrange"], kept["account"]) == ("150-159", "alice")
    overlapping = await refused(
        admin,
        "dedicateGuestVlanRange",
        physicalnetworkid=wires,
        vlanrange="159-160",
        account="bob",
        domainid=who.acme.id,
    )
    assert overlapping[0] == 431
    assert "is kept for the account" in overlapping[2]
    assert (await refused(admin, "updatePhysicalNetwork", id=wires, vlan="100-155"))[0] == 530

    listed = await admin.result("listGuestVlans", physicalnetworkid=wires, page="3", pagesize="51")
    assert listed["count"] == 100 + 16777215 - 999
    assert [each["vlan"] for each in listed["guestvlan"]][:2] == ["1002", "1003"]
    one = await only(admin, "listGuestVlans", "guestvlan", vnet="155")
    assert (one["isdedicated"], one["allocationstate"], one["account"]) == (True, "Free", "alice")
    assert (await only(admin, "listGuestVlans", "guestvlan", id=str(one["id"])))["vlan"] == "155"
    assert await admin.result("listGuestVlans", allocatedonly="true") == {}

    await admin.result("releaseDedicatedGuestVlanRange", id=kept["id"])
    assert await admin.result("listDedicatedGuestVlanRanges", listall="true") == {}


async def test_a_segment_of_a_network_that_is_not_the_clouds_is_not_free(
    cloud: Cloud, admin: Client, wires: str
) -> None:
    """Made by what netloom has beneath the cloud; nothing is told of it but that the segment is taken."""
    spec = NetworkSpec(name="beneath", physical_network=wires, cidr="10.9.0.0/24")
    (made,) = await cloud.write_as(
        system_caller(), "test", lambda work: create_many(work.tx, Kind.NETWORK, [spec])
    )
    assert isinstance(made, Network)
    one = await only(admin, "listGuestVlans", "guestvlan", allocatedonly="true")
    assert (one["vlan"], one["allocationstate"], one["network"]) == (str(made.segment), "Allocated", [])
    assert one["taken"] == timestamp(made.created_at)


async def test_infrastructure_is_the_operator_s(
    cloud: Cloud, admin: Client, face: CloudStackFace, zone: str
) -> None:
    who = await people(cloud)
    alice = await signing(admin, cloud, who.alice)
    for command, params in (
        ("createPod", {"zoneid": zone, "name": "p"}),
        ("listHosts", {}),
        ("listPods", {}),
        ("listPhysicalNetworks", {}),
        ("createNetworkOffering", {"name": "o", "guestiptype": "L2", "traffictype": "Guest"}),
    ):
        status, body = await alice.call(command, **params)
        assert status in {401, 432, 531}, body
