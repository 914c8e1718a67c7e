"""What a health check may say; one table of bounds and defaults.

Rule 1: a check waits for an answer less long than until the next check.
Rule 2: what is left out has the default of the table.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput

_PATH = re.compile(r"/[^\s\x00-\x1f\"]{0,254}")


class Bound(msgspec.Struct, frozen=True):
    """The smallest and largest value of a parameter, and what it is when left out."""

    parameter: str
    smallest: int
    largest: int
    default: int


RESPONSE_TIMEOUT: Final = Bound("responsetimeout", 2, 60, 2)
INTERVAL: Final = Bound("intervaltime", 1, 20_940, 5)
HEALTHY: Final = Bound("healthythreshold", 1, 10, 2)
UNHEALTHY: Final = Bound("unhealthythreshold", 1, 10, 10)


class HealthCheckValues(msgspec.Struct, frozen=True):
    """A checked health check; times in seconds."""

    ping_path: str
    response_timeout: int
    interval: int
    healthy_threshold: int
    unhealthy_threshold: int


def check_health_check(
    ping_path: str | None,
    response_timeout: int | None,
    interval: int | None,
    healthy_threshold: int | None,
    unhealthy_threshold: int | None,
) -> HealthCheckValues:
    """The values of a health check, what was left out filled in.

    Raises:
        InvalidInput: out of the table's bounds, a wait that is not shorter than the interval, or no path.
    """
    path = "/" if ping_path is None else ping_path
    if _PATH.fullmatch(path) is None:
        raise InvalidInput(f"{path!r} is not a path", subject="pingpath", hint="for example /health")
    values = HealthCheckValues(
        path,
        _within(RESPONSE_TIMEOUT, response_timeout),
        _within(INTERVAL, interval),
        _within(HEALTHY, healthy_threshold),
        _within(UNHEALTHY, unhealthy_threshold),
    )
    if values.response_timeout >= values.interval:
        raise InvalidInput(
            f"an answer may take {values.response_timeout} s, but the next check comes after {values.interval} s",
            subject=RESPONSE_TIMEOUT.parameter,
            hint=f"less than {values.interval}",
        )
    return values


def _within(bound: Bound, value: int | None) -> int:
    if value is None:
        return bound.default
    if not bound.smallest <= value <= bound.largest:
        raise InvalidInput(
            f"{value} is out of bounds", subject=bound.parameter, hint=f"{bound.smallest} to {bound.largest}"
        )
    return value
