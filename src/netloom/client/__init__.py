"""The typed client of netloom's API.

    async with NetloomClient("unix:/run/netloom/netloomd.sock") as client:
        nic = await client.nics.create(NicSpec(name="vm7-eth0", network="blue"), wait=30)

Rule 1: errors of the server come back as the exceptions of `netloom.base.errors`, with code, subject and hint.
Rule 2: only what may safely be done twice is tried twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netloom.client.client import NetloomClient
    from netloom.client.errors import FileError
    from netloom.client.sync import SyncClient

__all__ = ["FileError", "NetloomClient", "SyncClient"]

_HOMES = {
    "FileError": "netloom.client.errors",
    "NetloomClient": "netloom.client.client",
    "SyncClient": "netloom.client.sync",
}


def __getattr__(name: str) -> object:
    """Imports on first use: the command line needs one of them, and to start fast."""
    import importlib  # noqa: PLC0415

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
