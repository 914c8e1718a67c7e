"""netloomd as a process: one event loop, up until a signal, down in order.

Rule 1: SIGTERM and SIGINT end it cleanly; a second one does not wait. Rule 2: stopping leaves forwarding as it is.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys

import structlog
import uvloop

import netloom
from netloom.daemon.notify import notify
from netloom.daemon.settings import Settings
from netloom.daemon.wiring import Netloomd

_log = structlog.get_logger("netloom.daemon")


def run(settings: Settings) -> int:
    """Run until a signal; the exit status.

    Raises:
        NetloomError: a component could not start.
    """
    # A thread of the store that comes back from the disk waits at most this long for the loop to let it go on, and the
    # loop for it: with the usual 5 ms a request under load waits longer for the interpreter than for the disk.
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))
    # All is closed; what is left goes with the process. The interpreter would look through it for cycles first: 0.6 s.
    gc.freeze()
    return 0


async def _serve(settings: Settings) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, ended)
    daemon = Netloomd(settings)
    loop.add_signal_handler(signal.SIGHUP, daemon.reload)
    await daemon.levels.start()
    notify("READY=1")
    _log.info("netloomd is up", version=netloom.__version__, api=settings.api.listen or settings.api.socket)
    try:
        await ended.wait()
    finally:
        notify("STOPPING=1")
        await daemon.levels.stop()
        _log.info("netloomd is down; hosts keep forwarding")


def _stop(ended: asyncio.Event) -> None:
    if ended.is_set():
        raise KeyboardInterrupt
    ended.set()
