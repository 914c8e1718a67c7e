"""Names that a network's resolver answers beside those of its instances.

Rule 1: what is kept is canonical (lower case, addresses as text of RFC 5952), so that equal records are equal strings.
Rule 2: a name with an alias has nothing else (RFC 1034, 3.6.2); a record is there once.

    state           Add, Active, Revoke: `netloom.model.cloud.rules`
    key             id; network, name, type and value are unique together
    owner           the network's account
"""

from __future__ import annotations

import enum
import ipaddress
import re
from typing import Final

from netloom.base.errors import Conflict, InvalidInput
from netloom.model.cloud.rules import Rule

APEX: Final = "@"
"""The network's domain itself."""
MIN_TTL, MAX_TTL, DEFAULT_TTL = 0, 2**31 - 1, 3600
"""Seconds (RFC 2181, 8)."""
MAX_DNS_NAME: Final = 253
MAX_TEXT: Final = 255
"""Octets of one character string (RFC 1035, 3.3)."""
MAX_NETWORK_RECORDS: Final = 1_000

_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_SRV: Final = re.compile(r"(\d{1,5}) (\d{1,5}) (\d{1,5}) (\S+)")
_MX: Final = re.compile(r"(\d{1,5}) (\S+)")


class DnsType(enum.Enum):
    """What a record says of its name."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    SRV = "SRV"
    TXT = "TXT"


class DnsRecord(Rule, frozen=True, kw_only=True):
    """One record of a network's zone.

    Attributes:
        name: below the network's domain (`www`, `*.shop`), or `@` for the domain itself.
        value: an address (A, AAAA), a name (CNAME), `10 mail` (MX), `0 5 443 www` (SRV), or a text.
        ttl: seconds that it may be remembered.
    """

    name: str
    type: DnsType
    value: str
    ttl: int = DEFAULT_TTL


def parse_dns_type(text: str) -> DnsType:
    """A type by its mnemonic.

    Raises:
        InvalidInput: it is none that is kept.
    """
    try:
        return DnsType(text.strip().upper())
    except ValueError:
        raise InvalidInput(
            f"{text[:32]!r} is no type of DNS record",
            subject="type",
            hint=", ".join(t.value for t in DnsType),
        ) from None


def parse_dns_name(text: str, subject: str = "name", *, wildcard: bool = True) -> str:
    """A name in lower case, without a dot at its end.

    Raises:
        InvalidInput: it is no name (RFC 1035, 2.3.1; underscores as services have them, RFC 2782).
    """
    name = text.strip().lower().removesuffix(".")
    labels = name.split(".")
    rest = labels[1:] if wildcard and labels[0] == "*" else labels
    if name == APEX or (
        len(name) <= MAX_DNS_NAME and rest and all(_LABEL.fullmatch(label) for label in rest)
    ):
        return name
    raise InvalidInput(
        f"{text[:64]!r} is no DNS name",
        code="bad-dns-name",
        subject=subject,
        hint=f"labels of letters, digits and hyphens with dots between them, or {APEX} for the network's domain",
    )


def parse_dns_value(record_type: DnsType, text: str) -> str:
    """A value in the form that its type has.

    Raises:
        InvalidInput: it has not (`bad-dns-value`).
    """
    value = text.strip()
    match record_type:
        case DnsType.A | DnsType.AAAA:
            return _address(record_type, value)
        case DnsType.CNAME:
            return parse_dns_name(value, "value", wildcard=False)
        case DnsType.MX:
            return _numbered(_MX, value, "a preference and a name: 10 mail")
        case DnsType.SRV:
            return _numbered(_SRV, value, "priority, weight, port and a name: 0 5 443 www")
        case DnsType.TXT:
            if not value or len(value.encode()) > MAX_TEXT or not value.isprintable():
                raise _wrong(value, f"printable text of 1 to {MAX_TEXT} octets")
            return value


def check_ttl(ttl: int) -> int:
    """A time to live.

    Raises:
        InvalidInput: it is out of bounds.
    """
    if not MIN_TTL <= ttl <= MAX_TTL:
        raise InvalidInput(f"{ttl} is no time to live", subject="ttl", hint=f"{MIN_TTL} to {MAX_TTL} seconds")
    return ttl


def check_beside(record: DnsRecord, others: list[DnsRecord]) -> None:
    """Let a record pass that may stand beside the others of its name in its network.

    Raises:
        Conflict: it is there already, or an alias and something else would have one name (`dns-record-conflict`).
    """
    for other in others:
        if other.id == record.id:
            continue
        if (other.type, other.value) == (record.type, record.value):
            raise _clash(record, other, "is there already")
        if DnsType.CNAME in (other.type, record.type):
            raise _clash(record, other, "cannot stand beside it: a name with a CNAME has nothing else")


def _address(record_type: DnsType, value: str) -> str:
    if "%" in value:
        raise _wrong(value, "an address without a zone")
    try:
        return str(ipaddress.IPv4Address(value) if record_type is DnsType.A else ipaddress.IPv6Address(value))
    except ValueError:
        raise _wrong(value, f"an IPv{4 if record_type is DnsType.A else 6} address") from None


def _numbered(form: re.Pattern[str], value: str, hint: str) -> str:
    found = form.fullmatch(value)
    if found is None:
        raise _wrong(value, hint)
    *numbers, name = found.groups()
    if any(int(number) > 0xFFFF for number in numbers):
        raise _wrong(value, "numbers from 0 to 65535")
    return " ".join(
        [*(str(int(number)) for number in numbers), parse_dns_name(name, "value", wildcard=False)]
    )


def _wrong(value: str, hint: str) -> InvalidInput:
    return InvalidInput(
        f"{value[:64]!r} is not what this type holds", code="bad-dns-value", subject="value", hint=hint
    )


def _clash(record: DnsRecord, other: DnsRecord, what: str) -> Conflict:
    return Conflict(
        f"{_line(record)}: {_line(other)} ({other.id}) {what}",
        code="dns-record-conflict",
        subject="name",
        hint="delete that one first, or choose another name",
    )


def _line(record: DnsRecord) -> str:
    return f"{record.name} {record.type.value} {record.value}"
