"""Results as tables: for the terminal, and in docs/benchmarks.md between its markers.

Rule 1: what stands between the markers is made from `bench/results/*.json` alone; everything else on the page is written
by hand and stays.
Rule 2: a number that was not reached is said as plainly as one that was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.result import RESULTS

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
ORDER = (
    "first-ping",
    "bulk-apply",
    "flows",
    "codec",
    "ovsdb",
    "api",
    "cloudstack",
    "cloud-vpc",
    "resolve",
    "memory",
    "scale",
    "store",
)
BAR = 40


@dataclass(frozen=True, slots=True)
class Row:
    """A result as it was written."""

    name: str
    what: str
    ours: float
    peer: float | None
    peer_name: str | None
    unit: str
    ratio: float | None
    target: str | None
    reached: bool | None
    spread: tuple[float, float]
    notes: str | None
    command: str
    machine: Mapping[str, str | int | float]


def read(directory: Path = RESULTS) -> list[Row]:
    """All results, in the order of the page."""
    found = []
    for path in directory.glob("*.json"):
        data = json.loads(path.read_text())
        if isinstance(data, list):
            continue
        runs = data["runs"]["ours"]
        known = {key: data[key] for key in Row.__dataclass_fields__ if key in data}
        found.append(Row(**known, spread=(runs["min"], runs["max"])))
    return sorted(found, key=lambda row: (_group(row.name), _natural(row.name)))


def _group(name: str) -> int:
    return next((at for at, prefix in enumerate(ORDER) if name.startswith(prefix)), len(ORDER))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(word), "") if word.isdigit() else (0, word) for word in name.split("-")]


def text_table(directory: Path = RESULTS) -> str:
    """For the terminal."""
    rows = [
        ("result", "ours", "peer", "ratio", "target", ""),
        *(
            (
                row.name,
                f"{number(row.ours)} {row.unit}",
                "" if row.peer is None else f"{row.peer_name} {number(row.peer)}",
                "" if row.ratio is None else f"{row.ratio:.3g}",
                row.target or "",
                {True: "reached", False: "NOT reached", None: ""}[row.reached],
            )
            for row in read(directory)
        ),
    ]
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in rows
    )


def markdown(directory: Path = RESULTS) -> str:
    """For the page."""
    rows = read(directory)
    lines = [_machines(rows), ""]
    for prefix in ORDER:
        group = [row for row in rows if row.name.startswith(prefix)]
        if not group:
            continue
        lines += [
            f"### {prefix} · `{sorted({row.command for row in group})[0]}`",
            "",
            "| result | ours (spread) | beside | ratio | target | |",
            "|---|---|---|---|---|---|",
        ]
        for row in group:
            peer = "-" if row.peer is None else f"{number(row.peer)} ({row.peer_name})"
            ratio = "-" if row.ratio is None else f"{row.ratio:.3g}"
            verdict = {True: "reached", False: "**not reached**", None: ""}[row.reached]
            ours = f"{number(row.ours)} {row.unit}"
            if row.spread[0] != row.spread[1]:
                ours += f" ({number(row.spread[0])} to {number(row.spread[1])})"
            what = f"{row.what}. *{row.notes}*" if row.notes else row.what
            lines.append(f"| {what} | {ours} | {peer} | {ratio} | {row.target or ''} | {verdict} |")
        lines.append("")
    growth = directory / "growth.json"
    if growth.exists():
        lines += ["### How it grows", "", "```text", *plot(json.loads(growth.read_text())), "```", ""]
    return "\n".join(lines)


def _machines(rows: Iterable[Row]) -> str:
    machines: dict[str, list[float]] = {}
    for row in rows:
        m = row.machine
        words = (
            f"{m['processors']} x {m['model']}, {m['memory_gib']} GiB, {m['system']}, Python {m['python']}"
        )
        if "ovs" in m:
            words += f", Open vSwitch {m['ovs']}, OVN {m['ovn']}"
        machines.setdefault(words, []).append(float(m["load"]))
    return "\n".join(
        f"Measured on: {words}. Load average while measuring: {min(loads):.1f} to {max(loads):.1f}."
        for words, loads in machines.items()
    )


def plot(points: Sequence[Mapping[str, float]]) -> list[str]:
    """Bars of what grows, one line a size."""
    lines = []
    for name, unit in (
        ("flows", "flows"),
        ("cold", "s to in-sync, empty switches"),
        ("cold_cpu", "CPU s of it"),
        ("warm", "s to in-sync, right switches"),
        ("change", "s, one change to everywhere"),
        ("change_cpu", "CPU s of it"),
        ("memory", "MB"),
    ):
        lines.append(f"{unit}")
        greatest = max(point[name] for point in points) or 1.0
        for point in points:
            bar = "█" * max(1, round(BAR * point[name] / greatest))
            lines.append(
                f"  {point['hosts']:>5,} hosts {point['nics']:>7,} NICs  {bar} {number(point[name])}"
            )
        lines.append("")
    return lines[:-1]


def number(value: float) -> str:
    """As people read it: three digits that matter, no exponent."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def write(directory: Path = RESULTS) -> None:
    """Put the tables between the page's markers."""
    begin, end = "<!-- results: made by python -m bench -->\n", "<!-- end of results -->"
    page = PAGE.read_text()
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    PAGE.write_text(f"{head}{begin}\n{markdown(directory)}\n{end}{tail}")


if __name__ == "__main__":
    write()
