"""How long compiling takes and what it keeps: a synthetic cloud, no switch, no I/O.

    .venv/bin/python bench/compile.py --hosts 500 --nics 50000 [--network-size 20] [--profile]

Prints one JSON object: the cold compile of everything, then single changes (a NIC plugged, unplugged, moved, a host that
joins) with everything present, as medians of `--runs`, and the memory that it takes.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import ipaddress
import json
import pstats
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable

from netloom.base.ids import HostId, NetworkId, NicId, Uuid
from netloom.model.isolation import Isolation
from netloom.plan.graph import Planner
from netloom.plan.view import Change, HostView, NetworkView, NicView, PortSeen, SwitchFacts
from netloom.providers.ovs.capabilities import Capability
from netloom.providers.ovs.compile.compiler import OvsCompiler

FACTS = frozenset({Capability.ND_RESPONDER.value})


def host_id(number: int) -> HostId:
    return HostId(Uuid(f"00000000-0000-4000-8000-{number:012d}"))


def network_id(number: int) -> NetworkId:
    return NetworkId(Uuid(f"00000000-0000-4000-8001-{number:012d}"))


def nic_id(number: int) -> NicId:
    return NicId(Uuid(f"00000000-0000-4000-8002-{number:012d}"))


def host(number: int) -> HostView:
    return HostView(
        host_id(number), number, f"host{number}", tunnel_ip=ipaddress.IPv4Address(0x0A000000 + number)
    )


def nic(number: int, network: int, *, ipv6: bool) -> NicView:
    return NicView(
        nic_id(number),
        number,
        f"nic{number}",
        network_id(network),
        0x020000000000 + number,
        ipaddress.IPv4Address(0x0A800000 + number),
        ipaddress.IPv6Address((0xFD00 << 112) + number) if ipv6 else None,
    )


def build(hosts: int, nics: int, network_size: int, *, ipv6: bool) -> Planner:
    """A cloud with everything known and nothing made yet. A network's NICs are on different hosts, round robin."""
    planner = Planner(OvsCompiler())
    view = planner.view
    changes: list[Change] = []
    for number in range(1, hosts + 1):
        changes += view.put_host(host(number))
        ports = {isolation: 1000 + at for at, isolation in enumerate(Isolation)}
        changes += view.observe_facts(host_id(number), SwitchFacts(host_id(number), FACTS, ports))
    networks = max(1, nics // network_size)
    for number in range(1, networks + 1):
        changes += view.put_network(
            NetworkView(
                network_id(number),
                number,
                f"network{number}",
                list(Isolation)[number % 3],
                segment=number,
                cidr4=ipaddress.IPv4Network("10.128.0.0/9"),
                cidr6=ipaddress.IPv6Network("fd00::/64") if ipv6 else None,
            )
        )
    for number in range(1, nics + 1):
        changes += view.put_nic(nic(number, 1 + (number - 1) // network_size % networks, ipv6=ipv6))
        on = 1 + number % hosts
        changes += view.observe_port(
            PortSeen(host_id(on), f"tap{number}", nic_id(number), 1 + (number // hosts) % 60000)
        )
    planner.feed(changes)
    return planner


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def change(planner: Planner, changes: Iterable[Change]) -> tuple[float, int, int]:
    """Seconds, switches and flows of one change."""
    start = time.perf_counter()
    planner.feed(changes)
    taken = planner.take()
    seconds = time.perf_counter() - start
    flows = 0
    for switch in taken.values():
        put, gone = switch.flow_changes()
        flows += len(put) + len(gone)
    return seconds, len(taken), flows


def single_changes(planner: Planner, hosts: int, nics: int, runs: int, *, ipv6: bool) -> dict[str, object]:
    view = planner.view
    results: dict[str, list[tuple[float, int, int]]] = {
        "plug": [],
        "move": [],
        "unplug": [],
        "host joins": [],
    }
    for run in range(runs):
        number = nics + 1 + run
        one = nic(number, 1, ipv6=ipv6)
        first, second = host_id(1 + run % hosts), host_id(1 + (run + 1) % hosts)
        planner.feed(view.put_nic(one))
        planner.take()
        results["plug"].append(change(planner, view.observe_port(PortSeen(first, "new", one.id, 65000))))
        planner.feed(view.observe_port(PortSeen(second, "new", one.id, 65000)))
        results["move"].append(change(planner, view.forget_port(first, "new")))
        results["unplug"].append(change(planner, view.forget_port(second, "new")))
        planner.feed(view.remove_nic(one.id))
        planner.take()
        joining = host(hosts + 1)
        planner.feed(view.put_host(joining))
        planner.feed(view.observe_facts(joining.id, SwitchFacts(joining.id, FACTS, {})))
        planner.feed(view.put_nic(one))
        planner.take()
        results["host joins"].append(
            change(planner, view.observe_port(PortSeen(joining.id, "new", one.id, 1)))
        )
        planner.feed(view.forget_host(joining.id))
        planner.feed(view.remove_nic(one.id))
        planner.feed(view.remove_host(joining.id))
        planner.take()
    return {
        name: {
            "median_ms": round(statistics.median(seconds for seconds, _, _ in found) * 1e3, 3),
            "max_ms": round(max(seconds for seconds, _, _ in found) * 1e3, 3),
            "switches": found[-1][1],
            "flows": found[-1][2],
        }
        for name, found in results.items()
    }


def rss() -> float:
    """MiB of this process now."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=500)
    parser.add_argument("--nics", type=int, default=50_000)
    parser.add_argument("--network-size", type=int, default=20)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--ipv6", action="store_true")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    empty = rss()
    gc.disable()
    building = time.perf_counter()
    planner = build(given.hosts, given.nics, given.network_size, ipv6=given.ipv6)
    building = time.perf_counter() - building
    viewed = rss()
    profile = cProfile.Profile()
    if given.profile:
        profile.enable()
    cpu = time.process_time()
    cold = timed(planner.take)
    cpu = time.process_time() - cpu
    profile.disable()
    gc.enable()
    gc.collect()
    gc.freeze()
    desired = [found for number in range(1, given.hosts + 1) if (found := planner.desired(host_id(number)))]
    counts = [switch.fragments.flow_count() for switch in desired]
    made = {id(fragment): len(fragment.flows) for switch in desired for fragment in switch.fragments.each()}
    result = {
        "hosts": given.hosts,
        "nics": given.nics,
        "network_size": given.network_size,
        "ipv6": given.ipv6,
        "view_s": round(building, 2),
        "cold_s": round(cold, 2),
        "cold_cpu_s": round(cpu, 2),
        "flows_of_all_switches": sum(counts),
        "flows_made": sum(made.values()),
        "flows_per_switch_median": statistics.median(counts),
        "view_mib": round(viewed - empty),
        "made_mib": round(rss() - viewed),
        "changes": single_changes(planner, given.hosts, given.nics, given.runs, ipv6=given.ipv6),
    }
    json.dump(result, sys.stdout, indent=1)
    print()
    if given.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
