"""In what an answer differs from the recorded one: status, codes, envelope, moment of refusal, fields, types, some values.

A difference is one line of text; `differences.toml` lists those that are meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.faces.cloudstack.replay.mapping import Ids
from tests.faces.cloudstack.replay.recording import Recorded

VALUES = frozenset(
    "name displaytext description state cidr cidrlist netmask gateway protocol startport endport publicport publicendport "
    "privateport privateendport traffictype action number type acltype guestiptype algorithm isdefault issourcenat "
    "isstaticnat issystem ispersistent egressdefaultpolicy conservemode specifyvlan specifyipranges forvpc max "
    "resourcetype resourcetypename networktype allocationstate vpncustomergatewayname ikepolicy esppolicy success level "
    "errorcode vlan icmptype icmpcode fordisplay methodname jobinstancetype".split()
)
"""Fields whose values have to be the recorded ones."""


@dataclass(frozen=True)
class Ours:
    """Our answer to a call."""

    status: int
    response: dict[str, Any]
    job: dict[str, Any] | None

    @property
    def key(self) -> str:
        """The envelope's key."""
        return next(iter(self.response), "")

    @property
    def content(self) -> dict[str, Any]:
        """What the envelope holds."""
        content = self.response.get(self.key)
        return content if isinstance(content, dict) else {}

    @property
    def is_unknown_command(self) -> bool:
        """Whether netloom has no such command."""
        return self.status == 401 and self.key == "errorresponse"


def compare(recorded: Recorded, ours: Ours, ids: Ids) -> list[str]:
    """All differences; empty when the answer is as recorded."""
    if recorded.status != ours.status:
        return [f"status: {recorded.status} -> {ours.status}"]
    found: list[str] = []
    if recorded.key != ours.key:
        found.append(f"envelope: {recorded.key} -> {ours.key}")
    if recorded.status != 200:
        for name in ("errorcode", "cserrorcode"):
            if recorded.content.get(name) != ours.content.get(name):
                found.append(f"{name}: {recorded.content.get(name)} -> {ours.content.get(name)}")
        return found + _errors(ours.content)
    if (recorded.job is None) != (ours.job is None):
        return [*found, f"job: {'none' if recorded.job is None else 'one'} expected"]
    if bool(recorded.content) != bool(ours.content):
        return [*found, f"empty: {not recorded.content} -> {not ours.content}"]
    found += _objects(recorded.content, ours.content, ids, "")
    if recorded.job is not None and ours.job is not None:
        found += _jobs(recorded.job, ours.job, ids)
    return list(dict.fromkeys(found))


def _errors(content: dict[str, Any]) -> list[str]:
    """What every refusal has."""
    return [
        f"missing: error.{name}" for name in ("uuidList", "errorcode", "errortext") if name not in content
    ]


def _jobs(recorded: dict[str, Any], ours: dict[str, Any], ids: Ids) -> list[str]:
    found = []
    for name in ("jobstatus", "jobresultcode"):
        if recorded[name] != ours.get(name):
            text = (
                ours.get("jobresult", {}).get("errortext", "")
                if isinstance(ours.get("jobresult"), dict)
                else ""
            )
            found.append(f"job {name}: {recorded[name]} -> {ours.get(name)} {text}".strip())
    if found:
        return found
    skip = {"jobresult"}
    plain = {name: value for name, value in recorded.items() if name not in skip}
    found += _objects(plain, {name: value for name, value in ours.items() if name not in skip}, ids, "job")
    found += _objects(recorded.get("jobresult") or {}, ours.get("jobresult") or {}, ids, "jobresult")
    return found


def _objects(recorded: dict[str, Any], ours: dict[str, Any], ids: Ids, kind: str) -> list[str]:
    """Fields of an object of a kind (the key it stands under)."""
    found: list[str] = []
    label = kind or "answer"
    for name, value in recorded.items():
        if name not in ours:
            found.append(f"missing: {label}.{name}")
            continue
        other = ours[name]
        if _type(value) != _type(other):
            found.append(f"type: {label}.{name} {_type(value)} -> {_type(other)}")
        elif isinstance(value, dict):
            found += _objects(value, other, ids, name)
        elif isinstance(value, list):
            found += _lists(value, other, ids, name, label)
        elif name in VALUES and value != other and label != "answer":
            found.append(f"value: {label}.{name} {value} -> {other}")
    return found


def _lists(recorded: list[Any], ours: list[Any], ids: Ids, name: str, label: str) -> list[str]:
    if recorded and not ours:
        return [f"empty: {label}.{name}"]
    found: list[str] = []
    for one, other in ids.pairs(recorded, ours):
        if isinstance(one, dict) and isinstance(other, dict):
            found += _objects(one, other, ids, name)
        elif _type(one) != _type(other):
            found.append(f"type: {label}.{name}[] {_type(one)} -> {_type(other)}")
    return found


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "list" if isinstance(value, list) else "object"
