"""What a person is told when something cannot work, and that it goes away with its cause."""

from __future__ import annotations

import ipaddress

from tests.providers.ovs.clouds import (
    UPLINK,
    Cloud,
    host,
    host_id,
    mac_of,
    network,
    network_id,
    nic,
    nic_id,
    vlan,
)

from netloom.base.ids import Uuid
from netloom.plan.findings import PlanFinding
from netloom.plan.view import PlainPort, PortSeen


def cloud() -> Cloud:
    made = Cloud()
    for number in (1, 2):
        made.add_host(number)
    made.put(network(1), nic(1), nic(2))
    made.plug(1, on=1)
    made.plug(2, on=2)
    assert made.planner.findings() == ()
    return made


def only(made: Cloud, about: Uuid | None = None) -> PlanFinding:
    made.check()
    (finding,) = made.planner.findings(about)
    return finding


def test_an_underlay_that_is_too_small_for_what_the_network_insists_on() -> None:
    made = cloud()
    made.put(network(1, mtu=1500))
    finding = only(made, network_id(1))
    assert finding.code == "underlay-mtu-too-small"
    assert finding.message == "MTU 1500 does not fit: the underlay of host1 (1500) carries 1450"
    assert finding.hint == "set the network's MTU to 1450, or the underlay's to 1550"
    made.put(host(1, underlay_mtu=1550), host(2, underlay_mtu=1550))
    assert made.planner.findings() == ()


def test_an_mtu_below_what_ipv6_needs() -> None:
    made = cloud()
    made.put(host(2, underlay_mtu=1320))
    assert only(made).code == "mtu-below-ipv6"
    made.put(network(1, cidr6=None))
    assert made.planner.findings() == ()


def test_ports_that_carry_less_than_their_network() -> None:
    made = cloud()
    made.plug(1, on=1, mtu=1400)
    finding = only(made, network_id(1))
    assert (finding.code, finding.subject.id) == ("nic-mtu-too-small", network_id(1))
    assert finding.message.endswith("1450 bytes, but these ports carry less: tap1 of NIC nic1 1400")
    made.plug(2, on=2, mtu=1300)
    assert only(made).message.endswith("tap1 of NIC nic1 1400, tap2 of NIC nic2 1300")
    made.put(network(1, mtu=1300))
    assert made.planner.findings() == ()
    made.put(network(1))
    made.plug(1, on=1, mtu=1500)
    made.unplug(2, on=2)
    assert made.planner.findings() == ()


def test_claims_that_another_has() -> None:
    made = cloud()
    made.put(nic(3, identity=nic_id(1)))
    assert (only(made).code, only(made).others[0].id) == ("duplicate-identity", nic_id(1))
    assert only(made, nic_id(1)) == only(made, nic_id(3))
    made.put(nic(3, mac=mac_of(1)))
    assert only(made).code == "duplicate-mac"
    made.put(nic(3, ipv4=nic(2).ipv4))
    assert only(made).message == "address 10.0.0.2 belongs to NIC nic2; this one is not answered for"
    made.put(nic(3))
    assert made.planner.findings() == ()


def test_two_networks_with_one_segment() -> None:
    made = cloud()
    made.put(network(2, segment=5001))
    assert (only(made).code, only(made).subject.number) == ("segment-in-use", 2)
    made.put(network(2, segment=5001, zone="other"))
    assert made.planner.findings() == ()


def test_a_nic_on_two_hosts_and_two_ports_on_one() -> None:
    made = cloud()
    made.plug(1, on=2, ofport=9)
    assert (only(made).code, only(made).transient) == ("nic-on-several-hosts", True)
    made.unplug(1, on=2)
    made.feed(made.view.observe_port(PortSeen(host_id(1), "b", nic_id(1), 9)))
    made.take()
    assert only(made).code == "identity-on-several-ports"
    assert "tap1 is used" in only(made).message


def test_a_host_without_a_way_to_the_wires_of_a_vlan_that_it_has() -> None:
    made = cloud()
    made.put(vlan(1, physical_network="core"))
    for number in (1, 2):
        (finding,) = made.planner.findings(host_id(number))
        assert (finding.code, finding.subject.id) == ("no-uplink", host_id(number))
        assert (
            finding.hint
            == f"`netloom host uplinks host{number} core=PORT`, with a port of br-int that leads there"
        )
        assert finding in made.planner.findings(network_id(1))
    made.unplug(2, on=2)
    assert only(made).subject.id == host_id(1)
    made.put(host(1, uplinks=UPLINK["uplinks"]))
    assert (only(made).code, only(made).subject.id) == ("uplink-missing", host_id(1))
    assert "br-int shows no port eth1" in only(made).message
    made.add_host(1, **UPLINK)
    assert made.planner.findings() == ()
    # What a person needs who has no tunnels: nothing.
    made.put(host(1, uplinks=UPLINK["uplinks"], tunnel_ip=None))
    assert made.planner.findings() == ()


def test_an_uplink_that_carries_less_than_its_network_insists_on() -> None:
    made = Cloud()
    made.add_host(1, uplinks=UPLINK["uplinks"], plain={"eth1": PlainPort(7, 9000)})
    made.put(vlan(1, mtu=9000), nic(1))
    made.plug(1, on=1)
    assert made.planner.findings() == ()
    made.add_host(1, uplinks=UPLINK["uplinks"], plain={"eth1": PlainPort(7, 1500)})
    assert only(made).message == "MTU 9000 does not fit: the wires of host1 carry 1500"


def test_two_networks_with_one_vlan_on_their_wires() -> None:
    made = cloud()
    made.add_host(1, **UPLINK)
    made.add_host(2, **UPLINK)
    made.put(vlan(1, segment=7), vlan(2, segment=7), nic(3, 2))
    made.plug(3, on=1)
    assert (only(made).code, only(made).subject.number) == ("segment-in-use", 2)
    made.put(vlan(2, segment=7, wires="q"))
    assert [finding.code for finding in made.planner.findings()] == ["no-uplink"]


def test_hosts_that_do_not_reach_each_other() -> None:
    made = cloud()
    made.put(host(2, tunnel_ip=None))
    assert (only(made).code, only(made).subject.id) == ("no-tunnel-endpoint", host_id(2))
    assert only(made, network_id(1)).code == "no-tunnel-endpoint"
    made.put(host(2, tunnel_ip=ipaddress.IPv6Address("2001:db8::2")))
    assert (only(made).code, only(made).subject.id) == ("mixed-underlays", network_id(1))
    made.put(host(2, zone="elsewhere"))
    assert (only(made).code, only(made).subject.id) == ("wrong-zone", nic_id(2))
