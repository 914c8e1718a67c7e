"""Addresses of networks, from what people say of them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import InvalidInput
from netloom.model.cloud.networks import AddressSpan
from netloom.model.cloud.networks_subnet import Bounds, Subnet, Wished, settle
from netloom.model.cloud.offerings import GuestType

ZONE = Bounds(zone_cidr="10.1.1.0/24")
SHARED = Wished(gateway="192.0.2.1", netmask="255.255.255.0", start="192.0.2.10", end="192.0.2.20")


@pytest.mark.parametrize(
    ("wished", "cidr", "gateway"),
    [
        (Wished(), "10.1.1.0/24", "10.1.1.1"),
        (Wished(gateway="10.9.8.1", netmask="255.255.255.0"), "10.9.8.0/24", "10.9.8.1"),
        (Wished(gateway="10.9.8.254", netmask="255.255.255.128"), "10.9.8.128/25", "10.9.8.254"),
        (Wished(gateway="10.9.8.1"), "10.9.8.0/24", "10.9.8.1"),
        (Wished(cidr="10.9.0.0/22"), "10.9.0.0/22", "10.9.0.1"),
        (Wished(cidr="10.9.0.0/22", gateway="10.9.3.254"), "10.9.0.0/22", "10.9.3.254"),
    ],
)
def test_what_an_isolated_network_comes_to(wished: Wished, cidr: str, gateway: str) -> None:
    found = settle(GuestType.ISOLATED, wished, ZONE)
    assert (found.cidr, found.gateway, found.spans) == (cidr, gateway, ())


def test_a_range_may_be_named_for_instances() -> None:
    wished = Wished(gateway="10.9.8.1", netmask="255.255.255.0", start="10.9.8.10", end="10.9.8.20")
    assert settle(GuestType.ISOLATED, wished, ZONE).spans == (AddressSpan("10.9.8.10", "10.9.8.20"),)
    assert settle(GuestType.SHARED, SHARED, ZONE).spans == (AddressSpan("192.0.2.10", "192.0.2.20"),)


def test_ipv6_alone_or_beside() -> None:
    v6 = Wished(gateway6="2001:db8::1", cidr6="2001:db8::/64", start6="2001:db8::10", end6="2001:db8::20")
    alone = settle(GuestType.SHARED, v6, ZONE)
    assert (alone.cidr, alone.cidr6, alone.gateway6) == (None, "2001:db8::/64", "2001:db8::1")
    both = settle(
        GuestType.ISOLATED,
        Wished(gateway6="fd00::1", cidr6="fd00::/64"),
        Bounds(zone_cidr="10.1.1.0/24", v6_offered=True),
    )
    assert (both.cidr, both.cidr6, both.spans) == ("10.1.1.0/24", "fd00::/64", ())


@pytest.mark.parametrize(
    ("guest_type", "wished", "bounds", "subject"),
    [
        (GuestType.ISOLATED, Wished(), Bounds(), "gateway"),
        (GuestType.ISOLATED, Wished(netmask="255.255.255.0"), ZONE, "gateway"),
        (GuestType.ISOLATED, Wished(start="10.1.1.9"), ZONE, "gateway"),
        (GuestType.ISOLATED, Wished(gateway="fd00::1"), ZONE, "gateway"),
        (GuestType.ISOLATED, Wished(gateway="x"), ZONE, "gateway"),
        (GuestType.ISOLATED, Wished(gateway="10.0.0.1", netmask="24"), ZONE, "netmask"),
        (GuestType.ISOLATED, Wished(gateway="10.0.0.1", netmask="255.255.255.252"), ZONE, "netmask"),
        (GuestType.ISOLATED, Wished(cidr="10.9.8.0/24", netmask="255.255.0.0"), ZONE, "netmask"),
        (GuestType.ISOLATED, Wished(cidr="10.9.8.0/24", gateway="10.9.9.1"), ZONE, "gateway"),
        (GuestType.ISOLATED, Wished(cidr="10.9.8.1/24"), ZONE, "cidr"),
        (GuestType.ISOLATED, Wished(gateway="192.0.2.1"), ZONE, "gateway"),
        (GuestType.ISOLATED, Wished(cidr="10.0.0.0/16"), Bounds(shortest=22), "netmask"),
        (GuestType.L2, Wished(cidr6="fd00::/64"), ZONE, "ip6gateway"),
        (GuestType.SHARED, Wished(), ZONE, "startip"),
        (GuestType.SHARED, Wished(gateway6="fd00::1", cidr6="fd00::/96"), ZONE, "ip6cidr"),
    ],
)
def test_what_cannot_be(guest_type: GuestType, wished: Wished, bounds: Bounds, subject: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        settle(guest_type, wished, bounds)
    assert refused.value.subject == subject
    assert refused.value.hint


@given(
    gateway=st.integers(0x0A000000, 0x0AFFFFFF).map(ipaddress.IPv4Address),
    prefix=st.integers(8, 29),
    start=st.integers(0, 2**24),
    length=st.integers(0, 300),
)
def test_whatever_is_accepted_is_consistent(
    gateway: ipaddress.IPv4Address, prefix: int, start: int, length: int
) -> None:
    network = ipaddress.IPv4Network((int(gateway), prefix), strict=False)
    first = network.network_address + start % network.num_addresses
    wished = Wished(
        gateway=str(gateway),
        netmask=str(network.netmask),
        start=str(first),
        end=str(ipaddress.IPv4Address(min(int(first) + length, 2**32 - 1))),
    )
    try:
        found: Subnet = settle(GuestType.ISOLATED, wished, ZONE)
    except InvalidInput:
        return
    assert ipaddress.ip_network(found.cidr or "") == network
    assert gateway not in (network.network_address, network.broadcast_address)
    [span] = found.spans
    assert gateway not in span
    for edge in (span.first, span.last):
        assert ipaddress.ip_address(edge) in network
        assert ipaddress.ip_address(edge) not in (network.network_address, network.broadcast_address)
