"""Network namespaces without helper processes: a thread steps in, opens its sockets or starts its programs, steps out.

Rule 1: the step is the thread's own (setns(2) changes the caller only) and is always undone.
Rule 2: devices are made right inside their namespaces (`ip link add … netns …`), never in the machine's own first.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
from collections.abc import Iterable, Iterator

from netloom.lab.errors import LabError

DIRECTORY = pathlib.Path("/run/netns")

_CLONE_NEWNET = 0x40000000
_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17
_libc = ctypes.CDLL(None, use_errno=True)


def _setns(fd: int) -> None:
    if _libc.setns(fd, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


@contextlib.contextmanager
def entered(name: str) -> Iterator[None]:
    """The calling thread is in the namespace `name` until the block ends.

    Sockets opened inside stay in that namespace for ever; programs started inside live in it. Do not await inside.
    """
    try:
        target = os.open(DIRECTORY / name, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise LabError(f"there is no namespace {name}", code="no-namespace") from error
    try:
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(target)
            try:
                yield
            finally:
                _setns(home)
        finally:
            os.close(home)
    finally:
        os.close(target)


def ip_batch(lines: Iterable[str], *, namespace: str | None = None, force: bool = False) -> None:
    """Run many `ip` commands in one process.

    Args:
        lines: without the leading `ip`.
        namespace: run inside of it.
        force: go on after a line that failed, and do not complain.
    """
    text = "\n".join(lines)
    if not text:
        return
    command = ["ip", *(["-force"] if force else []), "-batch", "-"]
    with entered(namespace) if namespace else contextlib.nullcontext():
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode and not force:
        raise LabError(f"ip refused: {done.stderr.strip()}", subject=namespace)


def existing(prefix: str) -> list[str]:
    """Names of the namespaces that begin with `prefix`."""
    try:
        return sorted(name for name in os.listdir(DIRECTORY) if name.startswith(prefix))
    except FileNotFoundError:
        return []


def sysctl(namespace: str, settings: Iterable[tuple[str, str]]) -> None:
    """Write `net.…` settings of a namespace; /proc/sys/net shows the namespace of the thread that opens it."""
    with entered(namespace):
        for key, value in settings:
            pathlib.Path("/proc/sys", *key.split("/")).write_text(value)


QUIET_IPV6 = (
    ("net/ipv6/conf/all/disable_ipv6", "1"),
    ("net/ipv6/conf/default/disable_ipv6", "1"),
)
"""No IPv6 at all: hosts that nobody gave an IPv6 address must not burn processor time on neighbour discovery."""

PROMPT_IPV6 = tuple(
    (f"net/ipv6/conf/{scope}/{key}", value)
    for scope in ("all", "default")
    for key, value in (
        ("disable_ipv6", "0"),
        ("accept_dad", "0"),
        ("dad_transmits", "0"),
        ("accept_ra", "0"),
        ("router_solicitations", "0"),
    )
)
"""IPv6 whose addresses work at once, without duplicate address detection (RFC 4862, section 5.4) and without routers."""


def checksums_off(interface: str) -> None:
    """Turn off transmit checksum offload of an interface in the thread's current namespace (`ethtool -K … tx off`).

    The userspace datapath forwards what a veth hands it as it stands; a checksum left to "hardware" never gets computed,
    and TCP dies silently while ping works.
    """
    value = ctypes.create_string_buffer(struct.pack("II", _ETHTOOL_STXCSUM, 0))
    request = struct.pack("16sP16x", interface.encode(), ctypes.addressof(value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, _SIOCETHTOOL, request)
