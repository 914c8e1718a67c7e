"""A simulated switch's side of an OpenFlow 1.4 connection: bytes in, bytes out.

Written on `struct` alone, not on `netloom.wire`: it shall not share the mistakes of what it is to measure, and costs little.
Rule 1: every request is answered as OpenFlow 1.4 says, or with an error.
Rule 2: a bundle is applied whole at its commit, or not at all.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator

from netloom.lab.fleet.tables import ALL_TABLES, Refused, Tables

_VERSION = 5  # OpenFlow 1.4
_HEADER = struct.Struct("!BBHI")
_HELLO, _ERROR, _ECHO, _ECHO_REPLY = 0, 1, 2, 3
_FEATURES, _FEATURES_REPLY, _GET_CONFIG, _GET_CONFIG_REPLY = 5, 6, 7, 8
_FLOW_MOD, _MULTIPART, _MULTIPART_REPLY, _BARRIER, _BARRIER_REPLY = 14, 18, 19, 20, 21
_ROLE, _ROLE_REPLY, _BUNDLE_CONTROL, _BUNDLE_ADD = 24, 25, 33, 34
_SILENT = frozenset({_HELLO, _ERROR, _ECHO_REPLY, 4, 9, 13, 15, 16, 17, 28, 29})
"""What has no answer; vendors' messages (4) set modes that a switch without packets has no use for."""
_DESC, _FLOW, _AGGREGATE, _PORT_DESC = 0, 1, 2, 13
_OPEN, _CLOSE, _COMMIT, _DISCARD = 0, 2, 4, 6
_MAX_PART = 60_000
_MORE = 1


class Switch:
    """What lives longer than a connection."""

    def __init__(self, number: int) -> None:
        self.datapath_id = 0x02F1EE7000000000 | number
        self.tables = Tables()


class Session:
    """One connection of a controller to a switch."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._buffer = bytearray()
        self._bundles: dict[int, list[tuple[int, bytes]]] = {}
        self._answers: dict[int, Callable[[int, bytes], Iterable[bytes]]] = {
            _ECHO: lambda xid, body: [_message(_ECHO_REPLY, xid, body)],
            _FEATURES: self._features,
            _GET_CONFIG: lambda xid, _: [_message(_GET_CONFIG_REPLY, xid, struct.pack("!HH", 0, 128))],
            _BARRIER: lambda xid, _: [_message(_BARRIER_REPLY, xid, b"")],
            _ROLE: lambda xid, body: [_message(_ROLE_REPLY, xid, body)],
            _MULTIPART: self._multipart,
            _FLOW_MOD: self._flow_mod,
            _BUNDLE_CONTROL: self._control,
            _BUNDLE_ADD: self._add,
        }

    @staticmethod
    def greeting() -> bytes:
        """Our hello, with the bitmap of the one version that is spoken."""
        return _message(_HELLO, 0, struct.pack("!HHI", 1, 8, 1 << _VERSION))

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes; the messages to send back."""
        out: list[bytes] = []
        self._buffer += data
        view, at = bytes(self._buffer), 0
        while len(view) - at >= 8:
            _, kind, length, xid = _HEADER.unpack_from(view, at)
            if length < 8:
                raise ValueError(f"a message of {length} bytes")
            if len(view) - at < length:
                break
            out += self._answer(kind, xid, view[at + 8 : at + length])
            at += length
        del self._buffer[:at]
        return out

    def _answer(self, kind: int, xid: int, body: bytes) -> Iterable[bytes]:
        if kind in _SILENT:
            return ()
        answer = self._answers.get(kind)
        return answer(xid, body) if answer else [_error(1, 1, xid, kind, body)]  # bad request: bad type

    def _features(self, xid: int, _body: bytes) -> Iterable[bytes]:
        body = struct.pack("!QIBB2xII", self._switch.datapath_id, 0, 254, 0, 0x4F, 0)
        return [_message(_FEATURES_REPLY, xid, body)]

    def _flow_mod(self, xid: int, body: bytes) -> Iterable[bytes]:
        return self._commit([(xid, body)])

    def _control(self, xid: int, body: bytes) -> Iterable[bytes]:
        number, step, flags = struct.unpack_from("!IHH", body)
        if step == _OPEN:
            self._bundles[number] = []
        elif number not in self._bundles:
            return [_error(17, 2, xid, _BUNDLE_CONTROL, body)]  # OFPET_BUNDLE_FAILED, OFPBFC_BAD_ID
        elif step == _COMMIT:
            refused = self._commit(self._bundles.pop(number))
            if refused:
                return [*refused, _error(17, 15, xid, _BUNDLE_CONTROL, body)]  # OFPBFC_MSG_FAILED
        elif step == _DISCARD:
            del self._bundles[number]
        elif step != _CLOSE:
            return [_error(17, 10, xid, _BUNDLE_CONTROL, body)]  # OFPBFC_BAD_TYPE
        return [_message(_BUNDLE_CONTROL, xid, struct.pack("!IHH", number, step + 1, flags))]

    def _add(self, xid: int, body: bytes) -> Iterable[bytes]:
        bundle = self._bundles.get(int.from_bytes(body[:4]))
        if bundle is None:
            return [_error(17, 2, xid, _BUNDLE_ADD, body)]
        _, kind, length, inner_xid = _HEADER.unpack_from(body, 8)
        if kind != _FLOW_MOD:
            return [_error(17, 5, xid, _BUNDLE_ADD, body)]  # OFPBFC_MSG_UNSUP
        bundle.append((inner_xid, body[16 : 8 + length]))
        return ()

    def _commit(self, bundle: list[tuple[int, bytes]]) -> list[bytes]:
        tables = self._switch.tables
        for xid, body in bundle:
            try:
                tables.check(body)
            except Refused as refused:
                return [_error(refused.kind, refused.code, xid, _FLOW_MOD, body)]
        for _, body in bundle:
            tables.apply(body)
        return []

    def _multipart(self, xid: int, body: bytes) -> Iterable[bytes]:
        (kind,) = struct.unpack_from("!H", body)
        if kind == _FLOW:
            table, _, _, cookie, mask = struct.unpack_from("!B3xII4xQQ", body, 8)
            return _parts(xid, kind, self._switch.tables.dump(table, cookie, mask))
        if kind == _AGGREGATE:
            count = sum(1 for _ in self._switch.tables.dump(ALL_TABLES, 0, 0))
            return _parts(xid, kind, [struct.pack("!QQI4x", 0, 0, count)])
        if kind == _DESC:
            words = (b"netloom", b"simulated", b"fleet", b"0", b"none")
            return _parts(xid, kind, [struct.pack("!256s256s256s32s256s", *words)])
        if kind == _PORT_DESC:
            return _parts(xid, kind, [])
        return [_error(1, 2, xid, _MULTIPART, body)]  # OFPET_BAD_REQUEST, OFPBRC_BAD_MULTIPART


def _parts(xid: int, kind: int, entries: Iterable[bytes]) -> Iterator[bytes]:
    part: list[bytes] = []
    size = 0
    for entry in entries:
        if size + len(entry) > _MAX_PART:
            yield _message(_MULTIPART_REPLY, xid, struct.pack("!HH4x", kind, _MORE) + b"".join(part))
            part, size = [], 0
        part.append(entry)
        size += len(entry)
    yield _message(_MULTIPART_REPLY, xid, struct.pack("!HH4x", kind, 0) + b"".join(part))


def _message(kind: int, xid: int, body: bytes) -> bytes:
    return _HEADER.pack(_VERSION, kind, 8 + len(body), xid) + body


def _error(kind: int, code: int, xid: int, of: int, body: bytes) -> bytes:
    return _message(_ERROR, xid, struct.pack("!HH", kind, code) + _message(of, xid, body)[:64])
