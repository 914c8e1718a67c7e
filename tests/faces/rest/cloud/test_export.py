"""Everything as a file: what calls made comes back from it, on the same store and on an empty one.

The cloud is the recorded tour's, made by CloudStack's API, without the calls that take things away.
"""

from __future__ import annotations

import base64
import pathlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import yaml
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.play import play
from tests.faces.cloudstack.replay.recording import load
from tests.faces.cloudstack.replay.server import (
    administrator_keys,
    face_on,
    http_to,
    stand_ins,
    two_hosts,
    vlans_only,
)
from tests.faces.cloudstack.replay.stage import build
from tests.faces.conftest import ToldRuntime, every_kind
from tests.faces.rest.cloud.test_documents import applied
from tests.faces.rest.cloud.test_examples import text_of
from tests.faces.rest.test_files import post
from tests.faces.rest.test_resources import problem
from tests.testing import templates

from netloom.aio.tasks import TaskKit
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.identity import Identities
from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.visibility import system_caller
from netloom.app.service import App
from netloom.contract.reports import PlanReport
from netloom.daemon.cloud import seeded_cloud
from netloom.faces.rest.api import create_api
from netloom.faces.rest.auth import trusted
from netloom.faces.rest.cloud.parts import CloudParts
from netloom.faces.rest.settings import RestSettings
from netloom.store.store import StoreOptions, open_store

NOBODY = "00000000-0000-4000-8000-00000000beef"
TAKES_AWAY = (
    "delete",
    "destroy",
    "expunge",
    "remove",
    "disassociate",
    "disable",
    "revoke",
    "release",
    "stop",
)
BUILT = (
    "Account", "AclItem", "CustomerGateway", "Domain", "EgressRule", "FirewallRule", "GuestNetwork", "IngressRule",
    "Instance", "LbMember", "LoadBalancer", "NetworkOffering", "PortForwardingRule", "PrivateGateway", "PublicIp",
    "PublicRange",
    "ServiceOffering", "ServiceProvider", "StaticNat", "StaticRoute", "StickinessPolicy", "Vpc", "VpnConnection",
)  # fmt: skip


@pytest.fixture
def backends() -> Backends:
    return stand_ins()


async def tour(cloud: Cloud) -> None:
    """Build what the tour builds."""
    await cloud.write_as(system_caller(), "test", vlans_only)
    await cloud.write_as(system_caller(), "test", two_hosts)
    key, secret = await cloud.write_as(system_caller(), "test", administrator_keys)
    async with http_to(face_on(cloud)) as http:
        client = Client(http, key, secret)
        assert await build(client) == []
        await play(client, [call for call in load() if not call.command.startswith(TAKES_AWAY)])


async def whole(http: httpx.AsyncClient) -> str:
    answer = await http.get("/v1/export", params={"all": "true"})
    assert answer.status_code == 200, answer.text
    return answer.text


async def planned(http: httpx.AsyncClient, text: str) -> PlanReport:
    answer = await post(http, "/v1/plan", text)
    assert answer.status_code == 200, answer.text
    return PlanReport.model_validate_json(answer.content)


@asynccontextmanager
async def empty(folder: pathlib.Path) -> AsyncIterator[httpx.AsyncClient]:
    """Another netloom that nobody has told anything."""
    async with open_store(StoreOptions(templates.migrated(folder / "other.db"))) as store:
        cloud = await seeded_cloud(store, stand_ins())
        async with TaskKit("other") as kit:
            kit.launch(cloud.run(), "jobs")
            parts = CloudParts(Resources(cloud, every_kind()), Identities(cloud).signer, list)
            api = create_api(App(store, ToldRuntime()), RestSettings(), cloud=parts)
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(trusted(api)), base_url="http://other"
            ) as client:
                yield client


def with_secrets(text: str) -> str:
    """The file after somebody gave accounts and users their passwords."""
    for kind, field in (("Account", "password"), ("User", "password"), ("CustomerGateway", "key")):
        text = text.replace(f"kind: {kind}\n", f"kind: {kind}\n{field}: secret\n")
    return text


def without_ids(text: str) -> list[object]:
    """The documents, in whatever order, without ids."""
    found = [each for each in yaml.safe_load_all(text) if each]
    return sorted(({name: value for name, value in each.items() if name != "id"} for each in found), key=repr)


async def test_what_the_api_made_applies_unchanged_and_makes_the_same_elsewhere(
    http: httpx.AsyncClient, cloud: Cloud, tmp_path: pathlib.Path
) -> None:
    await tour(cloud)
    text = await whole(http)
    kinds = {each["kind"] for each in yaml.safe_load_all(text) if each}
    assert kinds >= set(BUILT)
    assert "# left out: ApiKey " in text
    report = await planned(http, text)
    assert [(each.kind, each.name, each.fields) for each in report.objects] == []
    async with empty(tmp_path) as other:
        # The tour's administrator had renamed the first zone, and a physical network stays in its zone.
        renamed = await other.patch("/v1/zones/default", json={"name": "zim1"})
        assert renamed.status_code == 200, renamed.text
        made = await applied(other, with_secrets(text))
        assert made.created > 40
        assert without_ids(await whole(other)) == without_ids(text)
        again = await applied(other, await whole(other))
        assert (again.created, again.updated) == (0, 0)


async def test_what_files_declared_is_told_with_what_calls_made(
    http: httpx.AsyncClient, cloud: Cloud
) -> None:
    await cloud.write_as(system_caller(), "test", two_hosts)
    await applied(http, text_of("three-tenants.yaml"))
    made = await http.post("/v1/security-groups", json={"name": "belated"})
    assert made.status_code == 201, made.text
    data = base64.b64encode(b"#cloud-config\npassword: hush").decode()
    kept = await http.post("/v1/user-data", json={"name": "boot", "data": data})
    assert kept.status_code == 201, kept.text
    home = next(
        each for each in (await http.get("/v1/guest-networks")).json()["items"] if each["name"] == "home"
    )
    changed = await http.patch(f"/v1/guest-networks/{home['id']}", json={"display_text": "moved out"})
    assert changed.status_code == 200, changed.text
    as_said = (await http.get("/v1/export")).text
    assert "belated" not in as_said
    assert "moved out" not in as_said
    text = await whole(http)
    assert "belated" in text
    assert "moved out" in text
    assert data not in text
    report = await planned(http, text)
    assert [(each.kind, each.name, each.fields) for each in report.objects] == []
    listed = (
        await http.get("/v1/export", params={"all": "true"}, headers={"accept": "application/json"})
    ).json()
    assert len(listed["items"]) == len([each for each in yaml.safe_load_all(text) if each])


async def test_a_document_that_says_less_is_refused_where_there_is_nothing_yet(
    http: httpx.AsyncClient,
) -> None:
    text = f"kind: Account\nname: zoe\nid: {NOBODY}\ntype: User\nusername: zoe\n"
    found = problem(await post(http, "/v1/apply", text), 422, "missing-field")
    assert "is missing" in found.detail
    problem(await post(http, "/v1/apply", text.replace(NOBODY, "nonsense")), 422, "invalid-input")
    problem(await http.get("/v1/export", params={"all": "perhaps"}), 422, "invalid-input")
