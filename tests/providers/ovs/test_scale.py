"""What a change may touch, and what a switch may hold: counted, not timed."""

from __future__ import annotations

import ipaddress

from tests.providers.ovs.clouds import CIDR4, Cloud, host_id, mac_of, network, nic

from netloom.plan.switch import FragmentChange
from netloom.wire.openflow.actions import encode_instructions


def tunnel_ip(number: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address("172.16.0.0") + number


def ipv4_nic(number: int, of: int = 1) -> object:
    return nic(number, of, ipv4=CIDR4[number], ipv6=None)


def test_flows_of_a_host_grow_with_the_networks_on_it_not_with_the_cloud() -> None:
    cloud = Cloud()
    for number in (1, 2, 3):
        cloud.add_host(number)
    cloud.put(*(network(number, cidr6=None) for number in range(1, 31)))
    cloud.put(ipv4_nic(1), ipv4_nic(2))
    cloud.plug(1, on=1)
    cloud.plug(2, on=2)
    small = len(cloud.flows(1))
    for number in range(3, 31):  # 28 networks more, on the other hosts only
        cloud.put(ipv4_nic(number, number))
        cloud.plug(number, on=2 + number % 2)
    assert len(cloud.flows(1)) == small
    cloud.put(ipv4_nic(31))
    cloud.plug(31, on=3)  # one more of this network, elsewhere
    assert len(cloud.flows(1)) == small + 2  # its unicast flow and its ARP answer
    cloud.check()


def test_ports_of_a_host_do_not_grow_with_hosts() -> None:
    cloud = Cloud()
    for number in range(1, 40):
        cloud.add_host(number)
        cloud.put(network(1), nic(number))
        cloud.plug(number, on=number)
    assert set(cloud.desired(1).ports) == {"nl-vxlan0"}


def test_a_tunnel_port_is_there_while_a_network_of_its_encapsulation_is() -> None:
    cloud = Cloud()
    cloud.add_host(1)
    cloud.put(network(1), nic(1))
    assert cloud.desired(1).ports == {}
    cloud.plug(1, on=1)
    assert cloud.desired(1).ports["nl-vxlan0"].options == {
        "key": "flow", "remote_ip": "flow", "local_ip": str(cloud.view.hosts[host_id(1)].tunnel_ip),
    }  # fmt: skip
    cloud.unplug(1, on=1)
    assert cloud.desired(1).ports == {}


def populated(hosts: int) -> Cloud:
    """One network with a NIC on every host, and a second network that only hosts 1 and 2 have."""
    cloud = Cloud()
    cloud.put(network(1, cidr6=None), network(2, cidr6=None))
    with cloud.together():
        for number in range(1, hosts + 1):
            cloud.add_host(number, tunnel_ip=tunnel_ip(number))
            cloud.put(ipv4_nic(number))
            cloud.plug(number, on=number)
    for number in (1, 2):
        cloud.put(ipv4_nic(10_000 + number, 2))
        cloud.plug(10_000 + number, on=number)
    return cloud


def test_a_nic_changes_only_the_flows_that_it_causes() -> None:
    cloud = populated(10)
    cloud.put(ipv4_nic(5000))
    assert cloud.changed_flows() == {}  # nowhere yet
    cloud.plug(5000, on=1)
    changed = cloud.changed_flows()
    # Elsewhere: unicast to it, the ARP answer for it.
    assert {changed[number] for number in range(2, 11)} == {(2, 0)}
    # Its host: the same, in and out by its port, 9 of its guard, and a chunk of copies of its own (port number 5000).
    assert changed[1] == (2 + 2 + 9 + 2, 0)
    caused = {ref.number for change in cloud.changes[host_id(2)].fragments.values() for ref in why(change)}
    assert caused == {5000, 1}
    cloud.unplug(5000, on=1)
    changed = cloud.changed_flows()
    assert {changed[number] for number in range(2, 11)} == {(0, 2)}
    assert changed[1] == (1, 2 + 2 + 9 + 1)  # the list of chunks is put without the one that goes
    cloud.check()


def why(change: FragmentChange) -> tuple[object, ...]:
    known = change.after or change.before
    assert known is not None
    return known.why


def test_new_addresses_of_a_nic_replace_its_own_flows_only() -> None:
    cloud = populated(5)
    cloud.put(nic(2, ipv4=CIDR4[777], ipv6=None))
    changed = cloud.changed_flows()
    assert {changed[number] for number in (1, 3, 4, 5)} == {(1, 1)}  # the ARP answer
    assert changed[2] == (1 + 4, 1 + 4)  # and its guard: ARP, probe, IPv4, its own question


def test_host_501_changes_one_list_entry_and_the_flows_of_its_nics() -> None:
    cloud = populated(500)
    cloud.add_host(501, tunnel_ip=tunnel_ip(501))
    assert set(cloud.changed_flows()) <= {501}
    cloud.put(ipv4_nic(501))
    cloud.plug(501, on=501)
    changed = cloud.changed_flows()
    # One entry of the broadcast list is put anew; unicast and ARP answer of the one NIC.
    assert {changed[number] for number in range(1, 501)} == {(3, 0)}
    assert all(cloud.changes[host_id(number)].ports is None for number in range(1, 501))
    first, second = (cloud.changes[host_id(number)].fragments for number in (1, 2))
    assert [change.after for change in first.values()] == [change.after for change in second.values()]
    assert all(mine.after is yours.after for mine, yours in zip(first.values(), second.values(), strict=True))


def test_what_hosts_share_is_one_object() -> None:
    cloud = populated(20)
    shared = [
        {fragment.key: fragment for fragment in cloud.desired(number).fragments.each()} for number in (1, 2)
    ]
    kinds = {"network", "segment", "peer", "answer", "spread", "copy-remote"}
    for key, fragment in shared[0].items():
        if key.kind in kinds and key.number not in {2, 10_001, 10_002}:
            assert shared[1][key] is fragment


def test_no_flow_message_comes_near_its_limit() -> None:
    cloud = Cloud()
    cloud.put(network(1, cidr6=None))
    with cloud.together():
        for number in range(1, 600):
            cloud.add_host(number, tunnel_ip=ipaddress.IPv6Address("2001:db8::") + number)
            cloud.put(ipv4_nic(number))
            cloud.plug(number, on=number)
    longest = max(len(encode_instructions(flow.actions, 6)) for flow in cloud.flows(1))
    assert longest < 32 * 1024


def test_two_nics_with_one_mac_are_told_apart_and_one_gets_the_packets() -> None:
    cloud = populated(3)
    cloud.put(nic(9, mac=mac_of(1), ipv4=CIDR4[9], ipv6=None))
    cloud.plug(9, on=3)
    assert cloud.changed_flows()[1] == (1, 0)  # its ARP answer; unicast to the MAC stays with the first
    (finding,) = [f for f in cloud.planner.findings() if f.code == "duplicate-mac"]
    assert (finding.subject.number, finding.others[0].number) == (9, 1)
    cloud.check()
