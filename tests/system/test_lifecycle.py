"""The life of networks and NICs, and what it costs on the hosts at each step."""

from __future__ import annotations

import pytest
from tests.system.cloud import Cloud, cloud, settings

from netloom.client import calls
from netloom.contract.changes import Change
from netloom.contract.kinds import NETWORK, NIC
from netloom.lab import wait

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


def states_of(made: Cloud, network: str) -> str:
    """A network's state."""
    return made.client.send(calls.get(NETWORK, network)).state


def test_a_network_costs_nothing_until_a_nic_is_on_a_host_and_again_when_the_last_went() -> None:
    with cloud(3, settings(lifecycle={"shutdown_wait": 1.0})) as made:
        bare = made.flows()
        ports = {name: host.vsctl("list-ports", "br-int") for name, host in made.lab.hosts.items()}
        network = made.network("blue", "vxlan")
        assert network.state == "Allocated"
        nic = made.nic("a", "blue")
        made.in_sync()
        assert nic.state == "Allocated"
        assert states_of(made, "blue") == "Allocated"
        assert made.flows() == bare, "a network that nobody uses costs flows"
        assert {name: host.vsctl("list-ports", "br-int") for name, host in made.lab.hosts.items()} == ports
        revision = made.netloomd.system().revision
        guest = made.guest(nic, "h1")
        made.network_becomes("Implemented", "blue")
        wait.until(lambda: made.client.send(calls.get(NIC, "a")).state == "Reserved", "the NIC is reserved")
        other = made.guest(made.nic("b", "blue"), "h2")
        made.reaches(guest, other)
        made.in_sync()
        assert made.host("h3").flows() == bare["h3"], "a host without NICs of the network has flows of it"
        assert len(made.host("h1").flows()) > len(bare["h1"])
        guest.unplug()
        other.unplug()
        made.network_becomes("Allocated", "blue")
        made.in_sync()
        assert made.flows() == bare, "a network that was shut down left flows"
        assert {
            name: len(host.vsctl("list-ports", "br-int").split()) for name, host in made.lab.hosts.items()
        } == {name: len(before.split()) for name, before in ports.items()}
        told = [
            change.action
            for change in changes_since(made, revision)
            if change.kind == "Network" and change.name == "blue"
        ]
        assert told.count("state") >= 2, "there and back again, with what was between perhaps folded into one"


def changes_since(made: Cloud, revision: int) -> list[Change]:
    """What a watcher is told up to now."""
    found: list[Change] = []
    now = made.netloomd.system().revision
    for item in made.client.watch(revision):
        if isinstance(item, Change):
            found.append(item)
        if item.revision >= now:
            return found
    return found


def test_the_states_of_a_network_survive_a_restart(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, right = two_hosts.pair("blue")
    two_hosts.network_becomes("Implemented", "blue")
    two_hosts.netloomd.kill()
    two_hosts.netloomd.start()
    assert states_of(two_hosts, "blue") == "Implemented"
    two_hosts.netloomd.kill()
    left.unplug()
    right.unplug()
    two_hosts.netloomd.start()
    two_hosts.network_becomes("Allocated", "blue")


def test_a_nic_is_deleted_while_it_is_plugged(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, right = two_hosts.pair("blue")
    two_hosts.client.send(calls.delete(NIC, "blue-b"))
    two_hosts.in_sync()
    assert left.ping(right, count=2, patience=0.2).none_answered
    assert not any(right.mac in flow for flow in two_hosts.host("h1").flows())
    assert right.port in two_hosts.host("h2").vsctl("list-ports", "br-int"), (
        "the hypervisor's port was taken away"
    )
