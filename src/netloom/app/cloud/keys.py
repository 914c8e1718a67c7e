"""API keys of users: a pair to sign requests with.

Rule 1: a user has one pair; a new one ends the old one in the same transaction.
Rule 2: a secret is shown to whoever asks for keys (`registerUserKeys`, `getUserKeys`) and nowhere else.
"""

from __future__ import annotations

import base64
import datetime as dt
from typing import Final

import msgspec

from netloom.app.cloud import configuration
from netloom.app.cloud.identity_users import user_changed_by
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import View, Work
from netloom.base.errors import Forbidden
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, ApiKey, User
from netloom.model.cloud.permissions import check_rank
from netloom.store.cloud.records import columns

KEY_OCTETS: Final = 64
"""Random octets of a key, 86 characters as text: what clients were made for."""


class RegisterKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Give a user a new pair of keys; the old one ends."""

    user_id: Uuid


def _register(work: Work, request: RegisterKeys) -> ApiKey:
    user = user_changed_by(work, request.user_id)
    work.delete_all(work.records.select(ApiKey, columns(ApiKey).user_id == user.id))
    birth = work.birth()
    days = configuration.number(work, "user.keys.lifetime")
    return work.insert(
        ApiKey(
            **birth,
            user_id=user.id,
            key=_random(work),
            secret=work.backends.vault.seal(_random(work), f"api_key/{birth['id']}"),
            expires_at=work.at + dt.timedelta(days=days) if days else None,
        )
    )


def key_of(view: View, user: User) -> ApiKey | None:
    """A user's pair of keys, if it has one that has not ended."""
    key = view.records.first(ApiKey, columns(ApiKey).user_id == user.id)
    return None if key is None or (key.expires_at is not None and key.expires_at <= view.at) else key


def secret_of(view: View, key: ApiKey) -> str:
    """The secret of a pair, for whoever may have it.

    Raises:
        Forbidden: the pair is another user's, and the caller does not administer its account (`not-permitted`).
    """
    user = view.records.get(User, key.user_id)
    account = None if user is None else view.records.get(Account, user.account_id)
    if account is None or not (key.user_id == view.caller.user_id or view.caller.is_admin):
        raise Forbidden("these keys are another user's", code="not-permitted", subject="id")
    if key.user_id != view.caller.user_id:
        check_rank(view.caller, account.type, "id")
    return view.backends.vault.open(key.secret, f"api_key/{key.id}")


def _random(work: Work) -> str:
    octets = work.tx.random_bits(KEY_OCTETS * 8).to_bytes(KEY_OCTETS, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


REGISTER = UseCase(
    name="api_key.register",
    command="registerUserKeys",
    request=RegisterKeys,
    begin=_register,
    event="REGISTER.USER.KEY",
    text=lambda key: f"new keys for the user {key.user_id}",
)
USE_CASES = (REGISTER,)
