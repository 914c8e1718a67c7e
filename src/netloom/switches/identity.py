"""Who a host is: what it says of itself, what its certificate proves, and what was pinned when it was admitted.

Rule 1: what is pinned must be shown; nothing that is shown replaces a pin silently.
Rule 2: a refusal names what was expected and what was shown, and how to accept the change on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from netloom.base.errors import Forbidden
from netloom.switches.stream import PeerCertificate


@dataclass(frozen=True, slots=True)
class Identity:
    """What a host shows. `system_id` is its own word; a certificate was verified against the CA."""

    system_id: str | None
    certificate: PeerCertificate | None = None

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the certificate, hex."""
        return self.certificate.fingerprint if self.certificate is not None else None


@dataclass(frozen=True, slots=True)
class Pin:
    """What a host has to show. None: nothing pinned yet; the first that is shown is learned.

    Args:
        names: names of the host (its name, its id): a certificate issued by netloom's CA has one of them, and one that has
            one is good for this host whatever its fingerprint, so that a rotation needs no new admission.
    """

    system_id: str | None
    fingerprint: str | None
    names: frozenset[str] = frozenset()


def check(pin: Pin, shown: Identity) -> None:
    """Compare.

    Raises:
        Forbidden: the host is another than the one pinned.
    """
    if pin.system_id is not None and shown.system_id != pin.system_id:
        raise Forbidden(
            f"the host shows system-id {shown.system_id or 'none'}, admitted was {pin.system_id}",
            code="host-identity-changed",
            hint="if the machine was reinstalled, admit it again",
        )
    certificate = shown.certificate
    named = certificate is not None and bool(pin.names & certificate.names)
    if pin.fingerprint is not None and not named and shown.fingerprint != pin.fingerprint:
        raise Forbidden(
            f"the host shows certificate {_short(shown.fingerprint)}, admitted was {_short(pin.fingerprint)}",
            code="host-certificate-changed",
            hint="if the certificate was replaced, admit the host again",
        )


def _short(fingerprint: str | None) -> str:
    """Enough of a fingerprint to tell two apart."""
    return f"{fingerprint.removeprefix('sha256:')[:16]}…" if fingerprint else "none"
