"""Structures of instructions that were decoded once, ready for other numbers in the same places.

Flows of one kind differ in a port, a register's value, an address. A template keeps what a full decode found and
where those numbers stand; bytes that agree with it everywhere else are decoded by cutting out the numbers.

Rule 1: a template is made from bytes that the full decoder accepted; it admits only what that would accept as well.
Rule 2: numbers that need more than a bit test to be valid (ports) are tested, or the full decoder is asked.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.actions.output import Output
from netloom.wire.openflow.actions.registry import Action
from netloom.wire.openflow.actions.set_field import Load, SetField
from netloom.wire.openflow.field import Field, Subfield

_LARGEST: Final = 1024
_PER_KEY: Final = 12
_KEYS: Final = 512
_MAX_PORT: Final = 0xFF00
_APPLY: Final = 4
_CODES: Final = {1: "B", 2: "H", 4: "I", 8: "Q"}


class _Template:
    """One structure: what to compare, what to cut out, what to make of it."""

    __slots__ = ("care", "constants", "cut", "slots", "want")

    def __init__(self, raw: bytes, actions: tuple[Action, ...], offsets: list[int]) -> None:
        care = bytearray(b"\xff" * len(raw))
        layout = ">"
        at = 0
        self.constants = list(actions)
        self.slots: list[tuple[int, int | Subfield | Field, bool]] = []
        for index, offset in enumerate(offsets):
            place = _variable(actions[index], raw, offset)
            if place is None:
                continue
            start, width, mask, made = place
            care[start : start + width] = mask.to_bytes(width)
            layout += f"{start - at}x{_CODES.get(width) or f'{width}s'}"
            at = start + width
            self.slots.append((index, made, width in _CODES))
        self.care = int.from_bytes(care)
        self.want = int.from_bytes(raw) & self.care
        self.cut = Struct(layout)

    def fill(self, raw: bytes) -> tuple[Action, ...] | None:
        """The actions with this raw's numbers; None when a number needs a closer look."""
        found = self.constants.copy()
        for (index, made, plain), value in zip(self.slots, self.cut.unpack_from(raw), strict=False):
            if made.__class__ is int:
                if value >= _MAX_PORT:
                    return None
                found[index] = Output(value, made)
            elif made.__class__ is Subfield:
                found[index] = Load(made, value)
            else:
                found[index] = SetField(made, value if plain else int.from_bytes(value))  # type: ignore[arg-type]
        return tuple(found)


def _variable(action: Action, raw: bytes, offset: int) -> tuple[int, int, int, int | Subfield | Field] | None:
    """Where an action's number stands: (offset, width, bits that must stay, what it is made of)."""
    if type(action) is Output:
        return offset + 4, 4, 0, action.max_len
    if type(action) is Load and raw[offset : offset + 2] == b"\xff\xff" and raw[offset + 9] == 7:
        return offset + 16, 8, 0xFFFFFFFFFFFFFFFF ^ ((1 << action.dst.bits) - 1), action.dst
    if type(action) is SetField and action.mask is None and action.field is not f.VLAN_VID:
        field = action.field
        if raw[offset : offset + 2] != b"\x00\x19":
            return None
        head = 12 if raw[offset + 4 : offset + 6] == b"\xff\xff" else 8
        return offset + head, field.width, (1 << field.width * 8) - 1 ^ field.ones, field
    return None


class Templates:
    """The structures known of one OpenFlow version."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[int, bytes], list[_Template]] = {}

    def decode(self, raw: bytes) -> tuple[Action, ...] | None:
        """The actions, if the structure is known."""
        templates = self._by_key.get(_key(raw))
        if templates is None:
            return None
        number = int.from_bytes(raw)
        for template in templates:
            if number & template.care == template.want:
                return template.fill(raw)
        return None

    def learn(self, raw: bytes, actions: tuple[Action, ...]) -> None:
        """Remember the structure of bytes that the full decoder took for `actions`."""
        if len(raw) > _LARGEST:
            return
        offsets = _offsets(raw)
        template = _Template(raw, actions, offsets)
        if not template.slots:
            return
        if len(self._by_key) >= _KEYS:
            self._by_key.clear()
        templates = self._by_key.setdefault(_key(raw), [])
        templates.insert(0, template)
        del templates[_PER_KEY:]


def _key(raw: bytes) -> tuple[int, bytes]:
    return len(raw), raw[:12]


def _offsets(raw: bytes) -> list[int]:
    """Where the actions of the leading apply-actions instruction begin; the rest of the tuple stays constant."""
    if raw[:2] != _APPLY.to_bytes(2):
        return []
    found = []
    offset, end = 8, raw[2] << 8 | raw[3]
    while offset < end:
        found.append(offset)
        offset += raw[offset + 2] << 8 | raw[offset + 3]
    return found
