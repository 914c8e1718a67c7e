"""Error: why the peer refused a message, with the message (or its beginning) that it refused.

Rule 1: an error reads as text: the names are Open vSwitch's, whatever version carries them.
Rule 2: the offending bytes are kept; they are decoded on demand, for they may be cut short.
"""

from __future__ import annotations

from struct import Struct

from netloom.wire.openflow.error_codes import error_name, experimenter_error_name, vendor_error_name
from netloom.wire.openflow.messages.form import Family, Form, Message, Sender
from netloom.wire.openflow.messages.layout import need, pack

EXPERIMENTER_ERROR = 0xFFFF  # OFPET_EXPERIMENTER
NX_VENDOR_ERROR = 0xB0C2  # NXET_VENDOR, as which Open vSwitch still sends some of its own errors
_HEAD = Struct("!HH")
_EXPERIMENTER_HEAD = Struct("!HHI")
_VENDOR_ERROR = Struct("!IHH")  # nx_vendor_error


class ErrorMessage(Message, frozen=True, gc=False):
    """A refusal.

    For experimenter errors `error_type` is 0xffff, `code` the experimenter's type and `experimenter` its id.
    `data` is what the peer says of it: the refused message's first bytes, or text for a failed hello.
    """

    error_type: int
    code: int
    data: bytes = b""
    experimenter: int = 0

    @property
    def refused(self) -> bytes:
        """The beginning of the message that was refused: 64 bytes of it at least, when it had as many."""
        return self.data[8:] if self.error_type == NX_VENDOR_ERROR else self.data

    @property
    def name(self) -> str:
        """The error's name as Open vSwitch has it, for example `OFPFMFC_TABLE_FULL`."""
        if self.error_type == EXPERIMENTER_ERROR:
            return experimenter_error_name(self.experimenter, self.code)
        if self.error_type == NX_VENDOR_ERROR and len(self.data) >= 8:
            return vendor_error_name(*_VENDOR_ERROR.unpack_from(self.data))
        return error_name(self.error_type, self.code)

    def __str__(self) -> str:
        if self.error_type == 0 and self.data:  # a failed hello explains itself in ASCII
            return f"{self.name}: {self.data.decode('ascii', 'replace')}"
        return self.name


def encode_error(message: ErrorMessage, version: int) -> bytes:
    """Type, code, experimenter when there is one, data."""
    del version
    if message.error_type == EXPERIMENTER_ERROR:
        head = pack(_EXPERIMENTER_HEAD, message.error_type, message.code, message.experimenter)
    else:
        head = pack(_HEAD, message.error_type, message.code)
    return head + message.data


def decode_error(data: bytes, at: int, end: int, version: int) -> ErrorMessage:
    """An error from its body."""
    del version
    need(at, end, 4, "error")
    error_type, code = _HEAD.unpack_from(data, at)
    if error_type != EXPERIMENTER_ERROR:
        return ErrorMessage(error_type, code, data[at + 4 : end])
    need(at, end, 8, "experimenter error")
    return ErrorMessage(error_type, code, data[at + 8 : end], int.from_bytes(data[at + 4 : at + 8], "big"))


FORMS = (Form(ErrorMessage, Family.PLAIN, 1, Sender.EITHER, encode_error, decode_error),)
