"""Any bytes, in any state, in any chunks: the same events, and no error but the two of the protocol."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wire.openflow.playbook import hello
from tests.wire.openflow.samples import SAMPLES

from netloom.wire.openflow import codec
from netloom.wire.openflow.connection import Connection, Event, ProtocolViolation, Role
from netloom.wire.openflow.limits import Limits
from netloom.wire.openflow.messages.form import Sender
from netloom.wire.openflow.state import State

LIMITS = Limits(max_multipart_bytes=1 << 16, max_open_multiparts=4, max_unsent_bytes=1 << 16)
ENCODED = {
    (version, role): [
        codec.encode(message, version=version, xid=9)
        for v, message in SAMPLES
        if v == version and (codec.sender_of(message, version) or Sender.EITHER) & ~role.value
    ]
    for version in (4, 5, 6)
    for role in Role
}


@st.composite
def conversations(draw: st.DrawFn) -> tuple[int, Role, bytes]:
    """A hello, perhaps, then messages of the peer, some of them hurt at a place of interest."""
    version = draw(st.sampled_from((4, 5, 6)))
    role = draw(st.sampled_from(Role))
    data = hello(version) if draw(st.integers(0, 9)) else b""
    for _ in range(draw(st.integers(0, 8))):
        message = bytearray(draw(st.sampled_from(ENCODED[version, role])))
        match draw(st.integers(0, 7)):
            case 0:  # any byte
                message[draw(st.integers(0, len(message) - 1))] = draw(st.integers(0, 255))
            case 1:  # any two bytes, as lengths are
                at = draw(st.integers(0, len(message) - 2))
                value = draw(st.sampled_from((0, 1, 3, 4, 7, 8, 16, 0x7FFF, 0xFFF8, 0xFFFF)))
                message[at : at + 2] = value.to_bytes(2)
            case 2:  # cut, with a header that says so
                del message[draw(st.integers(8, len(message))) :]
                message[2:4] = len(message).to_bytes(2)
            case 3:  # more to come
                if message[1] in (codec.TYPE_REQUEST, codec.TYPE_REPLY):
                    message[11] |= 1
            case 4:  # noise
                message[8:8] = draw(st.binary(max_size=24))
                message[2:4] = len(message).to_bytes(2)
            case _:
                pass
        data += message
    return version, role, data


def outcome(connection: Connection, chunks: list[bytes]) -> tuple[list[Event], str | None, bytes, State]:
    events: list[Event] = []
    trouble = None
    for chunk in chunks:
        try:
            events += connection.receive_data(chunk)
        except ProtocolViolation as violation:
            events += violation.events
            trouble = violation.message
            break
    return events, trouble, connection.data_to_send(), connection.state


def make(version: int, role: Role) -> Connection:
    return Connection(role=role, versions=frozenset({version}), limits=LIMITS)


@given(conversations(), st.data())
@settings(max_examples=100)
def test_any_chunking_gives_the_same(conversation: tuple[int, Role, bytes], data: st.DataObject) -> None:
    version, role, stream = conversation
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if a < b]
    whole = outcome(make(version, role), [stream] if stream else [])
    assert outcome(make(version, role), chunks) == whole
    assert outcome(make(version, role), [stream[i : i + 1] for i in range(len(stream))]) == whole


@given(st.sampled_from((4, 5, 6)), st.sampled_from(Role), st.booleans(), st.binary(max_size=200))
@settings(max_examples=100)
def test_any_bytes(version: int, role: Role, opened: bool, noise: bytes) -> None:
    connection = make(version, role)
    outcome(connection, ([hello(version)] if opened else []) + ([noise] if noise else []))


@given(st.sampled_from((4, 5, 6)), st.integers(0, 40), st.binary(max_size=120))
@settings(max_examples=100)
def test_any_body_under_a_right_header(version: int, kind: int, body: bytes) -> None:
    message = codec.HEADER.pack(version, kind, 8 + len(body), 1) + body
    outcome(make(version, Role.CONTROLLER), [hello(version), message])
