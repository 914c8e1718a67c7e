"""What an operator asks netloomd for without starting it: is this configuration good, copy the store.

Rule 1: checking changes nothing: no directory, no token, no migration. Rule 2: every problem found is told, not the first.
"""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Iterator

from netloom.base.errors import NetloomError, Unavailable
from netloom.daemon.settings import Settings
from netloom.store.database import SqliteDatabase, open_database
from netloom.store.migrate import pending


async def check(settings: Settings) -> int:
    """Say what is wrong with what the settings point at; 0 when nothing is."""
    problems = [*_directories(settings), *_certificates(settings)]
    if not problems and (problem := await _store(settings)) is not None:
        problems.append(problem)
    for problem in problems:
        print(f"netloomd: {problem}", file=sys.stderr)  # noqa: T201 - a command's answer
    if not problems:
        print("the configuration is good")  # noqa: T201
    return 2 if problems else 0


def _directories(settings: Settings) -> Iterator[str]:
    paths = {"api.socket": settings.api.socket}
    if settings.api.listen:
        paths["api.token_file"] = settings.api.token_file
    if settings.store.url.startswith("sqlite"):
        paths["store.url"] = settings.store.url.partition("///")[2]
    for key, path in paths.items():
        if not path:
            continue
        folder = pathlib.Path(path).parent
        if not folder.is_dir():
            yield f"{key}: the directory {folder} does not exist (mkdir -p {folder})"
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield f"{key}: the directory {folder} may not be written to by this user"


def _certificates(settings: Settings) -> Iterator[str]:
    files = {
        "api.tls_certificate": settings.api.tls_certificate,
        "api.tls_key": settings.api.tls_key,
        "switches.certificate": settings.switches.certificate,
        "switches.key": settings.switches.key,
        "switches.ca": settings.switches.ca,
    }
    for key, path in files.items():
        if path and not os.access(path, os.R_OK):
            yield f"{key}: {path} cannot be read by this user"


async def _store(settings: Settings) -> str | None:
    path = _sqlite_path(settings)
    if path is not None and not path.exists():
        return None  # the first start makes it
    database = open_database(settings.store.url)
    try:
        await database.read(pending)
    except NetloomError as error:
        return str(error)
    finally:
        await database.close()
    return None


def _sqlite_path(settings: Settings) -> pathlib.Path | None:
    scheme, _, path = settings.store.url.partition("///")
    return pathlib.Path(path) if scheme.startswith("sqlite") else None


async def backup(settings: Settings, destination: pathlib.Path) -> int:
    """Copy the SQLite store as it is at one instant; netloomd may be running.

    Raises:
        Unavailable: there is no SQLite store, the destination exists, or the copy failed.
    """
    path = _sqlite_path(settings)
    if path is None:
        raise Unavailable(
            "PostgreSQL has its own backup", subject="store", code="backup-elsewhere", hint="use pg_dump"
        )
    if not path.exists():
        raise Unavailable("there is no store yet", subject=str(path), code="backup-failed")
    if os.path.lexists(destination):  # noqa: ASYNC240 - a command's one look before it begins
        raise Unavailable(
            "the file exists", subject=str(destination), code="backup-failed", hint="name another"
        )
    database = open_database(settings.store.url)
    try:
        if isinstance(database, SqliteDatabase):
            await database.backup(destination)
    finally:
        await database.close()
    print(f"copied to {destination}")  # noqa: T201 - a command's answer
    return 0
