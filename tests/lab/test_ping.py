from __future__ import annotations

import pytest

from netloom.lab import LabError
from netloom.lab.ping import parse

REPLY = "64 bytes from 10.0.0.2: icmp_seq={} ttl=64 time={} ms\n"


def _totals(sent: int, received: int) -> str:
    return f"\n--- 10.0.0.2 ping statistics ---\n{sent} packets transmitted, {received} received, 0% packet loss, time 1ms\n"


def test_answers_duplicates_and_gaps() -> None:
    text = (
        REPLY.format(1, "0.5") + REPLY.format(1, "0.6").replace(" ms", " ms (DUP!)") + REPLY.format(3, "12")
    )
    result = parse(text + _totals(3, 2))
    assert (result.sent, result.received, result.lost) == (3, 2, 1)
    assert result.rtts == (0.5, 12.0)
    assert result.missing == (2,)
    assert result.duplicates == 1
    assert not result.all_answered


def test_a_request_on_its_way_when_stopped_does_not_count() -> None:
    text = REPLY.format(1, "0.5") + _totals(2, 1)
    assert parse(text, stopped=True).all_answered
    assert parse(text).lost == 1


def test_sequence_numbers_start_again() -> None:
    text = "".join(REPLY.format(n & 0xFFFF, "0.1") for n in range(1, 0x1_0010) if n != 0x1_0003)
    result = parse(text + _totals(0x1_000F, 0x1_000E))
    assert result.missing == (0x1_0003,)


def test_what_is_not_pings_output() -> None:
    with pytest.raises(LabError, match="Network is unreachable"):
        parse("ping: connect: Network is unreachable")
