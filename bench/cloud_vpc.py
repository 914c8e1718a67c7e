"""A VPC from nothing to pings, in the lab: 3 tiers, 30 access rules, 30 machines, through CloudStack's API.

The lab's hypervisor runs the machines on three hosts; rules go to the test provider that keeps them.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import time
from collections.abc import Iterator
from unittest import mock

from bench.cloudstack import ENVIRONMENT, Answer, Caller, stage
from bench.processes import cpu_seconds
from bench.result import Result, runs
from netloom.lab import Guest, wait
from netloom.lab.lab import Lab
from netloom.lab.netloomd import Netloomd

TIERS = ("web", "app", "data")
OFFERING = "DefaultIsolatedNetworkOfferingForVpcNetworks"


class Clock:
    """Seconds of each part, in their order."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A part's time."""
        began = time.perf_counter()
        yield
        self.parts[name] = time.perf_counter() - began


def at_once(caller: Caller, forms: list[bytes]) -> list[Answer]:
    """Ask for all, then wait for the jobs of all."""
    asked = [caller.send(form) for form in forms]
    return [caller.finish(answer) for answer in asked]


def reaches(left: Guest, right: Guest) -> bool:
    """One ping."""
    return left.ping(right, count=1, patience=0.2).all_answered


def build(caller: Caller, lab: Lab, zone: str, vpc_offering: str, rules: int, machines: int) -> Clock:
    """Build it and wait until the machines of each tier reach the tier's first."""
    clock = Clock()
    offering = caller.call("listNetworkOfferings", name=OFFERING)["networkoffering"][0]["id"]
    template = caller.call("listTemplates", templatefilter="featured")["template"][0]["id"]
    size = caller.call("listServiceOfferings")["serviceoffering"][0]["id"]
    with clock.part("VPC and lists"):
        vpc = caller.call(
            "createVPC", name="shop", displaytext="shop", zoneid=zone, cidr="10.8.0.0/16", vpcofferingid=vpc_offering
        )["vpc"]["id"]  # fmt: skip
        lists = [
            caller.call("createNetworkACLList", name=t, vpcid=vpc)["networkacllist"]["id"] for t in TIERS
        ]
    with clock.part("tiers"):
        tiers = [
            caller.call(
                "createNetwork", name=tier, displaytext=tier, zoneid=zone, networkofferingid=offering, vpcid=vpc,
                gateway=f"10.8.{i}.1", netmask="255.255.255.0", aclid=acl,
            )["network"]["id"]
            for i, (tier, acl) in enumerate(zip(TIERS, lists, strict=True), 1)
        ]  # fmt: skip
    with clock.part("rules"):
        at_once(
            caller,
            [
                caller.prepare(
                    "createNetworkACL", aclid=lists[i % len(lists)], number=str(i + 1), protocol="tcp", action="Allow",
                    traffictype="Ingress", startport=str(80 + i), endport=str(80 + i), cidrlist="10.8.0.0/16",
                )
                for i in range(rules)
            ],
        )  # fmt: skip
    with clock.part("machines run"):
        made = at_once(
            caller,
            [
                caller.prepare(
                    "deployVirtualMachine", zoneid=zone, templateid=template, serviceofferingid=size,
                    networkids=tiers[i % len(tiers)], name=f"{TIERS[i % len(tiers)]}{i // len(tiers)}",
                )
                for i in range(machines)
            ],
        )  # fmt: skip
    with clock.part("pings"):
        guests = [lab.guest(f"{each['virtualmachine']['instancename']}+0") for each in made]
        for i, guest in enumerate(guests[len(tiers) :]):
            first = guests[i % len(tiers)]
            wait.until(functools.partial(reaches, guest, first), "a ping", seconds=20)
    return clock


def once(rules: int, machines: int) -> tuple[dict[str, float], float]:
    """Seconds of each part on a fresh lab, and netloomd's own CPU seconds."""
    with Lab.up(hosts=3) as lab, contextlib.ExitStack() as stack:
        with mock.patch.dict(os.environ, ENVIRONMENT):
            netloomd = stack.enter_context(
                Netloomd(lab, {"hypervisors.lab": {"lab": lab.name}, "log": {"level": "warning"}})
            )
        netloomd.add_hosts()
        netloomd.await_in_sync()
        root = Caller(str(netloomd.socket))
        key, secret, ids = stage(root)
        before = cpu_seconds([netloomd.pid])
        clock = build(Caller(root.path, key, secret), lab, ids["zone"], ids["vpc offering"], rules, machines)
        return clock.parts, cpu_seconds([netloomd.pid]) - before


def main() -> None:
    """Measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rules", type=int, default=30)
    arguments.add_argument("--machines", type=int, default=30)
    arguments.add_argument("--runs", type=int, default=3)
    chosen = arguments.parse_args()
    found = [once(chosen.rules, chosen.machines) for _ in range(chosen.runs)]
    what = f"a VPC with {len(TIERS)} tiers, {chosen.rules} rules and {chosen.machines} machines on 3 hosts"
    names = list(found[0][0])
    totals = [sum(parts.values()) for parts, _ in found]
    for name, text, values, unit in (
        ("cloud-vpc", f"{what}: from the first call to the last ping", totals, "s"),
        ("cloud-vpc-cpu", "netloomd's CPU of the same", [cpu for _, cpu in found], "CPU s"),
        *(
            (f"cloud-vpc-{n.split()[0].lower()}", f"of it: {n}", [parts[n] for parts, _ in found], "s")
            for n in names
        ),
    ):
        Result(
            name=name, what=text, ours=runs(values), unit=unit, target=None, command="python -m bench.cloud_vpc",
            notes="machines, switches and netloomd share two processors" if name == "cloud-vpc" else None,
        ).write()  # fmt: skip


if __name__ == "__main__":
    main()
