"""A child process that creates NICs from several tasks and prints each name once it was acknowledged."""

from __future__ import annotations

import asyncio
import sys

from netloom.app.intent import create_many
from netloom.base.errors import NetloomError
from netloom.model.kinds import Kind
from netloom.model.specs import NetworkSpec, NicSpec
from netloom.store.store import StoreOptions, open_store


async def main(url: str, prefix: str, stop_when_full: bool) -> None:
    async with open_store(StoreOptions(url)) as store:
        if not (await store.page(Kind.NETWORK, {}, 1, None)).items:
            spec = NetworkSpec(name="blue", cidr="10.0.0.0/8")
            await store.write(lambda tx: create_many(tx, Kind.NETWORK, [spec]))

        async def work(worker: int) -> None:
            for number in range(100_000):
                name = f"{prefix}-{worker}-{number}"
                try:
                    await store.write(
                        lambda tx: create_many(tx, Kind.NIC, [NicSpec(name=name, network="blue")])  # noqa: B023
                    )
                except NetloomError as error:
                    print("error", error.stable_code, flush=True)
                    if stop_when_full:
                        return
                    raise
                print("kept", name, flush=True)

        async with asyncio.TaskGroup() as group:
            for worker in range(4):
                group.create_task(work(worker))
        if stop_when_full:  # what was there can still be read
            print("read", (await store.facts()).counts["Nic"], flush=True)


asyncio.run(main(sys.argv[1], sys.argv[2], len(sys.argv) > 3))
