"""Names for numbers that text may use: ports and tables.

Rule 1: a name that the caller gave wins over a reserved one.
Rule 2: what is written with a name is read back with the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netloom.wire.openflow import ports
from netloom.wire.openflow.match import Match
from netloom.wire.openflow.text.scan import Span


@dataclass(frozen=True)
class Names:
    """The caller's names, by number."""

    tables: Mapping[int, str] = field(default_factory=dict)
    ports: Mapping[int, str] = field(default_factory=dict)

    def table(self, number: int) -> str:
        """A table as text."""
        return _quoted(self.tables[number]) if number in self.tables else str(number)

    def port(self, number: int) -> str:
        """A port as text."""
        if number in self.ports:
            return _quoted(self.ports[number])
        return ports.BY_NUMBER.get(number) or str(number)

    def read_table(self, span: Span, highest: int = 254) -> int:
        """A table from text."""
        text = str(span).strip('"')
        for number, name in self.tables.items():
            if name == text:
                return number
        return span.number(highest, "a table's number or name")

    def read_port(self, span: Span) -> int:
        """A port from text."""
        text = str(span).strip('"')
        for number, name in self.ports.items():
            if name == text:
                return number
        known = ports.NAMES.get(text.upper())
        if known is not None:
            return known
        number = span.number(0xFFFFFFFF, "a port's number or name")
        if 0xFF00 <= number < 0xFFFFFF00:
            # ovs-ofctl also takes the 16-bit numbers of reserved ports.
            number = ports.from_port16(number) if 0xFFF7 <= number <= 0xFFFF else number
        if 0xFF00 <= number < 0xFFFFFF00:
            raise span.error(f"port {span} is out of range", "a number below 65280, or a name")
        return number

    def is_port(self, text: str) -> bool:
        """Whether a word is a port by itself (`LOCAL`, `3`, a name)."""
        word = text.strip('"')
        return word.isdecimal() or word.upper() in ports.NAMES or word in self.ports.values()


NO_NAMES = Names()


@dataclass(frozen=True)
class Context:
    """What a reader of an action may know besides the action's own text."""

    names: Names
    match: Match


def _quoted(name: str) -> str:
    return name if name.replace("_", "a").replace("-", "a").isalnum() else f'"{name}"'
