"""CloudStack's commands for users and their keys."""

from __future__ import annotations

from sqlalchemy import select

from netloom.app.cloud import identity_users as users
from netloom.app.cloud import keys
from netloom.app.cloud.identity_owner import named
from netloom.app.cloud.identity_passwords import verified
from netloom.app.cloud.visibility import visible
from netloom.app.cloud.work import View, missing
from netloom.base.errors import Forbidden, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.command import Call, Command, JobAnswer, Listing, One, Row, Rows, Success
from netloom.faces.cloudstack.commands.identity_given import chosen_id, password
from netloom.faces.cloudstack.scope import resolve
from netloom.faces.cloudstack.views.identity import user_rows
from netloom.model.cloud.identity import ACCOUNT_NUMBERS, Account, ApiKey, User
from netloom.store.cloud.records import columns


async def create_user(call: Call) -> object:
    """Adds a user to an account."""
    new = users.NewUser(
        username=call.need("username"),
        password=await password(call),
        first_name=call.need("firstname"),
        last_name=call.need("lastname"),
        email=call.need("email"),
        timezone=call.text("timezone") or None,
        user_id=chosen_id(call, "userid"),
    )
    return await call.do(
        users.CREATE,
        users.CreateUser(user=new, account=call.need("account"), domain_id=call.uuid("domainid")),
    )


async def update_user(call: Call) -> object:
    """Changes a user. Who changes their own password shows the current one."""
    for name in ("userapikey", "usersecretkey"):
        if call.text(name):
            raise InvalidInput(
                "keys are made by netloom", subject=name, hint="registerUserKeys gives new ones"
            )
    user_id = call.need_uuid("id")
    if call.text("password") and user_id == call.caller.user_id:
        await _check_current(call)
    return await call.do(
        users.UPDATE,
        users.UpdateUser(
            id=user_id,
            username=call.text("username") or None,
            password=await password(call) if call.text("password") else None,
            first_name=call.text("firstname") or None,
            last_name=call.text("lastname") or None,
            email=call.text("email") or None,
            timezone=call.text("timezone") or None,
        ),
    )


async def delete_user(call: Call) -> object:
    """Deletes a user with its keys."""
    return await call.do(users.DELETE, users.OfUser(id=call.need_uuid("id")))


async def enable_user(call: Call) -> object:
    """Enables a user."""
    return await call.do(users.ENABLE, users.OfUser(id=call.need_uuid("id")))


async def disable_user(call: Call) -> object:
    """Disables a user: it logs in and signs no more."""
    return await call.do(users.DISABLE, users.OfUser(id=call.need_uuid("id")))


async def lock_user(call: Call) -> object:
    """Locks a user: it logs in and signs no more until it is enabled."""
    return await call.do(users.LOCK, users.OfUser(id=call.need_uuid("id")))


async def move_user(call: Call) -> object:
    """Puts a user into another account of its domain; its keys and password stay."""
    user_id, chosen, name = call.need_uuid("id"), call.uuid("accountid"), call.text("account")
    if chosen is None and not name:
        raise InvalidInput("no account was named", subject="accountid", hint="accountid or account")

    def find(view: View) -> Uuid:
        return chosen or named(view, name or "", users.user_seen(view, user_id).domain_id).id

    return await call.do(users.MOVE, users.MoveUser(id=user_id, account_id=await call.read(find)))


async def list_users(call: Call) -> Rows:
    """Lists users: those of the caller's account, or with listall all that the caller administers."""
    c, a, number = columns(User), columns(Account), call.integer("accounttype")
    kinds = [kind.value for kind, its_number in ACCOUNT_NUMBERS.items() if its_number == number]
    return await call.select(
        User,
        call.match(c.id, "id"),
        call.match(c.username, "username"),
        call.match(c.state, "state"),
        None if number is None else c.account_id.in_(select(a.id).where(a.type.in_(kinds))),
        keyword=("username", "first_name", "last_name", "email"),
        also=lambda view: visible(c, view.caller, resolve(view, call.asked)),
    )


async def get_user(call: Call) -> object:
    """Finds a user by its API key."""
    wanted = call.need("userapikey")

    def find(view: View) -> User:
        key = view.records.first(ApiKey, columns(ApiKey).key == wanted)
        if key is None or (key.expires_at is not None and key.expires_at <= view.at):
            raise missing(User, "of this API key", "userapikey")
        try:
            return users.user_seen(view, key.user_id, "userapikey")
        except NotFound:  # whose it is is not told
            raise missing(User, "of this API key", "userapikey") from None

    return await call.read(find)


async def register_user_keys(call: Call) -> Row:
    """Gives a user a new pair of keys; those it had end."""
    done = await call.do(keys.REGISTER, keys.RegisterKeys(user_id=call.need_uuid("id")))
    return await call.read(lambda view: _pair(view, done.record))


async def get_user_keys(call: Call) -> Row:
    """Shows a user's pair of keys, to itself and to who administers its account."""
    user_id = call.need_uuid("id")

    def read(view: View) -> Row:
        key = keys.key_of(view, users.user_seen(view, user_id))
        return {} if key is None else _pair(view, key)

    return await call.read(read)


def _pair(view: View, key: ApiKey) -> Row:
    return {"apikey": key.key, "secretkey": keys.secret_of(view, key)}


async def _check_current(call: Call) -> None:
    """That who changes their own password knows the current one, if there is one.

    Raises:
        Forbidden: it is not the current one (`wrong-password`).
    """
    user = await call.read(lambda view: users.user_seen(view, call.need_uuid("id")))
    if user.password is None:
        return
    if not await verified(call.text("currentpassword") or "", user.password):
        raise Forbidden(
            "the current password is another one",
            code="wrong-password",
            subject="currentpassword",
            hint="send the password that the user has now",
        )


COMMANDS: tuple[Command, ...] = (
    Command("createUser", create_user, One("user", user_rows)),
    Command("updateUser", update_user, One("user", user_rows)),
    Command("deleteUser", delete_user, Success()),
    Command("enableUser", enable_user, One("user", user_rows)),
    Command(
        "disableUser",
        disable_user,
        JobAnswer(users.DISABLE, "user", user_rows, about="User", with_id=True),
    ),
    Command("lockUser", lock_user, One("user", user_rows)),
    Command("moveUser", move_user, Success()),
    Command("listUsers", list_users, Listing("user", user_rows)),
    Command("getUser", get_user, One("user", user_rows)),
    Command("registerUserKeys", register_user_keys, One("userkeys")),
    Command("getUserKeys", get_user_keys, One("userkeys")),
)
