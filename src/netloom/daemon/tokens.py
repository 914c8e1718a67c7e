"""Files of mode 0600 with a random text, made at the first start: the administrator's token, and keys like it.

Rule 1: the text itself is never logged and never on a command line. Rule 2: a file that others can read is refused.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import secrets
import stat

from netloom.base.errors import InvalidInput

TOKEN_BYTES = 32
MAX_TOKEN = 4_096


REMADE = "remove the file: a new one is made at the next start"


def load_or_make_token(path: pathlib.Path, kind: str = "token", *, hint: str = REMADE) -> str:
    """The token in the file; makes both when there is none.

    Args:
        path: of the file.
        kind: what the text is, for errors (`token`, `key`).
        hint: what to do about a file without one.

    Raises:
        InvalidInput: the file cannot be read or made, is empty, or is open to others.
    """
    if not os.path.lexists(path):
        _make(path)
    return _read(path, kind, hint)


def _make(path: pathlib.Path) -> None:
    """Whole or not at all: a file that a crash left empty would keep netloomd from starting."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its token counts
                os.link(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"cannot be made: {error.strerror}",
            subject=str(path),
            hint="a directory that netloomd may write to",
        ) from error


def _read(path: pathlib.Path, kind: str, hint: str) -> str:
    try:
        with path.open(encoding="ascii") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise InvalidInput(f"others may read the {kind}", subject=str(path), hint=f"chmod 600 {path}")
            token = file.read(MAX_TOKEN).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot be read: {error}", subject=str(path)) from error
    if len(token) < 16:
        raise InvalidInput(
            f"holds no {kind} of at least 16 characters",
            subject=str(path),
            hint=hint,
        )
    return token
