"""The face from the outside: who is let in, what an unknown command answers, formats, methods, bounds."""

from __future__ import annotations

import asyncio
import json
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from tests.faces.cloudstack.replay.client import Client
from tests.faces.cloudstack.replay.server import face_on, http_to, trusted

from netloom.app.cloud.cloud import Cloud
from netloom.faces.cloudstack.app import CloudStackFace
from netloom.faces.cloudstack.command import Call, Command, Success
from netloom.faces.cloudstack.protocol.parameters import MAX_BYTES
from netloom.faces.cloudstack.protocol.signature import sign
from netloom.faces.cloudstack.settings import FaceSettings

UNKNOWN = "unable to verify user credentials and/or request signature"


async def test_a_signed_call_is_answered(admin: Client) -> None:
    status, body = await admin.call("listCapabilities")
    assert status == 200
    assert body["listcapabilitiesresponse"]["capability"]["cloudstackversion"] == "4.20.3.0"


async def test_nobody_gets_in_unsigned(stranger: Client) -> None:
    status, body = await stranger.call("listCapabilities")
    assert (status, body["listcapabilitiesresponse"]["errorcode"]) == (401, 401)
    assert body["listcapabilitiesresponse"]["errortext"] == UNKNOWN


@pytest.mark.parametrize("key", ["", "nobody", "x" * 300])
async def test_a_key_that_is_not_known_says_no_more_than_a_wrong_signature(admin: Client, key: str) -> None:
    wrong = await Client(admin._http, admin.key, "guess").call("listCapabilities")
    status, body = await Client(admin._http, key or " ", "guess").call("listCapabilities")
    if len(key) > 255:
        assert status == 430
    else:
        assert (status, body) == wrong
    assert wrong[0] == 401


async def test_an_unknown_command_is_answered_as_recorded(
    admin: Client, root: Client, stranger: Client
) -> None:
    told = {"uuidList": [], "errorcode": 401, "errortext": UNKNOWN}
    assert await admin.call("nosuchCommand") == (401, {"errorresponse": told})
    assert await stranger.call("nosuchCommand") == (401, {"errorresponse": told})
    status, body = await root.call("nosuchCommand")
    assert (status, body["errorresponse"]["errorcode"]) == (432, 432)


async def test_commands_are_found_in_any_case(admin: Client) -> None:
    status, body = await admin.call("LISTcapabilities")
    assert (status, list(body)) == (200, ["listcapabilitiesresponse"])


async def test_a_request_in_the_query_of_a_get_or_a_post(root: Client) -> None:
    for method in ("GET", "POST"):
        answer = await root._http.request(method, "/client/api?command=listCapabilities&response=json")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json; charset=UTF-8"
        assert len(answer.text.splitlines()) == 1


async def test_xml_unless_json_is_asked_for(root: Client) -> None:
    answer = await root._http.get("/client/api?command=listCapabilities")
    assert answer.headers["content-type"].startswith("text/xml")
    tree = ET.fromstring(answer.content)
    assert tree.findtext("capability/cloudstackversion") == "4.20.3.0"
    refused = await root._http.get("/client/api?command=nosuch")
    assert ET.fromstring(refused.content).findtext("errorcode") == "432"


async def test_errors_are_also_told_in_a_header(root: Client) -> None:
    answer = await root._http.get("/client/api?command=queryAsyncJobResult&response=json")
    told = answer.json()["queryasyncjobresultresponse"]
    assert (answer.status_code, told["errorcode"], told["cserrorcode"]) == (431, 431, 9999)
    assert (
        told["errortext"]
        == "Unable to execute API command queryasyncjobresult due to missing parameter jobid"
    )
    assert answer.headers["x-description"] == told["errortext"]


@pytest.mark.parametrize(
    ("command", "params"),
    [
        ("queryAsyncJobResult", {"jobid": "nope"}),
        ("queryAsyncJobResult", {"jobid": "00000000-0000-0000-0000-000000000000"}),
        ("listEvents", {"page": "1"}),
        ("listEvents", {"page": "0", "pagesize": "5"}),
        ("listEvents", {"page": "one", "pagesize": "5"}),
        ("listEvents", {"page": "1", "pagesize": "99999999999999999999"}),
        ("listEvents", {"pagesize": "1000000"}),
        ("listEvents", {"listall": "perhaps"}),
        ("listEvents", {"startdate": "yesterday"}),
        ("listEvents", {"keyword": "x" * 256}),
        ("listTags", {"resourcetype": "Nonsense"}),
    ],
)
async def test_parameters_are_refused_at_once(admin: Client, command: str, params: dict[str, str]) -> None:
    status, body = await admin.call(command, **params)
    assert status == 431, body
    assert next(iter(body.values()))["errorcode"] == 431


@pytest.mark.parametrize("value", ["00000000-0000-4000-8000-00000000dead", "web"])
@pytest.mark.parametrize(
    "command", ["listNetworks", "listPublicIpAddresses", "deleteFirewallRule", "deleteVPC"]
)
async def test_an_id_that_leads_nowhere_is_told_in_the_words_that_clients_look_for(
    admin: Client, command: str, value: str
) -> None:
    """Go's client takes a thing for gone, and not for failed, when it finds this sentence."""
    status, body = await admin.call(command, id=value)
    told = next(iter(body.values()))
    assert (status, told["cserrorcode"]) == (431, 9999)
    words = f"Invalid parameter id value={value} due to incorrect long value format, or entity does not exist"
    assert words in told["errortext"]


async def test_values_that_say_nothing_are_as_if_not_sent(admin: Client) -> None:
    status, _ = await admin.call("listEvents", listall="None", id="", page="", pagesize="")
    assert status == 200


async def test_an_empty_list_has_no_key_and_no_count(admin: Client) -> None:
    assert await admin.call("listTags") == (200, {"listtagsresponse": {}})


async def test_other_methods_bodies_and_sizes_are_refused(root: Client) -> None:
    http = root._http
    assert (await http.delete("/client/api?command=listCapabilities")).status_code == 405
    assert (await http.post("/client/api", json={"command": "listCapabilities"})).status_code == 430
    form = {"content-type": "application/x-www-form-urlencoded"}
    large = await http.post("/client/api", content=b"a=" + b"b" * MAX_BYTES, headers=form)
    assert large.status_code == 430
    assert (await http.get("/client/api")).status_code == 432


async def signed(admin: Client, **extra: str) -> httpx.Response:
    sent = {"command": "listCapabilities", "response": "json", "apiKey": admin.key, **extra}
    return await admin._http.get(
        "/client/api", params={**sent, "signature": sign(admin._secret, sent.items())}
    )


@pytest.mark.parametrize(("minutes", "status"), [(5, 200), (-1, 401), (180, 401)])
async def test_the_replay_window(admin: Client, minutes: int, status: int) -> None:
    expires = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    assert (await signed(admin, signatureVersion="3", expires=expires)).status_code == status


async def test_no_parameter_is_hidden_in_the_name_of_another(admin: Client) -> None:
    """What was signed reads the same when parameters stand in a name: an expired request would never expire."""
    expires = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    sent = {"apiKey": admin.key, "command": "listCapabilities", "expires": expires, "response": "json"}
    signature = sign(admin._secret, {**sent, "signatureVersion": "3"}.items())
    hidden = f"expires={quote(expires)}&response=json&signatureVersion"
    forged = {"apiKey": admin.key, "command": "listCapabilities", hidden: "3", "signature": signature}
    assert sign(admin._secret, list(forged.items())[:3]) == signature
    assert (await admin._http.get("/client/api", params=forged)).status_code == 430


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"host": "evil.example:8096"},
        {"host": "192.0.2.1"},
    ],
)
async def test_a_door_that_asks_nobody_is_not_for_pages_of_others(
    root: Client, headers: dict[str, str]
) -> None:
    answer = await root._http.get("/client/api?command=listCapabilities", headers=headers)
    assert answer.status_code == 401
    for host in ("127.0.0.1:8096", "[::1]:8096", "localhost"):
        answer = await root._http.get("/client/api?command=listCapabilities", headers={"host": host})
        assert answer.status_code == 200


async def test_forms_that_come_slowly_hold_up_nobody_else(cloud: Cloud) -> None:
    slow = face_on(cloud, FaceSettings(max_requests=1, max_forms_of_one=1))
    coming, rest = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        coming.set()
        await rest.wait()
        yield b"command=listCapabilities&response=json"

    form = {"content-type": "application/x-www-form-urlencoded"}
    async with http_to(trusted(slow)) as http:
        held = asyncio.create_task(http.post("/client/api", content=body(), headers=form))
        await coming.wait()
        assert (await http.get("/client/api?command=listCapabilities")).status_code == 200
        assert (await http.post("/client/api?command=listCapabilities", headers=form)).status_code == 429
        rest.set()
        assert (await held).status_code == 200


async def test_large_forms_count_for_more(cloud: Cloud) -> None:
    async with http_to(trusted(face_on(cloud, FaceSettings(rate=0.001, burst=200)))) as http:
        form = {"content-type": "application/x-www-form-urlencoded"}
        large = b"command=listCapabilities&x=" + b"a" * 80_000
        answers = [await http.post("/client/api", content=large, headers=form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_too_many_at_a_time_and_too_fast(cloud: Cloud) -> None:
    async with http_to(trusted(face_on(cloud, FaceSettings(max_requests=0)))) as http:
        assert (await http.get("/client/api?command=listCapabilities")).status_code == 503
    async with http_to(trusted(face_on(cloud, FaceSettings(rate=0.001, burst=2)))) as http:
        answers = [await http.get("/client/api?command=listCapabilities") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) > 1


async def test_what_is_not_foreseen_is_no_500(face: CloudStackFace, root: Client) -> None:
    async def fails(call: Call) -> object:
        """Fails."""
        raise ZeroDivisionError("secret of the inside")

    face._catalogue = replace(
        face._catalogue, commands={"listcapabilities": Command("listCapabilities", fails, Success())}
    )
    status, body = await root.call("listCapabilities")
    assert status == 530
    assert "secret" not in json.dumps(body)
