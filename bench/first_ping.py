"""NIC created by API and plugged → first ping answered by a NIC on another host.

What is timed: creating the NIC (our REST API, kept connection; their ovn-nbctl process, told apart), plugging its port (one
OVSDB transaction, the same code for both), and pinging every millisecond until the first answer.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench import processes
from bench.clouds import Cloud, Port, cloud_on
from bench.crowd import crowd, questions, taps
from bench.prober import Prober
from bench.result import Result, Runs
from netloom.lab import namespaces
from netloom.lab.bulk import BulkPorts
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
NEIGHBOUR = Port("bench-neighbour", "02:00:00:00:00:03", "10.0.0.3")


def prepare(lab: Lab, cloud: Cloud, runs: int) -> Prober:
    """Two NICs that are there, on two hosts, and a guest on the first that is plugged anew in each run; the peer answers."""
    cloud.create([PEER, NEIGHBOUR])
    lab.add_guest(
        GuestPlan(
            "neighbour", "h1", mac=NEIGHBOUR.mac, ipv4=f"{NEIGHBOUR.ip}/16", identity=NEIGHBOUR.identity
        )
    )
    lab.add_guest(GuestPlan("peer", "h2", mac=PEER.mac, ipv4=f"{PEER.ip}/16", identity=PEER.identity))
    lab.add_guest(GuestPlan("probe", "h1", mac=mac(0), ipv4=f"{address(0)}/16"))
    peer = lab.guest("peer")
    namespaces.ip_batch(
        [f"neigh replace {address(i)} lladdr {mac(i)} dev {peer.device} nud permanent" for i in range(runs)],
        namespace=peer.namespace,
    )
    return Prober(lab.guest("probe").namespace)


def run(lab: Lab, cloud: Cloud, prober: Prober, runs: Iterable[int]) -> list[Sample]:
    """Measure; every run uses a new NIC with a MAC and an address of its own."""
    guest = lab.guest("probe")
    host = lab.host("h1")
    samples = []
    for index in runs:
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
        processes.wait_for(lambda: prober.silent(PEER.ip, 0.05), 5, "silence of a NIC that is gone")
    return samples


def summary(samples: list[Sample]) -> dict[str, float]:
    """Milliseconds: medians of the whole and of its parts."""
    return {
        "median": statistics.median(sample.total for sample in samples) * 1e3,
        "rest": statistics.median(sample.total - sample.create - sample.plug for sample in samples) * 1e3,
        "create": statistics.median(sample.create for sample in samples) * 1e3,
        "plug": statistics.median(sample.plug for sample in samples) * 1e3,
    }


WHAT = "from the request for a NIC to the first ping answered: its port plugged in between, the other NIC on another host"


def block(name: str, hosts: int, present: int, count: int) -> tuple[list[Sample], list[Sample]]:
    """A fresh lab, one system: samples with two NICs, then with `present` more there."""
    with Lab.up(hosts=hosts) as lab, cloud_on(name, lab) as cloud:
        prober = prepare(lab, cloud, count * 2)
        few = run(lab, cloud, prober, range(count))
        ports = crowd(present)
        plan = taps(ports, hosts)
        cloud.create(ports)
        with BulkPorts(lab, plan) as bulk:
            bulk.plug()
            answered = bulk.reach(questions(plan), interval=0.1, seconds=60, arp=False)
            if len(answered) != present:
                raise RuntimeError(f"{name}: only {len(answered)} of {present} pairs reach each other")
            cloud.settle()
            many = run(lab, cloud, prober, range(count, count * 2))
        prober.close()
    return few, many


def main() -> None:
    """Measure both systems in turns, each turn on a fresh lab."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hosts", type=int, nargs="+", default=[5, 20])
    arguments.add_argument("--present", type=int, default=500)
    arguments.add_argument("--samples", type=int, default=100, help="of each system")
    arguments.add_argument("--blocks", type=int, default=2)
    chosen = arguments.parse_args()
    for hosts in chosen.hosts:
        found: dict[tuple[str, int], list[Sample]] = {}
        for _ in range(chosen.blocks):
            for name in ("netloom", "ovn"):
                samples = block(name, hosts, chosen.present, chosen.samples // chosen.blocks)
                for present, part in zip((2, chosen.present), samples, strict=True):
                    found.setdefault((name, present), []).extend(part)
        for present, target in ((2, "<= 0.7"), (chosen.present, "<= 0.3")):
            ours, peer = found["netloom", present], found["ovn", present]
            sentence = f"{WHAT}; {hosts} hosts, {present} NICs present"
            notes = [f"{name}: {text(samples)}" for name, samples in (("netloom", ours), ("OVN", peer))]
            for tail, pick in (("", statistics.median), ("-p99", p99)):
                Result(
                    f"first-ping-{hosts}-hosts-{present}-nics{tail}",
                    sentence + ("; the 99th percentile" if tail else ""),
                    Runs(tuple(s.total * 1e3 for s in ours), pick=pick),
                    "ms",
                    "python -m bench.first_ping",
                    None if tail else target,
                    Runs(tuple(s.total * 1e3 for s in peer), pick=pick),
                    "OVN",
                    "; ".join(notes) + " (medians)",
                ).write()


def text(samples: list[Sample]) -> str:
    """The parts."""
    found = summary(samples)
    return f"create {found['create']:.1f}, plug {found['plug']:.1f}, rest {found['rest']:.1f} ms"


def p99(values: Sequence[float]) -> float:
    """The 99th percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


if __name__ == "__main__":
    main()
