"""Every example applies, plans to nothing afterwards, and is in the index."""

from __future__ import annotations

import pathlib

import pytest
from tests.docs.markdown import ROOT, document
from tests.system.cloud import cloud
from typer.testing import CliRunner

from netloom.faces.cli.main import app

pytestmark = pytest.mark.lab

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
INTENT = [path for path in EXAMPLES if "kind: Nic" in path.read_text()]
"""Those of the switches' intent; the cloud's are played by its demo (tests/lab/test_demo_cloud)."""


@pytest.mark.parametrize("path", INTENT, ids=lambda path: path.name)
def test_an_example_applies(path: pathlib.Path) -> None:
    with cloud(1) as made:

        def netloom(*words: str) -> str:
            done = CliRunner().invoke(app, ["--server", f"unix:{made.netloomd.socket}", *words])
            assert done.exit_code == 0, done.output
            return done.stdout

        netloom("plan", "-f", str(path))
        applied = netloom("apply", "-f", str(path), "--wait")
        assert "created" in applied
        again = netloom("apply", "-f", str(path))
        assert "0 created" in again or "created" not in again
        exported = netloom("export")
        assert "kind: Nic" in exported


def test_every_example_is_in_the_index() -> None:
    links = document("examples/README.md").links
    assert {path.name for path in EXAMPLES} <= set(links)
