"""A private PostgreSQL server: own data directory, own socket, no port; as an unprivileged user, as it insists on."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

from sqlalchemy import make_url

_names = itertools.count()


def _binaries() -> pathlib.Path:
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "these tests need PostgreSQL: apt-get install postgresql"
    return found[-1].parent


class PostgresServer:
    """A server of one's own.

    Args:
        durable: whether commits are on disk when they are answered; tests do without, benchmarks do not.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._fsync = "on" if durable else "off"
        self._bin = _binaries()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="netloom-pg-"))
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "postgres"
            account = pwd.getpwnam(self._user)
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        data = self.directory / "data"
        self._run(
            "initdb", "-D", data, "-A", "trust", "-U", "netloom", "--no-sync", "-E", "UTF8", "--locale=C"
        )
        self.start()

    def start(self) -> None:
        """Start it (again)."""
        data = self.directory / "data"
        options = f"-c listen_addresses= -c unix_socket_directories={self.directory} -c fsync={self._fsync}"
        self._run("pg_ctl", "-D", data, "-o", options, "-l", self.directory / "log", "-w", "start")

    def new_database(self) -> str:
        """The URL of an empty database."""
        return self._created()

    def copy_of(self, url: str) -> str:
        """The URL of a database that begins as one that `new_database` gave, which nobody uses now."""
        return self._created("--template", make_url(url).database or "")

    def _created(self, *how: str) -> str:
        name = f"test{next(_names)}"
        self._run("createdb", "-h", self.directory, "-U", "netloom", *how, name)
        return f"postgresql://netloom@/{name}?host={self.directory}"

    def halt(self) -> None:
        """Stop it as a power cut would."""
        self._run("pg_ctl", "-D", self.directory / "data", "-m", "immediate", "-w", "stop")

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        if (self.directory / "data" / "postmaster.pid").exists():
            self.halt()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, program: str, *args: str | pathlib.Path) -> None:
        command = [str(self._bin / program), *map(str, args)]
        done = subprocess.run(
            command,
            user=self._user,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=50,
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


@functools.cache
def shared_server() -> PostgresServer:
    """One server for all tests of a run, gone at its end."""
    server = PostgresServer()
    atexit.register(server.remove)
    return server
