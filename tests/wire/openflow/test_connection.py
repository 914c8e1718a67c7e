"""The connection: agreement, directions, echo, multipart assembly, bounds, the whole table of states and inputs."""

from __future__ import annotations

import pytest
from tests.wire.openflow.playbook import Playbook, hello, wire
from tests.wire.openflow.samples import FLOW

from netloom.wire.openflow import codec
from netloom.wire.openflow.connection import (
    Connection,
    Delivery,
    Negotiated,
    PeerClosed,
    ProtocolViolation,
    Received,
    Role,
)
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.limits import Limits
from netloom.wire.openflow.messages.barrier import BarrierReply, BarrierRequest
from netloom.wire.openflow.messages.bundle import BundleControl, BundleStep
from netloom.wire.openflow.messages.description import DescReply, DescRequest
from netloom.wire.openflow.messages.echo import EchoReply, EchoRequest
from netloom.wire.openflow.messages.error import ErrorMessage
from netloom.wire.openflow.messages.experimenter import RawMultipart
from netloom.wire.openflow.messages.features import FeaturesReply, FeaturesRequest
from netloom.wire.openflow.messages.flow_stats import FlowStats, FlowStatsReply, FlowStatsRequest
from netloom.wire.openflow.messages.hello import Hello
from netloom.wire.openflow.messages.nicira import SetControllerId
from netloom.wire.openflow.messages.port import PortDescRequest
from netloom.wire.openflow.state import LOCAL_INPUTS, TRANSITIONS, Input, State, after

ENTRIES = tuple(FlowStats(FLOW, i, i, 0, 0) for i in range(1500))


def opened(role: Role = Role.CONTROLLER, version: int = 4, limits: Limits | None = None) -> Playbook:
    book = Playbook(role, limits=limits or Limits())
    return book.receives(hello(version)).says(Negotiated(version))


class TestAgreement:
    @pytest.mark.parametrize(
        ("ours", "theirs", "agreed"),
        [
            ({4, 5, 6}, Hello(6, frozenset({1, 4, 5, 6})), 6),
            ({4, 5}, Hello(6, frozenset({4, 5, 6})), 5),
            ({4, 6}, Hello(5, frozenset({4, 5})), 4),  # the bitmap decides, not the header
            ({4, 5, 6}, Hello(4), 4),  # no bitmap: the lower of the two
            ({4, 5}, Hello(6), 5),
            ({4}, Hello(255), 4),
            ({4, 5, 6}, Hello(1), None),
            ({5, 6}, Hello(4), None),
            ({4, 6}, Hello(5), None),  # 5 would be the lower one, and we do not speak it
            ({6}, Hello(5, frozenset({4, 5})), None),
            ({4}, Hello(4, frozenset()), None),
        ],
    )
    def test_the_version(self, ours: set[int], theirs: Hello, agreed: int | None) -> None:
        book = Playbook(Role.CONTROLLER, frozenset(ours)).receives(wire(theirs, 4, 9))
        if agreed is None:
            book.breaks("no version in common")
            _, refusal = codec.decode(book.connection.data_to_send())
            assert isinstance(refusal, ErrorMessage)
            assert str(refusal).startswith("OFPHFC_INCOMPATIBLE: only OpenFlow1")
        else:
            book.says(Negotiated(agreed)).silent()
            assert book.connection.version == agreed

    def test_our_hello_waits_from_the_beginning(self) -> None:
        connection = Connection(role=Role.SWITCH, versions=frozenset({4, 5}))
        assert codec.decode(connection.data_to_send()) == (1, Hello(5, frozenset({4, 5})))
        assert connection.unsent == 0

    def test_two_of_ours_understand_each_other(self) -> None:
        controller, switch = Connection(role=Role.CONTROLLER), Connection(role=Role.SWITCH)
        assert switch.receive_data(controller.data_to_send()) == [Negotiated(6)]
        assert controller.receive_data(switch.data_to_send()) == [Negotiated(6)]
        xid = controller.send(FeaturesRequest())
        assert switch.receive_data(controller.data_to_send()) == [Received(xid, FeaturesRequest())]
        switch.send(FeaturesReply(1), xid=xid)
        assert controller.receive_data(switch.data_to_send()) == [Received(xid, FeaturesReply(1))]

    @pytest.mark.parametrize("versions", [frozenset(), frozenset({1}), frozenset({4, 9})])
    def test_only_what_we_can_speak(self, versions: frozenset[int]) -> None:
        with pytest.raises(LocalProtocolError):
            Connection(role=Role.CONTROLLER, versions=versions)

    def test_a_peer_that_refuses_says_why(self) -> None:
        refusal = ErrorMessage(0, 0, b"we support version 0x01")
        Playbook(Role.CONTROLLER).receives(wire(refusal, 4, 1)).says(Received(1, refusal)).receives(b"").says(
            PeerClosed()
        )

    def test_a_second_hello_means_nothing(self) -> None:
        opened().receives(hello(6)).says().silent()


class TestConversation:
    def test_echo_is_answered_and_not_told(self) -> None:
        opened().receives(wire(EchoRequest(b"hi"), 4, 77)).writes((77, EchoReply(b"hi"))).says().silent()

    def test_echo_replies_are_told(self) -> None:
        opened().sends(EchoRequest(b"x")).receives(wire(EchoReply(b"x"), 4, 2)).says(
            Received(2, EchoReply(b"x"))
        )

    def test_ids_count_up_and_replies_take_the_requests(self) -> None:
        (
            opened(Role.SWITCH)
            .sends(EchoRequest())
            .sends(BarrierReply(), xid=500)
            .sends(EchoRequest())
            .writes((2, EchoRequest()), (500, BarrierReply()), (3, EchoRequest()))
        )

    def test_a_failed_request_is_told_by_name(self) -> None:
        error = ErrorMessage(5, 1, b"")
        opened().sends(BarrierRequest()).receives(wire(error, 4, 2)).says(Received(2, error))
        assert str(error) == "OFPFMFC_TABLE_FULL"

    def test_the_end(self) -> None:
        book = opened().receives(b"").says(PeerClosed())
        assert book.connection.state is State.CLOSED
        with pytest.raises(LocalProtocolError):
            book.connection.receive_data(b"")
        with pytest.raises(LocalProtocolError):
            book.connection.send(BarrierRequest())

    def test_the_end_inside_a_message(self) -> None:
        opened().receives(wire(BarrierReply(), 4)[:5], b"").breaks("5 bytes into a message")

    def test_what_came_before_a_violation_is_not_lost(self) -> None:
        data = wire(BarrierReply(), 4, 7) + b"\4\25\0\7" + bytes(4) + wire(BarrierReply(), 4, 8)
        book = opened().receives(data)
        book.breaks("length of 7")
        book.says(Received(7, BarrierReply()))
        assert book.connection.state is State.BROKEN
        with pytest.raises(LocalProtocolError):
            book.connection.receive_data(b"x")

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (wire(BarrierReply(), 5), "OpenFlow14 where OpenFlow13 was agreed"),
            (wire(BarrierRequest(), 4), "not the peer's to send"),
            (wire(PortDescRequest(), 4), "not the peer's to send"),
            (wire(SetControllerId(1), 4), "not the peer's to send"),
            (b"\4\143\0\10" + bytes(4), "no message type 99"),
            (b"\4\22\0\14" + bytes(8), "not the peer's"),
            (b"\4\23\0\14" + bytes(8), "multipart message of 4 bytes"),
            (b"\4\4\0\12" + bytes(6), "experimenter message of 2 bytes"),
        ],
    )
    def test_violations(self, data: bytes, words: str) -> None:
        opened().receives(data).breaks(words)

    def test_we_do_not_send_what_is_the_others(self) -> None:
        for book, message in ((opened(), BarrierReply()), (opened(Role.SWITCH), BarrierRequest())):
            with pytest.raises(LocalProtocolError, match="the other side's"):
                book.connection.send(message)

    def test_both_sides_send_bundle_control(self) -> None:
        opened().sends(BundleControl(1, BundleStep.OPEN_REQUEST))
        opened(Role.SWITCH).sends(BundleControl(1, BundleStep.OPEN_REPLY), xid=1)

    def test_encoded_messages_go_as_they_are(self) -> None:
        book = opened()
        first = book.connection.new_xids(2)
        book.connection.send_raw(wire(BarrierRequest(), 4, first) + wire(BarrierRequest(), 4, first + 1))
        book.writes((2, BarrierRequest()), (3, BarrierRequest())).sends(EchoRequest()).writes(
            (4, EchoRequest())
        )

    def test_ids_start_again_before_they_overflow(self) -> None:
        connection = opened().connection
        connection.new_xids(0xFFFFFFFD)
        assert connection.new_xids(10) == 1


class TestMultipart:
    def test_parts_become_one_message(self) -> None:
        reply = FlowStatsReply(ENTRIES)
        data = wire(reply, 4, 9)
        assert len(data) > 0xFFFF
        opened().receives(data).says(Received(9, reply))

    def test_or_stay_bytes_when_asked(self) -> None:
        data = wire(FlowStatsReply(ENTRIES), 4, 2)
        book = opened().sends(FlowStatsRequest(), delivery=Delivery.RAW)
        book.receives(data)
        [event] = book.events
        assert isinstance(event, Received)
        assert isinstance(event.message, RawMultipart)
        assert b"".join(event.message.parts) == b"".join(
            wire(FlowStatsReply((entry,)), 4, 2)[16:] for entry in ENTRIES
        )
        book.events = []
        book.receives(wire(FlowStatsReply(), 4, 2)).says(Received(2, FlowStatsReply()))  # only that reply

    def test_an_empty_last_part(self) -> None:
        part = wire(FlowStatsReply(ENTRIES[:1]), 4, 9)
        more = part[:10] + b"\0\1" + part[12:]
        opened().receives(more, wire(FlowStatsReply(), 4, 9)).says(Received(9, FlowStatsReply(ENTRIES[:1])))

    def test_several_at_a_time(self) -> None:
        part = wire(FlowStatsReply(ENTRIES[:1]), 4, 9)
        more = part[:10] + b"\0\1" + part[12:]
        other = more[:4] + (10).to_bytes(4) + more[8:]
        (
            opened()
            .receives(more, other, part)
            .says(Received(9, FlowStatsReply(ENTRIES[:1] * 2)))
            .receives(wire(FlowStatsReply(), 4, 10))
            .says(Received(10, FlowStatsReply(ENTRIES[:1])))
        )

    def test_an_error_ends_the_reply(self) -> None:
        part = wire(FlowStatsReply(ENTRIES[:1]), 4, 2)
        more = part[:10] + b"\0\1" + part[12:]
        error = ErrorMessage(1, 13, b"")
        (
            opened()
            .sends(FlowStatsRequest(), delivery=Delivery.RAW)
            .receives(more, wire(error, 4, 2))
            .says(Received(2, error))
            .receives(part)
            .says(Received(2, FlowStatsReply(ENTRIES[:1])))
        )

    def test_one_structure_has_one_part(self) -> None:
        part = wire(DescReply("a"), 4, 9)
        more = part[:10] + b"\0\1" + part[12:]
        opened().receives(more, part).breaks("is one structure")

    def test_all_parts_are_of_one_type(self) -> None:
        part = wire(FlowStatsReply(), 4, 9)
        more = part[:10] + b"\0\1" + part[12:]
        opened().receives(more, wire(DescReply("a"), 4, 9)).breaks("goes on as type 0")

    def test_a_request_may_have_parts_too(self) -> None:
        part = wire(DescRequest(), 4, 9)
        opened(Role.SWITCH).receives(part).says(Received(9, DescRequest()))


class TestBounds:
    def test_bytes_of_one_multipart_message(self) -> None:
        part = wire(FlowStatsReply(ENTRIES[:100]), 4, 9)
        more = part[:10] + b"\0\1" + part[12:]
        opened(limits=Limits(max_multipart_bytes=2 * len(part))).receives(more, more, more).breaks(
            "longer than"
        )

    def test_empty_parts_count(self) -> None:
        more = bytearray(wire(FlowStatsReply(), 4, 9))
        more[11] = 1
        opened(limits=Limits(max_multipart_bytes=1000)).receives(bytes(more) * 100).breaks("longer than 1000")

    def test_unfinished_messages(self) -> None:
        part = wire(FlowStatsReply(), 4, 9)
        parts = [part[:4] + i.to_bytes(4) + part[8:10] + b"\0\1" + part[12:] for i in range(4)]
        opened(limits=Limits(max_open_multiparts=3)).receives(*parts).breaks("more than 3")

    def test_a_peer_that_asks_and_never_reads(self) -> None:
        book = opened(limits=Limits(max_unsent_bytes=10_000))
        book.receives(wire(EchoRequest(bytes(1000)), 4) * 20).breaks("without reading")

    def test_we_cannot_queue_without_end(self) -> None:
        connection = opened(limits=Limits(max_unsent_bytes=100)).connection
        with pytest.raises(LocalProtocolError, match="unsent"):
            connection.send_raw(bytes(101))

    def test_raw_requests(self) -> None:
        connection = opened(limits=Limits(max_raw_requests=1)).connection
        connection.send(FlowStatsRequest(), delivery=Delivery.RAW)
        with pytest.raises(LocalProtocolError):
            connection.send(FlowStatsRequest(), delivery=Delivery.RAW)


class TestStates:
    """Each state meets each input, and does what the table says."""

    def connection_in(self, state: State) -> Connection:
        connection = Connection(role=Role.CONTROLLER)
        connection.data_to_send()
        if state is not State.WAITING:
            connection.receive_data(hello(4))
        if state is State.CLOSED:
            connection.receive_data(b"")
        if state is State.BROKEN:
            with pytest.raises(ProtocolViolation):
                connection.receive_data(bytes(8))
        assert connection.state is state
        return connection

    def cause(self, connection: Connection, event: Input) -> None:
        match event:
            case Input.HELLO:
                connection.receive_data(hello(4))
            case Input.REFUSAL:
                connection.receive_data(wire(ErrorMessage(0, 0), 4))
            case Input.MESSAGE:
                connection.receive_data(wire(EchoRequest(), 4))
            case Input.END:
                connection.receive_data(b"")
            case Input.VIOLATION:
                connection.receive_data(bytes(8))
            case Input.SEND:
                connection.send(EchoRequest())
            case Input.CLOSE:
                connection.close()

    @pytest.mark.parametrize("state", State)
    @pytest.mark.parametrize("event", Input)
    def test_whole_table(self, state: State, event: Input) -> None:
        connection = self.connection_in(state)
        following = after(state, event)
        over = state in (State.CLOSED, State.BROKEN)
        if event in LOCAL_INPUTS or over:
            if following is None:
                with pytest.raises(LocalProtocolError):
                    self.cause(connection, event)
            else:
                self.cause(connection, event)
            assert connection.state is (following or state)
        elif event is Input.VIOLATION or following is None:
            with pytest.raises(ProtocolViolation):
                self.cause(connection, event)
            assert connection.state is State.BROKEN
        else:
            self.cause(connection, event)
            assert connection.state is following

    def test_the_table_is_whole(self) -> None:
        assert set(TRANSITIONS) == set(State)
        for row in TRANSITIONS.values():
            assert Input.CLOSE in row
