"""What can go wrong in OpenFlow, told apart by whose fault it is.

    NetloomError
    ├── InvalidInput
    │   ├── LocalProtocolError   we asked for something that OpenFlow cannot say, or not in this state
    │   └── FlowTextError        text in ovs-ofctl syntax that a person wrote wrongly; has the position
    └── PeerError
        └── RemoteProtocolError  the peer sent bytes that break the protocol; its session ends

Rule 1: any bytes whatever give a value or `RemoteProtocolError`, never another Python error.
Rule 2: a `LocalProtocolError` is a mistake of the caller; nothing was sent.
"""

from __future__ import annotations

from netloom.base.errors import InvalidInput, PeerError


class LocalProtocolError(InvalidInput):
    """What the caller wants to send cannot be said in OpenFlow, in this version or in this state."""

    code = "openflow-local-protocol"


class RemoteProtocolError(PeerError):
    """The peer's bytes break the protocol.

    Args:
        message: the rule that was broken, with the value that was seen.
        error_type: the `ofp_error_type` to answer with (OFPET_*), where the specification names one.
        error_code: its code.
    """

    code = "openflow-remote-protocol"

    def __init__(self, message: str, *, error_type: int = 1, error_code: int = 0) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.error_code = error_code


class FlowTextError(InvalidInput):
    """Text in ovs-ofctl syntax that cannot be read.

    Args:
        text: all of the text.
        position: 0-based index of the first character that is wrong.
        expected: what would have been right there.
    """

    code = "openflow-flow-text"

    def __init__(self, message: str, *, text: str, position: int, expected: str | None = None) -> None:
        shown = f"expected {expected}" if expected else None
        super().__init__(f"{message}, at character {position + 1} of {_excerpt(text, position)}", hint=shown)
        self.text = text
        self.position = position
        self.expected = expected


def _excerpt(text: str, position: int) -> str:
    start, end = max(0, position - 30), position + 30
    head, tail = "…" if start else "", "…" if end < len(text) else ""
    return repr(f"{head}{text[start:position]}⟨{text[position:end]}⟩{tail}")
