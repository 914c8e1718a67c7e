"""Steering a packet through the tables: resubmit, clone, conjunctions, exit, and notes to the reader.

Rule 1: ports in these actions have 16 bits on the wire.
Rule 2: nested actions are decoded with one level more of depth.
"""

from __future__ import annotations

import struct

from netloom.wire.openflow.actions.registry import NX_VENDOR as NX
from netloom.wire.openflow.actions.registry import (
    Action,
    bad,
    decode_actions,
    encode_actions,
    nx_header,
    padded,
    register,
    register_decoder,
)
from netloom.wire.openflow.actions.subfields import check_destination, sane, unpack_field
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.oxm import packed_header
from netloom.wire.openflow.ports import IN_PORT, from_port16, to_port16

ANY_TABLE = 0xFF


class Resubmit(Action, frozen=True, gc=False):
    """Look the packet up again, then go on here.

    Args:
        port: the ingress port to pretend (None: the packet's own).
        table: where to look (None: this table).
        ct: look with the conntrack entry's original addresses.
    """

    port: int | None = None
    table: int | None = None
    ct: bool = False


class Clone(Action, frozen=True, gc=False):
    """Run actions on a copy of the packet."""

    actions: tuple[Action, ...]


class Exit(Action, frozen=True, gc=False):
    """Stop here, also in the tables that resubmitted to this one."""


class Conjunction(Action, frozen=True, gc=False):
    """Be one of several flows that together fulfil `clause` (1 to n) of conjunction `id`."""

    id: int
    clause: int
    n_clauses: int


class FinTimeout(Action, frozen=True, gc=False):
    """Shorten the flow's timeouts (seconds, 0: leave) once a TCP FIN or RST is seen."""

    idle_timeout: int = 0
    hard_timeout: int = 0


class Note(Action, frozen=True, gc=False):
    """Bytes that mean nothing to the switch. On the wire they end up padded to 6, 14, 22, … bytes."""

    data: bytes


class CheckPktLarger(Action, frozen=True, gc=False):
    """Set one bit if the packet is longer than `length` bytes."""

    length: int
    dst: Subfield


class Sample(Action, frozen=True, gc=False):
    """Send some packets to IPFIX collectors.

    Args:
        probability: of 65535.
        sampling_port: a port, or None.
        direction: 0 default, 1 ingress, 2 egress.
    """

    probability: int
    collector_set_id: int = 0
    obs_domain_id: int = 0
    obs_point_id: int = 0
    sampling_port: int | None = None
    direction: int = 0


_RESUBMIT = struct.Struct(">10sHB3x")
_CONJUNCTION = struct.Struct(">10sBBI")
_FIN = struct.Struct(">10sHH2x")
_SAMPLE = struct.Struct(">10sHIII")
_SAMPLE2 = struct.Struct(">10sHIIIHB5x")
_PORT_NONE = 0xFFFF


def _resubmit(action: Resubmit, _version: int) -> bytes:
    port = to_port16(IN_PORT if action.port is None else action.port)
    table = ANY_TABLE if action.table is None else action.table
    return _RESUBMIT.pack(nx_header(44 if action.ct else 14, 16), port, table)


def _read_resubmit(raw: bytes, _version: int, _depth: int) -> Action:
    # The form with a port only; its table bytes are padding.
    port = from_port16(raw[10] << 8 | raw[11])
    return Resubmit(None if port == IN_PORT else port)


def _read_resubmit_table(raw: bytes, _version: int, _depth: int) -> Action:
    _, port, table = _RESUBMIT.unpack(raw)
    if any(raw[13:]):
        raise bad("padding of resubmit is not zero")
    known = from_port16(port)
    return Resubmit(
        None if known == IN_PORT else known,
        None if table == ANY_TABLE else table,
        ct=raw[9] == 44,
    )


def _clone(action: Clone, version: int) -> bytes:
    return padded(nx_header(42) + bytes(6) + encode_actions(action.actions, version))


def _read_clone(raw: bytes, version: int, depth: int) -> Action:
    return Clone(decode_actions(raw, 16, len(raw), version, depth=depth + 1))


def _conjunction(action: Conjunction, _version: int) -> bytes:
    if not 2 <= action.n_clauses <= 64 or not 1 <= action.clause <= action.n_clauses:
        raise LocalProtocolError(
            f"clause {action.clause} of {action.n_clauses} is not possible",
            hint="2 to 64 clauses, counted from 1",
        )
    return _CONJUNCTION.pack(nx_header(34, 16), action.clause - 1, action.n_clauses, action.id)


def _read_conjunction(raw: bytes, _version: int, _depth: int) -> Action:
    _, clause, n_clauses, number = _CONJUNCTION.unpack(raw)
    if not 2 <= n_clauses <= 64 or clause >= n_clauses:
        raise bad(f"clause {clause} of {n_clauses} is not possible")
    return Conjunction(number, clause + 1, n_clauses)


def _note(action: Note, _version: int) -> bytes:
    body = nx_header(8) + action.data
    return padded(body + bytes(max(0, 16 - len(body))))


def _check_pkt_larger(action: CheckPktLarger, _version: int) -> bytes:
    dst = sane(action.dst, write=True)
    if dst.bits != 1:
        raise LocalProtocolError("check_pkt_larger writes one bit", subject=dst.field.name)
    body = nx_header(49) + struct.pack(">HH", action.length, dst.offset) + packed_header(dst.field, 0, False)
    return padded(body + bytes(24 - len(body)))


def _read_check_pkt_larger(raw: bytes, _version: int, _depth: int) -> Action:
    length, offset = struct.unpack_from(">HH", raw, 10)
    field, after = unpack_field(raw, 14, 24)
    if any(raw[after:]):
        raise bad("padding of check_pkt_larger is not zero")
    return CheckPktLarger(length, check_destination(Subfield(field, offset, 1)))


def _sample(action: Sample, _version: int) -> bytes:
    if not action.probability or action.direction not in (0, 1, 2):
        raise LocalProtocolError("sample needs a probability of 1 to 65535 and a direction of 0 to 2")
    numbers = (action.probability, action.collector_set_id, action.obs_domain_id, action.obs_point_id)
    if action.sampling_port is None and not action.direction:
        return _SAMPLE.pack(nx_header(29, 24), *numbers)
    port = _PORT_NONE if action.sampling_port is None else to_port16(action.sampling_port)
    subtype = 41 if action.direction else 38
    return _SAMPLE2.pack(nx_header(subtype, 32), *numbers, port, action.direction)


def _read_sample(raw: bytes, _version: int, _depth: int) -> Action:
    _, probability, collectors, domain, point = _SAMPLE.unpack_from(raw)
    port, direction = None, 0
    if len(raw) == 32:
        number = raw[24] << 8 | raw[25]
        port = None if number == _PORT_NONE else from_port16(number)
        direction = raw[26] if raw[9] == 41 else 0
    if not probability or direction > 2:
        raise bad(f"sample with probability {probability} or direction {direction}")
    return Sample(probability, collectors, domain, point, port, direction)


register(Resubmit, _resubmit)
register(Clone, _clone)
register(Exit, lambda _a, _v: nx_header(17, 16) + bytes(6))
register(Conjunction, _conjunction)
register(FinTimeout, lambda a, _v: _FIN.pack(nx_header(19, 16), a.idle_timeout, a.hard_timeout))
register(Note, _note)
register(CheckPktLarger, _check_pkt_larger)
register(Sample, _sample)
register_decoder(NX, 1, _read_resubmit, 16)
register_decoder(NX, 14, _read_resubmit_table, 16)
register_decoder(NX, 44, _read_resubmit_table, 16)
register_decoder(NX, 42, _read_clone, 16, more=True)
register_decoder(NX, 17, lambda _raw, _v, _d: Exit(), 16)
register_decoder(NX, 34, _read_conjunction, 16)
register_decoder(NX, 19, lambda raw, _v, _d: FinTimeout(*_FIN.unpack(raw)[1:]), 16)
register_decoder(NX, 8, lambda raw, _v, _d: Note(raw[10:]), 16, more=True)
register_decoder(NX, 49, _read_check_pkt_larger, 24)
register_decoder(NX, 29, _read_sample, 24)
register_decoder(NX, 38, _read_sample, 32)
register_decoder(NX, 41, _read_sample, 32)
