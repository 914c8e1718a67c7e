"""Hundreds of guests for the price of one thread: taps whose far ends a single loop answers for.

A tap port is a guest as far as the switch can tell: it answers ARP, neighbour solicitations and echo requests for its
addresses, and can ping. No namespace, no process, no kernel stack per guest.
Rule 1: the taps live as long as their file descriptors: nothing remains of them when the owner dies.
Rule 2: every port sends one frame at a time and counts nothing but answers to its own questions.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import ipaddress
import os
import select
import struct
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from netloom.base.net import parse_mac
from netloom.lab import frames, namespaces
from netloom.lab.errors import LabError
from netloom.lab.lab import Lab

_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_ECHO, _ECHO_REPLY, _ECHO6, _ECHO6_REPLY, _SOLICITATION = 8, 0, 128, 129, 135
_ARP, _IPV4, _IPV6 = b"\x08\x06", b"\x08\x00", b"\x86\xdd"


@dataclasses.dataclass(frozen=True)
class BulkPort:
    """A port to be: `name` is its interface on `host`, at most 15 characters, `identity` the iface-id it is plugged with."""

    name: str
    host: str
    mac: str
    ipv4: str
    ipv6: str | None = None
    identity: str | None = None


class _Port:
    """A port's file descriptor and its addresses as octets."""

    def __init__(self, plan: BulkPort, fd: int) -> None:
        self.plan = plan
        self.fd = fd
        self.mac = parse_mac(plan.mac).to_bytes(6)
        self.ipv4 = ipaddress.IPv4Address(plan.ipv4).packed
        self.ipv6 = ipaddress.IPv6Address(plan.ipv6).packed if plan.ipv6 else None
        self.neighbours: dict[bytes, bytes] = {}
        """MAC by IPv4 address, as heard."""
        self.echoed: dict[bytes, float] = {}
        """When the first echo reply came, by IPv4 address (`time.monotonic`)."""
        self.heard = 0
        """Frames received."""

    def send(self, frame: bytes) -> None:
        # A full queue (ENOBUFS) or a port that is not up yet (EIO) loses the frame, as a wire would.
        with contextlib.suppress(OSError):
            os.write(self.fd, frame)


class BulkPorts:
    """Many ports on the hosts of a lab; a context manager.

    Args:
        lab: where.
        ports: what. Their taps are there once this is entered; `plug` puts them on br-int.
    """

    def __init__(self, lab: Lab, ports: Iterable[BulkPort]) -> None:
        self._lab = lab
        self._plans = {port.name: port for port in ports}
        self._ports: dict[str, _Port] = {}
        self._changed = threading.Condition()
        self._epoll = select.epoll()
        self._stop_read, self._stop_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._answer, name="bulk-ports", daemon=True)

    def __enter__(self) -> Self:
        try:
            for host in {plan.host for plan in self._plans.values()}:
                self._make([plan for plan in self._plans.values() if plan.host == host])
        except BaseException:
            self._close_all()
            raise
        self._by_fd = {port.fd: port for port in self._ports.values()}
        for fd in (*self._by_fd, self._stop_read):
            self._epoll.register(fd, select.EPOLLIN)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_write, b"x")
        self._thread.join()
        self._close_all()

    def plug(self, names: Iterable[str] | None = None) -> Mapping[str, int]:
        """Put ports (all of them without names) on br-int of their hosts, one transaction per host; OpenFlow ports."""
        plugged: dict[str, int] = {}
        for host, plans in self._by_host(names).items():
            plugged |= self._lab.host(host).plug_many(
                {plan.name: (plan.identity, plan.mac) for plan in plans}
            )
        return plugged

    def unplug(self, names: Iterable[str] | None = None) -> None:
        """Take ports (all of them without names) off br-int."""
        for host, plans in self._by_host(names).items():
            self._lab.host(host).unplug(*(plan.name for plan in plans))

    def reach(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        interval: float = 0.005,
        seconds: float = 30.0,
        arp: bool = True,
    ) -> dict[tuple[str, str], float]:
        """Ping from each pair's first port to its second until each was answered once.

        Args:
            pairs: names of ports.
            interval: seconds between two tries of a pair.
            seconds: how long at most.
            arp: ask for the target's MAC first, as a guest does; else it is known.

        Returns:
            Seconds from the call to the first echo reply, for the pairs that got one.
        """
        routes = [(self._port(a), self._port(b)) for a, b in pairs]
        with self._changed:
            for source, target in routes:
                source.echoed.pop(target.ipv4, None)
                source.neighbours.pop(target.ipv4, None)
                if not arp:
                    source.neighbours[target.ipv4] = target.mac
        start = time.monotonic()
        missing = routes
        while missing and time.monotonic() < start + seconds:
            round_start = time.monotonic()
            for source, target in missing:
                source.send(_question(source, target))
            missing = self._await(missing, round_start + interval)
        return {(a.plan.name, b.plan.name): a.echoed[b.ipv4] - start for a, b in routes if b.ipv4 in a.echoed}

    def heard(self, name: str) -> int:
        """Frames that a port received so far."""
        return self._port(name).heard

    def _await(self, pairs: list[tuple[_Port, _Port]], until: float) -> list[tuple[_Port, _Port]]:
        """Those that are still without an answer at `until`. A MAC that becomes known is used at once."""
        with self._changed:
            asked = {pair for pair in pairs if pair[1].ipv4 in pair[0].neighbours}
            while True:
                pairs = [pair for pair in pairs if pair[1].ipv4 not in pair[0].echoed]
                for pair in pairs:
                    if pair not in asked and pair[1].ipv4 in pair[0].neighbours:
                        asked.add(pair)
                        pair[0].send(_question(*pair))
                left = until - time.monotonic()
                if not pairs or left <= 0:
                    return pairs
                self._changed.wait(left)

    def _port(self, name: str) -> _Port:
        try:
            return self._ports[name]
        except KeyError as error:
            raise LabError(f"there is no port {name}") from error

    def _by_host(self, names: Iterable[str] | None) -> dict[str, list[BulkPort]]:
        found: dict[str, list[BulkPort]] = {}
        for name in self._plans if names is None else names:
            plan = self._plans[name]
            found.setdefault(plan.host, []).append(plan)
        return found

    def _make(self, plans: Sequence[BulkPort]) -> None:
        namespace = self._lab.host(plans[0].host).namespace
        with namespaces.entered(namespace):
            for plan in plans:
                fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
                self._ports[plan.name] = _Port(plan, fd)
                fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", plan.name.encode(), _IFF_TAP | _IFF_NO_PI))
            namespaces.ip_batch(f"link set {plan.name} up" for plan in plans)

    def _close_all(self) -> None:
        self._epoll.close()
        for fd in (self._stop_read, self._stop_write, *(port.fd for port in self._ports.values())):
            os.close(fd)
        self._ports.clear()

    def _answer(self) -> None:
        while True:
            for fd, _event in self._epoll.poll():
                if fd == self._stop_read:
                    return
                self._drain(self._by_fd[fd])

    def _drain(self, port: _Port) -> None:
        while True:
            try:
                frame = os.read(port.fd, 65536)
            except OSError as error:
                # EBADFD: the interface is gone under our feet (the host's namespace was deleted).
                if error.errno not in {errno.EAGAIN, errno.EIO, errno.EBADFD}:
                    raise
                if error.errno == errno.EBADFD:
                    self._epoll.unregister(port.fd)
                return
            port.heard += 1
            self._take(port, frame)

    def _take(self, port: _Port, frame: bytes) -> None:
        kind = frame[12:14]
        if kind == _ARP and frame[28:32] != port.ipv4:
            if frame[38:42] == port.ipv4:
                self._took_arp(port, frame)
        elif kind == _IPV4 and frame[30:34] == port.ipv4 and frame[23] == frames.ICMP_PROTOCOL:
            self._took_icmp(port, frame)
        elif kind == _IPV6 and port.ipv6 is not None and frame[20] == frames.ICMP6_PROTOCOL:
            _answer_icmp6(port, frame)

    def _took_arp(self, port: _Port, frame: bytes) -> None:
        with self._changed:
            port.neighbours[frame[28:32]] = frame[22:28]
            self._changed.notify_all()
        if frame[21] == 1:
            body = frame[14:21] + b"\x02" + port.mac + port.ipv4 + frame[22:32]
            port.send((frame[22:28] + port.mac + _ARP + body).ljust(60, b"\0"))

    def _took_icmp(self, port: _Port, frame: bytes) -> None:
        at = 14 + (frame[14] & 15) * 4
        if frame[at] == _ECHO:
            # The sums stay right: addresses are swapped, and the type's change from 8 to 0 is put into the checksum.
            total = int.from_bytes(frame[at + 2 : at + 4]) + (_ECHO << 8)
            total = (total & 0xFFFF) + (total >> 16)
            head = frame[6:12] + port.mac + frame[12:26] + frame[30:34] + frame[26:30] + frame[34:at]
            port.send(head + b"\0" + frame[at + 1 : at + 2] + total.to_bytes(2) + frame[at + 4 :])
        elif frame[at] == _ECHO_REPLY:
            now = time.monotonic()
            with self._changed:
                port.echoed.setdefault(frame[26:30], now)
                self._changed.notify_all()


def _question(source: _Port, target: _Port) -> bytes:
    """An echo request when the target's MAC is known, else the ARP request for it."""
    mac = source.neighbours.get(target.ipv4)
    if mac is None:
        return frames.arp_request(source.plan.mac, source.plan.ipv4, target.plan.ipv4)
    packet = frames.icmp_echo(source.plan.ipv4, target.plan.ipv4)
    return (mac + source.mac + _IPV4 + packet).ljust(60, b"\0")


def _answer_icmp6(port: _Port, frame: bytes) -> None:
    source, kind = frame[22:38], frame[54]
    if port.ipv6 is None:
        return
    me = str(ipaddress.IPv6Address(port.ipv6))
    asker = str(ipaddress.IPv6Address(source))
    if kind == _SOLICITATION and frame[62:78] == port.ipv6:
        answer = frames.neighbour_advertisement(port.plan.mac, me, asker)
    elif kind == _ECHO6 and frame[38:54] == port.ipv6:
        length = int.from_bytes(frame[18:20])
        body = bytes([_ECHO6_REPLY, 0, 0, 0]) + frame[58 : 54 + length]
        answer = frames.icmp6(me, asker, body)
    else:
        return
    port.send(frame[6:12] + port.mac + _IPV6 + answer)
