"""Create, read, list, change and delete over HTTP, and what every answer has."""

from __future__ import annotations

import uuid
from urllib.parse import quote

import httpx
import pytest

from netloom.contract.kinds import BY_KIND, KINDS, AnyKind
from netloom.contract.problems import Problem

SPECS: dict[str, dict[str, object]] = {
    "Zone": {"name": "berlin", "description": "hall 3", "labels": {"floor": "1"}},
    "PhysicalNetwork": {"name": "core", "isolations": ["geneve"], "segments": ["5000-5999"], "mtu": 9000},
    "Host": {"name": "h1", "ovsdb": "tcp:192.0.2.11:6640", "tunnel_ip": "192.0.2.11"},
    "Network": {"name": "blue", "isolation": "geneve", "cidr": "10.0.0.0/24", "cidr6": "fd00::/64"},
    "Nic": {"name": "a", "network": "blue", "mac": "02:00:00:00:00:07", "ipv4": "10.0.0.7"},
}


async def make(http: httpx.AsyncClient, kind: str, **changes: object) -> dict[str, object]:
    if kind == "Nic" and (await http.get("/v1/networks/blue")).status_code == 404:
        await make(http, "Network")
    answer = await http.post(f"/v1/{BY_KIND[kind].collection}", json=SPECS[kind] | changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, object] = answer.json()
    return body


def problem(answer: httpx.Response, status: int, code: str) -> Problem:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate_json(answer.content, strict=False)
    assert found.code == code
    assert found.type == f"urn:netloom:problem:{code}"
    assert found.status == status
    assert found.instance == answer.headers["x-request-id"]
    return found


@pytest.mark.parametrize("schema", KINDS, ids=lambda schema: schema.kind)
async def test_life_of_an_object(http: httpx.AsyncClient, schema: AnyKind) -> None:
    if schema.kind == "Nic":
        await make(http, "Network")
    path = f"/v1/{schema.collection}"
    answer = await http.post(path, json=SPECS[schema.kind])
    assert answer.status_code == 201, answer.text
    made = schema.answer.model_validate_json(answer.content)
    assert answer.headers["location"] == f"{path}/{made.id}"
    assert answer.headers["etag"] == '"1"'
    for name, value in SPECS[schema.kind].items():
        assert answer.json()[name] == value

    for ref in (made.id, made.name):
        read = await http.get(f"{path}/{ref}")
        assert read.status_code == 200
        assert schema.answer.model_validate_json(read.content) == made

    page = schema.page.model_validate_json((await http.get(path)).content)
    assert made.id in {item.id for item in page.items}

    changed = await http.patch(
        f"{path}/{made.id}", json={"labels": {"team": "net"}}, headers={"if-match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"2"'
    assert changed.json()["labels"] == {"team": "net"}

    stale = await http.patch(f"{path}/{made.id}", json={"labels": {}}, headers={"if-match": '"1"'})
    assert problem(stale, 412, "stale-version").current == 2
    assert problem(await http.delete(f"{path}/{made.id}", headers={"if-match": '"1"'}), 412, "stale-version")

    gone = await http.delete(f"{path}/{made.name}", headers={"if-match": '"2"'})
    assert gone.status_code == 200, gone.text
    assert schema.answer.model_validate_json(gone.content).status.code == "deleted"
    missing = "nic-not-found" if schema.kind == "Nic" else f"{schema.collection.removesuffix('s')}-not-found"
    problem(await http.get(f"{path}/{made.id}"), 404, missing)


@pytest.mark.parametrize("name", ["bläu", "蓝色网络", "شبكة", "tenant net 1", "50%", "a+b&c=d?e#f", "सेतु"])
async def test_names_in_any_script(http: httpx.AsyncClient, name: str) -> None:
    made = await make(http, "Network", name=name)
    assert made["name"] == name
    read = await http.get(f"/v1/networks/{quote(name, safe='')}")
    assert read.json()["id"] == made["id"]
    nic = await make(http, "Nic", network=name)
    assert nic["network"] == name
    listed = await http.get("/v1/nics", params={"network": name})
    assert [item["name"] for item in listed.json()["items"]] == ["a"]


async def test_pages_and_filters(http: httpx.AsyncClient) -> None:
    await make(http, "Network")
    for number in range(1, 26):
        labels = {"parity": "odd" if number % 2 else "even"}
        await make(
            http,
            "Nic",
            name=f"n{number}",
            mac=f"02:00:00:00:01:{number:02x}",
            ipv4=f"10.0.0.{number + 9}",
            labels=labels,
        )
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "10"} | ({"cursor": cursor} if cursor else {})
        body = (await http.get("/v1/nics", params=params)).json()
        seen += [item["name"] for item in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"n{number}" for number in range(1, 26)]
    odd = (await http.get("/v1/nics", params={"label": "parity=odd"})).json()["items"]
    assert len(odd) == 13
    problem(await http.get("/v1/nics", params={"limit": "1001"}), 422, "invalid-input")
    problem(await http.get("/v1/nics", params={"limit": "-1"}), 422, "invalid-input")
    problem(await http.get("/v1/nics", params={"cursor": "nonsense"}), 422, "bad-cursor")
    problem(await http.get("/v1/nics", params={"colour": "blue"}), 422, "unknown-parameter")
    problem(await http.get("/v1/nics", params={"label": "parity"}), 422, "invalid-input")


async def test_batch_is_all_or_nothing(http: httpx.AsyncClient) -> None:
    await make(http, "Network")
    good = [{"name": f"b{number}", "network": "blue"} for number in range(50)]
    answer = await http.post("/v1/nics/batch", json={"items": good}, headers={"prefer": "return=minimal"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["preference-applied"] == "return=minimal"
    assert answer.json()["count"] == 50
    assert len(set(answer.json()["ids"])) == 50

    bad = [{"name": "c0", "network": "blue"}, {"name": "c1", "network": "blue", "mac": "01:00:00:00:00:01"}]
    found = problem(await http.post("/v1/nics/batch", json={"items": bad}), 422, "invalid-input")
    assert found.field == "items[1].mac"
    problem(await http.get("/v1/nics/c0"), 404, "nic-not-found")

    wrong_type = await http.post("/v1/nics/batch", json={"items": [{"name": "c0", "network": 7}]})
    assert problem(wrong_type, 422, "wrong-type").field == "items[0].network"
    problem(await http.post("/v1/nics/batch", json={"items": []}), 422, "invalid-input")
    whole = await http.post("/v1/nics/batch", json={"items": [{"name": "d", "network": "blue"}]})
    assert [item["name"] for item in whole.json()["items"]] == ["d"]


async def test_idempotency_key(http: httpx.AsyncClient) -> None:
    key = {"idempotency-key": str(uuid.uuid4())}
    first = await http.post("/v1/zones", json=SPECS["Zone"], headers=key)
    again = await http.post("/v1/zones", json=SPECS["Zone"], headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    problem(await http.post("/v1/zones", json={"name": "other"}, headers=key), 409, "idempotency-key-reused")
    problem(await http.post("/v1/zones", json=SPECS["Zone"]), 409, "name-taken")
    problem(
        await http.post("/v1/zones", json=SPECS["Zone"], headers={"idempotency-key": ""}),
        422,
        "invalid-input",
    )


async def test_minimal_answers(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/zones", json=SPECS["Zone"], headers={"prefer": "return=minimal"})
    assert answer.status_code == 201
    assert answer.content == b""
    assert (await http.get(answer.headers["location"])).json()["name"] == "berlin"
