"""The picture: places follow from identities, claims have one owner, every change is told once."""

from __future__ import annotations

import ipaddress

import pytest

from netloom.base.ids import HostId, NetworkId, NicId
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.plan.view import (
    HostChange,
    HostView,
    IdentityChange,
    NetworkView,
    NicChange,
    NicView,
    Placement,
    PlacementChange,
    PortSeen,
    PresenceChange,
    Remove,
    View,
)

H1, H2 = HostId("h1"), HostId("h2")
N1, N2 = NetworkId("n1"), NetworkId("n2")
HOST = HostView(H1, 1, "one")
NETWORK = NetworkView(N1, 1, "blue", Isolation.VXLAN, segment=7)
NIC = NicView(NicId("a"), 1, "a", N1, 0x020000000001, ipaddress.IPv4Address("10.0.0.1"))
PORT = PortSeen(H1, "tap1", "a", 5)
PLACE = Placement(NIC.id, H1, "tap1", 5)


@pytest.fixture
def view() -> View:
    view = View()
    view.put_host(HOST)
    view.put_network(NETWORK)
    return view


def test_a_nic_is_placed_when_both_it_and_its_port_are_known(view: View) -> None:
    expected = (PlacementChange(NIC, H1, None, PLACE), PresenceChange(N1, H1, present=True))
    assert view.put_nic(NIC) == (NicChange(None, NIC),)
    assert view.observe_port(PORT) == expected
    other = View()
    assert other.observe_port(PORT) == (IdentityChange("a"),)  # nobody's, yet
    assert other.put_nic(NIC) == (NicChange(None, NIC), *expected)
    assert other.placements == view.placements == {NIC.id: {H1: PLACE}}


def test_what_is_the_same_is_no_change(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PORT)
    assert (
        view.put_host(HOST) == view.put_network(NETWORK) == view.put_nic(NIC) == view.observe_port(PORT) == ()
    )
    assert view.forget_port(H2, "tap9") == view.remove_nic(NicId("x")) == view.remove_network(N2) == ()
    assert view.observe_facts(H1, None) == ()


def test_leaving_is_told_like_coming(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PORT)
    assert view.forget_port(H1, "tap1") == (
        PlacementChange(NIC, H1, PLACE, None),
        PresenceChange(N1, H1, present=False),
    )
    assert (view.placements, view.presence, view.networks_on, view.ports) == ({}, {}, {}, {})


def test_a_new_port_number_moves_the_nic_without_a_moment_nowhere(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PORT)
    again = PortSeen(H1, "tap1", "a", 6)
    assert view.observe_port(again) == (PlacementChange(NIC, H1, PLACE, Placement(NIC.id, H1, "tap1", 6)),)
    swapped = view.observe_ports(H1, [PortSeen(H1, "tap2", "a", 7)])
    places = [(change.before, change.after) for change in swapped if isinstance(change, PlacementChange)]
    assert all(after is not None for _, after in places)
    assert view.placement(NIC.id, H1) == Placement(NIC.id, H1, "tap2", 7)


def test_the_lowest_port_of_an_identity_is_used(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PORT)
    assert view.observe_port(PortSeen(H1, "tap0", "a", 9)) == (IdentityChange("a"),)
    view.observe_port(PortSeen(H1, "tap9", "a", 2))
    assert view.placement(NIC.id, H1) == Placement(NIC.id, H1, "tap9", 2)


def test_a_port_number_belongs_to_the_port_seen_with_it_last(view: View) -> None:
    other = NicView(NicId("b"), 2, "b", N1, 0x020000000002)
    view.put_nic(NIC)
    view.put_nic(other)
    view.observe_port(PORT)
    view.observe_port(PortSeen(H1, "tap2", "b", 5))
    assert view.placements == {other.id: {H1: Placement(other.id, H1, "tap2", 5)}}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_lowest_number_owns_what_two_claim(view: View, order: tuple[int, int]) -> None:
    rival = NicView(NicId("b"), 2, "b", N1, NIC.mac, NIC.ipv4, identity="a")
    for index in order:
        view.put_nic((NIC, rival)[index])
    view.observe_port(PORT)
    assert view.placements == {NIC.id: {H1: PLACE}}
    assert view.owns_mac(NIC)
    assert not view.owns_mac(rival)
    assert view.owns_address(NIC, ipaddress.IPv4Address("10.0.0.1"))
    view.remove_nic(NIC.id)
    assert view.placements == {rival.id: {H1: Placement(rival.id, H1, "tap1", 5)}}
    assert view.owns_mac(rival)


def test_a_segment_has_one_owner_in_each_zone(view: View) -> None:
    same = NetworkView(N2, 2, "red", Isolation.VXLAN, segment=7)
    view.put_network(same)
    assert view.owns_segment(NETWORK)
    assert not view.owns_segment(same)
    elsewhere = NetworkView(N2, 2, "red", Isolation.VXLAN, zone="z", segment=7)
    view.put_network(elsewhere)
    assert view.owns_segment(elsewhere)
    view.put_network(NetworkView(N2, 2, "red", Isolation.VXLAN))
    assert not view.owns_segment(view.networks[N2])


def test_another_network_is_leaving_one_and_coming_to_the_other(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PORT)
    moved = NicView(NIC.id, 1, "a", N2, NIC.mac, NIC.ipv4)
    view.put_nic(moved)
    assert view.presence == {N2: {H1: {NIC.id: PLACE}}}
    assert view.networks_on == {H1: {N2: None}}


def test_places_need_no_declared_host_and_outlive_its_removal(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PortSeen(H2, "tap1", "a", 5))
    assert view.hosts_of_nic(NIC) == []
    two = HostView(H2, 2, "two")
    view.put_host(two)
    assert view.hosts_of_nic(NIC) == view.hosts_of_network(NETWORK) == [two]
    assert view.remove_host(H2) == (HostChange(two, None),)
    assert view.hosts_of_nic(NIC) == []
    view.forget_host(H2)
    assert view.placements == {}


def test_a_network_is_on_hosts_of_its_zone_only(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PORT)
    view.put_host(HostView(H1, 1, "one", zone="z"))
    assert view.hosts_of_nic(NIC) == []
    assert view.placement(NIC.id, H1) == PLACE


def test_edits_can_be_taken_back(view: View) -> None:
    view.put_nic(NIC)
    view.observe_port(PORT)
    edits = (
        HostView(H1, 1, "one", bridge="other"),
        NicView(NIC.id, 1, "a", N2, NIC.mac),
        NetworkView(N2, 2, "red", Isolation.GRE),
        Remove(Kind.NETWORK, N1),
        Remove(Kind.NIC, NIC.id),
        Remove(Kind.HOST, H1),
        Remove(Kind.ZONE, N1),
    )
    done = [change for edit in edits for change in view.edit(edit)]
    assert (view.hosts, view.nics, view.placements) == ({}, {}, {})
    for change in reversed(done):
        view.undo(change)
    assert (view.hosts, view.networks, view.nics) == ({H1: HOST}, {N1: NETWORK}, {NIC.id: NIC})
    assert view.placements == {NIC.id: {H1: PLACE}}
