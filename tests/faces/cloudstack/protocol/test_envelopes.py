"""Answers as written: one key, one line, no null; XML with the same content; headers that cannot break out."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.faces.cloudstack.protocol.envelopes import (
    ODD_KEYS,
    Refusal,
    header_text,
    response_key,
    timestamp,
    write,
)
from netloom.faces.cloudstack.table import whole_table

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def test_odd_keys_belong_to_commands_and_others_follow_the_name() -> None:
    assert response_key("listNetworks") == "listnetworksresponse"
    assert response_key("updateNetworkACLItem") == "createnetworkaclresponse"
    assert response_key("createLBStickinessPolicy") == "createLBStickinessPolicy"
    unknown = {name for name in ODD_KEYS if name not in whole_table()}
    assert unknown <= {"listnetworkdevice", "acquirepodipaddress", "releasepodipaddress"}


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_json_has_one_key_on_one_line_and_no_null(content: dict[str, object]) -> None:
    body = write("xresponse", content, as_json=True).body
    assert b"\n" not in body
    read = json.loads(body)
    assert list(read) == ["xresponse"]
    assert not list(nulls(read))


def nulls(value: object) -> Iterator[object]:
    """Keys whose value is null; holes in lists are none."""
    if isinstance(value, dict):
        yield from (key for key, inner in value.items() if inner is None)
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from nulls(inner)


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=5))
def test_xml_is_well_formed_whatever_is_in_it(content: dict[str, object]) -> None:
    written = write("xresponse", content, as_json=False)
    root = ET.fromstring(written.body)
    assert root.tag == "xresponse"
    assert root.get("cloud-stack-version") == "4.20.3.0"


def test_lists_and_objects_in_xml() -> None:
    body = write(
        "listzonesresponse", {"count": 2, "zone": [{"id": "a", "on": True}, {"id": "b<&>"}]}, as_json=False
    ).body
    root = ET.fromstring(body)
    assert root.findtext("count") == "2"
    assert [zone.findtext("id") for zone in root.findall("zone")] == ["a", "b<&>"]
    assert root.findtext("zone/on") == "true"


def test_a_refusal_has_what_clients_index() -> None:
    found = Refusal(431, 4350, "no", (("3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab", "networkid"),)).fields()
    assert (found["errorcode"], found["cserrorcode"], found["errortext"]) == (431, 4350, "no")
    assert found["uuidList"] == [{"uuid": "3f2b8c1e-5d0a-4c7e-9b1f-0123456789ab", "description": "networkid"}]
    assert "cserrorcode" not in Refusal(401, None, "no").fields()


@given(st.text(max_size=3000))
def test_a_header_is_one_printable_line(text: str) -> None:
    made = header_text(text)
    assert len(made) <= 1_000
    assert all(32 <= octet < 127 for octet in made)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 21, 7, 11, 3, 999, tzinfo=UTC), "2026-11-21T07:11:03+0000"),
        (datetime(2026, 11, 21, 8, 11, 3, tzinfo=timezone(timedelta(hours=1))), "2026-11-21T07:11:03+0000"),
        (None, None),
    ],
)
def test_times_are_utc(moment: datetime | None, text: str) -> None:
    assert timestamp(moment) == text


def test_what_rows_share_is_in_each_of_them_without_what_is_none() -> None:
    shared = [{"name": "Dhcp", "provider": None, "capability": [{"name": "a", "value": None}]}]
    rows = [{"id": number, "service": shared, "tags": []} for number in range(4)]
    told = json.loads(write("listresponse", {"network": rows}, as_json=True).body)
    service = [{"name": "Dhcp", "capability": [{"name": "a"}]}]
    assert told == {
        "listresponse": {"network": [{"id": number, "service": service, "tags": []} for number in range(4)]}
    }
