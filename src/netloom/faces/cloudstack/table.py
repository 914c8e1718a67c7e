"""CloudStack's commands as a table: what each takes and answers, out of what a 4.20.3 server said of itself.

Rule 1: what is checked without looking at the cloud (is it there, is it a number, is it too long) is checked here, once.
Rule 2: a parameter that the table does not know is ignored, as CloudStack does; clients send their own.
"""

from __future__ import annotations

import functools
import gzip
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import resources
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.base.ids import is_uuid
from netloom.faces.cloudstack.protocol.parameters import Parameters

INVALID: Final = "invalid-parameter"
"""The code of all that this module refuses."""
NO_ID: Final = "-1"
"""Stands for *none* where an id is expected."""
NO_ENTITY: Final = "due to incorrect long value format, or entity does not exist"
"""CloudStack's own words about an id that leads nowhere. Go's client, and with it Terraform's provider, looks for them
behind the parameter and its value to tell *gone* from *failed*; what netloom has to say stands behind them.
"""

_BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "short": (-(2**15), 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
}
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})
_UNSAID: Final = frozenset({"", "none", "null", "undefined"})
"""What clients send for a value that they do not have."""
_DATES: Final = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S%z",
)


class Param(msgspec.Struct, frozen=True):
    """A parameter of a command.

    Attributes:
        name: as CloudStack spells it.
        type: string, uuid, boolean, integer, long, short, list (comma separated), map, date, object.
        length: characters of a value.
        related: commands that answer with what the value names, comma separated.
    """

    name: str
    type: str
    required: bool
    length: int
    since: str = ""
    related: str = ""


class Field(msgspec.Struct, frozen=True):
    """A field of an answer's object."""

    name: str
    type: str
    response: tuple[Field, ...] = ()


class ApiCommand(msgspec.Struct, frozen=True):
    """A command of CloudStack's."""

    name: str
    since: str
    isasync: bool
    params: tuple[Param, ...]
    response: tuple[Field, ...]

    def check(self, given: Parameters) -> None:
        """That what is required is there and what is there can be read.

        Raises:
            InvalidInput: `invalid-parameter`, which the API layer refuses before it looks at anything.
        """
        for param in self.params:
            name = param.name.lower()
            value = given.values.get(name)
            entries = given.entries.get(name)
            if value is None and not entries:
                if param.required:
                    raise InvalidInput(
                        f"Unable to execute API command {self.name.lower()} due to missing parameter {param.name}",
                        code=INVALID,
                    )
                continue
            if value is not None:
                check_value(self.name, param, value)
            for entry in entries or ():
                _check_entry(self.name, param, entry)


def check_value(command: str, param: Param, value: str) -> None:
    """That a value is of the parameter's type and no longer than it may be.

    Raises:
        InvalidInput: `invalid-parameter`.
    """
    if len(value) > param.length and param.type != "list":
        raise refused(command, param.name, value, f"{len(value)} characters", f"at most {param.length}")
    kind = param.type
    if kind in _BOUNDS:
        low, high = _BOUNDS[kind]
        number = to_integer(value)
        if number is None and value.strip().lower() not in _UNSAID:
            raise refused(command, param.name, value, "not a whole number", f"{low} to {high}")
        if number is not None and not low <= number <= high:
            raise refused(command, param.name, value, "out of bounds", f"{low} to {high}")
    elif kind == "uuid":
        if value.strip().lower() not in _UNSAID and value != NO_ID and not is_uuid(value):
            raise refused(command, param.name, value, f"{NO_ENTITY}: not an id", _listed_by(param))
    elif kind == "boolean":
        if value.strip().lower() not in _TRUE | _FALSE | _UNSAID:
            raise refused(command, param.name, value, "neither true nor false", "true or false")
    elif kind == "date" and value and to_date(value) is None:
        raise refused(command, param.name, value, "not a date", "yyyy-MM-dd or yyyy-MM-dd HH:mm:ss")


def refused(command: str, name: str, value: str, what: str, hint: str | None = None) -> InvalidInput:
    """The error for a parameter's value, in the words that clients know from CloudStack."""
    shown = value if len(value) <= 64 else f"{value[:61]}..."
    return InvalidInput(
        f"Unable to execute API command {command.lower()} due to invalid value. "
        f"Invalid parameter {name} value={shown}{'' if what.startswith(NO_ENTITY) else ':'} {what}",
        code=INVALID,
        hint=hint,
    )


def entity_missing(command: str, name: str, value: str, what: str) -> str:
    """How it is told that an id, which reads like one, leads nowhere."""
    return str(refused(command, name, value, f"{NO_ENTITY}: {what}"))


def to_integer(text: str) -> int | None:
    """A whole number; None when it is none."""
    text = text.strip()
    digits = text[1:] if text[:1] in {"-", "+"} else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19:
        return None
    return int(text)


def to_flag(text: str) -> bool | None:
    """True, False, or None when the value says nothing (libcloud sends `None`)."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def to_date(text: str) -> datetime | None:
    """A time, UTC when it names no zone; None when it is none."""
    for form in _DATES:
        try:
            moment = datetime.strptime(text.strip().replace("Z", "+0000"), form)  # noqa: DTZ007 - zone added below
        except ValueError:
            continue
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return None


def names_a_day(text: str) -> bool:
    """Whether a time was given without its hour: as an end it means the end of that day."""
    return len(text.strip()) == len("2026-11-21")


@functools.cache
def whole_table() -> Mapping[str, ApiCommand]:
    """All of CloudStack's commands by name in lower case; some 40 ms and 10 MB, for documentation and choosing."""
    packed = (resources.files("netloom.faces.cloudstack") / "data" / "api.json.gz").read_bytes()
    commands = msgspec.json.decode(gzip.decompress(packed), type=tuple[ApiCommand, ...])
    return {command.name.lower(): command for command in commands}


def table_of(names: Iterable[str]) -> Mapping[str, ApiCommand]:
    """The rows of these commands, by name in lower case.

    Raises:
        KeyError: CloudStack has no such command, or spells it otherwise.
    """
    table = whole_table()
    chosen = {}
    for name in names:
        row = table[name.lower()]
        if row.name != name:
            raise KeyError(f"CloudStack spells it {row.name}, not {name}")
        chosen[name.lower()] = row
    return chosen


def _check_entry(command: str, param: Param, entry: Mapping[str, str]) -> None:
    for key, value in entry.items():
        if len(value) > max(param.length, 65_535):
            raise refused(command, f"{param.name}.{key[:64]}", value, f"{len(value)} characters")


def _listed_by(param: Param) -> str:
    lists = [name for name in param.related.split(",") if name.startswith("list")]
    return (
        f"an id as {lists[0]} gives it"
        if lists
        else "an id, for example 3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab"
    )
