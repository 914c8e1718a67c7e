"""What reports of every kind say of errors, findings and their causes, and the bound of their lists."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from netloom.base.ids import Uuid

MAX_LISTED = 1_000
"""Ports, flows or changes that one list of a report holds at most."""


@dataclass(frozen=True, slots=True)
class Reason:
    """An intent object that causes an output.

    Attributes:
        kind: Zone, PhysicalNetwork, Host, Network, Nic, or SecurityGroup.
        id: its id; None for an object that a plan would create.
        name: its name.
        text: what it causes, for a person ("unicast to the NIC on another host").
    """

    kind: str
    name: str
    id: Uuid | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """The last thing that went wrong somewhere.

    Attributes:
        code: stable, kebab-case (`NetloomError.stable_code`).
        message: for a person.
        since: when it went wrong first without a success in between.
        subject: what it is about (`flow/…`, `port/…`), when known.
        hint: what would put it right.
        count: how often in a row.
        next_try: when it is tried again; None when nothing will be tried before something changes.
    """

    code: str
    message: str
    since: dt.datetime
    subject: str | None = None
    hint: str | None = None
    count: int = 1
    next_try: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class FindingReport:
    """Something that a person should know about, that stops nothing but its own object.

    Attributes:
        code: stable, kebab-case (`mtu-too-small`, `duplicate-identity`, …).
        message: for a person, with the values seen.
        hint: what would put it right.
        why: the objects concerned.
    """

    code: str
    message: str
    hint: str | None = None
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueReport:
    """A bounded queue on the way to the host.

    Attributes:
        name: its stable name, also the metric's label.
        length / limit: items now and at most.
        dropped: items refused or coalesced because it was full.
    """

    name: str
    length: int
    limit: int
    dropped: int = 0
