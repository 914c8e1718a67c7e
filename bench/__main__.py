"""All benchmarks: `python -m bench [NAME ...] [--quick]`; the table at the end is what docs/benchmarks.md shows.

Rule 1: each suite runs in a process of its own; one that fails does not keep the others from being measured.
Rule 2: a quick run proves that a suite works; its sizes mean nothing, so its results go to a directory of their own.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import report
from bench.result import RESULTS


@dataclass(frozen=True, slots=True)
class Suite:
    """A module with arguments for small sizes, the seconds that it may take, and arguments for every size."""

    module: str
    quick: tuple[str, ...]
    limit: float
    full: tuple[str, ...] = ()


CLEANING = 60.0
"""Seconds that a suite may take to clean up after itself."""

SMALL_CLOUD = ("--networks", "20", "--nics", "400", "--rules", "100", "--each", "9")

SUITES = {
    "first-ping": Suite(
        "bench.first_ping", ("--hosts", "2", "--present", "20", "--samples", "4", "--blocks", "1"), 600
    ),
    "bulk-apply": Suite("bench.bulk_apply", ("--hosts", "2", "--nics", "20", "--runs", "1"), 600),
    "flows": Suite("bench.flows", ("--counts", "1000", "--runs", "1"), 240),
    "codec": Suite("bench.codec", ("--count", "200", "--runs", "2"), 120),
    "ovsdb": Suite("bench.ovsdb", ("--rows", "200", "--runs", "1"), 240),
    "store": Suite("bench.store", ("--many", "2000", "--runs", "1"), 240),
    "api": Suite("bench.api", ("--each", "5", "--runs", "1", "--many", "4000"), 240),
    "resolve": Suite("bench.resolve", ("--count", "50", "--runs", "1"), 60),
    "cloudstack": Suite("bench.cloudstack", SMALL_CLOUD, 900),
    "cloudstack-postgresql": Suite("bench.cloudstack", SMALL_CLOUD, 900, ("--postgresql",)),
    "cloud-vpc": Suite("bench.cloud_vpc", ("--rules", "3", "--machines", "3", "--runs", "1"), 300),
    "memory": Suite("bench.memory", ("--hosts", "2", "--nics", "40"), 900),
    "scale": Suite("bench.scale", ("--hosts", "8", "--nics", "160", "--only-last"), 900),
}


def stop(process: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does, so that it takes down what it started; by force only when that does not help."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(CLEANING)
    except subprocess.TimeoutExpired:
        process.kill()


def run(name: str, suite: Suite, *, quick: bool, results: Path) -> str | None:
    """Run a suite; how it failed, None when it did not."""
    began = time.monotonic()
    print(f"== {name}", flush=True)
    words = [sys.executable, "-m", suite.module, *(suite.quick if quick else ()), *suite.full]
    with subprocess.Popen(words, env={**os.environ, "NETLOOM_BENCH_RESULTS": str(results)}) as process:
        try:
            code = process.wait(suite.limit)
        except subprocess.TimeoutExpired:
            stop(process)
            return f"{name}: not done in {suite.limit:.0f} s"
    print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)
    return f"{name}: exit status {code}" if code else None


def main(words: Sequence[str] | None = None) -> int:
    """Run suites; 0 when all were measured, whether or not they reached their targets."""
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    arguments.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SUITES)}; none: all")
    arguments.add_argument("--quick", action="store_true", help="small sizes, for trying")
    chosen = arguments.parse_args(words)
    if unknown := [name for name in chosen.names if name not in SUITES]:
        arguments.error(f"there is no {unknown[0]}; there are {', '.join(SUITES)}")
    results = Path(tempfile.mkdtemp(prefix="netloom-bench-")) if chosen.quick else RESULTS
    began = time.monotonic()
    failures = [
        failure
        for name in chosen.names or SUITES
        if (failure := run(name, SUITES[name], quick=chosen.quick, results=results)) is not None
    ]
    print(f"\n{report.text_table(results)}")
    print(f"{time.monotonic() - began:.0f} s in all; results in {results}")
    if not chosen.quick:
        report.write(results)
    for failure in failures:
        print(f"FAILED {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
