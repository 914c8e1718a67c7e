"""The command line against a live server: every command once, exit statuses, formats, and what people read."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from tests.faces.conftest import LiveServer

from netloom.app.reports import PendingHost
from netloom.faces.cli.failures import Exit
from netloom.faces.cli.main import run
from netloom.faces.cli.plugins import COMMANDS

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(live: LiveServer, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["--server", live.unix, *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def ok(result: tuple[int, str, str]) -> str:
    code, out, err = result
    assert code == 0, (out, err)
    return out


@pytest.fixture
def house(cli: Cli) -> Cli:
    ok(cli("host", "add", "h1", "--ovsdb", "tcp:192.0.2.11:6640", "--tunnel-ip", "192.0.2.11"))
    ok(cli("network", "create", "blue", "--isolation", "vxlan", "--cidr", "10.0.0.0/24", "-l", "tenant=blue"))
    ok(cli("nic", "create", "a", "--network", "blue", "--mac", "02:00:00:00:00:07", "--identity", "vm-a"))
    return cli


def test_hosts(house: Cli) -> None:
    assert "h1" in ok(house("host", "list"))
    shown = ok(house("host", "show", "h1"))
    for text in ("Connected", "3.1.0", "netdev", "Tunnels", "nl-geneve", "120", "2 found, 2 repaired", "no route to host",
                 "duplicate-identity", "vm-a", "host-steps", "applying 12 steps", "and 4 more ports"):  # fmt: skip
        assert text in shown, text
    assert "takes no more NICs" in ok(house("host", "drain", "h1"))
    assert "takes NICs again" in ok(house("host", "drain", "h1", "--off"))
    data = json.loads(ok(house("host", "show", "h1", "-o", "json")))
    assert data["report"]["flows"]["desired"] == 120
    assert yaml.safe_load(ok(house("host", "show", "h1", "-o", "yaml")))["host"]["name"] == "h1"
    assert "removed" in ok(house("host", "remove", "h1"))
    assert ok(house("host", "list")) == "none\n"


def test_vlans_and_uplinks(house: Cli) -> None:
    ok(house("physical-network", "create", "core", "--isolation", "vlan", "--segments", "100-199"))
    told = ok(house("network", "create", "office", "--physical-network", "core", "--segment", "7"))
    assert "(vlan segment 7," in told
    assert "h1 has uplinks core=eth1\n" in ok(house("host", "uplinks", "h1", "core=eth1"))
    assert "core=bridge:br-ex" in ok(house("host", "uplinks", "h1", "core=bridge:br-ex"))
    assert "core=bridge:br-ex" in ok(house("host", "show", "h1"))
    assert "has no uplinks" in ok(house("host", "uplinks", "h1"))
    code, _, told = house("host", "add", "h2", "--uplink", "eth1")
    assert (code, "for example core=eth1" in told) == (Exit.USAGE, True)
    ok(house("host", "add", "h2", "--uplink", "core=eth1"))


def test_pending_hosts(cli: Cli, live: LiveServer) -> None:
    assert ok(cli("host", "pending")) == "none\n"
    live.runtime.pending = (
        PendingHost("sys-9", "ssl:192.0.2.9:4000", dt.datetime(2026, 1, 2, tzinfo=dt.UTC)),
    )
    assert "sys-9" in ok(cli("host", "pending"))
    assert "h9 admitted" in ok(cli("host", "admit", "sys-9", "--name", "h9", "--wait"))


def test_networks(house: Cli) -> None:
    listed = ok(house("network", "list", "-l", "tenant=blue", "--isolation", "vxlan"))
    assert "blue" in listed
    assert "10.0.0.0/24" in listed
    shown = ok(house("network", "show", "blue"))
    for text in ("mtu-too-small", "2, 1 on hosts", "tap0", "58 octets", "unplaced"):
        assert text in shown, text
    assert house("network", "delete", "blue")[0] == Exit.CONFLICT


def test_nics(house: Cli) -> None:
    assert "vm-a" in ok(house("nic", "list", "--network", "blue"))
    assert "attached to tap0 on h1" in ok(house("nic", "attach", "a", "h1", "tap0", "--wait"))
    assert "tap0 on h1" in ok(house("nic", "show", "a"))
    assert "detached" in ok(house("nic", "detach", "a"))
    code, _, err = house("nic", "create", "b", "--network", "blue", "--host", "h1")
    assert code == Exit.USAGE
    assert "--device" in err
    ok(house("nic", "create", "b", "--network", "blue", "--host", "h1", "--device", "tap1"))
    code, _, err = house("nic", "attach", "b", "h1", "a b")
    assert code == Exit.USAGE
    assert "cannot name a port" in err
    assert ok(house("nic", "delete", "b")) == "NIC b deleted\n"


def test_zones_and_physical_networks(cli: Cli) -> None:
    ok(cli("zone", "create", "berlin", "--description", "hall 3"))
    assert "hall 3" in ok(cli("zone", "list"))
    ok(
        cli(
            "physical-network",
            "create",
            "core",
            "--zone",
            "berlin",
            "--isolation",
            "geneve",
            "--segments",
            "5-9",
        )
    )
    assert "5-9" in ok(cli("physical-network", "list", "--zone", "berlin"))
    assert "geneve" in ok(cli("physical-network", "show", "core"))
    assert cli("zone", "delete", "berlin")[0] == Exit.CONFLICT
    ok(cli("physical-network", "delete", "core"))
    ok(cli("zone", "delete", "berlin"))


def test_files(house: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("kind: Zone\nname: berlin\n---\nkind: Nic\nname: b\nnetwork: blue\n")
    planned = ok(house("plan", "-f", str(file)))
    for text in ("+ Zone berlin", "+ port nl-gre type=gre", "why: Nic a (unicast to the NIC)", "now: table=0,actions=normal",
                 "2 to create", "Nothing was changed"):  # fmt: skip
        assert text in planned, text
    assert "2 created, 0 updated, 0 unchanged" in ok(house("apply", "-f", str(file), "--wait"))
    assert "0 created, 0 updated, 2 unchanged" in ok(house("apply", "-f", str(file)))
    assert json.loads(ok(house("apply", "-f", str(file), "-o", "json")))["unchanged"] == 2
    exported = ok(house("export"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(exported.encode())))
    assert " 0 updated, 7 unchanged" in ok(house("apply", "-f", "-"))
    assert json.loads(ok(house("export", "-o", "json")))["items"][0]["kind"] == "Zone"


def test_mistakes_in_files_have_places(house: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "kind: Zone\nname: berlin\n---\nkind: Nic\nname: b\nnetwork: blue\nmac: 01:00:00:00:00:01\n"
    )
    code, out, err = house("apply", "-f", str(file))
    assert (code, out) == (Exit.USAGE, "")
    assert f"{file}:7:6: error: documents[1].mac: 01:00:00:00:00:01 is a group address" in err
    assert "nothing was changed" in err
    assert house("zone", "show", "berlin")[0] == Exit.NOT_FOUND
    file.write_text("kind: [")
    assert f"{file}:2:1: error" in house("plan", "-f", str(file))[2]
    assert house("apply", "-f", str(tmp_path / "none"))[0] == Exit.USAGE


def test_diff(house: Cli, live: LiveServer) -> None:
    assert "1 of 1 hosts are as desired" in ok(house("diff"))
    live.runtime.clean = False
    code, out, _ = house("diff", "h1")
    assert code == Exit.DRIFT
    assert "1 to add, 1 to change, 1 to remove" in out
    assert "~ table=0,actions=drop" in out


def test_explain(house: Cli) -> None:
    flow = ok(house("explain", "flow", "h1", "0x10"))
    assert "nic-unicast" in flow
    assert "Nic a (unicast to the NIC)" in flow
    nic = ok(house("explain", "nic", "a"))
    assert "tap0" in nic
    assert "nobody attached it" in nic
    assert house("explain", "flow", "h1", "cookie")[0] == Exit.USAGE


def test_status(house: Cli) -> None:
    shown = ok(house("status"))
    assert "Nic=1" in shown
    assert "serving" in shown


def test_watch(house: Cli, live: LiveServer) -> None:
    told = threading.Event()

    def change() -> None:
        """Again and again: what was made before the watch began is not told to it."""
        for number in itertools.count():
            run(["--server", live.unix, "zone", "create", f"w{number}"])
            if told.wait(0.2):
                return

    changing = threading.Thread(target=change)
    changing.start()
    try:
        out = ok(house("watch", "--count", "1"))
    finally:
        told.set()
        changing.join()
    assert re.search(r"Zone w\d+ created", out)


def test_wait_that_does_not_get_there(house: Cli, live: LiveServer) -> None:
    live.runtime.done = False
    code, out, err = house("host", "add", "h2", "--wait", "--wait-seconds", "0.1")
    assert code == Exit.NOT_DONE
    assert "h2 added" in out
    assert "host h2 is not done: Pending, being applied, behind: h1" in err


def test_exit_statuses_and_hints(cli: Cli) -> None:
    code, out, err = cli("nic", "show", "none")
    assert (code, out) == (Exit.NOT_FOUND, "")
    assert "[nic-not-found]" in err
    code, _, err = cli("network", "create", "x", "--cidr", "10.0.0.1/24")
    assert code == Exit.USAGE
    assert "hint: did you mean 10.0.0.0/24?" in err
    code, _, err = cli("network", "create", "x", "--isolation", "ipsec", "--cidr", "10.0.0.0/24")
    assert code == Exit.USAGE
    assert "isolation" in err
    assert cli("network", "create", "x", "-l", "nonsense")[0] == Exit.USAGE
    assert cli("frobnicate")[0] == Exit.USAGE
    code = run(["--server", "http://127.0.0.1:1", "--timeout", "1", "status"])
    assert code == Exit.UNAVAILABLE


def test_debug_shows_http_and_hides_the_token(
    live: LiveServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETLOOM_TOKEN", "correct-horse-battery-staple")
    assert run(["--server", live.tcp, "--debug", "zone", "list"]) == 0
    err = capsys.readouterr().err
    assert "> GET /v1/zones?limit=1000" in err
    assert "< 200 OK after" in err
    assert '"name":"default"' in err
    assert "correct-horse" not in err


def test_help_imports_little() -> None:
    code = "import sys; from netloom.faces.cli.main import run; run(['--help']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "physical-network" in done.stdout
    modules = set(done.stdout.split())
    assert not modules & {"httpx", "pydantic", "fastapi", "netloom.client", "sqlalchemy", "asyncio"}


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for lazy in COMMANDS:
        assert run([lazy.name, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


def test_completion_knows_commands_and_options() -> None:
    def complete(line: str) -> str:
        code = "from netloom.faces.cli.main import run; run([])"
        environment = {
            "_NETLOOM_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split()) - 1),
        }
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        ).stdout

    assert "network" in complete("netloom net")
    assert "drain" in complete("netloom host dr")


def test_a_plug_in_that_cannot_be_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = metadata.EntryPoint("broken", "netloom.nowhere:app", "netloom.commands")
    monkeypatch.setattr(metadata, "entry_points", lambda **_: [entry])
    assert run(["broken"]) == Exit.USAGE
    assert "cannot be loaded" in capsys.readouterr().err
    assert run(["--help"]) == 0
    assert "broken" in capsys.readouterr().out


def test_apply_that_does_not_get_there(house: Cli, live: LiveServer, tmp_path: Path) -> None:
    live.runtime.done = False
    file = tmp_path / "x.yaml"
    file.write_text("kind: Nic\nname: b\nnetwork: blue\n---\nkind: Zone\nname: z\n")
    code, out, err = house("apply", "-f", str(file), "--wait", "--wait-seconds", "0.2")
    assert code == Exit.NOT_DONE
    assert "2 created" in out
    assert "not done: Nic/b" in err
