"""Raising alerts: what an operator has to look at.

Rule 1: the same trouble again is the same alert, and one that was put away comes back with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from netloom.app.cloud.work import Work
from netloom.model.cloud.jobs import Alert
from netloom.store.cloud.records import columns


@dataclass(frozen=True, slots=True)
class AlertType:
    """What an alert is about, with CloudStack's number and name."""

    number: int
    name: str


MANAGEMENT: Final = AlertType(14, "ALERT.MANAGEMENT")
"""netloom itself."""
DOMAIN_ROUTER: Final = AlertType(9, "ALERT.SERVICE.DOMAINROUTER")
"""What serves a network."""


def raise_alert(work: Work, kind: AlertType, subject: str, text: str) -> Alert:
    """Have an operator look at a subject (`job/nic.create`, `store`); `text` says what is wrong, now."""
    c = columns(Alert)
    known = work.records.first(Alert, c.type == kind.number, c.subject == subject)
    if known is not None:
        return work.update(
            msgspec.structs.replace(
                known, description=text, last_at=work.at, times=known.times + 1, archived=False
            )
        )
    return work.insert(
        Alert(
            **work.birth(),
            type=kind.number,
            name=kind.name,
            subject=subject,
            description=text,
            last_at=work.at,
        )
    )
