"""Network values: what is taken, what is refused and with which words."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base import net
from netloom.base.errors import InvalidInput


@given(st.integers(min_value=1, max_value=2**48 - 1).filter(lambda value: not value & net.MULTICAST_BIT))
def test_mac_round_trip(value: int) -> None:
    text = net.format_mac(value)
    assert net.parse_mac(text) == value
    assert net.parse_mac(text.upper().replace(":", "-")) == value


@pytest.mark.parametrize(
    "text",
    ["", "02:00:00:00:00", "02:00:00:00:00:01:02", "02:00-00:00:00:01", "020000000001", "0g:00:00:00:00:01",
     "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "00:00:00:00:00:00"],
)  # fmt: skip
def test_mac_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        net.parse_mac(text, "mac")
    assert caught.value.subject == "mac"


def test_network_names_what_was_probably_meant() -> None:
    with pytest.raises(InvalidInput) as caught:
        net.parse_network("10.0.0.7/24", "cidr")
    assert caught.value.hint == "did you mean 10.0.0.0/24?"


@pytest.mark.parametrize("text", ["10.0.0.256", "fe80::1%eth0", "", "ten"])
def test_address_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        net.parse_ip(text)


def test_link_local_and_solicited_node_of_the_rfc_examples() -> None:
    # RFC 4291 appendix A: 34-56-78-9A-BC-DE gives ::3656:78ff:fe9a:bcde
    assert net.link_local(0x3456789ABCDE) == ipaddress.IPv6Address("fe80::3656:78ff:fe9a:bcde")
    # RFC 4291 section 2.7.1: 4037::01:800:200E:8C6C gives FF02::1:FF0E:8C6C
    address = ipaddress.IPv6Address("4037::01:800:200e:8c6c")
    assert net.solicited_node(address) == ipaddress.IPv6Address("ff02::1:ff0e:8c6c")


@pytest.mark.parametrize(
    ("inner", "outer", "is_part"),
    [
        ("10.1.0.0/16", "10.0.0.0/8", True),
        ("10.0.0.0/8", "10.0.0.0/8", True),
        ("10.0.0.0/8", "10.1.0.0/16", False),
        ("fd00:1::/32", "fd00::/16", True),
        ("fe00::/16", "fd00::/16", False),
        ("10.0.0.0/8", "::/0", False),
        ("fd00::/16", "0.0.0.0/0", False),
    ],
)
def test_a_network_is_part_of_one_of_its_family_only(inner: str, outer: str, is_part: bool) -> None:
    assert net.is_part(ipaddress.ip_network(inner), ipaddress.ip_network(outer)) is is_part
