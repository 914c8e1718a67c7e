"""A flow as text, both ways: `table=1, priority=100,tcp,nw_dst=10.0.0.1 actions=output:2`.

Rule 1: counters and ages in a dump are read over; what a switch prints is a flow that can be sent back.
Rule 2: writing leaves out what is a default (priority 32768, table 0 without a name, no cookie).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from netloom.wire.openflow.flow import (
    CHECK_OVERLAP,
    NO_BYTE_COUNTS,
    NO_PACKET_COUNTS,
    RESET_COUNTS,
    SEND_FLOW_REM,
    Flow,
)
from netloom.wire.openflow.match import FieldMatch, Match
from netloom.wire.openflow.text.action_reader import read_actions
from netloom.wire.openflow.text.action_writer import format_actions
from netloom.wire.openflow.text.match_text import entries_of, format_match
from netloom.wire.openflow.text.names import NO_NAMES, Context, Names
from netloom.wire.openflow.text.scan import Span, items, whole

DEFAULT_PRIORITY: Final = 32768
_FLAGS: Final = {
    "send_flow_rem": SEND_FLOW_REM,
    "check_overlap": CHECK_OVERLAP,
    "reset_counts": RESET_COUNTS,
    "no_packet_counts": NO_PACKET_COUNTS,
    "no_byte_counts": NO_BYTE_COUNTS,
}
_NUMBERS: Final = {
    "priority": 0xFFFF,
    "cookie": 0xFFFFFFFFFFFFFFFF,
    "idle_timeout": 0xFFFF,
    "hard_timeout": 0xFFFF,
    "importance": 0xFFFF,
}
_REPORTS: Final = frozenset({"duration", "n_packets", "n_bytes", "idle_age", "hard_age", "cookie_mask"})
_ACTIONS = re.compile(r"(?:^|[\s,])actions?\s*=")


def parse_flow(text: str, *, names: Names = NO_NAMES) -> Flow:
    """A flow from a line of ovs-ofctl's, of a dump or of what add-flow takes.

    Raises:
        FlowTextError: something cannot be read, at its character, with what was expected.
        LocalProtocolError: the match breaks a rule (prerequisites, a field given twice).
    """
    found = _ACTIONS.search(text)
    if found is None:
        raise whole(text).error("a flow without actions", "actions= at the end (drop for none)")
    values: dict[str, int] = {}
    entries: list[FieldMatch] = []
    flags = 0
    for item in items(Span(text, 0, found.start())):
        name = item.name
        if name == "table":
            values["table"] = names.read_table(item.need("a table"))
        elif name in _NUMBERS:
            values[name] = item.need("a number").number(_NUMBERS[name], "a number")
        elif name in _FLAGS and not item.form:
            flags |= _FLAGS[name]
        elif name not in _REPORTS:
            entries += entries_of(item, names)
    match = Match.build(entries)
    actions = read_actions(Span(text, found.end(), len(text)), Context(names, match))
    return Flow(
        values.get("table", 0),
        values.get("priority", DEFAULT_PRIORITY),
        match,
        actions,
        values.get("cookie", 0),
        values.get("idle_timeout", 0),
        values.get("hard_timeout", 0),
        flags,
        values.get("importance", 0),
    )


def format_flow(
    flow: Flow, *, table_names: Mapping[int, str] | None = None, port_names: Mapping[int, str] | None = None
) -> str:
    """A flow as `ovs-ofctl --no-stats dump-flows` writes it; with names where they are given."""
    names = Names(table_names or {}, port_names or {}) if table_names or port_names else NO_NAMES
    head = ""
    if flow.cookie:
        head += f"cookie={flow.cookie:#x}, "
    if flow.table or flow.table in names.tables:
        head += f"table={names.table(flow.table)}, "
    if flow.idle_timeout:
        head += f"idle_timeout={flow.idle_timeout}, "
    if flow.hard_timeout:
        head += f"hard_timeout={flow.hard_timeout}, "
    flags = [name for name, bit in _FLAGS.items() if flow.flags & bit]
    head += "".join(f"{name} " for name in flags)
    if flow.importance:
        head += f"importance={flow.importance}, "
    match = format_match(flow.match, names)
    if flow.priority != DEFAULT_PRIORITY:
        match = f"priority={flow.priority}" + (f",{match}" if match else "")
    return f"{head}{match}{' ' if match else ''}actions={format_actions(flow.actions, names)}"


__all__ = ["DEFAULT_PRIORITY", "format_flow", "parse_flow"]
