"""The example of a provider is complete: its own tests pass with nothing but netloom beside it, and it is short."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "provider"


def test_the_example_passes_its_own_tests() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-o",
            "asyncio_mode=auto",
            "-o",
            "asyncio_default_fixture_loop_scope=function",
            "--import-mode=importlib",
            "tests",
        ],
        cwd=EXAMPLE,
        env=os.environ | {"PYTHONPATH": str(EXAMPLE), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_is_short() -> None:
    code = (EXAMPLE / "netloom_spool" / "__init__.py").read_text().splitlines()
    assert len(code) < 150
