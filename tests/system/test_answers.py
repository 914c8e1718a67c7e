"""What an operator is told: reports, explanations, drift, plans, exports, changes, metrics; by API and command line."""

from __future__ import annotations

import json
import pathlib
import queue
import re
import threading
from collections.abc import Iterator

import httpx
import pytest
from tests.system.cloud import Cloud, cloud, netloom, settings

from netloom.base.errors import NetloomError
from netloom.client import calls
from netloom.client.sync import SyncClient
from netloom.contract.changes import Change
from netloom.contract.kinds import NETWORK
from netloom.contract.networks import NetworkPatch
from netloom.lab import Guest, wait

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[Cloud, Guest, Guest]]:
    """Two hosts and a network with a pair of guests; drift stays until a test has looked."""
    with cloud(2, settings(reconcile={"refresh_interval": 0.0})) as made:
        made.network("blue", "vxlan", cidr6="fd00::/64")
        left, right = made.pair("blue")
        made.in_sync()
        yield made, left, right


def test_every_flow_leads_back_to_what_caused_it(told: tuple[Cloud, Guest, Guest]) -> None:
    made, left, right = told
    dump = made.host("h1").ofctl("dump-flows", "--no-names", "--no-stats")
    cookies = {int(found, 16) for found in re.findall(r"cookie=(0x[0-9a-f]+)", dump)}
    names: set[str] = set()
    for cookie in cookies:
        explained = made.client.send(calls.explain_flow("h1", cookie))
        assert explained.ours
        assert explained.fragment
        assert sorted(explained.desired) == sorted(explained.actual)
        names.update(reason.name for reason in explained.why)
    assert {left.name, right.name, "blue"} <= names
    assert not made.client.send(calls.explain_flow("h1", 0x1234)).ours
    some = next(iter(cookies))
    shown = json.loads(netloom("explain", "flow", "h1", hex(some), "-o", "json", server=made))
    assert shown["cookie"] == some
    assert "h1" in netloom("explain", "flow", "h1", hex(some), server=made)


def test_a_nic_is_explained(told: tuple[Cloud, Guest, Guest]) -> None:
    made, _left, right = told
    explained = made.client.send(calls.explain_nic("blue-b"))
    assert [(place.host, place.port) for place in explained.placements] == [("h2", right.port)]
    assert {flows.host: flows.role for flows in explained.hosts} == {"h1": "remote", "h2": "local"}
    assert all(flows.flows and flows.in_sync for flows in explained.hosts)
    assert right.port in netloom("explain", "nic", "blue-b", server=made)
    made.nic("nowhere", "blue")
    lost = made.client.send(calls.explain_nic("nowhere"))
    assert not lost.placements
    assert lost.findings
    assert lost.findings[0].hint


def test_host_and_network_are_shown(told: tuple[Cloud, Guest, Guest]) -> None:
    made, left, _right = told
    shown = json.loads(netloom("host", "show", "h1", "-o", "json", server=made))
    text = json.dumps(shown)
    for word in ("system_id", "ovs_version", "capabilities", "nl-vxlan0", left.port, "Connected", "netdev"):
        assert word in text
    table = netloom("host", "show", "h1", server=made)
    for word in ("h1", "nl-vxlan0", left.port):
        assert word in table
    shown = json.loads(netloom("network", "show", "blue", "-o", "json", server=made))
    assert "Implemented" in json.dumps(shown)
    table = netloom("network", "show", "blue", server=made)
    for word in ("blue", "vxlan", "h1", "h2"):
        assert word in table
    assert "h2" in netloom("host", "list", server=made)


def test_tampering_shows_in_diff_and_is_gone_once_put_right(told: tuple[Cloud, Guest, Guest]) -> None:
    made, left, right = told
    assert made.client.send(calls.diff()).clean
    assert netloom("diff", server=made)
    host = made.host("h1")
    host.delete_flows("cookie=0x6e6c000000000000/0xffff000000000000,table=64")
    host.add_flows("cookie=0x6e6c010100000000,table=200,priority=9,actions=drop")
    drift = made.client.send(calls.diff("h1"))
    assert not drift.clean
    (changes,) = drift.hosts
    assert changes.adds > 0
    assert changes.removes == 1
    assert all(change.why for change in changes.flows if change.action == "add")
    assert "UNICAST" in netloom("diff", "h1", server=made, status=7)
    made.netloomd.kill()
    made.netloomd.start()
    made.in_sync()
    assert made.client.send(calls.diff()).clean
    made.reaches(left, right)


def test_a_plan_tells_flows_and_ports_and_touches_nothing(
    told: tuple[Cloud, Guest, Guest], tmp_path: pathlib.Path
) -> None:
    made, _left, _right = told
    # A guest is plugged already; its NIC and network are not known yet.
    guest = made.guest(made.nic("planned", "blue"), "h2", plugged=False)
    guest.plug("to-come")
    before = (netloom("export", server=made), made.flows())
    file = tmp_path / "plan.yaml"
    file.write_text(
        "kind: Network\nname: green\nisolation: gre\ncidr: 10.0.0.0/24\n---\n"
        "kind: Nic\nname: green-1\nnetwork: green\nidentity: to-come\n"
    )
    plan = made.client.send(calls.plan(file.read_bytes()))
    assert {(change.kind, change.name, change.action) for change in plan.objects} == {
        ("Network", "green", "add"),
        ("Nic", "green-1", "add"),
    }
    (host,) = plan.hosts
    assert host.host == "h2"
    assert [port.name for port in host.ports] == ["nl-gre0"]
    assert host.flows
    assert all(flow.why for flow in host.flows)
    assert any(reason.name == "green-1" for flow in host.flows for reason in flow.why)
    assert "green-1" in netloom("plan", "-f", str(file), server=made)
    made.in_sync()
    assert (netloom("export", server=made), made.flows()) == before
    # And it comes as it was told.
    planned = {flow.flow for flow in host.flows if flow.action == "add"}
    netloom("apply", "-f", str(file), "--wait", server=made)
    actual = len(made.flows()["h2"]) - len(before[1]["h2"])
    assert actual == len(planned)
    assert sum("nl-gre0" in flow for flow in planned) == 2, "the port has no number yet, so it is named"


def test_what_is_exported_applies_unchanged(told: tuple[Cloud, Guest, Guest], tmp_path: pathlib.Path) -> None:
    made, _left, _right = told
    made.in_sync()
    before = (netloom("export", server=made), made.flows())
    exported = netloom("export", server=made)
    file = tmp_path / "export.yaml"
    file.write_text(exported)
    told_again = netloom("apply", "-f", str(file), "-o", "json", server=made)
    assert json.loads(told_again)["created"] == 0
    assert (netloom("export", server=made), made.flows()) == before
    # Elsewhere its hosts lead nowhere: a second netloom must not take the switches from the first.
    moved = exported.replace(f"/{made.lab.name}/", "/nowhere/")
    file.write_text(moved)
    with cloud(1, declare=False) as other:
        netloom("apply", "-f", str(file), server=other)
        assert netloom("export", server=other) == moved


def test_changes_are_streamed(told: tuple[Cloud, Guest, Guest]) -> None:
    made, _left, _right = told
    since = made.netloomd.system().revision
    seen: queue.Queue[Change] = queue.Queue()

    def follow() -> None:
        client = SyncClient(f"unix:{made.netloomd.socket}")
        with client:
            for item in client.watch(since):
                if isinstance(item, Change):
                    seen.put(item)
                    if item.action == "deleted":
                        return

    watcher = threading.Thread(target=follow)
    watcher.start()
    try:
        network = made.network("watched")
        first = seen.get(timeout=30)
        assert (first.action, first.name, first.id) == ("created", "watched", network.id)
        made.client.send(calls.update(NETWORK, "watched", NetworkPatch(labels={"a": "b"})))
        second = seen.get(timeout=30)
        assert (second.action, second.generation) == ("updated", 2)
    finally:
        made.client.send(calls.delete(NETWORK, "watched"))
        watcher.join()
    last = seen.get(timeout=30)
    assert last.action == "deleted"
    assert last.revision > second.revision > first.revision


def test_metrics_and_readiness(told: tuple[Cloud, Guest, Guest]) -> None:
    made, _left, _right = told
    transport = httpx.HTTPTransport(uds=str(made.netloomd.socket))
    with httpx.Client(transport=transport, base_url="http://netloom") as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/healthz").status_code == 200
        text = client.get("/metrics").text
    for word in ("session", "flows", "drift", "queue", "apply_failures", "apply_seconds", "plan_seconds"):
        assert re.search(rf"^netloom_\w*{word}\w*[{{ ]", text, re.MULTILINE), word
    assert 'state="retrying"' in text


def test_errors_have_the_exit_status_that_the_command_line_promises(told: tuple[Cloud, Guest, Guest]) -> None:
    made, _left, _right = told
    assert "nowhere" in netloom("network", "show", "nowhere-at-all", server=made, status=3)
    assert "blue" in netloom("network", "delete", "blue", server=made, status=4)
    netloom("network", "create", "x", "--cidr", "10.0.0.0/33", server=made, status=2)
    with pytest.raises(NetloomError):
        made.client.send(calls.explain_flow("nobody", 1))
    wait.until(lambda: made.host_status("h1") == "Done", "all is well")
