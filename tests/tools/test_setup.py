"""tools/setup.sh and make: without root the line that helps is printed; help lists every target."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).parents[2]


def test_help_lists_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"^  make ([a-z-]+) ", done.stdout, re.M))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert listed == targets - {"setup"}


def test_without_root_the_line_to_run_is_printed(tmp_path: pathlib.Path) -> None:
    # As on a machine where nothing is installed and nobody is root: dpkg knows no package, id says 1000.
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    for program in tmp_path.iterdir():
        program.chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "tools" / "setup.sh"), "run"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "as root, run:  apt-get update && apt-get install -y openvswitch-switch iproute2" in done.stderr


def test_an_unknown_level_is_refused() -> None:
    line = [str(ROOT / "tools" / "setup.sh"), "everything"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "none of python, run, test, bench" in done.stderr
