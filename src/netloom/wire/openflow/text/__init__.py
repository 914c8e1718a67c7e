"""Flows, matches and actions as text in ovs-ofctl's syntax, both ways."""

from netloom.wire.openflow.errors import FlowTextError
from netloom.wire.openflow.text.action_reader import parse_actions
from netloom.wire.openflow.text.action_writer import format_actions
from netloom.wire.openflow.text.flow_text import format_flow, parse_flow
from netloom.wire.openflow.text.match_text import format_match, parse_match
from netloom.wire.openflow.text.names import Names
from netloom.wire.openflow.text.values import format_subfield, parse_subfield

__all__ = [
    "FlowTextError",
    "Names",
    "format_actions",
    "format_flow",
    "format_match",
    "format_subfield",
    "parse_actions",
    "parse_flow",
    "parse_match",
    "parse_subfield",
]
