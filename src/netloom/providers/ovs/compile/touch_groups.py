"""Which outputs of security groups a change can alter.

Rule 1: as in `touch`: too much is slow, too little is wrong.
Rule 2: a change of a group costs as the group's NICs, and only if it alters more than the group's own flows.
"""

from __future__ import annotations

from netloom.model.cloud.rules import TrafficDirection
from netloom.plan.ports import GroupKey, Touched
from netloom.plan.switch import FragmentKey
from netloom.plan.view import GroupChange, GroupView, NicChange, NicView, PlacementChange, View
from netloom.providers.ovs.compile import keys as k


def touch_filter(view: View, change: NicChange, touched: Touched) -> None:
    """A NIC is in other groups, or has other addresses there."""
    before, after = change.before, change.after
    if _filter_of(before) == _filter_of(after):
        return
    for nic in (before, after):
        if nic is None or nic.groups is None:
            continue
        for host_id in view.placements.get(nic.id, ()):
            touched.own.add((host_id, FragmentKey(k.FILTER, nic.number)))
            touched.groups.add(host_id)
        for number in nic.groups:
            rivals = [other for address in nic.given for other in view.by_member.get((number, address), ())]
            for member in (nic, *rivals):
                for kind, name in k.MEMBER_KINDS.items():
                    touched.shared.add((GroupKey(kind, number), FragmentKey(name, member.number, number)))


def _filter_of(nic: NicView | None) -> tuple[object, ...]:
    return () if nic is None or nic.groups is None else (nic.ref, nic.groups, nic.given)


def touch_placed(change: PlacementChange, touched: Touched) -> None:
    """A NIC came to a host, left it, or has another port there."""
    if change.nic.groups is None:
        return
    touched.own.add((change.host_id, FragmentKey(k.FILTER, change.nic.number)))
    if change.before is None or change.after is None:
        touched.groups.add(change.host_id)


def touch_group(view: View, change: GroupChange, touched: Touched) -> None:
    """A group is known, has other rules, or is gone."""
    known = change.after or change.before
    if known is None:
        return
    number = known.number
    touched.shared.add((GroupKey(k.RULES, number), FragmentKey(k.GROUP, number)))
    closes = _closed(change.before) != _closed(change.after)
    names = _named(change.before) != _named(change.after)
    if not closes and not names:
        return
    for nic_id in view.members.get(number, ()):
        for host_id in view.placements.get(nic_id, ()):
            if closes:
                touched.own.add((host_id, FragmentKey(k.FILTER, view.nics[nic_id].number)))
            if names:
                touched.groups.add(host_id)


def _closed(group: GroupView | None) -> bool:
    return group is not None and group.closed(TrafficDirection.EGRESS)


def _named(group: GroupView | None) -> tuple[object, ...]:
    return () if group is None else tuple(group.peers(direction) for direction in TrafficDirection)
