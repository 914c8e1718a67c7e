"""Actions from text in ovs-ofctl syntax.

Rule 1: a table maps each action's word to the function that reads it; a new action is a line in it.
Rule 2: what a word means may depend on the match (`mod_tp_dst`, `mod_vlan_vid`); the reader is given it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from netloom.wire.openflow import actions as a
from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.actions.headers import PT_ETH, PT_MPLS, PT_MPLS_MC, PT_NSH
from netloom.wire.openflow.field import Field, Subfield
from netloom.wire.openflow.fields import FIELDS, OXM_NAMES
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.ports import CONTROLLER, IN_PORT
from netloom.wire.openflow.text.conntrack_text import read_ct, read_nat
from netloom.wire.openflow.text.learn_text import read_learn
from netloom.wire.openflow.text.names import NO_NAMES, Context, Names
from netloom.wire.openflow.text.scan import Item, Span, items, whole
from netloom.wire.openflow.text.selection_text import read_bundle, read_bundle_load, read_multipath
from netloom.wire.openflow.text.values import parse_subfield, parse_value

_U8, _U16, _U32, _U64 = 0xFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
REASONS: Final = {
    "no_match": 0,
    "action": 1,
    "invalid_ttl": 2,
    "action_set": 3,
    "group": 4,
    "packet_out": 5,
}


Read = Callable[[Item, Context], "a.Action | tuple[a.Action, ...]"]


def parse_actions(text: str, names: Names = NO_NAMES, match: Match | None = None) -> tuple[a.Action, ...]:
    """Actions from `load:0x1->NXM_NX_REG0[],resubmit(,2)`; `drop` and the empty text are none.

    Raises:
        FlowTextError: an unknown action, or an argument that is none, at its character.
    """
    return read_actions(whole(text), Context(names, match or Match()))


def read_actions(span: Span, context: Context) -> tuple[a.Action, ...]:
    """The actions in a stretch of text.

    Raises:
        FlowTextError: as `parse_actions`.
    """
    found: list[a.Action] = []
    dropped: Item | None = None
    for item in items(span):
        if item.name.lower() == "drop":
            dropped = item
            continue
        one = _read(item, context)
        found += one if isinstance(one, tuple) else (one,)
    if dropped is not None and found:
        raise dropped.key.error("drop stands alone", "no other action")
    return tuple(found)


def _read(item: Item, context: Context) -> a.Action | tuple[a.Action, ...]:
    word = item.name.lower()
    reader = READERS.get(word)
    if reader is not None:
        return reader(item, context)
    if context.names.is_port(item.name):
        if item.form:
            raise item.value.error(f"port {item.name} takes no value", "a comma or the end")
        return a.Output(context.names.read_port(item.key))
    raise item.key.error(f"unknown action {item.name!r}", "an action or a port")


def _bare(action: a.Action) -> Read:
    def read(item: Item, _context: Context) -> a.Action:
        item.bare()
        return action

    return read


def _number(make: Callable[[int], a.Action], limit: int, what: str) -> Read:
    return lambda item, _context: make(item.need(what).number(limit, what))


def _set(field: Field, shift: int = 0) -> Callable[[Item, Context], a.Action]:
    """`mod_nw_tos:32`, `set_tunnel:5`: a field's old word."""

    def read(item: Item, context: Context) -> a.Action:
        span = item.need(f"a value of {field.name}")
        value, mask = parse_value(f.NW_TOS if shift else field, span, context.names)
        if mask is not None:
            raise span.error("a mask is not possible here", f"a value of {field.name}")
        return a.SetField(field, value >> shift)

    return read


# ---- output -----------------------------------------------------------------------------------------------------


def _output(item: Item, context: Context) -> a.Action:
    span = item.need("a port, or a field that holds one")
    if item.form == "(":
        values = {part.name: part.need("a value") for part in items(span)}
        if "port" not in values or "max_len" not in values or len(values) != 2:
            raise span.error("output needs port and max_len here", "port=…,max_len=…")
        return a.OutputTrunc(
            context.names.read_port(values["port"]), values["max_len"].number(_U32, "a number of bytes")
        )
    if "[" in str(span) or str(span) in FIELDS:
        return a.OutputReg(parse_subfield(span))
    head, tail = span.cut(":")
    port = context.names.read_port(head)
    if tail is not None:
        return a.Output(port, tail.number(_U16, "a number of bytes"))
    return a.Output(port, _U16 if port == CONTROLLER else 0)


def _enqueue(item: Item, context: Context) -> a.Action:
    span = item.need("port:queue")
    head, tail = span.cut(":" if ":" in str(span) else ",")
    if tail is None:
        raise span.error("enqueue needs a queue", "port:queue")
    return a.Enqueue(context.names.read_port(head.stripped()), tail.stripped().number(_U32, "a queue"))


def _controller(item: Item, context: Context) -> a.Action:
    span = item.value
    if not span:
        return a.Output(CONTROLLER, _U16)
    if str(span).isdecimal():
        return a.Output(CONTROLLER, span.number(_U16, "a number of bytes"))
    del context
    max_len, controller_id, reason, userdata, pause, meter = _U16, 0, 1, b"", False, None
    for part in items(span):
        if part.name == "max_len":
            max_len = part.need("a number").number(_U16, "a number of bytes")
        elif part.name == "id":
            controller_id = part.need("a number").number(_U16, "a controller's id")
        elif part.name == "reason":
            reason = part.need("a reason").choice(REASONS)
        elif part.name == "userdata":
            userdata = part.need("hexadecimal digits").hex_bytes()
        elif part.name == "pause":
            pause = True
        elif part.name == "meter_id":
            meter = part.need("a number").number(_U32, "a meter's id")
        else:
            raise part.key.error(
                f"controller has no {part.name!r}", "max_len, id, reason, userdata, pause, meter_id"
            )
    plain = (controller_id, reason, userdata, pause, meter) == (0, 1, b"", False, None)
    return (
        a.Output(CONTROLLER, max_len)
        if plain
        else a.Controller(max_len, controller_id, reason, userdata, pause, meter)
    )


# ---- fields -----------------------------------------------------------------------------------------------------


def _set_field(item: Item, context: Context) -> a.Action:
    source, destination = item.need("value->field").arrow()
    field = FIELDS.get(str(destination)) or OXM_NAMES.get(str(destination))
    if field is None:
        raise destination.error(f"{str(destination)!r} is no field", "a field's name")
    if field is f.IN_PORT_OXM and str(destination) == "in_port":
        field = f.IN_PORT
    value, mask = parse_value(field, source, context.names)
    if field.variable:
        width = max(1, ((value if mask is None else value | mask).bit_length() + 7) // 8)
        field = field.sized(width)
    if mask is not None:
        value &= mask
        mask = None if mask & field.ones == field.ones else mask & field.ones
    return a.SetField(field, value, mask)


def _load(item: Item, _context: Context) -> a.Action:
    source, destination = item.need("value->field[bits]").arrow()
    part = parse_subfield(destination)
    return a.Load(part, source.number((1 << part.bits) - 1, f"a number of {part.bits} bits"))


def _move(item: Item, _context: Context) -> a.Action:
    source, destination = item.need("field[bits]->field[bits]").arrow()
    src, dst = parse_subfield(source), parse_subfield(destination)
    if src.bits != dst.bits:
        raise destination.error(f"{src.bits} bits cannot go into {dst.bits}", f"{src.bits} bits")
    return a.Move(src, dst)


def _delete_field(item: Item, _context: Context) -> a.Action:
    span = item.need("a tun_metadata field")
    field = FIELDS.get(str(span))
    if field is None or not field.variable:
        raise span.error(f"{span} cannot be deleted", "tun_metadata0 to tun_metadata63")
    return a.DeleteField(field)


def _transport(side: str) -> Read:
    def read(item: Item, context: Context) -> a.Action:
        proto = context.match.get(f.NW_PROTO)
        name = {17: "udp", 132: "sctp"}.get(proto.value if proto else 6, "tcp")
        return _set(FIELDS[f"{name}_{side}"])(item, context)

    return read


def _mod_vlan(field: Field, extra: int) -> Read:
    """`mod_vlan_vid`: adds a tag where there is none, which OpenFlow 1.1 and later say apart."""

    def read(item: Item, context: Context) -> tuple[a.Action, ...]:
        value = item.need(f"a value of {field.name}").number(
            (1 << field.bits) - 1, f"a value of {field.name}"
        )
        tagged = context.match.get(f.VLAN_VID)
        push = () if tagged is not None and tagged.value & 0x1000 else (a.PushVlan(),)
        return (*push, a.SetField(field, value | extra))

    return read


def _set_vlan_vid(item: Item, _context: Context) -> a.Action:
    return a.SetField(f.VLAN_VID, item.need("a VLAN id").number(0xFFF, "a VLAN id") | 0x1000)


def _stack(make: Callable[[Subfield], a.Action]) -> Read:
    return lambda item, _context: make(parse_subfield(item.need("field[bits]")))


# ---- headers ----------------------------------------------------------------------------------------------------


def _dec_ttl(item: Item, _context: Context) -> a.Action:
    if not item.value:
        return a.DecTtl()
    return a.DecTtl(tuple(part.key.number(_U16, "a controller's id") for part in items(item.value)))


_ENCAPS: Final = {"ethernet": PT_ETH, "nsh": PT_NSH, "mpls": PT_MPLS, "mpls_mc": PT_MPLS_MC}


def _encap(item: Item, _context: Context) -> a.Action:
    span = item.need("ethernet, nsh, mpls or mpls_mc")
    inner = list(items(span))
    kind = _ENCAPS.get(inner[0].name) if len(inner) == 1 else None
    if kind is None:
        raise span.error(f"encap of {span} is not possible", "one of " + ", ".join(_ENCAPS))
    properties = [_encap_property(part) for part in items(inner[0].value)]
    return a.Encap(kind, tuple(properties))


def _encap_property(part: Item) -> a.EncapProperty:
    if part.name == "md_type":
        return a.EncapProperty(4, 1, bytes([part.need("1 or 2").number(2, "1 or 2")]))
    if part.name == "tlv":
        pieces = [piece.key for piece in items(part.need("class,type,data"))]
        if len(pieces) == 3:
            head = pieces[0].number(_U16, "a class").to_bytes(2) + bytes([pieces[1].number(_U8, "a type")])
            digits = str(pieces[2]).removeprefix("0x")
            data = (
                bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
                if re.fullmatch("[0-9a-fA-F]+", digits)
                else None
            )
            if data is not None and len(data) <= 124:
                return a.EncapProperty(4, 2, head + bytes([len(data)]) + data)
        raise part.value.error(f"{part.value} is no TLV", "class,type,0x…")
    raise part.key.error(f"unknown encap property {part.name!r}", "md_type or tlv")


def _decap(item: Item, _context: Context) -> a.Action:
    if not item.value:
        return a.Decap()
    inner = list(items(item.value))
    if len(inner) != 1 or inner[0].name != "packet_type":
        raise item.value.error(f"decap of {item.value}", "packet_type(ns=…,type=…)")
    values = {part.name: part.need("a number").number(_U16, "a number") for part in items(inner[0].value)}
    return a.Decap(values.get("ns", 0) << 16 | values.get("type", 0))


# ---- pipeline ---------------------------------------------------------------------------------------------------


def _resubmit(item: Item, context: Context) -> a.Action:
    span = item.need("a port or (port,table)")
    parts = span.split(",")
    port = context.names.read_port(parts[0]) if parts[0] else IN_PORT
    table = context.names.read_table(parts[1], 255) if len(parts) > 1 and parts[1] else 255
    ct = len(parts) > 2 and bool(parts[2])
    if len(parts) > 3 or (ct and str(parts[2]) != "ct"):
        raise parts[-1].error(f"resubmit has no {parts[-1]}", "(port,table,ct)")
    if port == IN_PORT and table == 255:
        raise span.error("resubmit needs a port or a table", "(port,table)")
    return a.Resubmit(None if port == IN_PORT else port, None if table == 255 else table, ct)


def _goto_table(item: Item, context: Context) -> a.Action:
    return a.GotoTable(context.names.read_table(item.need("a table")))


def _write_metadata(item: Item, _context: Context) -> a.Action:
    head, tail = item.need("value/mask").cut("/")
    mask = _U64 if tail is None else tail.number(_U64, "a mask")
    return a.WriteMetadata(head.number(_U64, "a number"), mask)


def _conjunction(item: Item, _context: Context) -> a.Action:
    found = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*/\s*(\d+)\s*", str(item.need("id,k/n")))
    if found is None:
        raise item.value.error(f"conjunction({item.value})", "id,k/n")
    number, clause, n_clauses = (int(text) for text in found.groups())
    if number > _U32 or not 2 <= n_clauses <= 64 or not 1 <= clause <= n_clauses:
        raise item.value.error(f"clause {clause} of {n_clauses} is not possible", "1 to n of 2 to 64")
    return a.Conjunction(number, clause, n_clauses)


def _fin_timeout(item: Item, _context: Context) -> a.Action:
    values = _values(item.value, {"idle_timeout": _U16, "hard_timeout": _U16})
    return a.FinTimeout(values.get("idle_timeout", 0), values.get("hard_timeout", 0))


def _values(span: Span, limits: dict[str, int]) -> dict[str, int]:
    found = {}
    for part in items(span):
        if part.name not in limits:
            raise part.key.error(f"unknown {part.name!r}", "one of " + ", ".join(limits))
        found[part.name] = part.need("a number").number(limits[part.name], "a number")
    return found


def _check_pkt_larger(item: Item, _context: Context) -> a.Action:
    if item.destination is None:
        raise item.value.error("check_pkt_larger has no destination", "check_pkt_larger(bytes)->field[bit]")
    part = parse_subfield(item.destination)
    if part.bits != 1:
        raise item.destination.error(f"{item.destination} has {part.bits} bits", "one bit")
    return a.CheckPktLarger(item.need("a number of bytes").number(_U16, "a number of bytes"), part)


def _sample(item: Item, context: Context) -> a.Action:
    limits = {"probability": _U16, "collector_set_id": _U32, "obs_domain_id": _U32, "obs_point_id": _U32}
    values: dict[str, int] = {}
    port, direction = None, 0
    for part in items(item.value):
        if part.name == "sampling_port":
            port = context.names.read_port(part.need("a port"))
        elif part.name in ("ingress", "egress"):
            direction = 1 if part.name == "ingress" else 2
        elif part.name in limits:
            values[part.name] = part.need("a number").number(limits[part.name], "a number")
        else:
            raise part.key.error(f"sample has no {part.name!r}", "one of " + ", ".join(limits))
    if not values.get("probability"):
        raise item.value.error("sample needs a probability", "probability=1 to 65535")
    numbers = [values.get(name, 0) for name in limits]
    return a.Sample(numbers[0], numbers[1], numbers[2], numbers[3], port, direction)


def _unknown(item: Item, _context: Context) -> a.Action:
    data = item.need("hexadecimal digits").hex_bytes()
    if len(data) < 8 or len(data) % 8 or data[:2] != b"\xff\xff":
        raise item.value.error("not an experimenter action", "ffff, its length, and the rest")
    return a.UnknownAction(data)


READERS: Final[dict[str, Read]] = {
    "output": _output,
    "enqueue": _enqueue,
    "controller": _controller,
    "group": _number(a.Group, _U32, "a group's id"),
    "set_queue": _number(a.SetQueue, _U32, "a queue's id"),
    "pop_queue": _bare(a.PopQueue()),
    "meter": _number(a.Meter, _U32, "a meter's id"),
    "set_field": _set_field,
    "load": _load,
    "move": _move,
    "push": _stack(a.StackPush),
    "pop": _stack(a.StackPop),
    "delete_field": _delete_field,
    "mod_dl_src": _set(f.ETH_SRC),
    "mod_dl_dst": _set(f.ETH_DST),
    "mod_nw_src": _set(f.IP_SRC),
    "mod_nw_dst": _set(f.IP_DST),
    "mod_nw_tos": _set(f.IP_DSCP, shift=2),
    "mod_nw_ecn": _set(f.NW_ECN),
    "mod_nw_ttl": _number(a.SetNwTtl, _U8, "a TTL"),
    "set_nw_ttl": _number(a.SetNwTtl, _U8, "a TTL"),
    "mod_tp_src": _transport("src"),
    "mod_tp_dst": _transport("dst"),
    "mod_vlan_vid": _mod_vlan(f.VLAN_VID, 0x1000),
    "mod_vlan_pcp": _mod_vlan(f.VLAN_PCP, 0),
    "set_vlan_vid": _set_vlan_vid,
    "set_vlan_pcp": _set(f.VLAN_PCP),
    "set_tunnel": _set(f.TUN_ID),
    "set_tunnel64": _set(f.TUN_ID),
    "set_mpls_label": _set(f.MPLS_LABEL),
    "set_mpls_tc": _set(f.MPLS_TC),
    "set_mpls_ttl": _number(a.SetMplsTtl, _U8, "a TTL"),
    "push_vlan": _number(a.PushVlan, _U16, "an EtherType"),
    "pop_vlan": _bare(a.PopVlan()),
    "strip_vlan": _bare(a.PopVlan()),
    "push_mpls": _number(a.PushMpls, _U16, "an EtherType"),
    "pop_mpls": _number(a.PopMpls, _U16, "an EtherType"),
    "dec_ttl": _dec_ttl,
    "dec_mpls_ttl": _bare(a.DecMplsTtl()),
    "dec_nsh_ttl": _bare(a.DecNshTtl()),
    "encap": _encap,
    "decap": _decap,
    "resubmit": _resubmit,
    "goto_table": _goto_table,
    "write_metadata": _write_metadata,
    "clear_actions": _bare(a.ClearActions()),
    "write_actions": lambda item, context: a.WriteActions(read_actions(item.value, context)),
    "clone": lambda item, context: a.Clone(read_actions(item.value, context)),
    "exit": _bare(a.Exit()),
    "conjunction": _conjunction,
    "fin_timeout": _fin_timeout,
    "note": lambda item, _context: a.Note(_padded_note(item.value.hex_bytes())),
    "check_pkt_larger": _check_pkt_larger,
    "sample": _sample,
    "multipath": read_multipath,
    "bundle": read_bundle,
    "bundle_load": read_bundle_load,
    "ct": lambda item, context: read_ct(item, context, read_actions),
    "ct_clear": _bare(a.CtClear()),
    "nat": lambda item, _context: read_nat(item),
    "learn": lambda item, context: read_learn(item.value, context.names),
    "unknown": _unknown,
}
"""Readers by the word of their action."""


def _padded_note(data: bytes) -> bytes:
    # The wire has no length: a note is as long as its action, 6 bytes and then 8 more at a time.
    return data + bytes((6 - len(data)) % 8)
