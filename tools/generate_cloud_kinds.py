"""Writes the table of the cloud's kinds beside the contract: the command line reads it without a server.

.venv/bin/python tools/generate_cloud_kinds.py [--check]
"""

from __future__ import annotations

import pathlib
import sys

from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.resources.kinds import cloud_kinds
from netloom.contract.cloud import TABLE_FILE, table_bytes

TARGET = pathlib.Path(__file__).parent.parent / "src" / "netloom" / "contract" / TABLE_FILE


def main() -> int:
    """Write it, or say that it is not current."""
    made = table_bytes(cloud_kinds(by_name()).specs)
    if TARGET.exists() and TARGET.read_bytes() == made:
        return 0
    if "--check" in sys.argv[1:]:
        sys.stderr.write(f"{TARGET.name} is not current: make generate\n")
        return 1
    TARGET.write_bytes(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
