"""Asks, from inside a guest, when the first ping is answered.

Rule 1: sockets are opened inside the guest's namespace and stay there; no process is started while time is taken.
Rule 2: a request every millisecond, so the answer is at most a millisecond late; neighbours are known beforehand, so
what is measured is the network and not ARP's patience.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Sequence

from netloom.lab import namespaces

_ICMP_ECHO = 8
_ICMP_REPLY = 0


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _echo(ident: int, sequence: int) -> bytes:
    body = struct.pack("!BBHHH", _ICMP_ECHO, 0, 0, ident, sequence) + b"\0" * 16
    return body[:2] + struct.pack("!H", _checksum(body)) + body[4:]


class Prober:
    """Raw ICMP from a guest's namespace."""

    def __init__(self, namespace: str) -> None:
        with namespaces.entered(namespace):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setblocking(False)
        self._ident = 0x4E4C

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _replies(self) -> list[str]:
        found: list[str] = []
        while True:
            try:
                data, (source, _) = self._socket.recvfrom(2048)
            except BlockingIOError:
                return found
            start = (data[0] & 15) * 4
            if data[start] == _ICMP_REPLY and data[start + 4 : start + 6] == self._ident.to_bytes(2, "big"):
                found.append(source)

    def drain(self) -> None:
        """Forget answers that came late."""
        self._ident = (self._ident + 1) & 0xFFFF
        self._replies()

    def first_reply(self, address: str, limit: float, interval: float = 0.001) -> float:
        """When the first answer came (time.perf_counter).

        Raises:
            TimeoutError: none came in `limit` seconds.
        """
        end = time.perf_counter() + limit
        sequence = 0
        while True:
            sequence = (sequence + 1) & 0xFFFF
            with contextlib.suppress(OSError):  # the interface may come up only now
                self._socket.sendto(_echo(self._ident, sequence), (address, 0))
            readable, _, _ = select.select([self._socket], [], [], interval)
            now = time.perf_counter()
            if readable and address in self._replies():
                return now
            if now > end:
                raise TimeoutError(f"{address} did not answer in {limit} s")

    def silent(self, address: str, seconds: float) -> bool:
        """Whether an address stays silent for a while."""
        self.drain()
        try:
            self.first_reply(address, seconds)
        except TimeoutError:
            return True
        return False

    def all_reply(self, addresses: Sequence[str], limit: float, interval: float = 0.01) -> float:
        """When the last of many had answered once (time.perf_counter); the silent ones are asked again and again.

        Raises:
            TimeoutError: some did not in `limit` seconds.
        """
        waiting = set(addresses)
        end = time.perf_counter() + limit
        sequence = 0
        last = time.perf_counter()
        while waiting:
            sequence = (sequence + 1) & 0xFFFF
            for address in list(waiting):
                try:
                    self._socket.sendto(_echo(self._ident, sequence), (address, 0))
                except BlockingIOError:
                    break
            pause = time.perf_counter() + interval
            while (left := pause - time.perf_counter()) > 0 and waiting:
                readable, _, _ = select.select([self._socket], [], [], left)
                if readable:
                    answered = waiting.intersection(self._replies())
                    if answered:
                        waiting -= answered
                        last = time.perf_counter()
            if time.perf_counter() > end:
                raise TimeoutError(f"{len(waiting)} of {len(addresses)} did not answer in {limit} s")
        return last
