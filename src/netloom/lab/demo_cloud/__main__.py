"""The program behind `make demo-cloud`: `python -m netloom.lab.demo_cloud`."""

from __future__ import annotations

import argparse
import sys
import time

from rich.console import Console
from rich.live import Live

from netloom.base.errors import NetloomError
from netloom.lab.demo.table import Board
from netloom.lab.demo_cloud.claims import CLAIMS
from netloom.lab.demo_cloud.scene import ZONES, stage
from netloom.lab.netloomd import example, stop_signal_as_exit


def main() -> int:
    """Play; the exit status is 0 only if every claim held."""
    parser = argparse.ArgumentParser(prog="demo-cloud", description=__doc__)
    parser.add_argument("--name", help="of the lab; a random one without it")
    words = parser.parse_args()
    stop_signal_as_exit()
    console = Console()
    began = time.monotonic()
    board = Board([title for title, _ in CLAIMS])
    try:
        with (
            console.status("Four hosts, two zones, netloomd …"),
            stage(example().parent, words.name) as scene,
        ):
            console.print(
                f"[bold]netloom[/] as a cloud on {len(ZONES)} hosts: on stage after {time.monotonic() - began:.1f} s"
            )
            with Live(board.table(), console=console, refresh_per_second=8) as live:
                for index, (_, claim) in enumerate(CLAIMS):
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


if __name__ == "__main__":
    sys.exit(main())
