"""The calls of the cloud's kinds: which there are, and what they take, says the table of kinds; answers are plain JSON.

Rule 1: as in `calls`: nothing here does I/O, and `repeatable` is true only where doing it twice is the same as once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from netloom.client.calls import Call, Params, model, segment
from netloom.contract.cloud import Action, RecordKind
from netloom.contract.components import Components
from netloom.contract.machines import Machines
from netloom.contract.networks_explained import NetworkExplained
from netloom.contract.usage import UsageReport

Json = dict[str, Any]
"""An object of an answer. Its fields are those of the kind's schema in `/v1/openapi.json`."""


class JsonPage(msgspec.Struct, frozen=True):
    """One page of a list."""

    items: list[Json]
    next_cursor: str | None = None


def page(
    kind: RecordKind, params: Mapping[str, str], *, limit: int, cursor: str | None = None
) -> Call[JsonPage]:
    """One page."""
    query: Params = (
        *params.items(),
        ("limit", str(limit)),
        *((("cursor", cursor),) if cursor is not None else ()),
    )
    return Call("GET", f"/v1/{kind.collection}", _page, query, repeatable=True)


def get(kind: RecordKind, ref: str, *, wait: float = 0.0) -> Call[Json]:
    """One by name or id; with `wait`, when its job has ended or the time is over."""
    return Call(
        "GET", f"/v1/{kind.collection}/{segment(ref)}", _object, _wait(wait), wait=wait, repeatable=True
    )


def act(
    action: Action, ref: str | None, values: Mapping[str, object], *, key: str, wait: float = 0.0
) -> Call[Json]:
    """Do an action; `key` (Idempotency-Key) makes a POST safe to send again."""
    path = action.path.replace("{ref}", segment(ref or ""))
    if action.method == "DELETE":
        query = tuple((name, part) for name, value in values.items() for part in _texts(value))
        return Call("DELETE", path, _object, (*query, *_wait(wait)), wait=wait)
    once = {"idempotency-key": key} if action.method == "POST" else {}
    body = json.dumps(values).encode()
    return Call(
        action.method, path, _object, _wait(wait), once, body, wait=wait, repeatable=action.method == "POST"
    )


def explain_network(ref: str) -> Call[NetworkExplained]:
    """Who designed a network, who serves it, and why no one else."""
    return Call("GET", f"/v1/networks/{segment(ref)}/explain", model(NetworkExplained), repeatable=True)


def components() -> Call[Components]:
    """The daemon's parts and their run levels."""
    return Call("GET", "/v1/system/components", model(Components), repeatable=True)


def unmanaged_instances() -> Call[Machines]:
    """The machines that hypervisors have and no instance stands for."""
    return Call("GET", "/v1/unmanaged-instances", model(Machines), repeatable=True)


def usage_report(since: str | None, until: str | None) -> Call[UsageReport]:
    """What each account had in a time; None: from this month's beginning, until now."""
    query = tuple((name, text) for name, text in (("since", since), ("until", until)) if text is not None)
    return Call("GET", "/v1/usage-spans/report", model(UsageReport), query, repeatable=True)


def _object(body: bytes) -> Json:
    found: Json = msgspec.json.decode(body, type=dict[str, Any])
    return found


def _page(body: bytes) -> JsonPage:
    return msgspec.json.decode(body, type=JsonPage)


def _wait(seconds: float) -> Params:
    return (("wait", f"{seconds:.3f}"),) if seconds else ()


def _texts(value: object) -> Sequence[str]:
    if isinstance(value, bool):
        return [str(value).lower()]
    return [str(part) for part in value] if isinstance(value, list) else [str(value)]
