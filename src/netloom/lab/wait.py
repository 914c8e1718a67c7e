"""Waiting for something outside to become true, with a deadline and a reason."""

from __future__ import annotations

import time
from collections.abc import Callable

from netloom.lab.errors import LabError


def until(condition: Callable[[], bool], what: str, *, seconds: float = 30.0, step: float = 0.004) -> None:
    """Return as soon as `condition()` holds.

    Args:
        condition: looked at again and again.
        what: for the error: "h1: br-underlay is up".
        seconds: how long at most.
        step: between two looks.

    Raises:
        LabError: it did not hold in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"not within {seconds:g} s: {what}", code="timeout")
        time.sleep(step)
