"""What makes a certificate good for a balancer: it is one, it holds now, its key is its own, its chain leads upward.

Rule 1: everything is parsed before anything is kept; what is kept is canonical PEM, the key without a password.
Rule 2: an error never quotes what was sent: it may be the key.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from netloom.base.errors import InvalidInput, TooLarge

MAX_CHAIN: Final = 10
MAX_OCTETS: Final = 65_536
"""Of a certificate, a key or a chain."""
_SPKI: Final = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that does, as PEM; `fingerprint`: SHA-256 in hexadecimal pairs."""

    certificate: str
    private_key: str
    chain: str | None
    fingerprint: str


def check_certificate(
    certificate: str, private_key: str, chain: str | None, password: str | None, at: dt.datetime
) -> Checked:
    """Hold what was uploaded against what a balancer needs.

    Args:
        certificate: one, PEM.
        private_key: its key, PEM: RSA or elliptic curve.
        chain: those that signed it, PEM, the nearest first.
        password: of the key, when it has one.
        at: the time that it has to hold at.

    Raises:
        InvalidInput: something is not what it should be (`bad-certificate`).
        TooLarge: more than a certificate has.
    """
    [leaf] = _certificates(certificate, "certificate", 1)
    key = _key(private_key, password)
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise _bad(
            f"the certificate holds from {leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}",
            "certificate",
            "one that holds now",
        )
    if leaf.public_key().public_bytes(*_SPKI) != key.public_key().public_bytes(*_SPKI):
        raise _bad(
            "the key is not the certificate's", "privatekey", "the key that the certificate was made for"
        )
    above = [] if not chain else _certificates(chain, "certchain", MAX_CHAIN)
    for signed, signer in zip([leaf, *above], above, strict=False):
        _check_signed(signed, signer)
    return Checked(
        certificate=_pem(leaf),
        private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        chain="".join(_pem(each) for each in above) or None,
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(":"),
    )


def _certificates(text: str, subject: str, most: int) -> list[x509.Certificate]:
    if len(text) > MAX_OCTETS:
        raise TooLarge(f"{len(text)} characters", subject=subject, hint=f"at most {MAX_OCTETS}")
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise _bad("it is no certificate", subject, "PEM: -----BEGIN CERTIFICATE-----") from error
    if len(found) > most:
        raise _bad(f"{len(found)} certificates", subject, f"at most {most}")
    return found


def _key(text: str, password: str | None) -> RSAPrivateKey | EllipticCurvePrivateKey:
    if len(text) > MAX_OCTETS:
        raise TooLarge(f"{len(text)} characters", subject="privatekey", hint=f"at most {MAX_OCTETS}")
    try:
        key = load_pem_private_key(text.encode(), password.encode() if password else None)
    except TypeError as error:
        hint = "leave the password out" if password else "send its password"
        raise _bad("the key and its password do not go together", "password", hint) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _bad("it is no key, or not with this password", "privatekey", "PEM, RSA or EC") from error
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise _bad("balancers take keys of RSA and elliptic curves only", "privatekey", "RSA or EC")
    return key


def _check_signed(signed: x509.Certificate, signer: x509.Certificate) -> None:
    try:
        signed.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise _bad(
            f"{signed.subject.rfc4514_string()!r} is not signed by {signer.subject.rfc4514_string()!r}",
            "certchain",
            "those that signed, the nearest first",
        ) from error


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _bad(text: str, subject: str, hint: str) -> InvalidInput:
    return InvalidInput(text, code="bad-certificate", subject=subject, hint=hint)
