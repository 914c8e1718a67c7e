"""Fields by name and by wire header.

Rule 1: a name is Open vSwitch's, its alias, or what ovs-ofctl also takes; case matters only for OXM names.
Rule 2: what a peer sends is looked up by (vendor, class, number); the length is checked against the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from netloom.wire.openflow import fields_table as table
from netloom.wire.openflow.field import Field, Format, Header, Prerequisite, Subfield

__all__ = ["FIELDS", "HEADERS", "OXM_NAMES", "Field", "Format", "Header", "Prerequisite", "Subfield"]


def _by_name() -> dict[str, Field]:
    found = {field.name: field for field in table.ALL}
    found |= {field.alias: field for field in table.ALL if field.alias}
    # The one `in_port` of OpenFlow 1.1 and later has 32 bits; the 16-bit one is Nicira extended match's.
    found["in_port"] = table.IN_PORT_OXM
    found["ipv4_src"], found["ipv4_dst"] = table.IP_SRC, table.IP_DST
    found["ct_nw_src"], found["ct_nw_dst"] = table.CT_NW_SRC, table.CT_NW_DST
    found["icmpv4_type"], found["icmpv4_code"] = table.ICMP_TYPE, table.ICMP_CODE
    found["ip_ttl"] = table.NW_TTL
    return found


FIELDS: Final[Mapping[str, Field]] = MappingProxyType(_by_name())
"""Fields by Open vSwitch's name, its alias, and a few common spellings."""

OXM_NAMES: Final[Mapping[str, Field]] = MappingProxyType(
    {header.name: field for field in table.ALL for header in field.headers}
)
"""Fields by the name of any of their wire headers: `NXM_NX_REG0`, `OXM_OF_ETH_DST`."""

HEADERS: Final[Mapping[tuple[int, int, int], Field]] = MappingProxyType(
    {
        (header.vendor, header.oxm_class, header.number): field
        for field in table.ALL
        for header in field.headers
    }
)
"""Fields by (vendor, class, number)."""


REGISTERS: Final[tuple[Field, ...]] = tuple(FIELDS[f"reg{i}"] for i in range(16))
XREGISTERS: Final[tuple[Field, ...]] = tuple(FIELDS[f"xreg{i}"] for i in range(8))
XXREGISTERS: Final[tuple[Field, ...]] = tuple(FIELDS[f"xxreg{i}"] for i in range(4))
