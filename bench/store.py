"""How fast intent is kept, in the daemon's process and without HTTP: `python -m bench.store [postgresql://...]`.

A SQLite file on the disk of the temporary directory, each commit synced, as the daemon has it.
"""

from __future__ import annotations

import argparse
import asyncio
import pathlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bench.result import Result, Runs
from netloom.aio.tasks import Group
from netloom.app.declared import apply_documents
from netloom.app.intent import create_many
from netloom.model.kinds import Kind
from netloom.model.objects import Object
from netloom.model.specs import NetworkSpec, NicSpec, Spec
from netloom.store.store import Store, StoreOptions, open_store

COMMAND = "python -m bench.store"
CLIENTS = 32
PER_CLIENT = 100
BATCH = 1_000
MANY = 100_000


@asynccontextmanager
async def fresh(url: str | None) -> AsyncIterator[Store]:
    """A store with a network; on a new SQLite file unless a URL is given."""
    with tempfile.TemporaryDirectory(prefix="netloom-bench-") as directory:
        place = url or f"sqlite:///{pathlib.Path(directory)}/netloom.db"
        async with open_store(StoreOptions(place)) as store:
            await create(store, Kind.NETWORK, [network("blue")])
            yield store


def network(name: str) -> NetworkSpec:
    """A network with room."""
    return NetworkSpec(name=name, cidr="10.0.0.0/8", cidr6="fd00::/64")


async def create(store: Store, kind: Kind, specs: Sequence[Spec]) -> tuple[Object, ...]:
    """One durable request."""
    return await store.write(lambda tx: create_many(tx, kind, specs))


async def singles(store: Store, tag: str) -> tuple[float, float]:
    """NICs per second and the 95th percentile in ms, of many clients with one NIC a request."""
    times: list[float] = []

    async def client(number: int) -> None:
        for i in range(PER_CLIENT):
            began = time.perf_counter()
            await create(store, Kind.NIC, [NicSpec(name=f"{tag}-{number}-{i}", network="blue")])
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with Group() as group:
        for number in range(CLIENTS):
            group.launch(client(number), f"client {number}")
    wall = time.perf_counter() - began
    return len(times) / wall, statistics.quantiles(times, n=20)[-1] * 1e3


async def batch(store: Store, tag: str) -> float:
    """NICs per second of one request with a thousand."""
    specs = [NicSpec(name=f"{tag}-{i}", network="blue") for i in range(BATCH)]
    began = time.perf_counter()
    await create(store, Kind.NIC, specs)
    return BATCH / (time.perf_counter() - began)


async def pages(store: Store) -> list[float]:
    """Milliseconds of each hundredth page of 100 of all NICs, and of filtered ones."""
    times: list[float] = []
    cursor: str | None = None
    number = 0
    while True:
        began = time.perf_counter()
        page = await store.page(Kind.NIC, {}, 100, cursor)
        if number % 100 == 0:
            times.append((time.perf_counter() - began) * 1e3)
        number += 1
        cursor = page.next_cursor
        if cursor is None:
            return times


async def declared(store: Store) -> float:
    """Seconds to apply 10,000 documents."""
    documents: list[Spec] = [network(f"net{i}") for i in range(100)]
    documents += [NicSpec(name=f"doc{i}", network=f"net{i % 100}") for i in range(9_900)]
    began = time.perf_counter()
    await store.write(lambda tx: apply_documents(tx, documents))
    return time.perf_counter() - began


async def main(url: str | None, many: int, repeats: int) -> None:
    """Measure and write the results."""
    suffix = "" if url is None else "-postgresql"
    rates, tails, thousands = [], [], []
    async with fresh(url) as store:
        for run in range(repeats):
            rate, tail = await singles(store, f"single{run}")
            rates.append(rate)
            tails.append(tail)
        thousands += [await batch(store, f"batch{run}") for run in range(repeats + 2)]
        apply_time = await declared(store)
        have = (await store.facts()).counts["Nic"]
        while have < many:
            await create(
                store,
                Kind.NIC,
                [NicSpec(name=f"fill{have + i}", network="blue") for i in range(min(5_000, many - have))],
            )
            have = (await store.facts()).counts["Nic"]
        page_times = await pages(store)
        began = time.perf_counter()
        snapshot = await store.load_all()
        load_time = time.perf_counter() - began
    for name, what, values, unit, target in (
        (
            "store-nic-single",
            f"NICs created durably, one a request, by {CLIENTS} clients, without HTTP",
            rates,
            "NICs/s",
            ">= 250",
        ),
        ("store-nic-single-p95", "95th percentile of the same", tails, "ms", "<= 100"),
        (
            "store-nic-batch",
            f"NICs created durably, {BATCH:,} in one request",
            thousands,
            "NICs/s",
            ">= 4000",
        ),
        ("store-page", f"a page of 100 of {many:,} NICs, each hundredth page", page_times, "ms", "<= 20"),
        ("store-apply", "10,000 documents applied to a store that has 14,000 NICs", [apply_time], "s", None),
        (
            "store-load",
            f"all intent read for the planner, {len(snapshot.nics):,} NICs",
            [load_time],
            "s",
            None,
        ),
    ):
        Result(
            name=name + suffix,
            what=what,
            ours=Runs(tuple(values)),
            unit=unit,
            target=target,
            command=COMMAND if url is None else f"{COMMAND} postgresql://USER@/DATABASE?host=SOCKET",
        ).write()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url", nargs="?")
    arguments.add_argument("--many", type=int, default=MANY)
    arguments.add_argument("--runs", type=int, default=3)
    chosen = arguments.parse_args()
    asyncio.run(main(chosen.url, chosen.many, chosen.runs))
