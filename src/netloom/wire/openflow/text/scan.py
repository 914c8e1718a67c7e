"""Cutting ovs-ofctl text into items without losing the place where each began.

Rule 1: an item is a key, perhaps a value behind `=`, `:` or in parentheses, perhaps an arrow and a destination.
Rule 2: every error says at which character, and what was expected there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from netloom.wire.openflow.errors import FlowTextError

_SEPARATORS = " ,\t\r\n"
MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, from `start` up to `end`."""

    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return self.text[self.start : self.end]

    def __bool__(self) -> bool:
        return self.end > self.start

    def error(self, message: str, expected: str | None = None) -> FlowTextError:
        """An error at the beginning of this stretch."""
        return FlowTextError(message, text=self.text, position=self.start, expected=expected)

    def cut(self, separator: str) -> tuple[Span, Span | None]:
        """The parts before and behind the first separator; None when there is none."""
        at = self.text.find(separator, self.start, self.end)
        if at < 0:
            return self, None
        return Span(self.text, self.start, at), Span(self.text, at + len(separator), self.end)

    def arrow(self) -> tuple[Span, Span]:
        """The source and the destination of `source->destination`."""
        source, destination = self.cut("->")
        if destination is None:
            raise Span(self.text, self.end, self.end).error(f"{self} has no destination", "-> and a field")
        return source.stripped(), destination.stripped()

    def stripped(self) -> Span:
        """Without white space around."""
        start, end = self.start, self.end
        while start < end and self.text[start] in " \t\r\n":
            start += 1
        while start < end and self.text[end - 1] in " \t\r\n":
            end -= 1
        return Span(self.text, start, end)

    def number(self, limit: int, expected: str) -> int:
        """A whole number, decimal or 0x…, of at most `limit`."""
        try:
            value = int(str(self), 0) if not str(self).isdecimal() else int(str(self))
        except ValueError:
            raise self.error(f"{str(self)!r} is not a number", expected) from None
        if not 0 <= value <= limit:
            raise self.error(f"{self} is out of range", f"{expected}, at most {limit}")
        return value

    def choice(self, choices: Mapping[str, int]) -> int:
        """The number behind one of several words."""
        found = choices.get(str(self))
        if found is None:
            raise self.error(f"unknown {str(self)!r}", "one of " + ", ".join(choices))
        return found

    def hex_bytes(self) -> bytes:
        """Bytes as pairs of hexadecimal digits; dots and white space between them do not count."""
        digits = re.sub(r"[.\s]", "", str(self))
        if len(digits) % 2 or re.search(r"[^0-9a-fA-F]", digits):
            raise self.error(f"{self} is not hexadecimal", "pairs of digits, for example 00.0a")
        return bytes.fromhex(digits)

    def split(self, separator: str) -> list[Span]:
        """The parts between separators, stripped."""
        found = []
        rest: Span | None = self
        while rest is not None:
            head, rest = rest.cut(separator)
            found.append(head.stripped())
        return found


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: `key`, `key=value`, `key:value`, `key(value)`, `key(value)->destination`.

    Args:
        form: how the value was given: "", "=", ":" or "(".
    """

    key: Span
    form: str
    value: Span
    destination: Span | None = None

    @property
    def name(self) -> str:
        """The key's text."""
        return str(self.key)

    def need(self, expected: str) -> Span:
        """The value, which must be there."""
        if not self.value:
            raise self.value.error(f"{self.name} has no value", expected)
        return self.value

    def bare(self) -> None:
        """Check that there is no value."""
        if self.form and self.value:
            raise self.value.error(f"{self.name} takes no value", "a comma or the end")


def whole(text: str) -> Span:
    """All of a text."""
    return Span(text, 0, len(text))


def items(span: Span) -> Iterator[Item]:
    """The items of a list that commas or white space separate."""
    text, at, end = span.text, span.start, span.end
    while True:
        while at < end and text[at] in _SEPARATORS:
            at += 1
        if at >= end:
            return
        item, at = _item(text, at, end)
        yield item


def _item(text: str, start: int, end: int) -> tuple[Item, int]:
    at = start
    while at < end and text[at] not in "=:(" and text[at] not in _SEPARATORS:
        if text[at] == "[":
            at = _closing(text, at, end, "[", "]")
        at += 1
    if at == start:
        raise FlowTextError("no name", text=text, position=start, expected="a field or action")
    key = Span(text, start, at)
    if at >= end or text[at] in _SEPARATORS:
        return Item(key, "", Span(text, at, at)), at
    form = text[at]
    if form == "(":
        close = _closing(text, at, end, "(", ")")
        value, at = Span(text, at + 1, close), close + 1
        if not text.startswith("->", at, end):
            return Item(key, form, value), at
        stop = _value_end(text, at + 2, end)
        return Item(key, form, value, Span(text, at + 2, stop)), stop
    stop = _value_end(text, at + 1, end)
    return Item(key, form, Span(text, at + 1, stop)), stop


def _value_end(text: str, at: int, end: int) -> int:
    while at < end and text[at] not in _SEPARATORS:
        if text[at] == "(":
            at = _closing(text, at, end, "(", ")")
        at += 1
    return min(at, end)


def _closing(text: str, start: int, end: int, opening: str, closing: str) -> int:
    depth = 0
    for at in range(start, end):
        if text[at] == opening:
            depth += 1
            if depth > MAX_DEPTH:
                raise FlowTextError("nested too deep", text=text, position=at, expected=f"{MAX_DEPTH} levels")
        elif text[at] == closing:
            depth -= 1
            if not depth:
                return at
    raise FlowTextError(f"{opening!r} is never closed", text=text, position=start, expected=repr(closing))
