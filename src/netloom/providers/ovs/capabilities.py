"""What a switch may or may not be able to do, and how to find out: by trying, never by version number.

Rule 1: a capability has a probe: a flow that the switch accepts if and only if it can do it. A probe takes no packet: it is
tried in a bundle that is discarded, or installed in the probe's table, which nothing leads to, and removed.
Rule 2: without a capability a network still works; what it loses is said beside the capability.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from netloom.providers.ovs.pipeline.cookies import OWNER
from netloom.wire.openflow.actions import SetField
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import Match

PROBE_TABLE: Final = 253
"""No flow of the pipeline leads here. (254 is Open vSwitch's own.)"""


class Capability(enum.Enum):
    """Something that not every Open vSwitch since 2.13 can do."""

    ND_RESPONDER = "nd-responder"
    """It can write the reserved bits and the option type of neighbour discovery (2.12 and later; userspace handles such
    packets). Without: solicitations go to the network as multicast, and the NIC itself answers."""


_ND: Final = {"eth_type": 0x86DD, "nw_proto": 58, "icmpv6_code": 0}

PROBES: Final[Mapping[str, Flow]] = {
    Capability.ND_RESPONDER.value: Flow(
        PROBE_TABLE,
        1,
        Match.of(icmpv6_type=135, nd_options_type=1, **_ND),
        (
            SetField(FIELDS["nd_reserved"], 0x60000000),
            SetField(FIELDS["nd_options_type"], 2),
            SetField(FIELDS["icmpv6_type"], 136),
        ),
        OWNER,
    ),
}
"""The flow that tells, by the capability's name in `SwitchFacts.capabilities`."""
