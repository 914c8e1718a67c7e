"""A list of changes as one bundle: open, one add for each, commit, ready to be sent in one go.

Rule 1: transaction ids are consecutive: the opening, the changes in order, the commit; so an error's id says
which change the switch refused.
Rule 2: an inner message has the id of the message that adds it (OpenFlow 1.5.1, section 7.3.9.6).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct

from netloom.wire.openflow import codec
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.limits import MAX_MESSAGE
from netloom.wire.openflow.messages.bundle import BundleControl, BundleFlags, BundleStep
from netloom.wire.openflow.messages.form import Message
from netloom.wire.openflow.versions import OF13, ONF_VENDOR

ATOMIC_ORDERED = BundleFlags.ATOMIC | BundleFlags.ORDERED
_ADD_TYPE, _ONF_ADD = 34, 2301
_OUTER = Struct("!BBHII2xH")
_OUTER13 = Struct("!BBHIIII2xH")


@dataclass(frozen=True, slots=True)
class ComposedBundle:
    """A bundle as bytes.

    Attributes:
        data: what to give to `Connection.send_raw`.
        bundle_id: its number.
        open_xid: transaction id of the opening; the changes follow.
        count: how many changes.
    """

    data: bytes
    bundle_id: int
    open_xid: int
    count: int

    @property
    def commit_xid(self) -> int:
        """Transaction id of the commit; its reply, or an error of it, ends the bundle."""
        return self.open_xid + self.count + 1

    def place_of(self, xid: int) -> int | None:
        """Which change (from 0) has this transaction id; None when it is the opening's, the commit's or no one's."""
        place = xid - self.open_xid - 1
        return place if 0 <= place < self.count else None


def xids_needed(count: int) -> int:
    """How many transaction ids a bundle of `count` changes takes: for `Connection.new_xids`."""
    return count + 2


def compose(
    changes: Sequence[Message],
    *,
    version: int,
    bundle_id: int,
    first_xid: int,
    flags: BundleFlags = ATOMIC_ORDERED,
) -> ComposedBundle:
    """One bundle of all the changes (flow, group, port mods; packet-outs where the switch allows).

    Raises:
        LocalProtocolError: a change cannot be said in this version, or does not fit inside a bundle's message.
    """
    pieces = compose_pieces(
        changes,
        version=version,
        bundle_id=bundle_id,
        first_xid=first_xid,
        flags=flags,
        size=len(changes) or 1,
    )
    return ComposedBundle(b"".join(pieces), bundle_id, first_xid, len(changes))


def compose_pieces(
    changes: Sequence[Message],
    *,
    version: int,
    bundle_id: int,
    first_xid: int,
    flags: BundleFlags = ATOMIC_ORDERED,
    size: int = 1000,
) -> Iterator[bytes]:
    """The same bytes in pieces of `size` changes, made when asked for: the switch works while we still encode.

    Raises:
        LocalProtocolError: as `compose`; by then some pieces may be sent, and the bundle is to be discarded.
    """
    control = BundleControl(bundle_id, BundleStep.OPEN_REQUEST, flags)
    out = [codec.encode(control, version=version, xid=first_xid)]
    onf = version == OF13
    around = _OUTER13.size if onf else _OUTER.size
    encode, outer = codec.encode, (_OUTER13 if onf else _OUTER).pack
    ends = first_xid + len(changes) + 1
    for start in range(0, len(changes), size):
        for xid, change in enumerate(changes[start : start + size], first_xid + 1 + start):
            inner = encode(change, version=version, xid=xid)
            length = around + len(inner)
            if length > MAX_MESSAGE:
                raise LocalProtocolError(
                    f"{type(change).__name__} of {len(inner)} bytes does not fit in a bundle"
                )
            if onf:
                out.append(
                    outer(
                        version, codec.TYPE_EXPERIMENTER, length, xid, ONF_VENDOR, _ONF_ADD, bundle_id, flags
                    )
                )
            else:
                out.append(outer(version, _ADD_TYPE, length, xid, bundle_id, flags))
            out.append(inner)
        if start + size < len(changes):
            yield b"".join(out)
            out = []
    commit = BundleControl(bundle_id, BundleStep.COMMIT_REQUEST, flags)
    out.append(codec.encode(commit, version=version, xid=ends))
    yield b"".join(out)
