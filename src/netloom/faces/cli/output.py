"""Answers on stdout: a table for people, JSON or YAML for programs.

Rule 1: JSON and YAML are the API's own schema, whole; tables choose.
Rule 2: when stdout is no terminal, tables are neither cut nor coloured.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console, RenderableType

_WIDE: Final = 4_096


class Format(enum.StrEnum):
    """How to print an answer."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


def write(text: str) -> None:
    """Write text to stdout."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def write_data(value: BaseModel | Sequence[BaseModel] | dict[str, BaseModel], how: Format) -> None:
    """Write answers in the API's own schema."""
    if isinstance(value, dict):
        data: object = {name: item.model_dump(mode="json") for name, item in value.items()}
    elif isinstance(value, Sequence):
        data = [item.model_dump(mode="json") for item in value]
    else:
        data = value.model_dump(mode="json")
    write_plain(data, how)


def write_plain(data: object, how: Format) -> None:
    """Write an answer that is plain values already."""
    if how is Format.JSON:
        write(json.dumps(data, indent=2, ensure_ascii=False))
        return
    import yaml  # noqa: PLC0415 - only for those who ask for it

    write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=False))


def console() -> Console:
    """Stdout for people."""
    from rich.console import Console  # noqa: PLC0415 - 60 ms

    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False, soft_wrap=False)


def show(*parts: RenderableType) -> None:
    """Print renderables."""
    out = console()
    if sys.stdout.isatty():
        for part in parts:
            out.print(part)
        return
    with out.capture() as captured:
        for part in parts:
            out.print(part)
    write("\n".join(line.rstrip() for line in captured.get().splitlines()))


def rows(heads: Sequence[str], lines: Iterable[Sequence[str]], *, title: str | None = None) -> RenderableType:
    """A plain table; cells are text, never markup."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(
        box=None, pad_edge=False, title=title, title_justify="left", title_style="bold", header_style="bold"
    )
    for head in heads:
        table.add_column(head.upper(), overflow="fold")
    for line in lines:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in line))
    return table


def pairs(lines: Iterable[tuple[str, str]], *, title: str | None = None) -> RenderableType:
    """Names and values below each other; empty values are left out."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(
        box=None, pad_edge=False, show_header=False, title=title, title_justify="left", title_style="bold"
    )
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in lines:
        if value:
            table.add_row(Text(name), Text(value, style=_STYLES.get(value, "")))
    return table


def heading(text: str) -> RenderableType:
    """A line above a part."""
    from rich.text import Text  # noqa: PLC0415

    return Text("\n" + text, style="bold")


_STYLES: Final = {
    "Done": "green",
    "Pending": "yellow",
    "Error": "red",
    "Connected": "green",
    "Backoff": "yellow",
    "Refused": "red",
    "created": "green",
    "updated": "yellow",
    "deleted": "red",
}


def text_of(value: object) -> str:
    """A value as a cell: `-` for nothing, times in the local zone to the second."""
    match value:
        case None | "" | ():
            return "-"
        case bool():
            return "yes" if value else "no"
        case dt.datetime():
            return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        case dict():
            return ", ".join(f"{key}={item}" for key, item in value.items()) or "-"
        case list() | tuple():
            return ", ".join(text_of(item) for item in value)
        case _:
            return str(value)


def ago(value: dt.datetime | None, now: dt.datetime | None = None) -> str:
    """A time with how long ago it was: `2026-01-02 03:04:05 (2 h ago)`."""
    if value is None:
        return "-"
    seconds = ((now or dt.datetime.now(dt.UTC)) - value).total_seconds()
    return f"{text_of(value)} ({span(abs(seconds))} {'ago' if seconds >= 0 else 'from now'})"


def span(seconds: float) -> str:
    """Seconds in the unit that a person would choose."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
