"""The planner's picture: what users asked for and what switches showed, with the indices that compiling needs.

Rule 1: a record is replaced, never changed; every method costs what its change costs, not what the picture holds.
Rule 2: each method returns what became different, so that nobody has to compare pictures.

Intent comes in by `put_*`/`remove_*`, observation by `observe_*`. Either may come first, twice, or never: a NIC whose port
was seen before the NIC was known is placed when it becomes known. A place is always *derived* (identity on a port ↔ NIC).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from netloom.base.ids import HostId, NetworkId, NicId, Uuid
from netloom.base.net import IPAddress
from netloom.model.isolation import Isolation
from netloom.model.kinds import Cause, Kind
from netloom.plan.records import (
    Attachment,
    Change,
    Edit,
    FactsChange,
    GroupChange,
    GroupRule,
    GroupView,
    HostChange,
    HostView,
    IdentityChange,
    NetworkChange,
    NetworkView,
    NicChange,
    NicView,
    ObjectRef,
    Placement,
    PlacementChange,
    PlainPort,
    PortSeen,
    PresenceChange,
    Remove,
    SwitchFacts,
    UplinkView,
)

__all__ = [
    "Attachment",
    "Change",
    "Edit",
    "FactsChange",
    "GroupChange",
    "GroupRule",
    "GroupView",
    "HostChange",
    "HostView",
    "IdentityChange",
    "NetworkChange",
    "NetworkView",
    "NicChange",
    "NicView",
    "ObjectRef",
    "Placement",
    "PlacementChange",
    "PlainPort",
    "PortSeen",
    "PresenceChange",
    "Remove",
    "SwitchFacts",
    "UplinkView",
    "View",
]

_K = TypeVar("_K")
_L = TypeVar("_L")
_R = TypeVar("_R", bound="_Claimant")


class _Claimant(Protocol):
    @property
    def id(self) -> Uuid: ...

    @property
    def number(self) -> int: ...


class View:
    """The picture and its indices. Read the attributes freely; change them only by the methods."""

    def __init__(self) -> None:
        self.hosts: dict[HostId, HostView] = {}
        self.facts: dict[HostId, SwitchFacts] = {}
        self.networks: dict[NetworkId, NetworkView] = {}
        self.nics: dict[NicId, NicView] = {}
        self.network_numbers: dict[int, NetworkView] = {}
        self.nic_numbers: dict[int, NicView] = {}
        self.ports: dict[HostId, dict[str, PortSeen]] = {}
        self.placements: dict[NicId, dict[HostId, Placement]] = {}
        self.presence: dict[NetworkId, dict[HostId, dict[NicId, Placement]]] = {}
        self.networks_on: dict[HostId, dict[NetworkId, None]] = {}
        self.nics_of: dict[NetworkId, dict[NicId, None]] = {}
        self.by_identity: dict[str, tuple[NicView, ...]] = {}
        self.by_mac: dict[tuple[NetworkId, int], tuple[NicView, ...]] = {}
        self.by_address: dict[tuple[NetworkId, IPAddress], tuple[NicView, ...]] = {}
        self.attached: dict[HostId, dict[NicId, None]] = {}
        self.by_segment: dict[tuple[str, Isolation, int], tuple[NetworkView, ...]] = {}
        self.by_ofport: dict[HostId, dict[int, PortSeen]] = {}
        self.groups: dict[int, GroupView] = {}
        self.members: dict[int, dict[NicId, None]] = {}
        self.by_member: dict[tuple[int, IPAddress], tuple[NicView, ...]] = {}
        self._group_ids: dict[Uuid, GroupView] = {}
        self._seen: dict[str, dict[tuple[HostId, str], PortSeen]] = {}

    # -- questions ---------------------------------------------------------------------------------------------------

    def owns_mac(self, nic: NicView) -> bool:
        """Whether the NIC is the one that a MAC means in its network: the lowest number of those that claim it."""
        return self.by_mac[nic.network_id, nic.mac][0].id == nic.id

    def owns_address(self, nic: NicView, address: IPAddress) -> bool:
        """Whether the NIC is the one that an IP address means in its network: the lowest number of those that claim it."""
        return self.by_address[nic.network_id, address][0].id == nic.id

    def placement(self, nic_id: NicId, host_id: HostId) -> Placement | None:
        """The NIC's port on a host, if it is there."""
        return self.placements.get(nic_id, {}).get(host_id)

    def owns_segment(self, network: NetworkView) -> bool:
        """Whether the network is the one that its segment id means in its zone: the lowest number of those that claim it."""
        key = network.segment_key
        return key is not None and self.by_segment[key][0].id == network.id

    def uplink_seen(self, host: HostView, network: NetworkView) -> PlainPort | None:
        """The port by which a network leaves a host for the wires, as the switch shows it; None while it does not."""
        name, facts = host.uplink_port(network), self.facts.get(host.id)
        return None if name is None or facts is None else facts.plain_ports.get(name)

    def reaches(self, network: NetworkView, host_id: HostId) -> bool:
        """Whether a network may be on a host: the host is declared, in the network's zone."""
        host = self.hosts.get(host_id)
        return host is not None and host.zone == network.zone

    def hosts_of_nic(self, nic: NicView) -> list[HostView]:
        """The hosts that show the NIC now, in the order of their numbers: two while it migrates."""
        placed, network = self.placements.get(nic.id), self.networks.get(nic.network_id)
        return [] if placed is None or network is None else self._reached(network, placed)

    def hosts_of_network(self, network: NetworkView) -> list[HostView]:
        """The hosts that have a NIC of the network, in the order of their numbers."""
        return self._reached(network, self.presence.get(network.id, {}))

    def _reached(self, network: NetworkView, host_ids: Iterable[HostId]) -> list[HostView]:
        found = [self.hosts[host_id] for host_id in host_ids if self.reaches(network, host_id)]
        if len(found) > 1:
            found.sort(key=_number)
        return found

    def ports_of_identity(self, identity: str) -> list[PortSeen]:
        """All ports that carry an identity, whichever NIC has it."""
        return list(self._seen.get(identity, {}).values())

    # -- intent ------------------------------------------------------------------------------------------------------

    def edit(self, edit: Edit) -> tuple[Change, ...]:
        """Take one record or removal of intent, of whichever kind."""
        match edit:
            case HostView():
                return self.put_host(edit)
            case NetworkView():
                return self.put_network(edit)
            case NicView():
                return self.put_nic(edit)
            case GroupView():
                return self.put_group(edit)
            case Remove(kind=Cause.SECURITY_GROUP):
                return self.remove_group(edit.id)
            case Remove(kind=Kind.HOST):
                return self.remove_host(HostId(edit.id))
            case Remove(kind=Kind.NETWORK):
                return self.remove_network(NetworkId(edit.id))
            case Remove(kind=Kind.NIC):
                return self.remove_nic(NicId(edit.id))
            case _:
                return ()

    def undo(self, change: Change) -> tuple[Change, ...]:
        """Take back one change of intent or of facts; derived changes follow by themselves. Undo in reverse order."""
        match change:
            case HostChange(before=None, after=HostView() as host):
                return self.remove_host(host.id)
            case NetworkChange(before=None, after=NetworkView() as network):
                return self.remove_network(network.id)
            case NicChange(before=None, after=NicView() as nic):
                return self.remove_nic(nic.id)
            case GroupChange(before=None, after=GroupView() as group):
                return self.remove_group(group.id)
            case GroupChange(before=GroupView() as before):
                return self.put_group(before)
            case HostChange(before=HostView() as before):
                return self.put_host(before)
            case NetworkChange(before=NetworkView() as before):
                return self.put_network(before)
            case NicChange(before=NicView() as before):
                return self.put_nic(before)
            case FactsChange(host_id=host_id, before=facts):
                return self.observe_facts(host_id, facts)
            case _:
                return ()

    def put_host(self, host: HostView) -> tuple[Change, ...]:
        """Declare a host, or declare it differently."""
        before = self.hosts.get(host.id)
        if before == host:
            return ()
        self.hosts[host.id] = host
        return (HostChange(before, host),)

    def remove_host(self, host_id: HostId) -> tuple[Change, ...]:
        """Forget the declaration of a host; what was observed on it is forgotten by `forget_host`."""
        before = self.hosts.pop(host_id, None)
        return () if before is None else (HostChange(before, None),)

    def put_network(self, network: NetworkView) -> tuple[Change, ...]:
        """Declare a network, or declare it differently. Its NICs may be known already."""
        before = self.networks.get(network.id)
        if before == network:
            return ()
        if before is not None:
            self._unindex_network(before)
        self.networks[network.id] = self.network_numbers[network.number] = network
        if (key := network.segment_key) is not None:
            _claim(self.by_segment, key, network)
        return (NetworkChange(before, network),)

    def remove_network(self, network_id: NetworkId) -> tuple[Change, ...]:
        """Forget a network; NICs that still name it stay known and compile to nothing."""
        before = self.networks.pop(network_id, None)
        if before is None:
            return ()
        self._unindex_network(before)
        return (NetworkChange(before, None),)

    def put_nic(self, nic: NicView) -> tuple[Change, ...]:
        """Declare a NIC, or declare it differently; it is placed at once where its port is already seen."""
        before = self.nics.get(nic.id)
        if before == nic:
            return ()
        changes: list[Change] = []
        if before is not None and (before.network_id, before.iface_id) != (nic.network_id, nic.iface_id):
            changes += self.remove_nic(nic.id)
            before = None
        if before is not None:
            self._unindex(before)
        self.nics[nic.id] = nic
        self._index(nic)
        changes.append(NicChange(before, nic))
        if before is None:
            changes += self._settle(nic.iface_id)
        return tuple(changes)

    def remove_nic(self, nic_id: NicId) -> tuple[Change, ...]:
        """Forget a NIC. Another one of the same identity takes over its ports."""
        nic = self.nics.get(nic_id)
        if nic is None:
            return ()
        changes: list[Change] = []
        for host_id in tuple(self.placements.get(nic_id, ())):
            changes += self._place(nic, host_id, None)
        self._unindex(nic)
        del self.nics[nic_id]
        changes.append(NicChange(nic, None))
        changes += self._settle(nic.iface_id)
        return tuple(changes)

    def put_group(self, group: GroupView) -> tuple[Change, ...]:
        """Take a security group, or its other rules. NICs may name it before, and others' rules too."""
        before = self.groups.get(group.number)
        if before == group:
            return ()
        self.groups[group.number] = self._group_ids[group.id] = group
        return (GroupChange(before, group),)

    def remove_group(self, group_id: Uuid) -> tuple[Change, ...]:
        """Forget a security group; NICs that still name it get nothing from it."""
        before = self._group_ids.pop(group_id, None)
        if before is None:
            return ()
        del self.groups[before.number]
        return (GroupChange(before, None),)

    # -- observation -------------------------------------------------------------------------------------------------

    def observe_facts(self, host_id: HostId, facts: SwitchFacts | None) -> tuple[Change, ...]:
        """Take what a switch shows of itself; None forgets it."""
        before = self.facts.get(host_id)
        if before == facts:
            return ()
        if facts is None:
            del self.facts[host_id]
        else:
            self.facts[host_id] = facts
        return (FactsChange(host_id, before, facts),)

    def observe_port(self, port: PortSeen) -> tuple[Change, ...]:
        """A port with an identity is there, or shows another number or identity than before."""
        before = self.ports.get(port.host_id, {}).get(port.port_name)
        if before == port:
            return ()
        changes: list[Change] = []
        rival = self.by_ofport.get(port.host_id, {}).get(port.ofport)
        if rival is not None and rival.port_name != port.port_name:
            # A switch gives a number to one port at a time: whoever had it must be gone.
            changes += self.forget_port(port.host_id, rival.port_name)
        if before is not None:
            self._unsee(before)
        self.ports.setdefault(port.host_id, {})[port.port_name] = port
        self.by_ofport.setdefault(port.host_id, {})[port.ofport] = port
        self._seen.setdefault(port.identity, {})[port.host_id, port.port_name] = port
        if before is not None and before.identity != port.identity:
            changes += self._settle_ports(before.identity)
        changes += self._settle_ports(port.identity)
        return tuple(changes)

    def forget_port(self, host_id: HostId, port_name: str) -> tuple[Change, ...]:
        """A port is gone, or lost its identity."""
        before = self.ports.get(host_id, {}).get(port_name)
        if before is None:
            return ()
        self._unsee(before)
        return tuple(self._settle_ports(before.identity))

    def observe_ports(self, host_id: HostId, ports: Iterable[PortSeen]) -> tuple[Change, ...]:
        """The whole list of a host's ports with identities: what is not in it is gone."""
        wanted = {port.port_name: port for port in ports}
        changes: list[Change] = []
        for port in wanted.values():  # new places first: a NIC that changes its port never has none
            changes += self.observe_port(port)
        for name in [name for name in self.ports.get(host_id, ()) if name not in wanted]:
            changes += self.forget_port(host_id, name)
        return tuple(changes)

    def forget_host(self, host_id: HostId) -> tuple[Change, ...]:
        """Forget everything observed on a host. Not for a lost connection: what the host forwards stays where it is."""
        return (*self.observe_ports(host_id, ()), *self.observe_facts(host_id, None))

    # -- derivation --------------------------------------------------------------------------------------------------

    def _settle_ports(self, identity: str) -> list[Change]:
        """After a port came or went: with more than one around, there is something to say even if nothing moves."""
        changes = self._settle(identity)
        if not changes or len(self._seen.get(identity, ())) > 1:
            changes.append(IdentityChange(identity))
        return changes

    def _settle(self, identity: str) -> list[Change]:
        """Give the ports of an identity to the NIC that owns it (the lowest number), one port on each host."""
        nics = self.by_identity.get(identity, ())
        chosen: dict[HostId, PortSeen] = {}
        for port in self._seen.get(identity, {}).values():
            rival = chosen.get(port.host_id)
            if rival is None or (port.ofport, port.port_name) < (rival.ofport, rival.port_name):
                chosen[port.host_id] = port
        changes: list[Change] = []
        for rank, nic in enumerate(nics):
            wanted = chosen if rank == 0 else {}
            for host_id, port in wanted.items():
                changes += self._place(
                    nic, host_id, Placement(nic.id, host_id, port.port_name, port.ofport, port.mtu)
                )
            for host_id in [host for host in self.placements.get(nic.id, ()) if host not in wanted]:
                changes += self._place(nic, host_id, None)
        return changes

    def _place(self, nic: NicView, host_id: HostId, placement: Placement | None) -> list[Change]:
        on_hosts = self.placements.setdefault(nic.id, {})
        before = on_hosts.get(host_id)
        changes: list[Change] = []
        if before != placement:
            hosts = self.presence.setdefault(nic.network_id, {})
            there = hosts.setdefault(host_id, {})
            was_present = bool(there)
            if placement is None:
                del on_hosts[host_id], there[nic.id]
            else:
                on_hosts[host_id] = there[nic.id] = placement
            changes.append(PlacementChange(nic, host_id, before, placement))
            if was_present != bool(there):
                changes.append(PresenceChange(nic.network_id, host_id, bool(there)))
                self._set_presence(nic.network_id, host_id, present=bool(there))
        if not on_hosts:
            del self.placements[nic.id]
        return changes

    def _set_presence(self, network_id: NetworkId, host_id: HostId, *, present: bool) -> None:
        if present:
            self.networks_on.setdefault(host_id, {})[network_id] = None
            return
        del self.networks_on[host_id][network_id]
        if not self.networks_on[host_id]:
            del self.networks_on[host_id]
        del self.presence[network_id][host_id]
        if not self.presence[network_id]:
            del self.presence[network_id]

    def _unindex_network(self, network: NetworkView) -> None:
        del self.network_numbers[network.number]
        if (key := network.segment_key) is not None:
            _release(self.by_segment, key, network)

    def _index(self, nic: NicView) -> None:
        self.nic_numbers[nic.number] = nic
        self.nics_of.setdefault(nic.network_id, {})[nic.id] = None
        _claim(self.by_identity, nic.iface_id, nic)
        _claim(self.by_mac, (nic.network_id, nic.mac), nic)
        for address in nic.addresses:
            _claim(self.by_address, (nic.network_id, address), nic)
        if nic.attachment is not None:
            self.attached.setdefault(nic.attachment.host_id, {})[nic.id] = None
        for group in nic.groups or ():
            self.members.setdefault(group, {})[nic.id] = None
            for address in nic.given:
                _claim(self.by_member, (group, address), nic)

    def _unindex(self, nic: NicView) -> None:
        del self.nic_numbers[nic.number]
        if nic.attachment is not None:
            here = self.attached[nic.attachment.host_id]
            del here[nic.id]
            if not here:
                del self.attached[nic.attachment.host_id]
        for group in nic.groups or ():
            del self.members[group][nic.id]
            if not self.members[group]:
                del self.members[group]
            for address in nic.given:
                _release(self.by_member, (group, address), nic)
        siblings = self.nics_of[nic.network_id]
        del siblings[nic.id]
        if not siblings:
            del self.nics_of[nic.network_id]
        _release(self.by_identity, nic.iface_id, nic)
        _release(self.by_mac, (nic.network_id, nic.mac), nic)
        for address in nic.addresses:
            _release(self.by_address, (nic.network_id, address), nic)

    def _unsee(self, port: PortSeen) -> None:
        _drop(self.ports, port.host_id, port.port_name)
        _drop(self.by_ofport, port.host_id, port.ofport)
        _drop(self._seen, port.identity, (port.host_id, port.port_name))


def _number(item: _Claimant) -> int:
    return item.number


def _drop(index: dict[_K, dict[_L, PortSeen]], key: _K, part: _L) -> None:
    parts = index[key]
    del parts[part]
    if not parts:
        del index[key]


def _claim(index: dict[_K, tuple[_R, ...]], key: _K, record: _R) -> None:
    claims = index.get(key, ())
    index[key] = tuple(sorted((*claims, record), key=_number)) if claims else (record,)


def _release(index: dict[_K, tuple[_R, ...]], key: _K, record: _R) -> None:
    rest = tuple(claim for claim in index[key] if claim.id != record.id)
    if rest:
        index[key] = rest
    else:
        del index[key]
