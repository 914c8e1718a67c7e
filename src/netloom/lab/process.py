"""Processes of a lab: started inside a namespace, found again without memory, ended without ever hitting a stranger.

Rule 1: a signal goes through a pidfd opened before the start time was checked, so a reused pid is never hit.
Rule 2: every process started here carries `NETLOOM_LAB_TOKEN=…` in its environment; what it starts inherits it.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import select
import shutil
import signal
import time
from collections.abc import Iterable, Mapping, Sequence

from netloom.lab import namespaces
from netloom.lab.errors import LabError
from netloom.lab.state import ProcessId

TOKEN = "NETLOOM_LAB_TOKEN"  # noqa: S105 - an environment variable's name


def start_time(pid: int) -> int | None:
    """When a process started, in clock ticks after boot; None when it is gone or only waits to be reaped."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name before may hold anything; see proc(5)
    if fields[0] in "ZX":
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        return None
    return int(fields[19])


def this_process() -> ProcessId:
    """The caller."""
    return ProcessId(os.getpid(), start_time(os.getpid()) or 0)


def alive(process: ProcessId) -> bool:
    """Whether exactly this process still runs."""
    return start_time(process.pid) == process.start


def spawn(
    command: Sequence[str],
    *,
    token: str,
    namespace: str | None = None,
    output: pathlib.Path,
    environment: Mapping[str, str] | None = None,
) -> ProcessId:
    """Start a program in a namespace and its own session; it outlives the caller.

    Args:
        command: program and arguments.
        token: the lab's.
        namespace: where it lives; None: where the caller is.
        output: file to which standard output and error are appended.
        environment: additions to the caller's.
    """
    program = shutil.which(command[0])
    if program is None:
        raise LabError(f"{command[0]} is not installed", code="missing-package")
    # A background job must not inherit a test runner's terminal or pipes.
    with (
        open(os.devnull, "rb") as nothing,
        output.open("ab") as sink,
        namespaces.entered(namespace) if namespace else contextlib.nullcontext(),
    ):
        pid = os.posix_spawn(
            program,
            list(command),
            {**os.environ, **(environment or {}), TOKEN: token},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, nothing.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, sink.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, sink.fileno(), 2),
            ],
            setsid=True,
            setsigmask=[],
        )
    start = start_time(pid)
    if start is None:
        raise LabError(f"{command[0]} ended at once", code="not-running", hint=f"see {output}")
    return ProcessId(pid, start)


def send(process: ProcessId, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; False when it is gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    try:
        if not alive(process):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def stop(processes: Iterable[ProcessId], *, patience: float = 1.0) -> None:
    """End processes: SIGTERM, and SIGKILL for those that are still there after `patience` seconds (0: at once).

    Returns when they are gone and their memory, sockets and namespaces are released.
    """
    handles: dict[int, ProcessId] = {}
    try:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                handle = os.pidfd_open(process.pid)
                handles[handle] = process
                if not alive(process):
                    os.close(handle)
                    del handles[handle]
        waiting = dict(handles)
        if patience:
            _signal_all(waiting, signal.SIGTERM)
            _signal_all(waiting, signal.SIGCONT)  # a stopped one shall hear it
            _wait(waiting, patience)
        _signal_all(waiting, signal.SIGKILL)
        _wait(waiting, 10.0)
    finally:
        for handle in handles:
            os.close(handle)
    for process in handles.values():
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, 0)
    if waiting:
        raise LabError(f"processes do not end: {sorted(p.pid for p in waiting.values())}")


def _signal_all(handles: Mapping[int, ProcessId], number: signal.Signals) -> None:
    for handle in handles:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, number)


def _wait(handles: dict[int, ProcessId], seconds: float) -> None:
    """Take those that ended out of `handles`; a pidfd becomes readable then."""
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    deadline = time.monotonic() + seconds
    while handles and (left := deadline - time.monotonic()) > 0:
        for handle, _event in poll.poll(left * 1000):
            poll.unregister(handle)
            del handles[handle]


def inside(namespace_names: Iterable[str], token: str | None) -> list[ProcessId]:
    """All processes that live in one of the namespaces or carry the token, but the caller and its ancestors."""
    inodes = set()
    for name in namespace_names:
        with contextlib.suppress(FileNotFoundError):
            inodes.add((namespaces.DIRECTORY / name).stat().st_ino)
    mark = f"{TOKEN}={token}".encode() if token else None
    spared = _ancestors()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in spared:
            continue
        try:
            there = os.stat(f"/proc/{entry}/ns/net").st_ino in inodes
            marked = mark is not None and mark in pathlib.Path(f"/proc/{entry}/environ").read_bytes().split(
                b"\0"
            )
        except OSError:  # it ended while we looked
            continue
        if (there or marked) and (start := start_time(int(entry))) is not None:
            found.append(ProcessId(int(entry), start))
    return found


def _ancestors() -> set[int]:
    pid, line = os.getpid(), set()
    while pid > 0 and pid not in line:
        line.add(pid)
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
        pid = int(text[text.rindex(")") + 2 :].split()[1])
    return line
