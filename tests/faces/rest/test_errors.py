"""The error matrix: each wrong request has its status, stable code, field and hint; nothing is changed by it."""

from __future__ import annotations

import json

import httpx
import pytest

from netloom.contract.problems import Problem


def problem(answer: httpx.Response, status: int, code: str) -> Problem:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate_json(answer.content)
    assert found.code == code, answer.text
    return found


BODIES = [
    (b"", 400, "malformed-body", None),
    (b'{"name": "x",', 400, "malformed-body", None),
    (b'{"name": "x"} trailing', 400, "malformed-body", None),
    (b'{"name": "\xff"}', 400, "malformed-body", None),
    (b"[]", 422, "wrong-type", None),
    (b'{"cidr": "10.0.0.0/24"}', 422, "missing-field", "name"),
    (b'{"name": 7, "cidr": "10.0.0.0/24"}', 422, "wrong-type", "name"),
    (b'{"name": "x", "cdir": "10.0.0.0/24"}', 422, "unknown-field", "cdir"),
    (b'{"name": "x", "cidr": "10.0.0.1/24"}', 422, "invalid-input", "cidr"),
    (b'{"name": "x", "cidr": "10.0.0.0/24", "isolation": "ipsec"}', 422, "invalid-input", "isolation"),
    (b'{"name": "x", "cidr": "10.0.0.0/24", "segment": 0}', 422, "invalid-input", "segment"),
    (b'{"name": "x/y", "cidr": "10.0.0.0/24"}', 422, "invalid-input", "name"),
    (b'{"name": "x", "cidr": "10.0.0.0/24", "labels": {"a": 1}}', 422, "wrong-type", None),
    (b'{"name": "x", "cidr": "10.0.0.0/24", "zone": "mars"}', 404, "zone-not-found", "zone"),
    (json.dumps({"name": "n" * 200, "cidr": "10.0.0.0/24"}).encode(), 422, "invalid-input", "name"),
]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"), BODIES, ids=[str(body[:40]) for body, *_ in BODIES]
)
async def test_bodies(
    http: httpx.AsyncClient, body: bytes, status: int, code: str, field: str | None
) -> None:
    answer = await http.post("/v1/networks", content=body, headers={"content-type": "application/json"})
    found = problem(answer, status, code)
    if field is not None:
        assert found.field == field
    assert (await http.get("/v1/networks")).json()["items"] == []


async def test_hints_say_what_would_be_right(http: httpx.AsyncClient) -> None:
    typo = problem(
        await http.post("/v1/networks", json={"name": "x", "cdir": "10.0.0.0/24"}), 422, "unknown-field"
    )
    assert typo.hint == "did you mean cidr?"
    number = problem(await http.post("/v1/networks", json={"name": 7}), 422, "wrong-type")
    assert number.hint == "put it in quotes"
    host_bits = problem(
        await http.post("/v1/networks", json={"name": "x", "cidr": "10.0.0.1/24"}), 422, "invalid-input"
    )
    assert host_bits.hint == "did you mean 10.0.0.0/24?"


async def test_json_syntax_has_line_and_column(http: httpx.AsyncClient) -> None:
    body = b'{\n  "name": "x",\n  "cidr": nope\n}'
    found = problem(
        await http.post("/v1/networks", content=body, headers={"content-type": "application/json"}),
        400,
        "malformed-body",
    )
    assert (found.line, found.column) == (3, 11)


async def test_deep_json_is_refused(http: httpx.AsyncClient) -> None:
    body = b'{"name":"x","labels":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"
    answer = await http.post("/v1/zones", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}, answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nowhere", 404, "no-such-path"),
        ("GET", "/", 404, "no-such-path"),
        ("PUT", "/v1/nics", 405, "method-not-allowed"),
        ("GET", "/v1/nics/none", 404, "nic-not-found"),
        ("POST", "/v1/nics/none/detach", 404, "nic-not-found"),
        ("POST", "/v1/hosts/none/admit", 404, "pending-host-not-found"),
        ("GET", "/v1/hosts/none/report", 404, "host-not-found"),
        ("GET", "/v1/networks/none/report", 404, "network-not-found"),
        ("GET", "/v1/diff?host=none", 404, "host-not-found"),
        ("GET", "/v1/explain/nic/none", 404, "nic-not-found"),
        ("GET", "/v1/explain/flow", 422, "missing-field"),
        ("GET", "/v1/explain/flow?host=h1&cookie=zz", 422, "invalid-input"),
        ("GET", "/v1/explain/flow?host=h1&cookie=0x10000000000000000", 422, "invalid-input"),
        ("GET", "/v1/watch?since=9999999", 422, "invalid-input"),
        ("GET", "/v1/nics/none?wait=soon", 404, "nic-not-found"),
    ],
)
async def test_paths(http: httpx.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    problem(await http.request(method, path), status, code)


async def test_media_types(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/zones", content=b"name: x", headers={"content-type": "application/yaml"})
    problem(answer, 415, "unsupported-media-type")
    answer = await http.post("/v1/apply", content=b"<zone/>", headers={"content-type": "text/xml"})
    problem(answer, 415, "unsupported-media-type")


async def test_wrong_preconditions(http: httpx.AsyncClient) -> None:
    await http.post("/v1/zones", json={"name": "x"})
    for value in ("3", 'W/"1"', '"one"', '"1", "2"'):
        answer = await http.delete("/v1/zones/x", headers={"if-match": value})
        assert problem(answer, 422, "invalid-input").field == "If-Match"
    assert (await http.delete("/v1/zones/x", headers={"if-match": "*"})).status_code == 200


async def test_null_is_refused_where_a_field_cannot_be_empty(http: httpx.AsyncClient) -> None:
    await http.post("/v1/zones", json={"name": "x"})
    assert problem(await http.patch("/v1/zones/x", json={"name": None}), 422, "wrong-type").field == "name"


async def test_bugs_are_told_as_internal_errors(
    http: httpx.AsyncClient, app: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_args: object) -> None:
        raise ZeroDivisionError("secret details")

    monkeypatch.setattr("netloom.app.service.App.get", broken)
    found = problem(await http.get("/v1/zones/default"), 500, "internal-error")
    assert "secret" not in found.model_dump_json()
    assert found.instance is not None
    assert found.instance in (found.hint or "")
