"""What several commands for identity are given: an account by id or name, an id that the client chose, a password.

Rule 1: a password is hashed here, before it goes anywhere, and only for who may give the command.
"""

from __future__ import annotations

from netloom.app.cloud.identity_owner import named
from netloom.app.cloud.identity_passwords import hashed
from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.command import Call
from netloom.faces.cloudstack.table import refused
from netloom.model.cloud.permissions import Permission


async def account_id(call: Call) -> Uuid:
    """The account that a call names by id, or by name and domain.

    Raises:
        InvalidInput: neither was given.
        NotFound: there is no such account.
    """
    given = call.uuid("id")
    if given is not None:
        return given
    name, domain_id = call.text("account"), call.uuid("domainid")
    if not name:
        raise InvalidInput("no account was named", subject="id", hint="id, or account with domainid")
    return (await call.read(lambda view: named(view, name, domain_id))).id


def chosen_id(call: Call, name: str) -> Uuid | None:
    """An id that the client chose for what is made; None: netloom chooses.

    Raises:
        InvalidInput: it is none.
    """
    text, found = call.text(name), call.uuid(name)
    if text and found is None:
        raise refused(call.name, name, text, "not an id")
    return found


async def password(call: Call) -> str:
    """The password, hashed.

    Raises:
        Forbidden: the caller may not give this command: nobody has netloom hash for nothing.
        InvalidInput: it is empty or too long.
    """
    await call.permitted()
    return await hashed(call.need("password"))


def permission_given(text: str) -> Permission:
    """What a rule says.

    Raises:
        InvalidInput: it is neither.
    """
    for permission in Permission:
        if permission.value == text.strip().lower():
            return permission
    raise InvalidInput(f"{text[:64]!r} is no permission", subject="permission", hint="allow or deny")
