"""Files that declare the cloud: applied once, applied again, changed, planned, and refused whole."""

from __future__ import annotations

from unittest.mock import AsyncMock

import httpx
import pytest
from tests.faces.rest.test_files import post
from tests.faces.rest.test_resources import problem

from netloom.app.cloud.resources.applying import Applying
from netloom.app.cloud.resources.steps import Steps
from netloom.base.errors import Conflict
from netloom.contract.documents import Applied
from netloom.contract.problems import Problem
from netloom.contract.reports import PlanReport

OWNERS = """\
kind: Account
name: alice
domain: /acme/lab
type: User
username: alice
password: secret
first_name: A
last_name: L
email: alice@example.org
---
kind: Domain
name: lab
parent: acme
---
kind: Domain
name: acme
network_domain: acme.example
---
kind: Project
name: common
domain: /acme/lab
account: alice
"""
MIXED = """\
kind: Network
name: blue
isolation: geneve
cidr: 10.0.0.0/24
---
kind: ServiceOffering
name: tiny
cpu_number: 1
cpu_speed: 500
memory: 128
---
kind: Configuration
name: user.keys.lifetime
value: "30"
---
kind: SecurityGroup
name: web
account: alice
domain: /acme/lab
tags: {team: net}
"""


async def applied(http: httpx.AsyncClient, text: str) -> Applied:
    answer = await post(http, "/v1/apply", text)
    assert answer.status_code == 200, answer.text
    return Applied.model_validate_json(answer.content)


async def test_a_file_is_worked_off_in_the_order_of_its_needs_and_changes_nothing_again(
    http: httpx.AsyncClient,
) -> None:
    first = await applied(http, OWNERS)
    assert [(item.kind, item.name, item.action) for item in first.items] == [
        ("Account", "alice", "created"), ("Domain", "lab", "created"), ("Domain", "acme", "created"),
        ("Project", "common", "created"),
    ]  # fmt: skip
    assert (await http.get("/v1/domains/lab")).json()["path"] == "/acme/lab/"
    again = await applied(http, OWNERS)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 4)
    assert [item.id for item in again.items] == [item.id for item in first.items]


async def test_a_change_of_the_file_is_a_change_of_the_record(http: httpx.AsyncClient) -> None:
    await applied(http, OWNERS)
    changed = await applied(http, OWNERS.replace("acme.example", "acme.test"))
    assert [item.name for item in changed.items if item.action == "updated"] == ["acme"]
    assert (await http.get("/v1/domains/acme")).json()["network_domain"] == "acme.test"
    other = await http.patch("/v1/domains/acme", json={"network_domain": "elsewhere"})
    assert other.status_code == 200, other.text
    restored = await applied(http, OWNERS.replace("acme.example", "acme.test"))
    assert restored.updated == 1
    assert (await http.get("/v1/domains/acme")).json()["network_domain"] == "acme.test"


async def test_what_cannot_be_changed_is_refused(http: httpx.AsyncClient) -> None:
    await applied(http, MIXED.partition("---\nkind: Security")[0])
    refused = await post(
        http, "/v1/apply", "kind: ServiceOffering\nname: tiny\ncpu_number: 2\ncpu_speed: 500\nmemory: 128\n"
    )
    found = problem(refused, 422, "immutable-field")
    assert found.field == "documents[0].cpu_number"


async def test_what_is_there_already_is_adopted_by_its_name(http: httpx.AsyncClient) -> None:
    made = (await http.post("/v1/domains", json={"name": "acme"})).json()
    found = await applied(http, "kind: Domain\nname: acme\nnetwork_domain: acme.example\n")
    assert (found.items[0].id, found.items[0].action) == (made["id"], "updated")


async def test_intent_and_cloud_in_one_file(http: httpx.AsyncClient) -> None:
    await applied(http, OWNERS)
    found = await applied(http, MIXED)
    assert [item.kind for item in found.items] == [
        "Network",
        "ServiceOffering",
        "Configuration",
        "SecurityGroup",
    ]
    group = (await http.get("/v1/security-groups/web")).json()
    assert (group["account"], group["domain"], group["tags"]) == ("alice", "ROOT/acme/lab", {"team": "net"})
    assert (await http.get("/v1/configurations/user.keys.lifetime")).json()["value"] == "30"
    again = await applied(http, MIXED)
    assert (again.created, again.updated) == (0, 0), again


async def test_mistakes_are_told_together_and_nothing_is_changed(http: httpx.AsyncClient) -> None:
    text = """\
kind: Domain
name: good
---
kind: Domain
name: bad/name
---
kind: Project
name: p
account: nobody
domain: nowhere
---
kind: Network
name: blue
cidr: 10.0.0.1/24
"""
    answer = await post(http, "/v1/apply", text)
    assert answer.status_code == 422, answer.text
    first = Problem.model_validate_json(answer.content, strict=False)
    assert first.document == 3  # intent is wrong in itself: the rest was not tried
    answer = await post(http, "/v1/apply", text.replace("10.0.0.1/24", "10.0.0.0/24"))
    told = Problem.model_validate_json(answer.content, strict=False)
    assert [mistake.document for mistake in told.errors] == [1, 2]
    assert told.errors[0].line == 5
    problem(await http.get("/v1/domains/good"), 404, "domain-not-found")
    problem(await http.get("/v1/networks/blue"), 404, "network-not-found")


async def test_unknown_fields_and_kinds_and_repetitions(http: httpx.AsyncClient) -> None:
    answer = await post(
        http, "/v1/apply", "kind: Domain\nnmae: x\n---\nkind: Domian\nname: x\n---\nkind: Domain\n"
    )
    told = Problem.model_validate_json(answer.content, strict=False)
    assert [(mistake.field, mistake.hint) for mistake in told.errors] == [
        ("documents[0].nmae", "did you mean name?"),
        ("documents[1].kind", "did you mean Domain?"),
        ("documents[2].name", "a text that this document is known by"),
    ]
    twice = await post(http, "/v1/apply", "kind: Domain\nname: x\n---\nkind: Domain\nname: x\n")
    problem(twice, 422, "declared-twice")


async def test_a_value_of_another_type_is_told_as_that(http: httpx.AsyncClient) -> None:
    text = "kind: NetworkPermission\nname: x\nnetwork: []\n"
    found = problem(await post(http, "/v1/plan", text), 422, "wrong-type")
    assert found.field == "documents[0].network"


async def test_a_plan_tells_what_would_become_of_documents(http: httpx.AsyncClient) -> None:
    answer = await post(http, "/v1/plan", OWNERS)
    assert answer.status_code == 200, answer.text
    found = PlanReport.model_validate_json(answer.content)
    assert {(change.kind, change.name, change.action) for change in found.objects} >= {
        ("Domain", "lab", "add")
    }
    problem(await http.get("/v1/domains/acme"), 404, "domain-not-found")
    await applied(http, OWNERS)
    after = PlanReport.model_validate_json((await post(http, "/v1/plan", OWNERS)).content)
    assert after.objects == ()
    assert after.unchanged == 4


WIRES = """\
kind: CloudPhysicalNetwork
name: office
zone: default
isolations: [vlan]
segments: ["2-99", "200-300"]
tags: [office]
allocation: Enabled
"""


async def test_what_only_an_update_takes_is_so_at_once(http: httpx.AsyncClient) -> None:
    await applied(http, WIRES)
    found = (await http.get("/v1/cloud-physical-networks/office")).json()
    assert found["allocation"] == "Enabled"
    assert (found["zone"], found["segments"]) == ("default", ["2-99", "200-300"])
    assert found["tags"] == ["office"]
    assert (await applied(http, WIRES)).unchanged == 1


async def test_a_plan_shows_no_password(http: httpx.AsyncClient) -> None:
    answer = await post(http, "/v1/plan", OWNERS)
    told = {
        field.field: field.new
        for change in PlanReport.model_validate_json(answer.content).objects
        for field in change.fields
    }
    assert told["password"] == "***"
    assert "scrypt" not in answer.text


async def test_a_file_that_is_refused_on_its_way_says_what_is_done_and_goes_on(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Conflict("the store room is locked", code="locked")

    def refuse(*_: object) -> None:
        raise broken

    with monkeypatch.context() as patched:
        # Known only when projects' jobs run: the trial passes.
        patched.setattr(Applying, "plan", AsyncMock(return_value=()))
        patched.setattr(Steps, "_tag", refuse)
        answer = await post(http, "/v1/apply", OWNERS)
    found = problem(answer, 422, "apply-stopped")
    assert "the store room is locked [locked]" in found.detail
    again = await applied(http, OWNERS)
    assert again.created == 4


async def test_what_was_declared_is_exported_and_applies_unchanged(http: httpx.AsyncClient) -> None:
    await applied(http, OWNERS)
    await applied(http, MIXED)
    text = (await http.get("/v1/export")).text
    assert "password" not in text
    documents = [each for each in text.split("---\n") if each]
    again = await applied(
        http, "---\n".join(each for each in documents if not each.startswith("kind: Account"))
    )
    assert (again.created, again.updated) == (0, 0)
    assert again.unchanged >= 8
    listed = (await http.get("/v1/export", headers={"accept": "application/json"})).json()["items"]
    group = next(item for item in listed if item["kind"] == "SecurityGroup")
    assert group == {
        "kind": "SecurityGroup",
        "name": "web",
        "account": "alice",
        "domain": "/acme/lab",
        "tags": {"team": "net"},
    }
    await http.delete("/v1/security-groups/web")
    assert "SecurityGroup" not in (await http.get("/v1/export")).text
