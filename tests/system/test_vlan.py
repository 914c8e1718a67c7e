"""VLANs between hosts and machines outside: who reaches whom, with which tag on the wire, and what happens to drift.

h1 reaches the LAN by a bridge of the operator's, h2 by the device itself; h3 plays the world outside: an ordinary bridge of
Open vSwitch with machines on access ports, of which netloom knows nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.system.cloud import Cloud, cloud

from netloom.client import calls
from netloom.contract.hosts import HostPatch, UplinkSpec
from netloom.contract.kinds import HOST, PHYSICAL_NETWORK
from netloom.contract.physical_networks import PhysicalNetworkSpec
from netloom.lab import Guest, GuestPlan, wait
from netloom.lab.frames import Filter, arp_request

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(120)]

OUTSIDE = "br-out"


@pytest.fixture(scope="module")
def office() -> Iterator[Cloud]:
    """Two hosts with uplinks to a LAN, and a third that is the world outside."""
    with cloud(3, lan=True) as made:
        made.host("h1").join_lan("br-ex")
        made.host("h3").join_lan(OUTSIDE)
        made.client.send(
            calls.create(
                PHYSICAL_NETWORK,
                PhysicalNetworkSpec(name="office", isolations=("vlan",), segments=("100-199",)),
                key="office",
            )
        )
        ways = {
            "h1": UplinkSpec(physical_network="office", bridge="br-ex"),
            "h2": UplinkSpec(physical_network="office", port="eth1"),
        }
        for name, way in ways.items():
            made.client.send(calls.update(HOST, name, HostPatch(uplinks=(way,))))
        made.in_sync()
        yield made


def outsider(made: Cloud, name: str, address: str, tag: int | None) -> Guest:
    """A machine outside, on an access port of a VLAN, or on one without a tag."""
    guest = made.lab.add_guest(GuestPlan(name, "h3", ipv4=address))
    guest.plug_beside(OUTSIDE, tag=tag)
    return guest


def a_vlan(made: Cloud, name: str, segment: int, cidr: str) -> tuple[Guest, Guest]:
    """Two guests of a VLAN on the two hosts that reach each other."""
    made.network(name, "vlan", cidr, physical_network="office", segment=segment)
    return made.pair(name)


def reaches_nobody(source: Guest, target: Guest) -> None:
    """A machine asks for another by ARP and is not heard; what it asks next, of somebody who hears, is answered later."""
    frame = arp_request(source.mac, str(source.ipv4), str(target.ipv4))
    with target.sniff(Filter(source=source.mac)) as sniffer:
        source.send(frame, frame, frame)
        assert not source.ping(target, count=2, patience=0.3).received
    assert not sniffer.frames


def test_guests_and_machines_outside_share_a_vlan(office: Cloud) -> None:
    left, right = a_vlan(office, "v101", 101, "10.101.0.0/24")
    near = outsider(office, "near", "10.101.0.201/24", 101)
    far = outsider(office, "far", "10.101.0.202/24", 102)
    office.reaches(left, near)
    with office.lab.sniff_lan("h1", Filter(source_ip=str(left.ipv4))) as wire:
        for source, target in ((left, right), (left, near), (near, left), (right, near), (near, right)):
            assert source.ping(target, count=3, interval=0.02).all_answered
    assert {frame.vlan for frame in wire.frames} == {101}
    for guest in (left, right):
        reaches_nobody(far, guest)
        reaches_nobody(guest, far)


def test_two_vlans_with_the_same_addresses_are_strangers(office: Cloud) -> None:
    left, right = a_vlan(office, "v110", 110, "10.110.0.0/24")
    office.network("v111", "vlan", "10.110.0.0/24", physical_network="office", segment=111)
    twin = office.guest(office.nic("twin", "v111", ipv4=str(right.ipv4)), "h2")
    machine = outsider(office, "of-111", "10.110.0.250/24", 111)
    office.reaches(machine, twin)
    mark = Filter(source=left.mac, icmp_type=8)
    with twin.sniff(mark) as others, machine.sniff(mark) as outside, right.sniff(mark) as own:
        assert left.ping(right, count=5, interval=0.02).all_answered
        own.wait(5)
    assert (len(others.frames), len(outside.frames)) == (0, 0)


def test_an_untagged_network_meets_machines_without_tags(office: Cloud) -> None:
    left, right = a_vlan(office, "flat", 0, "10.120.0.0/24")
    machine = outsider(office, "plain", "10.120.0.200/24", None)
    office.reaches(machine, right)
    with office.lab.sniff_lan("h2", Filter(source_ip=str(right.ipv4))) as wire:
        assert right.ping(machine, count=3, interval=0.02).all_answered
        assert right.ping(left, count=3, interval=0.02).all_answered
        wire.wait(6)
    assert {frame.vlan for frame in wire.frames} == {None}


def test_a_broadcast_goes_out_once_and_comes_back_to_nobody(office: Cloud) -> None:
    left, right = a_vlan(office, "v130", 130, "10.130.0.0/24")
    beside = office.guest(office.nic("beside", "v130"), "h1")
    machine = outsider(office, "hears", "10.130.0.200/24", 130)
    office.reaches(machine, beside)
    question = arp_request(left.mac, str(left.ipv4), "10.130.0.77")
    asked = Filter(source=left.mac, arp_operation=1, target_ip="10.130.0.77")
    with (
        left.sniff(Filter(source=left.mac, arp_operation=1)) as own,
        beside.sniff(asked) as near,
        right.sniff(asked) as far,
        machine.sniff(asked) as outside,
        office.lab.sniff_lan("h1", asked) as wire,
    ):
        left.send(question)
        for sniffer in (near, far, outside, wire):
            sniffer.wait(1)
    assert [len(sniffer.frames) for sniffer in (near, far, outside, wire)] == [1, 1, 1, 1]
    assert all(frame.outgoing for frame in own.frames)


def test_an_uplink_that_somebody_took_away_comes_back(office: Cloud) -> None:
    left, right = a_vlan(office, "v140", 140, "10.140.0.0/24")
    machine = outsider(office, "waits", "10.140.0.200/24", 140)
    office.reaches(left, machine)
    host = office.host("h1")
    before = host.flows()
    host.vsctl("del-port", "br-ex-to-br-int")
    host.delete_flows()
    office.reaches(left, machine, seconds=30)
    office.reaches(right, left)
    wait.until(lambda: host.flows() == before, "the flows are what they were", seconds=20)


def test_a_guest_that_moves_is_found_where_it_is(office: Cloud) -> None:
    left, right = a_vlan(office, "v150", 150, "10.150.0.0/24")
    machine = outsider(office, "caller", "10.150.0.200/24", 150)
    office.reaches(machine, left)
    left.migrate(office.host("h2"))
    office.reaches(right, left)
    # A switch outside learns where it is from its first frame, as with any machine that was carried to another socket.
    office.reaches(left, machine)
    office.reaches(machine, left)
