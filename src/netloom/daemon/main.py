"""The `netloomd` program: reads settings, runs the daemon until a signal, or does one administrative thing.

Rule 1: everything that can be wrong with the settings is said before anything is opened or changed.
Rule 2: exit status: 0 done, 1 could not run (with the reason on standard error), 2 wrong usage or settings.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import pathlib
import sys
from collections.abc import Sequence

import netloom
from netloom.base.errors import NetloomError
from netloom.daemon import log_output, settings
from netloom.daemon.settings import Settings

DEFAULT_CONFIG = pathlib.Path("/etc/netloom/netloomd.toml")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netloomd", description="The netloom daemon: tenant networks for hosts with Open vSwitch."
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=pathlib.Path,
        help=f"settings in TOML (default: {DEFAULT_CONFIG} if it is there)",
    )
    parser.add_argument(
        "--check-config",
        action="store_true",
        help="check the settings, the store's version and the certificates; change nothing",
    )
    parser.add_argument("--version", action="version", version=f"netloomd {netloom.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    backup = commands.add_parser("backup", help="copy the SQLite store, consistent while netloomd runs")
    backup.add_argument("destination", type=pathlib.Path, help="file to write; must not exist")
    return parser


def _load(path: pathlib.Path | None) -> Settings:
    if path is None and DEFAULT_CONFIG.exists():
        path = DEFAULT_CONFIG
    return settings.load(path)


def _collect_rarely() -> None:
    """Records, fragments and what is imported live long and are not cyclic: fewer, later collections.

    It comes before the imports, because a seventh of their time goes into collections otherwise.
    """
    gc.set_threshold(50_000, 20, 100)


def main(argv: Sequence[str] | None = None) -> int:
    """Run; returns the exit status."""
    arguments = _arguments().parse_args(argv)
    try:
        loaded = _load(arguments.config)
    except NetloomError as error:
        print(f"netloomd: {error}", file=sys.stderr)  # noqa: T201 - before logging is configured
        return 2
    _collect_rarely()
    # Imported late: --version and a wrong settings file answer without loading the database and the web server.
    from netloom.daemon import administration, service  # noqa: PLC0415

    try:
        if arguments.check_config:
            return asyncio.run(administration.check(loaded))
        if arguments.command == "backup":
            return asyncio.run(administration.backup(loaded, arguments.destination))
        log_output.configure(loaded.log)
        return service.run(loaded)
    except NetloomError as error:
        print(f"netloomd: {error}", file=sys.stderr)  # noqa: T201 - the last word goes to whoever started us
        return 1


if __name__ == "__main__":
    sys.exit(main())
