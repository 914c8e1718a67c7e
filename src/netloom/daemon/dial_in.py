"""Hosts that dial in: the doors for them, and who of them waits to be admitted.

Rule 1: nothing listens unless the settings say where. Rule 2: who is not known gets no session, only a line in `pending`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator

from netloom.app.reports import PendingHost
from netloom.daemon.hosts import HostKeeper
from netloom.daemon.settings import SwitchSettings
from netloom.model.endpoints import OPENFLOW_PORT, OVSDB_PORT, parse_endpoint
from netloom.switches.host_session import HostSession
from netloom.switches.listener import DialIn, ListenSettings


class SessionsThatDialIn:
    """`netloom.switches.listener.SessionDirectory` over the kept hosts."""

    def __init__(self, hosts: HostKeeper) -> None:
        self._hosts = hosts

    def by_system_id(self, system_id: str) -> HostSession | None:
        """The host that has this system-id pinned and is not dialled."""
        for kept in self._hosts.all():
            if kept.config.ovsdb is None and kept.config.pin.system_id == system_id:
                return kept.session
        return None

    def by_datapath_id(self, datapath_id: str) -> HostSession | None:
        """The host whose bridge has this datapath id and that is not dialled for OpenFlow."""
        for kept in self._hosts.all():
            if kept.config.openflow is None and kept.session.datapath_id == datapath_id:
                return kept.session
        return None


def pending_hosts(dial_in: DialIn) -> tuple[PendingHost, ...]:
    """Who waits, in a report's words."""
    return tuple(
        PendingHost(
            system_id=peer.system_id,
            peer=peer.peer,
            since=dt.datetime.fromtimestamp(peer.since, dt.UTC),
            fingerprint=peer.fingerprint,
            reason=peer.reason,
            host=peer.host,
            tunnel_ip=peer.tunnel_ip,
        )
        for peer in dial_in.pending()
    )


@contextlib.asynccontextmanager
async def listening(
    settings: SwitchSettings, listen: ListenSettings, hosts: HostKeeper
) -> AsyncIterator[DialIn]:
    """Doors for hosts, for the length of a block."""
    dial_in = DialIn(listen, SessionsThatDialIn(hosts))
    try:
        if settings.listen_ovsdb:
            place = parse_endpoint(settings.listen_ovsdb, OVSDB_PORT, "switches.listen_ovsdb")
            await dial_in.listen_ovsdb(place)
        if settings.listen_openflow:
            place = parse_endpoint(settings.listen_openflow, OPENFLOW_PORT, "switches.listen_openflow")
            await dial_in.listen_openflow(place)
        yield dial_in
    finally:
        await dial_in.close()
