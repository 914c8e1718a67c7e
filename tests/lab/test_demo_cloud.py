"""The cloud's demo: that it plays, that every claim holds, and that it leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest

from netloom.lab import namespaces
from netloom.lab.demo_cloud.claims import CLAIMS
from netloom.lab.state import labs

pytestmark = [pytest.mark.lab, pytest.mark.alone, pytest.mark.timeout(240)]


def test_every_claim_holds_and_nothing_is_left() -> None:
    name = f"c{uuid.uuid4().hex[:6]}"
    done = subprocess.run(
        [sys.executable, "-m", "netloom.lab.demo_cloud", "--name", name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"All {len(CLAIMS)} claims held" in done.stdout
    assert name not in labs()
    assert namespaces.existing(f"nl.{name}.") == []
