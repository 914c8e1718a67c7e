"""The built-in certificate authority: files in one directory, no server, no database.

    controller-ca.{crt,key}   signs netloom's own certificate; hosts trust this one       (controller-trust.crt)
    host-ca.{crt,key}         signs the hosts' certificates; netloom trusts this one       (host-trust.crt)
    controller.{crt,key}      what netloom shows
    hosts/NAME.{crt,key}      what a host shows

Two authorities, because Open vSwitch accepts whoever its CA signed as its controller: with one, any host could command any
other.

Rule 1: keys are written with mode 0600, in a directory of mode 0700, before they have their name (no moment in between).
Rule 2: a rotation breaks nothing: the old host CA stays trusted for a while, and the new controller CA is vouched for by the
    old one (a cross certificate in the chain that netloom shows), so that hosts may be updated at leisure.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import pathlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.switches.tls import TlsFiles

CA_DAYS = 3650
LEAF_DAYS = 825
OVERLAP_DAYS = 90
BACKDATE = dt.timedelta(hours=1)
"""Certificates begin before now: hosts' clocks differ."""

_DNS = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\w.-]")


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, as files, and until when it is good (UTC)."""

    certificate: pathlib.Path
    key: pathlib.Path
    not_after: dt.datetime
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Root:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Authority:
    """The CA in a directory."""

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory

    # -- life ------------------------------------------------------------------------------------------------------

    @property
    def exists(self) -> bool:
        """Whether it was made."""
        return (self._directory / "host-ca.crt").exists()

    def init(self, now: dt.datetime) -> TlsFiles:
        """Make both authorities and netloom's own certificate.

        Raises:
            Conflict: there is one already.
        """
        if self.exists:
            raise Conflict(
                "there is a CA already",
                subject=str(self._directory),
                code="ca-exists",
                hint="netloom ca rotate replaces it without a break",
            )
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self._directory / "hosts").mkdir(exist_ok=True, mode=0o700)
        for role in ("controller", "host"):
            self._save_root(role, _make_root(role, now))
        self._write_trust(now)
        self._issue_controller(now, None)
        return self.files()

    def rotate(self, now: dt.datetime, overlap_days: int = OVERLAP_DAYS) -> TlsFiles:
        """Make new authorities; what the old ones signed is good for `overlap_days` more.

        Raises:
            NotFound: there is no CA.
        """
        ends = (now + dt.timedelta(days=overlap_days)).strftime("%Y%m%d")
        old = {role: self._load_root(role) for role in ("controller", "host")}
        for role, root in old.items():
            serial = f"{root.certificate.serial_number:x}"[:8]
            previous = self._directory / f"{role}-ca.previous-{ends}-{serial}.crt"
            _write(previous, _pem(root.certificate), secret=False)
            self._save_root(role, _make_root(role, now))
        self._write_trust(now)
        self._issue_controller(now, old["controller"])
        return self.files()

    # -- certificates ----------------------------------------------------------------------------------------------

    def files(self) -> TlsFiles:
        """What netloom itself uses."""
        return TlsFiles(
            self._directory / "controller.crt",
            self._directory / "controller.key",
            self._directory / "host-trust.crt",
        )

    def issue_host(
        self,
        name: str,
        now: dt.datetime,
        *,
        host_id: Uuid | None = None,
        addresses: Sequence[str] = (),
        days: int = LEAF_DAYS,
    ) -> Issued:
        """A certificate for a host, which names it: only that host may use it.

        Args:
            name: as declared (`netloom host add NAME`).
            now: UTC.
            host_id: its id, when known: the certificate survives a renaming.
            addresses: IP addresses to put into it, for other clients.
            days: how long it is good.
        """
        root = self._load_root("host")
        stem = self._directory / "hosts" / _UNSAFE.sub("_", name)
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _make_leaf(root, key, name, _names(name, host_id, addresses), now, days)
        return self._save_leaf(stem, [leaf], key)

    def export(self) -> str:
        """What a host has to trust (PEM): put it into the host's `ovs-vsctl set-ssl … CA-CERT`."""
        return (self._directory / "controller-trust.crt").read_text("ascii")

    def expiring(self, now: dt.datetime, days: int = 30) -> list[tuple[pathlib.Path, dt.datetime]]:
        """Certificates that end within `days`, for a warning."""
        limit = now + dt.timedelta(days=days)
        found: list[tuple[pathlib.Path, dt.datetime]] = []
        for path in [*sorted(self._directory.glob("*.crt")), *sorted(self._directory.glob("hosts/*.crt"))]:
            ends = _read(path)[0].not_valid_after_utc
            if ends <= limit and "previous" not in path.name:
                found.append((path, ends))
        return found

    # -- inside ----------------------------------------------------------------------------------------------------

    def _issue_controller(self, now: dt.datetime, old: _Root | None) -> None:
        root = self._load_root("controller")
        key = ec.generate_private_key(ec.SECP256R1())
        chain = [_make_leaf(root, key, "netloom controller", [], now, LEAF_DAYS)]
        if old is not None:
            # The new authority, signed by the old one: hosts that trust only the old one follow the chain.
            chain.append(_cross(root, old, now))
        self._save_leaf(self._directory / "controller", chain, key)

    def _save_leaf(
        self, stem: pathlib.Path, chain: list[x509.Certificate], key: ec.EllipticCurvePrivateKey
    ) -> Issued:
        certificate, key_path = stem.parent / f"{stem.name}.crt", stem.parent / f"{stem.name}.key"
        _write(key_path, _key_pem(key), secret=True)
        _write(certificate, b"".join(map(_pem, chain)), secret=False)
        leaf = chain[0]
        return Issued(
            certificate, key_path, leaf.not_valid_after_utc, leaf.fingerprint(hashes.SHA256()).hex()
        )

    def _save_root(self, role: str, root: _Root) -> None:
        _write(self._directory / f"{role}-ca.key", _key_pem(root.key), secret=True)
        _write(self._directory / f"{role}-ca.crt", _pem(root.certificate), secret=False)

    def _load_root(self, role: str) -> _Root:
        path = self._directory / f"{role}-ca.key"
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except FileNotFoundError as error:
            raise NotFound(
                "there is no CA", subject=str(self._directory), code="no-ca", hint="netloom ca init"
            ) from error
        except ValueError as error:
            raise InvalidInput(f"not a key: {error}", subject=str(path)) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise InvalidInput("not a key that netloom made", subject=str(path))
        return _Root(_read(self._directory / f"{role}-ca.crt")[0], key)

    def _write_trust(self, now: dt.datetime) -> None:
        today = now.strftime("%Y%m%d")
        for role in ("controller", "host"):
            trusted = [(self._directory / f"{role}-ca.crt").read_bytes()]
            for path in sorted(self._directory.glob(f"{role}-ca.previous-*.crt")):
                if path.name.split("-")[2] >= today:
                    trusted.append(path.read_bytes())
                else:
                    path.unlink()
            _write(self._directory / f"{role}-trust.crt", b"".join(trusted), secret=False)


def _names(name: str, host_id: Uuid | None, addresses: Sequence[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    if _DNS.match(name):
        names.append(x509.DNSName(name))
    if host_id is not None:
        names.append(x509.UniformResourceIdentifier(f"urn:uuid:{host_id}"))
    for address in addresses:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(address)))
        except ValueError as error:
            raise InvalidInput(
                f"{address!r} is not an IP address", subject="address", hint="for example 192.0.2.7"
            ) from error
    return names


def _subject(name: str) -> x509.Name:
    # X.520 limits a common name to 64 characters; a longer one is known by its id.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "netloom"),
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
        ]
    )


def _begin(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATE)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _as_ca(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True).add_extension(
        usage, critical=True
    )


def _make_root(role: str, now: dt.datetime) -> _Root:
    key = ec.generate_private_key(ec.SECP256R1())
    # The key in the name tells two authorities of one role apart, as the search for a chain needs.
    digest = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:12]
    subject = _subject(f"netloom {role} CA {now:%Y-%m-%d} {digest}")
    builder = _as_ca(_begin(subject, key.public_key(), now, CA_DAYS)).issuer_name(subject)
    return _Root(builder.sign(key, hashes.SHA256()), key)


def _cross(root: _Root, old: _Root, now: dt.datetime) -> x509.Certificate:
    days = max(1, (old.certificate.not_valid_after_utc - now).days)
    builder = _as_ca(_begin(root.certificate.subject, root.key.public_key(), now, days))
    return builder.issuer_name(old.certificate.subject).sign(old.key, hashes.SHA256())


def _make_leaf(
    root: _Root,
    key: ec.EllipticCurvePrivateKey,
    name: str,
    names: Sequence[x509.GeneralName],
    now: dt.datetime,
    days: int,
) -> x509.Certificate:
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = (
        _begin(_subject(name), key.public_key(), now, days)
        .issuer_name(root.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        # Either side may dial: `ssl:` of one is the `pssl:` of the other.
        .add_extension(both, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()), critical=False
        )
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(root.key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _read(path: pathlib.Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError, InvalidSignature) as error:
        raise InvalidInput(f"not a certificate: {error}", subject=str(path)) from error


def _write(path: pathlib.Path, content: bytes, *, secret: bool) -> None:
    """Write a file whole or not at all; a secret one is nobody else's at any moment."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
