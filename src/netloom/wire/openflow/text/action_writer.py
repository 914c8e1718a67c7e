"""Actions as text in ovs-ofctl syntax.

Rule 1: the text of an action is what ovs-ofctl prints for it, and what `parse_actions` reads back as the same action.
Rule 2: a table maps each class to its writer; a class without one is a mistake that a test finds.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

from netloom.wire.openflow import actions as a
from netloom.wire.openflow.actions.headers import PT_ETH, PT_MPLS, PT_MPLS_MC, PT_NEXT, PT_NSH
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.ports import CONTROLLER, IN_PORT, MAX
from netloom.wire.openflow.text.learn_text import format_learn
from netloom.wire.openflow.text.names import NO_NAMES, Names
from netloom.wire.openflow.text.values import format_subfield, format_value

_REASONS = ("no_match", "action", "invalid_ttl", "action_set", "group", "packet_out")
_ALG_NAMES = {a.ALG_FTP: "ftp", a.ALG_TFTP: "tftp"}


def format_actions(actions: tuple[a.Action, ...], names: Names = NO_NAMES) -> str:
    """Actions as ovs-ofctl writes them; `drop` when there are none."""
    return _list(actions, names) or "drop"


def _list(actions: tuple[a.Action, ...], names: Names) -> str:
    return ",".join([WRITERS[type(action)](action, names) for action in actions])


def _output(action: a.Output, names: Names) -> str:
    text = names.port(action.port)
    if action.port == CONTROLLER:
        return f"{text}:{action.max_len}"
    return text if action.port >= MAX else f"output:{text}"


def _controller(action: a.Controller, _names: Names) -> str:
    parts = []
    if action.reason != 1:
        parts.append(f"reason={_REASONS[action.reason] if action.reason < len(_REASONS) else action.reason}")
    if action.max_len != 0xFFFF:
        parts.append(f"max_len={action.max_len}")
    if action.controller_id:
        parts.append(f"id={action.controller_id}")
    if action.userdata:
        parts.append(f"userdata={_hex(action.userdata)}")
    if action.pause:
        parts.append("pause")
    if action.meter_id is not None:
        parts.append(f"meter_id={action.meter_id}")
    if not any(
        (action.reason != 1, action.controller_id, action.userdata, action.pause, action.meter_id is not None)
    ):
        return f"CONTROLLER:{action.max_len}"
    return f"controller({','.join(parts)})"


def _hex(data: bytes) -> str:
    return data.hex(".")


def _set_field(action: a.SetField, names: Names) -> str:
    field, mask = action.field, action.mask
    value = format_value(field, action.value, mask, names)
    return f"set_field:{value}->{field.name}"


def _load(action: a.Load, _names: Names) -> str:
    return f"load:{_number(action.value)}->{format_subfield(action.dst)}"


def _number(value: int) -> str:
    return hex(value) if value else "0"


def _dec_ttl(action: a.DecTtl, _names: Names) -> str:
    if action.controllers == (0,):
        return "dec_ttl"
    return f"dec_ttl({','.join(str(number) for number in action.controllers)})"


_ENCAPS = {PT_ETH: "ethernet", PT_NSH: "nsh", PT_MPLS: "mpls", PT_MPLS_MC: "mpls_mc"}


def _encap(action: a.Encap, _names: Names) -> str:
    parts = []
    for prop in action.properties:
        if prop.kind == 1:
            parts.append(f"md_type={int.from_bytes(prop.data)}")
        else:
            head = int.from_bytes(prop.data[:2])
            parts.append(
                f"tlv({head:#06x},{prop.data[2] if len(prop.data) > 2 else 0},0x{prop.data[4:].hex()})"
            )
    inner = f"({','.join(parts)})" if parts else ""
    return f"encap({_ENCAPS[action.packet_type]}{inner})"


def _decap(action: a.Decap, _names: Names) -> str:
    kind = action.packet_type
    inner = "" if kind == PT_NEXT else f"packet_type(ns={kind >> 16},type={_number(kind & 0xFFFF)})"
    return f"decap({inner})"


def _resubmit(action: a.Resubmit, names: Names) -> str:
    if action.port is not None and action.table is None and not action.ct:
        return f"resubmit:{names.port(action.port)}"
    port = "" if action.port in (None, IN_PORT) else names.port(action.port or 0)
    table = "" if action.table is None else names.table(action.table)
    return f"resubmit({port},{table}{',ct' if action.ct else ''})"


def _write_metadata(action: a.WriteMetadata, _names: Names) -> str:
    mask = "" if action.mask == 0xFFFFFFFFFFFFFFFF else f"/{_number(action.mask)}"
    return f"write_metadata:{_number(action.metadata)}{mask}"


def _fin_timeout(action: a.FinTimeout, _names: Names) -> str:
    parts = [
        f"{name}={value}"
        for name, value in (("idle_timeout", action.idle_timeout), ("hard_timeout", action.hard_timeout))
        if value
    ]
    return f"fin_timeout({','.join(parts)})"


def _sample(action: a.Sample, names: Names) -> str:
    port = "" if action.sampling_port is None else f",sampling_port={names.port(action.sampling_port)}"
    direction = ("", ",ingress", ",egress")[action.direction]
    return (
        f"sample(probability={action.probability},collector_set_id={action.collector_set_id}"
        f",obs_domain_id={action.obs_domain_id},obs_point_id={action.obs_point_id}{port}{direction})"
    )


def _hash_fields(fields: a.HashFields) -> str:
    return fields.name.replace("l4_udp", "l4+udp")


def _multipath(action: a.Multipath, _names: Names) -> str:
    return (
        f"multipath({_hash_fields(action.fields)},{action.basis},{action.algorithm.name},{action.max_link + 1}"
        f",{action.arg},{format_subfield(action.dst)})"
    )


def _bundle(action: a.Bundle, names: Names) -> str:
    word, dst = ("bundle", "") if action.dst is None else ("bundle_load", f"{format_subfield(action.dst)},")
    members = ",".join(names.port(port) for port in action.members)
    return f"{word}({_hash_fields(action.fields)},{action.basis},{action.algorithm.name},ofport,{dst}members:{members})"


def _ct(action: a.Ct, names: Names) -> str:
    parts = []
    if action.commit:
        parts.append("commit")
    if action.force:
        parts.append("force")
    if action.table is not None:
        parts.append(f"table={names.table(action.table)}")
    if isinstance(action.zone, Subfield):
        parts.append(f"zone={format_subfield(action.zone)}")
    elif action.zone:
        parts.append(f"zone={action.zone}")
    inner = action.actions
    if inner and isinstance(inner[0], a.Nat):
        parts.append(_nat(inner[0], names))
        inner = inner[1:]
    if inner:
        parts.append(f"exec({_list(inner, names)})")
    if action.alg:
        parts.append(f"alg={_ALG_NAMES.get(action.alg, action.alg)}")
    return f"ct({','.join(parts)})"


def _nat(action: a.Nat, _names: Names) -> str:
    if not action.src and not action.dst:
        return "nat"
    side = "src" if action.src else "dst"
    if action.low is not None:
        side += f"={_nat_range(action)}"
    flags = [name for name in ("persistent", "hash", "random") if getattr(action, name)]
    return f"nat({','.join([side, *flags])})"


def _nat_range(action: a.Nat) -> str:
    bracket = action.ipv6 and action.port_low is not None

    def address(value: int) -> str:
        text = str(ipaddress.IPv6Address(value) if action.ipv6 else ipaddress.IPv4Address(value))
        return f"[{text}]" if bracket else text

    text = address(action.low or 0)
    if action.high is not None and action.high != action.low:
        text += f"-{address(action.high)}"
    if action.port_low is not None:
        text += f":{action.port_low}"
        if action.port_high is not None and action.port_high != action.port_low:
            text += f"-{action.port_high}"
    return text


Writer = Callable[[Any, Names], str]


def _word(text: str) -> Writer:
    return lambda _action, _names: text


WRITERS: Final[dict[type[a.Action], Writer]] = {
    a.Output: _output,
    a.OutputReg: lambda x, _n: f"output:{format_subfield(x.src)}",
    a.OutputTrunc: lambda x, n: f"output(port={n.port(x.port)},max_len={x.max_len})",
    a.Group: lambda x, _n: f"group:{x.group}",
    a.SetQueue: lambda x, _n: f"set_queue:{x.queue}",
    a.PopQueue: _word("pop_queue"),
    a.Enqueue: lambda x, n: f"enqueue:{n.port(x.port)}:{x.queue}",
    a.Controller: _controller,
    a.Meter: lambda x, _n: f"meter:{x.meter}",
    a.SetField: _set_field,
    a.Load: _load,
    a.Move: lambda x, _n: f"move:{format_subfield(x.src)}->{format_subfield(x.dst)}",
    a.StackPush: lambda x, _n: f"push:{format_subfield(x.src)}",
    a.StackPop: lambda x, _n: f"pop:{format_subfield(x.dst)}",
    a.DeleteField: lambda x, _n: f"delete_field:{x.field.name}",
    a.PushVlan: lambda x, _n: f"push_vlan:{x.eth_type:#x}",
    a.PopVlan: _word("pop_vlan"),
    a.PushMpls: lambda x, _n: f"push_mpls:{x.eth_type:#06x}",
    a.PopMpls: lambda x, _n: f"pop_mpls:{x.eth_type:#06x}",
    a.DecTtl: _dec_ttl,
    a.SetNwTtl: lambda x, _n: f"mod_nw_ttl:{x.ttl}",
    a.SetMplsTtl: lambda x, _n: f"set_mpls_ttl({x.ttl})",
    a.DecMplsTtl: _word("dec_mpls_ttl"),
    a.DecNshTtl: _word("dec_nsh_ttl"),
    a.Encap: _encap,
    a.Decap: _decap,
    a.Resubmit: _resubmit,
    a.Clone: lambda x, n: f"clone({_list(x.actions, n)})",
    a.Exit: _word("exit"),
    a.Conjunction: lambda x, _n: f"conjunction({x.id},{x.clause}/{x.n_clauses})",
    a.FinTimeout: _fin_timeout,
    a.Note: lambda x, _n: f"note:{_hex(x.data)}",
    a.CheckPktLarger: lambda x, _n: f"check_pkt_larger({x.length})->{format_subfield(x.dst)}",
    a.Sample: _sample,
    a.Multipath: _multipath,
    a.Bundle: _bundle,
    a.Ct: _ct,
    a.Nat: _nat,
    a.CtClear: _word("ct_clear"),
    a.Learn: format_learn,
    a.GotoTable: lambda x, n: f"goto_table:{n.table(x.table)}",
    a.WriteMetadata: _write_metadata,
    a.WriteActions: lambda x, n: f"write_actions({_list(x.actions, n)})",
    a.ClearActions: _word("clear_actions"),
    a.UnknownAction: lambda x, _n: f"unknown:{_hex(x.data)}",
}
"""Writers by class of action."""
