"""Memory (PSS) of all controller processes with 20 hosts and 2,000 NICs, all of them reachable.

Rule 1: that everything is in force is seen by pings. OVN's own barrier is not asked: an ovn-controller 23.03 that has to
    connect to a busy ovs-vswitchd again ("req_cfg regressed") never acknowledges it, though all its flows are there.
"""

from __future__ import annotations

import argparse
import time

from bench import processes
from bench.clouds import cloud_on
from bench.crowd import crowd, questions, taps
from bench.result import Result, runs
from netloom.lab.bulk import BulkPorts
from netloom.lab.lab import Lab

PATIENCE = 300.0
"""Seconds for all pairs to answer."""


def once(name: str, hosts: int, count: int) -> float:
    """MB on a fresh lab, at rest."""
    with Lab.up(hosts=hosts) as lab, cloud_on(name, lab) as cloud:
        ports = crowd(count)
        plan = taps(ports, hosts)
        with BulkPorts(lab, plan) as bulk:
            for start in range(0, count, 500):
                cloud.create(ports[start : start + 500])
            bulk.plug()
            pairs = questions(plan)[::20]
            answers = bulk.reach(pairs, interval=0.1, seconds=PATIENCE, arp=False)
            if len(answers) != len(pairs):
                raise RuntimeError(f"{name}: only {len(answers)} of {len(pairs)} pairs reach each other")
            time.sleep(3.0)
            return processes.pss_bytes(cloud.pids()) / 1e6


def main() -> None:
    """Measure both systems."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hosts", type=int, default=20)
    arguments.add_argument("--nics", type=int, default=2000)
    arguments.add_argument("--runs", type=int, default=1)
    chosen = arguments.parse_args()
    found: dict[str, list[float]] = {"netloom": [], "ovn": []}
    for _ in range(chosen.runs):
        for name, values in found.items():
            values.append(once(name, chosen.hosts, chosen.nics))
    Result(
        f"memory-{chosen.hosts}-hosts-{chosen.nics}-nics",
        f"PSS of all controller processes, {chosen.hosts} hosts, {chosen.nics:,} NICs reachable; OVN: northd, both "
        "databases, an ovn-controller on each host",
        runs(found["netloom"]),
        "MB",
        "python -m bench.memory",
        "<= 0.4",
        runs(found["ovn"]),
        "OVN",
    ).write()


if __name__ == "__main__":
    main()
