"""Which packets a rule is asked for: the parameters that all kinds of rules have alike."""

from __future__ import annotations

from typing import TypedDict

from netloom.faces.cloudstack.command import Call


class PortsAsked(TypedDict):
    """Ports, or type and code of ICMP; None: not said."""

    start_port: int | None
    end_port: int | None
    icmp_type: int | None
    icmp_code: int | None


def ports_asked(call: Call) -> PortsAsked:
    """`startport`, `endport`, `icmptype`, `icmpcode`."""
    return PortsAsked(
        start_port=call.integer("startport"),
        end_port=call.integer("endport"),
        icmp_type=call.integer("icmptype"),
        icmp_code=call.integer("icmpcode"),
    )
