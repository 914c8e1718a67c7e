"""The wheel has all that netloom needs at run time, and works without the checkout."""

from __future__ import annotations

import configparser
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tomllib
import zipfile

import pytest
from tests.docs.markdown import document

from netloom.lab import wait

ROOT = pathlib.Path(__file__).parents[2]


def run(
    installed: pathlib.Path, module: str, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the `main` of a module of the installed wheel, away from the checkout, as its script does."""
    name = "netloomd" if "daemon" in module else "netloom"
    program = f"import sys; sys.argv[0] = '{name}'; from {module} import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )


def test_everything_is_inside(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        points = configparser.ConfigParser()
        points.read_string(
            archive.read(next(n for n in names if n.endswith("/entry_points.txt"))).decode("utf-8")
        )
    for path in (ROOT / "src" / "netloom").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT / "src")) in names
    for part in ("py.typed", "store/migrations/env.py", "store/migrations/script.py.mako"):
        assert f"netloom/{part}" in names
    assert any(name.startswith("netloom/store/migrations/versions/0001") for name in names)
    shared = {name.partition("/data/share/netloom/")[2] for name in names if "/data/share/netloom/" in name}
    assert shared == {"netloomd.toml", "systemd/netloomd.service", "sysusers.d/netloom.conf"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "bench/")) for name in names)
    assert set(points["console_scripts"]) == {"netloom", "netloomd"}
    assert set(points["netloom.commands"]) == {"lab", "ca"}


def test_the_programs_come_from_the_wheel(installed: pathlib.Path) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import netloom; print(netloom.__file__)"],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=installed,
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(installed))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run(installed, "netloom.daemon.main", "--version").stdout == f"netloomd {version}\n"


@pytest.mark.timeout(600)  # a dozen programs one after the other, on a machine that other tests load
def test_netloomd_and_netloom_work_from_it(installed: pathlib.Path, tmp_path: pathlib.Path) -> None:
    config, door = tmp_path / "netloomd.toml", tmp_path / "n.sock"
    config.write_text(
        f'[api]\nsocket = "{door}"\nlisten = ""\ntoken_file = "{tmp_path}/admin.token"\n'
        f'[store]\nurl = "sqlite:///{tmp_path}/n.db"\n'
        f'[switches]\npki = "{tmp_path}/pki"\n'
    )
    checked = run(installed, "netloom.daemon.main", "--config", str(config), "--check-config")
    assert (checked.returncode, checked.stdout) == (0, "the configuration is good\n"), checked.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["netloomd.toml"]  # checking changed nothing
    daemon = subprocess.Popen(
        [sys.executable, "-m", "netloom.daemon.main", "--config", str(config)],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:

        def open_now() -> bool:
            with socket.socket(socket.AF_UNIX) as probe:
                return probe.connect_ex(str(door)) == 0

        wait.until(open_now, "netloomd's door is open", seconds=30)
        server = {"NETLOOM_SERVER": f"unix:{door}"}
        words = ["network", "create", "blue", "--isolation", "vxlan", "--cidr", "10.0.0.0/24", "-o", "json"]
        made = run(installed, "netloom.faces.cli.main", *words, **server)
        assert made.returncode == 0, made.stderr
        assert json.loads(made.stdout)["segment"] == 1
        copied = run(
            installed, "netloom.daemon.main", "--config", str(config), "backup", str(tmp_path / "copy.db")
        )
        assert copied.returncode == 0, copied.stderr
    finally:
        daemon.send_signal(signal.SIGTERM)
        _, told = daemon.communicate(timeout=60)
    assert daemon.returncode == 0, told
    assert "hosts keep forwarding" in told


def test_the_shell_completes(installed: pathlib.Path) -> None:
    environment = {"_NETLOOM_COMPLETE": "complete_bash", "COMP_WORDS": "netloom net", "COMP_CWORD": "1"}
    done = run(installed, "netloom.faces.cli.main", **environment)
    offered = done.stdout.split()
    assert "network" in offered, done.stderr
    assert all(word.startswith("net") for word in offered)
    # Without a shell above us (CI has none) there is nothing to detect; then the shell is named.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = run(installed, "netloom.faces.cli.main", "--show-completion", "bash", **named)
    assert "complete -o default -F _netloom_completion netloom" in shown.stdout


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[>]", line)[0] for line in project["dependencies"]}
    rows = re.findall(
        r"^\| ((?:`[^`]+`(?:, )?)+) \|", document("docs/decisions/0002-dependencies.md").text, re.M
    )
    told = {name.partition("[")[0] for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert told == wanted
