from __future__ import annotations

import ipaddress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.births import born

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.vpc import (
    Vpc,
    VpcState,
    check_dns,
    check_domain,
    check_open,
    check_tier_cidr,
    check_vpc_cidr,
)

VPC = Vpc(
    **born("v"),
    name="v1",
    display_text="v1",
    zone_id=Uuid("z"),
    offering_id=Uuid("o"),
    cidr="10.50.0.0/16",
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("10.50.0.0/8x", "not a network"),
        ("10.50.0.1/16", "host bits"),
        ("fd00::/48", "IPv4"),
        ("10.0.0.0/30", "prefix length"),
        ("8.8.0.0/16", "not a private"),
        ("172.0.0.0/8", "not a private"),  # more than a private range is none
    ],
)
def test_ranges_that_no_vpc_has(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        check_vpc_cidr(text)


def test_an_operator_may_allow_public_ranges() -> None:
    assert str(check_vpc_cidr("8.8.0.0/16", private_only=False)) == "8.8.0.0/16"
    assert str(check_vpc_cidr(" 100.64.0.0/10 ")) == "100.64.0.0/10"


def tier(text: str, gateway: str | None = None, others: tuple[tuple[str, Uuid, str], ...] = ()) -> None:
    check_tier_cidr(VPC, ipaddress.ip_network(text), gateway, others)


@pytest.mark.parametrize(
    ("text", "gateway", "code"),
    [
        ("10.60.1.0/24", None, "tier-outside-vpc"),
        ("10.0.0.0/8", None, "tier-outside-vpc"),
        ("fd00::/64", None, "tier-outside-vpc"),
        ("10.50.1.128/25", None, "tier-overlaps"),
        ("10.50.0.0/16", None, "tier-overlaps"),
        ("10.50.2.0/24", "10.50.2.0", "invalid-gateway"),
        ("10.50.2.0/24", "10.50.2.255", "invalid-gateway"),
        ("10.50.2.0/24", "10.50.3.1", "invalid-gateway"),
    ],
)
def test_tiers_that_do_not_fit(text: str, gateway: str | None, code: str) -> None:
    with pytest.raises((InvalidInput, Conflict)) as caught:
        tier(text, gateway, (("t1", Uuid("t"), "10.50.1.0/24"),))
    assert caught.value.stable_code == code


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(24, 28)), max_size=6))
def test_tiers_that_were_taken_never_share_an_address(wanted: list[tuple[int, int]]) -> None:
    taken: list[str] = []
    for octet, prefix in wanted:
        cidr = f"10.50.{octet}.0/{prefix}"
        try:
            tier(cidr, None, tuple((text, Uuid(text), text) for text in taken))
        except Conflict:
            continue
        taken.append(cidr)
    addresses = [address for text in taken for address in ipaddress.ip_network(text)]
    assert len(addresses) == len(set(addresses))


def test_a_vpc_that_is_being_deleted_takes_nothing_new() -> None:
    check_open(VPC)
    with pytest.raises(Conflict) as caught:
        check_open(msgspec.structs.replace(VPC, state=VpcState.INACTIVE))
    assert caught.value.stable_code == "vpc-inactive"


@pytest.mark.parametrize("text", ["", "-a.org", "a..b", "a_b.org", "x" * 64, "é.org"])
def test_suffixes_that_dns_does_not_have(text: str) -> None:
    with pytest.raises(InvalidInput):
        check_domain(text)


def test_suffixes_and_servers_are_canonical() -> None:
    assert check_domain("Cloud.Example.ORG.") == "cloud.example.org"
    assert check_dns("fd00::0001", 6, "ip6dns1") == "fd00::1"
    assert check_dns(None, 4, "dns1") is None
    with pytest.raises(InvalidInput, match="IPv4"):
        check_dns("fd00::1", 4, "dns1")
