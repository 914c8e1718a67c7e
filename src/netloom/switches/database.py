"""What we follow of a host's Open_vSwitch database: a replica with the indices that observing and applying need.

Rule 1: only columns that are used are followed: statistics change every five seconds on every port.
Rule 2: a change costs what changed: which bridge an interface belongs to is known without searching.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netloom.base.ids import Uuid
from netloom.wire.ovsdb.replica import Replica, RowChange, Watch
from netloom.wire.ovsdb.rows import Row
from netloom.wire.ovsdb.vswitch import DATABASE, Bridge, Controller, Interface, OpenVSwitch, Port

WATCHES: tuple[Watch[Row], ...] = (
    Watch(
        OpenVSwitch,
        (
            "bridges",
            "other_config",
            "external_ids",
            "ovs_version",
            "db_version",
            "datapath_types",
            "iface_types",
        ),
    ),
    Watch(
        Bridge,
        (
            "name",
            "ports",
            "datapath_id",
            "datapath_type",
            "fail_mode",
            "protocols",
            "controller",
            "other_config",
            "external_ids",
        ),
    ),
    Watch(Port, ("name", "interfaces", "external_ids")),
    Watch(
        Interface,
        (
            "name",
            "type",
            "options",
            "external_ids",
            "ofport",
            "ofport_request",
            "error",
            "mac_in_use",
            "mtu",
            "link_state",
        ),
    ),
    Watch(
        Controller,
        (
            "target",
            "external_ids",
            "connection_mode",
            "inactivity_probe",
            "max_backoff",
            "is_connected",
            "role",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class PortRows:
    """A port of the bridge with its first (for all but bonds: only) interface."""

    port: Port
    interface: Interface


class SwitchDatabase:
    """One host's rows, kept over reconnects."""

    def __init__(self, bridge_name: str) -> None:
        self.bridge_name = bridge_name
        self.replica = Replica(DATABASE, WATCHES)
        self._bridges = self.replica.table(Bridge)
        self._ports = self.replica.table(Port)
        self._interfaces = self.replica.table(Interface)
        self._bridge_id: Uuid | None = None
        self._port_of: dict[Uuid, Uuid] = {}

    # -- questions -------------------------------------------------------------------------------------------------

    @property
    def root(self) -> OpenVSwitch | None:
        """The one row of Open_vSwitch."""
        return next(iter(self.replica.table(OpenVSwitch).values()), None)

    @property
    def bridge(self) -> Bridge | None:
        """The integration bridge."""
        return None if self._bridge_id is None else self._bridges.get(self._bridge_id)

    @property
    def controllers(self) -> Mapping[Uuid, Controller]:
        """All rows of Controller."""
        return self.replica.table(Controller)

    def other_bridges(self) -> Iterator[Bridge]:
        """The bridges beside the integration bridge."""
        return (bridge for uuid, bridge in self._bridges.items() if uuid != self._bridge_id)

    def has_port(self, name: str) -> bool:
        """Whether any bridge has a port of this name: a name is one port's in a whole database."""
        return any(port.name == name for port in self._ports.values())

    def ports(self, of: Bridge | None = None) -> Iterator[PortRows]:
        """The ports of a bridge; the integration bridge's when none is named."""
        bridge = self.bridge if of is None else of
        for port_id in bridge.ports if bridge is not None else ():
            port = self._ports.get(port_id)
            if port is not None:
                for interface_id in port.interfaces:
                    interface = self._interfaces.get(interface_id)
                    if interface is not None:
                        yield PortRows(port, interface)
                        break

    def interface_on_bridge(self, interface_id: Uuid) -> Interface | None:
        """An interface, if it belongs to the bridge now."""
        interface, bridge = self._interfaces.get(interface_id), self.bridge
        if interface is None or bridge is None or self._port_of.get(interface_id) not in bridge.ports:
            return None
        return interface

    def interfaces_on_bridge(self) -> Iterator[Uuid]:
        """The ids of all interfaces of the bridge."""
        bridge = self.bridge
        for port_id in bridge.ports if bridge is not None else ():
            port = self._ports.get(port_id)
            if port is not None:
                yield from port.interfaces

    # -- following -------------------------------------------------------------------------------------------------

    def note(self, changes: Iterable[RowChange[Row]]) -> set[Uuid]:
        """Bring the indices up to date; the interfaces whose picture may be another now."""
        affected: set[Uuid] = set()
        moved: set[Uuid] = set()
        for change in changes:
            old, new = change.old, change.new
            if change.table == "Interface":
                affected.add(change.uuid)
            elif isinstance(old, Port) or isinstance(new, Port):
                before = old.interfaces if isinstance(old, Port) else frozenset()
                after = new.interfaces if isinstance(new, Port) else frozenset()
                for interface_id in before - after:
                    if self._port_of.get(interface_id) == change.uuid:
                        del self._port_of[interface_id]
                for interface_id in after:
                    self._port_of[interface_id] = change.uuid
                affected |= before ^ after
            elif isinstance(old, Bridge) or isinstance(new, Bridge):
                moved |= self._note_bridge(old, new)
        for port_id in moved:
            port = self._ports.get(port_id)
            if port is not None:
                affected |= port.interfaces
        return affected

    def _note_bridge(self, old: Row | None, new: Row | None) -> set[Uuid]:
        before = old if isinstance(old, Bridge) and old.name == self.bridge_name else None
        after = new if isinstance(new, Bridge) and new.name == self.bridge_name else None
        if after is not None:
            self._bridge_id = after.uuid
        elif before is not None and self._bridge_id == before.uuid:
            self._bridge_id = None
        ports_before = before.ports if before is not None else frozenset()
        ports_after = after.ports if after is not None else frozenset()
        return set(ports_before ^ ports_after)
