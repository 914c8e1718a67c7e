"""The registers that carry what tables learned about a packet; each used by its name only.

Rule 1: a register has one meaning in the whole pipeline; 0 means *not known*.
Rule 2: a table matches on registers rather than on what they were derived from, so that flows do not depend on the host.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from netloom.model.isolation import Isolation
from netloom.wire.openflow.actions import SetField
from netloom.wire.openflow.fields import FIELDS, Field, Subfield


@dataclass(frozen=True, eq=False)
class Register:
    """One 32-bit register of Open vSwitch; compared by identity."""

    name: str
    number: int
    meaning: str

    @cached_property
    def key(self) -> str:
        """The field's name in a match."""
        return f"reg{self.number}"

    @cached_property
    def field(self) -> Field:
        """The field."""
        return FIELDS[self.key]

    @cached_property
    def whole(self) -> Subfield:
        """All its bits, as a source or destination."""
        return Subfield(self.field, 0, 32)

    def set(self, value: int) -> SetField:
        """The action that writes it: one object for the flows that are made near each other."""
        return _set(self, value)


@lru_cache(maxsize=8192)
def _set(register: Register, value: int) -> SetField:
    return SetField(register.field, value)


NETWORK: Final = Register("NETWORK", 0, "number of the network that the packet is in")
NIC: Final = Register("NIC", 1, "number of the NIC that sent it; 0 when it came from elsewhere")
SOURCE: Final = Register("SOURCE", 2, "1 from a NIC of this host, 2 from a tunnel, 3 from an uplink")
ENCAPSULATION: Final = Register("ENCAPSULATION", 3, "1 GRE, 2 VXLAN, 3 Geneve: it came so, or shall go so")
PEER: Final = Register("PEER", 4, "number of the host that this copy goes to")
PORT: Final = Register("PORT", 5, "OpenFlow port that this copy goes to")
CHUNK: Final = Register("CHUNK", 6, "which part of a list of copies is being made")

GROUP: Final = Register("GROUP", 7, "number of the security group whose rules are asked")
MEMBER_OF: Final = Register(
    "MEMBER_OF", 8, "number of the security group that the other side was found in, or is looked for in"
)
VERDICT: Final = Register("VERDICT", 9, "1: a rule of a security group allows it")

ALL: Final = (NETWORK, NIC, SOURCE, ENCAPSULATION, PEER, PORT, CHUNK, GROUP, MEMBER_OF, VERDICT)
"""Every register in use; the rest of the sixteen are free."""


class Source(enum.IntEnum):
    """Values of SOURCE."""

    NIC = 1
    TUNNEL = 2
    UPLINK = 3


ENCAPSULATION_CODES: Final = {Isolation.GRE: 1, Isolation.VXLAN: 2, Isolation.GENEVE: 3}
"""Values of ENCAPSULATION."""
