from __future__ import annotations

import pytest

from netloom.base.errors import InvalidInput
from netloom.model.cloud.vpn_policies import (
    CIPHERS,
    GROUPS,
    HASHES,
    IkeVersion,
    check_key,
    check_lifetime,
    format_policy,
    parse_ike_version,
    parse_policy,
)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("hash_name", HASHES)
@pytest.mark.parametrize("group", GROUPS)
def test_every_combination_of_words_reads_back(cipher: str, hash_name: str, group: str) -> None:
    text = f"{cipher}-{hash_name};{group}"
    assert format_policy(parse_policy(text, "ikepolicy")) == text


def test_several_in_any_case() -> None:
    proposals = parse_policy("AES256-SHA256;modp2048, 3des-md5;modp1024", "ikepolicy")
    assert format_policy(proposals) == "aes256-sha256;modp2048,3des-md5;modp1024"
    assert [proposal.weak for proposal in proposals] == [(), ("3des", "md5", "modp1024")]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("rot13", "ikepolicy"),
        ("aes128-sha1", "ikepolicy"),  # IKE needs a group
        ("", "esppolicy"),
        ("aes128", "esppolicy"),
        ("aes128-sha1-x", "esppolicy"),
        ("aes128-sha1;modp1", "esppolicy"),
        ("aes128-sha1;modp1536;modp1536", "esppolicy"),
        ("aes128-sha1,", "esppolicy"),
        ("des-sha1", "esppolicy"),
        (",".join(["aes128-sha1"] * 11), "esppolicy"),
        ("aes128-sha1\nright=%any", "esppolicy"),
    ],
)
def test_policies_that_are_refused(text: str, subject: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_policy(text, subject)
    assert caught.value.stable_code == "invalid-vpn-policy"
    assert caught.value.subject == subject


def test_esp_may_go_without_a_group() -> None:
    assert parse_policy("aes128-sha1", "esppolicy")[0].group is None


def test_lifetimes() -> None:
    assert check_lifetime(None, "ikelifetime", 86400, 86400) == 86400
    assert check_lifetime(60, "ikelifetime", 86400, 86400) == 60
    for seconds in (0, -1, 86401):
        with pytest.raises(InvalidInput):
            check_lifetime(seconds, "ikelifetime", 86400, 86400)


@pytest.mark.parametrize(
    "key", ["", "two words", 'quo"te', "back\\slash", "new\nline", "x" * 257, "tab\tbed"]
)
def test_keys_that_a_key_file_cannot_hold_and_errors_that_do_not_tell_them(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_key(key)
    assert not key or key not in str(caught.value)


def test_keys_that_can() -> None:
    assert check_key("s3cret") == "s3cret"
    with pytest.raises(InvalidInput):
        check_key("s3cret", shortest=8)


def test_versions_of_ike() -> None:
    assert parse_ike_version(None) is IkeVersion.EITHER
    assert parse_ike_version("IKEv2") is IkeVersion.TWO
    with pytest.raises(InvalidInput):
        parse_ike_version("ikev3")
