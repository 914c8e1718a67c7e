"""A flat network for everybody, on a VLAN of the office: instances of several accounts beside machines of others."""

from __future__ import annotations

from typing import Any

import pytest
from tests.system.cloud import cloud
from tests.system.cloudstack import CloudStack, cloudstack
from tests.system.test_instances import deploy, guest

from netloom.client import calls
from netloom.contract.hosts import HostPatch, UplinkSpec
from netloom.contract.kinds import HOST
from netloom.lab import GuestPlan
from netloom.lab.frames import Filter

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(180)]


def test_instances_of_two_accounts_and_an_old_machine_share_a_vlan() -> None:
    with cloud(2, instances=True, lan=True) as made, cloudstack(made) as api:
        (zone,) = api.all("listZones", "zone")
        wires = api.call(
            "createPhysicalNetwork", zoneid=zone["id"], name="office", isolationmethods="VLAN", vlan="100-199"
        )["physicalnetwork"]
        api.call("addTrafficType", physicalnetworkid=wires["id"], traffictype="Guest")
        api.call("updatePhysicalNetwork", id=wires["id"], state="Enabled")
        for host in made.lab.hosts.values():
            host.join_lan("br-ex")
            way = UplinkSpec(physical_network="office", bridge="br-ex")
            made.client.send(calls.update(HOST, host.name, HostPatch(uplinks=(way,))))
        made.in_sync()
        printer = made.lab.add_guest(GuestPlan("printer", "h1", ipv4="10.100.0.5/24"))
        printer.plug_beside("br-ex", tag=100)
        stranger = made.lab.add_guest(GuestPlan("stranger", "h2", ipv4="10.100.0.6/24"))
        stranger.plug_beside("br-ex", tag=101)

        (offering,) = api.all("listNetworkOfferings", "networkoffering", name="QuickCloudNoServices")
        flat: dict[str, Any] = api.call(
            "createNetwork",
            zoneid=zone["id"],
            networkofferingid=offering["id"],
            physicalnetworkid=wires["id"],
            name="flat",
            vlan="100",
            gateway="10.100.0.1",
            netmask="255.255.255.0",
            startip="10.100.0.100",
            endip="10.100.0.199",
        )["network"]
        assert (flat["type"], flat["vlan"], flat["state"]) == ("Shared", "100", "Setup")
        api.call(
            "createAccount",
            username="dora",
            password="dora says friend",
            firstname="Dora",
            lastname="Tenant",
            email="dora@example.org",
            accounttype=0,
        )
        mine = deploy(api, "mine", flat)
        hers = deploy(api, "hers", flat, account="dora", domainid=root_domain(api))
        assert [each["nic"][0]["ipaddress"] for each in (mine, hers)] == ["10.100.0.100", "10.100.0.101"]
        assert {mine["hostname"], hers["hostname"]} == {"h1", "h2"}

        left, right = guest(made, mine), guest(made, hers)
        made.reaches(left, right)
        made.reaches(left, printer)
        made.reaches(printer, right)
        mark = Filter(source=left.mac)
        with (
            stranger.sniff(mark) as unheard,
            made.lab.sniff_lan(mine["hostname"], mark) as wire,
        ):
            assert left.ping(right, count=3, interval=0.02).all_answered
            assert not left.ping(stranger, count=1, patience=0.3).received
        assert not unheard.frames
        assert {frame.vlan for frame in wire.frames} == {100}


def root_domain(api: CloudStack) -> str:
    """The id of the root domain."""
    found: str = api.all("listDomains", "domain", name="ROOT")[0]["id"]
    return found
