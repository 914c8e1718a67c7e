"""The demo's table: what is claimed, whether it held, what was measured."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from rich import box
from rich.markup import escape
from rich.table import Table

from netloom.base.errors import NetloomError

S = TypeVar("S")


@dataclasses.dataclass
class _Row:
    title: str
    held: bool | None = None
    measured: str = ""
    seconds: float = 0.0


class Board:
    """The claims and what came of them."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._rows = [_Row(title) for title in titles]

    def play(self, index: int, claim: Callable[[S], str], scene: S) -> None:
        """Measure a claim; what goes wrong is what was measured."""
        row, began = self._rows[index], time.monotonic()
        try:
            row.measured = claim(scene)
            row.held = True
        except NetloomError as error:
            row.measured, row.held = str(error), False
        row.seconds = time.monotonic() - began

    @property
    def all_held(self) -> bool:
        """Whether every claim was measured and held."""
        return all(row.held for row in self._rows)

    def table(self) -> Table:
        """As it stands."""
        table = Table(box=box.ROUNDED, show_lines=True, expand=True)
        table.add_column("", width=2)
        table.add_column("claim", ratio=4)
        table.add_column("measured", ratio=6)
        table.add_column("s", justify="right", width=5)
        for row in self._rows:
            sign = {True: "[green]✔[/]", False: "[red]✘[/]", None: "[dim]…[/]"}[row.held]
            measured = escape(row.measured) if row.held is not False else f"[red]{escape(row.measured)}[/]"
            table.add_row(sign, row.title, measured, f"{row.seconds:.1f}" if row.held is not None else "")
        return table

    def verdict(self, seconds: float) -> str:
        """The last line."""
        failed = sum(row.held is not True for row in self._rows)
        if failed:
            return f"[red]{failed} of {len(self._rows)} claims did not hold[/] ({seconds:.0f} s)"
        return f"[green]All {len(self._rows)} claims held[/] ({seconds:.0f} s)"
