"""The learn action as text, both ways.

Rule 1: a full-width match spec is written with the field's own name and format, a partial one with bits and a number.
Rule 2: `field[bits]` alone means: the same bits of the packet.
"""

from __future__ import annotations

from netloom.wire.openflow.actions.learn import (
    DELETE_LEARNED,
    SEND_FLOW_REM,
    Learn,
    LearnLoad,
    LearnMatch,
    LearnOutput,
    LearnSpec,
)
from netloom.wire.openflow.errors import FlowTextError
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.text.names import Names
from netloom.wire.openflow.text.scan import Item, Span, items
from netloom.wire.openflow.text.values import format_subfield, format_value, parse_subfield, parse_value

_NUMBERS = {
    "idle_timeout": 0xFFFF,
    "hard_timeout": 0xFFFF,
    "fin_idle_timeout": 0xFFFF,
    "fin_hard_timeout": 0xFFFF,
    "priority": 0xFFFF,
    "cookie": 0xFFFFFFFFFFFFFFFF,
    "limit": 0xFFFFFFFF,
}


def read_learn(span: Span, names: Names) -> Learn:
    """The learn action from what stands in its parentheses.

    Raises:
        FlowTextError: an argument is none, at its character.
    """
    values: dict[str, int] = {}
    specs: list[LearnSpec] = []
    table, flags = 1, 0
    result: Subfield | None = None
    for item in items(span):
        name = item.name
        if name in _NUMBERS:
            values[name] = item.need("a number").number(_NUMBERS[name], "a number")
        elif name == "table":
            table = names.read_table(item.need("a table"))
        elif name == "send_flow_rem":
            flags |= SEND_FLOW_REM
        elif name == "delete_learned":
            flags |= DELETE_LEARNED
        elif name == "result_dst":
            result = parse_subfield(item.need("field[bit]"))
            if result.bits != 1:
                raise item.value.error(f"result_dst has {result.bits} bits", "one bit")
        else:
            specs.append(_read_spec(item, names))
    return Learn(
        specs=tuple(specs),
        table=table,
        idle_timeout=values.get("idle_timeout", 0),
        hard_timeout=values.get("hard_timeout", 0),
        priority=values.get("priority", 32768),
        cookie=values.get("cookie", 0),
        flags=flags,
        fin_idle_timeout=values.get("fin_idle_timeout", 0),
        fin_hard_timeout=values.get("fin_hard_timeout", 0),
        limit=values.get("limit", 0),
        result=result,
    )


def _read_spec(item: Item, names: Names) -> LearnSpec:
    if item.name == "output":
        return LearnOutput(parse_subfield(item.need("field[bits]")))
    if item.name == "load":
        source, destination = item.need("value->field[bits]").arrow()
        dst = parse_subfield(destination)
        return LearnLoad(dst, _source(source, dst, names, whole_field=False))
    try:
        dst = parse_subfield(item.key)
    except FlowTextError as error:
        raise item.key.error(
            f"learn has no {item.name!r}", "a field, load:, output:, or a setting such as table="
        ) from error
    if not item.value:
        return LearnMatch(dst, dst)
    return LearnMatch(dst, _source(item.value, dst, names, whole_field=dst.is_whole))


def _source(span: Span, dst: Subfield, names: Names, *, whole_field: bool) -> Subfield | int:
    try:
        src = parse_subfield(span)
    except FlowTextError:
        if whole_field:
            return parse_value(dst.field, span, names)[0]
        return span.number((1 << dst.bits) - 1, f"a field, or a number of {dst.bits} bits")
    if src.bits != dst.bits:
        raise span.error(f"{src.bits} bits cannot fill {dst.bits}", f"{dst.bits} bits")
    return src


def format_learn(learn: Learn, names: Names) -> str:
    """The learn action as ovs-ofctl writes it."""
    parts = [f"table={names.table(learn.table)}"]
    for name in ("idle_timeout", "hard_timeout", "fin_idle_timeout", "fin_hard_timeout"):
        value = getattr(learn, name)
        if value:
            parts.append(f"{name}={value}")
    if learn.priority != 32768:
        parts.append(f"priority={learn.priority}")
    if learn.flags & SEND_FLOW_REM:
        parts.append("send_flow_rem")
    if learn.flags & DELETE_LEARNED:
        parts.append("delete_learned")
    if learn.cookie:
        parts.append(f"cookie={learn.cookie:#x}")
    if learn.limit:
        parts.append(f"limit={learn.limit}")
    if learn.result is not None:
        parts.append(f"result_dst={format_subfield(learn.result)}")
    parts += [_format_spec(spec, names) for spec in learn.specs]
    return f"learn({','.join(parts)})"


def _format_spec(spec: LearnSpec, names: Names) -> str:
    if isinstance(spec, LearnOutput):
        return f"output:{format_subfield(spec.src)}"
    dst = spec.dst
    if isinstance(spec, LearnLoad):
        source = format_subfield(spec.src) if isinstance(spec.src, Subfield) else f"{spec.src:#x}"
        return f"load:{source}->{format_subfield(dst)}"
    if isinstance(spec.src, Subfield):
        return (
            format_subfield(dst) if spec.src == dst else f"{format_subfield(dst)}={format_subfield(spec.src)}"
        )
    if dst.is_whole:
        return f"{dst.field.name}={format_value(dst.field, spec.src, None, names)}"
    return f"{format_subfield(dst)}={spec.src:#x}"
