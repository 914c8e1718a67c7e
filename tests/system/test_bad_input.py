"""Wrong, huge, repeated, outdated and hostile input: told precisely, and nothing changed."""

from __future__ import annotations

import contextlib
import json
import pathlib
import socket
import uuid
from collections.abc import Iterator

import httpx
import pytest
from tests.system.cloud import Cloud, cloud, netloom, settings

from netloom.base.errors import Conflict, Exhausted, NetloomError, StaleVersion
from netloom.client import calls
from netloom.client.errors import FileError
from netloom.contract.kinds import NETWORK, NIC, PHYSICAL_NETWORK
from netloom.contract.networks import NetworkPatch, NetworkSpec
from netloom.contract.nics import NicPatch, NicSpec
from netloom.contract.physical_networks import PhysicalNetworkSpec

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

JSON = "application/json"
BOUNDS = {"max_body_bytes": 4 * 1024 * 1024, "body_timeout": 1.0}
SCRIPTS = ("сеть", "网络", "شبكة", "δίκτυο", "网 络", "🕸️", "réseau à côté", "nětwork #1?")


@pytest.fixture(scope="module")
def one() -> Iterator[Cloud]:
    """One host; requests are few and small."""
    with cloud(1, settings(api=BOUNDS)) as made:
        yield made


@contextlib.contextmanager
def unchanged(made: Cloud) -> Iterator[None]:
    """Nothing changes within the block: not the store, not the switch."""
    before = (made.netloomd.system().revision, made.flows(), made.client.send(calls.export()))
    yield
    made.in_sync()
    assert (made.netloomd.system().revision, made.flows(), made.client.send(calls.export())) == before


@contextlib.contextmanager
def http(made: Cloud) -> Iterator[httpx.Client]:
    """The API without the client."""
    transport = httpx.HTTPTransport(uds=str(made.netloomd.socket))
    with httpx.Client(transport=transport, base_url="http://netloom", timeout=20) as client:
        yield client


WRONG_FILES = {
    "not YAML": ("kind: Network\nname: [oops\n", 3, None),
    "a tab": ("kind: Network\n\tname: x\n", 2, None),
    "an unknown kind": ("kind: Netwrok\nname: x\n", 1, "kind"),
    "an unknown field": ("kind: Network\nname: x\ncidr: 10.0.0.0/24\ncolour: blue\n", 4, "colour"),
    "a wrong type": ("kind: Network\nname: x\ncidr: 10.0.0.0/24\nsegment: many\n", 4, "segment"),
    "a bad address": ("kind: Network\nname: x\ncidr: 10.0.0.0/33\n", 3, "cidr"),
    "a key twice": ("kind: Network\nname: x\nname: y\n", 3, None),
    "nobody's network": ("---\nkind: Nic\nname: x\nnetwork: nowhere\n", 4, "network"),
}


@pytest.mark.parametrize("what", WRONG_FILES)
@pytest.mark.parametrize("call", [calls.apply, calls.plan], ids=["apply", "plan"])
def test_a_wrong_file_is_told_with_its_place_and_changes_nothing(one: Cloud, call: object, what: str) -> None:
    text, line, field = WRONG_FILES[what]
    good = "kind: Network\nname: good\ncidr: 10.9.0.0/24\n---\n"
    with unchanged(one), pytest.raises(FileError) as refused:
        one.client.send(call((good + text).encode()))  # type: ignore[operator]
    (mistake,) = refused.value.mistakes
    assert mistake.line == line + 4
    assert mistake.column is not None
    if field is not None:
        assert field in str(mistake.field)


def test_wrong_json_is_told_with_its_place(one: Cloud) -> None:
    with unchanged(one), http(one) as client:
        for path in ("/v1/apply", "/v1/networks"):
            answer = client.post(path, content=b'{"name": "x",\n "cidr": }', headers={"content-type": JSON})
            problem = answer.json()
            assert answer.status_code in {400, 422}
            assert answer.headers["content-type"] == "application/problem+json"
            assert (problem["line"], problem["status"]) == (2, answer.status_code)
            assert problem["column"] >= 9
        answer = client.post("/v1/networks", json={"name": "x", "cidr": "10.0.0.0/24", "segment": "many"})
        assert answer.status_code in {400, 422}
        assert answer.json()["field"] == "segment"


def test_the_command_line_tells_mistakes_as_compilers_do(one: Cloud, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("kind: Network\nname: x\ncidr: 10.0.0.0/33\n")
    with unchanged(one):
        told = netloom("apply", "-f", str(file), server=one, status=2)
    assert f"{file}:3:" in told
    assert "cidr" in told


def test_ten_thousand_documents(one: Cloud) -> None:
    head = "kind: Network\nname: many\ncidr: 10.64.0.0/16\n"
    nics = "".join(f"---\nkind: Nic\nname: many-{n}\nnetwork: many\n" for n in range(9_999))
    file = (head + nics).encode()
    applied = one.client.send(calls.apply(file))
    assert (applied.created, applied.updated) == (10_000, 0)
    again = one.client.send(calls.apply(file))
    assert (again.created, again.updated, again.unchanged) == (0, 0, 10_000)
    # One mistake at the very end, and nothing of it is done.
    with unchanged(one), pytest.raises(FileError) as refused:
        one.client.send(calls.apply(file.replace(b"many", b"more") + b"---\nkind: Nic\nname: x\n"))
    assert refused.value.mistakes[0].document == 10_000
    one.in_sync()


@pytest.mark.parametrize("name", SCRIPTS)
def test_names_in_any_script(one: Cloud, name: str) -> None:
    network = one.network(name, cidr="10.0.1.0/24")
    assert network.name == name
    nic = one.nic(f"{name}.1", name, identity=f"vif-{uuid.uuid4()}")
    assert one.client.send(calls.get(NIC, f"{name}.1")).id == nic.id
    assert name in netloom("network", "show", name, server=one)
    shown = json.loads(netloom("nic", "list", "-o", "json", server=one))
    assert f"{name}.1" in json.dumps(shown, ensure_ascii=False)
    guest = one.guest(one.nic(f"p{uuid.uuid4().hex[:6]}", name), "h1")
    one.network_becomes("Implemented", name)
    one.lab.remove_guest(guest.name)
    for item in (guest.name, f"{name}.1"):
        one.client.send(calls.delete(NIC, item))
    one.client.send(calls.delete(NETWORK, name))


def test_a_range_of_segments_is_exhausted_and_nothing_leaks(one: Cloud) -> None:
    spec = PhysicalNetworkSpec(name="small", segments=("70-72",), isolations=("vxlan",))
    one.client.send(calls.create(PHYSICAL_NETWORK, spec, key="small"))
    for n in range(3):
        one.network(f"s{n}", "vxlan", physical_network="small")
    with unchanged(one), pytest.raises(Exhausted) as refused:
        one.network("s3", "vxlan", physical_network="small")
    assert "small" in str(refused.value)
    one.client.send(calls.delete(NETWORK, "s1"))
    assert one.network("s3", "vxlan", physical_network="small").segment == 71
    with unchanged(one), pytest.raises(NetloomError) as outside:
        one.network("s4", "vxlan", physical_network="small", segment=99)
    assert outside.value.subject == "segment"


def test_addresses_of_a_network_are_exhausted(one: Cloud) -> None:
    one.network("tiny", cidr="10.0.2.0/29")
    for n in range(5):  # eight, but the network's, the broadcast and the gateway's
        one.nic(f"tiny-{n}", "tiny")
    with unchanged(one), pytest.raises(Exhausted):
        one.nic("tiny-5", "tiny")


def test_what_clashes_is_refused_and_the_other_side_named(one: Cloud) -> None:
    first = one.network("first", "vxlan", segment=4242)
    with unchanged(one):
        with pytest.raises(Conflict, match=str(first.segment)):
            one.network("second", "vxlan", segment=first.segment)
        with pytest.raises(Conflict):
            one.network("first", "vxlan")
    one.nic("n1", "first", mac="02:00:00:00:00:01", ipv4="10.0.0.9")
    with unchanged(one):
        with pytest.raises(Conflict, match="n1"):
            one.nic("n2", "first", ipv4="10.0.0.9")
        with pytest.raises(Conflict, match="n1"):
            one.nic("n2", "first", mac="02:00:00:00:00:01")
        with pytest.raises(Conflict, match="n1") as refused:
            one.nic("n2", "first", identity="n1")
        assert "identity" in f"{refused.value.stable_code} {refused.value.subject}"
        with pytest.raises(NetloomError) as inside:
            one.nic("n2", "first", ipv4="10.1.0.9")
        assert inside.value.subject == "ipv4"
        with pytest.raises(Conflict, match="n1"):
            one.client.send(calls.delete(NETWORK, "first"))


def test_cidrs_may_overlap_between_networks_but_not_within_a_file_name(one: Cloud) -> None:
    """Two tenants may have the same CIDR; a CIDR with host bits or a v6 CIDR as v4 is none."""
    one.network("o1", cidr="10.3.0.0/24")
    one.network("o2", cidr="10.3.0.0/24")
    with unchanged(one):
        for wrong in ("10.3.0.1/24", "fd00::/64", "10.3.0.0/31", "0.0.0.0/0"):
            with pytest.raises(NetloomError) as refused:
                one.network("o3", cidr=wrong)
            assert refused.value.subject == "cidr"


def test_doing_it_once(one: Cloud) -> None:
    spec = NetworkSpec(name="once", isolation="vxlan", cidr="10.4.0.0/24")
    first = one.client.send(calls.create(NETWORK, spec, key="the-key"))
    with unchanged(one):
        assert one.client.send(calls.create(NETWORK, spec, key="the-key")).id == first.id
        other = NetworkSpec(name="twice", isolation="vxlan", cidr="10.4.0.0/24")
        with pytest.raises(Conflict) as refused:
            one.client.send(calls.create(NETWORK, other, key="the-key"))
    assert refused.value.stable_code == "idempotency-key-reused"


def test_an_outdated_change_is_refused_with_the_version_now(one: Cloud) -> None:
    network = one.network("versions", cidr="10.5.0.0/24")
    patch = NetworkPatch(labels={"a": "1"})
    changed = one.client.send(calls.update(NETWORK, "versions", patch, if_generation=network.generation))
    with unchanged(one):
        with pytest.raises(StaleVersion) as refused:
            one.client.send(
                calls.update(NETWORK, "versions", NetworkPatch(labels={}), if_generation=network.generation)
            )
        assert refused.value.current == changed.generation
        with pytest.raises(StaleVersion):
            one.client.send(calls.delete(NETWORK, "versions", if_generation=network.generation))
        with http(one) as client:
            answer = client.patch("/v1/networks/versions", json={"labels": {}}, headers={"if-match": '"1"'})
            assert answer.status_code == 412
            assert answer.json()["current"] == changed.generation


def test_a_request_that_is_too_large(one: Cloud) -> None:
    with unchanged(one), http(one) as client:
        announced = client.post("/v1/networks", content=b"x" * (2 * 1024 * 1024))
        assert announced.status_code == 413
        streamed = client.post("/v1/apply", content=(b"#" * 65536 for _ in range(100)))
        assert streamed.status_code == 413
        bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{k}: &{k} [{','.join(['*' + chr(ord(k) - 1)] * 10)}]\n" for k in "bcdefgh"
        )
        answer = client.post("/v1/apply", content=bomb, headers={"content-type": "application/yaml"})
        assert answer.status_code == 413
        assert answer.json()["code"]


def test_a_request_that_is_too_slow(one: Cloud) -> None:
    with unchanged(one), socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(one.netloomd.socket))
        slow.sendall(
            b"POST /v1/networks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"
        )
        slow.settimeout(20)
        answer = slow.recv(4096)
        assert b" 408 " in answer.split(b"\r\n", 1)[0]


def test_too_many_requests() -> None:
    with (
        cloud(1, settings(api={"requests_per_second": 5.0, "burst": 50}), declare=False) as made,
        http(made) as client,
    ):
        answers = [client.get("/v1/networks") for _ in range(80)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert refused[0].json()["code"]
        assert float(refused[0].headers["retry-after"]) > 0
        # The ordinary client waits and goes on.
        assert made.client.send(calls.page(NETWORK)).items == ()


def test_a_nic_keeps_what_is_asked_for_while_two_change_it(one: Cloud) -> None:
    one.network("race", cidr="10.6.0.0/24")
    nic = one.nic("race-1", "race")
    one.client.send(calls.update(NIC, "race-1", NicPatch(labels={"by": "one"}), if_generation=nic.generation))
    with pytest.raises(StaleVersion):
        one.client.send(
            calls.update(NIC, "race-1", NicPatch(labels={"by": "two"}), if_generation=nic.generation)
        )
    assert one.client.send(calls.get(NIC, "race-1")).labels == {"by": "one"}


def test_a_batch_with_one_mistake_does_nothing(one: Cloud) -> None:
    one.network("batch", cidr="10.7.0.0/24")
    specs = [NicSpec(name=f"batch-{n}", network="batch") for n in range(100)]
    specs.append(NicSpec(name="batch-0", network="batch"))
    with unchanged(one), pytest.raises(NetloomError) as refused:
        one.client.send(calls.create_nics(specs, key="batch"))
    assert "batch-0" in str(refused.value) + str(getattr(refused.value, "mistakes", ""))
