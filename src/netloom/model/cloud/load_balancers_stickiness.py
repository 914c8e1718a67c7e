"""Methods of stickiness and what each may be told, as one table; providers offer it, requests are held against it.

Rule 1: what is not in the table is refused by name; a value has the syntax that its parameter's kind says.
Rule 2: cookies need a protocol whose requests can be read: not udp.

The words are HAProxy's as CloudStack names them: sizes like `200k`, times like `30m`
(us, ms, s, m, h, d; ms when no unit stands).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput
from netloom.model.cloud.load_balancers import LbProtocol


class Kind(enum.Enum):
    """What a parameter's value looks like."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    SIZE = "size"
    TIME = "time"


class Parameter(msgspec.Struct, frozen=True):
    """One thing that a method may be told."""

    name: str
    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = False


class Method(msgspec.Struct, frozen=True):
    """One way to keep a client at its member."""

    name: str
    meaning: str
    parameters: tuple[Parameter, ...]
    reads_requests: bool


METHODS: Final[tuple[Method, ...]] = (
    Method(
        "LbCookie",
        "the balancer sets a cookie that names the member",
        (
            Parameter(
                "cookie-name", Kind.TEXT, "the cookie's name; made from the address and port when left out"
            ),
            Parameter("mode", Kind.TEXT, "how the cookie is set", ("insert", "rewrite", "prefix")),
            Parameter("nocache", Kind.FLAG, "tell caches not to keep answers that set the cookie"),
            Parameter("indirect", Kind.FLAG, "do not show the cookie to the member"),
            Parameter("postonly", Kind.FLAG, "set the cookie in answers to POST only"),
            Parameter("domain", Kind.TEXT, "the domain that the cookie is set for"),
        ),
        reads_requests=True,
    ),
    Method(
        "AppCookie",
        "the balancer learns the member from a cookie of the application",
        (
            Parameter("cookie-name", Kind.TEXT, "the application's cookie"),
            Parameter("length", Kind.NUMBER, "how many characters of it are remembered (52)"),
            Parameter("holdtime", Kind.TIME, "how long it is remembered after its last use (3h)"),
            Parameter("request-learn", Kind.FLAG, "learn from requests too"),
            Parameter("prefix", Kind.FLAG, "the cookie's value starts with the session's id"),
            Parameter("mode", Kind.TEXT, "where it stands in a URL", ("path-parameters", "query-string")),
        ),
        reads_requests=True,
    ),
    Method(
        "SourceBased",
        "the balancer remembers which member a source address had",
        (
            Parameter("tablesize", Kind.SIZE, "how many addresses are remembered (200k)"),
            Parameter("expire", Kind.TIME, "how long after the last connection (30m)"),
        ),
        reads_requests=False,
    ),
)

_SYNTAX: Mapping[Kind, tuple[re.Pattern[str], str]] = {
    Kind.NUMBER: (re.compile(r"[1-9][0-9]{0,8}"), "a whole number, for example 52"),
    Kind.SIZE: (
        re.compile(r"[1-9][0-9]{0,8}[kmg]?", re.IGNORECASE),
        "a number with or without k, m, g, for example 200k",
    ),
    Kind.TIME: (re.compile(r"[1-9][0-9]{0,8}(us|ms|s|m|h|d)?"), "a number with a unit, for example 30m"),
    Kind.TEXT: (
        re.compile(r"[^\s\x00-\x1f;,\"]{1,255}"),
        "1 to 255 characters without blanks, commas, quotes or semicolons",
    ),
}
_ON = {"", "true", "yes", "1"}
_OFF = {"false", "no", "0"}


def check_stickiness(
    method_name: str, parameters: Mapping[str, str], protocol: LbProtocol | None
) -> tuple[str, Mapping[str, str]]:
    """The method as it is written, and its parameters; flags that are off are left out, those that are on read `true`.

    Raises:
        InvalidInput: unknown method or parameter, one that is missing, a value of wrong form, or a cookie with udp.
    """
    method = next((each for each in METHODS if each.name.lower() == method_name.lower()), None)
    if method is None:
        names = ", ".join(each.name for each in METHODS)
        raise InvalidInput(
            f"there is no stickiness method {method_name!r}", subject="methodname", hint=f"one of {names}"
        )
    if method.reads_requests and protocol is LbProtocol.UDP:
        raise InvalidInput(
            f"{method.name} reads cookies, which udp has none of",
            subject="methodname",
            hint="SourceBased works with udp",
        )
    known = {each.name: each for each in method.parameters}
    checked: dict[str, str] = {}
    for name, value in parameters.items():
        if name not in known:
            raise InvalidInput(
                f"{method.name} has no parameter {name!r}", subject="param", hint=f"it has {', '.join(known)}"
            )
        kept = _check_value(known[name], value)
        if kept is not None:
            checked[name] = kept
    for parameter in method.parameters:
        if parameter.required and parameter.name not in checked:
            raise InvalidInput(
                f"{method.name} needs the parameter {parameter.name!r}",
                subject="param",
                hint=parameter.meaning,
            )
    return method.name, checked


def _check_value(parameter: Parameter, value: str) -> str | None:
    subject = f"param.{parameter.name}"
    if parameter.kind is Kind.FLAG:
        if value.lower() in _OFF:
            return None
        if value.lower() not in _ON:
            raise InvalidInput(f"{value!r} is neither true nor false", subject=subject, hint="true or false")
        return "true"
    if parameter.choices:
        if value not in parameter.choices:
            raise InvalidInput(
                f"there is no {value!r}", subject=subject, hint=f"one of {', '.join(parameter.choices)}"
            )
        return value
    pattern, hint = _SYNTAX[parameter.kind]
    if pattern.fullmatch(value) is None:
        raise InvalidInput(f"{value!r} does not do", subject=subject, hint=hint)
    return value
