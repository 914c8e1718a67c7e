"""Reading a request's parameters: names in any case, maps, both halves of a POST, bounds."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import InvalidInput, NetloomError, TooLarge
from netloom.faces.cloudstack.protocol.parameters import MAX_BYTES, MAX_ESCAPES, MAX_PARAMETERS, parse


def test_names_are_found_in_any_case_and_kept_as_sent() -> None:
    found = parse(b"Command=listZones&apiKey=K&NAME=a+b%2Bc")
    assert found.command == "listZones"
    assert found.get("name") == "a b+c"
    assert found.sent == (("Command", "listZones"), ("apiKey", "K"), ("NAME", "a b+c"))


def test_query_and_form_of_a_post_are_one_request() -> None:
    found = parse(b"command=login&response=JSON", b"username=admin&password=p%26w")
    assert found.wants_json
    assert (found.get("username"), found.get("password")) == ("admin", "p&w")


def test_xml_is_what_is_answered_without_a_word() -> None:
    assert not parse(b"command=listZones").wants_json


def test_maps_are_gathered_by_index_in_order() -> None:
    found = parse(b"tags[10].key=b&tags[2].key=a&tags[2].value=1&details[0].cpuNumber=2&Tags[10].value=2")
    assert found.entries["tags"] == ({"key": "a", "value": "1"}, {"key": "b", "value": "2"})
    assert found.entries["details"] == ({"cpuNumber": "2"},)
    assert "tags[2].key" in dict(found.sent)


@pytest.mark.parametrize("query", [b"id=1&ID=2", b"id=1&id=2", b"tags[0].key=a&TAGS[0].key=b"])
def test_two_values_for_one_name_are_refused(query: bytes) -> None:
    with pytest.raises(InvalidInput, match="twice"):
        parse(query)


def test_the_same_value_twice_is_one() -> None:
    assert parse(b"id=1", b"id=1").get("id") == "1"


@pytest.mark.parametrize("query", [b"name=%ff%fe", b"name=a%00b"])
def test_what_is_no_text_is_refused(query: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(query)
    assert caught.value.stable_code == "malformed-request"


def test_too_many_and_too_much_are_refused_before_they_are_read() -> None:
    with pytest.raises(TooLarge):
        parse(b"&".join(b"p%d=1" % number for number in range(MAX_PARAMETERS + 1)))
    with pytest.raises(TooLarge):
        parse(b"", b"userdata=" + b"a" * MAX_BYTES)
    with pytest.raises(TooLarge, match="percent-encoded"):
        parse(b"", b"userdata=" + b"%41" * (MAX_ESCAPES + 1))


@pytest.mark.parametrize("query", [b"expires%3Dx%26response=json", b"a%26b=1", b"tags[0].k%3Dx=1"])
def test_a_name_that_reads_as_several_parameters_is_refused(query: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(query)
    assert caught.value.stable_code == "malformed-request"


@given(
    st.dictionaries(
        st.text(
            st.characters(exclude_characters="[]&=\x00", exclude_categories=["Cs"]), min_size=1, max_size=20
        ).map(str.lower),
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=50),
        max_size=10,
    )
)
def test_what_a_client_encodes_comes_back(values: dict[str, str]) -> None:
    distinct = {name.lower(): value for name, value in values.items()}
    assert parse(urlencode(distinct).encode()).values == distinct
    spelt = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in distinct.items())
    assert parse(b"", spelt.encode()).values == distinct


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(query: bytes, form: bytes) -> None:
    try:
        parse(query, form)
    except NetloomError:
        return
