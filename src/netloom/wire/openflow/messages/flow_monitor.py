"""Flow monitors: the switch tells of every change of the flows that a monitor covers, also other controllers'.

1.4 and 1.5 have them in the standard; in 1.3 they are the Open Networking Foundation's extension 187, whose structures
are close to Nicira's (OpenFlow 1.5.1, section 7.3.5.18; nicira-ext.h, NXST_FLOW_MONITOR).

Rule 1: one set of values for both forms: commands, flags and events are translated here and nowhere else.
Rule 2: updates come as multipart replies at any time, with the request's transaction id only for the first.
"""

from __future__ import annotations

import enum
from struct import Struct

import msgspec

from netloom.wire.openflow.actions import decode_instructions, encode_instructions
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import Match, decode_match, encode_match
from netloom.wire.openflow.messages.flow_mod import ALL_TABLES, ANY
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import encode_nothing, exactly, malformed, need, pack
from netloom.wire.openflow.versions import OF13, OF14, OF15, ONF_VENDOR

_REQUEST = Struct("!IIIHBB")
_REQUEST13 = Struct("!IHHIB3x")
_HEAD = Struct("!HH")
_FULL = Struct("!HHBBHHH4xQ")
_FULL13 = Struct("!HHHHHHHBxQ")
_ABBREV = Struct("!HHI")
_CANCEL = Struct("!I")


class MonitorFlags(enum.IntFlag):
    """`ofp_flow_monitor_flags`."""

    INITIAL = 1 << 0
    ADD = 1 << 1
    REMOVED = 1 << 2
    MODIFY = 1 << 3
    INSTRUCTIONS = 1 << 4
    NO_ABBREV = 1 << 5
    ONLY_OWN = 1 << 6


class MonitorCommand(enum.IntEnum):
    """`ofp_flow_monitor_command`. 1.3 knows only ADD here; `FlowMonitorCancel` ends one there."""

    ADD = 0
    MODIFY = 1
    DELETE = 2


class FlowEvent(enum.IntEnum):
    """`ofp_flow_update_event`. 1.3 says ADDED where later versions say INITIAL."""

    INITIAL = 0
    ADDED = 1
    REMOVED = 2
    MODIFIED = 3
    ABBREV = 4
    PAUSED = 5
    RESUMED = 6


_EVENTS13 = {0: FlowEvent.ADDED, 1: FlowEvent.REMOVED, 2: FlowEvent.MODIFIED, 3: FlowEvent.ABBREV}
_NUMBERS13 = {event: number for number, event in _EVENTS13.items()} | {FlowEvent.INITIAL: 0}


class FlowMonitor(msgspec.Struct, frozen=True, gc=False):
    """Which flows to watch: those that `match` covers in `table`, and that send to `out_port` and `out_group`."""

    monitor_id: int
    flags: MonitorFlags
    match: Match = Match()
    table: int = ALL_TABLES
    command: MonitorCommand = MonitorCommand.ADD
    out_port: int = ANY
    out_group: int = ANY


class FlowMonitorRequest(Message, frozen=True, gc=False):
    """Starts, changes or ends monitors."""

    entries: tuple[FlowMonitor, ...] = ()


class FlowUpdate(msgspec.Struct, frozen=True, gc=False):
    """One change.

    `flow` is None for ABBREV (the change that our message `xid` made), PAUSED and RESUMED. Its actions are
    empty unless the monitor asked for instructions. `reason` is a flow-removed reason, for REMOVED.
    """

    event: FlowEvent
    flow: Flow | None = None
    reason: int = 0
    xid: int = 0


class FlowMonitorReply(Message, frozen=True, gc=False):
    """Changes, in the order in which they happened."""

    entries: tuple[FlowUpdate, ...] = ()


class FlowMonitorCancel(Message, frozen=True, gc=False):
    """Ends a monitor in 1.3."""

    monitor_id: int


class FlowMonitorPaused(Message, frozen=True, gc=False):
    """In 1.3: updates are held back because we read too slowly."""


class FlowMonitorResumed(Message, frozen=True, gc=False):
    """In 1.3: updates flow again; the changes meanwhile came before it, merged."""


def _encode_request(entry: FlowMonitor, version: int) -> bytes:
    head = pack(
        _REQUEST,
        entry.monitor_id,
        entry.out_port,
        entry.out_group,
        entry.flags,
        entry.table,
        entry.command,
    )
    return head + encode_match(entry.match, version)


def _decode_request(data: bytes, at: int, end: int, version: int) -> FlowMonitorRequest:
    del version
    entries = []
    while at < end:
        need(at, end, 24, "flow monitor request")
        monitor_id, out_port, out_group, flags, table, number = _REQUEST.unpack_from(data, at)
        if number > MonitorCommand.DELETE:
            raise malformed(f"{number} is no command of a flow monitor")
        match, at = decode_match(data, at + 16, end)
        command = MonitorCommand(number)
        entries.append(
            FlowMonitor(monitor_id, MonitorFlags(flags), match, table, command, out_port, out_group)
        )
    exactly(at, end, 0, "what follows a flow monitor request")
    return FlowMonitorRequest(tuple(entries))


def _encode_request13(entry: FlowMonitor, version: int) -> bytes:
    if entry.command is not MonitorCommand.ADD or entry.out_group != ANY:
        raise LocalProtocolError("in OpenFlow 1.3 a monitor is added or cancelled, and cannot name a group")
    match = encode_match(entry.match, version)
    length = int.from_bytes(match[2:4])
    head = pack(_REQUEST13, entry.monitor_id, entry.flags & 0x3F, length, entry.out_port, entry.table)
    return head + match


def _decode_request13(data: bytes, at: int, end: int, version: int) -> FlowMonitorRequest:
    del version
    entries = []
    while at < end:
        need(at, end, 16, "flow monitor request")
        monitor_id, flags, _, out_port, table = _REQUEST13.unpack_from(data, at)
        match, at = decode_match(data, at + 16, end)
        entries.append(FlowMonitor(monitor_id, MonitorFlags(flags), match, table, out_port=out_port))
    exactly(at, end, 0, "what follows a flow monitor request")
    return FlowMonitorRequest(tuple(entries))


def _encode_update(entry: FlowUpdate, version: int) -> bytes:
    flow = entry.flow
    if flow is None:
        size = 8
        return pack(_ABBREV, size, entry.event, entry.xid if entry.event is FlowEvent.ABBREV else 0)
    rest = encode_match(flow.match, version) + encode_instructions(flow.actions, version)
    head = pack(
        _FULL,
        24 + len(rest),
        entry.event,
        flow.table,
        entry.reason,
        flow.idle_timeout,
        flow.hard_timeout,
        flow.priority,
        flow.cookie,
    )
    return head + rest


def _decode_reply(data: bytes, at: int, end: int, version: int) -> FlowMonitorReply:
    entries = []
    while at < end:
        stop, number = _update_head(data, at, end)
        if number > FlowEvent.RESUMED:
            raise malformed(f"{number} is no event of a flow monitor")
        event = FlowEvent(number)
        if event >= FlowEvent.ABBREV:
            exactly(at, stop, 8, "flow update")
            xid = _ABBREV.unpack_from(data, at)[2] if event is FlowEvent.ABBREV else 0
            entries.append(FlowUpdate(event, xid=xid))
        else:
            need(at, stop, 32, "flow update")
            _, _, table, reason, idle, hard, priority, cookie = _FULL.unpack_from(data, at)
            match, after = decode_match(data, at + 24, stop)
            actions = decode_instructions(data, after, stop, version)
            flow = Flow(table, priority, match, actions, cookie, idle, hard)
            entries.append(FlowUpdate(event, flow, reason))
        at = stop
    return FlowMonitorReply(tuple(entries))


def _encode_update13(entry: FlowUpdate, version: int) -> bytes:
    number = _NUMBERS13.get(entry.event)
    if number is None:
        raise LocalProtocolError(f"in OpenFlow 1.3 {entry.event.name} is a message of its own")
    flow = entry.flow
    if flow is None:
        return pack(_ABBREV, 8, number, entry.xid)
    match = encode_match(flow.match, version)
    rest = match + encode_instructions(flow.actions, version)
    head = pack(
        _FULL13,
        24 + len(rest),
        number,
        entry.reason,
        flow.priority,
        flow.idle_timeout,
        flow.hard_timeout,
        int.from_bytes(match[2:4]),
        flow.table,
        flow.cookie,
    )
    return head + rest


def _decode_reply13(data: bytes, at: int, end: int, version: int) -> FlowMonitorReply:
    entries = []
    while at < end:
        stop, number = _update_head(data, at, end)
        event = _EVENTS13.get(number)
        if event is None:
            raise malformed(f"{number} is no event of a flow monitor")
        if event is FlowEvent.ABBREV:
            exactly(at, stop, 8, "flow update")
            entries.append(FlowUpdate(event, xid=_ABBREV.unpack_from(data, at)[2]))
        else:
            need(at, stop, 32, "flow update")
            _, _, reason, priority, idle, hard, _, table, cookie = _FULL13.unpack_from(data, at)
            match, after = decode_match(data, at + 24, stop)
            actions = decode_instructions(data, after, stop, version)
            flow = Flow(table, priority, match, actions, cookie, idle, hard)
            entries.append(FlowUpdate(event, flow, reason))
        at = stop
    return FlowMonitorReply(tuple(entries))


def _update_head(data: bytes, at: int, end: int) -> tuple[int, int]:
    need(at, end, 8, "flow update")
    length, number = _HEAD.unpack_from(data, at)
    if length < 8 or length % 8 or at + length > end:
        raise malformed(f"a flow update of {length} bytes where {end - at} are left")
    return at + length, number


def _encode_cancel(message: FlowMonitorCancel, version: int) -> bytes:
    del version
    return pack(_CANCEL, message.monitor_id)


def _decode_cancel(data: bytes, at: int, end: int, version: int) -> FlowMonitorCancel:
    del version
    exactly(at, end, 4, "flow monitor cancel")
    return FlowMonitorCancel(*_CANCEL.unpack_from(data, at))


def _decode_paused(data: bytes, at: int, end: int, version: int) -> FlowMonitorPaused:
    del data, version
    exactly(at, end, 0, "flow monitor paused")
    return FlowMonitorPaused()


def _decode_resumed(data: bytes, at: int, end: int, version: int) -> FlowMonitorResumed:
    del data, version
    exactly(at, end, 0, "flow monitor resumed")
    return FlowMonitorResumed()


_C, _S = Sender.CONTROLLER, Sender.SWITCH
_NEW, _OLD = (OF14, OF15), (OF13,)
FORMS = (
    Form(FlowMonitorRequest, Family.REQUEST, 16, _C, _encode_request, _decode_request, _NEW, entries=True),
    Form(FlowMonitorReply, Family.REPLY, 16, _S, _encode_update, _decode_reply, _NEW, entries=True),
    Form(
        FlowMonitorRequest,
        Family.EXPERIMENTER_REQUEST,
        1870,
        _C,
        _encode_request13,
        _decode_request13,
        _OLD,
        ONF_VENDOR,
        entries=True,
    ),
    Form(
        FlowMonitorReply,
        Family.EXPERIMENTER_REPLY,
        1870,
        _S,
        _encode_update13,
        _decode_reply13,
        _OLD,
        ONF_VENDOR,
        entries=True,
    ),
    Form(FlowMonitorCancel, Family.EXPERIMENTER, 1870, _C, _encode_cancel, _decode_cancel, _OLD, ONF_VENDOR),
    Form(FlowMonitorPaused, Family.EXPERIMENTER, 1871, _S, encode_nothing, _decode_paused, _OLD, ONF_VENDOR),
    Form(
        FlowMonitorResumed, Family.EXPERIMENTER, 1872, _S, encode_nothing, _decode_resumed, _OLD, ONF_VENDOR
    ),
)
