"""OpenFlow port numbers: 32 bits in OpenFlow 1.1 and later, 16 in Nicira's extensions.

Rule 1: netloom knows the 32-bit numbers only; the 16-bit ones exist on the wire.
Rule 2: reserved ports are the highest of either width and map one to one (`ofputil_port_to_ofp11`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netloom.wire.openflow.errors import LocalProtocolError, RemoteProtocolError

MAX: Final = 0xFFFFFF00
IN_PORT: Final = 0xFFFFFFF8
TABLE: Final = 0xFFFFFFF9
NORMAL: Final = 0xFFFFFFFA
FLOOD: Final = 0xFFFFFFFB
ALL: Final = 0xFFFFFFFC
CONTROLLER: Final = 0xFFFFFFFD
LOCAL: Final = 0xFFFFFFFE
ANY: Final = 0xFFFFFFFF
NONE: Final = ANY

NAMES: Final[Mapping[str, int]] = {
    "IN_PORT": IN_PORT,
    "TABLE": TABLE,
    "NORMAL": NORMAL,
    "FLOOD": FLOOD,
    "ALL": ALL,
    "CONTROLLER": CONTROLLER,
    "LOCAL": LOCAL,
    "ANY": ANY,
    "NONE": NONE,
    "UNSET": 0xFFFFFFF7,
}
"""Reserved ports as ovs-ofctl writes them."""

BY_NUMBER: Final[Mapping[int, str]] = {number: name for name, number in NAMES.items() if name != "ANY"}
"""One name for each: NONE rather than ANY, which as a field's value means that the field does not matter."""

_MAX16: Final = 0xFF00
_SHIFT: Final = 0xFFFF0000


def to_port16(port: int) -> int:
    """The 16-bit number of a port.

    Raises:
        LocalProtocolError: there is none (0xff00 to 0xfffffeff).
    """
    if 0 <= port < _MAX16:
        return port
    if MAX <= port <= ANY:
        return port & 0xFFFF
    raise LocalProtocolError(f"port {port:#x} has no 16-bit number", hint="below 0xff00, or a reserved port")


def from_port16(port: int) -> int:
    """The 32-bit number of a 16-bit port."""
    return port if port < _MAX16 else port | _SHIFT


def check_port(port: int) -> int:
    """A port as a peer sent it.

    Raises:
        RemoteProtocolError: it is neither a port of a switch nor reserved.
    """
    if port < _MAX16 or port >= MAX:
        return port
    raise RemoteProtocolError(f"port {port:#x} is out of range", error_type=2, error_code=4)
