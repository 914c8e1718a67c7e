"""SSH keys of accounts: public halves under names, which instances are given at their start.

Rule 1: a private key is made, told once to whoever asked, and never kept.
Rule 2: a fingerprint is the MD5 of the public key in pairs of hexadecimal digits: what CloudStack's clients compare with.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from netloom.app.cloud.instances_terms import check_display, check_room
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import SshKey
from netloom.store.cloud.records import columns

MAX_KEY: Final = 8192
TYPES: Final = frozenset(
    {
        "ssh-rsa",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)


class RegisterSshKey(msgspec.Struct, frozen=True, kw_only=True):
    """Keep a public key (`ssh-ed25519 AAAA... comment`) under a name."""

    name: str
    public_key: str
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


class CreateSshKey(RegisterSshKey, frozen=True, kw_only=True):
    """Make a pair of keys under a name; the private one is told once, in the answer."""


class DeleteSshKey(msgspec.Struct, frozen=True, kw_only=True):
    """Which key, by the name that its owner gave it."""

    name: str
    account: str | None = None
    domain_id: Uuid | None = None
    project_id: Uuid | None = None


def new_pair() -> tuple[str, str]:
    """A private key in OpenSSH's own format, and its public half on one line."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode(), public.decode()


def checked_key(text: str) -> tuple[str, str]:
    """A public key on one line, and its fingerprint.

    Raises:
        InvalidInput: it is none that OpenSSH would take.
    """
    words = text.strip().split(None, 2)
    if len(text) <= MAX_KEY and text.strip().isprintable() and len(words) >= 2 and words[0] in TYPES:
        try:
            blob = base64.b64decode(words[1], validate=True)
        except (binascii.Error, ValueError):
            blob = b""
        kind = words[0].encode()
        if blob.startswith(len(kind).to_bytes(4, "big") + kind) and len(blob) > len(kind) + 8:
            digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
            return " ".join(words), ":".join(digest[i : i + 2] for i in range(0, 32, 2))
    raise InvalidInput(
        "this is no public key of OpenSSH's",
        code="bad-ssh-key",
        subject="publickey",
        hint="one line: ssh-ed25519 AAAA... comment",
    )


def _register(work: Work, request: RegisterSshKey) -> SshKey:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    check_room(work, SshKey, owner)
    name = check_display(request.name, "name")
    public, fingerprint = checked_key(request.public_key)
    c = columns(SshKey)
    for where, what in (
        (c.name == name, f"called {name!r}"),
        (c.fingerprint == fingerprint, "that is the same"),
    ):
        there = work.records.first(SshKey, c.account_id == owner.id, where)
        if there is not None:
            raise Conflict(
                f"the account {owner.name!r} has a key {what} already: {there.name} ({there.id})",
                code="ssh-key-taken",
                subject="name",
                hint="delete it first, or choose another name",
            )
    return work.insert(SshKey(**work.owned(owner), name=name, fingerprint=fingerprint, public_key=public))


def _delete(work: Work, request: DeleteSshKey) -> SshKey:
    owner = work.owner(request.account, request.domain_id, request.project_id)
    c = columns(SshKey)
    found = work.records.first(SshKey, c.account_id == owner.id, c.name == request.name)
    if found is None:
        raise NotFound(
            f"the account {owner.name!r} has no SSH key {request.name[:64]!r}",
            code="ssh-key-not-found",
            subject="name",
        )
    work.delete(found)
    return found


CREATE = UseCase(
    name="ssh_key.create",
    command="createSSHKeyPair",
    event="REGISTER.SSH.KEYPAIR",
    request=CreateSshKey,
    begin=_register,
)
REGISTER = UseCase(
    name="ssh_key.register",
    command="registerSSHKeyPair",
    event="REGISTER.SSH.KEYPAIR",
    request=RegisterSshKey,
    begin=_register,
)
DELETE = UseCase(
    name="ssh_key.delete",
    command="deleteSSHKeyPair",
    event="DELETE.SSH.KEYPAIR",
    request=DeleteSshKey,
    begin=_delete,
)
USE_CASES = (CREATE, REGISTER, DELETE)
