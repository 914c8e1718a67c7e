"""Secrets that are files beside the administrator's token: the vault's key and the first administrator's password.

Rule 1: what the database holds sealed opens only with the key's file: it is made once, kept, and belongs into backups.
Rule 2: the password is made for a store that has nobody yet, and read never again: who changes it may remove the file.
"""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib

import structlog

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.identity_passwords import hashed
from netloom.app.cloud.identity_vault import Vault
from netloom.base.errors import Unavailable
from netloom.daemon.tokens import load_or_make_token
from netloom.model.cloud.identity import ROOT_DOMAIN_ID, ApiKey, Domain
from netloom.store.cloud.records import Records
from netloom.store.store import Store

_log = structlog.get_logger("netloom.daemon")

VAULT_KEY = "vault.key"
FIRST_PASSWORD = "admin.password"  # noqa: S105 - a file's name
LOST = "put the file back that was there: what was sealed with it opens with no other"


async def with_secrets(backends: Backends, store: Store, directory: pathlib.Path) -> Backends:
    """The backends with the vault's key and, for a store without anybody, the first administrator's password.

    Raises:
        InvalidInput: a file cannot be read or made, is empty, or is open to others.
    """
    key = await asyncio.to_thread(load_or_make_token, directory / VAULT_KEY, "key", hint=LOST)
    vault = Vault(key)
    empty, sealed = await store.read(lambda connection: _kept(Records(connection)))
    if sealed is not None:
        _check(vault, sealed, directory / VAULT_KEY)
    password = None
    if empty:
        text = await asyncio.to_thread(load_or_make_token, directory / FIRST_PASSWORD, "password")
        password = await hashed(text)
    return dataclasses.replace(backends, vault=vault, first_password=password)


def _kept(records: Records) -> tuple[bool, ApiKey | None]:
    return records.get(Domain, ROOT_DOMAIN_ID) is None, records.first(ApiKey)


def _check(vault: Vault, sealed: ApiKey, path: pathlib.Path) -> None:
    """Tell operators at once that a key is the wrong one; what does not need it works all the same."""
    try:
        vault.open(sealed.secret, f"api_key/{sealed.id}")
    except Unavailable as error:
        _log.error("the vault's key does not open what is stored", path=str(path), hint=error.hint)
