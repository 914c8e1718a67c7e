"""The cloud's nouns on the command line: made from the table of kinds, against a live server."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml

from netloom.contract.cloud import record_kinds
from netloom.contract.hints import HINTS
from netloom.faces.cli.cloud import said
from netloom.faces.cli.failures import Exit
from netloom.faces.cli.main import run

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(live_cloud: object, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["--server", live_cloud.unix, *arguments])  # type: ignore[attr-defined]
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def ok(result: tuple[int, str, str]) -> str:
    code, out, err = result
    assert code == 0, (out, err)
    return out


def test_life_of_a_domain(cli: Cli) -> None:
    assert ok(cli("domain", "create", "acme")).startswith("domain acme: create done (")
    made = json.loads(ok(cli("domain", "create", "lab", "--parent", "/acme/", "-o", "json")))
    assert made["parent"] == "ROOT/acme"
    listed = ok(cli("domain", "list", "--parent", "acme"))
    assert "lab" in listed
    assert "ROOT" not in listed
    assert ok(cli("domain", "update", "lab", "--network-domain", "lab.example"))
    shown = ok(cli("domain", "show", "lab"))
    assert "lab.example" in shown
    assert "parent id" not in shown
    assert "delete done" in ok(cli("domain", "delete", "lab", "--wait"))
    code, out, err = cli("domain", "show", "lab")
    assert (code, out) == (Exit.NOT_FOUND, "")
    assert "[domain-not-found]" in err


def test_hints_are_of_fields_that_there_are() -> None:
    said = {
        (kind.noun, field.name)
        for kind in record_kinds()
        for action in kind.actions
        for field in action.fields
    }
    plain = {name for _, name in said}
    assert [name for name in HINTS if name not in plain and tuple(name.split(".")) not in said] == []


def test_help_says_how_a_value_is_written(cli: Cli) -> None:
    told = " ".join(ok(cli("guest-network", "create", "--help")).replace("│", " ").split())
    assert "IPv4 address, as 10.1.1.1" in told
    assert "1 to 4094, or untagged" in told


def test_an_audit_entry_shows_what_changed(cli: Cli) -> None:
    made = json.loads(ok(cli("domain", "create", "acme", "-o", "json")))
    ok(cli("domain", "update", "acme", "--network-domain", "acme.example"))
    listed = json.loads(ok(cli("audit", "list", "--resource-id", made["id"], "-o", "json")))
    assert [each["use_case"] for each in listed] == ["domain.create", "domain.update"]
    assert "before" not in ok(cli("audit", "list", "--resource-id", made["id"])).lower()
    shown = ok(cli("audit", "show", listed[1]["id"]))
    assert "- → acme.example" in shown
    assert "path" not in shown  # it stayed
    assert "{" not in shown


def test_machines_that_no_instance_stands_for(cli: Cli) -> None:
    assert ok(cli("instance", "unmanaged")).strip() == "none"
    assert json.loads(ok(cli("instance", "unmanaged", "-o", "json"))) == {"items": []}
    code, _, err = cli(
        "instance", "import", "--machine", "old", "--service-offering", "Small Instance", "--networks", "x=y"
    )
    assert code == Exit.NOT_FOUND
    assert "machine: " in err


def test_waiting_for_jobs(cli: Cli) -> None:
    made = yaml.safe_load(ok(cli("project", "create", "p", "--wait", "-o", "yaml")))
    assert made["status"]["phase"] == "Done"
    job = made["status"]["job_id"]
    assert "Succeeded" in ok(cli("job", "wait", job))
    assert job in ok(cli("job", "list", "--state", "succeeded"))
    code, _, err = cli("job", "cancel", job)
    assert code == Exit.CONFLICT
    assert "[bad-transition]" in err


def test_a_cancelled_job_is_told_as_what_was_asked_for() -> None:
    jobs = next(kind for kind in record_kinds() if kind.noun == "job")
    cancel = next(action for action in jobs.actions if action.verb == "cancel")
    status = {"phase": "Error", "reason": "cancelled", "job_id": "7"}
    job = {"kind": "Job", "id": "7", "state": "Cancelled", "status": status}
    assert said(jobs, cancel, job) == "job 7: cancelled (7)"


def test_values_of_every_form(cli: Cli) -> None:
    made = json.loads(
        ok(
            cli("service-offering", "create", "tiny", "--cpu-number", "1", "--cpu-speed", "500", "--memory", "128",
                "--offer-ha", "--no-limit-cpu-use", "--details", "a=1", "--details", "b=2", "-o", "json")
        )
    )  # fmt: skip
    assert (made["cpu_number"], made["offer_ha"], made["limit_cpu_use"]) == (1, True, False)
    assert made["details"] == {"a": "1", "b": "2"}
    assert cli("service-offering", "create", "x", "--details", "nonsense")[0] == Exit.USAGE
    assert cli("network-offering", "create", "x", "--guest-type", "L2", "--providers", "[")[0] == Exit.USAGE


def test_keys_let_their_user_in(cli: Cli, live_cloud: object, monkeypatch: pytest.MonkeyPatch) -> None:
    ok(cli("account", "create", "--type", "user", "--username", "alice", "--password", "pw", "--first-name", "A",
           "--last-name", "B", "--email", "a@example.org"))  # fmt: skip
    keys = json.loads(ok(cli("api-key", "create", "--user", "alice", "-o", "json")))
    monkeypatch.setenv("NETLOOM_TOKEN", f"{keys['key']}:{keys['secret']}")
    tcp = live_cloud.tcp  # type: ignore[attr-defined]
    assert run(["--server", tcp, "job", "list"]) == 0
    assert run(["--server", tcp, "network", "list"]) == Exit.FAILED


def test_a_new_private_key_is_shown(cli: Cli) -> None:
    told = ok(cli("ssh-key", "create", "laptop"))
    assert "-----BEGIN OPENSSH PRIVATE KEY-----" in told
    assert told.rstrip().endswith("The private key is shown this once.")
    assert "PRIVATE" not in ok(cli("ssh-key", "show", "laptop"))


def test_components(cli: Cli) -> None:
    assert "run level" in ok(cli("system", "components")).lower()


def test_usage_is_reported(cli: Cli) -> None:
    ok(cli("security-group", "create", "web"))
    assert "SECURITY_GROUP" in ok(cli("usage", "report"))
    found = json.loads(ok(cli("usage", "report", "--since", "2026-01-01", "-o", "json")))
    assert [(line["account"], line["things"]) for line in found["items"]] == [("admin", 1)]


def test_every_noun_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in record_kinds():
        assert run([kind.noun, "--help"]) == 0
        shown = capsys.readouterr().out
        assert "list" in shown
        for action in kind.actions[:1]:
            assert run([kind.noun, action.verb, "--help"]) == 0
            assert "Usage" in capsys.readouterr().out
