"""The field table: complete, found by every name, and what the generator writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from netloom.wire.openflow import fields_table as f
from netloom.wire.openflow.errors import LocalProtocolError
from netloom.wire.openflow.field import Subfield
from netloom.wire.openflow.fields import FIELDS, HEADERS, OXM_NAMES

ROOT = Path(__file__).resolve().parents[3]


def test_the_table_is_what_the_generator_writes() -> None:
    subprocess.run([sys.executable, str(ROOT / "tools/generate_fields.py"), "--check"], check=True)


def test_the_table_has_every_field_of_open_vswitch() -> None:
    assert len(f.ALL) >= 183
    assert len(HEADERS) >= 209
    assert {
        "ct_nw_src",
        "ct_tp_dst",
        "nd_reserved",
        "packet_type",
        "dp_hash",
        "tun_metadata63",
        "xxreg3",
    } <= set(FIELDS)


def test_ranks_are_all_different() -> None:
    assert len({field.rank for field in f.ALL}) == len(f.ALL)


def test_every_name_and_header_leads_to_its_field() -> None:
    for field in f.ALL:
        if field is not f.IN_PORT:
            assert FIELDS[field.name] is field
        for header in field.headers:
            assert OXM_NAMES[header.name] is field
            assert HEADERS[header.vendor, header.oxm_class, header.number] is field


@pytest.mark.parametrize(
    ("field", "version", "name"),
    [
        (f.ETH_DST, 0, "NXM_OF_ETH_DST"),
        (f.ETH_DST, 4, "OXM_OF_ETH_DST"),
        (f.REG0, 6, "NXM_NX_REG0"),
        (f.XREG0, 4, "OXM_OF_PKT_REG0"),
        (f.TCP_FLAGS, 4, "ONFOXM_ET_TCP_FLAGS"),
        (f.TCP_FLAGS, 6, "OXM_OF_TCP_FLAGS"),
        (f.DP_HASH, 4, "NXM_NX_DP_HASH"),
        (f.NSH_TTL, 0, "NXOXM_NSH_TTL"),
    ],
)
def test_the_header_is_the_one_that_open_vswitch_uses(field: object, version: int, name: str) -> None:
    assert OXM_NAMES[name] is field
    assert OXM_NAMES[name].header(version).name == name


def test_a_geneve_option_has_one_field_for_each_length() -> None:
    four = f.TUN_METADATA3.sized(4)
    assert four is f.TUN_METADATA3.sized(4)
    assert four.sized(124) is f.TUN_METADATA3.sized(124)
    assert (four.width, four.bits, four.ones) == (4, 32, 0xFFFFFFFF)
    with pytest.raises(LocalProtocolError):
        f.TUN_METADATA3.sized(125)


def test_a_field_without_a_number_cannot_be_sent() -> None:
    with pytest.raises(LocalProtocolError):
        f.DL_VLAN.header(4)


def test_parts_of_fields() -> None:
    assert f.REG0.bits_of(0, 15) == Subfield(f.REG0, 0, 16)
    assert f.REG0.all.is_whole
    assert f.REG0.bits_of(8, 15).ones == 0xFF00
