"""Passwords as salted hashes (scrypt, RFC 7914), in one line of text that says how it was made.

Rule 1: hashing takes tens of milliseconds and 16 MiB on purpose: it happens in a thread, never inside a transaction.
Rule 2: comparing takes the same time whether a user exists or not.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from netloom.base.errors import InvalidInput

COST: Final = 2**14
BLOCK: Final = 8
PARALLEL: Final = 1
SALT_OCTETS: Final = 16
HASH_OCTETS: Final = 32
MAX_PASSWORD: Final = 256
MAX_COST: Final = 2**17
MEMORY: Final = 256 * MAX_COST * BLOCK
"""What scrypt may use, in octets: twice what the largest cost needs."""

_NOBODY = f"scrypt${COST}${BLOCK}${PARALLEL}$" + "$".join(
    base64.b64encode(bytes(size)).decode() for size in (SALT_OCTETS, HASH_OCTETS)
)
"""What the password of nobody is compared with."""

_threads = ThreadPoolExecutor(4, thread_name_prefix="passwords")
"""Not the threads that everybody shares: a hypervisor's adapter that hangs in those must keep nobody from logging in."""


def make_hash(password: str, salt: bytes) -> str:
    """The line that is stored.

    Raises:
        InvalidInput: the password is empty or longer than 256 characters.
    """
    if not password or len(password) > MAX_PASSWORD:
        raise InvalidInput(
            f"a password of {len(password)} characters",
            subject="password",
            hint=f"1 to {MAX_PASSWORD} characters",
        )
    made = _scrypt(password, salt, COST, BLOCK, PARALLEL, HASH_OCTETS)
    encoded = "$".join(base64.b64encode(part).decode() for part in (salt, made))
    return f"scrypt${COST}${BLOCK}${PARALLEL}${encoded}"


def is_password(password: str, stored: str | None) -> bool:
    """Whether a password is the one that was stored; takes its time also when nothing was."""
    try:
        name, cost, block, parallel, salt, made = (stored or _NOBODY).split("$")
        expected = base64.b64decode(made, validate=True)
        if name != "scrypt" or int(cost) > MAX_COST or len(password) > MAX_PASSWORD:
            return False
        found = _scrypt(
            password,
            base64.b64decode(salt, validate=True),
            int(cost),
            int(block),
            int(parallel),
            len(expected),
        )
    except ValueError:
        return False
    return hmac.compare_digest(found, expected) and stored is not None


def checked_hash(text: str) -> str:
    """A line as `make_hash` makes it: the last look before one is stored.

    Raises:
        RuntimeError: it is something else, most likely the password itself: whoever took it forgot to hash it.
    """
    if not text.startswith("scrypt$") or text.count("$") != _NOBODY.count("$"):
        raise RuntimeError("a password was about to be stored as it is")
    return text


async def hashed(password: str) -> str:
    """`make_hash` with a random salt, in a thread."""
    salt = secrets.token_bytes(SALT_OCTETS)
    return await asyncio.get_running_loop().run_in_executor(_threads, make_hash, password, salt)


async def verified(password: str, stored: str | None) -> bool:
    """`is_password` in a thread."""
    return await asyncio.get_running_loop().run_in_executor(_threads, is_password, password, stored)


def _scrypt(password: str, salt: bytes, cost: int, block: int, parallel: int, octets: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=MEMORY, dklen=octets
    )
