"""Apply, plan and export over HTTP: all or nothing, every mistake with its line, and what is exported applies."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
import yaml

from netloom.contract.documents import Applied
from netloom.contract.problems import Problem
from netloom.contract.reports import PlanReport
from netloom.faces.rest import problems

GOOD = """\
---
kind: Network
name: blue
isolation: geneve
cidr: 10.0.0.0/24
labels: &labels {tenant: blue}
---
# a comment
kind: Nic
name: a
network: blue
labels: {tenant: "blue", on: "yes"}
mac: 02:00:00:00:00:01   # not a number of seconds
---
kind: Host
name: h1
tunnel_ip: 192.0.2.11
"""
YAML = {"content-type": "application/yaml"}


async def post(http: httpx.AsyncClient, path: str, text: str | bytes, **params: str) -> httpx.Response:
    return await http.post(path, content=text, headers=YAML, params=params)


async def refused(http: httpx.AsyncClient, text: str | bytes) -> Problem:
    answer = await post(http, "/v1/apply", text)
    assert answer.status_code >= 400, answer.text
    assert (await http.get("/v1/networks")).json()["items"] == []
    return Problem.model_validate_json(answer.content)


async def test_apply_is_idempotent(http: httpx.AsyncClient) -> None:
    first = Applied.model_validate_json((await post(http, "/v1/apply", GOOD)).content)
    assert [(item.kind, item.name, item.action) for item in first.items] == [
        ("Network", "blue", "created"),
        ("Nic", "a", "created"),
        ("Host", "h1", "created"),
    ]
    assert (first.created, first.done) == (3, None)
    again = Applied.model_validate_json((await post(http, "/v1/apply", GOOD)).content)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    changed = Applied.model_validate_json(
        (await post(http, "/v1/apply", GOOD.replace("tenant: blue", "tenant: red"))).content
    )
    assert (changed.updated, changed.unchanged) == (1, 2)


async def test_apply_waits(http: httpx.AsyncClient, runtime: object) -> None:
    done = Applied.model_validate_json((await post(http, "/v1/apply", GOOD, wait="5")).content)
    assert done.done is True
    runtime.done = False  # type: ignore[attr-defined]
    late = Applied.model_validate_json((await post(http, "/v1/apply", GOOD, wait="0.05")).content)
    assert late.done is False
    assert late.behind == ("Network/blue", "Nic/a", "Host/h1")


async def test_json_files(http: httpx.AsyncClient) -> None:
    document = {"kind": "Zone", "name": "berlin"}
    for body in (document, [document], {"items": [document]}):
        answer = await http.post("/v1/apply", json=body)
        assert answer.status_code == 200, answer.text
    twice = b'{"kind": "Zone", "name": "a", "name": "b"}'
    answer = await http.post("/v1/apply", content=twice, headers={"content-type": "application/json"})
    assert answer.json()["code"] == "malformed-body"
    wrong = b'[\n {"kind": "Zone", "name": "a"},\n {"kind": "Zone",\n  "name": 7}\n]'
    answer = await http.post("/v1/apply", content=wrong, headers={"content-type": "application/json"})
    found = Problem.model_validate_json(answer.content)
    assert (found.code, found.field, found.line, found.column) == (
        "invalid-input",
        "documents[1].name",
        4,
        11,
    )


MISTAKES = [
    ("kind: Network\nname: blue\ncidr: 10.0.0.1/24\n", "documents[0].cidr", 3, 7, "did you mean 10.0.0.0/24?"),
    ("kind: Network\nname: blue\ncdir: 10.0.0.0/24\n", "documents[0].cdir", 3, 7, "did you mean cidr?"),
    ("kind: Netwrok\nname: blue\n", "documents[0].kind", 1, 7, "did you mean Network?"),
    ("name: blue\n", "documents[0].kind", 1, 1, "one of Zone, PhysicalNetwork, Host, Network, Nic"),
    ("kind: Network\nname: 12\n", "documents[0].name", 2, 7, "put it in quotes"),
    ("- 1\n", "documents[0]", 1, 1, "fields like kind: Network and name: blue"),
    (GOOD + "---\nkind: Nic\nname: b\nnetwork: blue\nattachment:\n  host: h1\n  device: 'a b'\n",
     "documents[3].attachment.device", 24, 11, "1 to 63 characters, no blank, '/' or quote"),
    (GOOD + "---\nkind: Nic\nname: b\nnetwork: nowhere\n", "documents[3].network", 21, 10, None),
    (GOOD + "---\nkind: Nic\nname: b\nnetwork: blue\nipv4: 10.9.9.9\n", "documents[3].ipv4", 22, 7, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "field", "line", "column", "hint"), MISTAKES, ids=[m[1] for m in MISTAKES])
async def test_mistakes_have_places(
    http: httpx.AsyncClient, text: str, field: str, line: int, column: int, hint: str | None
) -> None:
    found = await refused(http, text)
    assert (found.field, found.line, found.column) == (field, line, column), found
    if hint is not None:
        assert found.hint == hint


async def test_all_mistakes_are_told_at_once(http: httpx.AsyncClient) -> None:
    text = "".join(f"---\nkind: Zone\nname: z{number}\nflavour: x\n" for number in range(30))
    found = await refused(http, text)
    assert len(found.errors) == 20
    assert found.errors_omitted == 10
    assert [mistake.line for mistake in found.errors] == [4 * number + 4 for number in range(20)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("kind: Zone\nname: [a\n", 3, 1),
        ("kind: Zone\nname: a\nname: b\n", 3, 1),
        ("kind: Zone\n\tname: a\n", 2, 1),
        ("kind: Zone\nname: !!python/object:os.system x\n", 2, 7),
        ("kind: Zone\nname: *x\n", 2, 7),
        ("a: &a [1]\n<<: *a\n", 2, 1),
        (b"kind: Zone\nname: \xff\n", 2, 7),
    ],
)
async def test_what_is_no_yaml_has_line_and_column(
    http: httpx.AsyncClient, text: str | bytes, line: int, column: int
) -> None:
    found = await refused(http, text)
    assert found.status == 400
    assert (found.code, found.line, found.column) == ("malformed-body", line, column)


async def test_a_file_that_was_read_is_refused_at_once_and_keeps_the_connection(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "LINGER_SECONDS", 60.0)
    async with asyncio.timeout(20):  # it waits for nothing that the client might still send
        answer = await post(http, "/v1/apply", "[" * 40 + "]" * 40)
    assert answer.status_code == 413
    assert "connection" not in answer.headers


async def test_bounds(http: httpx.AsyncClient) -> None:
    laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for previous, name in zip("abcdefgh", "bcdefghi", strict=True):
        laughs += f"{name}: &{name} [{','.join(['*' + previous] * 10)}]\n"
    assert (await refused(http, laughs)).code == "too-many-values"
    assert (await refused(http, "[" * 40 + "]" * 40)).code == "too-deep"
    assert (await refused(http, "kind: Zone\n---\n" * 20_001)).code == "too-many-documents"
    assert (await refused(http, "")).code == "malformed-body"


async def test_ten_thousand_documents(http: httpx.AsyncClient) -> None:
    text = "kind: Network\nname: big\nisolation: gre\ncidr: 10.0.0.0/8\n" + "".join(
        f"---\nkind: Nic\nname: n{number}\nnetwork: big\n" for number in range(9_999)
    )
    answer = await post(http, "/v1/apply", text)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.json()["created"] == 10_000


async def test_plan_touches_nothing(http: httpx.AsyncClient) -> None:
    answer = await post(http, "/v1/plan", GOOD)
    assert answer.status_code == 200, answer.text
    found = PlanReport.model_validate_json(answer.content)
    assert [(item.action, item.name) for item in found.objects] == [
        ("add", "blue"),
        ("add", "a"),
        ("add", "h1"),
    ]
    assert found.hosts[0].flows[0].why[0].name == "a"
    assert (await http.get("/v1/networks")).json()["items"] == []


async def test_export_applies_unchanged(http: httpx.AsyncClient) -> None:
    tricky = (
        "kind: Zone\nname: 'null'\ndescription: '12:30 # \"no\" {x} é 蓝'\n"
        "labels: {a: 'true', b: '0x1F', c: '-', d: ''}\n"
    )
    assert (await post(http, "/v1/apply", GOOD + "---\n" + tricky)).status_code == 200
    text = (await http.get("/v1/export")).text
    again = await post(http, "/v1/apply", text)
    assert again.json()["unchanged"] == len(again.json()["items"]), again.text
    # A YAML 1.1 reader sees the same.
    assert {item["name"] for item in yaml.safe_load_all(text)} >= {"null", "blue", "a", "h1", "default"}
    zone = next(item for item in yaml.safe_load_all(text) if item["name"] == "null")
    assert zone["labels"]["a"] == "true"
    as_json = (await http.get("/v1/export", headers={"accept": "application/json"})).json()
    once_more = await http.post(
        "/v1/apply", content=json.dumps(as_json), headers={"content-type": "application/json"}
    )
    assert once_more.json()["unchanged"] == len(as_json["items"])


async def test_the_example_applies(http: httpx.AsyncClient) -> None:
    text = (Path(__file__).parents[3] / "examples" / "two-tenants.yaml").read_bytes()
    answer = await post(http, "/v1/apply", text)
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"] == 6 + 18
    nics = (await http.get("/v1/nics")).json()["items"]
    blue = {(nic["mac"], nic["ipv4"], nic["ipv6"]) for nic in nics if nic["labels"]["tenant"] == "blue"}
    red = {(nic["mac"], nic["ipv4"], nic["ipv6"]) for nic in nics if nic["labels"]["tenant"] == "red"}
    assert blue == red
