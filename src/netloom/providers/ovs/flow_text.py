"""Flows as text that a person can review: names of tables, registers, roles and objects instead of numbers.

Rule 1: it is ovs-ofctl's syntax but for the names; nothing is left out.
Rule 2: one way only: to send a flow from text, write it with numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from netloom.plan.switch import Fragment
from netloom.providers.ovs.pipeline.cookies import parts_of
from netloom.providers.ovs.pipeline.registers import ALL
from netloom.providers.ovs.pipeline.tables import TABLE_NAMES
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.text import format_flow

_REGISTERS: Final = {register.number: register.name for register in ALL}
_REGISTER: Final = re.compile(r"\breg(\d+)\b|\bNXM_NX_REG(\d+)\[\]")


def format_named(flow: Flow) -> str:
    """One flow, headed by its role: `unicast-local: table=UNICAST, priority=300,NETWORK=0x1,… actions=…`."""
    parts = parts_of(flow.cookie)
    role = parts.role.reason if parts is not None and parts.role is not None else f"{flow.cookie:#x}"
    text = format_flow(msgspec.structs.replace(flow, cookie=0), table_names=TABLE_NAMES)
    return f"{role}: {_REGISTER.sub(_name, text)}"


def format_fragments(fragments: Iterable[Fragment]) -> str:
    """Fragments with their causes, sorted by key; flows in the order in which a packet meets them."""
    lines: list[str] = []
    for fragment in sorted(fragments, key=lambda each: each.key):
        causes = ", ".join(ref.name for ref in fragment.why)
        lines.append(f"{fragment.key} <- {causes}")
        ordered = sorted(fragment.flows, key=lambda flow: (flow.table, -flow.priority))
        lines += [f"  {format_named(flow)}" for flow in ordered]
    return "\n".join(lines) + "\n"


def _name(found: re.Match[str]) -> str:
    number = int(found[1] or found[2])
    return _REGISTERS.get(number, found[0])
