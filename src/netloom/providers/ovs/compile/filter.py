"""A NIC with security groups on a host: its packets' ways into the filters, and which groups are asked.

Rule 1: the only place of the filters where a number of a port of this switch stands.
Rule 2: a group that is not known is asked all the same and allows nothing.
"""

from __future__ import annotations

from netloom.model.cloud.rules import TrafficDirection
from netloom.plan.switch import Fragment, FragmentKey
from netloom.plan.view import HostView, NetworkView, NicView, View
from netloom.providers.ovs.compile.filter_base import FAMILIES, SEND_ZONE
from netloom.providers.ovs.compile.flows import DROP, flow, goto, of_nic, resubmit
from netloom.providers.ovs.compile.keys import FILTER
from netloom.providers.ovs.pipeline import registers as r
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority, Table
from netloom.wire.openflow.actions import Action, Ct


def compile_filter(view: View, host: HostView, network: NetworkView, nic: NicView) -> Fragment | None:
    """A filtered NIC's flows on a host; None when it is not there, or not filtered."""
    place = view.placement(nic.id, host.id)
    if place is None or nic.groups is None:
        return None
    writer, here = of_nic(nic.number), {r.PORT.key: place.ofport}
    into, asks, drops = (
        cookie_of(role, nic.number) for role in (Role.FILTER, Role.FILTER_ASK, Role.GROUPS_IN)
    )
    for family in FAMILIES:
        writer.put(t.ANSWER, Priority.REST, Role.FILTER, goto(t.SEND), eth_type=family)
        writer.flows.append(flow(t.DELIVER, Priority.EXCEPT, into, goto(t.RECEIVE), eth_type=family, **here))
    if closed_outwards(view, nic):
        writer.put(t.SEND_STATE, Priority.REST, Role.FILTER_ASK, _ask(nic.groups, t.SEND_GROUP, t.SEND_END))
        writer.put(t.SEND_END, Priority.COUNT, Role.GROUPS_OUT, DROP)
    else:
        keep = (Ct(commit=True, zone=SEND_ZONE), *goto(t.UNICAST))
        for family in FAMILIES:
            writer.put(t.SEND_STATE, Priority.REST, Role.FILTER_OPEN, keep, eth_type=family)
    ask = _ask(nic.groups, t.RECEIVE_GROUP, t.RECEIVE_END)
    writer.flows += (
        flow(t.RECEIVE_STATE, Priority.REST, asks, ask, **here),
        flow(t.RECEIVE_END, Priority.COUNT, drops, DROP, **here),
    )
    why = (nic.ref, network.ref, host.ref)
    return Fragment(FragmentKey(FILTER, nic.number), tuple(writer.flows), why)


def closed_outwards(view: View, nic: NicView) -> bool:
    """Whether what a NIC sends needs a rule: one of its groups has a rule outwards."""
    groups = (view.groups.get(number) for number in nic.groups or ())
    return any(group is not None and group.closed(TrafficDirection.EGRESS) for group in groups)


def _ask(groups: tuple[int, ...], table: Table, end: Table) -> tuple[Action, ...]:
    actions: list[Action] = []
    for number in groups:
        actions += (r.GROUP.set(number), resubmit(table))
    return (*actions, *goto(end))
