"""The whole wiring in one place: which module makes which output, and which outputs there are.

Rule 1: a row for each kind; a kind that is not here does not exist.
Rule 2: nothing is decided here but presence: whether the objects that an output names are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netloom.base.ids import HostId
from netloom.plan.findings import PlanFinding
from netloom.plan.ports import GroupKey, Touched
from netloom.plan.records import ObjectRef, SwitchFacts
from netloom.plan.switch import BridgeSpec, Fragment, FragmentKey, PortSpec
from netloom.plan.view import Change, HostView, NetworkView, NicView, View
from netloom.providers.ovs.capabilities import Capability
from netloom.providers.ovs.compile import keys as k
from netloom.providers.ovs.compile.answer import compile_answer, compile_neighbour
from netloom.providers.ovs.compile.base import compile_base
from netloom.providers.ovs.compile.filter import compile_filter
from netloom.providers.ovs.compile.findings import compile_findings
from netloom.providers.ovs.compile.group import compile_group, compile_member, group_keys, groups_here
from netloom.providers.ovs.compile.guard import compile_guard
from netloom.providers.ovs.compile.local import (
    compile_copy_local,
    compile_flood,
    compile_local,
    local_chunks,
)
from netloom.providers.ovs.compile.network import compile_network
from netloom.providers.ovs.compile.ports import (
    compile_bridge,
    compile_ports,
    foreseen_facts,
    networks_here,
)
from netloom.providers.ovs.compile.remote import (
    compile_copy_remote,
    compile_peer,
    compile_spread,
    spread_chunks,
)
from netloom.providers.ovs.compile.segment import compile_segment, compile_tunnel
from netloom.providers.ovs.compile.touch import touch
from netloom.providers.ovs.compile.uplink import compile_uplinks, compile_wire


class OvsCompiler:
    """`netloom.plan.ports.Compiler` for Open vSwitch."""

    def touch(self, view: View, change: Change, touched: Touched) -> None:
        """Add the outputs that a change can alter."""
        touch(view, change, touched)

    # -- a switch's own ----------------------------------------------------------------------------------------------

    def own_keys(self, view: View, host: HostId) -> Iterator[FragmentKey]:
        """Base, tunnels, uplinks; for each network here broadcast and wire; for each NIC here itself and its guard."""
        here = view.hosts.get(host)
        if here is None:
            return
        yield k.BASE_KEY
        yield from k.TUNNEL_KEYS.values()
        yield k.UPLINKS_KEY
        for network in networks_here(view, here):
            yield FragmentKey(k.FLOOD, network.number)
            yield FragmentKey(k.WIRE, network.number)
            for chunk in local_chunks(view, here, network):
                yield FragmentKey(k.COPY_LOCAL, network.number, chunk)
            for nic_id in view.presence[network.id][host]:
                nic = view.nics[nic_id]
                yield FragmentKey(k.LOCAL, nic.number)
                yield FragmentKey(k.GUARD, nic.number)
                if nic.groups is not None:
                    yield FragmentKey(k.FILTER, nic.number)

    def own(self, view: View, host: HostId, key: FragmentKey) -> Fragment | None:
        """One of a switch's own fragments."""
        here = view.hosts.get(host)
        if here is None:
            return None
        if key.kind in {k.LOCAL, k.GUARD, k.FILTER}:
            return self._own_of_nic(view, here, key)
        if key.kind in {k.FLOOD, k.COPY_LOCAL, k.WIRE}:
            return self._own_of_network(view, here, key)
        if key.kind == k.TUNNEL:
            return compile_tunnel(view, here, k.isolation_of(key))
        if key == k.UPLINKS_KEY:
            return compile_uplinks(view, here)
        return compile_base(here) if key == k.BASE_KEY else None

    def _own_of_nic(self, view: View, host: HostView, key: FragmentKey) -> Fragment | None:
        nic = view.nic_numbers.get(key.number)
        network = None if nic is None else view.networks.get(nic.network_id)
        if nic is None or network is None or network.zone != host.zone:
            return None
        if view.placement(nic.id, host.id) is None:
            return None
        if key.kind == k.FILTER:
            return compile_filter(view, host, network, nic)
        return compile_guard(network, nic) if key.kind == k.GUARD else compile_local(view, host, network, nic)

    def _own_of_network(self, view: View, host: HostView, key: FragmentKey) -> Fragment | None:
        network = view.network_numbers.get(key.number)
        if network is None or network.zone != host.zone:
            return None
        if key.kind == k.FLOOD:
            return compile_flood(view, host, network)
        if key.kind == k.WIRE:
            return compile_wire(view, host, network)
        return compile_copy_local(view, host, network, key.part)

    # -- shared ------------------------------------------------------------------------------------------------------

    def groups(self, view: View, host: HostId) -> frozenset[GroupKey]:
        """For each network here: what everyone has, neighbour discovery if the switch can, tunnels of its family; then what
        the security groups of NICs here need.
        """
        here = view.hosts.get(host)
        if here is None:
            return frozenset()
        kinds = [k.IN_NETWORK]
        facts = view.facts.get(host)
        if facts is not None and Capability.ND_RESPONDER.value in facts.capabilities:
            kinds.append(k.IN_NEIGHBOUR)
        tunnelled = kinds if here.tunnel_ip is None else [*kinds, k.UNDERLAYS[here.tunnel_ip.version]]
        networks = frozenset(
            GroupKey(kind, network.number)
            for network in networks_here(view, here)
            for kind in (tunnelled if network.isolation.is_tunnel else kinds)
        )
        return networks | groups_here(view, here)

    def shared_keys(self, view: View, group: GroupKey) -> Iterator[FragmentKey]:
        """A group's own fragments, and those of each NIC of the network that is placed anywhere."""
        if group.kind in k.OF_GROUPS:
            yield from group_keys(view, group)
            return
        network = _network_of(view, group)
        if network is None:
            return
        if group.kind == k.IN_NETWORK:
            yield FragmentKey(k.NETWORK, network.number)
        elif group.kind in k.FAMILIES:
            yield FragmentKey(k.SEGMENT, network.number)
            yield FragmentKey(k.SPREAD, network.number)
            for chunk in spread_chunks(view, network, k.FAMILIES[group.kind]):
                yield FragmentKey(k.COPY_REMOTE, network.number, chunk)
        kind = _KIND_OF_NIC[group.kind]
        for number in _placed(view, network):
            yield FragmentKey(kind, number)

    def shared(self, view: View, group: GroupKey, key: FragmentKey) -> Fragment | None:
        """One fragment of a group."""
        if group.kind in k.OF_GROUPS:
            return compile_group(view, key) if group.kind == k.RULES else compile_member(view, group, key)
        network = _network_of(view, group)
        if network is None:
            return None
        if key.kind == _KIND_OF_NIC[group.kind]:
            nic = view.nic_numbers.get(key.number)
            if nic is None or nic.network_id != network.id:
                return None
            return self._shared_of_nic(view, group, network, nic)
        return self._shared_of_network(view, group, network, key)

    def _shared_of_nic(
        self, view: View, group: GroupKey, network: NetworkView, nic: NicView
    ) -> Fragment | None:
        if group.kind == k.IN_NETWORK:
            return compile_answer(view, network, nic)
        if group.kind == k.IN_NEIGHBOUR:
            return compile_neighbour(view, network, nic)
        return compile_peer(view, network, nic, k.FAMILIES[group.kind])

    def _shared_of_network(
        self, view: View, group: GroupKey, network: NetworkView, key: FragmentKey
    ) -> Fragment | None:
        if group.kind == k.IN_NETWORK:
            return compile_network(network) if key.kind == k.NETWORK else None
        family = k.FAMILIES.get(group.kind)
        if family is None:
            return None
        if key.kind == k.SEGMENT:
            return compile_segment(view, network)
        if key.kind == k.SPREAD:
            return compile_spread(view, network, family)
        return compile_copy_remote(view, network, family, key.part)

    # -- OVSDB, findings ---------------------------------------------------------------------------------------------

    def ports(self, view: View, host: HostId) -> Mapping[str, PortSpec]:
        """The tunnel ports of a switch."""
        here = view.hosts.get(host)
        return {} if here is None else compile_ports(view, here)

    def bridge(self, view: View, host: HostId) -> BridgeSpec:
        """The settings of a declared host's integration bridge."""
        return compile_bridge(view.hosts[host])

    def foreseen(self, view: View, host: HostId, ports: Mapping[str, PortSpec]) -> SwitchFacts | None:
        """What a switch will show once it has these tunnel ports."""
        return foreseen_facts(view.facts.get(host), ports)

    def causes(self, view: View, part: FragmentKey | GroupKey) -> tuple[ObjectRef, ...]:
        """The NIC and its network, or the network, that a fragment or a group is about."""
        if isinstance(part, FragmentKey) and part.kind in k.OF_NICS:
            nic = view.nic_numbers.get(part.number)
            network = None if nic is None else view.networks.get(nic.network_id)
            return tuple(item.ref for item in (nic, network) if item is not None)
        if isinstance(part, FragmentKey) and part.kind in k.OF_SWITCHES:
            return ()
        if part.kind == k.GROUP or part.kind in k.OF_GROUPS:
            group = view.groups.get(part.number)
            return () if group is None else (group.ref,)
        network = view.network_numbers.get(part.number)
        return () if network is None else (network.ref,)

    def findings(self, view: View, subject: ObjectRef) -> tuple[PlanFinding, ...]:
        """What there is to say about an object now."""
        return compile_findings(view, subject)


_KIND_OF_NIC = {
    k.IN_NETWORK: k.ANSWER,
    k.IN_NEIGHBOUR: k.NEIGHBOUR,
    k.OVER_IPV4: k.PEER,
    k.OVER_IPV6: k.PEER,
}


def _network_of(view: View, group: GroupKey) -> NetworkView | None:
    """A group's network; None when it is gone, or does not go through tunnels (any more)."""
    network = view.network_numbers.get(group.number)
    if network is None or (group.kind in k.FAMILIES and not network.isolation.is_tunnel):
        return None
    return network


def _placed(view: View, network: NetworkView) -> Iterable[int]:
    """The numbers of the network's NICs that are on any host."""
    found = {nic_id for places in view.presence.get(network.id, {}).values() for nic_id in places}
    return sorted(view.nics[nic_id].number for nic_id in found)
