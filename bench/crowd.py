"""Hundreds of NICs on a lab, spread over its hosts round robin, with taps as their guests.

Rule 1: the same NICs, ports and questions for netloom and for its peer.
Rule 2: "all reachable" is asked of every NIC from another host; the asking is kept slow, for it costs the switches.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.clouds import Port
from netloom.lab.bulk import BulkPort


def crowd_port(index: int) -> Port:
    """The index-th NIC."""
    mac = f"02:00:20:{index >> 16 & 255:02x}:{index >> 8 & 255:02x}:{index & 255:02x}"
    return Port(f"crowd-{index}", mac, f"10.0.{100 + index // 200}.{1 + index % 200}")


def crowd(count: int) -> list[Port]:
    """That many NICs."""
    return [crowd_port(index) for index in range(count)]


def taps(ports: Sequence[Port], hosts: int) -> list[BulkPort]:
    """Their taps on `hosts` hosts."""
    return [
        BulkPort(f"c{index}", f"h{1 + index % hosts}", port.mac, port.ip, identity=port.identity)
        for index, port in enumerate(ports)
    ]


def questions(plugged: Sequence[BulkPort]) -> list[tuple[str, str]]:
    """Who pings whom: each port its next neighbour, which is on another host."""
    count = len(plugged)
    return [(plugged[i].name, plugged[(i + 1) % count].name) for i in range(count)]
