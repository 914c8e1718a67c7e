"""The table of differences that are meant, and which of its lines and which differences belong together.

    [[planned]]     commands that are not there yet
    [[field]]       fields that netloom has no meaning for, by the key that their object stands under
    [[call]]        differences of one call, by its number and command; `differs` are texts, `*` stands for anything

Every line has a reason. A line that fits nothing is stale, and as wrong as a difference that no line fits.
"""

from __future__ import annotations

import fnmatch
import pathlib
import tomllib
from dataclasses import dataclass, field

FILE = pathlib.Path(__file__).parent / "differences.toml"


@dataclass
class Line:
    """One entry; `used` are the parts that fitted something."""

    title: str
    reason: str
    parts: tuple[str, ...]
    used: set[str] = field(default_factory=set)


class Table:
    """The table as read."""

    def __init__(self, text: str | None = None) -> None:
        tree = tomllib.loads(FILE.read_text() if text is None else text)
        self.planned = [
            Line("planned", line["reason"], tuple(line["commands"])) for line in tree.get("planned", [])
        ]
        self.fields = [
            Line(line["object"], line["reason"], tuple(line["names"])) for line in tree.get("field", [])
        ]
        self.calls = [
            Line(f"{line['number']} {line['command']}", line["reason"], tuple(line["differs"]))
            for line in tree.get("call", [])
        ]

    def is_planned(self, command: str) -> bool:
        """Whether a command that is not there is listed as planned."""
        return any(_use(line, lambda part: part == command) for line in self.planned)

    def is_meant(self, number: int, command: str, difference: str) -> bool:
        """Whether a difference of a call is listed."""
        title = f"{number} {command}"
        for line in self.calls:
            if line.title == title and _use(
                line, lambda part: fnmatch.fnmatchcase(difference, _literal(part))
            ):
                return True
        if not difference.startswith("missing: "):
            return False
        kind, _, name = difference.removeprefix("missing: ").partition(".")
        return any(
            fnmatch.fnmatchcase(kind, line.title) and _use(line, lambda part: part == name)
            for line in self.fields
        )

    def stale(self) -> list[str]:
        """Lines and parts of lines that fitted nothing."""
        return [
            f"{line.title}: {part}"
            for line in (*self.planned, *self.fields, *self.calls)
            for part in line.parts
            if part not in line.used
        ]


def _literal(part: str) -> str:
    """A pattern in which only the star means anything."""
    return part.replace("[", "[[]").replace("?", "[?]")


def _use(line: Line, fits) -> bool:  # noqa: ANN001 - a predicate
    hits = [part for part in line.parts if fits(part)]
    line.used.update(hits)
    return bool(hits)
