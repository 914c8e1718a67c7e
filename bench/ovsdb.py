"""Rows that a client takes from an ovsdb-server per second of its CPU time, ours beside `ovs.db.idl`; memory of replicas.

    .venv/bin/python -m bench.ovsdb [--rows 10000] [--runs 5]

Each client runs in a process of its own against the same real server, in turn. "Initial" is from the first byte of the
schema to all rows in memory; "updates" is one changed row each, in transactions of 1 and of 100.
"""

from __future__ import annotations

import argparse
import gc
import json
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from tests.sandbox.ovsdb import SCHEMA, BlockingClient, OvsdbServer

from bench.result import Result, runs
from netloom.base.ids import Uuid
from netloom.wire.ovsdb.events import Update
from netloom.wire.ovsdb.replica import Replica, Watch
from netloom.wire.ovsdb.transaction import Mutation, Mutator, Transaction
from netloom.wire.ovsdb.vswitch import DATABASE, Bridge, Interface, OpenVSwitch, Port

BATCHES = (1, 100)


def fill(client: BlockingClient, rows: int) -> list[Uuid]:
    """Half of the rows ports, half interfaces, as netloom would make them; the interfaces' uuids."""
    transaction = Transaction(DATABASE)
    interfaces, ports = [], []
    for number in range(rows // 2):
        interface = transaction.insert(
            Interface,
            {
                "name": f"tap{number}",
                "type": "internal",
                "ofport": number + 1,
                "external_ids": {
                    "iface-id": f"3f2b8c1e-5d0a-4c7e-9b1f-{number:012x}",
                    "attached-mac": f"02:00:00:00:{number >> 8 & 255:02x}:{number & 255:02x}",
                },
                "statistics": {
                    "rx_bytes": number,
                    "tx_bytes": number,
                    "rx_packets": number,
                    "tx_packets": number,
                },
                "status": {"driver_name": "tun", "driver_version": "1.6"},
                "admin_state": "up",
                "link_state": "up",
                "mtu": 1450,
            },
        )
        interfaces.append(interface)
        ports.append(transaction.insert(Port, {"name": f"tap{number}", "interfaces": {interface}}))
    bridge = transaction.insert(Bridge, {"name": "br-int", "ports": ports})
    transaction.insert(OpenVSwitch, {"bridges": {bridge}})
    outcome = client.commit(transaction)
    return [outcome.uuid(interface) for interface in interfaces]


def write(client: BlockingClient, interfaces: list[Uuid], rows: int, batch: int, marker: int) -> None:
    """Changes `rows` rows, then sets `next_cfg` to `marker`."""
    for start in range(0, rows, batch):
        transaction = Transaction(DATABASE)
        for number in range(start, start + batch):
            interface = interfaces[number % len(interfaces)]
            transaction.update(
                Interface,
                interface,
                {"external_ids": {"iface-id": f"{marker}-{number}", "round": str(marker)}},
            )
        client.commit(transaction)
    transaction = Transaction(DATABASE)
    transaction.mutate(OpenVSwitch, [], [Mutation("next_cfg", Mutator.ADD, 1)])
    client.commit(transaction)


def serve(takes: Callable[[int], None], initial: float) -> None:
    """The client process's half: says its CPU time, waits for a word, takes updates, and so on."""
    sys.stdout.write(json.dumps({"initial": initial}) + "\n")
    sys.stdout.flush()
    for count, line in enumerate(sys.stdin, start=1):
        if line.strip() != "go":
            return
        start = time.process_time()
        takes(count)
        sys.stdout.write(json.dumps({"cpu": time.process_time() - start}) + "\n")
        sys.stdout.flush()


def run_ours(path: str) -> None:
    """Our client."""
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(path)
    client = BlockingClient(stream)
    start = time.process_time()
    replica = Replica(DATABASE, [Watch(OpenVSwitch), Watch(Bridge), Watch(Port), Watch(Interface)])
    client.follow(replica)
    initial = time.process_time() - start

    (root,) = replica.table(OpenVSwitch)
    roots = replica.table(OpenVSwitch)

    def takes(next_cfg: int) -> None:
        while roots[root].next_cfg < next_cfg:
            for event in client.connection.receive_data(stream.recv(65536)):
                if isinstance(event, Update):
                    replica.apply(event)

    serve(takes, initial)


def run_peer(path: str) -> None:
    """`ovs.db.idl`, with the same tables and columns."""
    # Here, because it loads eventlet where that is installed, which we need not pay for.
    import ovs.db.idl  # noqa: PLC0415
    import ovs.poller  # noqa: PLC0415

    helper = ovs.db.idl.SchemaHelper(str(SCHEMA))
    for table in ("Open_vSwitch", "Bridge", "Port", "Interface"):
        helper.register_table(table)
    start = time.process_time()
    idl = ovs.db.idl.Idl(f"unix:{path}", helper)

    def until(condition: Callable[[], bool]) -> None:
        while True:
            idl.run()
            if condition():
                return
            poller = ovs.poller.Poller()
            idl.wait(poller)
            poller.block()

    until(lambda: bool(idl.tables["Open_vSwitch"].rows))
    initial = time.process_time() - start

    def takes(next_cfg: int) -> None:
        until(lambda: next(iter(idl.tables["Open_vSwitch"].rows.values())).next_cfg >= next_cfg)

    serve(takes, initial)


def measure(
    server: OvsdbServer, who: str, interfaces: list[Uuid], rows: int, marker: int
) -> dict[str, float]:
    """One run of one client: rows per CPU second, initial and per batch size."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "bench.ovsdb",
        "--client",
        who,
        "--socket",
        str(server.socket_path),
    ]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
        server.connect() as writer,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        # The counter starts at 0 for each client.
        transaction = Transaction(DATABASE)
        transaction.update(OpenVSwitch, [], {"next_cfg": 0})
        writer.commit(transaction)
        result = {"initial": rows / json.loads(process.stdout.readline())["initial"]}
        for batch in BATCHES:
            process.stdin.write("go\n")
            process.stdin.flush()
            write(writer, interfaces, rows, batch, marker * 10 + batch)
            result[f"updates-{batch}"] = rows / json.loads(process.stdout.readline())["cpu"]
        process.stdin.close()
        process.wait()
    return result


def memory(replicas: int, rows: int) -> tuple[float, float]:
    """MB that `replicas` copies of one switch's rows take in one process, and rows per replica."""
    with (
        tempfile.TemporaryDirectory(prefix="nl-bench-") as directory,
        OvsdbServer(pathlib.Path(directory)) as server,
    ):
        with server.connect() as client:
            fill(client, rows)
        gc.collect()
        before = resident()
        kept = []
        for _ in range(replicas):
            with server.connect() as client:
                replica = Replica(
                    DATABASE, [Watch(OpenVSwitch), Watch(Bridge), Watch(Port), Watch(Interface)]
                )
                client.follow(replica)
                kept.append((replica, client.connection))
        gc.collect()
        return (resident() - before) / 1e6, len(kept[0][0].table(Interface)) + len(kept[0][0].table(Port))


def resident() -> int:
    """Bytes of memory of this process."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--client", choices=["ours", "peer"], help=argparse.SUPPRESS)
    parser.add_argument("--socket", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.client:
        (run_ours if arguments.client == "ours" else run_peer)(arguments.socket)
        return 0
    seen: dict[str, dict[str, list[float]]] = {"ours": {}, "peer": {}}
    with (
        tempfile.TemporaryDirectory(prefix="nl-bench-") as directory,
        OvsdbServer(pathlib.Path(directory)) as server,
    ):
        with server.connect() as client:
            interfaces = fill(client, arguments.rows)
        for run in range(arguments.runs):
            for who, found in seen.items():
                for name, value in measure(server, who, interfaces, arguments.rows, run + 1).items():
                    found.setdefault(name, []).append(value)
    command = f"python -m bench.ovsdb --rows {arguments.rows} --runs {arguments.runs}"
    what = {
        "initial": f"{arguments.rows} rows (ports and interfaces, all columns) from connecting to all rows in memory",
        "updates-1": f"{arguments.rows} changed rows, one in a transaction",
        "updates-100": f"{arguments.rows} changed rows, 100 in a transaction",
    }
    notes = {
        "updates-1": "About 15 us of each update are the system call and the wake-up of a process whose caches are cold; "
        "the protocol's own share is about 6 us when warm and 13 us when cold.",
    }
    for name, sentence in what.items():
        Result(
            name=f"ovsdb-{name}",
            what=sentence,
            unit="rows per CPU second of the client",
            ours=runs(seen["ours"][name]),
            peer=runs(seen["peer"][name]),
            peer_name="ovs.db.idl (pure Python)",
            target=">= 4",
            command=command,
            notes=notes.get(name),
        ).write()
    megabytes, rows = memory(500, 200)
    Result(
        name="ovsdb-memory",
        what=f"500 replicas of a switch with {rows} rows each, all columns, in one process",
        unit="MB",
        ours=runs([megabytes]),
        target="<= 300",
        command=command,
    ).write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
