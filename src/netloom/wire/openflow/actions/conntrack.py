"""Connection tracking: ct, nat, ct_clear.

Rule 1: actions other than a bare nat need `commit`; `force` needs it too (lib/ofp-actions.c, decode_NXAST_RAW_CT).
Rule 2: a nat range has a lower address before an upper, and ports only with an address.
"""

from __future__ import annotations

import struct

from netloom.base.net import IPAddress
from netloom.wire.openflow.actions.registry import (
    BAD_LEN,
    Action,
    bad,
    decode_actions,
    encode_actions,
    nx_header,
    padded,
    register,
    register_decoder,
)
from netloom.wire.openflow.actions.registry import NX_VENDOR as NX
from netloom.wire.openflow.actions.subfields import (
    check_source,
    pack_range,
    sane,
    short_header,
    unpack_range,
    unpack_short,
)
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.field import Subfield

NO_RECIRC = 0xFF
COMMIT, FORCE = 1, 2
ALG_FTP, ALG_TFTP = 21, 69


class Ct(Action, frozen=True, gc=False):
    """Pass the packet to the connection tracker.

    Args:
        commit: remember the connection; `force`: also when it began in the other direction.
        zone: a number, or 16 bits of a field.
        table: come back in this table with ct_* fields filled (None: do not).
        alg: 0, 21 (ftp) or 69 (tftp).
        actions: nat, and set_field of ct_mark and ct_label (`exec` in text).
    """

    commit: bool = False
    force: bool = False
    zone: int | Subfield = 0
    table: int | None = None
    alg: int = 0
    actions: tuple[Action, ...] = ()


class Nat(Action, frozen=True, gc=False):
    """Translate addresses; only within `Ct`. Without src and dst: apply what the connection has.

    Args:
        src, dst: which address is translated.
        low, high: the address range (as numbers; `ipv6` says of which family); high None: one address.
        port_low, port_high: the port range.
    """

    src: bool = False
    dst: bool = False
    persistent: bool = False
    hash: bool = False
    random: bool = False
    ipv6: bool = False
    low: int | None = None
    high: int | None = None
    port_low: int | None = None
    port_high: int | None = None

    @staticmethod
    def to_source(low: IPAddress, high: IPAddress | None = None) -> Nat:
        """Source NAT to an address or a range of them."""
        return Nat(src=True, ipv6=low.version == 6, low=int(low), high=None if high is None else int(high))

    @staticmethod
    def to_destination(low: IPAddress, port: int | None = None) -> Nat:
        """Destination NAT to an address, and to a port if one is given."""
        return Nat(dst=True, ipv6=low.version == 6, low=int(low), port_low=port)


class CtClear(Action, frozen=True, gc=False):
    """Forget what the connection tracker said of the packet."""


_CT = struct.Struct(">10sH4sHB3xH")


def _needs_commit(action: Ct) -> bool:
    return action.force or any(inner != Nat() for inner in action.actions)


def _ct(action: Ct, version: int) -> bytes:
    if not action.commit and _needs_commit(action):
        raise LocalProtocolError("ct needs commit for force, and for any action but a bare nat")
    zone = action.zone
    if isinstance(zone, Subfield):
        sane(zone, write=False)
        if zone.bits != 16:
            raise LocalProtocolError(f"a zone has 16 bits, not {zone.bits}", subject=zone.field.name)
        source, number = short_header(zone.field), pack_range(zone)
    else:
        source, number = b"\0\0\0\0", zone
    flags = (COMMIT if action.commit else 0) | (FORCE if action.force else 0)
    table = NO_RECIRC if action.table is None else action.table
    head = _CT.pack(nx_header(35), flags, source, number, table, action.alg)
    return padded(head + encode_actions(action.actions, version))


def _read_ct(raw: bytes, version: int, depth: int) -> Action:
    _, flags, source, number, table, alg = _CT.unpack_from(raw)
    zone: int | Subfield = number
    if source != b"\0\0\0\0":
        zone = check_source(unpack_range(unpack_short(raw, 12), number))
        if zone.bits != 16:
            raise bad(f"a zone has 16 bits, not {zone.bits}")
    if flags & ~(COMMIT | FORCE):
        raise bad(f"unknown flags {flags:#x} of ct")
    action = Ct(
        commit=bool(flags & COMMIT),
        force=bool(flags & FORCE),
        zone=zone,
        table=None if table == NO_RECIRC else table,
        alg=alg,
        actions=decode_actions(raw, 24, len(raw), version, depth=depth + 1),
    )
    if not action.commit and _needs_commit(action):
        raise bad("ct needs commit for force, and for any action but a bare nat")
    return action


# NX_NAT_F_* and NX_NAT_RANGE_*
_FLAGS = (("src", 1), ("dst", 2), ("persistent", 4), ("hash", 8), ("random", 16))
_V4_MIN, _V4_MAX, _V6_MIN, _V6_MAX, _PORT_MIN, _PORT_MAX = 1, 2, 4, 8, 16, 32


def _nat_wrong(nat: Nat) -> str | None:
    if nat.src and nat.dst:
        return "nat translates either src or dst"
    if nat.hash and nat.random:
        return "nat takes either hash or random"
    if nat.low is None:
        if nat.ipv6 or nat.high is not None or nat.port_low is not None or nat.port_high is not None:
            return "a nat range begins with its lower address"
    elif not nat.low or (nat.high is not None and nat.high < nat.low):
        return "a nat range goes up from a non-zero address"
    if nat.port_low is None:
        return None if nat.port_high is None else "a port range begins with its lower port"
    if not nat.port_low or (nat.port_high is not None and nat.port_high < nat.port_low):
        return "a port range goes up from a non-zero port"
    return None


def _nat(nat: Nat, _version: int) -> bytes:
    wrong = _nat_wrong(nat)
    if wrong is not None:
        raise LocalProtocolError(wrong)
    width = 16 if nat.ipv6 else 4
    present, parts = 0, []
    for value, size, bit in (
        (nat.low, width, _V6_MIN if nat.ipv6 else _V4_MIN),
        (nat.high, width, _V6_MAX if nat.ipv6 else _V4_MAX),
        (nat.port_low, 2, _PORT_MIN),
        (nat.port_high, 2, _PORT_MAX),
    ):
        if value is not None:
            present |= bit
            parts.append(value.to_bytes(size))
    flags = sum(bit for name, bit in _FLAGS if getattr(nat, name))
    return padded(nx_header(36) + struct.pack(">2xHH", flags, present) + b"".join(parts))


def _read_nat(raw: bytes, _version: int, _depth: int) -> Action:
    flags, present = struct.unpack_from(">HH", raw, 12)
    if flags & ~31 or present & ~63 or (present & 3 and present & 12):
        raise bad(f"nat with flags {flags:#x} and ranges {present:#x}")
    values: list[int | None] = []
    offset = 16
    for bits, size in ((_V4_MIN | _V6_MIN, 0), (_V4_MAX | _V6_MAX, 0), (_PORT_MIN, 2), (_PORT_MAX, 2)):
        if not present & bits:
            values.append(None)
            continue
        stop = offset + (size or (16 if present & 12 else 4))
        if stop > len(raw):
            raise bad("a nat range is cut short", BAD_LEN)
        values.append(int.from_bytes(raw[offset:stop]))
        offset = stop
    low, high, port_low, port_high = values
    nat = Nat(
        src=bool(flags & 1),
        dst=bool(flags & 2),
        persistent=bool(flags & 4),
        hash=bool(flags & 8),
        random=bool(flags & 16),
        ipv6=bool(present & 12),
        # Open vSwitch takes an upper bound of zero for "none".
        low=low,
        high=high or None,
        port_low=port_low,
        port_high=port_high,
    )
    wrong = _nat_wrong(nat)
    if wrong is not None:
        raise bad(wrong)
    return nat


register(Ct, _ct)
register(Nat, _nat)
register(CtClear, lambda _a, _v: nx_header(43, 16) + bytes(6))
register_decoder(NX, 35, _read_ct, 24, more=True)
register_decoder(NX, 36, _read_nat, 16, more=True)
register_decoder(NX, 43, lambda _raw, _v, _d: CtClear(), 16)
