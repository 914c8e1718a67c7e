"""multipath and bundle, from text.

Rule 1: their arguments are told apart by place, not by name.
Rule 2: `slaves:`, the older spelling of `members:`, is read as well.
"""

from __future__ import annotations

import re

from netloom.wire.openflow import actions as a
from netloom.wire.openflow.text.names import Context
from netloom.wire.openflow.text.scan import Item, Span
from netloom.wire.openflow.text.values import parse_subfield


def _hash_fields(span: Span) -> a.HashFields:
    names = {kind.name.replace("l4_udp", "l4+udp"): int(kind) for kind in a.HashFields}
    return a.HashFields(span.choice(names))


def read_multipath(item: Item, _context: Context) -> a.Multipath:
    """`multipath(...)`.

    Raises:
        FlowTextError: an argument is none, at its character.
    """
    parts = item.need("fields,basis,algorithm,n_links,arg,field[bits]").split(",")
    if len(parts) != 6:
        raise item.value.error(
            "multipath has six arguments", "fields,basis,algorithm,n_links,arg,field[bits]"
        )
    choice = a.LinkChoice(parts[2].choice({kind.name: int(kind) for kind in a.LinkChoice}))
    links = parts[3].number(65536, "a number of links")
    if not links:
        raise parts[3].error("no links", "1 to 65536")
    return a.Multipath(
        _hash_fields(parts[0]),
        parts[1].number(0xFFFF, "a basis"),
        choice,
        links - 1,
        parts[4].number(0xFFFFFFFF, "an argument"),
        parse_subfield(parts[5]),
    )


def read_bundle(item: Item, context: Context) -> a.Bundle:
    """`bundle(...)`: send to the member chosen.

    Raises:
        FlowTextError: an argument is none, at its character.
    """
    return _read(item, context, load=False)


def read_bundle_load(item: Item, context: Context) -> a.Bundle:
    """`bundle_load(...)`: write the number of the member chosen.

    Raises:
        FlowTextError: an argument is none, at its character.
    """
    return _read(item, context, load=True)


def _read(item: Item, context: Context, *, load: bool) -> a.Bundle:
    span = item.need("fields,basis,algorithm,ofport,members:…")
    parts, count = span.split(","), 5 if load else 4
    found = re.match(r"(members|slaves):", str(parts[count])) if len(parts) > count else None
    if found is None or str(parts[3]) != "ofport":
        raise span.error(
            "bundle has other arguments", "fields,basis,algorithm,ofport,[field[bits],]members:…"
        )
    first = parts[count]
    ports = [Span(first.text, first.start + found.end(), first.end), *parts[count + 1 :]]
    return a.Bundle(
        _hash_fields(parts[0]),
        parts[1].number(0xFFFF, "a basis"),
        a.MemberChoice(parts[2].choice({kind.name: int(kind) for kind in a.MemberChoice})),
        tuple(context.names.read_port(port) for port in ports if port),
        parse_subfield(parts[4]) if load else None,
    )
