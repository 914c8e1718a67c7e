"""Plays the tour and prints how far it is: `python -m tests.faces.cloudstack.replay [--area networks] [--call 57]`."""

from __future__ import annotations

import argparse
import asyncio

import structlog
from tests.faces.cloudstack.replay.differences import Table
from tests.faces.cloudstack.replay.play import play
from tests.faces.cloudstack.replay.report import print_report
from tests.faces.cloudstack.replay.server import in_process
from tests.faces.cloudstack.replay.stage import build


async def main() -> None:
    """Play and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--area", help="only calls of an area, or with this in their command's name")
    parser.add_argument("--call", type=int, help="only this call, with both answers whole")
    parser.add_argument("--log", action="store_true", help="show the log")
    arguments = parser.parse_args()
    if not arguments.log:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    async with in_process() as client:
        for failed in await build(client):
            print(f"stage: {failed}")
        played = await play(client)
    print_report(played, Table(), arguments.area, arguments.call)


if __name__ == "__main__":
    asyncio.run(main())
