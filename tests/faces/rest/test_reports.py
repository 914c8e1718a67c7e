"""Reports, actions and health over HTTP; every answer is what the contract says, in both directions."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import httpx
import pytest

from netloom.app import reports as app_reports
from netloom.app.reports import PendingHost
from netloom.contract import reports
from netloom.contract.hosts import Host
from netloom.contract.nics import Nic

MakeHttp = Callable[..., httpx.AsyncClient]
HOST = {"name": "h1", "ovsdb": "tcp:192.0.2.11:6640", "tunnel_ip": "192.0.2.11"}


@pytest.fixture
async def house(http: httpx.AsyncClient) -> httpx.AsyncClient:
    await http.post("/v1/hosts", json=HOST)
    await http.post("/v1/networks", json={"name": "blue", "cidr": "10.0.0.0/24"})
    await http.post("/v1/nics", json={"name": "a", "network": "blue"})
    return http


async def test_reports(house: httpx.AsyncClient, runtime: object) -> None:
    host = reports.HostReport.model_validate_json((await house.get("/v1/hosts/h1/report")).content)
    assert host.links[0].state == "Connected"
    assert host.links[1].last_error is not None
    network = reports.NetworkReport.model_validate_json((await house.get("/v1/networks/blue/report")).content)
    assert network.hosts[0].flows == 14
    diff = reports.DiffReport.model_validate_json((await house.get("/v1/diff")).content)
    assert diff.clean
    runtime.clean = False  # type: ignore[attr-defined]
    diff = reports.DiffReport.model_validate_json(
        (await house.get("/v1/diff", params={"host": "h1"})).content
    )
    assert diff.hosts[0].flows[0].actual == "table=0,actions=normal"
    answer = await house.get("/v1/explain/flow", params={"host": "h1", "cookie": "0x10"})
    flow = reports.ExplainFlow.model_validate_json(answer.content)
    assert flow.cookie == 16
    nic = reports.ExplainNic.model_validate_json((await house.get("/v1/explain/nic/a")).content)
    assert nic.placements[0].port == "tap0"
    system = reports.SystemReport.model_validate_json((await house.get("/v1/system")).content)
    assert system.counts["Nic"] == 1
    assert system.revision > 0


async def test_attach_detach_drain(house: httpx.AsyncClient) -> None:
    nic = Nic.model_validate_json(
        (await house.post("/v1/nics/a/attach", json={"host": "h1", "device": "tap0"})).content
    )
    assert nic.attachment is not None
    assert (nic.attachment.host, nic.attachment.device) == ("h1", "tap0")
    nic = Nic.model_validate_json((await house.post("/v1/nics/a/detach")).content)
    assert nic.attachment is None
    host = Host.model_validate_json((await house.post("/v1/hosts/h1/drain")).content)
    assert host.drain is True
    host = Host.model_validate_json((await house.post("/v1/hosts/h1/drain", json={"on": False})).content)
    assert host.drain is False


async def test_pending_and_admit(http: httpx.AsyncClient, runtime: object) -> None:
    assert (await http.get("/v1/hosts/pending")).json() == {"items": []}
    then = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    runtime.pending = (PendingHost("sys-9", "tcp:192.0.2.9:4000", then, tunnel_ip="192.0.2.9"),)  # type: ignore[attr-defined]
    found = reports.PendingHosts.model_validate_json((await http.get("/v1/hosts/pending")).content)
    assert found.items[0].system_id == "sys-9"
    answer = await http.post("/v1/hosts/sys-9/admit", json={"name": "h9", "tunnel_ip": "192.0.2.19"})
    assert answer.status_code == 200, answer.text
    host = Host.model_validate_json(answer.content)
    assert (host.name, host.system_id, host.tunnel_ip) == ("h9", "sys-9", "192.0.2.19")


async def test_wait(http: httpx.AsyncClient, runtime: object) -> None:
    runtime.done = False  # type: ignore[attr-defined]
    answer = await http.post("/v1/hosts", json=HOST, params={"wait": "0.02"})
    assert (answer.status_code, answer.json()["status"]["phase"]) == (201, "Pending")
    assert answer.json()["status"]["behind"] == ["h1"]
    runtime.done = True  # type: ignore[attr-defined]
    answer = await http.get("/v1/hosts/h1", params={"wait": "5"})
    assert answer.json()["status"]["phase"] == "Done"
    assert (await http.get("/v1/hosts/h1", params={"wait": "-1"})).status_code == 422


async def test_health_and_metrics(make_http: MakeHttp) -> None:
    http = make_http()
    assert (await http.get("/healthz")).text == "ok\n"
    assert (await http.get("/readyz")).status_code == 200
    await http.get("/v1/zones/default")
    await http.get("/v1/" + "x" * 50)
    text = (await http.get("/metrics")).text
    assert 'netloom_http_requests_total{method="GET",route="/v1/zones/{ref}",status="200"} 1.0' in text
    assert 'route="unrouted",status="404"' in text
    assert "xxxx" not in text


async def test_openapi(http: httpx.AsyncClient) -> None:
    document = (await http.get("/v1/openapi.json")).json()
    assert document["info"]["title"] == "netloom"
    names = set(document["components"]["schemas"])
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["operationId"]
            assert "401" in operation["responses"]
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == ({"ref"} if "{ref}" in path else set())
    refs = set(find_refs(document))
    assert refs <= {f"#/components/schemas/{name}" for name in names}
    assert document["components"]["schemas"]["NicSpec"]["examples"]


def find_refs(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for value in node.values() for ref in find_refs(value)]
    if isinstance(node, list):
        return [ref for value in node for ref in find_refs(value)]
    return []


def test_contract_and_app_reports_have_the_same_fields() -> None:
    for name, kind in vars(app_reports).items():
        if not dataclasses.is_dataclass(kind):
            continue
        public = getattr(reports, name)
        assert [field.name for field in dataclasses.fields(kind)] == list(public.model_fields), name
