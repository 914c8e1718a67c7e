"""`make dev` prints lines that work as they stand."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import uuid

import pytest

from netloom.lab.lab import down
from netloom.lab.state import labs

pytestmark = [pytest.mark.lab, pytest.mark.alone]


def test_what_is_printed_can_be_typed() -> None:
    name = f"v{uuid.uuid4().hex[:10]}"
    path = f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}
    line = [sys.executable, "-m", "netloom.lab.dev", name]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as dev:
        try:
            assert dev.stdout is not None
            typed = []
            for row in dev.stdout:
                if row.startswith("  "):
                    typed.append(row.strip())
                if "netloomd is up" in row:
                    break
            assert typed[-1].startswith("netloom lab ping")
            script = " && ".join(typed)
            done = subprocess.run(
                ["sh", "-c", script], capture_output=True, text=True, check=False, env=environment
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert "3 of 3 answered" in done.stdout
            dev.send_signal(signal.SIGTERM)
            dev.communicate(timeout=30)
            assert name not in labs()
        finally:
            dev.kill()
            down(name)
