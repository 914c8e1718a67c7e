"""Which guru designs a network and which element gives each of its services; in this process, and logged."""

from __future__ import annotations

import argparse
import io
import time

import structlog

from bench.result import Result, runs
from netloom.app.cloud.providers import Providers, built_in
from netloom.model.cloud.offerings import GuestType, Traffic
from netloom.model.cloud.services import Service
from netloom.model.cloud.services_known import VIRTUAL_ROUTER
from netloom.model.isolation import Isolation
from netloom.plan.gurus import DesignQuestion
from netloom.testing.provider.samples import sample_network, sample_wires

ROUTED = (Service.DHCP, Service.DNS, Service.FIREWALL, Service.LB, Service.SOURCE_NAT, Service.STATIC_NAT)
ASKED = {Service.CONNECTIVITY: ("Ovs",), **dict.fromkeys(ROUTED, (VIRTUAL_ROUTER,))}


def once(providers: Providers, count: int) -> float:
    """Milliseconds of one resolution, of so many."""
    question = DesignQuestion(
        traffic=Traffic.GUEST,
        guest_type=GuestType.ISOLATED,
        basic_zone=False,
        wires=sample_wires(tuple(Isolation), frozenset({"Ovs", VIRTUAL_ROUTER})),
        services=ASKED,
        specify_vlan=False,
        vlan=None,
        cidr="10.1.1.0/24",
        gateway="10.1.1.1",
    )
    facts = sample_network(ASKED)
    began = time.perf_counter()
    for _ in range(count):
        providers.choose(question, "bench")
        for service in ASKED:
            providers.resolve(facts, service)
    return (time.perf_counter() - began) * 1e3 / count


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=2_000)
    arguments.add_argument("--runs", type=int, default=5)
    chosen = arguments.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(io.StringIO()))
    providers = Providers(built_in())
    times = [once(providers, chosen.count) for _ in range(chosen.runs)]
    Result(
        name="resolve",
        what=f"a guru out of {len(providers.gurus)} chosen, and the elements of {len(ASKED)} services resolved, logged",
        ours=runs(times),
        unit="ms",
        target="<= 1",
        command="python -m bench.resolve",
    ).write()


if __name__ == "__main__":
    main()
