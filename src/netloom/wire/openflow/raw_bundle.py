"""A bundle of flow changes from flows that are bytes already: encode a flow once, send it to every switch that shows it.

Rule 1: the same bytes as `bundle.compose` makes of the same `FlowMod`s; a test compares them.
Rule 2: a deletion is strict and names the owner's cookie: it cannot hit another's flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

import msgspec

from netloom.wire.openflow import codec
from netloom.wire.openflow.bundle import ATOMIC_ORDERED, ComposedBundle
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.flow_stats import RawFlow
from netloom.wire.openflow.limits import MAX_MESSAGE
from netloom.wire.openflow.messages.bundle import BundleControl, BundleStep
from netloom.wire.openflow.versions import OF13, ONF_VENDOR

ADD: Final = 0  # OFPFC_ADD: replaces a flow of the same key
DELETE_STRICT: Final = 4

_FLOW_MOD, _BUNDLE_ADD, _ONF_BUNDLE_ADD = 14, 34, 2301
_ANY, _NO_BUFFER = 0xFFFFFFFF, 0xFFFFFFFF
_FIXED = 48  # struct ofp_flow_mod up to its match
# struct ofp_bundle_add_msg, then struct ofp_flow_mod.
_BOTH = Struct("!BBHIIHH BBHIQQBBHHHIIIHH".replace(" ", ""))
_BOTH13 = Struct("!BBHIIIIHH BBHIQQBBHHHIIIHH".replace(" ", ""))


class RawChange(msgspec.Struct, frozen=True, gc=False):
    """One change: `command` is ADD or DELETE_STRICT; `cookie_mask` limits what a deletion hits."""

    command: int
    flow: RawFlow
    cookie_mask: int = 0


def compose_raw(
    changes: Sequence[RawChange],
    *,
    version: int,
    bundle_id: int,
    first_xid: int,
    step: BundleStep = BundleStep.COMMIT_REQUEST,
) -> ComposedBundle:
    """One atomic, ordered bundle of the changes. With `step` DISCARD_REQUEST it ends unused: the switch has only checked it.

    Raises:
        LocalProtocolError: a flow does not fit inside a bundle's message.
    """
    flags = ATOMIC_ORDERED
    opening = BundleControl(bundle_id, BundleStep.OPEN_REQUEST, flags)
    out = [codec.encode(opening, version=version, xid=first_xid)]
    append, onf = out.append, version == OF13
    fixed = (_BOTH13 if onf else _BOTH).size
    xid = first_xid
    for xid, change in enumerate(changes, first_xid + 1):
        flow, command = change.flow, change.command
        match, instructions = flow.match, flow.instructions if command == ADD else b""
        inner = _FIXED + len(match) + len(instructions)
        size = fixed - _FIXED + inner
        if size > MAX_MESSAGE:
            raise LocalProtocolError(f"a flow of {inner} bytes does not fit in a bundle")
        mod = (
            version, _FLOW_MOD, inner, xid, flow.cookie, change.cookie_mask, flow.table, command,
            flow.idle_timeout, flow.hard_timeout, flow.priority, _NO_BUFFER, _ANY, _ANY,
            flow.flags, flow.importance,
        )  # fmt: skip
        if onf:
            append(
                _BOTH13.pack(
                    version, codec.TYPE_EXPERIMENTER, size, xid, ONF_VENDOR, _ONF_BUNDLE_ADD, bundle_id, 0, flags, *mod
                )
            )  # fmt: skip
        else:
            append(_BOTH.pack(version, _BUNDLE_ADD, size, xid, bundle_id, 0, flags, *mod))
        append(match)
        append(instructions)
    commit = BundleControl(bundle_id, step, flags)
    append(codec.encode(commit, version=version, xid=xid + 1))
    return ComposedBundle(b"".join(out), bundle_id, first_xid, len(changes))
