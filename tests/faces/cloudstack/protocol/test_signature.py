"""Signatures as CloudStack and its clients make them; expiry; what is not covered does not pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.base.errors import Unauthenticated
from netloom.faces.cloudstack.protocol.parameters import Parameters, arrange
from netloom.faces.cloudstack.protocol.signature import (
    canonical_strings,
    check_expiry,
    is_signed,
    parse_expires,
    sign,
)

SECRET = "s3cret-" * 8
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def digest(text: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).digest()).decode()


def signed(pairs: dict[str, str], signature: str) -> bool:
    return is_signed(SECRET, arrange([*pairs.items(), ("signature", signature)]))


def test_the_example_of_the_developers_guide() -> None:
    """The string that CloudStack's guide shows for deployVirtualMachine."""
    pairs = {
        "command": "deployVirtualMachine", "serviceOfferingId": "1", "diskOfferingId": "1", "templateId": "2",
        "zoneId": "4", "apiKey": "miVr6X7u6bN_sdahOBpjNejPgEsT35eXq-jB8CG20YI3yaxXcgpyuaIRmFI_EJTVwZ0nUkkJbPmY3y2bciKwFQ",
        "response": "json",
    }  # fmt: skip
    assert canonical_strings(pairs.items())[0] == (
        "apikey=mivr6x7u6bn_sdahobpjnejpgest35exq-jb8cg20yi3yaxxcgpyuairmfi_ejtvwz0nukkjbpmy3y2bcikwfq"
        "&command=deployvirtualmachine&diskofferingid=1&response=json&serviceofferingid=1&templateid=2&zoneid=4"
    )


def test_blanks_are_percent_20_and_the_star_stays() -> None:
    assert canonical_strings([("name", "a b*c+d")])[0] == "name=a%20b*c%2bd"


def test_the_signature_itself_is_not_covered_whatever_its_case() -> None:
    assert canonical_strings([("a", "1"), ("SIGNATURE", "x")]) == ("a=1",)


def cs(pairs: dict[str, str]) -> str:
    """As the client `cs` signs: `~` raw, sorted by name as it is."""
    return digest("&".join(f"{k}={quote(v, safe='*')}" for k, v in sorted(pairs.items())).lower())


def libcloud(pairs: dict[str, str]) -> str:
    """As libcloud signs: `~` and brackets raw, sorted by lower-cased name."""
    parts = [f"{k.lower()}={quote(v, safe='[]*').lower()}" for k, v in pairs.items()]
    return digest("&".join(sorted(parts, key=lambda part: part.partition("=")[0])))


def monkey(pairs: dict[str, str]) -> str:
    """As CloudMonkey signs: quote_plus with %20, sorted by lower-cased name."""
    order = sorted(pairs, key=str.lower)
    text = "&".join(f"{k}={quote_plus(pairs[k], safe='*').replace('+', '%20')}" for k in order)
    return digest(text.lower())


@pytest.mark.parametrize("client", [cs, libcloud, monkey])
@pytest.mark.parametrize(
    "value",
    ["plain", "a b", "10.0.0.0/8,192.168.0.0/16", "x~y", "[::1]", "a[0]~b", "ünï ©ode", "a&b=c+d%20", ""],
)
def test_real_clients_pass(client: Callable[[dict[str, str]], str], value: str) -> None:
    pairs = {"command": "listNetworks", "apiKey": "KEY", "account": value, "response": "json"}
    assert signed(pairs, client(pairs))


@pytest.mark.parametrize("change", [("command", "deleteNetwork"), ("account", "b"), ("extra", "1")])
def test_a_changed_or_added_parameter_does_not_pass(change: tuple[str, str]) -> None:
    pairs = {"command": "listNetworks", "apiKey": "KEY", "account": "a"}
    signature = sign(SECRET, pairs.items())
    assert signed(pairs, signature)
    assert not signed({**pairs, change[0]: change[1]}, signature)


def test_no_signature_and_another_secret_do_not_pass() -> None:
    pairs = {"command": "listNetworks", "apiKey": "KEY"}
    assert not is_signed(SECRET, arrange(list(pairs.items())))
    assert not signed(pairs, "")
    assert not signed(pairs, sign("another", pairs.items()))


def test_a_plus_sign_that_was_not_encoded_passes() -> None:
    for number in range(200):
        pairs = {"command": "listNetworks", "name": str(number)}
        signature = sign(SECRET, pairs.items())
        if "+" in signature:
            assert signed(pairs, signature.replace("+", " "))
            return
    raise AssertionError("no signature with a plus sign")


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="&=", exclude_categories=["Cs"]), max_size=10),
        st.text(max_size=20),
        max_size=6,
    ),
    st.text(max_size=30),
)
def test_nothing_but_the_signature_passes(pairs: dict[str, str], guess: str) -> None:
    fresh = {name: value for name, value in pairs.items() if name.lower() != "signature"}
    if len({name.lower() for name in fresh}) < len(fresh) or any("[" in name for name in fresh):
        return
    right = sign(SECRET, fresh.items())
    assert signed(fresh, right)
    if guess.replace(" ", "+") != right:
        assert not signed(fresh, guess)


def expiring(text: str, version: str = "3") -> Parameters:
    return arrange([("signatureVersion", version), ("expires", text)])


def test_a_request_is_taken_until_it_expires() -> None:
    check_expiry(expiring("2026-11-21T12:00:01+0000"), NOW)
    check_expiry(expiring("2026-11-21T14:10:00+0200"), NOW)
    check_expiry(expiring("2026-11-21T12:10:00Z"), NOW)
    for late in ("2026-11-21T12:00:00+0000", "2026-11-21T13:59:59+0200", "2020-01-01T00:00:00+0000"):
        with pytest.raises(Unauthenticated, match="expired"):
            check_expiry(expiring(late), NOW)


def test_version_3_needs_an_expiry_that_can_be_read_and_is_near() -> None:
    for text in ("", "soon", "2026-13-01T00:00:00+0000", "2026-11-21"):
        with pytest.raises(Unauthenticated):
            check_expiry(expiring(text), NOW)
    with pytest.raises(Unauthenticated, match="valid until"):
        check_expiry(expiring("2026-11-22T12:00:00+0000"), NOW)
    check_expiry(expiring("2026-11-22T12:00:00+0000"), NOW, timedelta(days=2))


def test_earlier_versions_have_no_expiry() -> None:
    check_expiry(expiring("2001-01-01T00:00:00+0000", version="2"), NOW)
    check_expiry(arrange([]), NOW)


def test_an_expiry_keeps_its_offset_and_a_plus_that_became_a_blank() -> None:
    assert parse_expires("2026-11-21T12:00:00 0130") == parse_expires("2026-11-21T10:30:00+0000")
