from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.births import born

from netloom.base.errors import Conflict, InvalidInput, NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.routes import (
    GatewayEvent,
    GatewayState,
    StaticRoute,
    check_gateway_addresses,
    check_next_hop,
    check_route,
    next_gateway_state,
)
from netloom.model.cloud.vpc import Vpc

VPC = Vpc(
    **born("v"),
    name="v1",
    display_text="v1",
    zone_id=Uuid("z"),
    offering_id=Uuid("o"),
    cidr="10.50.0.0/16",
)


def route(cidr: str) -> StaticRoute:
    return StaticRoute(
        **born(cidr, 2),
        vpc_id=VPC.id,
        cidr=cidr,
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("10.50.9.0/24", "route-inside-vpc"),
        ("0.0.0.0/0", "route-inside-vpc"),
        ("169.254.1.0/24", "route-link-local"),
        ("192.168.7.0/24", "route-denied"),
        ("10.77.0.0/24", "route-conflict"),
        ("10.77.0.0/16", "route-conflict"),  # no longest prefix match: overlapping is refused, not only equal
        ("10.77.0.128/25", "route-conflict"),
        ("10.78.0.0", "bad-cidr"),
        ("fd00::/64", "bad-cidr"),
    ],
)
def test_routes_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(NetloomError) as caught:
        check_route(text, VPC, [route("10.77.0.0/24")], [ipaddress.ip_network("192.168.0.0/16")])
    assert caught.value.stable_code == code


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(14, 18)), max_size=6))
def test_routes_of_a_vpc_lead_each_address_one_way(wanted: list[tuple[int, int]]) -> None:
    taken: list[StaticRoute] = []
    for octet, prefix in wanted:
        cidr = str(ipaddress.ip_network((f"172.{16 + octet}.0.0", prefix), strict=False))
        try:
            check_route(cidr, VPC, taken)
        except Conflict:
            assert any(ipaddress.ip_network(cidr).overlaps(ipaddress.ip_network(each.cidr)) for each in taken)
            continue
        taken.append(route(cidr))
    networks = [ipaddress.ip_network(each.cidr) for each in taken]
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[:i])


def test_next_hops_are_where_the_router_is() -> None:
    leg = ipaddress.ip_network("192.168.99.0/24")
    assert str(check_next_hop("10.50.1.9", VPC, [])) == "10.50.1.9"
    assert str(check_next_hop("192.168.99.7", VPC, [leg])) == "192.168.99.7"
    with pytest.raises(InvalidInput, match="in no network"):
        check_next_hop("192.168.98.7", VPC, [leg])


@pytest.mark.parametrize(
    ("address", "gateway", "netmask", "subject"),
    [
        ("192.168.99.2", "192.168.98.1", "255.255.255.0", "gateway"),
        ("192.168.99.2", "192.168.99.255", "255.255.255.0", "gateway"),
        ("192.168.99.0", "192.168.99.1", "255.255.255.0", "ipaddress"),
        ("192.168.99.1", "192.168.99.1", "255.255.255.0", "ipaddress"),
        ("192.168.99.2", "192.168.99.1", "255.0.255.0", "netmask"),
        ("192.168.99.2", "192.168.99.1", "0.0.0.255", "netmask"),
        ("fd00::1", "192.168.99.1", "255.255.255.0", "ipaddress"),
    ],
)
def test_addresses_that_a_private_gateway_cannot_have(
    address: str, gateway: str, netmask: str, subject: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_gateway_addresses(address, gateway, netmask)
    assert caught.value.subject == subject


def test_the_network_of_a_private_gateway() -> None:
    assert str(check_gateway_addresses("192.168.99.2", "192.168.99.1", "255.255.255.0")) == "192.168.99.0/24"
    assert (
        str(check_gateway_addresses("192.168.99.2", "192.168.99.3", "255.255.255.254")) == "192.168.99.2/31"
    )


def test_a_gateway_that_goes_does_not_come_back() -> None:
    assert next_gateway_state(GatewayState.CREATING, GatewayEvent.APPLY) is GatewayState.READY
    with pytest.raises(Conflict) as caught:
        next_gateway_state(GatewayState.DELETING, GatewayEvent.APPLY)
    assert caught.value.stable_code == "bad-transition"
