"""What a connection tells its owner. Frozen; results and updates keep their JSON undecoded until somebody needs it.

Rule 1: an event says what the peer did; what it means for the rows is `Replica`'s business.
Rule 2: `Raw` members are decoded with `decode` or `Reply.value`, which raise `RemoteProtocolError` on another shape.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import msgspec

from netloom.wire.ovsdb.errors import OvsdbError, RemoteProtocolError

T = TypeVar("T")
JsonObject: TypeAlias = dict[str, object]
TableUpdates: TypeAlias = dict[str, dict[str, msgspec.Raw]]
"""Table → row uuid → `<row-update>` or `<row-update2>`, undecoded."""


def decode(raw: msgspec.Raw | bytes, shape: type[T], what: str) -> T:
    """JSON text as `shape`.

    Raises:
        RemoteProtocolError: it is not of that shape, nested too deeply, or not UTF-8.
    """
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError(f"{what}: {error}") from error


class Reply(msgspec.Struct, frozen=True):
    """The answer to a request of ours.

    Args:
        id: what `Connection.request` returned.
        method: of the request.
        result: undecoded; meaningless when there is an error.
        error: None on success.
    """

    id: int
    method: str
    result: msgspec.Raw
    error: OvsdbError | None = None

    def value(self, shape: type[T]) -> T:
        """The result as `shape`.

        Raises:
            OvsdbError: the server answered with an error.
            RemoteProtocolError: the result has another shape.
        """
        if self.error is not None:
            raise self.error
        return decode(self.result, shape, f"result of {self.method}")


class Update(msgspec.Struct, frozen=True):
    """Rows of a monitor changed.

    Args:
        monitor: its id.
        version: 1, 2, 3 for `update` (RFC 7047 4.1.6), `update2`, `update3` (ovsdb-server(7) 4.1.14, 4.1.16).
        tables: what changed.
        last_txn_id: only with version 3.
    """

    monitor: str
    version: int
    tables: TableUpdates
    last_txn_id: str | None = None


class MonitorCanceled(msgspec.Struct, frozen=True):
    """The server ended a monitor (its database was removed or converted); only for connections that are db-change-aware."""

    monitor: str


class Locked(msgspec.Struct, frozen=True):
    """A lock that we waited for is ours now."""

    name: str


class Stolen(msgspec.Struct, frozen=True):
    """A lock of ours was taken; we wait for it again."""

    name: str


class Request(msgspec.Struct, frozen=True):
    """A request of the peer's (server role).

    Args:
        id: any JSON; give it back to `Connection.reply`.
        params: decoded.
    """

    id: object
    method: str
    params: list[object]


class Notification(msgspec.Struct, frozen=True):
    """A notification that the client role does not know, or any but `cancel`'s kin in the server role."""

    method: str
    params: list[object]


class PeerClosed(msgspec.Struct, frozen=True):
    """The peer ended the stream; requests without a reply will never have one."""

    outstanding: int


Event: TypeAlias = Reply | Update | MonitorCanceled | Locked | Stolen | Request | Notification | PeerClosed
