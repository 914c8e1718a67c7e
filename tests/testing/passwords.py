"""Passwords that cost tests nothing: hashing takes 80 ms of a processor on purpose, and hundreds of tests make users."""

from __future__ import annotations

from netloom.app.cloud import identity_passwords


def make_cheap() -> None:
    """From now on; what is right and what is wrong stays the same, and nobody's password costs what it does."""
    identity_passwords.COST = 2  # type: ignore[misc]
