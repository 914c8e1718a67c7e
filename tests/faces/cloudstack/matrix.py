"""What the permission matrix is made of: every command that there is, parameters that fit its table, people who ask.

Nothing here is a list of commands or kinds: what is added to the product is asked about from then on.
"""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from tests.app.cloud.one_of_each import one_of_each
from tests.app.cloud.people import People, keys, people
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import face_on, http_to

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.visibility import system_caller
from netloom.base.ids import Uuid
from netloom.faces.cloudstack.commands import COMMANDS
from netloom.faces.cloudstack.settings import FaceSettings
from netloom.faces.cloudstack.table import ApiCommand, Param, table_of
from netloom.model.cloud.identity import Account, Caller

TABLE = table_of(command.name for command in COMMANDS)
NOT_ASKED = frozenset({"queryasyncjobresult"})
"""Commands that wait for half a second when nothing ends: asked about in tests of their own."""
CHOSEN = frozenset({"customid", "externalid"})
"""Ids that callers make up."""
FITTING = {
    "protocol": "tcp",
    "cidrlist": "10.9.0.0/24",
    "cidr": "10.9.0.0/24",
    "gateway": "10.9.0.1",
    "netmask": "255.255.255.0",
    "permission": "allow",
    "algorithm": "roundrobin",
    "methodname": "LbCookie",
    "ipaddress": "10.9.0.5",
    "publicport": "80",
    "privateport": "80",
    "resourcetype": "Network",
    "email": "x@example.org",
}
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class World:
    """A cloud in which alice, mallory and carol each have one of everything."""

    cloud: Cloud
    who: People
    things: Mapping[str, Mapping[str, Uuid]]
    clients: Mapping[str, Client]
    anonymous: Client


@asynccontextmanager
async def world(cloud: Cloud) -> AsyncIterator[World]:
    """Make it."""
    who = await people(cloud)
    face = face_on(cloud, FaceSettings(rate=1e9, burst=10**9))
    things = {name: await _things(cloud, getattr(who, name)) for name in ("alice", "mallory")}
    things["alice"]["project"] = who.common.id
    async with http_to(face) as http:
        clients = {
            name: await _client(cloud, http, getattr(who, name))
            for name in ("root", "boss", "alice", "bob", "carol", "mallory")
        }
        yield World(cloud, who, things, clients, Client(http))


async def _things(cloud: Cloud, owner: Caller) -> dict[str, Uuid]:
    found = await cloud.write_as(
        system_caller(), "test", lambda work: one_of_each(work, work.get(Account, owner.account_id))
    )
    assert owner.user_id is not None
    return {**found, "account": owner.account_id, "user": owner.user_id, "domain": owner.domain_id}


async def _client(cloud: Cloud, http: httpx.AsyncClient, who: Caller) -> Client:
    key = await keys(cloud, who)
    secret = cloud.backends.vault.open(key.secret, f"api_key/{key.id}")
    return Client(http, key.key, secret)


def asked(api: ApiCommand) -> dict[str, str]:
    """Parameters that a command needs, of the right form and about nothing that is there."""
    return {
        key: value for param in api.params if param.required for key, value in _sent(param, nobody()).items()
    }


def with_id(api: ApiCommand, param: Param, found: str) -> dict[str, str]:
    """The same with an id in one of them."""
    return {**asked(api), **_sent(param, found)}


def ids_of(api: ApiCommand) -> Iterator[Param]:
    """The parameters of a command that may hold ids of things."""
    for param in api.params:
        name = param.name.lower()
        if name in CHOSEN:
            continue
        if param.type == "uuid" or (name.endswith(("id", "ids")) and param.type in {"string", "list"}):
            yield param


_numbers = itertools.count(1)


def kinds_for(api: ApiCommand, param: Param, things: Mapping[str, Uuid], known: Iterable[str]) -> list[str]:
    """The kinds that a parameter may be about: as its row and, for `id`, the command's name say; all when neither says it.

    What is told to be about something that nobody owns (a zone) is about none of them.
    """
    names = [name for name in param.related.split(",") if name]
    is_own = param.name.lower() in {"id", "ids"}
    nouns = _nouns([*names, api.name] if is_own else names)
    found = [word for word in known if word.replace("_", "") in nouns or _NAMES.get(word, "") in nouns]
    if not found and (not names or is_own):
        found = list(known)
    return [word for word in found if word in things]


def _nouns(names: Iterable[str]) -> set[str]:
    nouns = {re.sub(r"^[a-z]+", "", name).lower() for name in names}
    return (
        nouns | {noun.removesuffix("s") for noun in nouns} | {re.sub("ies$|es$", "", noun) for noun in nouns}
    )


_NAMES = {
    "public_ip": "publicipaddress",
    "instance": "virtualmachine",
    "acl_list": "networkacllist",
    "acl_item": "networkacl",
    "instance_nic": "nic",
    "load_balancer": "loadbalancerrule",
    "customer_gateway": "vpncustomergateway",
    "ssl_certificate": "sslcert",
    "stickiness_policy": "lbstickinesspolicy",
}


def nobody() -> str:
    """An id that never was."""
    return str(uuid.uuid4())


def told(status: int, body: object) -> tuple[int, object]:
    """An answer without the ids in it; of a success only what it consists of."""
    if status == 200:
        content = next(iter(body.values())) if isinstance(body, dict) else body
        return status, sorted(content) if isinstance(content, dict) else content
    return status, re.sub(r"x-\d+-x", "x", _IDS.sub("ID", json.dumps(body)))


def _sent(param: Param, found: str) -> dict[str, str]:
    name = param.name.lower()
    match param.type:
        case "uuid":
            return {name: found}
        case "boolean":
            return {name: "true"}
        case "integer" | "long" | "short":
            return {name: "1"}
        case "date":
            return {name: "2026-01-01"}
        case "map":
            return {f"{name}[0].key": "k", f"{name}[0].value": "v"}
    if name.endswith(("id", "ids")):
        return {name: found}
    return {name: FITTING.get(name, f"x-{next(_numbers)}-x")}
