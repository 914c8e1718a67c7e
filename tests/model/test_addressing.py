from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import InvalidInput
from netloom.model.addressing import check_nic_address, gateway_of, nic_range, offset_of

FOUR = ipaddress.ip_network("10.0.0.0/29")
SIX = ipaddress.ip_network("fd00::/124")


def test_whose_the_addresses_are() -> None:
    assert str(gateway_of(FOUR)) == "10.0.0.1"
    assert (nic_range(FOUR).first, nic_range(FOUR).last) == (2, 6)
    assert (nic_range(SIX).first, nic_range(SIX).last) == (2, 15)  # IPv6 has no broadcast
    assert nic_range(ipaddress.ip_network("fd00::/16")).last == 2**62


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("10.0.0.0", "network's"),
        ("10.0.0.1", "gateway's"),
        ("10.0.0.7", "broadcast"),
        ("10.0.0.8", "outside"),
        ("fd00::1", "outside"),
    ],
)
def test_addresses_that_no_nic_can_have(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        check_nic_address(text, FOUR, "ipv4")
    assert caught.value.hint == "10.0.0.2 to 10.0.0.6"


@given(st.integers(2, 6))
def test_the_others_do(offset: int) -> None:
    address = check_nic_address(f"10.0.0.{offset}", FOUR, "ipv4")
    assert offset_of(address, FOUR) == offset


@given(st.integers(-5, 20))
def test_looking_from_a_hint_on_visits_each_offset_once(hint: int) -> None:
    visited = [o for r in nic_range(FOUR).from_hint(hint) for o in range(r.first, r.last + 1)]
    assert sorted(visited) == [2, 3, 4, 5, 6]
