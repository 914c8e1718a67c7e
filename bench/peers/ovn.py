"""OVN on a lab: both databases, northd, one ovn-controller per host, from Debian's packages.

Rule 1: it gets the same hosts, the same ports and the same plug as netloom; only who programs br-int differs.
Rule 2: its command-line tools are its API, so their time is measured with it and told apart.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence

from bench import processes
from netloom.lab.lab import Lab

SCHEMAS = pathlib.Path("/usr/share/ovn")


class Ovn:
    """A running OVN."""

    def __init__(self, lab: Lab, directory: pathlib.Path) -> None:
        self.lab = lab
        self.directory = directory
        self.started: dict[str, subprocess.Popen[bytes]] = {}
        self.northbound = f"unix:{directory}/nb.sock"
        self.southbound = f"unix:{directory}/sb.sock"

    def nbctl(self, *arguments: str) -> str:
        """Run ovn-nbctl; what it prints."""
        return subprocess.run(
            ["ovn-nbctl", f"--db={self.northbound}", *arguments], check=True, capture_output=True, text=True
        ).stdout

    def pids(self) -> list[int]:
        """All controller processes: databases, northd, controllers; not the hosts' own daemons."""
        return [process.pid for process in self.started.values()]

    def _start(self, name: str, command: Sequence[str], **environment: str) -> None:
        log = (self.directory / f"{name}.log").open("wb")
        self.started[name] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "OVN_RUNDIR": str(self.directory), **environment},
        )

    def up(self) -> None:
        """Start everything and wait until every chassis is known."""
        for short, schema in (("nb", "ovn-nb.ovsschema"), ("sb", "ovn-sb.ovsschema")):
            database = self.directory / f"{short}.db"
            subprocess.run(["ovsdb-tool", "create", database, SCHEMAS / schema], check=True)
            self._start(
                f"ovsdb-{short}",
                [
                    "ovsdb-server",
                    f"--remote=punix:{self.directory}/{short}.sock",
                    f"--unixctl={self.directory}/{short}.ctl",
                    "--no-chdir",
                    str(database),
                ],
            )
        for short in ("nb", "sb"):
            processes.wait_for(
                (self.directory / f"{short}.sock").exists, 10, f"the {short} database's socket"
            )
        self.nbctl("init")
        self._start(
            "northd",
            [
                "ovn-northd",
                f"--ovnnb-db={self.northbound}",
                f"--ovnsb-db={self.southbound}",
                f"--unixctl={self.directory}/northd.ctl",
            ],
        )
        for host in self.lab.hosts.values():
            host.vsctl(
                "set",
                "Open_vSwitch",
                ".",
                f"external_ids:ovn-remote={self.southbound}",
                "external_ids:ovn-encap-type=geneve",
                f"external_ids:ovn-encap-ip={host.tunnel_ip}",
                "external_ids:ovn-bridge=br-int",
                "external_ids:ovn-bridge-datapath-type=netdev",
                "external_ids:ovn-monitor-all=true",
            )
            rundir = self.directory / host.name
            rundir.mkdir()
            self._start(
                f"controller-{host.name}",
                ["ip", "netns", "exec", host.namespace, "ovn-controller", host.ovsdb, "--no-chdir"],
                OVN_RUNDIR=str(rundir),
                OVS_RUNDIR=str(host.directory),
            )
        wanted = len(self.lab.hosts)
        processes.wait_for(lambda: self._chassis() == wanted, 60, f"{wanted} chassis")
        self.nbctl("--wait=hv", "sync")

    def _chassis(self) -> int:
        out = subprocess.run(
            ["ovn-sbctl", f"--db={self.southbound}", "--bare", "--columns=name", "list", "Chassis"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        return len(out.split())

    def down(self) -> None:
        """Stop what was started, controllers first, and give the bridges back empty."""
        for name in reversed(list(self.started)):
            process = self.started.pop(name)
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        time.sleep(0)
        shutil.rmtree(self.directory, ignore_errors=True)


@contextlib.contextmanager
def running(lab: Lab) -> Iterator[Ovn]:
    """OVN on a lab for the length of a block."""
    ovn = Ovn(lab, pathlib.Path(tempfile.mkdtemp(prefix="netloom-bench-ovn-")))
    try:
        ovn.up()
        yield ovn
    finally:
        ovn.down()
