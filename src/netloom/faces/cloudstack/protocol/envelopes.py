"""Answers as CloudStack writes them: one key around, JSON on one line or XML.

Rule 1: JSON has exactly one key at the top and no line break: a client reads it by its first line.
Rule 2: what is None is left out: CloudStack's answers have no null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

import msgspec

VERSION: Final = "4.20.3.0"
"""The CloudStack whose API this is; clients compare it."""
JSON_TYPE: Final = "application/json; charset=UTF-8"
XML_TYPE: Final = "text/xml; charset=UTF-8"

ODD_KEYS: Final[Mapping[str, str]] = {
    "updatenetworkaclitem": "createnetworkaclresponse",
    "movenetworkaclitem": "moveNetworkAclItemResponse",
    "addiptonic": "addiptovmnicresponse",
    "createlbstickinesspolicy": "createLBStickinessPolicy",
    "deletelbstickinesspolicy": "deleteLBstickinessrruleresponse",
    "listportableipranges": "listportableipresponse",
    "deleteportableiprange": "deleteportablepublicipresponse",
    "startinternalloadbalancervm": "startinternallbvmresponse",
    "stopinternalloadbalancervm": "stopinternallbvmresponse",
    "listinternalloadbalancervms": "listinternallbvmsresponse",
    "listnetworkdevice": "listnetworkdevice",
    "acquirepodipaddress": "acquirepodipaddress",
    "releasepodipaddress": "releasepodipresponse",
}
"""Keys that are not the command's name in lower case with `response`."""

UNKNOWN_KEY: Final = "errorresponse"
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Written:
    """An answer's bytes."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as CloudStack tells it.

    Attributes:
        status: HTTP status and `errorcode`.
        code: `cserrorcode`; None: left out, as CloudStack does before it knows the caller.
        text: for people.
        ids: objects that the text is about: id and what it is (`networkid`).
    """

    status: int
    code: int | None
    text: str
    ids: tuple[tuple[str, str], ...] = ()

    def fields(self) -> dict[str, object]:
        """The answer's content."""
        fields: dict[str, object] = {
            "uuidList": [{"uuid": found, "description": name} for found, name in self.ids],
            "errorcode": self.status,
        }
        if self.code is not None:
            fields["cserrorcode"] = self.code
        fields["errortext"] = self.text
        return fields


def response_key(command: str) -> str:
    """The key around the answer of a command that exists."""
    name = command.lower()
    return ODD_KEYS.get(name) or f"{name}response"


def write(key: str, content: Mapping[str, object], *, as_json: bool) -> Written:
    """An answer in its envelope."""
    if as_json:
        return Written(_encode({key: without_none(content)}), JSON_TYPE)
    parts = [f'<?xml version="1.0" encoding="UTF-8"?><{key} cloud-stack-version="{VERSION}">']
    for name, value in content.items():
        _element(parts, name, value)
    parts.append(f"</{key}>")
    return Written("".join(parts).encode(), XML_TYPE)


def timestamp(moment: datetime | None) -> str | None:
    """A time as CloudStack writes it: `2026-11-21T07:11:03+0000`."""
    if moment is None:
        return None
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{moment.isoformat()[:_TO_SECONDS]}+0000"


_TO_SECONDS = len("2026-11-21T07:11:03")


def without_none(value: object) -> object:
    """The same without keys whose value is None, at every depth."""
    return _without_none(value, {})


def _without_none(value: object, done: dict[int, object]) -> object:
    """`done`: lists by their identity: what a hundred objects of a page share is gone through, and written, once."""
    if isinstance(value, dict):
        return {
            key: inner if inner.__class__ in _PLAIN or not inner else _without_none(inner, done)
            for key, inner in value.items()
            if inner is not None
        }
    if isinstance(value, _LISTS):
        known = done.get(id(value))
        if known is None:
            known = done[id(value)] = [_without_none(inner, done) for inner in value]
        elif isinstance(known, list) and known:
            known = done[id(value)] = msgspec.Raw(_encode(known))
        return known
    return value


_LISTS: Final = (list, tuple)  # a tuple, for `list | tuple` makes a type anew at each look
_PLAIN: Final = frozenset({str, int, bool, float})
"""Most of what stands in an answer: a page has tens of thousands of values, so they are told by one look at their class."""


def header_text(text: str) -> bytes:
    """A text for the `X-Description` header: one line, printable, at most 1,000 bytes."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:1_000].encode()


def _element(parts: list[str], name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, Mapping):
        parts.append(f"<{_tag(name)}>")
        for inner, content in value.items():
            _element(parts, str(inner), content)
        parts.append(f"</{_tag(name)}>")
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for item in value:
            _element(parts, name, item)
    else:
        parts.append(f"<{_tag(name)}>{_text(value)}</{_tag(name)}>")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_NOT_XML.sub("\ufffd", str(value)))


def _tag(name: str) -> str:
    """A name that XML allows: keys of details are the users' own."""
    clean = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
    return clean if re.match(r"[A-Za-z_]", clean) else f"_{clean}"
