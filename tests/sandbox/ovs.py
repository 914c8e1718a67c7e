"""A real Open vSwitch in a directory of its own: ovsdb-server and ovs-vswitchd with the dummy datapath, no root, no network.

    with OvsSandbox.started() as ovs:
        ovs.bridge("br0")
        ovs.ofctl("add-flow", "br0", "actions=drop")

Rule 1: nothing outside the directory is touched; sockets, database and logs live and die with it.
Rule 2: processes are ended by the pids that they wrote here, never by name.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_LIMIT = 20  # seconds for any one command


class OvsSandbox:
    """A running Open vSwitch. Make it with `started`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.db = directory / "db.sock"
        self._env = {
            "PATH": _PATH,
            "OVS_RUNDIR": str(directory),
            "OVS_LOGDIR": str(directory),
            "OVS_DBDIR": str(directory),
            "OVS_SYSCONFDIR": str(directory),
            "LC_ALL": "C",
        }

    @classmethod
    @contextlib.contextmanager
    def started(cls, *, dummy: bool = True) -> Iterator[OvsSandbox]:
        """Start one in a new temporary directory; stop it and remove the directory at the end."""
        # Unix socket paths are short: not below pytest's own long directories.
        directory = Path(tempfile.mkdtemp(prefix="ovs-"))
        sandbox = cls(directory)
        try:
            sandbox.start(dummy=dummy)
            yield sandbox
        finally:
            sandbox.stop()
            shutil.rmtree(directory, ignore_errors=True)

    @staticmethod
    def available() -> bool:
        """Whether the programs are installed."""
        return _SCHEMA.exists() and shutil.which("ovs-vswitchd", path=_PATH) is not None

    def start(self, *, dummy: bool = True) -> None:
        """Make the database and start both daemons; each returns when it is ready."""
        self.run("ovsdb-tool", "create", "conf.db", str(_SCHEMA))
        self.start_database()
        self.vsctl("--no-wait", "init")
        self.start_switch(dummy=dummy)

    def start_database(self) -> None:
        """Start ovsdb-server on the database that is there."""
        self.run(
            *("ovsdb-server", "conf.db", "--detach", "--no-chdir", "--pidfile", "--log-file"),
            f"--remote=punix:{self.db}",
            "--remote=db:Open_vSwitch,Open_vSwitch,manager_options",
            "--private-key=db:Open_vSwitch,SSL,private_key",
            "--certificate=db:Open_vSwitch,SSL,certificate",
            "--ca-cert=db:Open_vSwitch,SSL,ca_cert",
        )

    def start_switch(self, *, dummy: bool = True) -> None:
        """Start ovs-vswitchd."""
        flags = ("--enable-dummy=override", "--disable-system", "--disable-system-route") if dummy else ()
        self.run(
            "ovs-vswitchd", f"unix:{self.db}", "--detach", "--no-chdir", "--pidfile", "--log-file", *flags
        )

    def stop_switch(self) -> None:
        """End ovs-vswitchd; the database stays."""
        self._stop("ovs-vswitchd")

    def stop(self) -> None:
        """End both daemons."""
        self._stop("ovs-vswitchd")
        self._stop("ovsdb-server")

    def _stop(self, program: str) -> None:
        pid_file = self.directory / f"{program}.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text())
        arguments = ("exit", "--cleanup") if program == "ovs-vswitchd" else ("exit",)
        with contextlib.suppress(subprocess.SubprocessError):
            self.run("ovs-appctl", "-T", "5", "-t", str(self.directory / f"{program}.{pid}.ctl"), *arguments)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        pid_file.unlink(missing_ok=True)

    def run(self, *command: str, stdin: str | None = None) -> str:
        """Run a program of Open vSwitch's in the sandbox; its standard output.

        Raises:
            subprocess.CalledProcessError: it failed; `stderr` says why.
        """
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self._env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
        if done.returncode:
            error = subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
            error.add_note(done.stderr)
            raise error
        return done.stdout

    def bridge(self, name: str, *, datapath: str = "dummy") -> Path:
        """Add a bridge that forwards nothing by itself and speaks OpenFlow 1.0 to 1.5; its management socket."""
        self.vsctl(
            *("--", "add-br", name, "--", "set", "bridge", name, "fail_mode=secure"),
            f"datapath_type={datapath}",
            "protocols=OpenFlow10,OpenFlow13,OpenFlow14,OpenFlow15",
        )
        return self.mgmt_path(name)

    def mgmt_path(self, bridge: str) -> Path:
        """The Unix socket on which the bridge answers OpenFlow."""
        return self.directory / f"{bridge}.mgmt"

    def ofctl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run ovs-ofctl."""
        return self.run("ovs-ofctl", *arguments, stdin=stdin)

    def vsctl(self, *arguments: str) -> str:
        """Run ovs-vsctl on the sandbox's database."""
        return self.run("ovs-vsctl", f"--db=unix:{self.db}", "--timeout=10", *arguments)

    def appctl(self, *arguments: str) -> str:
        """Run ovs-appctl on ovs-vswitchd."""
        pid = (self.directory / "ovs-vswitchd.pid").read_text().strip()
        return self.run("ovs-appctl", "-t", str(self.directory / f"ovs-vswitchd.{pid}.ctl"), *arguments)
