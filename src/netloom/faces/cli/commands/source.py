"""Where `-f FILE` comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from netloom.base.errors import InvalidInput, NetloomError
from netloom.faces.cli.failures import exit_of, tell

File = Annotated[
    str, typer.Option("-f", "--file", metavar="FILE", help="YAML or JSON; - for standard input.")
]


def read_source(file: str) -> tuple[bytes, str]:
    """The bytes of a file and their media type.

    Raises:
        InvalidInput: it cannot be read.
    """
    kind = "application/json" if file.endswith(".json") else "application/yaml"
    try:
        return (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()), kind
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}", subject="--file") from error


def refuse(error: NetloomError, file: str) -> typer.Exit:
    """Tells an error with its places in the file; raise what it gives."""
    tell(error, "<stdin>" if file == "-" else file)
    return typer.Exit(exit_of(error))
