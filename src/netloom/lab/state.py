"""What a lab consists of, on disk before it exists: `/run/netloom-lab/NAME/state.json`.

Rule 1: written whole and renamed into place, under a lock, so that two processes (a demo and a terminal) can share a lab.
Rule 2: enough to take everything down with nobody's memory: the token every process of the lab carries in its environment,
the namespaces, the process ids with their start times (a pid alone may have been reused).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping

import msgspec

from netloom.lab import names
from netloom.lab.errors import LabError

ROOT = pathlib.Path("/run/netloom-lab")


class ProcessId(msgspec.Struct, frozen=True):
    """A process, safe against reuse of its number. `start`: clock ticks after boot, from /proc/PID/stat."""

    pid: int
    start: int


class HostState(msgspec.Struct, frozen=True):
    """A host of the lab."""

    number: int
    name: str


class GuestState(msgspec.Struct, frozen=True):
    """A guest of the lab and where it is cabled to.

    `device` is the interface inside the guest, `port` its other end on `host`. `serial` counts the pairs it had.
    """

    name: str
    host: str
    device: str
    port: str
    serial: int = 0
    mac: str = ""
    ipv4: str | None = None
    ipv6: str | None = None
    mtu: int = 1400
    identity: str | None = None


class LabState(msgspec.Struct, frozen=True):
    """Everything that was made, or is about to be."""

    name: str
    token: str
    hosts: Mapping[str, HostState]
    ipv6: bool = False
    mtu: int = 1500
    lan: bool = False
    """Whether the hosts have a second network for VLANs."""
    datapath: str = "netdev"
    """Of every bridge: `netdev`, in ovs-vswitchd, or `system`, the kernel's, on a machine that has it."""
    owner: ProcessId | None = None
    """The process with which the lab shall end; None: it stays until `down`."""
    namespaces: tuple[str, ...] = ()
    guests: Mapping[str, GuestState] = {}
    processes: Mapping[str, ProcessId] = {}


class StateFile:
    """The state of one lab on disk."""

    def __init__(self, name: str) -> None:
        self.directory = ROOT / names.check_lab(name)
        self.name = name
        self._path = self.directory / "state.json"

    def create(self, state: LabState) -> None:
        """Claim the name.

        Raises:
            LabError: a lab of this name is there.
        """
        try:
            self.directory.mkdir(mode=0o755)
        except FileExistsError as error:
            raise LabError(
                f"there is a lab {self.name} already",
                code="lab-exists",
                hint=f"netloom lab down --name {self.name}, or choose another name",
            ) from error
        self._write(state)

    def load(self) -> LabState:
        """The state now.

        Raises:
            LabError: there is no such lab, or its file is not one.
        """
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=LabState)
        except FileNotFoundError as error:
            raise LabError(
                f"there is no lab {self.name}", code="no-lab", hint=f"netloom lab up --name {self.name}"
            ) from error
        except msgspec.MsgspecError as error:
            raise LabError(f"{self._path} is not a lab's state: {error}", code="bad-state") from error

    def update(self, change: Callable[[LabState], LabState]) -> LabState:
        """Apply a change to the newest state and store it."""
        with _lock(self.directory / "lock"):
            state = change(self.load())
            self._write(state)
            return state

    def remove(self) -> None:
        """Forget the lab, its logs and databases."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _write(self, state: LabState) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(state))
        fresh.replace(self._path)


@contextlib.contextmanager
def _lock(path: pathlib.Path) -> Iterator[None]:
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def exclusive() -> Iterator[None]:
    """Nobody else claims a name or sweeps meanwhile."""
    ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _lock(ROOT / ".lock"):
        yield


def labs() -> list[str]:
    """Names of all labs on this machine, half-made and broken ones included."""
    try:
        found = [entry.name for entry in ROOT.iterdir() if entry.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(found)
