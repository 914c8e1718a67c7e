"""Tells the service manager how netloomd is doing (sd_notify(3)): ready, stopping, alive.

Why own code: the protocol is one datagram; the rule that matters is ours: the watchdog is fed from the event loop,
so a loop that hangs is restarted, and forwarding does not notice.

Rule 1: without NOTIFY_SOCKET everything here does nothing. Rule 2: a failing notification never stops the daemon.
"""

from __future__ import annotations

import asyncio
import os
import socket


def notify(state: str) -> bool:
    """Send one state, such as `READY=1` or `STATUS=…`; whether a manager was there to hear it."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            channel.sendto(state.encode(), address)
    except OSError:
        return False
    return True


def watchdog_interval() -> float | None:
    """Seconds between signs of life: half of what the manager allows (WATCHDOG_USEC), or None."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", "")
    if not usec.isdigit() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / 2_000_000


async def feed_watchdog() -> None:
    """Say WATCHDOG=1 for as long as the loop turns; returns at once when nobody asked for it."""
    interval = watchdog_interval()
    while interval is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval)
