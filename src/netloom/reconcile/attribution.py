"""Which objects wait for which outputs of a batch.

Rule 1: an output belongs to the networks that its `why` names; a NIC waits with its network, and only in the batch that is
    about it: a neighbour that comes later does not make it Pending again.
Rule 2: cost as the outputs of the batch, not as outputs times objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netloom.base.ids import HostId, NetworkId, Uuid
from netloom.model.kinds import Kind
from netloom.plan.switch import FragmentKey, SwitchChange
from netloom.plan.view import (
    Change,
    HostChange,
    NetworkChange,
    NicChange,
    ObjectRef,
    PlacementChange,
    PresenceChange,
)

Expectation = tuple[set[Uuid], dict[HostId, list[FragmentKey]]]
"""Objects that wait, and the outputs that they wait for."""


class _Batch:
    """What the changes of a batch are about."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self.members: dict[Uuid, set[Uuid]] = {}
        self.network_of: dict[Uuid, NetworkId] = {}
        self.declared: set[Uuid] = set()
        """Networks that the batch says something of, and no more than that."""
        for change in changes:
            self._note(change)
        self.declared.difference_update(self.network_of.values())

    def _note(self, change: Change) -> None:
        match change:
            case NicChange():
                for nic in (change.before, change.after):
                    if nic is not None:
                        self._nic(nic.id, nic.network_id)
            case PlacementChange():
                self._nic(change.nic.id, change.nic.network_id)
            case PresenceChange():
                self._group(change.network_id)
            case NetworkChange() | HostChange():
                if isinstance(change, NetworkChange):
                    self.declared.update(
                        item.id for item in (change.before, change.after) if item is not None
                    )
                for item in (change.before, change.after):
                    if item is not None:
                        self._group(item.id)
            case _:
                pass  # facts of a switch belong to no object

    def _group(self, object_id: Uuid) -> set[Uuid]:
        return self.members.setdefault(object_id, {object_id})

    def _nic(self, nic_id: Uuid, network_id: NetworkId) -> None:
        self.network_of[nic_id] = network_id
        self._group(network_id).add(nic_id)

    def groups(self, why: Iterable[ObjectRef]) -> tuple[Uuid, ...]:
        """The networks (and hosts) on whose account an output is there."""
        found: dict[Uuid, None] = {}
        for ref in why:
            group = self.network_of.get(ref.id) if ref.kind is Kind.NIC else ref.id
            if group is not None:
                found[group] = None
        return tuple(found)


def expectations(
    outputs: Mapping[HostId, SwitchChange], changes: Iterable[Change], ports_key: FragmentKey
) -> list[Expectation]:
    """Who waits for what: one entry per network (or host) concerned."""
    batch = _Batch(changes)
    found: dict[Uuid, dict[HostId, list[FragmentKey]]] = {}
    groups: dict[FragmentKey, tuple[Uuid, ...]] = {}
    for host_id, output in outputs.items():
        for key, change in output.fragments.items():
            concerned = groups.get(key)
            if concerned is None:
                fragment = change.after or change.before
                concerned = groups[key] = batch.groups(fragment.why if fragment is not None else ())
            for group in concerned:
                found.setdefault(group, {}).setdefault(host_id, []).append(key)
        if output.ports is not None:
            # A tunnel port that is made because a network came: whoever the batch is about waits for it too,
            # but no network that is only declared and has nothing on this host.
            for group in batch.members:
                if group not in batch.declared or host_id in found.get(group, ()):
                    found.setdefault(group, {}).setdefault(host_id, []).append(ports_key)
    return [(batch.members.get(group, {group}), per_host) for group, per_host in found.items()]
