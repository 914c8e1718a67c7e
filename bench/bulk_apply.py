"""500 NICs in one request → all reachable: wall time, and CPU seconds of all controller processes.

Two orders: ports plugged after the NICs are created (a cloud starts its guests), and before (the guests wait for their
network). The clock starts with the first step and stops with the last first answer; CPU is counted until everything
that follows has been done too.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from bench import processes
from bench.clouds import Cloud, cloud_on
from bench.crowd import crowd, questions, taps
from bench.result import Result, runs
from netloom.lab.bulk import BulkPorts
from netloom.lab.lab import Lab

ORDERS = ("created-first", "plugged-first")


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of one run."""

    create: float
    wall: float
    cpu: float


def quiet(cloud: Cloud) -> float:
    """CPU seconds used so far, once nothing more is being used."""
    cloud.settle()
    before = processes.cpu_seconds(cloud.pids())
    while True:
        time.sleep(1.0)
        now = processes.cpu_seconds(cloud.pids())
        if now - before <= 0.05:
            return now
        before = now


def once(cloud: Cloud, lab: Lab, hosts: int, count: int, order: str) -> Sample:
    """One run, cleaned up after."""
    ports = crowd(count)
    plan = taps(ports, hosts)
    with BulkPorts(lab, plan) as bulk:
        before = quiet(cloud)
        began = time.perf_counter()
        if order == "plugged-first":
            bulk.plug()
            time.sleep(1.0)
            began = time.perf_counter()
        cloud.create(ports)
        created = time.perf_counter()
        if order == "created-first":
            bulk.plug()
        pairs = questions(plan)
        # A tenth asks until all of it is answered, then everybody does: questions nobody answers yet cost the switches a
        # cached drop each, which every flow that comes in has looked at again.
        bulk.reach(pairs[::10], interval=0.1, seconds=60, arp=False)
        asked = time.perf_counter()
        answers = bulk.reach(pairs, interval=0.1, seconds=60, arp=False)
        if len(answers) != len(pairs):
            raise RuntimeError(f"{cloud.name}: only {len(answers)} of {len(pairs)} pairs reach each other")
        wall = asked + max(answers.values()) - began
        cpu = quiet(cloud) - before
        bulk.unplug()
        cloud.delete_all(ports)
    return Sample(created - began, wall, cpu)


def main() -> None:
    """Measure both systems in turns, each turn on a fresh lab."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hosts", type=int, nargs="+", default=[5, 20])
    arguments.add_argument("--nics", type=int, default=500)
    arguments.add_argument("--runs", type=int, default=2)
    chosen = arguments.parse_args()
    for hosts in chosen.hosts:
        found: dict[tuple[str, str], list[Sample]] = {}
        for _ in range(chosen.runs):
            for name in ("netloom", "ovn"):
                with Lab.up(hosts=hosts) as lab, cloud_on(name, lab) as cloud:
                    for order in ORDERS:
                        sample = once(cloud, lab, hosts, chosen.nics, order)
                        found.setdefault((name, order), []).append(sample)
        for order in ORDERS:
            ours, peer = found["netloom", order], found["ovn", order]
            first = (
                "ports are plugged in between" if order == "created-first" else "ports were plugged before"
            )
            sentence = (
                f"{chosen.nics} NICs created in one request (OVN: one transaction of ovn-nbctl), {hosts} hosts, until each "
                f"has answered another on another host; {first}"
            )
            for what, unit, mine, theirs in (
                ("wall", "s", [s.wall for s in ours], [s.wall for s in peer]),
                ("cpu", "CPU s", [s.cpu for s in ours], [s.cpu for s in peer]),
            ):
                Result(
                    f"bulk-apply-{hosts}-hosts-{order}-{what}",
                    sentence if what == "wall" else sentence + "; CPU of all controller processes, to rest",
                    runs(mine),
                    unit,
                    "python -m bench.bulk_apply",
                    "<= 0.4",
                    runs(theirs),
                    "OVN",
                    f"the request alone: netloom {median(ours):.2f} s, OVN {median(peer):.2f} s",
                ).write()


def median(samples: list[Sample]) -> float:
    """Of the request alone."""
    return runs([sample.create for sample in samples]).median


if __name__ == "__main__":
    main()
