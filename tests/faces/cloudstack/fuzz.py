"""Random requests for the CloudStack face: any command of its table, with values of the declared types and of wrong ones.

Rule 1: nothing here is a list of commands or parameters: what the table gains is asked about from then on.
Rule 2: ids are those of things that are there, as the lists show them, so that requests get past the first look.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from tests.faces.cloudstack.replay.client import Client

from netloom.faces.cloudstack.commands import COMMANDS
from netloom.faces.cloudstack.protocol.envelopes import response_key
from netloom.faces.cloudstack.table import ApiCommand, Param, table_of

TABLE = table_of(command.name for command in COMMANDS)
STATUSES = frozenset({200, 401, 430, 431, 432, 530, 531, 532, 533, 534, 535, 536, 537})
"""What CloudStack answers with; 530 for what is not foreseen is told apart by its log line."""
INTERNALS = re.compile(
    r"Traceback|sqlalchemy|sqlite|psycopg|asyncpg|IntegrityError|OperationalError| object at 0x|\bnetloom\.[a-z]+\.|"
    r"(Key|Type|Attribute|Value|Index|Assertion)Error|\bSELECT\b|\bcloud_[a-z_]+s\b|site-packages|its log tells why"
)
"""Words of the machinery, which no answer holds."""
WAITS = frozenset({"queryasyncjobresult"})
"""Commands that wait a while for something to end."""
ENDING = ("delete", "destroy", "remove", "expunge", "disable", "lock")
"""How commands begin after which there is less to ask about: they are asked less often."""

TEXTS = (
    "", " ", "-1", "0", "null", "None", "undefined", "x", "web", "a" * 300, "a\tb", "two\nlines", "ü", "\u202e", "💥", "%",
    "%25", "_", "'", '"; --', "[0]", "a,b,,c", ",", "{}", "[]", "1e9", "0x10", "²", "99999999999999999999",
    "-2147483649", "1.5", "../../etc/passwd", "<b>&amp;</b>", "${jndi:x}", "true", "Allow", "Ingress", "tcp", "icmp", "all",
    "47", "sctp", "Enabled",
)  # fmt: skip
NETS = (
    "10.0.0.0/8", "10.1.1.0/24", "10.50.9.0/24", "0.0.0.0/0", "::/0", "fd00::/64", "10.1.1.1/24", "10.0.0.0/33", "10.1.1.0",
    "10.1.1.5", "192.168.2.77", "255.255.255.0", "255.0.255.0", "10.1.1.1", "fd00::1", "1.2.3", "300.1.1.1", "198.51.100.7",
    "10.1.1.5-10.1.1.9", "172.16.15.9", "untagged", "vlan://77", "77",
)  # fmt: skip
DATES = (
    "2026-01-01",
    "2026-11-21 10:00:00",
    "2026-11-21T10:00:00+0000",
    "yesterday",
    "0001-01-01",
    "9999-12-31",
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Pool:
    """Ids of what is there, by the list command that shows it."""

    by_list: dict[str, list[str]] = field(default_factory=dict)
    spared: frozenset[str] = frozenset()
    """Ids that are not asked about: whoever asks needs these."""

    def fitting(self, param: Param) -> Sequence[str]:
        """Those that a parameter may name, as its row or its own name says; all when neither says what is known."""
        word = param.name.lower().removesuffix("s").removesuffix("id")
        named = [name for name in param.related.split(",") if name in self.by_list]
        named = named or [name for name in self.by_list if len(word) > 2 and word in name.lower()]
        found = [each for name in named or self.by_list for each in self.by_list[name]]
        return found or [str(uuid_of(7))]


def uuid_of(number: int) -> str:
    """An id that never was."""
    return f"00000000-0000-4000-8000-{number:012x}"


async def harvest(client: Client, spared: frozenset[str]) -> Pool:
    """What the lists show to somebody."""
    pool = Pool(spared=spared)
    for api in TABLE.values():
        if not api.name.startswith("list") or any(param.required for param in api.params):
            continue
        _, body = await client.call(api.name, listall="true")
        content = next(iter(body.values()))
        rows = [row for value in content.values() if isinstance(value, list) for row in value]
        ids = [row["id"] for row in rows if isinstance(row, dict) and _UUID.fullmatch(str(row.get("id")))]
        ids = [each for each in ids if each not in spared]
        if ids:
            pool.by_list[api.name] = ids[:40]
    return pool


def requests(pool: Pool, about: str = "") -> st.SearchStrategy[dict[str, str]]:
    """A request: mostly with values that fit, else with anything, with something left out, with something of its own.

    Args:
        pool: ids of what is there.
        about: which commands, by a regular expression of their names in lower case; else any.
    """
    names = sorted(name for name in TABLE if name not in WAITS and re.search(about, name))
    making = st.sampled_from([name for name in names if not name.startswith(ENDING)])
    any_name = st.sampled_from(names)
    how = st.sampled_from((True, True, True, False))
    return st.tuples(st.one_of(making, making, any_name), how).flatmap(
        lambda drawn: _request(TABLE[drawn[0]], pool, fits=drawn[1])
    )


def _request(api: ApiCommand, pool: Pool, *, fits: bool) -> st.SearchStrategy[dict[str, str]]:
    optional = [param for param in api.params if not param.required and (not fits or param.name != "page")]
    some: st.SearchStrategy[list[Param]] = st.just([])
    if optional:
        some = st.lists(
            st.sampled_from(optional), max_size=3 if fits else 8, unique_by=lambda param: param.name
        )
    needed = [param for param in api.params if param.required]
    left_out = st.just(-1) if fits else st.sampled_from(range(len(needed) + 3))

    def given(drawn: tuple[list[Param], int]) -> st.SearchStrategy[dict[str, str]]:
        chosen = [param for index, param in enumerate(needed) if index != drawn[1]] + drawn[0]
        parts = [_given(param, pool, fits=fits) for param in chosen]
        return st.tuples(*parts, st.just({}) if fits else _strange()).map(joined)

    def joined(parts: tuple[Mapping[str, str], ...]) -> dict[str, str]:
        sent = {"command": api.name}
        for part in parts:
            sent.update(part)
        return sent

    return st.tuples(some, left_out).flatmap(given)


def _strange() -> st.SearchStrategy[Mapping[str, str]]:
    """Parameters that the command may not know."""
    names = (
        "nonsense",
        "tags[0].key",
        "tags[0].value",
        "details[3].x",
        "page",
        "pagesize",
        "keyword",
        "projectid",
    )
    return st.dictionaries(st.sampled_from(names), st.sampled_from(TEXTS), max_size=2)


def _given(param: Param, pool: Pool, *, fits: bool) -> st.SearchStrategy[Mapping[str, str]]:
    name = param.name
    if param.type == "map":
        entry = st.dictionaries(st.sampled_from(INNER), st.sampled_from((*TEXTS, *NETS)), max_size=3)
        return st.lists(entry, max_size=3).map(
            lambda entries: {
                f"{name}[{i}].{key}": each[key] for i, each in enumerate(entries) for key in each
            }
        )
    value = _good(param, pool)
    if not fits:
        value = st.one_of(
            value, st.sampled_from(TEXTS), st.sampled_from(NETS), st.text(_CHARACTERS, max_size=30)
        )
    return value.map(lambda text: {name: text})


INNER = ("key", "value", "service", "provider", "vmid", "vmip", "name", "group", "account", "x")
_CHARACTERS = st.characters(exclude_characters="\x00", codec="utf-8")
_CIDRS = NETS[:6]
_ADDRESSES = (
    "10.1.1.5",
    "10.1.1.1",
    "192.168.2.77",
    "10.50.1.9",
    "198.51.100.7",
    "172.16.15.9",
    "10.77.0.1",
    "fd00::1",
)
FITTING: Mapping[str, tuple[str, ...]] = {
    "protocol": ("tcp", "udp", "icmp", "all", "47"),
    "netmask": ("255.255.255.0", "255.255.0.0"),
    "gateway": _ADDRESSES,
    "ip": _ADDRESSES,
    "cidr": _CIDRS,
    "action": ("Allow", "Deny"),
    "traffictype": ("Ingress", "Egress", "Guest", "Public"),
    "scheme": ("Internal", "internal", "Public"),
    "algorithm": ("roundrobin", "leastconn", "source"),
    "methodname": ("LbCookie", "SourceBased"),
    "resourcetype": ("Network", "Vpc", "UserVm", "6", "1"),
    "guestiptype": ("Isolated", "Shared", "L2"),
    "service": ("Dhcp", "Dns", "Lb", "SourceNat", "Firewall", "Connectivity"),
    "state": ("Enabled", "Disabled", "Active", "Implemented"),
    "vlan": ("77", "untagged", "vlan://78", "100-110"),
    "hypervisor": ("Simulator", "KVM"),
    "account": ("alice", "admin", "nobody"),
    "policy": ("aes128-sha1;modp1536", "aes256-sha256", "aes128-sha1"),
    "templatefilter": ("featured", "all", "self"),
    "permission": ("allow", "deny"),
    "rule": ("listNetworks", "create*", "*"),
}
"""Values that fit, by a part of the parameter's name; the first that fits is taken."""


def _good(param: Param, pool: Pool) -> st.SearchStrategy[str]:
    """A value that fits: of the declared type, and of the kind that the name tells."""
    name = param.name.lower()
    if param.type == "boolean":
        return st.sampled_from(("true", "false"))
    if param.type in {"integer", "long", "short"}:
        return st.integers(-1, 300).map(str) | st.sampled_from(("80", "65535", "65536", "1", "2", "4094"))
    if param.type == "date":
        return st.sampled_from(DATES)
    if param.type == "uuid" or name.endswith(("id", "ids")):
        one: st.SearchStrategy[str] = st.sampled_from(pool.fitting(param))
    else:
        known = next((values for part, values in FITTING.items() if part in name), None)
        one = st.sampled_from(known or ("x1", "web", "two words", "ü", ""))
    return st.lists(one, min_size=1, max_size=3).map(",".join) if param.type == "list" else one


def faults(sent: Mapping[str, str], status: int, body: Any) -> Iterator[str]:
    """What is wrong with an answer; nothing when it is as it should be."""
    if status not in STATUSES:
        yield f"status {status}"
    if not isinstance(body, dict) or len(body) != 1:
        yield "not one envelope"
        return
    key, content = next(iter(body.items()))
    if key not in (response_key(sent["command"]), "errorresponse"):
        yield f"envelope {key}"
    if not isinstance(content, dict):
        yield f"content is a {type(content).__name__}"
    elif status != 200:
        if content.get("errorcode") != status or not content.get("errortext"):
            yield f"error {content}"
        if not isinstance(content.get("uuidList"), list):
            yield "no uuidList"
    found = INTERNALS.search(json.dumps(body, ensure_ascii=False))
    if found is not None and found[0] not in sent.values():
        yield f"it says {found[0]!r}"
