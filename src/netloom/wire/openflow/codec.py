"""Messages to bytes and back, by table: which row (`Form`) stands for a class or a number in a version.

Rule 1: no message is known here by name but those that carry others (experimenter, multipart) and the hello,
whose header names its own version.
Rule 2: `decode` gives a message or `RemoteProtocolError` for any bytes whatever; `encode` gives whole messages
or `LocalProtocolError`.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError
from netloom.wire.openflow.limits import MAX_MESSAGE
from netloom.wire.openflow.messages import ALL_FORMS
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.experimenter import Experimenter, RawMessage, RawMultipart
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.hello import Hello, decode_hello
from netloom.wire.openflow.messages.layout import BAD_REQUEST, malformed, pack
from netloom.wire.openflow.versions import OF13, OF14, OF15, VERSION_NAMES, VERSIONS

HEADER = Struct("!BBHI")
MULTIPART_HEADER = Struct("!HH4x")
_EXPERIMENTER_HEADER = Struct("!II")
_XID_MASK = 0xFFFFFFFF

TYPE_HELLO, TYPE_ERROR, TYPE_ECHO_REQUEST, TYPE_ECHO_REPLY, TYPE_EXPERIMENTER = range(5)
TYPE_REQUEST, TYPE_REPLY = 18, 19
EXPERIMENTER_MULTIPART = 0xFFFF
MORE = 1  # OFPMPF_REQ_MORE, OFPMPF_REPLY_MORE

_LAST_TYPE = {OF13: 29, OF14: 34, OF15: 35}  # the greatest ofp_type of a version
_BAD_VERSION, _BAD_TYPE = 0, 1  # ofp_bad_request_code

Decoder = Callable[[bytes, int, int, int], Message]


class MultipartKind(NamedTuple):
    """What a multipart body is: its type, and for experimenters whose and which."""

    reply: bool
    number: int
    vendor: int = 0
    experimenter_kind: int = 0


class _Writer(NamedTuple):
    """How a class is written in one version: the type in the header, the bytes between header and body, the row."""

    type: int
    prefix: bytes
    form: Form


def _writer(form: Form) -> _Writer:
    match form.family:
        case Family.PLAIN:
            return _Writer(form.number, b"", form)
        case Family.EXPERIMENTER:
            return _Writer(TYPE_EXPERIMENTER, _EXPERIMENTER_HEADER.pack(form.vendor, form.number), form)
        case Family.REQUEST | Family.REPLY:
            return _Writer(
                TYPE_REPLY if form.family is Family.REPLY else TYPE_REQUEST,
                MULTIPART_HEADER.pack(form.number, 0),
                form,
            )
        case Family.EXPERIMENTER_REQUEST | Family.EXPERIMENTER_REPLY:
            return _Writer(
                TYPE_REPLY if form.family is Family.EXPERIMENTER_REPLY else TYPE_REQUEST,
                MULTIPART_HEADER.pack(EXPERIMENTER_MULTIPART, 0)
                + _EXPERIMENTER_HEADER.pack(form.vendor, form.number),
                form,
            )


_WHOLE: dict[int, dict[type[Message], Callable[..., bytes]]] = {
    version: {form.message: form.whole for form in ALL_FORMS if form.whole and version in form.versions}
    for version in VERSIONS
}
_WRITERS: dict[int, dict[type[Message], _Writer]] = {
    version: {form.message: _writer(form) for form in ALL_FORMS if version in form.versions}
    for version in VERSIONS
}
_PLAIN: dict[int, dict[int, Form]] = {
    version: {
        form.number: form for form in ALL_FORMS if form.family is Family.PLAIN and version in form.versions
    }
    for version in VERSIONS
}
_DECODERS: dict[int, dict[int, Decoder]] = {
    version: {number: form.decode for number, form in forms.items()} for version, forms in _PLAIN.items()
}
_NO_DECODERS: dict[int, Decoder] = {}
_EXPERIMENTERS: dict[tuple[int, int, int], Form] = {
    (version, form.vendor, form.number): form
    for form in ALL_FORMS
    if form.family is Family.EXPERIMENTER
    for version in form.versions
}
_MULTIPARTS: dict[tuple[int, MultipartKind], Form] = {
    (
        version,
        MultipartKind(form.family is Family.REPLY, form.number)
        if form.family in (Family.REQUEST, Family.REPLY)
        else MultipartKind(
            form.family is Family.EXPERIMENTER_REPLY, EXPERIMENTER_MULTIPART, form.vendor, form.number
        ),
    ): form
    for form in ALL_FORMS
    if form.family not in (Family.PLAIN, Family.EXPERIMENTER)
    for version in form.versions
}
_RAW = (Experimenter, RawMessage, RawMultipart)


def encode(message: Message, *, version: int, xid: int) -> bytes:
    """The message as bytes, with its header; a multipart one that is too long for one message becomes several.

    Args:
        message: any message of `messages`.
        version: the wire version, 4 to 6.
        xid: the transaction id, 32 bits.

    Raises:
        LocalProtocolError: the version has no such message, a value does not fit, or it is too long.
    """
    whole = _WHOLE[version].get(type(message))
    if whole is not None:
        return whole(message, version, xid)
    writer = _WRITERS[version].get(type(message))
    if writer is None:
        return _encode_other(message, version, xid)
    kind, prefix, form = writer
    if form.entries:
        return _encode_entries(message, writer, version, xid)
    body = form.encode(message, version)
    size = 8 + len(prefix) + len(body)
    if size > MAX_MESSAGE:
        raise LocalProtocolError(
            f"{type(message).__name__} would be {size} bytes long, at most {MAX_MESSAGE}"
        )
    if kind == TYPE_HELLO and isinstance(message, Hello):
        version = message.header_version
    return HEADER.pack(version, kind, size, xid) + prefix + body


def sender_of(message: Message, version: int) -> Sender | None:
    """Which side may send this message, or None when the version has no such message."""
    writer = _WRITERS[version].get(type(message))
    if writer is not None:
        return writer.form.sender
    if isinstance(message, RawMultipart):
        return Sender.SWITCH if message.reply else Sender.CONTROLLER
    return Sender.EITHER if isinstance(message, _RAW) else None


def decode(data: bytes, offset: int = 0) -> tuple[int, Message]:
    """The transaction id and message of the bytes at `offset`: one whole message, or one part of a multipart one.

    Raises:
        RemoteProtocolError: the bytes are not a message of OpenFlow 1.3, 1.4 or 1.5.
    """
    if len(data) - offset < 8:
        raise malformed(f"{len(data) - offset} bytes are no message: a header has 8")
    version, kind, length, xid = HEADER.unpack_from(data, offset)
    if length < 8 or offset + length > len(data):
        raise malformed(f"a message of {length} bytes where {len(data) - offset} are there")
    return xid, decode_body(version, kind, data, offset + 8, offset + length)


def refused(error: ErrorMessage) -> Message | None:
    """The message that an error refuses, when the peer sent back the whole of it."""
    try:
        return decode(error.refused)[1]
    except RemoteProtocolError:
        return None


def decode_body(version: int, kind: int, data: bytes, at: int, end: int) -> Message:
    """The message whose header said `version` and type `kind` and whose body is `data[at:end]`.

    Raises:
        RemoteProtocolError: it is not one.
    """
    decoder = _DECODERS.get(version, _NO_DECODERS).get(kind)
    if decoder is not None:
        return decoder(data, at, end, version)
    if kind == TYPE_HELLO:
        return decode_hello(data, at, end, version)
    if version not in VERSIONS:
        name = VERSION_NAMES.get(version, f"version {version}")
        raise RemoteProtocolError(f"a message of {name}", error_type=BAD_REQUEST, error_code=_BAD_VERSION)
    if kind == TYPE_EXPERIMENTER:
        return _decode_experimenter(version, data, at, end)
    if kind in (TYPE_REQUEST, TYPE_REPLY):
        multipart, _, at = read_multipart_header(kind, data, at, end)
        return decode_part(version, multipart, data, at, end)
    if kind > _LAST_TYPE[version]:
        raise RemoteProtocolError(
            f"{VERSION_NAMES[version]} has no message type {kind}",
            error_type=BAD_REQUEST,
            error_code=_BAD_TYPE,
        )
    return RawMessage(kind, data[at:end])


def senders(version: int) -> dict[int, Sender]:
    """The direction table of a version: message type to the side that may send it."""
    table = {kind: form.sender for kind, form in _PLAIN[version].items()}
    return table | {TYPE_REQUEST: Sender.CONTROLLER, TYPE_REPLY: Sender.SWITCH}


def plain_decoders(version: int, sender: Sender) -> dict[int, Decoder]:
    """The decoders of the plain messages that `sender` may send."""
    return {kind: form.decode for kind, form in _PLAIN[version].items() if form.sender & sender}


def read_multipart_header(kind: int, data: bytes, at: int, end: int) -> tuple[MultipartKind, bool, int]:
    """What a multipart message of header type `kind` is, whether more parts follow, and where its body begins.

    Raises:
        RemoteProtocolError: it is too short to say.
    """
    if end - at < 8:
        raise malformed(f"a multipart message of {end - at} bytes after its header")
    number, flags = MULTIPART_HEADER.unpack_from(data, at)
    at += 8
    more = bool(flags & MORE)
    if number != EXPERIMENTER_MULTIPART:
        return MultipartKind(kind == TYPE_REPLY, number), more, at
    if end - at < 8:
        raise malformed(f"an experimenter multipart message of {end - at} bytes after its header")
    vendor, experimenter_kind = _EXPERIMENTER_HEADER.unpack_from(data, at)
    return MultipartKind(kind == TYPE_REPLY, number, vendor, experimenter_kind), more, at + 8


def decode_part(version: int, kind: MultipartKind, data: bytes, at: int, end: int) -> Message:
    """The message in the body of one part.

    Raises:
        RemoteProtocolError: the body is malformed.
    """
    form = _MULTIPARTS.get((version, kind))
    if form is None:
        return RawMultipart(kind.reply, kind.number, (data[at:end],), kind.vendor, kind.experimenter_kind)
    return form.decode(data, at, end, version)


def _decode_experimenter(version: int, data: bytes, at: int, end: int) -> Message:
    if end - at < 8:
        raise malformed(f"an experimenter message of {end - at} bytes after its header")
    vendor, kind = _EXPERIMENTER_HEADER.unpack_from(data, at)
    form = _EXPERIMENTERS.get((version, vendor, kind))
    if form is None:
        return Experimenter(vendor, kind, data[at + 8 : end])
    return form.decode(data, at + 8, end, version)


def experimenter_sender(version: int, data: bytes, at: int, end: int) -> Sender:
    """Which side may send the experimenter message whose body is `data[at:end]`."""
    if end - at < 8:
        return Sender.EITHER
    form = _EXPERIMENTERS.get((version, *_EXPERIMENTER_HEADER.unpack_from(data, at)))
    return Sender.EITHER if form is None else form.sender


def _encode_entries(message: Message, writer: _Writer, version: int, xid: int) -> bytes:
    """A list of entries in as few messages as hold them; the flag of each but the last says that more come."""
    kind, prefix, form = writer
    room = MAX_MESSAGE - 8 - len(prefix)
    parts: list[list[bytes]] = [[]]
    size = 0
    for entry in message.entries:  # type: ignore[attr-defined]  # rows with `entries` have that field
        body = form.encode(entry, version)
        if len(body) > room:
            raise LocalProtocolError(f"an entry of {len(body)} bytes does not fit a message")
        if size + len(body) > room:
            parts.append([])
            size = 0
        parts[-1].append(body)
        size += len(body)
    return _join_parts([b"".join(part) for part in parts], kind, prefix, version, xid)


def _join_parts(bodies: list[bytes], kind: int, prefix: bytes, version: int, xid: int) -> bytes:
    if not bodies:
        bodies = [b""]
    number = prefix[:2]
    out: list[bytes] = []
    for i, body in enumerate(bodies):
        size = 8 + len(prefix) + len(body)
        if size > MAX_MESSAGE:
            raise LocalProtocolError(f"a part of {size} bytes does not fit a message")
        flags = MORE if i < len(bodies) - 1 else 0
        out += (HEADER.pack(version, kind, size, xid), number, flags.to_bytes(2, "big"), prefix[4:], body)
    return b"".join(out)


def _encode_other(message: Message, version: int, xid: int) -> bytes:
    match message:
        case Experimenter(vendor=vendor, kind=number, data=data):
            kind, body = TYPE_EXPERIMENTER, pack(_EXPERIMENTER_HEADER, vendor, number) + data
        case RawMessage(kind=kind, data=body):
            pass
        case RawMultipart(reply=reply, kind=number, parts=parts):
            prefix = pack(MULTIPART_HEADER, number, 0)
            if number == EXPERIMENTER_MULTIPART:
                prefix += pack(_EXPERIMENTER_HEADER, message.vendor, message.experimenter_kind)
            return _join_parts(list(parts), TYPE_REPLY if reply else TYPE_REQUEST, prefix, version, xid)
        case _:
            raise LocalProtocolError(f"{VERSION_NAMES[version]} has no {type(message).__name__}")
    if 8 + len(body) > MAX_MESSAGE:
        raise LocalProtocolError(f"{type(message).__name__} would be {8 + len(body)} bytes long")
    return pack(HEADER, version, kind, 8 + len(body), xid) + body
