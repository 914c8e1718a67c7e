"""A request's parameters: read from query and form, looked up without regard to case, bounded.

Rule 1: what was sent is kept as it was sent, because that is what was signed; names are compared in lower case.
Rule 2: a parameter that is given twice with different values is refused: whoever checks and whoever acts must see the same.
Rule 3: what is read before the caller is known costs little: bytes, parameters and escapes are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from netloom.base.errors import InvalidInput, TooLarge

MAX_BYTES: Final = 2 * 1024 * 1024
"""Of a form; user data of 1 MiB, base64, fits."""
MAX_PARAMETERS: Final = 4_096
MAX_ESCAPES: Final = 200_000
"""Percent-encoded bytes: slow to decode, and few in what is long (base64)."""
MAX_NAME: Final = 255
MAX_INDEX: Final = 100_000
"""Of a map's entries (`tags[7].key`); the entries need not be consecutive."""

_ENTRY: Final = re.compile(r"([^\[\]]+)\[([0-9]{1,6})\]\.(.+)", re.DOTALL)
_BARE_ENTRY: Final = re.compile(r"([^\[\]]+)\[([0-9]{1,6})\]")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What one request was given.

    Attributes:
        sent: names and values as they were sent, for the signature.
        values: values by name in lower case; entries of maps are in `entries`.
        entries: entries of maps by the map's name in lower case, in the order of their indexes; inner names as sent.
    """

    sent: tuple[tuple[str, str], ...]
    values: Mapping[str, str]
    entries: Mapping[str, tuple[Mapping[str, str], ...]]

    def get(self, name: str) -> str | None:
        """The value of a parameter whose name is given in lower case; None when it was not sent."""
        return self.values.get(name)

    @property
    def command(self) -> str:
        """The command's name as sent; empty when none was."""
        return self.values.get("command", "")

    @property
    def wants_json(self) -> bool:
        """Whether the answer shall be JSON; XML is what is given without a word."""
        return self.values.get("response", "").lower() == "json"


def parse(query: bytes, form: bytes = b"") -> Parameters:
    """Parameters of a request's query string and, with a POST, its form.

    Raises:
        TooLarge: more parameters or bytes than are read.
        InvalidInput: text that is not UTF-8, or a parameter that has two values.
    """
    if len(query) + len(form) > MAX_BYTES:
        raise TooLarge(
            f"parameters of {len(query) + len(form)} bytes",
            code="request-too-large",
            hint=f"at most {MAX_BYTES} bytes",
        )
    escapes = query.count(b"%") + form.count(b"%")
    if escapes > MAX_ESCAPES:
        raise TooLarge(
            f"{escapes} percent-encoded bytes",
            code="request-too-large",
            hint=f"at most {MAX_ESCAPES}; long values are sent as base64",
        )
    return arrange([*_pairs(query), *_pairs(form)])


def arrange(sent: Sequence[tuple[str, str]]) -> Parameters:
    """The same for pairs that were decoded elsewhere; raises as `parse`."""
    if len(sent) > MAX_PARAMETERS:
        raise TooLarge(
            f"{len(sent)} parameters", code="request-too-large", hint=f"at most {MAX_PARAMETERS} parameters"
        )
    values: dict[str, str] = {}
    maps: dict[str, dict[int, dict[str, str]]] = {}
    kept: dict[str, str] = {}
    for name, value in sent:
        if len(name) > MAX_NAME:
            raise InvalidInput(
                f"a parameter's name of {len(name)} characters", code="malformed-request", hint="at most 255"
            )
        if "&" in name or "=" in name:
            # What is signed holds names as they are: such a name would read as several parameters, or hide one.
            raise InvalidInput(
                "a parameter's name that holds & or =",
                code="malformed-request",
                hint="leave these out of names",
            )
        entry = _ENTRY.fullmatch(name)
        bare = None if entry else _BARE_ENTRY.fullmatch(name)
        if entry is not None:
            place = maps.setdefault(entry[1].lower(), {}).setdefault(int(entry[2]), {})
            _put(place, entry[3], value, name)
        elif bare is not None:
            place = maps.setdefault(bare[1].lower(), {}).setdefault(int(bare[2]), {})
            _put(place, "", value, name)
        else:
            _put(values, name.lower(), value, name)
        kept[name] = value
    entries = {name: tuple(places[index] for index in sorted(places)) for name, places in maps.items()}
    return Parameters(tuple(kept.items()), values, entries)


def _put(place: dict[str, str], key: str, value: str, name: str) -> None:
    if place.setdefault(key, value) != value:
        raise InvalidInput(
            f"parameter {name[:64]} is given twice with different values",
            code="malformed-request",
            subject=name[:64],
            hint="give it once; names do not differ by case",
        )


def _pairs(text: bytes) -> Iterator[tuple[str, str]]:
    if not text:
        return
    parts = text.split(b"&", MAX_PARAMETERS + 1)
    if len(parts) > MAX_PARAMETERS:
        raise TooLarge(
            "too many parameters", code="request-too-large", hint=f"at most {MAX_PARAMETERS} parameters"
        )
    for part in parts:
        if part:
            name, _, value = part.partition(b"=")
            yield _decoded(name), _decoded(value)


def _decoded(text: bytes) -> str:
    plain = text.replace(b"+", b" ")
    raw = unquote_to_bytes(plain) if b"%" in plain else plain
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        raise InvalidInput(
            "the request holds bytes that are not UTF-8",
            code="malformed-request",
            hint="UTF-8, percent-encoded",
        ) from None
    if "\x00" in decoded:
        raise InvalidInput("the request holds a NUL character", code="malformed-request", hint="leave it out")
    return decoded
