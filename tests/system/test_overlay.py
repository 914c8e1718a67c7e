"""What tenants see: their guests reach each other over every tunnel and family, and nothing else reaches them."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
import secrets
import struct
from collections.abc import Iterator

import pytest
from tests.system.cloud import Cloud, cloud

from netloom.client import calls
from netloom.contract.hosts import HostPatch
from netloom.contract.kinds import HOST, NETWORK
from netloom.lab import Guest, frames, wait
from netloom.lab.frames import Filter

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(120)]

ISOLATIONS = ("gre", "vxlan", "geneve")
OVERHEAD = {"gre": 42, "vxlan": 50, "geneve": 50}
"""Octets over IPv4: outer header 20, GRE with key 8 (RFC 2890) or UDP and VXLAN or Geneve 16, inner Ethernet 14."""


@pytest.fixture(scope="module", params=[4, 6], ids=["ipv4-underlay", "ipv6-underlay"])
def underlay(request: pytest.FixtureRequest) -> Iterator[tuple[Cloud, int]]:
    """Three hosts with tunnel endpoints of one family."""
    family: int = request.param
    with cloud(3, ipv6=family == 6) as made:
        if family == 6:
            for host in made.lab.hosts.values():
                made.client.send(calls.update(HOST, host.name, HostPatch(tunnel_ip=str(host.tunnel_ip6))))
            made.in_sync()
        yield made, family


@pytest.fixture(scope="module")
def three() -> Iterator[Cloud]:
    """Three hosts; each test makes networks of its own."""
    with cloud(3) as made:
        yield made


def echo(
    source: Guest, target: Guest, mark: bytes, *, address: str | None = None, mac: str | None = None
) -> bytes:
    """A ping with a mark, perhaps with a source that is not the guest's."""
    packet = frames.icmp_echo(address or str(source.ipv4), str(target.ipv4), data=mark)
    return frames.ethernet(target.mac, mac or source.mac, frames.ETH_IPV4, packet)


def shout(source: Guest, mark: bytes) -> bytes:
    """A broadcast with a mark: UDP (RFC 768, no checksum) to everybody."""
    body = struct.pack("!HHHH", 9, 9, 8 + len(mark), 0) + mark
    packet = frames.ipv4_packet(str(source.ipv4), "255.255.255.255", frames.UDP_PROTOCOL, body)
    return frames.ethernet(frames.BROADCAST, source.mac, frames.ETH_IPV4, packet)


def a_mark() -> bytes:
    """Octets that no other packet has."""
    return b"nl" + secrets.token_hex(8).encode()


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_guests_of_both_families_reach_each_other(underlay: tuple[Cloud, int], isolation: str) -> None:
    made, family = underlay
    name = f"both-{isolation}"
    network = made.network(name, isolation, "10.0.0.0/24", cidr6="fd00::/64")
    left, right = made.pair(name)
    assert left.ping(right, count=5, interval=0.01).all_answered
    assert left.ping6(right, count=5, interval=0.01).all_answered
    mark = a_mark()
    with made.lab.sniff_underlay("h2", Filter(containing=mark)) as wire:
        left.send(echo(left, right, mark))
        seen = wire.wait()[0].encapsulation
    assert seen is not None
    assert (seen.kind, seen.key) == (isolation, network.segment)
    assert (":" in seen.outer_source) == (family == 6)
    assert right.ping(left, count=3, interval=0.01).all_answered


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_network_of_ipv6_only(underlay: tuple[Cloud, int], isolation: str) -> None:
    made, _family = underlay
    name = f"six-{isolation}"
    made.network(name, isolation, None, cidr6="fd00:6::/64")
    left = made.guest(made.nic(f"{name}-a", name), "h1")
    right = made.guest(made.nic(f"{name}-b", name), "h2")
    wait.until(
        lambda: left.ping6(right, count=1, patience=0.3).all_answered,
        "the guests reach each other",
        seconds=15,
    )


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_the_largest_packet_passes_whole(three: Cloud, isolation: str) -> None:
    name = f"mtu-{isolation}"
    network = three.network(name, isolation)
    assert network.guest_mtu == 1500 - OVERHEAD[isolation]
    left, right = three.pair(name, mtu=network.guest_mtu)
    size = network.guest_mtu - 28
    words = ["ping", "-n", "-c", "1", "-W", "1", "-M", "do", "-s", str(size), str(right.ipv4)]
    wait.until(
        lambda: "1 received" in left.exec(words, check=False).stdout,
        f"{size} octets in one packet arrive",
        seconds=15,
    )


def test_tenants_with_the_same_addresses_and_macs_are_strangers(three: Cloud) -> None:
    guests: dict[str, tuple[Guest, Guest]] = {}
    for tenant, isolation in itertools.product(("blue", "red"), ISOLATIONS):
        name = f"{tenant}-{isolation}"
        three.network(name, isolation)
        pair = [
            three.guest(
                three.nic(f"{name}-{n}", name, mac=f"02:00:00:00:00:0{n}", ipv4=f"10.0.0.1{n}"), f"h{n}"
            )
            for n in (1, 2)
        ]
        guests[name] = (pair[0], pair[1])
    for left, right in guests.values():
        three.reaches(left, right)
    for name, (left, right) in guests.items():
        mark = a_mark()
        strangers = [guest for other, pair in guests.items() if other != name for guest in pair]
        with contextlib.ExitStack() as stack:
            own = stack.enter_context(right.sniff(Filter(containing=mark)))
            others = [stack.enter_context(guest.sniff(Filter(containing=mark))) for guest in strangers]
            left.send(*[shout(left, mark)] * 10, *[echo(left, right, mark)] * 10)
            own.wait(20)
        assert not any(sniffer.frames for sniffer in others), f"{name} was heard elsewhere"


@pytest.mark.parametrize(
    "what", ["mac", "ipv4", "arp-address", "arp-mac", "ipv6", "nd-source", "nd-target", "nd-mac"]
)
def test_a_forged_source_is_dropped_and_counted(three: Cloud, what: str) -> None:
    name = f"forged-{what}"
    three.network(name, "geneve", cidr6="fd00::/64")
    left, right = three.pair(name)
    wait.until(lambda: left.ping6(right, count=1, patience=0.3).all_answered, "IPv6 works", seconds=15)
    mark, stranger = a_mark(), "02:00:00:ba:d0:01"
    six = str(left.ipv6)
    forged = {
        "mac": lambda: echo(left, right, mark, mac=stranger),
        "ipv4": lambda: echo(left, right, mark, address="10.0.0.99"),
        # "The gateway is me": the start of every man in the middle; then the same with somebody else's MAC.
        "arp-address": lambda: frames.arp(2, (left.mac, "10.0.0.1"), (right.mac, str(right.ipv4))),
        "arp-mac": lambda: frames.arp(
            2, (stranger, str(left.ipv4)), (right.mac, str(right.ipv4)), frame_source=left.mac
        ),
        "ipv6": lambda: frames.ethernet(
            right.mac,
            left.mac,
            frames.ETH_IPV6,
            frames.icmp6("fd00::99", str(right.ipv6), struct.pack("!BBHHH", 128, 0, 0, 1, 1) + mark),
        ),
        "nd-source": lambda: frames.ethernet(
            right.mac,
            left.mac,
            frames.ETH_IPV6,
            frames.neighbour_advertisement(left.mac, "fd00::1", str(right.ipv6)),
        ),
        "nd-target": lambda: frames.ethernet(
            right.mac,
            left.mac,
            frames.ETH_IPV6,
            frames.icmp6(six, str(right.ipv6), advertisement("fd00::1", left.mac)),
        ),
        "nd-mac": lambda: frames.ethernet(
            right.mac,
            left.mac,
            frames.ETH_IPV6,
            frames.neighbour_advertisement(stranger, six, str(right.ipv6)),
        ),
    }[what]()
    honest = Filter(containing=mark + b"honest")
    before = dropped_packets(three, "h1", left)
    with right.sniff() as seen:
        left.send(*[forged] * 10, echo(left, right, mark + b"honest"))
        wait.until(lambda: seen.count(honest) > 0, "the honest packet arrives")
        heard = [frame for frame in seen.frames if not frame.outgoing and frame.raw[: len(forged)] == forged]
    assert not heard
    # The datapath's counters come to the flow tables with the revalidator's next round.
    wait.until(lambda: dropped_packets(three, "h1", left) - before >= 10, "the drops are counted")


def advertisement(address: str, mac: str) -> bytes:
    """The ICMPv6 message that says where an address is (RFC 4861, section 4.4)."""
    head = struct.pack("!BBHI", 136, 0, 0, 0x60000000)
    return head + ipaddress.IPv6Address(address).packed + b"\x02\x01" + bytes.fromhex(mac.replace(":", ""))


def dropped_packets(cloud: Cloud, host: str, guest: Guest) -> int:
    """Packets that a guest's anti-spoofing has dropped, found as an operator finds them: cookies explained."""
    dump = cloud.host(host).ofctl("dump-flows", "--no-names")
    total = 0
    for line in dump.splitlines():
        if "actions=drop" not in line or "n_packets=0" in line or "table=" not in line:
            continue
        cookie = int(line.split("cookie=")[1].split(",")[0], 16)
        told = cloud.client.send(calls.explain_flow(host, cookie))
        # What is inside neighbour discovery is judged, and counted, once for all NICs of a host.
        if told.fragment == "spoof-nd" or any(reason.name == guest.name for reason in told.why):
            total += int(line.split("n_packets=")[1].split(",")[0])
    return total


def test_broadcast_reaches_all_of_the_network_and_nobody_else(three: Cloud) -> None:
    three.network("cast", "vxlan")
    three.network("other", "vxlan")
    source, *rest = [
        three.guest(three.nic(f"cast-{n}", "cast"), host) for n, host in enumerate(["h1", "h1", "h2"])
    ]
    stranger = three.guest(three.nic("other-0", "other"), "h2")
    for guest in rest:
        three.reaches(source, guest)
    mark = a_mark()
    with contextlib.ExitStack() as stack:
        own = [stack.enter_context(guest.sniff(Filter(containing=mark))) for guest in rest]
        foreign = stack.enter_context(stranger.sniff(Filter(containing=mark)))
        echoed = stack.enter_context(source.sniff(Filter(containing=mark)))
        idle = stack.enter_context(three.lab.sniff_underlay("h3", Filter(containing=mark)))
        source.send(*[shout(source, mark)] * 20)
        for sniffer in own:
            sniffer.wait(20)
    assert [len(sniffer.frames) for sniffer in own] == [20, 20], "each copy once"
    assert not foreign.frames
    assert not [frame for frame in echoed.frames if not frame.outgoing]
    assert not idle.frames, "a host without the network got it"


def test_an_underlay_that_is_too_small_shows_on_the_network(three: Cloud) -> None:
    three.network("big", "geneve", mtu=1450)
    three.pair("big", mtu=1450)
    three.awaits_no_finding(NETWORK, "big")
    three.client.send(calls.update(HOST, "h2", HostPatch(mtu=1400)))
    try:
        found = three.awaits_finding(NETWORK, "big", "underlay-mtu-too-small")
        assert "1350" in found.message + found.hint
        assert "h2" in found.message
    finally:
        three.client.send(calls.update(HOST, "h2", HostPatch(mtu=1500)))
    three.awaits_no_finding(NETWORK, "big")
