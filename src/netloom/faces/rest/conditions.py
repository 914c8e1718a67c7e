"""Request headers and parameters that change how a request is done: versions, idempotency, preferences, waiting, paging."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from netloom.base.errors import InvalidInput
from netloom.contract.pages import DEFAULT_LIMIT, MAX_CURSOR, MAX_LIMIT

MAX_KEY: Final = 255
_ETAG: Final = re.compile(r'\s*"(\d{1,18})"\s*\Z')
_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{1,9})?\Z")
_KEY: Final = re.compile(r"[!-~]{1,255}\Z")


def etag(generation: int) -> str:
    """The entity tag of a generation (RFC 9110, section 8.8.3).

    It stands for intent, for If-Match. Status changes under the same generation, so If-None-Match is not answered with 304.
    """
    return f'"{generation}"'


def if_match(request: Request) -> int | None:
    """The generation that the caller has read, None when any will do (RFC 9110, section 13.1.1).

    Raises:
        InvalidInput: not one strong tag of ours or `*`.
    """
    value = request.headers.get("if-match")
    if value is None or value.strip() == "*":
        return None
    found = _ETAG.match(value)
    if found is None:
        raise InvalidInput(
            f"If-Match is {value[:40]!r}", subject="If-Match", hint='one ETag as answered, for example "3"'
        )
    return int(found[1])


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key, None without.

    Raises:
        InvalidInput: empty, too long, or not visible ASCII.
    """
    value = request.headers.get("idempotency-key")
    if value is not None and _KEY.match(value) is None:
        raise InvalidInput(
            f"an Idempotency-Key of {len(value)} characters",
            subject="Idempotency-Key",
            hint=f"1 to {MAX_KEY} visible ASCII characters, for example a UUID",
        )
    return value


def prefers_minimal(request: Request) -> bool:
    """Whether `Prefer: return=minimal` was sent (RFC 7240, section 4.2)."""
    return "return=minimal" in request.headers.get("prefer", "").replace(" ", "").lower()


def wait_seconds(request: Request, most: float) -> float:
    """Seconds of `?wait=`, at most `most`; 0 without.

    Raises:
        InvalidInput: not a number of seconds.
    """
    value = request.query_params.get("wait")
    if value is None:
        return 0.0
    if _NUMBER.match(value) is None:
        raise InvalidInput(f"wait is {value[:20]!r}", subject="wait", hint="seconds, for example wait=30")
    return min(float(value), most)


def flag(request: Request, name: str) -> bool:
    """A parameter that is true or false; false when it is not given.

    Raises:
        InvalidInput: it is neither.
    """
    text = request.query_params.get(name, "false").lower()
    if text not in {"true", "false"}:
        raise InvalidInput(f"{name} is {text[:40]!r}", subject=name, hint="true or false")
    return text == "true"


def whole_number(request: Request, name: str, default: int, *, least: int, most: int) -> int:
    """A whole number in the query.

    Raises:
        InvalidInput: it is not one, or out of bounds.
    """
    value = request.query_params.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdecimal() or len(value) > 18 or not least <= int(value) <= most:
        raise InvalidInput(f"{name} is {value[:20]!r}", subject=name, hint=f"a number from {least} to {most}")
    return int(value)


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of which selection: `filters` holds the query's fields, labels apart."""

    limit: int
    cursor: str | None
    filters: dict[str, str]
    labels: dict[str, str]


def paging(request: Request, allowed: tuple[str, ...]) -> Paging:
    """`limit`, `cursor`, `label=KEY=VALUE` (repeatable) and the filters that this list knows.

    Raises:
        InvalidInput: a parameter that is not known, or its value cannot be.
    """
    filters: dict[str, str] = {}
    labels: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in {"limit", "cursor"}:
            continue
        if len(value) > 512:
            raise InvalidInput(f"{name} has {len(value)} characters", subject=name[:64])
        if name == "label":
            key, sign, text = value.partition("=")
            if not sign or len(labels) >= 16:
                raise InvalidInput(f"label is {value!r}", subject="label", hint="label=KEY=VALUE, at most 16")
            labels[key] = text
        elif name in allowed:
            filters[name] = value
        else:
            raise InvalidInput(
                f"there is no parameter {name[:64]!r}",
                subject=name[:64],
                hint=f"one of {', '.join(('limit', 'cursor', 'label', *allowed))}",
                code="unknown-parameter",
            )
    cursor = request.query_params.get("cursor")
    if cursor is not None and not 0 < len(cursor) <= MAX_CURSOR:
        raise InvalidInput("the cursor is not one of ours", subject="cursor", hint="as in next_cursor")
    limit = whole_number(request, "limit", DEFAULT_LIMIT, least=1, most=MAX_LIMIT)
    return Paging(limit, cursor, filters, labels)
