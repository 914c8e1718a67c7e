"""The systemd unit starts what is installed, as its own user; systemd's own check is asked where it is there."""

from __future__ import annotations

import configparser
import pathlib
import shutil
import subprocess

from netloom.daemon.main import _arguments
from netloom.daemon.settings import RUN, STATE, Settings

PACKAGING = pathlib.Path(__file__).parents[2] / "packaging"
UNIT = PACKAGING / "systemd" / "netloomd.service"


def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    return unit["Service"]


def test_the_unit_starts_netloomd_with_its_settings() -> None:
    section = service()
    for key in ("ExecStartPre", "ExecStart"):
        program, *words = section[key].split()
        assert (program, words[0]) == ("/usr/bin/env", "netloomd")
        assert str(_arguments().parse_args(words[1:]).config) == "/etc/netloom/netloomd.toml"
    assert section["Type"] == "notify"
    assert int(section["WatchdogSec"]) > 0


def test_its_directories_are_those_of_the_settings() -> None:
    section, settings = service(), Settings()
    assert f"/var/lib/{section['StateDirectory']}" == STATE
    assert f"/run/{section['RuntimeDirectory']}" == RUN
    assert settings.api.socket.startswith(RUN)
    assert settings.store.url == f"sqlite:///{STATE}/netloom.db"
    user = (PACKAGING / "sysusers.d" / "netloom.conf").read_text().split()
    assert (section["User"], user[1], user[-1]) == ("netloom", "netloom", STATE)


def test_systemd_takes_it() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:  # a container without systemd: the tests above have read the unit
        return
    checked = subprocess.run([analyze, "verify", str(UNIT)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    rated = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert rated.returncode == 0, rated.stdout
