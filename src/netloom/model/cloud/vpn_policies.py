"""The grammar of what two VPN gateways agree on: IKE and ESP proposals, lifetimes, shared keys.

Rule 1: words are those of CloudStack's callers (`aes128-sha1;modp1536`), several apart by commas, the first preferred.
Rule 2: every accepted word is one that strongSwan knows; nothing else gets into its configuration.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from netloom.base.errors import InvalidInput

CIPHERS: Final = ("3des", "aes128", "aes192", "aes256")
HASHES: Final = ("md5", "sha1", "sha256", "sha384", "sha512")
GROUPS: Final = (
    "modp1024",
    "modp1536",
    "modp2048",
    "modp3072",
    "modp4096",
    "modp6144",
    "modp8192",
    "ecp256",
    "ecp384",
    "ecp521",
    "curve25519",
)
"""Diffie-Hellman groups; the last four are netloom's addition."""
WEAK: Final = frozenset({"3des", "md5", "modp1024"})
"""What is accepted because old peers have nothing else, and warned of."""

MAX_PROPOSALS: Final = 10
MAX_IKE_LIFETIME: Final = 86_400
MAX_ESP_LIFETIME: Final = 86_400
DEFAULT_IKE_LIFETIME: Final = 86_400
DEFAULT_ESP_LIFETIME: Final = 3_600
MAX_KEY: Final = 256
MIN_REMOTE_KEY: Final = 8
"""Characters of the shared key of a remote access VPN; people choose keys of their peers, netloom makes these."""

_KEY = re.compile(r'[^\x00-\x20\x7f"\\]+\Z')


class IkeVersion(enum.Enum):
    """Which key exchange: `ike` begins with version 2 and takes 1 from a peer that has nothing else."""

    EITHER = "ike"
    ONE = "ikev1"
    TWO = "ikev2"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing to agree on; ESP without a group has no perfect forward secrecy."""

    cipher: str
    hash: str
    group: str | None

    @property
    def weak(self) -> tuple[str, ...]:
        """Its words that nobody should use any more."""
        return tuple(word for word in (self.cipher, self.hash, self.group) if word in WEAK)

    def __str__(self) -> str:
        return f"{self.cipher}-{self.hash}" + (f";{self.group}" if self.group else "")


def parse_policy(text: str, subject: str) -> tuple[Proposal, ...]:
    """The proposals of a policy; `subject` is `ikepolicy` (where each has a group) or `esppolicy`.

    Raises:
        InvalidInput: a proposal is not of the form, or has an unknown word (`invalid-vpn-policy`).
    """
    parts = [part.strip().lower() for part in text.split(",")]
    if len(parts) > MAX_PROPOSALS:
        raise _policy(text, subject, f"{len(parts)} proposals; at most {MAX_PROPOSALS} are tried")
    return tuple(_proposal(part, text, subject) for part in parts)


def format_policy(proposals: tuple[Proposal, ...]) -> str:
    """The canonical text."""
    return ",".join(str(proposal) for proposal in proposals)


def _proposal(part: str, text: str, subject: str) -> Proposal:
    suite, *groups = part.split(";")
    words = suite.split("-")
    if len(words) != 2 or len(groups) > 1:
        raise _policy(text, subject, f"{part!r} is not cipher-hash;group")
    group = groups[0] if groups else None
    if group is None and subject == "ikepolicy":
        raise _policy(text, subject, f"{part!r} has no Diffie-Hellman group, and IKE needs one")
    for word, known, what in (
        (words[0], CIPHERS, "cipher"),
        (words[1], HASHES, "hash"),
        (group, GROUPS, "group"),
    ):
        if word is not None and word not in known:
            raise _policy(text, subject, f"{word!r} is not a {what}; one of {', '.join(known)}")
    return Proposal(words[0], words[1], group)


def check_lifetime(seconds: int | None, subject: str, default: int, largest: int) -> int:
    """Seconds after which keys are made anew.

    Raises:
        InvalidInput: not positive, or too long.
    """
    if seconds is None:
        return default
    if not 1 <= seconds <= largest:
        raise InvalidInput(f"a lifetime of {seconds} seconds", subject=subject, hint=f"1 to {largest}")
    return seconds


def check_key(text: str, subject: str = "ipsecpsk", shortest: int = 1) -> str:
    """A pre-shared key. The error does not repeat it.

    Raises:
        InvalidInput: too short, too long, or with characters that a key file cannot hold.
    """
    if not shortest <= len(text) <= MAX_KEY or not _KEY.match(text):
        raise InvalidInput(
            f"a shared key of {len(text)} characters that is too short, too long, or has blanks, quotes or backslashes",
            code="invalid-shared-key",
            subject=subject,
            hint=f"{shortest} to {MAX_KEY} printable characters",
        )
    return text


def parse_ike_version(text: str | None) -> IkeVersion:
    """A key exchange by its word.

    Raises:
        InvalidInput: there is no such version.
    """
    if text is None:
        return IkeVersion.EITHER
    try:
        return IkeVersion(text.strip().lower())
    except ValueError:
        raise InvalidInput(
            f"{text!r} is not a version of IKE", subject="ikeversion", hint="ike, ikev1 or ikev2"
        ) from None


def _policy(text: str, subject: str, why: str) -> InvalidInput:
    name = "IKE" if subject == "ikepolicy" else "ESP"
    example = "aes256-sha256;modp2048" if subject == "ikepolicy" else "aes256-sha256"
    return InvalidInput(
        f"{name} policy {text!r}: {why}",
        code="invalid-vpn-policy",
        subject=subject,
        hint=f"for example {example}",
    )
