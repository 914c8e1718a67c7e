"""What hosts and guests of a lab can do with one another over the userspace datapath."""

from __future__ import annotations

import pytest
from tests.lab.conftest import KINDS, join, tunnel

from netloom.lab import GuestPlan, Lab, LabError, wait
from netloom.lab.frames import Filter, arp_request, ethernet, icmp_echo

pytestmark = [pytest.mark.lab, pytest.mark.alone]

PATIENCE = 10.0
"""Seconds for the answer to the only packet, which may not be lost; who has it waits for nothing."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("underlay", [4, 6])
def test_guests_reach_each_other_through_each_tunnel(clean: Lab, kind: str, underlay: int) -> None:
    left, right = clean.guest("left"), clean.guest("right")
    join(kind, left, right, key=0x1234, ipv6=underlay == 6)
    with clean.sniff_underlay("h1", Filter(tunnel=kind, key=0x1234)) as wire:
        # The userspace datapath drops one now and then as long as it takes in ports and flows that have just been added.
        wait.until(lambda: left.ping(right, count=20, interval=0.005).all_answered, "IPv4 passes whole")
        wait.until(lambda: right.ping6(left, count=5, interval=0.005).all_answered, "IPv6 passes whole")
    inner = {
        (f.encapsulation.inner.source_ip, f.encapsulation.outer_source)
        for f in wire.frames
        if f.encapsulation
    }
    h1, h2 = clean.hosts.values()
    outer = {4: (h1.tunnel_ip, h2.tunnel_ip), 6: (h1.tunnel_ip6, h2.tunnel_ip6)}[underlay]
    assert inner >= {("10.0.0.1", str(outer[0])), ("10.0.0.2", str(outer[1]))}
    assert wire.missed == 0


def test_not_even_the_first_packet_is_lost(clean: Lab) -> None:
    left, right = clean.guest("left"), clean.guest("right")
    for host in clean.hosts.values():
        host.restart(host.VSWITCHD)  # forgets every neighbour it had learnt
    join("geneve", left, right)
    assert left.arping(right, count=1, patience=PATIENCE) == [right.mac]
    assert left.ping(right, count=1, patience=PATIENCE).all_answered


def test_tcp_works(clean: Lab) -> None:
    """Checksum offload would let ping pass and lose every TCP segment."""
    left, right = clean.guest("left"), clean.guest("right")
    join("vxlan", left, right)
    listen = (
        "import socket; s = socket.create_server(('10.0.0.2', 7)); print('up', flush=True); "
        "c, _ = s.accept(); c.sendall(b'x' * 100000)"
    )
    dial = (
        "import socket; s = socket.create_connection(('10.0.0.2', 7), 20); n = 0\n"
        "while d := s.recv(65536): n += len(d)\n"
        "print(n)"
    )
    with right.popen(["python3", "-c", listen]) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"
        assert left.exec(["python3", "-c", dial]).stdout == "100000\n"


def test_nothing_passes_without_flows(clean: Lab) -> None:
    assert clean.guest("left").ping(clean.guest("right"), count=3, patience=0.3).none_answered


def test_forged_frames_leave_as_they_are(clean: Lab) -> None:
    left, right = clean.guest("left"), clean.guest("right")
    join("geneve", left, right)
    forged = "02:00:00:00:be:ef"
    with right.sniff(Filter(source=forged)) as seen:
        left.send(
            arp_request(forged, "10.0.0.66", "10.0.0.2"),
            ethernet(right.mac, forged, 0x0800, icmp_echo("10.0.0.66", "10.0.0.2")),
        )
        first, second = seen.wait(2)[:2]
    assert (first.arp_operation, first.source_ip) == (1, "10.0.0.66")
    assert (second.icmp_type, second.source_ip) == (8, "10.0.0.66")


def test_flood_tells_what_was_lost(clean: Lab) -> None:
    left, right = clean.guest("left"), clean.guest("right")
    join("gre", left, right)
    with clean.sniff_underlay("h2", Filter(tunnel="gre")) as wire, left.flood(right, interval=0.005) as flood:
        wire.wait(20)
        clean.host("h2").underlay.blackhole()
        with left.sniff(Filter(icmp_type=8)) as lost:
            lost.wait(20)
        clean.host("h2").underlay.restore()
        seen = len(wire.frames)
        wire.wait(seen + 20)
        result = flood.stop()
    assert result.received >= 15
    assert 15 <= result.lost <= result.sent - 15
    assert len(result.missing) == result.lost


def test_live_migration_loses_nothing(clean: Lab) -> None:
    left, right = clean.guest("left"), clean.guest("right")
    h1, h2 = clean.hosts.values()
    join("geneve", left, right)
    with left.flood(right, interval=0.01) as flood:
        source = right.prepare_migration(h1)
        assert source.name == "h2"
        near = h1.ofport(left.port)
        moved = h1.ofport(f"v-{right.name}.{right.state.serial}")
        both = f"set_field:{h2.tunnel_ip}->tun_dst,set_field:77->tun_id,output:{tunnel(h1, 'geneve')},output:{moved}"
        h1.add_flows(f"in_port={moved},actions=output:{near}", f"in_port={near},actions={both}")
        right.switch_over(h1)
        with right.sniff(Filter(icmp_type=8)) as arrived:
            arrived.wait(10)
        right.finish_migration(source)
        result = flood.stop()
    assert result.lost <= 1, result
    assert "v-right" not in h2.vsctl("list-ports", "br-int").split()
    right.migrate(h2)
    join("geneve", left, right)
    assert left.ping(right).all_answered


def test_device_beside_the_bridge_is_what_attach_is_told(clean: Lab) -> None:
    guest = clean.add_guest(GuestPlan("attachable-guest", "h1", ipv4="10.0.0.9/24"))
    try:
        host = guest.host
        assert guest.port not in host.vsctl("list-ports", "br-int").split()
        assert guest.plug("some-nic") > 0
        assert "some-nic" in host.vsctl("get", "Interface", guest.port, "external_ids:iface-id")
        guest.unplug()
        assert guest.port not in host.vsctl("list-ports", "br-int").split()
    finally:
        clean.remove_guest("attachable-guest")
    with pytest.raises(LabError, match="no guest"):
        clean.guest("attachable-guest")
