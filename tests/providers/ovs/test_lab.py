"""The provider's flows between hosts of a lab: Linux guests, userspace datapath, tunnels, both families in and out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.providers.ovs.clouds import CIDR4, CIDR6, FACTS, Cloud, host_id, mac_of, network, nic, nic_id
from tests.providers.ovs.real_switch import install

from netloom.base.net import format_mac
from netloom.lab import Guest, GuestPlan, Lab
from netloom.lab.frames import Filter
from netloom.model.isolation import TUNNELS, Isolation
from netloom.plan.view import SwitchFacts

pytestmark = [pytest.mark.lab, pytest.mark.alone]
GUESTS = {1: 1, 2: 2, 3: 2}
"""Guests by number, and the hosts they are on."""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.up(hosts=2, ipv6=True) as made:
        made.add_guests(
            [
                GuestPlan(
                    f"g{number}", f"h{on}", mac=format_mac(mac_of(number)), ipv4=f"{CIDR4[number]}/16",
                    ipv6=f"{CIDR6[number]}/64", identity=nic_id(number),
                )
                for number, on in GUESTS.items()
            ]
        )  # fmt: skip
        yield made


def program(lab: Lab, isolation: Isolation, family: int, *, capable: bool = True) -> Cloud:
    """Bring both switches to what the provider wants; ports first, their numbers decide the flows."""
    cloud = Cloud()
    facts = FACTS if capable else frozenset()
    for number in (1, 2):
        there = lab.host(f"h{number}")
        cloud.add_host(number, tunnel_ip=there.tunnel_ip if family == 4 else there.tunnel_ip6)
    cloud.put(network(1, isolation), *(nic(number) for number in GUESTS))
    for number, on in GUESTS.items():
        cloud.plug(number, on, ofport=lab.host(f"h{on}").ofport(lab.guest(f"g{number}").port))
    for number in (1, 2):
        there = lab.host(f"h{number}")
        for name, spec in cloud.desired(number).ports.items():
            options = [f"options:{key}={value}" for key, value in spec.options.items()]
            there.vsctl("--if-exists", "del-port", name)
            there.vsctl(
                *("add-port", "br-int", name, "--", "set", "interface", name, f"type={spec.interface_type}"),
                *options,
            )
            seen = SwitchFacts(host_id(number), facts, {isolation: there.ofport(name)})
            cloud.feed(cloud.view.observe_facts(seen.host_id, seen))
    cloud.take()
    for number in (1, 2):
        there = lab.host(f"h{number}")
        there.delete_flows()
        assert install(str(there.openflow_socket), cloud.flows(number)) == []
    for guest in lab.guests.values():
        guest.exec(["ip", "neigh", "flush", "all"])
    return cloud


def neighbours(guest: Guest) -> dict[str, str]:
    """What the guest learnt: address to MAC."""
    lines = guest.exec(["ip", "neigh", "show"]).stdout.splitlines()
    return {
        words[0]: words[words.index("lladdr") + 1] for line in lines if "lladdr" in (words := line.split())
    }


@pytest.mark.parametrize("isolation", TUNNELS)
@pytest.mark.parametrize("family", [4, 6])
def test_guests_find_and_reach_each_other(lab: Lab, isolation: Isolation, family: int) -> None:
    program(lab, isolation, family)
    one = lab.guest("g1")
    with lab.sniff_underlay("h1", Filter(tunnel=isolation.value, key=5001)) as wire:
        for name in ("g2", "g3"):
            assert one.ping(lab.guest(name), count=3, interval=0.01).all_answered
            assert one.ping6(lab.guest(name), count=3, interval=0.01).all_answered
        assert lab.guest("g2").ping6(lab.guest("g3"), count=3, interval=0.01).all_answered
    learnt = neighbours(one)
    for number in (2, 3):
        assert learnt[str(CIDR4[number])] == learnt[str(CIDR6[number])] == format_mac(mac_of(number))
    inner = [frame.encapsulation.inner for frame in wire.frames if frame.encapsulation]
    assert len(inner) >= 2 * 2 * 3 * 2
    # Neighbours were told on the spot: no question for one crossed the underlay.
    asked = [frame for frame in inner if frame.ethertype == 0x0806 or frame.icmp_type == 135]
    assert [frame for frame in asked if frame.source_ip != "::"] == []  # from ::, it looks for its double


def test_without_the_answering_ability_neighbours_answer_for_themselves(lab: Lab) -> None:
    program(lab, Isolation.GENEVE, 4, capable=False)
    assert lab.guest("g1").ping6(lab.guest("g3"), count=3, interval=0.01).all_answered


def test_a_guest_that_takes_anothers_address_reaches_nobody(lab: Lab) -> None:
    program(lab, Isolation.GENEVE, 4)
    one, three = lab.guest("g1"), lab.guest("g3")
    one.exec(["ip", "address", "add", f"{CIDR4[2]}/32", "dev", one.device])
    one.exec(["ip", "address", "add", f"{CIDR6[2]}/128", "dev", one.device, "nodad"])
    try:
        for source in (CIDR4[2], CIDR6[2]):
            target = CIDR4[3] if source.version == 4 else CIDR6[3]
            lost = one.exec(["ping", "-c1", "-W1", "-I", str(source), str(target)], check=False)
            assert lost.returncode == 1
        assert one.ping(three, count=2, interval=0.01).all_answered
    finally:
        one.exec(["ip", "address", "del", f"{CIDR4[2]}/32", "dev", one.device])
        one.exec(["ip", "address", "del", f"{CIDR6[2]}/128", "dev", one.device])
