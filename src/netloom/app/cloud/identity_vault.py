"""Secrets that netloom has to know again (API secret keys, pre-shared keys), sealed before they reach the store.

Rule 1: the key is a file beside the administrator's token, never in the database: a copy of the database tells no secret.
Rule 2: a secret is sealed for one record and one field: put elsewhere, it does not open.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from netloom.base.errors import Unavailable

NONCE_OCTETS: Final = 12
_FORM = "v1."


class Vault:
    """Seals and opens (AES-256-GCM, NIST SP 800-38D) with a key made from a text of at least 128 random bits."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"netloom vault " + key.encode()).digest())

    @classmethod
    def forgotten_at_exit(cls) -> Vault:
        """With a key that nobody keeps: for stores that do not outlive the process."""
        return cls(secrets.token_urlsafe(32))

    def seal(self, plain: str, place: str) -> str:
        """A text that only this vault opens, and only for this place (`api_key/ID`)."""
        nonce = secrets.token_bytes(NONCE_OCTETS)
        sealed = self._cipher.encrypt(nonce, plain.encode(), place.encode())
        return _FORM + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, sealed: str, place: str) -> str:
        """The text again.

        Raises:
            Unavailable: it was sealed with another key, for another place, or was changed (`vault-locked`).
        """
        try:
            octets = base64.urlsafe_b64decode(sealed.removeprefix(_FORM))
            return self._cipher.decrypt(octets[:NONCE_OCTETS], octets[NONCE_OCTETS:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Unavailable(
                f"the secret of {place} does not open with this key",
                code="vault-locked",
                subject=place,
                hint="netloomd has to run with the key file that was there when the secret was stored",
            ) from error
