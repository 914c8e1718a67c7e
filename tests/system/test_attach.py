"""Attaching a device of a host to a NIC: netloom plugs it as a hypervisor would, and takes it off again."""

from __future__ import annotations

import pytest
from tests.system.cloud import Cloud

from netloom.client import calls
from netloom.lab import wait

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


def test_attach_and_detach(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, _right = two_hosts.pair("blue")
    guest = two_hosts.guest(two_hosts.nic("late", "blue"), "h2", plugged=False)
    two_hosts.client.send(calls.attach("late", "h2", guest.port))
    two_hosts.reaches(left, guest)
    assert guest.port in two_hosts.host("h2").vsctl("list-ports", "br-int").split()
    two_hosts.client.send(calls.detach("late"))
    wait.until(
        lambda: guest.port not in two_hosts.host("h2").vsctl("list-ports", "br-int").split(),
        "the port is gone",
    )
    assert left.ping(guest, count=2, patience=0.2).none_answered


def test_a_device_that_is_not_there_stops_only_itself(two_hosts: Cloud) -> None:
    two_hosts.network("blue", "vxlan")
    two_hosts.nic("ghost", "blue")
    two_hosts.client.send(calls.attach("ghost", "h1", "nowhere0"))
    wait.until(
        lambda: (
            "device-unusable"
            in [finding.code for finding in two_hosts.client.send(calls.explain_nic("ghost")).findings]
        ),
        "the finding",
    )
    two_hosts.pair("blue")


def test_a_port_that_the_hypervisor_plugged_already_is_left_to_it(two_hosts: Cloud) -> None:
    two_hosts.network("blue")
    left, right = two_hosts.pair("blue")
    two_hosts.client.send(calls.attach("blue-b", "h2", right.port))
    two_hosts.in_sync()
    two_hosts.reaches(left, right)
    two_hosts.client.send(calls.detach("blue-b"))
    two_hosts.in_sync()
    assert right.port in two_hosts.host("h2").vsctl("list-ports", "br-int").split()
