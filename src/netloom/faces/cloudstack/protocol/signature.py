"""Whether a request was signed with a secret: CloudStack's HMAC over its parameters, in the spellings of real clients.

Rule 1: every spelling is computed and compared in constant time, whatever the first one says.
Rule 2: a spelling changes how a value is written, never which values are covered: all but `signature` are, always.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Final
from urllib.parse import quote

from netloom.base.errors import InvalidInput, Unauthenticated
from netloom.faces.cloudstack.protocol.parameters import Parameters

DEFAULT_AHEAD: Final = timedelta(hours=1)
"""How far ahead `expires` may lie: for so long a copy of a request could be sent again."""

_EXPIRES: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d{1,6})?([+-])(\d{2}):?(\d{2})"
)


def _strict(value: str) -> str:
    """As Java's URLEncoder with blanks as %20: letters, digits and `.-*_` stay."""
    return quote(value, safe="*").replace("~", "%7E")


# The other spellings leave one or both of these raw. A percent sign is always the begin of an escape in what is quoted.
_WRITINGS: Final[tuple[Callable[[str], str], ...]] = (
    lambda quoted: quoted,
    lambda quoted: quoted.replace("%7E", "~"),  # as Python's quote (cs)
    lambda quoted: quoted.replace("%5B", "[").replace("%5D", "]"),
    lambda quoted: quoted.replace("%7E", "~").replace("%5B", "[").replace("%5D", "]"),  # libcloud
)


def canonical_strings(sent: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The strings that may have been signed, CloudStack's own first; those that read alike stand once.

    Names stand in them as they are. So no name may hold `&` or `=`, or one string would be that of several requests:
    `protocol.parameters` refuses these.
    """
    covered = [(name, _strict(value)) for name, value in sent if name.lower() != "signature"]
    orders = (sorted(covered), sorted(covered, key=lambda pair: pair[0].lower()))
    special = any("%7E" in value or "%5B" in value or "%5D" in value for _, value in covered)
    strings: dict[str, None] = {}
    for order in orders[: 1 if orders[0] == orders[1] else 2]:
        for write in _WRITINGS if special else _WRITINGS[:1]:
            strings["&".join(f"{name}={write(value)}" for name, value in order).lower()] = None
    return tuple(strings)


def sign(secret: str, sent: Iterable[tuple[str, str]]) -> str:
    """The signature that CloudStack's own rules give."""
    return _digest(secret, canonical_strings(sent)[0])


def is_signed(secret: str, parameters: Parameters) -> bool:
    """Whether the request's signature was made with this secret."""
    # A client that forgot to percent-encode the signature sent blanks for its plus signs.
    given = parameters.values.get("signature", "").replace(" ", "+").encode()
    matches = [
        hmac.compare_digest(_digest(secret, text).encode(), given)
        for text in canonical_strings(parameters.sent)
    ]
    return any(matches)


def check_expiry(parameters: Parameters, now: datetime, ahead: timedelta = DEFAULT_AHEAD) -> None:
    """That a request of signature version 3 is still to be taken; earlier versions have no expiry.

    Raises:
        Unauthenticated: it has expired, says no expiry, or one further ahead than is taken.
    """
    if parameters.values.get("signatureversion", "").strip() != "3":
        return
    text = parameters.values.get("expires", "")
    expires = parse_expires(text)
    if expires is None:
        raise Unauthenticated(
            f"expires {text[:64]!r} is no time that is understood",
            code="expires-malformed",
            hint="for example 2026-11-21T14:00:00+0000; signature version 3 needs it",
        )
    if expires <= now:
        raise Unauthenticated(
            f"the request expired at {text}; here it is {now:%Y-%m-%dT%H:%M:%S%z}",
            code="request-expired",
            hint="sign anew; compare the clocks of both sides",
        )
    if expires > now + ahead:
        raise Unauthenticated(
            f"the request would be valid until {text}",
            code="expires-too-far",
            hint=f"at most {int(ahead.total_seconds())} seconds ahead",
        )


def parse_expires(text: str) -> datetime | None:
    """`2026-11-21T14:00:00+0000` as a time; None when it is none. A blank stands for a plus that was not encoded."""
    found = _EXPIRES.fullmatch(text.strip().replace(" ", "+").replace("Z", "+0000"))
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[index]) for index in range(1, 7))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
    try:
        zone = timezone(-offset if found[7] == "-" else offset)
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def api_key(parameters: Parameters) -> str:
    """The key that names who signed.

    Raises:
        InvalidInput: it could be nobody's: no key is that long.
    """
    key = parameters.values.get("apikey", "")
    if len(key) > 255:
        raise InvalidInput("an apiKey of that length", code="malformed-request", subject="apikey")
    return key


def _digest(secret: str, text: str) -> str:
    # SHA-1 is the protocol's; as a keyed hash it is not broken.
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
