"""Who is let in: keys, passwords, and what ends them."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from tests.app.cloud.people import account, keys, people

from netloom.app.cloud import accounts, configuration_change, identity_passwords, identity_users
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.configuration import UpdateConfiguration
from netloom.app.cloud.identity import Identities, _mark
from netloom.app.cloud.identity_passwords import hashed, is_password, make_hash
from netloom.app.cloud.identity_vault import Vault
from netloom.app.cloud.visibility import system_caller
from netloom.base.errors import InvalidInput, Unavailable
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import ApiKey, CallerKind, User
from netloom.model.cloud.jobs import Audit
from netloom.store.cloud.records import columns


async def test_a_key_says_who_signs_until_it_is_replaced(cloud: Cloud) -> None:
    who = await people(cloud)
    identities = Identities(cloud)
    first = await keys(cloud, who.alice)
    found = await identities.signer(first.key)
    assert found is not None
    assert found.caller == who.alice
    second = await keys(cloud, who.alice)
    assert await identities.signer(first.key) is None
    assert (await identities.signer(second.key)) is not None


async def test_disabling_a_user_or_an_account_closes_its_keys_at_once(cloud: Cloud) -> None:
    who = await people(cloud)
    identities = Identities(cloud)
    key = (await keys(cloud, who.alice)).key
    assert await identities.signer(key) is not None
    assert who.alice.user_id is not None
    await cloud.do(who.root, identity_users.LOCK, identity_users.OfUser(id=who.alice.user_id))
    assert await identities.signer(key) is None
    await cloud.do(who.root, identity_users.ENABLE, identity_users.OfUser(id=who.alice.user_id))
    assert await identities.signer(key) is not None
    await cloud.do(who.root, accounts.LOCK, accounts.ChangeState(id=who.alice.account_id))
    assert await identities.signer(key) is None
    assert await identities.user(who.alice.user_id, await mark(cloud, who.alice.user_id)) is None


async def test_keys_end_when_their_time_is_over(cloud: Cloud) -> None:
    who = await people(cloud)
    await cloud.do(
        who.root, configuration_change.UPDATE, UpdateConfiguration(name="user.keys.lifetime", value="3")
    )
    key = await keys(cloud, who.alice)
    assert key.expires_at is not None
    assert dt.timedelta(days=2) < key.expires_at - cloud.now() <= dt.timedelta(days=3)

    def age(work: object) -> None:
        work.update(msgspec.structs.replace(key, expires_at=cloud.now()))  # type: ignore[attr-defined]

    await cloud.write_as(system_caller(), "test", age)
    assert await Identities(cloud).signer(key.key) is None


async def test_passwords_open_in_the_right_domain_only(cloud: Cloud) -> None:
    who = await people(cloud)
    identities = Identities(cloud)
    for domain in ("/acme/", "acme", "ROOT/acme", "/acme", who.alice.domain_id):
        found = await identities.by_password("alice", "of alice", domain)
        assert found is not None, domain
        assert found.user.id == who.alice.user_id
    assert await identities.by_password("alice", "of bob", "/acme/") is None
    assert await identities.by_password("alice", "of alice", "/") is None
    assert await identities.by_password("nobody", "of alice", "/acme/") is None
    assert await identities.by_password("admin", "", "/") is None


async def test_the_store_and_the_audit_hold_no_secret(cloud: Cloud) -> None:
    who = await people(cloud)
    key = await keys(cloud, who.alice)
    plain = cloud.backends.vault.open(key.secret, f"api_key/{key.id}")
    audits = await cloud.read_as(system_caller(), lambda view: view.records.select(Audit))
    users = await cloud.read_as(system_caller(), lambda view: view.records.select(User))
    said = "".join(f"{audit.before}{audit.after}" for audit in audits) + repr(users) + repr(key)
    assert plain not in said
    assert "of alice" not in said
    kept = [audit.after for audit in audits if audit.resource_kind in {"user", "api_key"}]
    assert kept
    assert all("scrypt$" not in (after or "") and "v1." not in (after or "") for after in kept)


def test_a_vault_opens_only_its_own_and_only_in_its_place() -> None:
    vault = Vault("one key")
    sealed = vault.seal("a secret", "api_key/1")
    assert vault.open(sealed, "api_key/1") == "a secret"
    assert vault.seal("a secret", "api_key/1") != sealed
    for other, place, text in (
        (Vault("another key"), "api_key/1", sealed),
        (vault, "api_key/2", sealed),
        (vault, "api_key/1", sealed[:-4] + "AAA="),
        (vault, "api_key/1", "nonsense"),
    ):
        with pytest.raises(Unavailable, match="does not open"):
            other.open(text, place)


def test_passwords_are_salted_and_bad_lines_match_nothing() -> None:
    one, two = make_hash("pw", b"1" * 16), make_hash("pw", b"2" * 16)
    assert one != two
    assert is_password("pw", one)
    assert not is_password("pW", one)
    for line in (
        None,
        "",
        "scrypt$1",
        one.replace(f"${identity_passwords.COST}$", f"${2**30}$"),
        one.replace("scrypt", "md5"),
    ):
        assert not is_password("pw", line)
    for password in ("", "x" * 257):
        with pytest.raises(InvalidInput):
            make_hash(password, b"1" * 16)


async def test_the_first_administrator_is_there_with_the_password_that_was_handed_over(cloud: Cloud) -> None:
    identities = Identities(cloud)
    root = await identities.root()
    assert root.user_id is not None
    marked = await mark(cloud, root.user_id)
    assert await identities.user(root.user_id, marked) == root
    assert root.kind is CallerKind.ROOT_ADMIN
    await cloud.do(
        root, identity_users.UPDATE, identity_users.UpdateUser(id=root.user_id, password=await hashed("new"))
    )
    found = await identities.by_password("admin", "new", "/")
    assert found is not None
    assert await identities.user(root.user_id, marked) is None, (
        "sessions end with the password that began them"
    )
    assert await identities.user(root.user_id, found.mark) == root


async def mark(cloud: Cloud, user_id: Uuid) -> str:
    """What a session of a user remembers of the password."""
    return await cloud.read_as(system_caller(), lambda view: _mark(view.get(User, user_id)))


async def test_keys_of_a_deleted_account_are_gone(cloud: Cloud) -> None:
    who = await people(cloud)
    key = await keys(cloud, who.alice)
    done = await cloud.do(who.root, accounts.DELETE, accounts.ChangeState(id=who.alice.account_id))
    assert done.job is not None
    await cloud.jobs.settled(done.job.id, 30.0)
    assert await Identities(cloud).signer(key.key) is None
    left = await cloud.read_as(
        system_caller(), lambda view: view.records.count(ApiKey, columns(ApiKey).id == key.id)
    )
    assert left == 0
    assert await account(cloud, "alice", who.alice.domain_id) is None


async def test_a_password_that_nobody_hashed_is_never_stored(cloud: Cloud) -> None:
    who = await people(cloud)
    assert who.alice.user_id is not None
    request = identity_users.UpdateUser(id=who.alice.user_id, password="plain")
    with pytest.raises(RuntimeError, match="as it is"):
        await cloud.do(who.alice, identity_users.UPDATE, request)
    right = msgspec.structs.replace(request, password=await hashed("plain"))
    await cloud.do(who.alice, identity_users.UPDATE, right)
    assert await Identities(cloud).by_password("alice", "plain", "acme") is not None
