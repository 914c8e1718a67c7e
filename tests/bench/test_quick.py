"""Benchmarks work: small sizes, valid results. What they measure is asserted nowhere."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest
from bench.result import Result, Runs

from bench import report

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture
def place() -> Iterator[pathlib.Path]:
    """A directory with a short name: a Unix socket's path has 108 bytes, and pytest's own directories take many."""
    with tempfile.TemporaryDirectory(prefix="nl-", dir="/tmp") as directory:
        yield pathlib.Path(directory)


def test_a_quick_run_writes_results_to_a_place_of_their_own(place: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "codec", "api"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(place)},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    written = list(place.glob("netloom-bench-*/*.json"))
    names = {path.stem for path in written}
    assert {"codec-flow-mod-encode", "api-nic-single", "api-nic-batch", "api-page"} <= names
    for path in written:
        data = json.loads(path.read_text())
        assert data["name"] == path.stem
        assert data["ours"] > 0
        assert data["machine"]["processors"] > 0
    assert "api-page" in done.stdout


def test_an_unknown_suite_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "nonsense"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "nonsense" in done.stderr


@pytest.mark.parametrize(
    ("ours", "peer", "target", "reached"),
    [(10.0, 20.0, "<= 0.5", True), (11.0, 20.0, "<= 0.5", False), (30.0, None, ">= 30", True)],
)
def test_a_result_stands_on_the_page_with_its_verdict(
    tmp_path: pathlib.Path, ours: float, peer: float | None, target: str, reached: bool
) -> None:
    beside = None if peer is None else Runs((peer,))
    Result(
        "api-x", "what was done", Runs((ours, ours)), "s", "python -m bench.x", target, beside, "peer"
    ).write(tmp_path)
    (row,) = report.read(tmp_path)
    assert (row.ours, row.peer, row.reached) == (ours, peer, reached)
    page = report.markdown(tmp_path)
    assert "what was done" in page
    assert ("**not reached**" in page) is not reached


def test_the_pages_own_words_stay(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- results: made by python -m bench -->\nold\n<!-- end of results -->\nafter\n"
    )
    monkeypatch.setattr(report, "PAGE", page)
    Result("api-x", "what was done", Runs((1.0,)), "s", "python -m bench.x").write(tmp_path)
    report.write(tmp_path)
    report.write(tmp_path)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert text.count("what was done") == 1
    assert "old" not in text
