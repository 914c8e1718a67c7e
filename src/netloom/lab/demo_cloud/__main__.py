"""The program behind `make demo-cloud`: `python -m netloom.lab.demo_cloud`."""

from __future__ import annotations

import argparse
import sys

from netloom.lab.demo.show import show
from netloom.lab.demo_cloud.claims import CLAIMS
from netloom.lab.demo_cloud.scene import ZONES, stage
from netloom.lab.netloomd import example


def main() -> int:
    """Play; the exit status is 0 only if every claim held."""
    parser = argparse.ArgumentParser(prog="demo-cloud", description=__doc__)
    parser.add_argument("--name", help="of the lab; a random one without it")
    words = parser.parse_args()
    return show(
        CLAIMS,
        stage(example().parent, words.name),
        "Four hosts, two zones, netloomd …",
        lambda _: f"[bold]netloom[/] as a cloud on {len(ZONES)} hosts",
    )


if __name__ == "__main__":
    sys.exit(main())
