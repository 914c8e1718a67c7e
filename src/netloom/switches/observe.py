"""From database rows to what the planner wants to know: which identity is on which port, and what the switch can do.

Rule 1: a NIC is recognised by what its hypervisor wrote into `external_ids` (`iface-id`; `xs-vif-uuid` on Xen), never by
    name or MAC.
Rule 2: a port is there when the switch gave it a number; before that, and after an error, it is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from netloom.base.ids import HostId, Uuid
from netloom.model.isolation import TUNNELS, Isolation
from netloom.plan.records import PlainPort
from netloom.plan.view import PortSeen, SwitchFacts
from netloom.switches.database import SwitchDatabase
from netloom.switches.ownership import Ownership
from netloom.wire.ovsdb.vswitch import Interface

IDENTITY_KEYS = ("iface-id", "xs-vif-uuid")
_ISOLATIONS = {isolation.value: isolation for isolation in TUNNELS}
MAX_OFPORT = 0xFF00
"""OpenFlow's own ports begin there; a number at or above is not an ordinary port's."""


@dataclass(slots=True)
class Observation:
    """What became different. `facts` is None when they did not."""

    facts: SwitchFacts | None = None
    seen: list[PortSeen] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.facts is not None or bool(self.seen) or bool(self.gone)


class Observer:
    """Looks at one host's database; remembers what it said last."""

    def __init__(self, host_id: HostId, database: SwitchDatabase, ownership: Ownership) -> None:
        self._host_id = host_id
        self._database = database
        self._ownership = ownership
        self._capabilities: frozenset[str] = frozenset()
        self._seen: dict[Uuid, PortSeen] = {}
        self._tunnels: dict[Uuid, tuple[Isolation, int]] = {}
        self._plain: dict[Uuid, tuple[str, PlainPort]] = {}
        self._plain_ports: dict[str, PlainPort] | None = {}
        """By name; None: to be made again."""
        self._facts: SwitchFacts | None = None

    def set_capabilities(self, capabilities: frozenset[str]) -> None:
        """What the switch was found to be able to do."""
        self._capabilities = capabilities

    def everything(self) -> tuple[SwitchFacts, list[PortSeen]]:
        """All there is, looked at anew."""
        self._seen.clear()
        self._tunnels.clear()
        self._plain.clear()
        self._plain_ports = None
        self._facts = None
        self.changed(self._database.interfaces_on_bridge())
        return self._make_facts(), list(self._seen.values())

    def changed(self, interfaces: Iterable[Uuid]) -> Observation:
        """What became different on these interfaces."""
        observation = Observation()
        gone: dict[str, None] = {}
        for interface_id in interfaces:
            interface = self._database.interface_on_bridge(interface_id)
            self._look_at_tunnel(interface_id, interface)
            before = self._seen.get(interface_id)
            after = self._port_seen(interface)
            self._look_at_plain(interface_id, interface if after is None else None)
            if before == after:
                continue
            if after is None:
                del self._seen[interface_id]
            else:
                self._seen[interface_id] = after
                observation.seen.append(after)
            if before is not None and (after is None or before.port_name != after.port_name):
                gone[before.port_name] = None
        if gone:
            # A port that was removed and added again within one change has another row and the same name.
            still = {port.port_name for port in observation.seen}
            observation.gone = [name for name in gone if name not in still]
        facts = self._make_facts()
        if facts != self._facts:
            self._facts = observation.facts = facts
        return observation

    def _look_at_tunnel(self, interface_id: Uuid, interface: Interface | None) -> None:
        isolation = _ISOLATIONS.get(interface.type) if interface is not None else None
        if (
            interface is not None
            and isolation is not None
            and self._ownership.owns_ids(interface.external_ids)
            and interface.ofport is not None
            and 0 < interface.ofport < MAX_OFPORT
        ):
            self._tunnels[interface_id] = (isolation, interface.ofport)
        else:
            self._tunnels.pop(interface_id, None)

    def _look_at_plain(self, interface_id: Uuid, interface: Interface | None) -> None:
        """A port without identity may be somebody's uplink; there are few of them."""
        before, after = self._plain.get(interface_id), None
        if (
            interface is not None
            and interface_id not in self._tunnels
            and interface.ofport is not None
            and 0 < interface.ofport < MAX_OFPORT
        ):
            after = (interface.name, PlainPort(interface.ofport, interface.mtu))
        if before == after:
            return
        self._plain_ports = None
        if after is None:
            del self._plain[interface_id]
        else:
            self._plain[interface_id] = after

    def _port_seen(self, interface: Interface | None) -> PortSeen | None:
        if interface is None or interface.ofport is None or not 0 < interface.ofport < MAX_OFPORT:
            return None
        for key in IDENTITY_KEYS:
            identity = interface.external_ids.get(key)
            if identity:
                return PortSeen(self._host_id, interface.name, identity, interface.ofport, interface.mtu)
        return None

    def _make_facts(self) -> SwitchFacts:
        if self._plain_ports is None:
            self._plain_ports = dict(self._plain.values())
        return SwitchFacts(self._host_id, self._capabilities, dict(self._tunnels.values()), self._plain_ports)
