from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.lab.conftest import tunnel

from netloom.lab import GuestPlan, Lab
from netloom.lab.bulk import BulkPort, BulkPorts

pytestmark = [pytest.mark.lab, pytest.mark.alone]


@pytest.fixture
def ports(clean: Lab) -> Iterator[BulkPorts]:
    plans = [
        BulkPort(
            f"t{n}",
            f"h{n % 2 + 1}",
            f"02:00:00:00:01:{n:02x}",
            f"10.1.0.{n + 1}",
            f"fd01::{n + 1:x}",
            f"nic-{n}",
        )
        for n in range(20)
    ]
    with BulkPorts(clean, plans) as made:
        made.plug()
        yield made
        made.unplug()


def _join(lab: Lab) -> None:
    """One learning switch over both hosts."""
    for host, peer in zip(lab.hosts.values(), reversed(list(lab.hosts.values())), strict=True):
        port = tunnel(host, "geneve")
        host.add_flows(
            f"table=0,in_port={port},actions=resubmit(,2)",
            f"table=0,priority=0,actions=set_field:{peer.tunnel_ip}->tun_dst,set_field:9->tun_id,output:{port},resubmit(,2)",
            "table=2,actions=NORMAL",
        )
        # NORMAL must not send back into the tunnel what came out of it, nor twice what goes in.
        host.ofctl("mod-port", "geneve", "no-flood")


def test_ports_answer_and_ask(clean: Lab, ports: BulkPorts) -> None:
    _join(clean)
    pairs = [(f"t{n}", f"t{(n + 1) % 20}") for n in range(20)]
    times = ports.reach(pairs, seconds=10)
    assert times.keys() == set(pairs)
    assert all(0 < seconds < 10 for seconds in times.values())
    assert ports.reach(pairs[:1], arp=False).keys() == {pairs[0]}


def test_no_answer_without_flows(ports: BulkPorts) -> None:
    assert ports.reach([("t0", "t1")], seconds=0.1) == {}


def test_a_real_stack_gets_answers_of_both_families(clean: Lab, ports: BulkPorts) -> None:
    _join(clean)
    guest = clean.add_guest(GuestPlan("real", "h1", ipv4="10.1.0.200/24", ipv6="fd01::200/64", plugged=True))
    try:
        assert guest.ping("10.1.0.2", count=5, size=1000).received == 5
        assert guest.ping("fd01::2", count=5, size=1000).received == 5
        assert ports.heard("t1") >= 10
    finally:
        clean.remove_guest("real")
