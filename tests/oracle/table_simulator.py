"""An independent, small OpenFlow interpreter: give it flows, ask where a packet goes.

Written from the OpenFlow and ovs-actions(7) descriptions, not from the provider: it knows fields, priorities and the handful
of actions that pipelines here use, and refuses all others. Checked against `ofproto/trace` of a real switch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from netloom.wire.openflow import actions as a
from netloom.wire.openflow import ports
from netloom.wire.openflow.field import Field
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.flow import Flow

Packet = dict[Field, int]
TAG = FIELDS["vlan_tci"]
PRESENT = 0x1000


def packet(**values: int) -> Packet:
    """A packet from field names. Fields that are not given are 0, as Open vSwitch sees absent ones."""
    return {TAG if name == "vlan_vid" else FIELDS[name]: value for name, value in values.items()}


@dataclass(frozen=True)
class Sent:
    """One copy that left: by which port, and what it looked like then."""

    port: int
    packet: Mapping[Field, int]

    def get(self, name: str) -> int:
        return self.packet.get(FIELDS[name], 0)


@dataclass
class Journey:
    """What became of a packet: the flows that it met, in order, and the copies that left."""

    met: list[Flow] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    @property
    def ports(self) -> list[int]:
        return [copy.port for copy in self.sent]

    @property
    def last(self) -> Flow:
        return self.met[-1]


class Tables:
    """A switch's flow tables. The longest of equal priorities is an error: the answer would be the switch's whim."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self._tables: dict[int, list[Flow]] = {}
        for flow in flows:
            self._tables.setdefault(flow.table, []).append(flow)

    def send(self, packet: Packet) -> Journey:
        """Let a packet in by its in_port."""
        journey = Journey()
        self._table(0, dict(packet), journey)
        return journey

    def _lookup(self, number: int, packet: Packet) -> Flow | None:
        hits = [flow for flow in self._tables.get(number, ()) if _matches(flow, packet)]
        if not hits:
            return None
        best = max(flow.priority for flow in hits)
        winners = [flow for flow in hits if flow.priority == best]
        assert len(winners) == 1 or len({flow.actions for flow in winners}) == 1, winners
        return winners[0]

    def _table(self, number: int, packet: Packet, journey: Journey) -> None:
        flow = self._lookup(number, packet)
        if flow is None:
            return
        journey.met.append(flow)
        for action in flow.actions:
            self._do(action, packet, journey)

    def _do(self, action: a.Action, packet: Packet, journey: Journey) -> None:
        match action:
            case a.PopVlan():
                packet[TAG] = 0
            case a.PushVlan(eth_type=0x8100):
                assert not packet.get(TAG), "frames here have one tag"
                packet[TAG] = PRESENT
            case a.SetField(field=target, value=value, mask=None) if target is FIELDS["vlan_vid"]:
                packet[TAG] = packet.get(TAG, 0) & ~0x1FFF | value
            case a.SetField(field=target, value=value, mask=None):
                packet[target] = value
            case a.Move(src=src, dst=dst):
                value = packet.get(src.field, 0) >> src.offset & (1 << src.bits) - 1
                kept = packet.get(dst.field, 0) & ~dst.ones
                packet[dst.field] = kept | value << dst.offset
            case a.GotoTable(table=table) | a.Resubmit(port=None, table=int() as table):
                self._table(table, packet, journey)
            case a.OutputReg(src=src):
                self._output(packet.get(src.field, 0), packet, journey)
            case a.Output(port=ports.IN_PORT):
                journey.sent.append(Sent(packet[FIELDS["in_port"]], dict(packet)))
            case a.Output(port=port):
                self._output(port, packet, journey)
            case _:
                raise NotImplementedError(repr(action))

    def _output(self, port: int, packet: Packet, journey: Journey) -> None:
        if (
            port != packet[FIELDS["in_port"]]
        ):  # a packet never leaves by where it came, unless IN_PORT says so
            journey.sent.append(Sent(port, dict(packet)))


def _matches(flow: Flow, packet: Packet) -> bool:
    for entry in flow.match.fields:
        mask = entry.field.ones if entry.mask is None else entry.mask
        if _value(packet, entry.field) & mask != entry.value & mask:
            return False
    return True


def _value(packet: Packet, field: Field) -> int:
    if field is FIELDS["vlan_vid"]:
        return packet.get(TAG, 0) & 0x1FFF  # a part of the tag, by another name
    return packet.get(field, 0)
