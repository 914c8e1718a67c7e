"""The lives of networks and NICs, as tables (the words are CloudStack's).

Rule 1: whoever changes a state names the event and takes what the table says; there is no other way to a new state.
Rule 2: states tell people how far things are; flows are compiled from what is observed, never from a state.

    Network    Allocated -implement-> Implementing -succeed-> Implemented -shutdown-> Shutdown -succeed-> Allocated
               Setup stands for networks that need no implementing; Destroy is the end.
    NIC        Allocated -reserve-> Reserving -succeed-> Reserved -release-> Releasing -succeed-> Allocated
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from netloom.model.transitions import step


class NetworkState(enum.Enum):
    """A network costs nothing anywhere until it is Implementing."""

    ALLOCATED = "Allocated"
    SETUP = "Setup"
    IMPLEMENTING = "Implementing"
    IMPLEMENTED = "Implemented"
    SHUTDOWN = "Shutdown"
    DESTROY = "Destroy"


class NetworkEvent(enum.Enum):
    """What moves a network on."""

    IMPLEMENT = "implement"
    SUCCEED = "succeed"
    FAIL = "fail"
    SHUTDOWN = "shutdown"
    DESTROY = "destroy"


class NicState(enum.Enum):
    """A NIC is Reserved while a host shows its port and all hosts concerned know of it."""

    ALLOCATED = "Allocated"
    RESERVING = "Reserving"
    RESERVED = "Reserved"
    RELEASING = "Releasing"


class NicEvent(enum.Enum):
    """What moves a NIC on."""

    RESERVE = "reserve"
    SUCCEED = "succeed"
    FAIL = "fail"
    RELEASE = "release"


NETWORK_TABLE: Final[Mapping[tuple[NetworkState, NetworkEvent], NetworkState]] = {
    (NetworkState.ALLOCATED, NetworkEvent.IMPLEMENT): NetworkState.IMPLEMENTING,
    (NetworkState.ALLOCATED, NetworkEvent.DESTROY): NetworkState.DESTROY,
    (NetworkState.SETUP, NetworkEvent.DESTROY): NetworkState.DESTROY,
    (NetworkState.IMPLEMENTING, NetworkEvent.SUCCEED): NetworkState.IMPLEMENTED,
    (NetworkState.IMPLEMENTING, NetworkEvent.FAIL): NetworkState.SHUTDOWN,
    (NetworkState.IMPLEMENTING, NetworkEvent.SHUTDOWN): NetworkState.SHUTDOWN,
    (NetworkState.IMPLEMENTED, NetworkEvent.SHUTDOWN): NetworkState.SHUTDOWN,
    (NetworkState.SHUTDOWN, NetworkEvent.IMPLEMENT): NetworkState.IMPLEMENTING,
    (NetworkState.SHUTDOWN, NetworkEvent.SUCCEED): NetworkState.ALLOCATED,
    (NetworkState.SHUTDOWN, NetworkEvent.FAIL): NetworkState.SHUTDOWN,
}

NIC_TABLE: Final[Mapping[tuple[NicState, NicEvent], NicState]] = {
    (NicState.ALLOCATED, NicEvent.RESERVE): NicState.RESERVING,
    (NicState.RESERVING, NicEvent.SUCCEED): NicState.RESERVED,
    (NicState.RESERVING, NicEvent.FAIL): NicState.ALLOCATED,
    (NicState.RESERVING, NicEvent.RELEASE): NicState.RELEASING,
    (NicState.RESERVED, NicEvent.RELEASE): NicState.RELEASING,
    (NicState.RELEASING, NicEvent.SUCCEED): NicState.ALLOCATED,
    (NicState.RELEASING, NicEvent.FAIL): NicState.RESERVED,
    (NicState.RELEASING, NicEvent.RESERVE): NicState.RESERVING,
}


def next_network_state(state: NetworkState, event: NetworkEvent) -> NetworkState:
    """Where an event takes a network.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(NETWORK_TABLE, "a network", state, event)


def next_nic_state(state: NicState, event: NicEvent) -> NicState:
    """Where an event takes a NIC.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(NIC_TABLE, "a NIC", state, event)
