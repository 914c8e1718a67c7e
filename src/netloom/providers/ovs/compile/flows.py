"""How the compiler writes one flow: table, level, role, match by registers and fields, actions by name.

Rule 1: no number of a table, register or port stands in a module that makes flows.
Rule 2: actions that do not depend on an object are made once and shared by all flows.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from netloom.base.net import IPAddress
from netloom.providers.ovs.pipeline import tables as t
from netloom.providers.ovs.pipeline.cookies import cookie_of
from netloom.providers.ovs.pipeline.registers import NETWORK, NIC, Register
from netloom.providers.ovs.pipeline.roles import Role
from netloom.providers.ovs.pipeline.tables import Priority, Table
from netloom.wire.openflow.actions import Action, GotoTable, Resubmit, SetField
from netloom.wire.openflow.fields import FIELDS
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import Match

ETH_ARP: Final = 0x0806
ETH_IPV4: Final = 0x0800
ETH_IPV6: Final = 0x86DD
ARP_REQUEST: Final = 1
ARP_REPLY: Final = 2
UDP: Final = 17
ICMPV6: Final = 58

DROP: Final[tuple[Action, ...]] = ()
_GOTO: Final = {table: (GotoTable(table.number),) for table in t.ALL}
_RESUBMIT: Final = {table: Resubmit(table=table.number) for table in t.ALL}
_TUN_DST: Final = {4: FIELDS["tun_dst"], 6: FIELDS["tun_ipv6_dst"]}
TUN_ID: Final = FIELDS["tun_id"]


def goto(table: Table) -> tuple[Action, ...]:
    """Go on in a table; the last of a flow's actions."""
    return _GOTO[table]


def resubmit(table: Table) -> Action:
    """Go through a table, and come back for the next action."""
    return _RESUBMIT[table]


@lru_cache(maxsize=4096)
def tunnel_to(address: IPAddress) -> SetField:
    """Choose the tunnel's far end."""
    return SetField(_TUN_DST[address.version], int(address))


def flow(
    table: Table,
    priority: Priority,
    cookie: int,
    actions: tuple[Action, ...],
    **match: int | tuple[int, int],
) -> Flow:
    """A flow; the match by field names, registers by their `key`."""
    return Flow(table.number, int(priority), Match.of(**match), actions, cookie)


class Writer:
    """Writes the flows of one fragment, all for one object under one register value."""

    __slots__ = ("_key", "_number", "_value", "flows")

    def __init__(self, number: int, register: Register, value: int | None = None) -> None:
        self.flows: list[Flow] = []
        self._number = number
        self._key = register.key
        self._value = number if value is None else value

    def put(
        self,
        table: Table,
        priority: Priority,
        role: Role,
        actions: tuple[Action, ...],
        **match: int | tuple[int, int],
    ) -> None:
        """Add a flow for packets with the register's value."""
        match[self._key] = self._value
        self.flows.append(flow(table, priority, cookie_of(role, self._number), actions, **match))


def of_network(number: int) -> Writer:
    """Flows for a network's packets."""
    return Writer(number, NETWORK)


def of_nic_in_network(nic: int, network: int) -> Writer:
    """Flows for a NIC, for any packet of its network."""
    return Writer(nic, NETWORK, network)


def of_nic(number: int) -> Writer:
    """Flows for packets that a NIC sent."""
    return Writer(number, NIC)
