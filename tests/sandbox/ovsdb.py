"""A real ovsdb-server in a directory of its own, and a blocking client for tests: no root, no system service, no mocks."""

from __future__ import annotations

import pathlib
import select
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from netloom.wire.ovsdb.connection import Connection
from netloom.wire.ovsdb.events import Event, Reply, Update
from netloom.wire.ovsdb.outcome import Outcome
from netloom.wire.ovsdb.replica import Replica, RowChange
from netloom.wire.ovsdb.requests import Call, get_schema
from netloom.wire.ovsdb.rows import Row
from netloom.wire.ovsdb.schema import Database, parse_schema
from netloom.wire.ovsdb.transaction import Transaction

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "data" / "vswitch.ovsschema"
LIMIT = 20.0
"""Seconds that anything here may take."""


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Polls a fact of another process."""
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.005)


class OvsdbServer:
    """One ovsdb-server; `stop` and `start` keep the database file.

    Args:
        directory: empty; socket paths must stay short (108 characters).
        clustered: a RAFT database of one member: only such a server remembers transactions for `monitor_cond_since`.
        remotes: more remotes, such as `pssl:0:127.0.0.1`.
        options: more command line options.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        *,
        schema: pathlib.Path = SCHEMA,
        clustered: bool = False,
        remotes: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
    ) -> None:
        self.directory = directory
        self.socket_path = directory / "db.sock"
        self.control_path = directory / "db.ctl"
        self.log_path = directory / "db.log"
        self._database = directory / "conf.db"
        self._arguments = [
            f"--remote=punix:{self.socket_path}",
            *(f"--remote={remote}" for remote in remotes),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None
        if clustered:
            tool = ["create-cluster", str(self._database), str(schema), f"unix:{directory}/raft.sock"]
        else:
            tool = ["create", str(self._database), str(schema)]
        subprocess.run(["ovsdb-tool", *tool], check=True, capture_output=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                "ovsdb-server",
                str(self._database),
                *self._arguments,
                f"--unixctl={self.control_path}",
                f"--log-file={self.log_path}",
                "-vconsole:off",
                "--no-chdir",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "ovsdb-server listens")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log_path.read_text()
        return self.control_path.exists() and self.socket_path.exists()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LIMIT)
            self._process = None
        for path in (self.socket_path, self.control_path):
            path.unlink(missing_ok=True)

    def control(self, *command: str) -> str:
        """`ovs-appctl` to this server."""
        done = subprocess.run(
            ["ovs-appctl", "-t", str(self.control_path), *command], check=True, capture_output=True, text=True
        )
        return done.stdout

    def connect(self) -> BlockingClient:
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(LIMIT)
        stream.connect(str(self.socket_path))
        return BlockingClient(stream)


class BlockingClient:
    """Moves bytes between a socket and a `Connection`; keeps events that nobody waited for."""

    def __init__(self, stream: socket.socket | ssl.SSLSocket) -> None:
        self.stream = stream
        self.connection = Connection()
        self.events: list[Event] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stream.close()

    def flush(self) -> None:
        if data := self.connection.data_to_send():
            self.stream.sendall(data)

    def pump(self) -> None:
        """Blocks for some bytes."""
        self.events += self.connection.receive_data(self.stream.recv(65536))
        self.flush()

    def drain(self) -> None:
        """Takes what is there already."""
        while select.select([self.stream], [], [], 0)[0]:
            self.pump()

    def call(self, call: Call) -> Reply:
        number = self.connection.request(call)
        self.flush()
        while True:
            for event in self.events:
                if isinstance(event, Reply) and event.id == number:
                    self.events.remove(event)
                    return event
            self.pump()

    def schema(self, database: str = "Open_vSwitch") -> Database:
        return parse_schema(self.call(get_schema(database)).value(object))

    def commit(self, transaction: Transaction) -> Outcome:
        return transaction.outcome(self.call(transaction.call()))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.pump()

    def take_updates(self, replica: Replica) -> list[RowChange[Row]]:
        changes: list[RowChange[Row]] = []
        for event in list(self.events):
            if isinstance(event, Update):
                self.events.remove(event)
                changes += replica.apply(event)
        return changes

    def follow(self, replica: Replica) -> list[RowChange[Row]]:
        """Binds and loads a replica."""
        replica.bind(self.schema(replica.database))
        return replica.load(self.call(replica.monitor()))

    def sync(self, replica: Replica) -> list[RowChange[Row]]:
        """What was committed before this call is in the replica after it: replies come in order behind updates."""
        changes = self.take_updates(replica)
        self.call(Call("echo", []))
        return changes + self.take_updates(replica)
