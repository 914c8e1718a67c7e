"""One result of a benchmark: written to `bench/results/NAME.json`, printed as a line, read for `docs/benchmarks.md`.

Rule 1: a ratio is ours / peer from one run on one machine, and says which way is better.
Rule 2: what was measured stands in it in words and as the command that measures it again.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(os.environ.get("NETLOOM_BENCH_RESULTS") or Path(__file__).parent / "results")
"""A quick run sets the variable: small sizes do not replace what was measured."""


@dataclass(frozen=True, slots=True)
class Runs:
    """All values of one side, in the result's unit, and which of them stands for all (the middle one, or a percentile)."""

    values: tuple[float, ...]
    pick: Callable[[Sequence[float]], float] = statistics.median

    @property
    def median(self) -> float:
        """The one that stands for all."""
        return self.pick(self.values)

    def as_json(self) -> dict[str, float | list[float]]:
        """Median, least, greatest, and each."""
        return {
            "median": rounded(self.median),
            "min": rounded(min(self.values)),
            "max": rounded(max(self.values)),
            "values": [rounded(value) for value in self.values],
        }


@dataclass(frozen=True, slots=True)
class Result:
    """One result.

    Attributes:
        name: file name without `.json`, for example `codec-flow-mod-encode`.
        what: what was done, in a sentence.
        ours: our runs.
        peer: the peer's runs in the same process or on the same machine; None when there is none to compare with.
        peer_name: which peer.
        unit: of both, for example `messages/s`.
        target: what the ratio (or the value, without a peer) is to reach, for example `>= 15` or `<= 1`.
        command: what measures it again.
        notes: what a reader must know beside the numbers.
    """

    name: str
    what: str
    ours: Runs
    unit: str
    command: str
    target: str | None = None
    peer: Runs | None = None
    peer_name: str | None = None
    notes: str | None = None

    @property
    def ratio(self) -> float | None:
        """Ours / peer, of the medians."""
        return self.ours.median / self.peer.median if self.peer is not None and self.peer.median else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None when there is none."""
        if self.target is None:
            return None
        sign, _, bound = self.target.partition(" ")
        value = self.ratio if self.ratio is not None else self.ours.median
        return value >= float(bound) if sign == ">=" else value <= float(bound)

    def write(self, directory: Path = RESULTS) -> Path:
        """Write the JSON object and print the result's line; where it was written."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{self.name}.json"
        ratio = self.ratio
        path.write_text(
            json.dumps(
                {
                    "name": self.name,
                    "what": self.what,
                    "ours": rounded(self.ours.median),
                    "peer": None if self.peer is None else rounded(self.peer.median),
                    "peer_name": self.peer_name,
                    "unit": self.unit,
                    "ratio": None if ratio is None else rounded(ratio),
                    "target": self.target,
                    "reached": self.reached,
                    "runs": {
                        "ours": self.ours.as_json(),
                        "peer": None if self.peer is None else self.peer.as_json(),
                    },
                    "command": self.command,
                    "machine": asdict(machine()),
                    "notes": self.notes,
                },
                indent=2,
            )
            + "\n"
        )
        print(self.line())
        return path

    def line(self) -> str:
        """The result as a line for people."""
        side = f"{self.name}: {self.ours.median:,.4g} {self.unit}"
        if self.peer is not None and self.ratio is not None:
            side += f", {self.peer_name} {self.peer.median:,.4g}, ratio {self.ratio:.3g}"
        if self.target is not None:
            side += f" (target {self.target}: {'reached' if self.reached else 'NOT reached'})"
        return side


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    processors: int
    model: str
    memory_gib: float
    system: str
    python: str
    ovs: str
    ovn: str
    load: float


def machine() -> Machine:
    """This machine, now; `load` is the average of the last minute, for judging how alone the benchmark was."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return Machine(
        os.cpu_count() or 1,
        model,
        round(memory, 1),
        f"{platform.system()} {platform.release().partition('-')[0]}",
        sys.version.split()[0],
        version_of("ovs-vswitchd"),
        version_of("ovn-northd"),
        round(os.getloadavg()[0], 2),
    )


def version_of(program: str) -> str:
    """What `PROGRAM --version` says at the end of its first line; "none" when it is not installed."""
    try:
        told = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return told.splitlines()[0].split()[-1]


def rounded(value: float) -> float:
    """Five significant digits: more is noise."""
    return float(f"{value:.5g}")


def runs(values: Sequence[float]) -> Runs:
    """All values of one side."""
    return Runs(tuple(values))
