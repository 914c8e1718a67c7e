"""The store under faults: killed while it writes, and a disk that is full."""

from __future__ import annotations

import contextlib
import pathlib
import random
import subprocess
import threading
from collections.abc import Iterator

import pytest
from tests.system.cloud import FAST, Cloud, pings_go_by

from netloom.base.errors import NetloomError, Unavailable
from netloom.client import calls
from netloom.client.sync import SyncClient
from netloom.client.transport import Options
from netloom.contract.kinds import NETWORK, NIC
from netloom.contract.nics import Nic, NicSpec
from netloom.lab import Lab, wait
from netloom.lab.netloomd import Netloomd

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


# httpx leaves its socket open when nobody listens at a Unix socket, which is found whenever it is collected.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_was_acknowledged_survives_kills_at_random_moments(two_hosts: Cloud) -> None:
    two_hosts.network("blue", cidr="10.0.0.0/16")
    acknowledged: dict[str, str] = {}
    over = threading.Event()

    def create(worker: int) -> None:
        client = SyncClient(f"unix:{two_hosts.netloomd.socket}", options=Options(tries=1, timeout=5))
        with client:
            number = 0
            while not over.is_set():
                name = f"w{worker}-{number}"
                try:
                    nic = client.send(calls.create(NIC, NicSpec(name=name, network="blue"), key=name))
                except NetloomError:
                    over.wait(0.01)  # it is dead; the same one is asked for again, with the same key
                    continue
                acknowledged[name] = nic.id
                number += 1

    workers = [threading.Thread(target=create, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    try:
        for _ in range(4):
            enough = len(acknowledged) + moments.randrange(5, 60)
            wait.until(lambda enough=enough: len(acknowledged) > enough, "some are created", seconds=30)  # type: ignore[misc]
            two_hosts.netloomd.kill()
            two_hosts.netloomd.start()
    finally:
        over.set()
        for worker in workers:
            worker.join()
    there = {nic.name: nic for nic in all_nics(two_hosts)}
    assert {name: there[name].id for name in acknowledged} == acknowledged, f"seed {seed}"
    # At most one for each worker was written and not acknowledged; nothing is there twice.
    assert len(there) - len(acknowledged) <= len(workers)
    assert (
        len({nic.ipv4 for nic in there.values()}) == len({nic.number for nic in there.values()}) == len(there)
    )
    two_hosts.in_sync()


def all_nics(cloud: Cloud) -> Iterator[Nic]:
    """Every NIC, page by page."""
    cursor: str | None = None
    while True:
        page = cloud.client.send(calls.page(NIC, limit=1000, cursor=cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


@pytest.mark.alone
def test_a_full_disk_is_said_and_passes(lab_on_small_disk: tuple[Cloud, str]) -> None:
    made, disk = lab_on_small_disk
    made.network("blue", cidr="10.0.0.0/16")
    left, right = made.pair("blue")
    made.in_sync()
    with left.flood(right, interval=0.01) as flood:
        ballast = fill(disk)
        before = {nic.name for nic in all_nics(made)}
        refused: NetloomError | None = None
        for n in range(200):
            specs = [NicSpec(name=f"b{n}-{i}", network="blue", labels={"x": "y" * 60}) for i in range(50)]
            try:
                made.client.send(calls.create_nics(specs, key=f"b{n}"))
                before |= {spec.name for spec in specs}
            except NetloomError as error:
                refused = error
                break
        assert isinstance(refused, Unavailable), refused
        assert refused.stable_code == "store-full"
        assert {nic.name for nic in all_nics(made)} == before, "a refused batch left something"
        pings_go_by(right, 20)
        result = flood.stop()
    assert result.lost == 0
    ballast.unlink()
    made.network("after")
    third = made.guest(made.nic("third", "blue"), "h2")
    made.reaches(left, third)
    made.netloomd.kill()
    made.netloomd.start()
    assert made.client.send(calls.get(NETWORK, "after")).name == "after"
    assert {nic.name for nic in all_nics(made)} == before | {"third"}


def fill(disk: str) -> pathlib.Path:
    """Leave a few pages free."""
    ballast = pathlib.Path(disk) / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):  # there is no more room
        while True:
            file.write(b"\0" * 4096)
    return ballast


@pytest.fixture
def lab_on_small_disk(tmp_path: pathlib.Path) -> Iterator[tuple[Cloud, str]]:
    """Two hosts; the store is on a file system of its own of four megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "netloom-test", str(disk)], check=True)
    try:
        where = {**FAST, "store": {"url": f"sqlite:///{disk}/netloom.db"}}
        with Lab.up(hosts=2) as lab, Netloomd(lab, where) as netloomd:
            netloomd.add_hosts()
            netloomd.await_in_sync()
            yield Cloud(lab, netloomd), str(disk)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
