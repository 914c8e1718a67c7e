"""DNS records: names, values of each type, and what may stand beside what."""

from __future__ import annotations

import pytest
from tests.testing.births import born

from netloom.base.errors import Conflict, InvalidInput
from netloom.base.ids import NetworkId, Uuid
from netloom.model.cloud.dns import (
    DnsRecord,
    DnsType,
    check_beside,
    check_ttl,
    parse_dns_name,
    parse_dns_type,
    parse_dns_value,
)


def record(name: str, kind: DnsType, value: str, *, called: str = "1") -> DnsRecord:
    return DnsRecord(**born(called), network_id=NetworkId(Uuid("n")), name=name, type=kind, value=value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WWW", "www"),
        ("www.shop.", "www.shop"),
        ("@", "@"),
        ("*.shop", "*.shop"),
        ("_sip._tcp", "_sip._tcp"),
        ("a" * 63, "a" * 63),
    ],
)
def test_names_are_kept_in_one_form(text: str, name: str) -> None:
    assert parse_dns_name(text) == name


@pytest.mark.parametrize(
    "text", ["", ".", "-a", "a-", "a..b", "a b", "a" * 64, "a.*", "*", "é", "a." * 127 + "a"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_dns_name(text)
    assert caught.value.stable_code == "bad-dns-name"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("a", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8::0:1", "2001:db8::1"),
        ("cname", "WWW.example.org.", "www.example.org"),
        ("mx", "10 Mail", "10 mail"),
        ("srv", "0 05 443 www", "0 5 443 www"),
        ("txt", "v=spf1 -all", "v=spf1 -all"),
    ],
)
def test_values_are_kept_in_one_form(kind: str, text: str, value: str) -> None:
    assert parse_dns_value(parse_dns_type(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("A", "2001:db8::1"),
        ("A", "192.0.2.256"),
        ("AAAA", "192.0.2.1"),
        ("AAAA", "fe80::1%eth0"),
        ("CNAME", "*.x"),
        ("MX", "mail"),
        ("MX", "65536 mail"),
        ("SRV", "0 5 www"),
        ("TXT", ""),
        ("TXT", "a\nb"),
        ("TXT", "é" * 128),
    ],
)
def test_what_a_type_does_not_hold_is_refused(kind: str, text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_dns_value(parse_dns_type(kind), text)


def test_a_type_that_is_not_kept_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_dns_type("PTR")
    assert caught.value.hint == "A, AAAA, CNAME, MX, SRV, TXT"


@pytest.mark.parametrize("ttl", [-1, 2**31])
def test_a_time_to_live_has_bounds(ttl: int) -> None:
    assert check_ttl(2**31 - 1) == 2**31 - 1
    with pytest.raises(InvalidInput):
        check_ttl(ttl)


def test_several_addresses_may_have_one_name() -> None:
    there = [record("www", DnsType.A, "192.0.2.1"), record("www", DnsType.AAAA, "2001:db8::1", called="2")]
    check_beside(record("www", DnsType.A, "192.0.2.2", called="3"), there)


@pytest.mark.parametrize(
    "there",
    [
        record("www", DnsType.A, "192.0.2.9"),
        record("www", DnsType.CNAME, "other"),
        record("www", DnsType.CNAME, "shop"),
    ],
)
def test_an_alias_stands_alone_and_once(there: DnsRecord) -> None:
    alias = record("www", DnsType.CNAME, "shop", called="2")
    with pytest.raises(Conflict) as caught:
        check_beside(alias, [there])
    assert caught.value.stable_code == "dns-record-conflict"
    check_beside(there, [there])
