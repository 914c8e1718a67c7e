"""The door for hosts: who hangs up before showing who it is holds no place."""

from __future__ import annotations

import socket
import struct

from tests.switches.stack import eventually

from netloom.model.endpoints import Endpoint, Scheme
from netloom.switches.host_session import HostSession
from netloom.switches.listener import DialIn, ListenSettings
from netloom.switches.stream import Dialling


class Nobody:
    def by_system_id(self, system_id: str) -> HostSession | None:
        del system_id
        return None

    def by_datapath_id(self, datapath_id: str) -> HostSession | None:
        del datapath_id
        return None


async def test_who_hangs_up_at_once_gives_its_place_back() -> None:
    dial_in = DialIn(ListenSettings(Dialling(allow_tcp=True), unidentified=256), Nobody())
    try:
        port = await dial_in.listen_ovsdb(Endpoint(Scheme.TCP, address="127.0.0.1", port=0))
        for _ in range(100):
            with socket.create_connection(("127.0.0.1", port)) as hasty:
                # Closing sends a reset: the door may find no peer any more.
                hasty.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with socket.create_connection(("127.0.0.1", port)):
            await eventually(lambda: dial_in._unidentified == 1)
        await eventually(lambda: dial_in._unidentified == 0)
        assert dial_in.refused_connections == 0
    finally:
        await dial_in.close()
