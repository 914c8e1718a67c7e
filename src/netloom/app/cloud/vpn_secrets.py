"""The secrets of VPNs: what each is sealed for, and opening them for the one who needs them in clear.

Rule 1: a record is kept and audited with its secret sealed; it is open for a router, in memory, and in
    its owner's answers.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.model.cloud.record import Record
from netloom.model.cloud.vpn import CustomerGateway, RemoteAccessVpn, VpnUser

R = TypeVar("R", bound=Record)


def customer_key_place(gateway_id: Uuid) -> str:
    """What a customer gateway's key is sealed for."""
    return f"customer_gateway/{gateway_id}"


def remote_key_place(vpn_id: Uuid) -> str:
    """What a remote access VPN's key is sealed for."""
    return f"remote_access_vpn/{vpn_id}"


def password_place(user_id: Uuid) -> str:
    """What a user's password is sealed for."""
    return f"vpn_user/{user_id}"


def for_router(view: View, record: R) -> R:
    """A record as its router is told it: with its secret in clear.

    Raises:
        Unavailable: it was sealed with another key file (`vault-locked`).
    """
    vault = view.backends.vault
    if isinstance(record, CustomerGateway):
        key = vault.open(record.key, customer_key_place(record.id))
        return msgspec.structs.replace(record, key=key)
    if isinstance(record, RemoteAccessVpn):
        key = vault.open(record.key, remote_key_place(record.id))
        return msgspec.structs.replace(record, key=key)
    if isinstance(record, VpnUser):
        password = vault.open(record.password, password_place(record.id))
        return msgspec.structs.replace(record, password=password)
    return record
