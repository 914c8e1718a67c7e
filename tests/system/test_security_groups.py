"""Security groups between guests of a lab: a port for one group and nothing else, in both families, across hosts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.system.cloud import Cloud, cloud
from tests.system.cloudstack import CloudStack, Refused, cloudstack
from tests.system.test_instances import deploy, guest

from netloom.client import calls
from netloom.contract.hosts import HostPatch, UplinkSpec
from netloom.contract.kinds import HOST
from netloom.lab import Guest, GuestPlan, wait

pytestmark = [pytest.mark.lab, pytest.mark.timeout(240)]

SERVE = """
import socket, sys
server = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""
CONNECT = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()"


@contextlib.contextmanager
def listening(on: Guest, port: int) -> Iterator[None]:
    """A TCP server in a guest."""
    with on.popen([sys.executable, "-c", SERVE, str(port)]) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().strip() in {"ready", b"ready"}
            yield
        finally:
            server.kill()


def opens(source: Guest, address: str, port: int, patience: float = 0.4) -> bool:
    """Whether a TCP connection can be had."""
    command = [sys.executable, "-c", CONNECT, address, str(port), str(patience)]
    return source.exec(command, check=False).returncode == 0


@pytest.fixture(scope="module")
def office() -> Iterator[tuple[Cloud, CloudStack, dict[str, Any]]]:
    """Two hosts and a shared network with security groups on a VLAN."""
    with cloud(2, instances=True, lan=True) as made, cloudstack(made) as api:
        (zone,) = api.all("listZones", "zone")
        wires = api.call(
            "createPhysicalNetwork", zoneid=zone["id"], name="office", isolationmethods="VLAN", vlan="100-199"
        )["physicalnetwork"]
        api.call("addTrafficType", physicalnetworkid=wires["id"], traffictype="Guest")
        api.call("updatePhysicalNetwork", id=wires["id"], state="Enabled")
        enable_provider(api, wires["id"])
        for host in made.lab.hosts.values():
            host.join_lan("br-ex")
            way = UplinkSpec(physical_network="office", bridge="br-ex")
            made.client.send(calls.update(HOST, host.name, HostPatch(uplinks=(way,))))
        made.in_sync()
        offering = api.call(
            "createNetworkOffering",
            **{
                "name": "flat with security groups",
                "displaytext": "flat with security groups",
                "guestiptype": "Shared",
                "traffictype": "GUEST",
                "specifyvlan": "true",
                "specifyipranges": "true",
                "supportedservices": "SecurityGroup",
                "serviceproviderlist[0].service": "SecurityGroup",
                "serviceproviderlist[0].provider": "SecurityGroupProvider",
            },
        )["networkoffering"]
        api.call("updateNetworkOffering", id=offering["id"], state="Enabled")
        flat = api.call(
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
            ip6gateway="fd00:100::1",
            ip6cidr="fd00:100::/64",
        )["network"]
        yield made, api, flat


def enable_provider(api: CloudStack, wires: str) -> None:
    """Have security groups on a physical network."""
    name = "SecurityGroupProvider"
    there = api.all(
        "listNetworkServiceProviders", "networkserviceprovider", physicalnetworkid=wires, name=name
    )
    if not there:
        there = [
            api.call("addNetworkServiceProvider", physicalnetworkid=wires, name=name)[
                "networkserviceprovider"
            ]
        ]
    if there[0]["state"] != "Enabled":
        api.call("updateNetworkServiceProvider", id=there[0]["id"], state="Enabled")


def settled(made: Cloud) -> None:
    """Wait until switches hold what was asked for last."""
    made.in_sync()


def test_a_port_is_open_to_a_group_and_to_nobody_else(
    office: tuple[Cloud, CloudStack, dict[str, Any]],
) -> None:
    made, api, flat = office
    web_group = api.call("createSecurityGroup", name="web")["securitygroup"]
    db_group = api.call("createSecurityGroup", name="db")["securitygroup"]
    api.call(
        "authorizeSecurityGroupIngress",
        **{
            "securitygroupid": db_group["id"],
            "protocol": "tcp",
            "startport": 22,
            "endport": 22,
            "usersecuritygrouplist[0].account": "admin",
            "usersecuritygrouplist[0].group": "web",
        },
    )
    web = deploy(api, "web", flat, securitygroupids=web_group["id"])
    db = deploy(api, "db", flat, securitygroupids=db_group["id"])
    other = deploy(api, "other", flat)
    assert [group["name"] for group in other["securitygroup"]] == ["default"]
    assert {web["hostname"], db["hostname"]} == {"h1", "h2"}
    inside, store, stranger = (guest(made, each) for each in (web, db, other))
    printer = made.lab.add_guest(GuestPlan("printer", "h1", ipv4="10.100.0.5/24", ipv6="fd00:100::5/64"))
    printer.plug_beside("br-ex", tag=100)
    settled(made)
    addresses = [str(store.ipv4), str(store.ipv6)]
    assert "None" not in addresses

    with listening(store, 22), listening(store, 23), listening(inside, 22):
        for address in addresses:
            assert opens(inside, address, 22, 5.0), address
            assert not opens(inside, address, 23), address
            assert not opens(stranger, address, 22), address
            assert not opens(printer, address, 22), address
        # ARP and neighbour discovery go on, ping does not; what a guest begins itself is answered.
        assert stranger.arping(store.ipv4 or "", count=1) == [store.mac]
        assert not inside.ping(store, count=1, patience=0.3).received
        assert not inside.ping6(store, count=1, patience=0.3).received
        assert not opens(store, str(inside.ipv4), 22), "nothing comes in to the group that has no rules"
        assert store.ping(printer, count=2, patience=2.0).all_answered
        assert store.ping6(printer, count=2, patience=2.0).all_answered

        # More is allowed, and taken back: switches follow without anything else being touched.
        ping = api.call(
            "authorizeSecurityGroupIngress",
            securitygroupid=db_group["id"],
            protocol="icmp",
            icmptype=-1,
            icmpcode=-1,
            cidrlist="10.100.0.0/24,fd00:100::/64",
        )["securitygroup"]
        settled(made)
        wait.until(lambda: stranger.ping(store, count=1, patience=0.3).all_answered, "ping is allowed")
        assert stranger.ping6(store, count=1, patience=2.0).all_answered
        for rule in ping["ingressrule"]:
            api.call("revokeSecurityGroupIngress", id=rule["ruleid"])
        settled(made)
        wait.until(lambda: not inside.ping(store, count=1, patience=0.2).received, "ping is taken back")

        # A rule outwards closes what no rule allows outwards.
        api.call(
            "authorizeSecurityGroupEgress",
            securitygroupid=web_group["id"],
            protocol="tcp",
            startport=23,
            endport=23,
            cidrlist="0.0.0.0/0",
        )
        settled(made)
        wait.until(lambda: not opens(inside, addresses[0], 22, 0.2), "outwards is closed")

        # Filters go with their instance: the port is where it went, and nothing is left where it was.
        target = next(host for host in api.all("listHosts", "host") if host["name"] != other["hostname"])
        moved = api.call("migrateVirtualMachine", virtualmachineid=other["id"], hostid=target["id"])
        assert moved["virtualmachine"]["securitygroup"][0]["name"] == "default"
        settled(made)
        assert not opens(inside, str(stranger.ipv4), 23, 0.2)
        assert stranger.ping(printer, count=1, patience=2.0).all_answered

        # Killed and started again, netloomd changes nothing.
        flows = made.flows()
        made.netloomd.kill()
        made.netloomd.start()
        made.in_sync()
        assert made.flows() == flows
    with pytest.raises(Refused, match="db"):
        api.call("deleteSecurityGroup", id=db_group["id"])
    for instance in (web, db, other):
        api.call("destroyVirtualMachine", id=instance["id"], expunge="true")
    api.call("deleteSecurityGroup", id=db_group["id"])
