"""Programs run to their end inside a namespace."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import subprocess
from collections.abc import Sequence

from netloom.lab import namespaces
from netloom.lab.errors import LabError


@dataclasses.dataclass(frozen=True)
class Completed:
    """A program that ended."""

    returncode: int
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    namespace: str | None = None,
    check: bool = True,
    timeout: float = 30.0,
    text: str | None = None,
) -> Completed:
    """Run a program.

    Args:
        command: program and arguments.
        namespace: where; None: where the caller is.
        check: raise when it fails.
        timeout: seconds.
        text: its standard input.

    Raises:
        LabError: it is not there, failed, or took too long.
    """
    try:
        with namespaces.entered(namespace) if namespace else contextlib.nullcontext():
            done = subprocess.run(
                list(command),
                input=text,
                stdin=subprocess.DEVNULL if text is None else None,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is not installed", code="missing-package") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{shlex.join(command)} took more than {timeout:g} s", code="timeout") from error
    if check and done.returncode:
        raise LabError(
            f"{shlex.join(command)} failed ({done.returncode}): {(done.stderr or done.stdout).strip()}",
            code="command-failed",
            subject=namespace,
        )
    return Completed(done.returncode, done.stdout, done.stderr)
