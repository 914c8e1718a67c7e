"""CloudStack's API in front of a big cloud: `python -m bench.cloudstack [--postgresql]`.

netloomd as installed, signed calls over its Unix socket; 100,000 NICs of 50,000 instances in 2,000 networks, 10,000 rules.
Rules go to the test provider that keeps them: what is measured is netloom, not a router.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import pathlib
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from bench.api import Http, caught_up, netloomd
from bench.cloud_fill import fill
from bench.processes import wait_for
from bench.result import Result, Runs, runs
from netloom.faces.cloudstack.protocol.signature import sign
from netloom.store.store import StoreOptions, open_store

ROOT = pathlib.Path(__file__).parents[1]
ENVIRONMENT = {"PYTHONPATH": f"{ROOT / 'tests/clients/plugin'}:{ROOT}:{ROOT / 'src'}"}
"""The test provider, found as an installed package is."""
CLIENTS = 8
PROVIDERS = ("VirtualRouter", "VpcVirtualRouter")
Answer = dict[str, Any]


class Caller:
    """Signs as a user does; what it says was prepared before the clock runs."""

    def __init__(self, path: str, key: str = "", secret: str = "") -> None:
        self.http = Http(path)
        self.path = path
        self.key = key
        self.secret = secret

    def prepare(self, command: str, **parameters: str) -> bytes:
        """A signed call as a form."""
        sent = {"command": command, "response": "json", **parameters}
        if self.key:
            sent["apiKey"] = self.key
            sent["signature"] = sign(self.secret, sent.items())
        return "&".join(f"{name}={quote(value, safe='')}" for name, value in sent.items()).encode()

    def send(self, form: bytes) -> Answer:
        """A call's answer.

        Raises:
            RuntimeError: it was refused.
        """
        status, body = self.http.ask("POST", "/client/api", form, FORM)
        answer: Answer = next(iter(json.loads(body).values()))
        if status != 200:
            raise RuntimeError(f"{form!r}: {status} {answer}")
        return answer

    def call(self, command: str, **parameters: str) -> Answer:
        """A call with the end of its job."""
        return self.finish(self.send(self.prepare(command, **parameters)))

    def finish(self, answer: Answer) -> Answer:
        """The result of a call's job, asked for until it is there; the answer of a call without one."""
        if not {"jobid"} <= set(answer) <= {"id", "jobid"}:
            return answer
        form = self.prepare("queryAsyncJobResult", jobid=answer["jobid"])
        while (job := self.send(form))["jobstatus"] == 0:
            pass
        if job["jobstatus"] != 1:
            raise RuntimeError(str(job))
        result: Answer = job["jobresult"]
        return result


FORM = "content-type: application/x-www-form-urlencoded\r\n"


def stage(root: Caller) -> tuple[str, str, dict[str, str]]:
    """What operators set up, and the first of each kind: keys, and the ids that calls name."""
    user = root.call("listUsers", username="admin")["user"][0]["id"]
    keys = root.call("registerUserKeys", id=user)["userkeys"]
    zone = root.call("listZones")["zone"][0]["id"]
    wires = root.call("listPhysicalNetworks", zoneid=zone)["physicalnetwork"][0]["id"]
    for provider in root.call("listNetworkServiceProviders", physicalnetworkid=wires)[
        "networkserviceprovider"
    ]:
        if provider["name"] in PROVIDERS and provider["state"] != "Enabled":
            root.call("updateNetworkServiceProvider", id=provider["id"], state="Enabled")
    root.call(
        "createVlanIpRange", zoneid=zone, physicalnetworkid=wires, forvirtualnetwork="true", vlan="untagged",
        gateway="198.18.0.1", netmask="255.255.0.0", startip="198.18.0.10", endip="198.18.250.200",
    )  # fmt: skip
    for kind in range(
        12
    ):  # every limit of the account goes: the cloud is filled with far more than one may have
        with contextlib.suppress(RuntimeError):
            root.call(
                "updateResourceLimit",
                resourcetype=str(kind),
                max="-1",
                account="admin",
                domainid=domain(root),
            )
    ids = {"zone": zone, **offerings(root)}
    network = root.call(
        "createNetwork", name="first", displaytext="first", zoneid=zone, networkofferingid=ids["isolated"]
    )["network"]["id"]
    address = root.call("associateIpAddress", networkid=network)["ipaddress"]["id"]
    root.call("createFirewallRule", ipaddressid=address, protocol="tcp", startport="22", endport="22")
    vpc = root.call(
        "createVPC", name="first", displaytext="first", zoneid=zone, cidr="10.7.0.0/16", vpcofferingid=ids["vpc offering"]
    )["vpc"]["id"]  # fmt: skip
    acl = root.call("createNetworkACLList", name="first", vpcid=vpc)["networkacllist"]["id"]
    return keys["apikey"], keys["secretkey"], {**ids, "network": network, "address": address, "acl": acl}


def domain(root: Caller) -> str:
    """The id of ROOT."""
    return str(root.call("listDomains", name="ROOT")["domain"][0]["id"])


def offerings(root: Caller) -> dict[str, str]:
    """The ids of the offerings that are used."""
    found = root.call("listNetworkOfferings", name="DefaultIsolatedNetworkOfferingWithSourceNatService")
    vpc = root.call("listVPCOfferings", name="Default VPC offering")
    return {"isolated": found["networkoffering"][0]["id"], "vpc offering": vpc["vpcoffering"][0]["id"]}


def latencies(caller: Caller, forms: list[bytes]) -> list[float]:
    """Milliseconds of each call, with its job if it has one, one after the other."""
    times = []
    for form in forms:
        began = time.perf_counter()
        caller.finish(caller.send(form))
        times.append((time.perf_counter() - began) * 1e3)
    return times


def rate(caller: Caller, make: Callable[[int], bytes], each: int) -> float:
    """Calls a second from several clients at once."""
    work = [[make(client * each + i) for i in range(each)] for client in range(CLIENTS)]
    begin = threading.Barrier(CLIENTS + 1)

    def run(forms: list[bytes]) -> None:
        mine = Caller(caller.path, caller.key, caller.secret)
        begin.wait()
        for form in forms:
            mine.send(form)
        mine.http.close()

    threads = [threading.Thread(target=run, args=(forms,)) for forms in work]
    for thread in threads:
        thread.start()
    begin.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return CLIENTS * each / (time.perf_counter() - began)


def tell(store: str, name: str, what: str, values: Runs, unit: str, target: str | None) -> None:
    """Write a result."""
    Result(
        name=f"cloudstack-{name}{store}",
        what=f"{what}; {'PostgreSQL' if store else 'SQLite'}",
        ours=values,
        unit=unit,
        target=target,
        command="python -m bench.cloudstack" + (" --postgresql" if store else ""),
        notes="client and server on the same two processors",
    ).write()


def measure(path: str, key: str, secret: str, ids: dict[str, str], each: int, store: str) -> None:
    """All classes of commands."""
    caller = Caller(path, key, secret)

    def network(tag: str) -> Callable[[int], bytes]:
        return lambda i: caller.prepare(
            "createNetwork", name=f"{tag}-{i}", displaytext=tag, zoneid=ids["zone"], networkofferingid=ids["isolated"]
        )  # fmt: skip

    def firewall(i: int) -> bytes:
        return caller.prepare("createFirewallRule", ipaddressid=ids["address"], protocol="tcp", startport=str(10_000 + i),
                              endport=str(10_000 + i), cidrlist="198.51.100.0/24")  # fmt: skip

    def item(i: int) -> bytes:
        return caller.prepare("createNetworkACL", aclid=ids["acl"], number=str(i + 1), protocol="tcp", traffictype="Ingress",
                              startport=str(1_000 + i), endport=str(1_000 + i), action="Allow",
                              cidrlist="198.51.100.0/24")  # fmt: skip

    for name, what, make, target in (
        ("create-network", "createNetwork, one at a time", network("one"), "<= 15"),
        ("firewall-rule", "createFirewallRule with its job", firewall, "<= 25"),
        ("acl-item", "createNetworkACL with its job", item, "<= 25"),
    ):
        tell(store, name, what, runs(latencies(caller, [make(i) for i in range(each)])), "ms", target)
    rates = [rate(caller, network(f"many{run}"), max(1, each // CLIENTS)) for run in range(3)]
    tell(
        store,
        "create-network-rate",
        f"createNetwork from {CLIENTS} clients",
        runs(rates),
        "calls/s",
        ">= 150",
    )
    for command, kind in (
        ("listNetworks", "networks"),
        ("listVirtualMachines", "instances"),
        ("listPublicIpAddresses", "addresses"),
        ("listFirewallRules", "firewall rules"),
        ("listGuestVlans", "segments with their networks"),
    ):
        for size, target in ((100, "<= 20"), (500, "<= 100")):
            pages = [str(page) for page in (1, 2, 3)] * max(1, each // 9)
            forms = [caller.prepare(command, listall="true", page=page, pagesize=str(size)) for page in pages]
            times = latencies(caller, forms)
            tell(store, f"{command}-{size}", f"a page of {size} {kind}", runs(times), "ms", target)
    groups = [caller.prepare("listSecurityGroups", listall="true", page="1", pagesize="100")] * max(
        1, each // 9
    )
    shown = "a page of 100 security groups with 10,000 rules, 1.2 MB"
    tell(store, "listSecurityGroups-100", shown, runs(latencies(caller, groups)), "ms", "<= 100")
    caller.http.close()


@contextlib.contextmanager
def database(*, postgresql: bool, place: pathlib.Path) -> Iterator[str]:
    """Where the cloud is kept."""
    if not postgresql:
        yield f"sqlite:///{place}/netloom.db"
        return
    from tests.sandbox.postgres import PostgresServer  # noqa: PLC0415 - only where it is asked for

    server = PostgresServer(durable=True)
    try:
        yield server.new_database()
    finally:
        server.remove()


def main() -> None:
    """Fill, then measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--networks", type=int, default=2_000)
    arguments.add_argument("--nics", type=int, default=100_000)
    arguments.add_argument("--rules", type=int, default=10_000)
    arguments.add_argument("--each", type=int, default=100)
    arguments.add_argument("--postgresql", action="store_true")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as directory:
        place = pathlib.Path(directory)
        with database(postgresql=chosen.postgresql, place=place) as url:
            with netloomd(place, url, ENVIRONMENT) as path:
                key, secret, ids = stage(Caller(path))

            async def fill_it() -> None:
                async with open_store(StoreOptions(url)) as store:
                    await fill(store, chosen.networks, chosen.nics, chosen.rules)

            began = time.monotonic()
            asyncio.run(fill_it())
            print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
            with netloomd(place, url, ENVIRONMENT) as path:
                wait_for(lambda: caught_up(Http(path)), 180, "the planner has caught up", interval=0.5)
                suffix = "-postgresql" if chosen.postgresql else ""
                measure(path, key, secret, ids, chosen.each, suffix)


if __name__ == "__main__":
    main()
