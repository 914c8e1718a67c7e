"""How a demo is shown: its stage is built, claim after claim is measured before the eyes, and everything is taken down.

Rule 1: the exit status is 0 only if every claim held; a stage that does not come up is told, not traced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from rich.console import Console
from rich.live import Live

from netloom.base.errors import NetloomError
from netloom.lab.demo.table import Board
from netloom.lab.netloomd import stop_signal_as_exit

S = TypeVar("S")


def show(
    claims: Sequence[tuple[str, Callable[[S], str]]],
    stage: AbstractContextManager[S],
    waiting: str,
    heading: Callable[[S], str],
) -> int:
    """Play the claims on a stage; what the process shall exit with.

    Args:
        claims: title and measurement of each.
        stage: what they are measured on.
        waiting: told while it is built.
        heading: what is on it, for the first line.
    """
    stop_signal_as_exit()
    console = Console()
    began = time.monotonic()
    board = Board([title for title, _ in claims])
    try:
        with console.status(waiting), stage as scene:
            console.print(f"{heading(scene)}: on stage after {time.monotonic() - began:.1f} s")
            with Live(board.table(), console=console, refresh_per_second=8) as live:
                for index, (_, claim) in enumerate(claims):
                    board.play(index, claim, scene)
                    live.update(board.table())
    except NetloomError as error:
        console.print(f"[red]error:[/] {error}", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("stopped; everything is taken down")
        return 130
    console.print(board.verdict(time.monotonic() - began))
    return 0 if board.all_held else 1
