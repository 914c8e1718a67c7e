"""Ethernet frames by hand: built, sent and watched on any interface of the lab, without tcpdump.

Rule 1: a sniffer sees frames from the moment its block is entered (its socket is bound by then); what was missed is counted.
Rule 2: parsing never fails: what is not understood stays a frame with its addresses and its raw octets.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import socket
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Self

from netloom.base.net import format_mac
from netloom.lab import namespaces
from netloom.lab.errors import LabError

ETH_P_ALL = 3
ETH_IPV4, ETH_ARP, ETH_IPV6, ETH_VLAN = 0x0800, 0x0806, 0x86DD, 0x8100
PACKET_OUTGOING = 4
SOL_PACKET, PACKET_STATISTICS, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 6, 8, 23
_AUXDATA = struct.Struct("=IIIHHHH")
"""linux/if_packet.h: status, length, captured, offsets of two headers, tag, tag's ethertype."""
_TAG_VALID = 0x10
DRAIN = 0.1
"""Seconds for which a sniffer still reads after its block."""
BROADCAST = "ff:ff:ff:ff:ff:ff"
VXLAN_PORT, GENEVE_PORT = 4789, 6081
GRE_PROTOCOL, UDP_PROTOCOL, ICMP_PROTOCOL, ICMP6_PROTOCOL = 47, 17, 1, 58


@dataclasses.dataclass(frozen=True)
class Encapsulation:
    """The tunnel header of a frame on the underlay: `gre`, `vxlan` or `geneve`, key, outer addresses, what is inside."""

    kind: str
    key: int | None
    outer_source: str
    outer_target: str
    inner: Frame


@dataclasses.dataclass(frozen=True)
class Frame:
    """An Ethernet frame, read as far as it is understood."""

    raw: bytes
    source: str
    target: str
    ethertype: int
    protocol: int | None = None
    source_ip: str | None = None
    target_ip: str | None = None
    arp_operation: int | None = None
    icmp_type: int | None = None
    payload: bytes = b""
    encapsulation: Encapsulation | None = None
    vlan: int | None = None
    """The id of its 802.1Q tag; `ethertype` and what follows are those behind the tag."""
    outgoing: bool = False
    """Whether it left through the interface it was seen at, rather than came in."""


@dataclasses.dataclass(frozen=True)
class Filter:
    """Which frames a sniffer keeps; what is None is not looked at. `tunnel` and `key` look at the encapsulation."""

    source: str | None = None
    target: str | None = None
    ethertype: int | None = None
    protocol: int | None = None
    source_ip: str | None = None
    target_ip: str | None = None
    sender_ip: str | None = None
    arp_operation: int | None = None
    icmp_type: int | None = None
    tunnel: str | None = None
    key: int | None = None
    vlan: int | None = None
    containing: bytes | None = None

    def takes(self, frame: Frame) -> bool:
        """Whether a frame is one of those."""
        wanted = (
            (self.source, frame.source),
            (self.target, frame.target),
            (self.ethertype, frame.ethertype),
            (self.protocol, frame.protocol),
            (self.source_ip, frame.source_ip),
            (self.sender_ip, frame.source_ip),
            (self.target_ip, frame.target_ip),
            (self.arp_operation, frame.arp_operation),
            (self.icmp_type, frame.icmp_type),
            (self.vlan, frame.vlan),
            (self.tunnel, frame.encapsulation.kind if frame.encapsulation else None),
            (self.key, frame.encapsulation.key if frame.encapsulation else None),
        )
        return all(want is None or want == seen for want, seen in wanted) and (
            self.containing is None or self.containing in frame.raw
        )


def parse(raw: bytes, *, outgoing: bool = False) -> Frame:
    """Read a frame."""
    if len(raw) < 14:
        return Frame(raw, "", "", 0, outgoing=outgoing)
    ethertype, vlan, start = int.from_bytes(raw[12:14]), None, 14
    if ethertype == ETH_VLAN and len(raw) >= 18:  # IEEE 802.1Q-2022, clause 9.6: priority, drop bit, id
        vlan, ethertype, start = int.from_bytes(raw[14:16]) & 0xFFF, int.from_bytes(raw[16:18]), 18
    base = Frame(
        raw,
        source=format_mac(int.from_bytes(raw[6:12])),
        target=format_mac(int.from_bytes(raw[:6])),
        ethertype=ethertype,
        vlan=vlan,
        outgoing=outgoing,
    )
    body = raw[start:]
    with contextlib.suppress(struct.error, IndexError, ValueError):
        if base.ethertype == ETH_ARP:
            operation, _, sender, _, wanted = struct.unpack_from("!6xH6s4s6s4s", body)
            return dataclasses.replace(
                base,
                arp_operation=operation,
                source_ip=str(ipaddress.IPv4Address(sender)),
                target_ip=str(ipaddress.IPv4Address(wanted)),
            )
        if base.ethertype == ETH_IPV4:
            header = (body[0] & 15) * 4
            total = int.from_bytes(body[2:4])
            return _transport(base, body[9], body[12:16], body[16:20], body[header:total])
        if base.ethertype == ETH_IPV6:
            return _transport(base, body[6], body[8:24], body[24:40], body[40:])
    return base


def _transport(base: Frame, protocol: int, source: bytes, target: bytes, payload: bytes) -> Frame:
    frame = dataclasses.replace(
        base,
        protocol=protocol,
        source_ip=str(ipaddress.ip_address(source)),
        target_ip=str(ipaddress.ip_address(target)),
        payload=payload,
    )
    if protocol in {ICMP_PROTOCOL, ICMP6_PROTOCOL}:
        return dataclasses.replace(frame, icmp_type=payload[0])
    opened = _open_tunnel(protocol, payload)
    if opened is None:
        return frame
    kind, key, inner = opened
    return dataclasses.replace(
        frame,
        encapsulation=Encapsulation(kind, key, frame.source_ip or "", frame.target_ip or "", parse(inner)),
    )


def _open_tunnel(protocol: int, payload: bytes) -> tuple[str, int | None, bytes] | None:
    if protocol == GRE_PROTOCOL:  # RFC 2784, with the key of RFC 2890
        flags, carried = struct.unpack_from("!HH", payload)
        if carried != 0x6558:  # transparent Ethernet bridging
            return None
        at = 4 + (4 if flags & 0x8000 else 0)
        key = int.from_bytes(payload[at : at + 4]) if flags & 0x2000 else None
        at += (4 if flags & 0x2000 else 0) + (4 if flags & 0x1000 else 0)
        return "gre", key, payload[at:]
    if protocol == UDP_PROTOCOL:
        port = int.from_bytes(payload[2:4])
        if port == VXLAN_PORT:  # RFC 7348, section 5
            return "vxlan", int.from_bytes(payload[12:15]), payload[16:]
        if port == GENEVE_PORT:  # RFC 8926, section 3.4
            options = (payload[8] & 0x3F) * 4
            return "geneve", int.from_bytes(payload[12:15]), payload[16 + options :]
    return None


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def arp_request(sender_mac: str, sender_ip: str, wanted_ip: str, *, frame_source: str | None = None) -> bytes:
    """Who has `wanted_ip`? Asked by broadcast. `frame_source` differs from `sender_mac` in a forgery only."""
    return arp(1, (sender_mac, sender_ip), (None, wanted_ip), frame_source=frame_source)


def arp(
    operation: int,
    sender: tuple[str, str],
    target: tuple[str | None, str],
    *,
    frame_source: str | None = None,
) -> bytes:
    """An ARP packet (RFC 826): 1 asks, 2 answers. `sender` and `target` are (MAC, IPv4); no target MAC means broadcast."""
    body = struct.pack(
        "!HHBBH6s4s6s4s",
        1,
        ETH_IPV4,
        6,
        4,
        operation,
        _mac(sender[0]),
        ipaddress.IPv4Address(sender[1]).packed,
        _mac(target[0] or "00:00:00:00:00:00"),
        ipaddress.IPv4Address(target[1]).packed,
    )
    return ethernet(target[0] or BROADCAST, frame_source or sender[0], ETH_ARP, body)


def ethernet(target: str, source: str, ethertype: int, body: bytes) -> bytes:
    """A frame, padded to the 60 octets of the smallest one."""
    return (_mac(target) + _mac(source) + struct.pack("!H", ethertype) + body).ljust(60, b"\0")


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def ipv4_packet(source: str, target: str, protocol: int, body: bytes) -> bytes:
    """An IPv4 packet (RFC 791) around `body`."""
    header = struct.pack(
        "!BBHHHBBH4s4s",
        0x45,
        0,
        20 + len(body),
        0,
        0,
        64,
        protocol,
        0,
        ipaddress.IPv4Address(source).packed,
        ipaddress.IPv4Address(target).packed,
    )
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + body


def ipv6_packet(source: str, target: str, protocol: int, body: bytes) -> bytes:
    """An IPv6 packet (RFC 8200) around `body`, hop limit 255 as neighbour discovery asks for."""
    header = struct.pack("!IHBB", 6 << 28, len(body), protocol, 255)
    return header + ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(target).packed + body


def icmp_echo(
    source: str, target: str, *, identifier: int = 1, sequence: int = 1, data: bytes = b"netloom"
) -> bytes:
    """An IPv4 packet with an ICMP echo request (RFC 792)."""
    head = struct.pack("!BBHHH", 8, 0, 0, identifier, sequence)
    return ipv4_packet(
        source, target, ICMP_PROTOCOL, head[:2] + struct.pack("!H", checksum(head + data)) + head[4:] + data
    )


def icmp6(source: str, target: str, body: bytes) -> bytes:
    """An IPv6 packet with an ICMPv6 message whose checksum (octets 2 and 3) is filled in (RFC 4443, section 2.3)."""
    pseudo = (
        ipaddress.IPv6Address(source).packed
        + ipaddress.IPv6Address(target).packed
        + struct.pack("!IHBB", len(body), 0, 0, ICMP6_PROTOCOL)
    )
    filled = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    return ipv6_packet(source, target, ICMP6_PROTOCOL, filled)


def neighbour_solicitation(source_mac: str, source: str, wanted: str, target: str) -> bytes:
    """The body and IPv6 header of a neighbour solicitation for `wanted` (RFC 4861, section 4.3), sent to `target`."""
    body = (
        struct.pack("!BBHI", 135, 0, 0, 0)
        + ipaddress.IPv6Address(wanted).packed
        + b"\x01\x01"
        + _mac(source_mac)
    )
    return icmp6(source, target, body)


def neighbour_advertisement(source_mac: str, source: str, target: str) -> bytes:
    """The body and IPv6 header of an advertisement of `source` (RFC 4861, section 4.4), solicited and overriding."""
    body = (
        struct.pack("!BBHI", 136, 0, 0, 0x60000000)
        + ipaddress.IPv6Address(source).packed
        + b"\x02\x01"
        + _mac(source_mac)
    )
    return icmp6(source, target, body)


def _with_tag(raw: bytes, beside: Sequence[tuple[int, int, bytes]]) -> bytes:
    """A frame as it was on the wire: the kernel takes a tag off and tells it beside (packet(7), PACKET_AUXDATA)."""
    for level, kind, data in beside:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and len(data) >= _AUXDATA.size:
            status, *_, tag, ethertype = _AUXDATA.unpack_from(data)
            if status & _TAG_VALID:
                return raw[:12] + struct.pack("!HH", ethertype or ETH_VLAN, tag) + raw[12:]
    return raw


def send(namespace: str, interface: str, raw: Iterable[bytes]) -> None:
    """Put frames on the wire of an interface."""
    with namespaces.entered(namespace):
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with handle:
        handle.bind((interface, 0))
        for frame in raw:
            handle.send(frame)


class Sniffer:
    """Watches an interface while its block runs.

    `frames` grows as frames arrive; `wait` waits for more; `missed` counts those the kernel had to throw away.
    """

    def __init__(self, namespace: str, interface: str, what: Filter | None = None) -> None:
        self._what = what or Filter()
        self._changed = threading.Condition()
        self._frames: list[Frame] = []
        self._stop = threading.Event()
        with namespaces.entered(namespace):
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self._socket.settimeout(0.02)
        self._interface = interface
        self._thread = threading.Thread(target=self._run, name=f"sniff-{interface}", daemon=True)
        self.missed = 0

    def __enter__(self) -> Self:
        self._socket.bind((self._interface, ETH_P_ALL))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        counters = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self.missed = struct.unpack("II", counters)[1]
        self._socket.close()

    @property
    def frames(self) -> Sequence[Frame]:
        """What was seen so far."""
        with self._changed:
            return tuple(self._frames)

    def count(self, what: Filter) -> int:
        """How many of the frames so far are of a kind."""
        return sum(what.takes(frame) for frame in self.frames)

    def wait(self, number: int = 1, *, seconds: float = 20.0) -> Sequence[Frame]:
        """Wait until `number` frames were seen in all.

        Raises:
            LabError: they were not.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(self._frames) < number:
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise LabError(
                        f"{len(self._frames)} of {number} frames within {seconds:g} s", code="timeout"
                    )
            return tuple(self._frames)

    def _run(self) -> None:
        # After the block ended, empty the queue: what had arrived by then counts. On a busy wire the queue never gets empty.
        deadline = float("inf")
        while time.monotonic() < deadline:
            if self._stop.is_set() and deadline == float("inf"):
                deadline = time.monotonic() + DRAIN
            try:
                raw, beside, _, address = self._socket.recvmsg(65536, socket.CMSG_SPACE(_AUXDATA.size))
            except TimeoutError:
                if self._stop.is_set():
                    return
                continue
            except OSError:  # the interface went away or down
                if self._stop.wait(0.02):
                    return
                continue
            frame = parse(_with_tag(raw, beside), outgoing=address[2] == PACKET_OUTGOING)
            if self._what.takes(frame):
                with self._changed:
                    self._frames.append(frame)
                    self._changed.notify_all()
