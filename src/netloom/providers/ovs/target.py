"""What this provider adds to a switch as a target (`netloom.switches.target`): how its objects are known, what to probe for.

Rule 1: the session and the target are the same for every provider that speaks OpenFlow; only these values differ.
Rule 2: the marks are on the wire of every switch in use: they never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netloom.providers.ovs.capabilities import PROBES
from netloom.providers.ovs.compile.ports import OWNER_KEY
from netloom.providers.ovs.pipeline.cookies import OWNER, OWNER_MASK
from netloom.switches.ownership import Ownership
from netloom.wire.openflow.flow import Flow

OWNERSHIP: Final = Ownership(OWNER, OWNER_MASK, OWNER_KEY)
"""How flows, ports and rows of ours are told from those of others."""

CAPABILITY_PROBES: Final[Mapping[str, Flow]] = PROBES
"""What a session tries out when a switch connects; the names come back in `SwitchFacts.capabilities`."""
