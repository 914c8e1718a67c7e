"""The report of usage as the API tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from netloom.contract.fields import Answer, Id


class UsageLine(Answer):
    """What an account had of one type, over the whole time."""

    account_id: Id
    account: Annotated[str | None, Field(description="Its name, also when it is gone.")] = None
    domain: Annotated[str | None, Field(description="The path of its domain, also when that is gone.")] = None
    type: Annotated[str, Field(examples=["NETWORK"])]
    things: Annotated[int, Field(description="How many different ones.")]
    hours: Annotated[float, Field(description="How long, all of them together.")]


class UsageReport(Answer):
    """What accounts had from `since` until before `until`."""

    since: datetime
    until: datetime
    items: tuple[UsageLine, ...]
