"""Raising alerts: what an operator has to look at.

Rule 1: the same trouble again is the same alert, and one that was put away comes back with it.
Rule 2: what is over by itself is put away by netloom itself: what the list shows is still so.

Numbers and names are those of CloudStack's `AlertService.AlertType`, which monitoring that reads `listAlerts` knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from netloom.app.cloud.work import View, Work
from netloom.model.cloud.jobs import Alert
from netloom.store.cloud.records import columns


@dataclass(frozen=True, slots=True)
class AlertType:
    """What an alert is about, with CloudStack's number and name."""

    number: int
    name: str


HOST: Final = AlertType(7, "ALERT.COMPUTE.HOST")
"""A host that instances run on."""
INSTANCE: Final = AlertType(8, "ALERT.USERVM")
"""An instance."""
DOMAIN_ROUTER: Final = AlertType(9, "ALERT.SERVICE.DOMAINROUTER")
"""What serves a network or a VPC."""
MANAGEMENT: Final = AlertType(14, "ALERT.MANAGEMENT")
"""netloom itself."""


def raise_alert(work: Work, kind: AlertType, subject: str, text: str) -> Alert:
    """Have an operator look at a subject (`job/nic.create`, `store`); `text` says what is wrong, now."""
    known = _known(work, kind, subject)
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


def settle_alert(work: Work, kind: AlertType, subject: str) -> None:
    """Put the alert of a subject away, if there is one: what it said is over."""
    known = _known(work, kind, subject)
    if known is not None and not known.archived:
        work.update(msgspec.structs.replace(known, archived=True))


def _known(view: View, kind: AlertType, subject: str) -> Alert | None:
    c = columns(Alert)
    return view.records.first(Alert, c.type == kind.number, c.subject == subject)
