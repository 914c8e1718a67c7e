"""Cookies: whose flow, of which pipeline, in which role, for which object. The only memory a switch needs to keep for us.

    63            48 47        40 39        32 31                              0
    │ owner 0x6e6c  │  version   │    role    │        object number            │

Rule 1: a flow is ours if and only if its cookie has our owner mark; all others are never touched.
Rule 2: the version is the pipeline's: a flow of another version is stale, and is replaced, not flushed.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from netloom.providers.ovs.pipeline.roles import ROLES, Role

OWNER: Final = 0x6E6C << 48  # "nl"
OWNER_MASK: Final = 0xFFFF << 48
VERSION: Final = 1
"""Of the pipeline: tables, registers and what they mean. One more with each change of them."""

_MARK: Final = OWNER | VERSION << 40


class CookieParts(msgspec.Struct, frozen=True, gc=False):
    """A cookie taken apart. `role` is None for a number that this version does not know."""

    version: int
    role: Role | None
    number: int


@cache
def _prefix(role: Role) -> int:
    return _MARK | role.number << 32


def cookie_of(role: Role, number: int = 0) -> int:
    """The cookie of a flow in a role for an object."""
    return _prefix(role) | number


def owns(cookie: int) -> bool:
    """Whether a flow with this cookie is ours."""
    return cookie & OWNER_MASK == OWNER


def parts_of(cookie: int) -> CookieParts | None:
    """What a cookie says; None when it is not ours."""
    if not owns(cookie):
        return None
    return CookieParts(cookie >> 40 & 0xFF, ROLES.get(cookie >> 32 & 0xFF), cookie & 0xFFFFFFFF)
