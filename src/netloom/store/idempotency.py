"""Idempotency keys: a request that is sent again is answered again, not done again.

Rule 1: the key, a hash of the request and its answer are kept in the transaction that did the work.
Rule 2: a key is good for one request and for a day.
"""

from __future__ import annotations

import hashlib
import zlib

import msgspec
from sqlalchemy import delete, insert, select

from netloom.base.errors import Conflict, InvalidInput
from netloom.model.kinds import Kind
from netloom.model.objects import OBJECT_TYPES, Object
from netloom.model.specs import Spec
from netloom.store import tables
from netloom.store.transaction import Transaction

KEPT_MICROSECONDS = 24 * 3600 * 1_000_000
MAX_KEY = 255


def request_hash(kind: Kind, specs: tuple[Spec, ...]) -> str:
    """What tells one request from another."""
    text = msgspec.json.encode((kind.value, specs), order="deterministic")
    return hashlib.sha256(text).hexdigest()


def check_key(key: str) -> str:
    """A key that can be kept.

    Raises:
        InvalidInput: empty, too long or not printable.
    """
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise InvalidInput(
            "this is no idempotency key",
            subject="Idempotency-Key",
            hint=f"1 to {MAX_KEY} printable characters",
        )
    return key


def recall(tx: Transaction, key: str, digest: str, kind: Kind) -> tuple[Object, ...] | None:
    """The objects that this request made, if it was done before; raises as `recall_answer`."""
    answer = recall_answer(tx, key, digest)
    if answer is None:
        return None
    item_type = OBJECT_TYPES[kind]
    items: tuple[Object, ...] = msgspec.json.decode(answer, type=tuple[item_type, ...])  # type: ignore[valid-type]
    return items


def recall_answer(tx: Transaction, key: str, digest: str) -> bytes | None:
    """The answer to this request, if it was done before.

    Raises:
        Conflict: the key was used for another request (`idempotency-key-reused`).
    """
    c = tables.idempotency.c
    row = tx.connection.execute(
        select(c.request_hash, c.answer).where(c.key == key, c.at > tx.now - KEPT_MICROSECONDS)
    ).one_or_none()
    if row is None:
        return None
    if row[0] != digest:
        raise Conflict(
            "the idempotency key was used for another request",
            code="idempotency-key-reused",
            subject="Idempotency-Key",
            hint="use a new key for each new request",
        )
    return zlib.decompress(row[1])


def remember(tx: Transaction, key: str, digest: str, items: tuple[Object, ...]) -> None:
    """Keep the objects that a request made."""
    remember_answer(tx, key, digest, msgspec.json.encode(items))


def remember_answer(tx: Transaction, key: str, digest: str, answer: bytes) -> None:
    """Keep an answer; forget those that are too old."""
    c = tables.idempotency.c
    tx.connection.execute(
        delete(tables.idempotency).where((c.at <= tx.now - KEPT_MICROSECONDS) | (c.key == key))
    )
    tx.connection.execute(
        insert(tables.idempotency).values(
            key=key, request_hash=digest, answer=zlib.compress(answer, 1), at=tx.now
        )
    )
