"""NIC created by API and plugged → first ping answered by a NIC on another host.

What is timed: creating the NIC (our REST API, kept connection; their ovn-nbctl process, told apart), plugging its port (one
OVSDB transaction, the same code for both), and pinging every millisecond until the first answer.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from bench.clouds import Cloud, Port
from bench.prober import Prober
from netloom.lab import namespaces
from netloom.lab.lab import GuestPlan, Lab


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of one run."""

    create: float
    plug: float
    total: float


def address(index: int) -> str:
    """The index-th address that is probed."""
    return f"10.0.{10 + index // 200}.{1 + index % 200}"


def mac(index: int) -> str:
    """Its MAC."""
    return f"02:00:10:{index >> 16 & 255:02x}:{index >> 8 & 255:02x}:{index & 255:02x}"


PEER = Port("bench-peer", "02:00:00:00:00:02", "10.0.0.2")


def prepare(lab: Lab, cloud: Cloud, runs: int) -> Prober:
    """A peer on the second host that answers, a guest on the first that is plugged anew in each run."""
    cloud.create([PEER])
    lab.add_guest(GuestPlan("peer", "h2", mac=PEER.mac, ipv4=f"{PEER.ip}/16", identity=PEER.identity))
    lab.add_guest(GuestPlan("probe", "h1", mac=mac(0), ipv4=f"{address(0)}/16"))
    peer = lab.guest("peer")
    namespaces.ip_batch(
        [f"neigh replace {address(i)} lladdr {mac(i)} dev {peer.device} nud permanent" for i in range(runs)],
        namespace=peer.namespace,
    )
    return Prober(lab.guest("probe").namespace)


def run(lab: Lab, cloud: Cloud, runs: int = 100) -> list[Sample]:
    """Measure; every run uses a new NIC with a MAC and an address of its own."""
    prober = prepare(lab, cloud, runs)
    guest = lab.guest("probe")
    host = lab.host("h1")
    samples = []
    for index in range(runs):
        port = Port(f"probe-{index}", mac(index), address(index))
        guest.configure(mac=port.mac, ipv4=f"{port.ip}/16")
        namespaces.ip_batch(
            [f"neigh replace {PEER.ip} lladdr {PEER.mac} dev {guest.device} nud permanent"],
            namespace=guest.namespace,
        )
        device = guest.port
        prober.drain()
        began = time.perf_counter()
        cloud.create([port])
        created = time.perf_counter()
        host.plug(device, port.identity, mac=port.mac)
        plugged = time.perf_counter()
        answered = prober.first_reply(PEER.ip, 20)
        samples.append(Sample(created - began, plugged - created, answered - began))
        host.unplug(device)
        cloud.delete(port)
        if not prober.silent(PEER.ip, 0.05):
            raise RuntimeError("a NIC that is gone still answers")
    prober.close()
    return samples


def summary(samples: list[Sample]) -> dict[str, float]:
    """Milliseconds: median and p99 of the whole, medians of its parts."""
    totals = sorted(sample.total for sample in samples)
    return {
        "median": statistics.median(totals) * 1e3,
        "p99": totals[min(len(totals) - 1, int(len(totals) * 0.99))] * 1e3,
        "min": totals[0] * 1e3,
        "max": totals[-1] * 1e3,
        "create": statistics.median(sample.create for sample in samples) * 1e3,
        "plug": statistics.median(sample.plug for sample in samples) * 1e3,
    }
