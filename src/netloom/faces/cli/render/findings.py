"""Errors, findings and reasons, the same wherever they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from netloom.contract.reports import ErrorReport, FindingReport, QueueReport, Reason
from netloom.faces.cli.output import ago, heading, rows

if TYPE_CHECKING:
    from rich.console import RenderableType


def error_text(error: ErrorReport | None) -> str:
    """An error in a line; empty for none."""
    if error is None:
        return ""
    parts = [f"{error.subject}: {error.message}" if error.subject else error.message, f"[{error.code}]"]
    if error.count > 1:
        parts.append(f"{error.count} times")
    parts.append(f"since {ago(error.since)}")
    if error.next_try is not None:
        parts.append(f"next try {ago(error.next_try)}")
    if error.hint:
        parts.append(f"— {error.hint}")
    return " ".join(parts)


def reasons_text(why: Sequence[Reason]) -> str:
    """The objects that cause something, in a line."""
    return ", ".join(
        f"{reason.kind} {reason.name}" + (f" ({reason.text})" if reason.text else "") for reason in why
    )


def findings_parts(findings: Sequence[FindingReport]) -> list[RenderableType]:
    """A table of findings; nothing when there are none."""
    if not findings:
        return []
    lines = [[item.code, item.message, item.hint or "-", reasons_text(item.why) or "-"] for item in findings]
    return [heading("Findings"), rows(("code", "what", "hint", "objects"), lines)]


def omitted_parts(count: int, what: str) -> list[RenderableType]:
    """A line for what a report left out; nothing when it left out nothing."""
    return [f"… and {count} more {what}"] if count else []


def queue_text(queue: QueueReport) -> str:
    """How full a queue is; limit 0 stands for a set of keys, which bounds itself."""
    return f"{queue.length}/{queue.limit}" if queue.limit else str(queue.length)
