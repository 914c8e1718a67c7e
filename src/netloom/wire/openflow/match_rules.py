"""The rules that make a list of entries a match: one spelling per meaning, values that fit, prerequisites that hold.

Rule 1: what Open vSwitch refuses is refused here, with the name of the rule (lib/meta-flow.c, lib/nx-match.c).
Rule 2: the result is in the order in which Open vSwitch writes a match; equal meanings give equal lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.field import Field, Prerequisite
from netloom.wire.openflow.fields import REGISTERS, XREGISTERS, XXREGISTERS
from netloom.wire.openflow.oxm import BAD_MASK, BAD_PREREQ, BAD_VALUE, DUP_FIELD
from netloom.wire.openflow.ports import from_port16

VLAN_PRESENT: Final = 0x1000
_NO_VLAN: Final = 0xFFFF


# What mf_is_value_valid() in lib/meta-flow.c asks beyond a field's width.
_NARROWER: Final[Mapping[Field, int]] = {f.ARP_OP: 0xFF, f.NSH_TTL: 63}
_MDTYPES: Final = (1, 2)

# Fields of which Open vSwitch knows fewer bits than they have on the wire; it always reports a mask of those bits.
_ALWAYS_MASKED: Final = frozenset({f.CT_STATE, f.TUN_FLAGS})


class FieldMatch(msgspec.Struct, frozen=True, gc=False):
    """One field's condition: the bits of `mask` (None: all) of a packet's field are those of `value`."""

    field: Field
    value: int
    mask: int | None = None

    def __repr__(self) -> str:
        mask = "" if self.mask is None else f"/{self.mask:#x}"
        return f"{self.field.name}={self.value:#x}{mask}"


class MatchError(Exception):
    """A rule of matches is broken; the caller knows by whom. `code` is OpenFlow's OFPBMC_*."""

    def __init__(self, field: Field, message: str, code: int) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


_Values = Mapping[Field, FieldMatch]


def normalise(entries: Iterable[FieldMatch]) -> list[FieldMatch]:
    """The canonical list: checked, one spelling, Open vSwitch's order.

    Raises:
        MatchError: the first rule that is broken.
    """
    found: dict[Field, FieldMatch] = {}
    for entry in entries:
        checked = _fitting(entry)
        if checked is None:
            continue
        rewrite = _REWRITES.get(checked.field)
        for part in (checked,) if rewrite is None else rewrite(checked):
            _add(found, part)
    _settle_vlan(found)
    for field in found:
        if field.prerequisite is not Prerequisite.NONE and not _HOLDS[field.prerequisite](found):
            raise MatchError(
                field, f"{field.name} needs {field.prerequisite.value} in the same match", BAD_PREREQ
            )
    return sorted(found.values(), key=_rank)


def _rank(entry: FieldMatch) -> int:
    return entry.field.rank


def valid_bits(field: Field) -> int:
    """The bits that a value of the field may have in a match."""
    return _NARROWER.get(field) or (_NO_VLAN if field is f.DL_VLAN else field.ones)


def check_family(entries: Iterable[FieldMatch]) -> None:
    """Original addresses of a connection are of the packet's IP version: a switch refuses such a flow (lib/ofp-flow.c).

    Raises:
        MatchError: they are not.
    """
    found = {entry.field: entry for entry in entries}
    for field, eth_type in _FAMILIES.items():
        if field in found and _exact(found, f.ETH_TYPE) != eth_type:
            raise MatchError(
                field, f"{field.name} needs eth_type={eth_type:#06x} in the same match", BAD_PREREQ
            )


_FAMILIES: Final = {f.CT_NW_SRC: 0x0800, f.CT_NW_DST: 0x0800, f.CT_IPV6_SRC: 0x86DD, f.CT_IPV6_DST: 0x86DD}


def _fitting(entry: FieldMatch) -> FieldMatch | None:
    """The entry with a mask only where it says something; None when it says nothing at all."""
    field, value, mask = entry.field, entry.value, entry.mask
    if not field.headers and field not in _REWRITES:
        raise MatchError(field, f"{field.name} cannot be sent in a match", BAD_VALUE)
    ones = _NO_VLAN if field is f.DL_VLAN else field.ones
    if mask is not None:
        if value & ~mask:
            raise MatchError(field, f"value {value:#x} has bits outside mask {mask:#x}", BAD_MASK)
        full = (1 << field.width * 8) - 1
        if mask < 0 or mask > full:
            raise MatchError(field, f"mask {mask:#x} has more than {field.width} bytes", BAD_MASK)
        mask &= ones
        if mask == 0 and value == 0:
            return None
        if mask == ones:
            mask = None
        elif not field.maskable:
            raise MatchError(field, f"{field.name} takes no mask", BAD_MASK)
    if value < 0 or value & ~ones:
        raise MatchError(field, f"value {value:#x} does not fit in {field.name} ({ones:#x})", BAD_VALUE)
    if value & ~valid_bits(field) or (field is f.NSH_MDTYPE and value not in _MDTYPES):
        raise MatchError(field, f"{field.name} cannot be {value:#x}", BAD_VALUE)
    if mask is None and field in _ALWAYS_MASKED:
        mask = field.ones
    return entry if mask == entry.mask else FieldMatch(field, value, mask)


def _add(found: dict[Field, FieldMatch], part: FieldMatch) -> None:
    key = part.field.base or part.field
    if key in found:
        raise MatchError(part.field, f"{part.field.name} is given twice", DUP_FIELD)
    found[key] = part


# ---- one spelling per meaning -----------------------------------------------------------------------------------


def _split(parts: tuple[Field, ...]) -> Callable[[FieldMatch], list[FieldMatch]]:
    """A wide register as 32-bit ones, the highest first."""

    def rewrite(entry: FieldMatch) -> list[FieldMatch]:
        mask = entry.field.ones if entry.mask is None else entry.mask
        found = []
        for index, part in enumerate(parts):
            shift = 32 * (len(parts) - 1 - index)
            bits = mask >> shift & 0xFFFFFFFF
            if bits:
                value = entry.value >> shift & 0xFFFFFFFF
                found.append(FieldMatch(part, value, None if bits == 0xFFFFFFFF else bits))
        return found

    return rewrite


def _vlan_tci(entry: FieldMatch) -> list[FieldMatch]:
    # NXM_OF_VLAN_TCI: priority (3 bits), present (1), VLAN id (12). Without "present" there is no tag: VID 0, no PCP.
    mask = 0xFFFF if entry.mask is None else entry.mask
    found = []
    vid, pcp = mask & 0x1FFF, mask >> 13
    if vid:
        found.append(FieldMatch(f.VLAN_VID, entry.value & 0x1FFF, None if vid == 0x1FFF else vid))
    if entry.value >> 13 or (pcp and entry.value & VLAN_PRESENT):
        if pcp != 7 or not entry.value & VLAN_PRESENT:
            raise MatchError(
                entry.field,
                f"a priority without a tag, or in part ({mask:#x}), cannot be said in OXM",
                BAD_MASK,
            )
        found.append(FieldMatch(f.VLAN_PCP, entry.value >> 13))
    return found


def _dl_vlan(entry: FieldMatch) -> list[FieldMatch]:
    if entry.value == _NO_VLAN:
        return [FieldMatch(f.VLAN_VID, 0)]
    if entry.value > 0xFFF:
        raise MatchError(
            entry.field, f"{entry.value} is not a VLAN id (0 to 4095, or 0xffff for none)", BAD_VALUE
        )
    return [FieldMatch(f.VLAN_VID, entry.value | VLAN_PRESENT)]


def _in_port(entry: FieldMatch) -> list[FieldMatch]:
    return [FieldMatch(f.IN_PORT_OXM, from_port16(entry.value))]


def _nw_tos(entry: FieldMatch) -> list[FieldMatch]:
    return [FieldMatch(f.IP_DSCP, entry.value >> 2)]


def _dl_vlan_pcp(entry: FieldMatch) -> list[FieldMatch]:
    return [FieldMatch(f.VLAN_PCP, entry.value)]


_REWRITES: Final[Mapping[Field, Callable[[FieldMatch], list[FieldMatch]]]] = {
    **{field: _split(REGISTERS[2 * i : 2 * i + 2]) for i, field in enumerate(XREGISTERS)},
    **{field: _split(REGISTERS[4 * i : 4 * i + 4]) for i, field in enumerate(XXREGISTERS)},
    f.VLAN_TCI: _vlan_tci,
    f.DL_VLAN: _dl_vlan,
    f.DL_VLAN_PCP: _dl_vlan_pcp,
    f.IN_PORT: _in_port,
    f.NW_TOS: _nw_tos,
}


REWRITTEN: Final = frozenset(_REWRITES) | _ALWAYS_MASKED
"""Fields that stand in another form, or another field, in a canonical match."""


def _settle_vlan(found: dict[Field, FieldMatch]) -> None:
    """A priority implies a tag, as in ovs-ofctl's dl_vlan_pcp."""
    if f.VLAN_PCP in found and f.VLAN_VID not in found:
        found[f.VLAN_VID] = FieldMatch(f.VLAN_VID, VLAN_PRESENT, VLAN_PRESENT)


# ---- prerequisites ----------------------------------------------------------------------------------------------


def _exact(found: _Values, field: Field) -> int | None:
    entry = found.get(field)
    return entry.value if entry is not None and entry.mask is None else None


def _ethernet(found: _Values) -> bool:
    return _exact(found, f.PACKET_TYPE) in (None, 0)


def _eth_type(*types: int) -> Callable[[_Values], bool]:
    return lambda found: _exact(found, f.ETH_TYPE) in types


def _transport(proto: int, *types: int) -> Callable[[_Values], bool]:
    def holds(found: _Values) -> bool:
        fragment = found.get(f.IP_FRAG)
        later = fragment is not None and fragment.value & 2 != 0
        return (
            _exact(found, f.ETH_TYPE) in types
            and _exact(found, f.NW_PROTO) == proto
            and not (later and proto in (6, 17, 132))
        )

    return holds


def _neighbour(*types: int) -> Callable[[_Values], bool]:
    icmp6 = _transport(58, 0x86DD)
    return lambda found: (
        icmp6(found) and _exact(found, f.ICMPV6_TYPE) in types and _exact(found, f.ICMPV6_CODE) in (None, 0)
    )


def _tracked(found: _Values) -> bool:
    # is_ct_valid() in lib/flow.h: a state that only a known connection has, or tracked and expressly not invalid.
    state = found.get(f.CT_STATE)
    if state is None:
        return False
    mask = state.field.ones if state.mask is None else state.mask
    return bool(state.value & 0xCF) or (
        state.value & 0x20 != 0 and mask & 0x10 != 0 and state.value & 0x10 == 0
    )


def _tagged(found: _Values) -> bool:
    vlan = found.get(f.VLAN_VID)
    return vlan is not None and vlan.value & VLAN_PRESENT != 0


_HOLDS: Final[Mapping[Prerequisite, Callable[[_Values], bool]]] = {
    Prerequisite.ETHERNET: _ethernet,
    Prerequisite.ARP: _eth_type(0x0806, 0x8035),
    Prerequisite.VLAN_VID: _tagged,
    Prerequisite.IPV4: _eth_type(0x0800),
    Prerequisite.IPV6: _eth_type(0x86DD),
    Prerequisite.IP: _eth_type(0x0800, 0x86DD),
    Prerequisite.NSH: _eth_type(0x894F),
    Prerequisite.CT: _tracked,
    Prerequisite.MPLS: _eth_type(0x8847, 0x8848),
    Prerequisite.TCP: _transport(6, 0x0800, 0x86DD),
    Prerequisite.UDP: _transport(17, 0x0800, 0x86DD),
    Prerequisite.SCTP: _transport(132, 0x0800, 0x86DD),
    Prerequisite.ICMPV4: _transport(1, 0x0800),
    Prerequisite.ICMPV6: _transport(58, 0x86DD),
    Prerequisite.ND: _neighbour(135, 136),
    Prerequisite.ND_SOLICIT: _neighbour(135),
    Prerequisite.ND_ADVERT: _neighbour(136),
}
