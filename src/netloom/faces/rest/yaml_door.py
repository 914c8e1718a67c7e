"""YAML in: bytes to plain values, bounded, with positions for what is wrong.

PyYAML's constructors are not used: they resolve YAML 1.1 (`no` is false, `10:20:30:40:50:59` is a number), keep the last
of two equal keys, and expand aliases without a bound. Here libyaml delivers events, nothing more.

Rule 1: scalars resolve by the core schema of YAML 1.2 (section 10.3.2): what looks like a MAC, a date or `yes` is text.
Rule 2: the work is bounded by the bytes: depth, documents and nodes (aliases counted as what they stand for) have limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import yaml

from netloom.base.errors import InvalidInput, TooLarge

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]

MAX_DEPTH: Final = 16
MAX_NODES: Final = 1_000_000

_CORE_TAGS: Final = {
    f"tag:yaml.org,2002:{name}": name for name in ("str", "int", "float", "bool", "null", "map", "seq")
}
_PLAIN: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT: Final = re.compile(r"[-+]?[0-9]{1,20}\Z")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]{1,16}\Z")
_OCT: Final = re.compile(r"0o[0-7]{1,22}\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")


class _Mark(Protocol):
    line: int  # from 0
    column: int


class _Event(Protocol):
    """The attributes that libyaml's events have, each where its type has it."""

    start_mark: _Mark
    anchor: str
    tag: str | None
    implicit: tuple[bool, bool]  # of a scalar: whether its tag follows from it as plain, as quoted text
    value: str


class _Parser(Protocol):
    def get_event(self) -> _Event: ...
    def dispose(self) -> None: ...


def _parser(text: str) -> _Parser:
    # A loader inherits the parser; its constructors are never called. Without libyaml: the same events, ten times slower.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    made: _Parser = loader(text)
    return made


class Malformed(InvalidInput):
    """The text is not the YAML (or JSON) that netloom reads; `line` and `column` count from 1."""

    code = "malformed-body"
    status = 400

    def __init__(
        self, message: str, *, line: int | None = None, column: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a node starts; both count from 1."""

    line: int
    column: int


@dataclass(slots=True)
class _Anchor:
    value: Value
    weight: int  # nodes it stands for


def load(data: bytes, *, max_documents: int) -> list[Value]:
    """The documents of a stream; empty ones are left out.

    Raises:
        Malformed: not UTF-8, not YAML, a key twice, a tag, a merge key, an unknown alias.
        TooLarge: a bound on depth, nodes or documents was passed.
    """
    return [value for value, _ in _Reader(data, max_documents, marks=False).documents()]


def locate(data: bytes, wanted: Mapping[int, Iterable[Path]]) -> dict[tuple[int, Path], Mark]:
    """Where nodes start, by document (from 0) and path; a node that is not there is where its nearest parent is."""
    found: dict[tuple[int, Path], Mark] = {}
    if not wanted:
        return found
    try:
        for number, (_, marks) in enumerate(_Reader(data, max(wanted) + 2, marks=True).documents()):
            for path in wanted.get(number, ()):
                near = path
                while near and near not in marks:
                    near = near[:-1]
                if near in marks:
                    found[number, path] = marks[near]
            if number >= max(wanted):
                break
    except (Malformed, TooLarge):  # what is behind the last document that could be read
        return found
    return found


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise Malformed(
            f"byte 0x{data[error.start]:02x} is not UTF-8", line=line, column=column, hint="save it as UTF-8"
        ) from error


class _Reader:
    """One pass over the events of a stream."""

    def __init__(self, data: bytes, max_documents: int, *, marks: bool) -> None:
        text = _text(data)
        self._parser = _parser(text)
        self._next = self._parser.get_event
        self._max_documents = max_documents
        self._marks: dict[Path, Mark] | None = {} if marks else None
        self._anchors: dict[str, _Anchor] = {}
        self._nodes = 0

    def documents(self) -> Iterator[tuple[Value, dict[Path, Mark]]]:
        count = 0
        try:
            while True:
                kind = _kind(self._next())
                if kind is yaml.StreamEndEvent:
                    return
                if kind is not yaml.DocumentStartEvent:
                    continue
                self._anchors.clear()
                if self._marks is not None:
                    self._marks = {}
                value = self._node(self._next(), (), 0)
                if value is None:
                    continue
                count += 1
                if count > self._max_documents:
                    raise TooLarge(
                        f"more than {self._max_documents} documents",
                        code="too-many-documents",
                        hint="split the file",
                    )
                yield value, self._marks or {}
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = error.problem or "not YAML"
            raise Malformed(
                f"{what} ({error.context})" if error.context else what,
                line=None if mark is None else mark.line + 1,
                column=None if mark is None else mark.column + 1,
            ) from error
        except yaml.YAMLError as error:  # ReaderError: a character that YAML does not allow (section 5.1)
            raise Malformed(" ".join(str(error).split())) from error
        finally:
            self._parser.dispose()

    def _node(self, event: _Event, path: Path, depth: int) -> Value:
        self._count(event, 1)
        if self._marks is not None:
            self._marks[path] = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        kind = _kind(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        before = self._nodes
        value: Value
        if kind is yaml.ScalarEvent:
            value = self._scalar(event)
        elif depth >= MAX_DEPTH:
            raise TooLarge(
                f"nested deeper than {MAX_DEPTH} at line {event.start_mark.line + 1}", code="too-deep"
            )
        elif kind is yaml.MappingStartEvent:
            self._check_tag(event, "map")
            value = self._mapping(path, depth)
        else:
            self._check_tag(event, "seq")
            value = self._sequence(path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchor(value, self._nodes - before + 1)
        return value

    def _mapping(self, path: Path, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while _kind(event := self._next()) is not yaml.MappingEndEvent:
            key = event.value if _kind(event) is yaml.ScalarEvent else None
            if key is None:
                raise _malformed(event, "a key has to be a scalar", "write key: value")
            if key == "<<" and event.implicit[0]:
                raise _malformed(event, "merge keys (<<) are not read", "write the fields out")
            if key in found:
                raise _malformed(event, f"the key {key!r} stands here twice", "remove one of them")
            self._count(event, 1)
            found[key] = self._node(self._next(), (*path, key), depth + 1)
        return found

    def _sequence(self, path: Path, depth: int) -> list[Value]:
        found: list[Value] = []
        while _kind(event := self._next()) is not yaml.SequenceEndEvent:
            found.append(self._node(event, (*path, len(found)), depth + 1))
        return found

    def _alias(self, event: _Event) -> Value:
        anchor = self._anchors.get(event.anchor)
        if anchor is None:  # also an alias inside its own anchor: no cycles
            raise _malformed(event, f"the alias *{event.anchor} has no anchor before it", None)
        self._count(event, anchor.weight)
        return anchor.value

    def _scalar(self, event: _Event) -> Scalar:
        text = event.value
        tag = event.tag
        if tag is None:
            return _resolve(text) if event.implicit[0] else text
        if tag == "!":  # "not plain": text (section 6.9.1)
            return text
        name = _CORE_TAGS.get(tag)
        if name == "str":
            return text
        value = _resolve(text)
        if name is None or name != _NAMES.get(type(value)):
            raise _malformed(event, f"the tag {tag} is not read here", "leave the tag out")
        return value

    def _check_tag(self, event: _Event, name: str) -> None:
        if event.tag is not None and _CORE_TAGS.get(event.tag) != name:
            raise _malformed(event, f"the tag {event.tag} is not read here", "leave the tag out")

    def _count(self, event: _Event, weight: int) -> None:
        self._nodes += weight
        if self._nodes > MAX_NODES:
            raise TooLarge(
                f"more than {MAX_NODES} values (aliases expanded) at line {event.start_mark.line + 1}",
                code="too-many-values",
            )


_NAMES: Final = {str: "str", int: "int", float: "float", bool: "bool", type(None): "null"}


def _kind(event: _Event) -> object:
    return type(event)


def _resolve(text: str) -> Scalar:
    """A plain scalar by the core schema (YAML 1.2.2, section 10.3.2); infinities and not-a-number stay text."""
    if text in _PLAIN:
        return _PLAIN[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if _HEX.match(text):
        return int(text, 16)
    if _OCT.match(text):
        return int(text[2:], 8)
    return text


def _malformed(event: _Event, message: str, hint: str | None) -> Malformed:
    return Malformed(message, line=event.start_mark.line + 1, column=event.start_mark.column + 1, hint=hint)
