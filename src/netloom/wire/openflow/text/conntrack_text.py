"""The ct action and nat within it, from text.

Rule 1: nat takes one of src and dst; its flags need one of them (parse_NAT in lib/ofp-actions.c).
Rule 2: an IPv6 range with ports is written in brackets, without ports it need not be.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from netloom.wire.openflow import actions as a
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.text.names import Context
from netloom.wire.openflow.text.scan import Item, Span, items
from netloom.wire.openflow.text.values import parse_subfield

_ALGS: Final = {"ftp": a.ALG_FTP, "tftp": a.ALG_TFTP}
ReadActions = Callable[[Span, Context], tuple[a.Action, ...]]


def read_ct(item: Item, context: Context, read_actions: ReadActions) -> a.Ct:
    """`ct(...)`; `read_actions` reads what stands in `exec`.

    Raises:
        FlowTextError: an argument is none, at its character.
    """
    commit = force = False
    zone: int | Subfield = 0
    table, alg = None, 0
    inner: list[a.Action] = []
    for part in items(item.value):
        if part.name == "commit":
            commit = True
        elif part.name == "force":
            force = True
        elif part.name == "table":
            table = context.names.read_table(part.need("a table"))
        elif part.name == "zone":
            span = part.need("a number or field[bits]")
            zone = span.number(0xFFFF, "a zone") if str(span)[0].isdigit() else parse_subfield(span)
        elif part.name == "alg":
            span = part.need("ftp or tftp")
            alg = span.number(0xFFFF, "a port") if str(span).isdecimal() else span.choice(_ALGS)
        elif part.name == "nat":
            inner.append(read_nat(part))
        elif part.name == "exec":
            inner += read_actions(part.value, context)
        else:
            raise part.key.error(f"ct has no {part.name!r}", "commit, force, table, zone, alg, nat or exec")
    return a.Ct(commit, force, zone, table, alg, tuple(inner))


_RANGE = re.compile(
    r"\[?(?P<low>\d+\.\d+\.\d+\.\d+|(?<=\[)[0-9a-fA-F:.]+)\]?(?:-\[?(?P<high>\d+\.\d+\.\d+\.\d+|(?<=\[)[0-9a-fA-F:.]+)\]?)?"
    r"(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?"
)
_BARE_RANGE = re.compile(r"(?P<low>[0-9a-fA-F:.]+)(?:-(?P<high>[0-9a-fA-F:.]+))?")


def read_nat(item: Item) -> a.Nat:
    """`nat(...)`, within ct.

    Raises:
        FlowTextError: an argument is none, at its character.
    """
    flags = {"persistent": False, "hash": False, "random": False}
    side: Item | None = None
    for part in items(item.value):
        if part.name in ("src", "dst"):
            if side is not None:
                raise part.key.error("nat translates either src or dst", "one of them")
            side = part
        elif part.name in flags:
            flags[part.name] = True
        else:
            raise part.key.error(f"nat has no {part.name!r}", "src, dst, persistent, hash or random")
    if side is None:
        if any(flags.values()):
            raise item.value.error("nat's flags need src or dst", "src or dst")
        return a.Nat()
    low, high, port_low, port_high, ipv6 = (
        _nat_range(side.value) if side.value else (None, None, None, None, False)
    )
    return a.Nat(
        side.name == "src",
        side.name == "dst",
        flags["persistent"],
        flags["hash"],
        flags["random"],
        ipv6,
        low,
        high,
        port_low,
        port_high,
    )


def _nat_range(span: Span) -> tuple[int, int | None, int | None, int | None, bool]:
    """`10.0.0.1-10.0.0.9:1000-2000`, `[fd00::1]-[fd00::9]:80`, `fd00::1`."""
    found = _RANGE.fullmatch(str(span)) or _BARE_RANGE.fullmatch(str(span))
    if found is None:
        raise span.error(f"{span} is no range of addresses", "for example 10.0.0.1-10.0.0.9:1000-2000")
    part = found.groupdict()
    try:
        low = ipaddress.ip_address(part["low"])
        high = None if part["high"] is None else ipaddress.ip_address(part["high"])
    except ValueError:
        raise span.error(f"{span} is no range of addresses", "an IPv4 or IPv6 address") from None
    if high is not None and (high.version != low.version or int(high) < int(low)):
        raise span.error(f"{span} does not go up", "a lower and an upper address")
    port_low, port_high = (None if part.get(name) is None else int(part[name]) for name in ("first", "last"))
    if port_low is not None and not 0 < port_low <= (port_low if port_high is None else port_high) <= 0xFFFF:
        raise span.error(f"the ports of {span} do not go up", "1 to 65535")
    return int(low), None if high is None else int(high), port_low, port_high, low.version == 6
