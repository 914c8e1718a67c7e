"""Which hosts the gateway of a network or VPC shall be on, and in which order.

Rule 1: it is a wish of operators that providers of routers follow; without one they choose themselves.
Rule 2: the host of the greatest priority that is there carries the gateway; the others are for when it is not.

    key             id; owner and host are unique together, owner and priority as well
    owner           the network or the VPC
"""

from __future__ import annotations

from typing import Final

from netloom.base.errors import InvalidInput
from netloom.base.ids import HostId, NetworkId, Uuid
from netloom.model.cloud.record import Record

MAX_GATEWAY_HOSTS: Final = 5
"""Of one gateway: so many OVN's gateway chassis groups are made of at most in practice, and more are no safer."""
MAX_PRIORITY: Final = 32_767


class GatewayHost(Record, frozen=True, kw_only=True):
    """A host for a gateway. Exactly one of `network_id` and `vpc_id` is there; a greater `priority` is preferred."""

    host_id: HostId
    priority: int
    network_id: NetworkId | None = None
    vpc_id: Uuid | None = None


def check_priority(priority: int) -> int:
    """A priority.

    Raises:
        InvalidInput: it is out of bounds.
    """
    if not 0 <= priority <= MAX_PRIORITY:
        raise InvalidInput(f"{priority} is no priority", subject="priority", hint=f"0 to {MAX_PRIORITY}")
    return priority
