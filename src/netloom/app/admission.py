"""Hosts that dial in: nobody is believed before an operator said so.

Rule 1: an admitted host is pinned to the identity it showed; another one under its name is refused by the sessions.
Rule 2: who waits is kept in memory by the runtime, bounded; a restart forgets it, and the host dials in again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec

from netloom.app import intent
from netloom.app.reports import PendingHost
from netloom.base.errors import InvalidInput, NetloomError, NotFound
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Object, spec_of
from netloom.model.specs import HostSpec, check_fingerprint
from netloom.store.catalog import find_many
from netloom.store.transaction import Transaction


def choose(pending: Sequence[PendingHost], ref: str) -> PendingHost:
    """The pending host that a reference means: its system id, fingerprint, or the known host it claims to be.

    Raises:
        NotFound: none does.
    """
    try:
        fingerprint = check_fingerprint(ref)
    except NetloomError:
        fingerprint = None
    for host in pending:
        shown = _fingerprint(host)
        if ref in {host.system_id, host.host} or (fingerprint is not None and shown == fingerprint):
            return dataclasses.replace(host, fingerprint=shown)
    raise NotFound(
        f"no host that dialled in is {ref!r}",
        code="pending-host-not-found",
        subject="ref",
        hint="`netloom host pending` lists those that wait",
    )


def admit(tx: Transaction, pending: PendingHost, ref: str, spec: HostSpec | None) -> Object:
    """Create the host, or pin the new identity of a known one."""
    known = None
    for name in (spec.name if spec is not None else None, pending.host):
        if name is not None:
            known = known or find_many(tx.connection, Kind.HOST, [name]).get(name)
    if isinstance(known, Host):
        own = spec_of(known)
        if not isinstance(own, HostSpec):
            raise InvalidInput(f"{ref!r} is no host", subject="ref")
        pinned = msgspec.structs.replace(own, system_id=pending.system_id, fingerprint=pending.fingerprint)
        cleared = frozenset({"fingerprint"} if pending.fingerprint is None else ())
        return intent.revise(tx, known, pinned.checked(), cleared)
    if spec is None:
        spec = HostSpec(name=pending.system_id)
    wanted = msgspec.structs.replace(
        spec,
        tunnel_ip=spec.tunnel_ip or pending.tunnel_ip,
        system_id=pending.system_id,
        fingerprint=pending.fingerprint,
    )
    try:
        (item,) = intent.create_many(tx, Kind.HOST, [wanted])
    except InvalidDocuments as error:
        raise error.mistakes[0].error from None
    return item


def _fingerprint(host: PendingHost) -> str | None:
    return None if host.fingerprint is None else check_fingerprint(host.fingerprint)
