"""Who may give which command, and that nobody learns of what is not theirs: role x command x ownership.

The commands come from the table of those that there are, the things from the store's: both grow by themselves.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from tests.faces.cloudstack import matrix
from tests.faces.cloudstack.matrix import (
    NOT_ASKED,
    TABLE,
    World,
    asked,
    ids_of,
    kinds_for,
    nobody,
    told,
    with_id,
)

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.model.cloud.permissions import ROOT_ADMIN_ROLE, Role, allowed

ROLES = ("root", "boss", "alice", "anonymous")
pytestmark = pytest.mark.timeout(300)  # thousands of calls each
PAIRS = (("mallory", "alice"), ("bob", "alice"), ("boss", "mallory"))
"""Who asks, and whose things they shall not learn of."""


@pytest.fixture
async def world(cloud: Cloud) -> AsyncIterator[World]:
    async with matrix.world(cloud) as made:
        yield made


async def test_roles_decide_about_each_command(world: World) -> None:
    wrong: list[str] = []
    for name in ROLES:
        client = world.anonymous if name == "anonymous" else world.clients[name]
        caller = None if name == "anonymous" else getattr(world.who, name)
        role = None
        if caller is not None:
            role = await world.cloud.read_as(
                system_caller(), lambda view, c=caller: view.records.get(Role, c.role_id)
            )
        for key, api in TABLE.items():
            if key in NOT_ASKED:
                continue
            status, body = await client.send({"command": api.name, **asked(api)})
            content = next(iter(body.values()))
            refused = status == 531 and f"does not allow {api.name}" in content.get("errortext", "")
            if role is None:
                if status != 401:
                    wrong.append(f"{name} {api.name}: {status}")
            elif refused == allowed(role, api.name) or (status == 401):
                wrong.append(f"{name} {api.name}: {status} {json.dumps(content)[:200]}")
            elif refused and content.get("cserrorcode") != 4365:
                wrong.append(f"{name} {api.name}: {content}")
            elif content.get("errorcode") == 530 and "log tells why" in content.get("errortext", ""):
                wrong.append(f"{name} {api.name}: failed unexpectedly")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("asker", "owner"), PAIRS)
async def test_what_belongs_to_others_is_as_if_it_never_was(world: World, asker: str, owner: str) -> None:
    client, caller = world.clients[asker], getattr(world.who, asker)
    role = await world.cloud.read_as(system_caller(), lambda view: view.records.get(Role, caller.role_id))
    assert role is not None
    assert role.id != ROOT_ADMIN_ROLE
    things = dict(world.things[owner])
    if asker == "bob":  # he is of the project and of the domain
        del things["project"], things["domain"]
    wrong: list[str] = []
    for key, api in TABLE.items():
        if key in NOT_ASKED or not allowed(role, api.name):
            continue
        for param in ids_of(api):
            sent = with_id(api, param, nobody())
            baseline = told(*await client.send({"command": api.name, **sent}))
            for word in kinds_for(api, param, things, world.things[owner]):
                sent = with_id(api, param, things[word])
                answer = told(*await client.send({"command": api.name, **sent}))
                if answer != baseline:
                    wrong.append(f"{api.name} {param.name}={word}: {answer} instead of {baseline}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("asker", "owner"), PAIRS)
async def test_no_list_holds_what_belongs_to_others(world: World, asker: str, owner: str) -> None:
    client = world.clients[asker]
    secret = set(world.things[owner].values())
    if asker == "bob":
        secret -= {world.who.common.id, world.who.acme.id}
    wrong: list[str] = []
    for api in TABLE.values():
        if not api.name.startswith("list"):
            continue
        for more in (
            {},
            {"listall": "true"},
            {"listall": "true", "projectid": "-1"},
            {"isrecursive": "true"},
        ):
            _, body = await client.send({"command": api.name, **asked(api), **more})
            text = json.dumps(body)
            wrong.extend(f"{api.name} {more}: {found}" for found in secret if found in text)
    assert not wrong, "\n".join(wrong)


async def test_who_owns_something_finds_it(world: World) -> None:
    """The other way round: the checks above look at things that their owners do see."""
    seen = ""
    for api in TABLE.values():
        if api.name.startswith("list"):
            params = {**asked(api), "listall": "true", "projectid": "-1"}
            for id_param in ("networkid", "vpcid"):
                if any(param.name == id_param and param.required for param in api.params):
                    params[id_param] = world.things["alice"][id_param.removesuffix("id")]
            _, body = await world.clients["alice"].send({"command": api.name, **params})
            seen += json.dumps(body)
    missing = {word for word, found in world.things["alice"].items() if found not in seen}
    assert len(missing) < len(world.things["alice"]) / 2, missing
