"""The program behind `make demo`: `python -m netloom.lab.demo [FILE]`."""

from __future__ import annotations

import argparse
import pathlib
import sys

from netloom.lab.demo.claims import CLAIMS
from netloom.lab.demo.scene import Scene, stage
from netloom.lab.demo.show import show
from netloom.lab.netloomd import example


def heading(scene: Scene) -> str:
    """What is on stage."""
    version = next(iter(scene.lab.hosts.values())).appctl("version").split()[3]
    return (
        f"[bold]netloom[/] on {len(scene.lab.hosts)} hosts with Open vSwitch {version}, {len(scene.networks)} networks, "
        f"{len(scene.everybody())} guests"
    )


def main() -> int:
    """Play; the exit status is 0 only if every claim held."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("file", nargs="?", type=pathlib.Path, help="networks and NICs to declare")
    parser.add_argument("--name", help="of the lab; a random one without it")
    words = parser.parse_args()
    waiting = "Three hosts, netloomd, two tenants …"
    return show(CLAIMS, stage(words.file or example(), words.name), waiting, heading)


if __name__ == "__main__":
    sys.exit(main())
