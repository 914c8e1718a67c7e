"""The claims, each a function that measures and says what it saw.

Rule 1: a claim that does not hold raises `NotHeld` with what was seen instead.
Rule 2: whatever a claim disturbs it leaves as it found it.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import re
import secrets
import statistics
import struct
import time
from collections.abc import Callable, Sequence

from netloom.lab import frames, wait
from netloom.lab.demo.scene import Member, Scene, marked_echo
from netloom.lab.errors import LabError
from netloom.lab.frames import Filter

PACKETS = 50
"""Sent in one go, where a number is needed."""


class NotHeld(LabError):
    """A claim does not hold; the message is what was measured."""

    code = "claim-not-held"


Claim = Callable[[Scene], str]


def _need(condition: bool, measured: str) -> None:
    if not condition:
        raise NotHeld(measured)


def reach(isolation: str, scene: Scene) -> str:
    """Guests of one tenant on different hosts reach each other through a kind of tunnel, by IPv4 and IPv6."""
    names = [name for name, network in scene.networks.items() if network.isolation == isolation]
    _need(bool(names), f"no {isolation} network in the example")
    sent = received = 0
    rtts: list[float] = []
    families = set()
    for name in names:
        left, right = scene.pair(name)
        results = []
        if left.nic.ipv4 and right.nic.ipv4:
            results.append(left.guest.ping(right.guest, count=PACKETS, interval=0.005))
            families.add("IPv4")
        if left.nic.ipv6 and right.nic.ipv6:
            results.append(left.guest.ping6(right.guest, count=PACKETS, interval=0.005))
            families.add("IPv6")
        for result in results:
            sent, received = sent + result.sent, received + result.received
            rtts += result.rtts
    told = f"{received} of {sent} pings answered"
    _need(sent > 0 and received == sent, told)
    return f"{told} ({' and '.join(sorted(families))}), median {statistics.median(rtts):.2f} ms"


def full_size(scene: Scene) -> str:
    """The largest packet that a network's MTU allows arrives whole, through every kind of tunnel."""
    told = []
    for isolation in sorted({network.isolation for network in scene.networks.values()}):
        name = next(n for n, network in scene.networks.items() if network.isolation == isolation)
        left, right = scene.pair(name)
        mtu = scene.networks[name].guest_mtu
        words = [
            "ping",
            "-n",
            "-c",
            "5",
            "-i",
            "0.01",
            "-M",
            "do",
            "-s",
            str(mtu - 28),
            str(right.guest.ipv4),
        ]
        done = left.guest.exec(words, check=False)
        _need("5 received" in done.stdout, f"{isolation}: {done.stdout.strip().splitlines()[-1:]}")
        told.append(f"{isolation} {mtu}")
    return "MTU " + ", ".join(told)


def isolation(scene: Scene) -> str:
    """Two tenants with the same CIDR and the same MAC addresses never see each other's packets."""
    twins = scene.twins()
    _need(bool(twins), "no networks of two tenants with the same CIDR and MAC addresses in the example")
    arrived = leaked = sent = watched = 0
    for name in sorted({name for pair in twins for name in pair}):
        left, right = scene.pair(name)
        strangers = [m for other, members in scene.members.items() if other != name for m in members]
        mark = _mark()
        with contextlib.ExitStack() as stack:
            own = stack.enter_context(right.guest.sniff(Filter(containing=mark, icmp_type=8)))
            others = [stack.enter_context(m.guest.sniff(Filter(containing=mark))) for m in strangers]
            left.guest.send(
                *[marked_echo(left, right, mark)] * PACKETS, *[_shout(scene, name, left, mark)] * PACKETS
            )
            own.wait(PACKETS)
        sent, watched = sent + PACKETS, max(watched, len(strangers))
        arrived += own.count(Filter(icmp_type=8))
        leaked += sum(len(sniffer.frames) for sniffer in others)
    told = f"{arrived} of {sent} arrived at the right guest, {leaked} of these and {sent} broadcasts at the {watched} others"
    _need(arrived == sent and leaked == 0, told)
    return told


def keys_on_the_wire(scene: Scene) -> str:
    """Encapsulated packets with the network's own key are seen on the underlay, and no others of it."""
    told = []
    for name, network in sorted(scene.networks.items()):
        left, right = scene.pair(name)
        mark = _mark()
        with (
            scene.lab.sniff_underlay(right.host, Filter(containing=mark)) as wire,
            right.guest.sniff(Filter(containing=mark, icmp_type=8)) as own,
        ):
            left.guest.send(*[marked_echo(left, right, mark)] * PACKETS)
            own.wait(PACKETS)
        seen = {(f.encapsulation.kind, f.encapsulation.key) if f.encapsulation else None for f in wire.frames}
        wanted = {(str(network.isolation), network.segment)}
        _need(
            seen == wanted and len(wire.frames) >= PACKETS,
            f"{name}: {len(wire.frames)} packets, {seen}, not {wanted}",
        )
        told.append(f"{network.isolation} {network.segment}")
    return f"{PACKETS} and more packets each: " + ", ".join(told)


def spoofed(what: str, scene: Scene) -> str:
    """A packet with a source that is not its NIC's is dropped."""
    dropped = 0
    for name in scene.networks:
        left, right = scene.pair(name)
        mark = _mark()
        forged = _forgery(what, scene, name, left, right, mark)
        honest = Filter(containing=mark + b"honest")
        with right.guest.sniff() as seen:
            left.guest.send(*[forged] * PACKETS, marked_echo(left, right, mark + b"honest"))
            _until_seen(seen, honest)
        arrived = sum(_is(forged, frame.raw) for frame in seen.frames if not frame.outgoing)
        _need(arrived == 0, f"{arrived} of {PACKETS} arrived in {name}")
        dropped += PACKETS
    return f"{dropped} of {dropped} dropped; the honest packets sent behind them arrived"


def broadcast(scene: Scene) -> str:
    """A broadcast reaches every guest of its network and only the hosts that have one."""
    reached = strayed = sent = 0
    silent: set[str] = set()
    for name, members in scene.members.items():
        source, mark = members[0], _mark()
        strangers = [m for other, ms in scene.members.items() if other != name for m in ms]
        idle = scene.without(name)
        with contextlib.ExitStack() as stack:
            own = [stack.enter_context(m.guest.sniff(Filter(containing=mark))) for m in members[1:]]
            others = [stack.enter_context(m.guest.sniff(Filter(containing=mark))) for m in strangers]
            wires = [
                stack.enter_context(scene.lab.sniff_underlay(host, Filter(containing=mark))) for host in idle
            ]
            source.guest.send(*[_shout(scene, name, source, mark)] * PACKETS)
            for sniffer in own:
                sniffer.wait(PACKETS)
        reached += sum(len(sniffer.frames) for sniffer in own)
        strayed += sum(len(sniffer.frames) for sniffer in (*others, *wires))
        sent += PACKETS * len(own)
        silent.update(idle)
    told = f"{reached} of {sent} copies arrived; {strayed} at guests of other networks or at hosts without the network"
    _need(bool(silent), "every host has every network: nothing to see")
    _need(reached == sent and strayed == 0, told)
    return told


def survives_kill(scene: Scene) -> str:
    """The daemon is killed with -9 and started again: no packet of running flood pings is lost, no flow is touched."""
    before = {name: host.flows() for name, host in scene.lab.hosts.items()}
    pairs = [scene.pair(name) for name in scene.networks]
    with contextlib.ExitStack() as stack:
        floods = [stack.enter_context(a.guest.flood(b.guest, interval=0.005)) for a, b in pairs]
        began = time.monotonic()
        _pings_go_by(pairs, 100)
        scene.netloomd.kill()
        _pings_go_by(pairs, 200)
        scene.netloomd.start()
        scene.netloomd.await_in_sync()
        _pings_go_by(pairs, 200)
        results = [flood.stop() for flood in floods]
        seconds = time.monotonic() - began
    sent, lost = sum(r.sent for r in results), sum(r.lost for r in results)
    after = {name: host.flows() for name, host in scene.lab.hosts.items()}
    youngest = min(_youngest(host.ofctl("dump-flows", "--no-names")) for host in scene.lab.hosts.values())
    count = sum(len(flows) for flows in before.values())
    told = f"{lost} of {sent} pings lost over {seconds:.1f} s; {count} flows, "
    _need(after == before, told + "some differ")
    _need(youngest >= seconds, told + f"one was put anew {youngest:.1f} s ago")
    _need(lost == 0, told + "none changed")
    return told + "none changed, none put anew"


def heals(scene: Scene) -> str:
    """A host whose flows were tampered with is put right; what is not netloom's stays."""
    left, _ = scene.pair(next(iter(scene.networks)))
    host = scene.lab.host(left.host)
    before = host.flows()
    foreign = "cookie=0x5ca1ab1e,table=250,priority=7,ip,nw_dst=192.0.2.9,actions=drop"
    host.add_flows(foreign)
    strange = [flow for flow in host.flows() if flow not in before]
    working = [flow for flow in before if "actions=drop" not in flow]
    victims, falsified = working[::3], working[1]
    tampered = sorted(before + strange)
    try:
        # In one bundle: netloomd looks every second, and shall find everything wrong at once.
        host.ofctl(
            "add-flows",
            "--bundle",
            "-",
            text="\n".join(
                [
                    *(f"delete_strict {_match_of(flow)}" for flow in victims),
                    "add " + re.sub(r"actions=.*", "actions=drop", falsified),
                ]
            ),
        )
        began = time.monotonic()
        with contextlib.suppress(LabError):
            wait.until(lambda: host.flows() == tampered, "as before", seconds=20, step=0.05)
        seconds = time.monotonic() - began
        now = host.flows()
    finally:
        host.ofctl("del-flows", "cookie=0x5ca1ab1e/-1")
    off = len(set(now) ^ set(tampered))
    told = f"{len(victims)} of {len(before)} flows deleted and one falsified on {host.name}: "
    _need(off == 0, told + f"{off} still wrong after {seconds:.0f} s")
    for name in scene.networks:
        a, b = scene.pair(name)
        _need(_works_again(a, b), told + f"{name} does not work")
    return told + f"right again after {seconds:.1f} s, the foreign flow untouched"


CLAIMS: Sequence[tuple[str, Claim]] = (
    ("Guests of a tenant reach each other across hosts over [bold]GRE[/]", functools.partial(reach, "gre")),
    ("… over [bold]VXLAN[/]", functools.partial(reach, "vxlan")),
    ("… over [bold]Geneve[/]", functools.partial(reach, "geneve")),
    ("Packets as large as the network's MTU pass whole", full_size),
    ("Tenants with the [bold]same CIDR and MACs[/] never see each other's packets", isolation),
    ("On the underlay, each network's packets carry its own key", keys_on_the_wire),
    ("A spoofed source [bold]MAC[/] is dropped", functools.partial(spoofed, "mac")),
    ("A spoofed source [bold]IP[/] is dropped", functools.partial(spoofed, "ip")),
    ("A spoofed [bold]ARP[/] answer is dropped", functools.partial(spoofed, "arp")),
    ("Broadcast reaches only hosts of the network", broadcast),
    ("netloomd [bold]killed -9[/] and restarted: nothing lost, no flow changed", survives_kill),
    ("A host whose flows were tampered with is put right", heals),
)
"""In the order of the table."""


def _until_seen(sniffer: frames.Sniffer, what: Filter) -> None:
    wait.until(lambda: sniffer.count(what) > 0, "the honest packet arrives", seconds=5)


def _works_again(a: Member, b: Member) -> bool:
    """Whether all pings are answered, soon: a busy switch goes on dropping until it has looked at its cache again."""
    try:
        wait.until(
            lambda: a.guest.ping(b.guest, count=3, interval=0.01).all_answered,
            "they ping",
            seconds=5,
            step=0.05,
        )
    except LabError:
        return False
    return True


def _mark() -> bytes:
    return b"nl" + secrets.token_hex(8).encode()


def _network(scene: Scene, name: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(str(scene.networks[name].cidr))


def _shout(scene: Scene, name: str, source: Member, mark: bytes) -> bytes:
    """A broadcast with a mark: UDP (RFC 768, no checksum) to the network's broadcast address."""
    body = struct.pack("!HHHH", 9, 9, 8 + len(mark), 0) + mark
    packet = frames.ipv4_packet(
        str(source.nic.ipv4), str(_network(scene, name).broadcast_address), frames.UDP_PROTOCOL, body
    )
    return frames.ethernet(frames.BROADCAST, source.nic.mac, frames.ETH_IPV4, packet)


def _forgery(what: str, scene: Scene, name: str, left: Member, right: Member, mark: bytes) -> bytes:
    if what == "arp":
        # "The neighbour's address is at my MAC", said to the neighbour: the start of every man in the middle.
        victim = str(_network(scene, name).network_address + 1)
        return frames.arp(2, (left.nic.mac, victim), (right.nic.mac, str(right.nic.ipv4)))
    source_mac = "02:00:00:ba:d0:01" if what == "mac" else left.nic.mac
    source_ip = str(_network(scene, name).broadcast_address - 3) if what == "ip" else str(left.nic.ipv4)
    packet = frames.icmp_echo(source_ip, str(right.nic.ipv4), data=mark + b"forged")
    return frames.ethernet(right.nic.mac, source_mac, frames.ETH_IPV4, packet)


def _is(sent: bytes, seen: bytes) -> bool:
    return seen[: len(sent)] == sent[: len(seen)] and len(seen) >= 42


def _pings_go_by(pairs: Sequence[tuple[Member, Member]], count: int) -> None:
    """Let `count` echo requests of every flood arrive."""
    with contextlib.ExitStack() as stack:
        sniffers = [stack.enter_context(b.guest.sniff(Filter(icmp_type=8))) for _, b in pairs]
        for sniffer in sniffers:
            sniffer.wait(count, seconds=30)


def _youngest(dump: str) -> float:
    """Seconds since the flow that was put last."""
    return min((float(age) for age in re.findall(r"duration=([\d.]+)s", dump)), default=0.0)


def _match_of(flow: str) -> str:
    """The part of a dumped flow that `del-flows --strict` takes: table, priority, match."""
    head = flow.partition(" actions=")[0]
    words = [
        word
        for word in re.split(r",\s*|\s+", head)
        if word and not word.startswith(("cookie=", "idle_", "hard_"))
    ]
    return ",".join(words)
