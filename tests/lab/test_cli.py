from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from netloom.lab import Lab
from netloom.lab.cli import app
from netloom.lab.lab import down

pytestmark = [pytest.mark.lab, pytest.mark.alone]


def run(*words: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def name() -> Iterator[str]:
    made = f"c{uuid.uuid4().hex[:10]}"
    yield made
    down(made)


def test_from_up_to_down(name: str) -> None:
    assert "2 hosts up" in run("up", "--hosts", "2", "--name", name)
    assert "already" in run("up", "--name", name, status=1)
    assert "device v-web on h1" in run(
        "guest", "add", "web", "--host", "h1", "--ipv4", "10.0.0.1/24", "-n", name
    )
    run("guest", "add", "db", "--host", "h1", "--ipv4", "10.0.0.2/24", "--identity", "nic-db", "-n", name)
    shown = run("status", "-n", name)
    assert "198.18.0.2" in shown
    assert "web, db" in shown
    assert "0 of 1 answered" in run("ping", "web", "db", "-c", "1", "-n", name, status=1)
    host = Lab(name).host("h1")
    host.plug("v-web", None)
    host.add_flows("actions=NORMAL")
    assert "2 of 2 answered" in run("ping", "web", "db", "-c", "2", "-n", name)
    assert f"--ovsdb unix:/run/netloom-lab/{name}/h1/db.sock" in run("env", "-n", name)
    run("guest", "remove", "web", "-n", name)
    assert "no guest web" in run("ping", "web", "db", "-n", name, status=1)
    assert "down" in run("down", "-n", name)
    assert "no lab" in run("status", "-n", name, status=1)


def test_exec_reaches_the_hosts_own_daemons(name: str) -> None:
    run("up", "--hosts", "1", "--name", name)
    line = [sys.executable, "-m", "netloom.lab.cli", "exec", "-n", name]

    def said(*words: str) -> str:
        return subprocess.run([*line, *words], capture_output=True, text=True, check=True).stdout

    assert said("h1", "--", "ovs-vsctl", "get", "Open", ".", "external_ids:hostname") == "h1\n"
    version = said("h1", "--", "ovs-appctl", "version").split()[-1]
    assert said("h1", "--", "ovs-vsctl", "get", "Open", ".", "ovs_version") == f'"{version}"\n'
    assert "Open_vSwitch" in said("h1", "--", "ovs-appctl", "-t", "ovsdb-server", "ovsdb-server/list-dbs")
    assert subprocess.run([*line, "ctl", "sh", "-c", "exit 7"], check=False).returncode == 7


def test_who_is_not_root_is_told_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "run: sudo " in run("status", status=1)


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "apt-get install --yes iproute2" in run("status", status=1)
