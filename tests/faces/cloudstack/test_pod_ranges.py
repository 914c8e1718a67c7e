"""Addresses of pods through CloudStack's API: further ones of management networks, and those of storage networks."""

from __future__ import annotations

import pytest
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.test_infrastructure import only, refused

SUBNET = {"gateway": "192.0.2.1", "netmask": "255.255.255.0"}
OTHER = {"gateway": "198.51.100.1", "netmask": "255.255.255.0"}


@pytest.fixture
async def zone(admin: Client) -> str:
    found: str = (await only(admin, "listZones", "zone"))["id"]
    return found


@pytest.fixture
async def pod(admin: Client, zone: str) -> str:
    ends = {"startip": "192.0.2.10", "endip": "192.0.2.19"}
    made: str = (await admin.result("createPod", zoneid=zone, name="p1", **SUBNET, **ends))["pod"]["id"]
    return made


async def spans(admin: Client, pod: str) -> list[tuple[str, str]]:
    found = await only(admin, "listPods", "pod", id=pod)
    return [(each["startip"], each["endip"]) for each in found["ipranges"]]


async def test_a_pod_gets_further_addresses_and_loses_them(admin: Client, pod: str) -> None:
    more = {"podid": pod, "startip": "192.0.2.30", "endip": "192.0.2.39"}
    shown = (
        await admin.result("createManagementNetworkIpRange", forsystemvms="true", vlan="50", **more, **SUBNET)
    )["pod"]
    assert shown["ipranges"][1] == {
        "startip": "192.0.2.30",
        "endip": "192.0.2.39",
        "forsystemvms": "1",
        "vlanid": "vlan://50",
    }
    assert shown["endip"] == ["192.0.2.19", "192.0.2.39"]
    change = {"podid": pod, "currentstartip": "192.0.2.30", "currentendip": "192.0.2.39"}
    await admin.result("updatePodManagementNetworkIpRange", **change, newendip="192.0.2.49")
    first = {"podid": pod, "currentstartip": "192.0.2.10", "currentendip": "192.0.2.19"}
    await admin.result("updatePodManagementNetworkIpRange", **first, newstartip="192.0.2.5")
    assert await spans(admin, pod) == [("192.0.2.5", "192.0.2.19"), ("192.0.2.30", "192.0.2.49")]
    assert (await refused(admin, "updatePodManagementNetworkIpRange", **change))[0] == 431
    gone = {"podid": pod, "startip": "192.0.2.30", "endip": "192.0.2.49"}
    assert "vlan://50" in (await refused(admin, "deleteManagementNetworkIpRange", vlan="51", **gone))[2]
    await admin.result("deleteManagementNetworkIpRange", vlan="50", **gone)
    assert await spans(admin, pod) == [("192.0.2.5", "192.0.2.19")]
    gone = {"podid": pod, "startip": "192.0.2.5", "endip": "192.0.2.19"}
    assert (
        "first range" in (await refused(admin, "deleteManagementNetworkIpRange", vlan="untagged", **gone))[2]
    )


async def test_no_two_ranges_of_a_zone_hold_one_address(admin: Client, zone: str, pod: str) -> None:
    storage = {"podid": pod, "startip": "198.51.100.10", "endip": "198.51.100.19", "vlan": "60", **OTHER}
    await admin.result("createStorageNetworkIpRange", **storage)
    inside = {"startip": "192.0.2.19", "endip": "192.0.2.20", **SUBNET}
    elsewhere = {"startip": "198.51.100.19", **OTHER}
    for refusal in (
        await refused(admin, "createManagementNetworkIpRange", podid=pod, **inside),
        await refused(admin, "createStorageNetworkIpRange", podid=pod, **inside),
        await refused(admin, "createStorageNetworkIpRange", **storage),
        await refused(admin, "createPod", zoneid=zone, name="p2", **elsewhere),
    ):
        assert "overlaps" in refusal[2], refusal
    assert "198.51.100.10-198.51.100.19" in refusal[2]
    changed = {"podid": pod, "currentstartip": "192.0.2.10", "currentendip": "192.0.2.19"}
    await admin.result(
        "createManagementNetworkIpRange", podid=pod, startip="192.0.2.30", endip="192.0.2.39", **SUBNET
    )
    assert (
        "overlaps"
        in (await refused(admin, "updatePodManagementNetworkIpRange", newendip="192.0.2.30", **changed))[2]
    )


@pytest.mark.parametrize(
    ("wrong", "about"),
    [
        (OTHER | {"startip": "198.51.100.30"}, "gateway"),
        (SUBNET | {"startip": "198.51.100.30"}, "is not within"),
        (SUBNET | {"startip": "192.0.2.40", "endip": "192.0.2.30"}, "runs backwards"),
        (SUBNET | {"startip": "192.0.2.30", "vlan": "4095"}, "is no VLAN"),
        (SUBNET | {"startip": "x"}, "is no IPv4 address"),
        ({"gateway": "192.0.2.1", "netmask": "24", "startip": "192.0.2.30"}, "netmask"),
    ],
)
async def test_what_is_no_range_of_a_pod(admin: Client, pod: str, wrong: dict[str, str], about: str) -> None:
    status, _, text = await refused(admin, "createManagementNetworkIpRange", podid=pod, **wrong)
    assert (status, about in text) == (431, True), text


async def test_a_range_of_a_storage_network_lives(admin: Client, zone: str, pod: str) -> None:
    made = (
        await admin.result(
            "createStorageNetworkIpRange", podid=pod, startip="198.51.100.10", vlan="60", **OTHER
        )
    )["storagenetworkiprange"]
    assert (made["startip"], made["endip"], made["vlan"], made["zoneid"]) == (
        "198.51.100.10",
        "198.51.100.10",
        60,
        zone,
    )
    changed = await admin.result(
        "updateStorageNetworkIpRange", id=made["id"], endip="198.51.100.20", vlan="61"
    )
    assert (changed["storagenetworkiprange"]["endip"], changed["storagenetworkiprange"]["vlan"]) == (
        "198.51.100.20",
        61,
    )
    for by in ({"podid": pod}, {"zoneid": zone}, {"id": made["id"]}):
        listed = await only(admin, "listStorageNetworkIpRange", "storagenetworkiprange", **by)
        assert listed["id"] == made["id"]
    assert "storage ranges" in (await refused(admin, "deletePod", id=pod))[2]
    await admin.result("deleteStorageNetworkIpRange", id=made["id"])
    assert await admin.result("listStorageNetworkIpRange") == {}
    await admin.result("deletePod", id=pod)


async def test_a_zone_without_storage_traffic_has_no_such_range(admin: Client, zone: str, pod: str) -> None:
    wires = (await only(admin, "listPhysicalNetworks", "physicalnetwork", zoneid=zone))["id"]
    types = (await admin.result("listTrafficTypes", physicalnetworkid=wires))["traffictype"]
    storage = next(each["id"] for each in types if each["traffictype"] == "Storage")
    await admin.result("deleteTrafficType", id=storage)
    answer = await refused(admin, "createStorageNetworkIpRange", podid=pod, startip="198.51.100.10", **OTHER)
    assert "carries Storage traffic" in answer[2]


async def test_a_pod_with_a_gateway_that_is_none_is_refused(admin: Client, zone: str) -> None:
    answer = await refused(admin, "createPod", zoneid=zone, name="p2", gateway="x", netmask="255.255.255.0")
    assert answer[0] == 431
