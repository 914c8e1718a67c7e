"""What the use cases may ask of the connections to switches: the port.

Rule 1: nothing here changes what a switch should hold; that follows the store.
"""

from __future__ import annotations

from typing import Protocol

from netloom.base.errors import Unavailable
from netloom.base.ids import HostId


class Switches(Protocol):
    """The connections to the hosts' switches."""

    async def reconnect(self, host_id: HostId) -> None:
        """End a host's connections, have them made anew, and return when the host is in sync; what it forwards stays.

        Raises:
            Unavailable: it is not in sync in time, and why.
        """
        ...


class NoSwitches:
    """Where nobody talks to switches: the use cases by themselves."""

    async def reconnect(self, host_id: HostId) -> None:
        """Nothing can be connected.

        Raises:
            Unavailable: always (`no-switches`).
        """
        raise Unavailable(
            "this process talks to no switches",
            code="no-switches",
            subject=f"host/{host_id}",
            hint="ask netloomd",
        )
