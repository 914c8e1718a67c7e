"""Instances on real switches: guests of a lab that netloomd makes, runs, moves and removes as it is asked to."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest
from tests.system.cloud import Cloud, cloud, pings_go_by, settings
from tests.system.cloudstack import CloudStack, Refused, cloudstack

from netloom.lab import Guest, GuestPlan, Host, wait
from netloom.lab.daemons import OVSDB, VSWITCHD

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

ISOLATED = "DefaultOvsIsolatedNetworkOffering"


@pytest.fixture
def running() -> Iterator[tuple[Cloud, CloudStack]]:
    with (
        cloud(2, settings(lifecycle={"instance_interval": 1.0}), instances=True) as made,
        cloudstack(made) as api,
    ):
        yield made, api


def a_network(api: CloudStack, name: str, **more: object) -> dict[str, Any]:
    (zone,) = api.all("listZones", "zone")
    (offering,) = api.all("listNetworkOfferings", "networkoffering", name=ISOLATED)
    made = api.call("createNetwork", zoneid=zone["id"], networkofferingid=offering["id"], name=name, **more)
    network: dict[str, Any] = made["network"]
    return network


def deploy(api: CloudStack, name: str, *networks: dict[str, Any], **more: object) -> dict[str, Any]:
    (zone,) = api.all("listZones", "zone")
    (template,) = api.all("listTemplates", "template", templatefilter="featured")
    size = api.all("listServiceOfferings", "serviceoffering", name="Small Instance")[0]
    made = api.call(
        "deployVirtualMachine",
        zoneid=zone["id"],
        templateid=template["id"],
        serviceofferingid=size["id"],
        networkids=",".join(network["id"] for network in networks),
        name=name,
        **more,
    )
    instance: dict[str, Any] = made["virtualmachine"]
    return instance


def guest(running: Cloud, instance: dict[str, Any], number: int = 0) -> Guest:
    return running.lab.guest(f"{instance['instancename']}+{number}")


@pytest.mark.alone
def test_instances_are_guests_that_reach_each_other_and_go_without_a_trace(
    running: tuple[Cloud, CloudStack],
) -> None:
    made, api = running
    network = a_network(api, "web")
    assert network["state"] == "Allocated"
    left, right = deploy(api, "web0", network), deploy(api, "web1", network)
    assert {left["hostname"], right["hostname"]} == {"h1", "h2"}
    assert left["nic"][0]["ipaddress"] == str(guest(made, left).ipv4)
    assert left["nic"][0]["macaddress"] == guest(made, left).mac
    made.reaches(guest(made, left), guest(made, right))
    (shown,) = api.all("listNetworks", "network", id=network["id"])
    assert shown["state"] == "Implemented"

    # Migration: the address stays, and so does who is reached. The guest's standstill may cost packets, and Open vSwitch's
    # userspace datapath drops one now and then while a port is added.
    target = next(host for host in api.all("listHosts", "host") if host["name"] == right["hostname"])
    with guest(made, right).flood(guest(made, left), interval=0.005) as flood:
        pings_go_by(guest(made, left), 20)
        moved = api.call("migrateVirtualMachine", virtualmachineid=left["id"], hostid=target["id"])[
            "virtualmachine"
        ]
        pings_go_by(guest(made, left), 100)
        result = flood.stop()
    assert result.sent > 100
    assert result.lost <= 4, result.missing
    assert (moved["hostname"], moved["ipaddress"]) == (right["hostname"], left["ipaddress"])
    assert guest(made, left).host.name == right["hostname"]
    made.reaches(guest(made, right), guest(made, left))

    # A stop takes the guest and its flows; a start brings the same address back.
    mac = left["nic"][0]["macaddress"]
    api.call("stopVirtualMachine", id=left["id"])
    assert f"{left['instancename']}+0" not in made.lab.guests
    made.in_sync()
    wait.until(lambda: not flows_with(made, left), "no flow speaks of it")
    again = api.call("startVirtualMachine", id=left["id"])["virtualmachine"]
    assert (again["ipaddress"], again["nic"][0]["macaddress"]) == (left["ipaddress"], mac)
    made.reaches(guest(made, right), guest(made, left))

    for instance in (left, right):
        api.call("destroyVirtualMachine", id=instance["id"], expunge="true")
    assert made.lab.guests == {}
    assert api.all("listVirtualMachines", "virtualmachine") == []
    made.in_sync()
    for instance in (left, right):
        wait.until(lambda gone=instance: not flows_with(made, gone), "no flow is left")


def flows_with(made: Cloud, instance: dict[str, Any]) -> list[str]:
    """Flows that speak of an instance's address."""
    address = ipaddress.ip_address(instance["ipaddress"])
    words = (str(address), f"{int(address):#x}")
    return [flow for flows in made.flows().values() for flow in flows if any(word in flow for word in words)]


def test_interfaces_come_and_go_while_the_instance_runs(running: tuple[Cloud, CloudStack]) -> None:
    made, api = running
    front = a_network(api, "front")
    back = a_network(api, "back", gateway="10.2.2.1", netmask="255.255.255.0")
    web, db = deploy(api, "web", front), deploy(api, "db", back)
    both = api.call("addNicToVirtualMachine", virtualmachineid=web["id"], networkid=back["id"])[
        "virtualmachine"
    ]
    second = next(nic for nic in both["nic"] if nic["networkid"] == back["id"])
    inner = guest(made, web, 1)
    made.reaches(inner, guest(made, db))
    api.call("removeNicFromVirtualMachine", virtualmachineid=web["id"], nicid=second["id"])
    assert f"{web['instancename']}+1" not in made.lab.guests
    with pytest.raises(Refused, match="default"):
        api.call("removeNicFromVirtualMachine", virtualmachineid=web["id"], nicid=web["nic"][0]["id"])


def test_a_secondary_address_is_reached_and_may_be_used_until_it_is_taken_back(
    running: tuple[Cloud, CloudStack],
) -> None:
    made, api = running
    network = a_network(api, "web")
    left, right = deploy(api, "web0", network), deploy(api, "web1", network)
    added = api.call("addIpToNic", nicid=left["nic"][0]["id"])["nicsecondaryip"]
    address, here, there = added["ipaddress"], guest(made, left), guest(made, right)
    wait.until(lambda: there.ping(address, count=1, patience=0.3).all_answered, "it is reached")
    assert (
        here.exec(["ping", "-c", "1", "-W", "2", "-I", address, str(there.ipv4)], check=False).returncode == 0
    )
    assert there.arping(address, count=1) == [here.mac]
    # Taken back it is nobody's, even if the guest keeps it.
    api.call("removeIpFromNic", id=added["id"])
    here.exec(["ip", "addr", "add", f"{address}/24", "dev", here.device])
    wait.until(lambda: there.ping(address, count=1, patience=0.2).none_answered, "it is not reached any more")


def test_netloomd_killed_and_started_knows_its_instances(running: tuple[Cloud, CloudStack]) -> None:
    made, api = running
    network = a_network(api, "web")
    left, right = deploy(api, "web0", network), deploy(api, "web1", network)
    made.netloomd.kill()
    made.netloomd.start()
    made.in_sync()
    made.reaches(guest(made, left), guest(made, right))
    with cloudstack(made) as again:
        assert {each["state"] for each in again.all("listVirtualMachines", "virtualmachine")} == {"Running"}
        again.call("destroyVirtualMachine", id=left["id"], expunge="true")
    assert f"{left['instancename']}+0" not in made.lab.guests


def test_ports_that_a_host_which_died_under_a_migration_kept_go_when_it_is_back(
    running: tuple[Cloud, CloudStack],
) -> None:
    made, api = running
    web = deploy(api, "web0", a_network(api, "web"))
    source = made.lab.host(web["hostname"])
    target = next(host for host in made.lab.hosts.values() if host.name != source.name)
    target.pause(VSWITCHD)  # it has the port in its database, and gives it no number
    job = api.begin(
        "migrateVirtualMachine",
        virtualmachineid=web["id"],
        hostid=next(host for host in api.all("listHosts", "host") if host["name"] == target.name)["id"],
    )
    wait.until(lambda: identities(target), "the target has the port")
    for daemon in (VSWITCHD, OVSDB):
        target.kill(daemon)
    with pytest.raises(Refused):
        api.ended(job)
    (now,) = api.all("listVirtualMachines", "virtualmachine")
    assert (now["state"], now["hostname"]) == ("Running", source.name)
    wait.until(lambda: not api.all("listAsyncJobs", "asyncjobs"), "nobody tries to clear up any more")
    for daemon in (OVSDB, VSWITCHD):
        target.start(daemon)
    assert identities(target) == identities(source), "it kept the port"
    wait.until(lambda: not identities(target), "the port is gone", seconds=60)
    wait.until(lambda: told(api), "it is told")  # with the end of the job that took it away
    assert told(api) == ["interfaces of instance web0 that a migration left behind are gone"]
    assert identities(source)
    made.in_sync()


def told(api: CloudStack) -> list[str]:
    """What owners were told of instances that were not as their records said."""
    return [event["description"] for event in api.all("listEvents", "event", type="VM.STATE.SEEN")]


def identities(host: Host) -> list[str]:
    """Whose ports are on a host's switch."""
    found = host.vsctl("--bare", "--columns=external_ids", "list", "interface").split()
    return sorted(word for word in found if word.startswith("iface-id="))


def test_a_machine_that_was_there_before_is_taken_over(running: tuple[Cloud, CloudStack]) -> None:
    made, api = running
    network = a_network(api, "web")
    web = deploy(api, "web0", network)
    old = made.lab.add_guest(GuestPlan(name="old", host="h2", mac="02:00:00:00:00:42", ipv4="10.1.1.9/24"))
    (zone,) = api.all("listZones", "zone")
    pod = api.call("createPod", name="p", zoneid=zone["id"], gateway="192.0.2.1", netmask="255.255.255.0",
                   startip="192.0.2.10", endip="192.0.2.20")["pod"]  # fmt: skip
    (cluster,) = api.call("addCluster", clustername="c", clustertype="CloudManaged", hypervisor="Simulator",
                          podid=pod["id"], zoneid=zone["id"])["cluster"]  # fmt: skip
    api.call("addHost", url="h2", zoneid=zone["id"], podid=pod["id"], clusterid=cluster["id"],
             hypervisor="Simulator", username="", password="")  # fmt: skip
    (stray,) = api.all("listUnmanagedInstances", "unmanagedinstance", clusterid=cluster["id"])
    assert (stray["name"], stray["nic"][0]["macaddress"]) == ("old", old.mac)
    taken = api.call(
        "importUnmanagedInstance",
        **{"nicnetworklist[0].nic": old.mac, "nicnetworklist[0].network": network["id"]},
        clusterid=cluster["id"],
        name="old",
        serviceofferingid=web["serviceofferingid"],
    )["virtualmachine"]
    assert (taken["state"], taken["ipaddress"], taken["hostname"]) == ("Running", "10.1.1.9", "h2")
    made.reaches(guest(made, web), old)
