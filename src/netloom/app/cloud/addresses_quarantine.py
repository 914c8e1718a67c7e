"""Addresses at rest: looked at by administrators, and let out earlier or later than the setting says.

Rule 1: a quarantine that was ended keeps who ended it and why; it is gone when the address is given back the next time.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.work import Work
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.addresses import QuarantinedIp
from netloom.store.cloud.records import columns


class UpdateQuarantine(msgspec.Struct, frozen=True, kw_only=True):
    """Another end for a quarantine, by id or address."""

    id: Uuid | None = None
    address: str | None = None
    ends_at: datetime


class RemoveQuarantine(msgspec.Struct, frozen=True, kw_only=True):
    """An end now, with a reason."""

    id: Uuid | None = None
    address: str | None = None
    reason: str


def _standing(work: Work, record_id: Uuid | None, address: str | None) -> QuarantinedIp:
    if record_id is None and address is None:
        raise InvalidInput(
            "no quarantined address is named", subject="id", hint="its id, or the address itself"
        )
    c = columns(QuarantinedIp)
    where = c.id == record_id if record_id is not None else c.address == address
    found = work.records.select(QuarantinedIp, where)
    for each in found:
        if each.holds(work.at):
            return each
    if found:
        raise Conflict(
            f"the quarantine of {found[0].address} ({found[0].id}) is over",
            code="quarantine-over",
            subject="id",
        )
    raise NotFound(
        f"there is no quarantined address {record_id or address}",
        code="quarantined-ip-not-found",
        subject="id",
    )


def _update(work: Work, request: UpdateQuarantine) -> QuarantinedIp:
    quarantine = _standing(work, request.id, request.address)
    if request.ends_at <= work.at:
        raise InvalidInput(
            f"{request.ends_at.isoformat()} is past",
            subject="enddate",
            hint="a time to come; to end it now, remove the quarantine",
        )
    return work.update(msgspec.structs.replace(quarantine, ends_at=request.ends_at))


def _remove(work: Work, request: RemoveQuarantine) -> QuarantinedIp:
    quarantine = _standing(work, request.id, request.address)
    return work.update(
        msgspec.structs.replace(
            quarantine,
            removed_at=work.at,
            removed_by=work.caller.account_id,
            removal_reason=request.reason[:1024],
        )
    )


UPDATE_QUARANTINE = UseCase(
    name="quarantined_ip.update",
    command="updateQuarantinedIp",
    request=UpdateQuarantine,
    begin=_update,
)
REMOVE_QUARANTINE = UseCase(
    name="quarantined_ip.remove",
    command="removeQuarantinedIp",
    request=RemoveQuarantine,
    begin=_remove,
)

USE_CASES = (UPDATE_QUARANTINE, REMOVE_QUARANTINE)
