from __future__ import annotations

import pytest

from netloom.base.errors import InvalidInput
from netloom.model.cloud.acl_match import Match, protocol_number


def test_the_canonical_form() -> None:
    match = Match(protocol=" TCP ", start_port=80, cidrs=("10.0.0.0/8", " 10.0.0.0/8")).checked()
    assert match == Match(protocol="tcp", start_port=80, end_port=80, cidrs=("10.0.0.0/8",))
    assert match.checked() == match
    assert Match(protocol="icmp").checked() == Match(protocol="icmp", icmp_type=-1, icmp_code=-1)
    assert Match(protocol="047", cidrs=()).checked() == Match(protocol="47", cidrs=("0.0.0.0/0",))


@pytest.mark.parametrize(
    ("match", "subject"),
    [
        (Match(protocol="sctp"), "protocol"),
        (Match(protocol="256"), "protocol"),
        (Match(protocol="-1"), "protocol"),
        (Match(protocol="²"), "protocol"),
        (Match(protocol="47", start_port=1), "startport"),
        (Match(protocol="all", start_port=1, end_port=2), "startport"),
        (Match(protocol="icmp", start_port=1), "startport"),
        (Match(protocol="tcp", start_port=0), "startport"),
        (Match(protocol="tcp", start_port=9, end_port=8), "startport"),
        (Match(protocol="udp", icmp_type=8), "icmptype"),
        (Match(protocol="1", icmp_type=8), "icmptype"),
        (Match(protocol="icmp", icmp_type=256), "icmptype"),
        (Match(protocol="icmp", icmp_code=3), "icmpcode"),
        (Match(cidrs=("10.0.0.1/8",)), "cidrlist"),
        (Match(cidrs=("10.0.0.1",)), "cidrlist"),
    ],
)
def test_what_is_refused_and_where(match: Match, subject: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        match.checked()
    assert caught.value.subject == subject


def test_numbers_of_protocols_that_have_ports_take_ports() -> None:
    assert Match(protocol="132", start_port=5000).checked().end_port == 5000


def test_icmp_is_that_of_the_family() -> None:
    assert [protocol_number("icmp", version) for version in (4, 6)] == [1, 58]
    assert [protocol_number("1", version) for version in (4, 6)] == [1, 1]
    assert protocol_number("0", 4) == 0
    assert protocol_number("all", 4) is None
