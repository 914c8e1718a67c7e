"""netloomd beside a lab: started in the lab's control namespace, killed, started again, asked over its Unix socket.

Rule 1: it runs as an operator runs it, from a settings file, in a process of its own; it ends with the lab at the latest.
Rule 2: what is asked is asked through the public API, with the client that everybody uses.
"""

from __future__ import annotations

import json
import pathlib
import signal
import socket
import sys
import uuid
from collections.abc import Mapping
from typing import Self

from netloom.base.errors import NetloomError
from netloom.client import calls
from netloom.client.sync import SyncClient
from netloom.contract.hosts import HostSpec
from netloom.contract.kinds import HOST
from netloom.contract.reports import SystemReport
from netloom.lab import process, wait
from netloom.lab.errors import LabError
from netloom.lab.lab import Lab
from netloom.lab.state import ProcessId

Section = Mapping[str, "str | int | float | bool"]


class Netloomd:
    """A netloomd and its files, in the directory `netloomd` of the lab's.

    Args:
        lab: whose control namespace it runs in.
        sections: settings on top of those that keep it inside the lab's directory: {"reconcile": {"refresh_interval": 1.0}}.
    """

    def __init__(self, lab: Lab, sections: Mapping[str, Section] | None = None) -> None:
        self._lab = lab
        self.directory = lab.directory / "netloomd"
        self.directory.mkdir(exist_ok=True)
        self.log = self.directory / "netloomd.log"
        self.socket = self.directory / "netloomd.sock"
        self.config = self.directory / "netloomd.toml"
        self.config.write_text(self._settings(sections or {}))
        self.client = SyncClient(f"unix:{self.socket}")
        self._process: ProcessId | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.close()

    def start(self, *, seconds: float = 30.0) -> None:
        """Start it and wait until its API answers.

        Raises:
            LabError: it runs already, ended, or does not get ready.
        """
        if self._process is not None and process.alive(self._process):
            raise LabError("netloomd runs already")
        command = [sys.executable, "-m", "netloom.daemon.main", "--config", str(self.config)]
        started = process.spawn(
            command, token=self._lab.state.token, namespace=self._lab.control_namespace, output=self.log
        )
        self._process = started

        def ready() -> bool:
            if not process.alive(started):
                tail = self.log.read_text(errors="replace")[-2000:]
                raise LabError(f"netloomd ended: {tail}", hint=f"see {self.log}")
            if not self._door_open():
                return False
            try:
                self.system()
            except NetloomError:
                return False
            return True

        wait.until(ready, f"netloomd is ready (see {self.log})", seconds=seconds, step=0.02)

    def _door_open(self) -> bool:
        """Whether somebody listens; httpx leaves its socket open when nobody does, which tests hear of as a warning."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is None:
            raise LabError("netloomd does not run")
        process.stop([self._process], patience=0)

    def stop(self) -> None:
        """End it as systemd does: SIGTERM, and SIGKILL if that takes longer than 10 s."""
        if self._process is not None:
            process.stop([self._process], patience=10)

    def pause(self) -> None:
        """Stop it in its tracks; `resume` lets it go on."""
        if self._process is not None:
            process.send(self._process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            process.send(self._process, signal.SIGCONT)

    @property
    def pid(self) -> int:
        """Its process id."""
        if self._process is None:
            raise LabError("netloomd does not run")
        return self._process.pid

    def system(self) -> SystemReport:
        """What it says about itself."""
        return self.client.send(calls.system())

    def add_hosts(self) -> None:
        """Declare all hosts of the lab that are not declared yet, by Unix sockets."""
        known = {host.name for host in self.client.send(calls.page(HOST, limit=500)).items}
        for host in self._lab.hosts.values():
            if host.name not in known:
                spec = HostSpec(
                    name=host.name, ovsdb=host.ovsdb, openflow=host.openflow, tunnel_ip=str(host.tunnel_ip)
                )
                self.client.send(calls.create(HOST, spec, key=f"lab-{uuid.uuid4()}"))

    def await_in_sync(self, *, seconds: float = 30.0) -> None:
        """Wait until every host is connected and carries what it should."""
        count = len(self._lab.hosts)

        def in_sync() -> bool:
            report = self.system()
            return (
                report.planned_revision >= report.revision
                and report.hosts_connected >= count
                and report.hosts_in_sync >= count
            )

        wait.until(in_sync, f"{count} hosts are in sync", seconds=seconds, step=0.02)

    def _settings(self, sections: Mapping[str, Section]) -> str:
        merged: dict[str, dict[str, str | int | float | bool]] = {
            "api": {
                "socket": str(self.socket),
                "listen": "",
                "token_file": str(self.directory / "admin.token"),
            },
            "store": {"url": f"sqlite:///{self.directory}/netloom.db"},
            "switches": {"pki": str(self.directory / "pki")},
        }
        for name, section in sections.items():
            merged.setdefault(name, {}).update(section)
        lines: list[str] = []
        for name, section in merged.items():
            # TOML's basic strings, numbers and booleans are written like JSON's.
            lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
        return "\n".join(lines) + "\n"


def stop_signal_as_exit() -> None:
    """Turn SIGTERM into an exception, so that clean-ups run."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)


def example() -> pathlib.Path:
    """The example that demo and tour show.

    Raises:
        LabError: this is not a checkout.
    """
    path = pathlib.Path(__file__).parents[3] / "examples" / "two-tenants.yaml"
    if not path.exists():
        raise LabError(f"{path} is not there", hint="run it in netloom's source tree, or name a file")
    return path
