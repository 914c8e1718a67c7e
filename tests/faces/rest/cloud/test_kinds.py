"""The cloud's kinds over HTTP: made, listed, changed and deleted, with names as references; and what is refused."""

from __future__ import annotations

from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from tests.app.cloud.people import People
from tests.faces.rest.cloud.conftest import shown_keys
from tests.faces.rest.test_resources import problem

from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.resources.irregular import BESIDE
from netloom.app.cloud.resources.kinds import cloud_kinds
from netloom.app.cloud.resources.listed import COLUMNS
from netloom.app.cloud.resources.subjects import hint_meant

KINDS = cloud_kinds(by_name())


def test_every_use_case_has_its_place() -> None:
    assert KINDS.unplaced == ()


def test_lists_show_fields_of_answers_that_are_no_secrets() -> None:
    assert COLUMNS.keys() <= KINDS.by_word.keys()
    for kind in KINDS.every:
        names = {shown for shown, _ in kind.targets.values()}
        answered = {
            *kind.record.__struct_fields__,
            *names,
            *BESIDE.get(kind.word, ()),
            "name",
            "account",
            "domain",
        }
        assert answered - kind.hidden >= {*kind.spec.columns}, kind.word


async def made(http: httpx.AsyncClient, path: str, **fields: object) -> dict[str, object]:
    answer = await http.post(f"/v1/{path}", json=fields, params={"wait": 10})
    assert answer.status_code == 201, answer.text
    found: dict[str, object] = answer.json()
    assert found["status"]["phase"] == "Done", found  # type: ignore[index]
    return found


async def test_life_of_a_domain(http: httpx.AsyncClient) -> None:
    acme = await made(http, "domains", name="acme")
    assert acme["kind"] == "Domain"
    assert acme["path"] == "/acme/"
    lab = await made(http, "domains", name="lab", parent="/acme/")
    assert lab["parent_id"] == acme["id"]
    assert lab["parent"] == "ROOT/acme"
    for ref in ("lab", lab["id"]):
        answer = await http.get(f"/v1/domains/{ref}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["id"] == lab["id"]
    listed = (await http.get("/v1/domains", params={"parent": "acme"})).json()
    assert [each["name"] for each in listed["items"]] == ["lab"]
    changed = await http.patch(
        "/v1/domains/lab", json={"network_domain": "lab.example"}, headers={"if-match": '"1"'}
    )
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"2"'
    stale = await http.patch("/v1/domains/lab", json={"name": "x"}, headers={"if-match": '"1"'})
    assert problem(stale, 412, "stale-version").current == 2
    gone = await http.delete("/v1/domains/lab", params={"wait": "10"})
    assert gone.status_code == 200, gone.text
    problem(await http.get("/v1/domains/lab"), 404, "domain-not-found")


async def test_pages_hold_every_record_once(http: httpx.AsyncClient) -> None:
    for index in range(7):
        await made(http, "domains", name=f"d{index}")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "3"} | ({} if cursor is None else {"cursor": cursor})
        page = (await http.get("/v1/domains", params=params)).json()
        seen += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["ROOT", *(f"d{index}" for index in range(7))]


async def test_a_request_with_a_key_is_done_once(http: httpx.AsyncClient) -> None:
    send = {"json": {"name": "once"}, "headers": {"idempotency-key": "k1"}}
    first = await http.post("/v1/domains", **send)  # type: ignore[arg-type]
    again = await http.post("/v1/domains", **send)  # type: ignore[arg-type]
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = await http.post("/v1/domains", json={"name": "two"}, headers={"idempotency-key": "k1"})
    problem(other, 409, "idempotency-key-reused")


async def test_mistakes_name_the_field_as_it_was_written(http: httpx.AsyncClient) -> None:
    found = problem(await http.post("/v1/domains", json={"nmae": "x"}), 422, "unknown-field")
    assert found.hint == "did you mean name?"
    assert problem(await http.post("/v1/domains", json={}), 422, "missing-field").field == "name"
    wrong = problem(await http.post("/v1/pods", json={"zone": "default", "gateway": 5}), 422, "wrong-type")
    assert wrong.field == "gateway"
    problem(await http.post("/v1/domains", json={"name": "x", "parent": "nowhere"}), 404, "domain-not-found")
    problem(await http.get("/v1/domains", params={"colour": "red"}), 422, "unknown-parameter")
    problem(await http.get("/v1/domains", params={"cursor": "x"}), 422, "bad-cursor")


async def test_refusals_of_use_cases_name_the_field_as_it_is_written_here(http: httpx.AsyncClient) -> None:
    vpc = {"name": "shop", "cidr": "10.0.0.0/16", "offering": "Default VPC offering"}
    assert problem(await http.post("/v1/vpcs", json=vpc), 409, "service-not-provided").field == "offering"
    traffic = {"physical_network": "default", "traffic": "Guests"}
    assert (
        problem(await http.post("/v1/traffic-types", json=traffic), 422, "invalid-input").field == "traffic"
    )
    span = {
        "zone": "default",
        "gateway6": "fd00::1",
        "cidr6": "fd00::/64",
        "start6": "fd01::5",
        "end6": "fd01::9",
    }
    answer = await http.post("/v1/public-ranges", json=span)
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] in {"start6", "end6"}, answer.text


def test_hints_name_what_is_done_here() -> None:
    assert hint_meant("further addresses: addIpToNic") == "further addresses: netloom secondary-ip create"
    assert hint_meant("listPods shows its ranges") == "netloom pod list shows its ranges"
    assert hint_meant("listUnmanagedInstances shows them") == "netloom instance unmanaged shows them"
    assert hint_meant("use fooBar, or OpenSSH's") == "use fooBar, or OpenSSH's"
    assert hint_meant(None) is None


async def test_a_name_that_several_providers_have_is_not_taken_for_one(http: httpx.AsyncClient) -> None:
    wires = {"name": "office", "isolations": ["vlan"], "segments": ["2-9"]}
    assert (await http.post("/v1/physical-networks", json=wires)).status_code == 201
    found = problem(await http.get("/v1/service-providers/Ovs"), 409, "ambiguous-name")
    assert len((found.hint or "").split(",")) == 2


async def test_what_one_physical_network_of_a_zone_carries_the_first_one_carries(
    http: httpx.AsyncClient,
) -> None:
    wires = {"name": "office", "isolations": ["vlan"], "segments": ["2-9"]}
    assert (await http.post("/v1/physical-networks", json=wires)).status_code == 201
    found: dict[str, set[str]] = {}
    for each in (await http.get("/v1/traffic-types")).json()["items"]:
        found.setdefault(each["physical_network"], set()).add(each["traffic"])
    assert found == {"default": {"Guest", "Management", "Public", "Storage"}, "office": {"Guest"}}


async def test_an_account_that_is_not_there_is_missed_in_a_domain_by_its_path(
    http: httpx.AsyncClient,
) -> None:
    acme = await made(http, "domains", name="acme")
    wish = {
        "name": "blue",
        "offering": "DefaultOvsIsolatedNetworkOffering",
        "account": "nobody",
        "domain": "acme",
    }
    found = problem(await http.post("/v1/guest-networks", json=wish), 404, "account-not-found")
    assert (found.field, f"ROOT/acme ({acme['id']})" in found.detail) == ("account", True)


async def test_events_of_what_is_nobody_s_are_about_it_to_the_end(http: httpx.AsyncClient) -> None:
    changed = await http.patch("/v1/service-providers/Ovs", json={"state": "Disabled"}, params={"wait": 10})
    assert changed.status_code == 200, changed.text
    found = (await http.get("/v1/events", params={"type": "SERVICE.PROVIDER.UPDATE"})).json()["items"]
    assert [each["state"] for each in found] == ["Scheduled", "Completed"]
    assert {each["resource_id"] for each in found} == {changed.json()["id"]}
    assert {each["account"] for each in found} == {"admin"}


async def test_networks_tell_their_state(http: httpx.AsyncClient) -> None:
    offering = "DefaultOvsIsolatedNetworkOffering"
    await made(http, "guest-networks", name="blue", offering=offering)
    assert (await http.get("/v1/guest-networks/blue")).json()["state"] == "Allocated"


async def test_a_job_can_be_looked_at_afterwards(http: httpx.AsyncClient) -> None:
    made_ = (await http.post("/v1/projects", json={"name": "p"}, params={"wait": 10})).json()
    job = (await http.get(f"/v1/jobs/{made_['status']['job_id']}")).json()
    assert job["state"] == "Succeeded"
    assert job["resource_id"] == made_["id"]
    assert "payload" not in job
    late = await http.post(f"/v1/jobs/{job['id']}/cancel")
    problem(late, 409, "bad-transition")
    events = (await http.get("/v1/events", params={"type": "PROJECT.CREATE"})).json()["items"]
    assert {each["state"] for each in events} >= {"Scheduled", "Completed"}
    audit = (await http.get("/v1/audits", params={"resource_id": made_["id"]})).json()["items"]
    assert audit[0]["use_case"] == "project.create"
    assert audit[0]["before"] is None


async def test_records_that_were_never_written_are_listed_with_their_defaults(
    http: httpx.AsyncClient,
) -> None:
    zones = (await http.get("/v1/cloud-zones")).json()["items"]
    assert [zone["name"] for zone in zones] == ["default"]
    one = (await http.get("/v1/cloud-zones/default")).json()
    assert one["id"] == zones[0]["id"]
    providers = (await http.get("/v1/service-providers", params={"physical_network": "default"})).json()[
        "items"
    ]
    assert "Ovs" in {each["name"] for each in providers}
    offerings = (await http.get("/v1/network-offerings", params={"guest_type": "Shared", "limit": 1})).json()
    assert len(offerings["items"]) == 1


async def test_settings_are_changed_by_name(http: httpx.AsyncClient) -> None:
    every = (await http.get("/v1/configurations", params={"limit": 1000})).json()["items"]
    name = "user.keys.lifetime"
    assert name in {each["name"] for each in every}
    changed = await http.patch(f"/v1/configurations/{name}", json={"value": "30"})
    assert changed.status_code == 200, changed.text
    assert (await http.get(f"/v1/configurations/{name}")).json()["value"] == "30"
    reset = await http.post(f"/v1/configurations/{name}/reset")
    assert reset.status_code == 200, reset.text


async def test_users_come_in_with_their_keys_and_see_their_own(
    cloud: Cloud, http: httpx.AsyncClient, anybody: httpx.AsyncClient, who: People
) -> None:
    alice, mallory = await shown_keys(cloud, who.alice), await shown_keys(cloud, who.mallory)
    made_ = await anybody.post("/v1/projects", json={"name": "hers"}, headers=alice, params={"wait": 10})
    assert made_.status_code == 201, made_.text
    job = made_.json()["status"]["job_id"]
    assert (await anybody.get(f"/v1/jobs/{job}", headers=alice)).status_code == 200
    problem(await anybody.get(f"/v1/jobs/{job}", headers=mallory), 404, "job-not-found")
    mine = (await anybody.get("/v1/events", headers=mallory, params={"limit": 1000})).json()["items"]
    assert all(each["account"] == "mallory" for each in mine)
    problem(await anybody.get("/v1/audits", headers=alice), 403, "not-permitted")
    problem(await anybody.get("/v1/networks", headers=alice), 403, "operators-only")
    problem(await anybody.post("/v1/zones", headers=alice, json={"name": "x"}), 403, "operators-only")
    problem(
        await anybody.post("/v1/cloud-zones", headers=alice, json={"name": "x", "type": "Advanced"}),
        403,
        "not-permitted",
    )
    problem(await anybody.get("/v1/jobs"), 401, "unauthenticated")
    wrong = {"authorization": alice["authorization"][:-8] + "AAAAAAA="}
    problem(await anybody.get("/v1/jobs", headers=wrong), 401, "unauthenticated")


async def test_new_keys_are_shown_once(http: httpx.AsyncClient, who: People) -> None:
    answer = await http.post("/v1/api-keys", json={"user": "alice"})
    assert answer.status_code == 201, answer.text
    assert len(answer.json()["secret"]) > 80
    listed = (await http.get("/v1/api-keys")).json()["items"]
    assert all("secret" not in each for each in listed)


async def test_a_pair_of_ssh_keys_is_made_and_its_private_half_told_once(http: httpx.AsyncClient) -> None:
    once = {"idempotency-key": "pair-1", "prefer": "return=minimal"}
    answer = await http.post("/v1/ssh-keys", json={"name": "laptop"}, headers=once)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    private = load_ssh_private_key(made["private_key"].encode(), None)
    public = private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert made["public_key"] == public.decode()
    again = await http.post("/v1/ssh-keys", json={"name": "laptop"}, headers={"idempotency-key": "pair-1"})
    assert again.json() == {name: value for name, value in made.items() if name != "private_key"}
    secret = made["private_key"].splitlines()[1]
    for path in ("/v1/ssh-keys", f"/v1/ssh-keys/{made['id']}", "/v1/audits", "/v1/events", "/v1/export"):
        assert secret not in (await http.get(path)).text
    given = {"name": "other", "public_key": made["public_key"]}
    problem(await http.post("/v1/ssh-keys", json=given), 422, "unknown-field")
    problem(await http.post("/v1/ssh-keys/register", json=given), 409, "ssh-key-taken")
    await http.delete("/v1/ssh-keys/laptop")
    kept = await http.post("/v1/ssh-keys/register", json=given)
    assert (kept.status_code, "private_key" in kept.json()) == (201, False)


async def test_components_tell_their_run_levels(http: httpx.AsyncClient) -> None:
    found = (await http.get("/v1/system/components")).json()["items"]
    assert found[0] == {"name": "store", "level": "system", "running": True}


async def test_the_document_describes_every_action(http: httpx.AsyncClient) -> None:
    document = (await http.get("/v1/openapi.json")).json()
    for kind in KINDS.every:
        for action in kind.actions.values():
            told = document["paths"][action.spec.path][action.spec.method.lower()]
            assert told["tags"] == [kind.spec.collection]
    refs = set(_refs(document))
    assert refs <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def _refs(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for item in value.values() for ref in _refs(item)]
    if isinstance(value, list):
        return [ref for item in value for ref in _refs(item)]
    return []


async def test_every_kind_can_be_listed_and_what_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    for kind in KINDS.every:
        path = f"/v1/{kind.spec.collection}"
        page = await http.get(path, params={"limit": 2})
        assert page.status_code == 200, page.text
        for item in page.json()["items"]:
            assert item["kind"] == kind.spec.kind
            assert not kind.hidden & item.keys()
        for ref in ("no-such-thing", "00000000-0000-4000-8000-00000000dead", "\x00", "%00"):
            answer = await http.get(f"{path}/{quote(ref)}")
            assert answer.status_code == 404, answer.text
