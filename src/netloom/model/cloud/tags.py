"""Words that users put on their things, to find them again.

Rule 1: a thing has a key once; a tag belongs to whoever owns the thing.
Rule 2: kinds are called as CloudStack calls them (`UserVm`, `Vpc`), because clients name them so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from netloom.base.errors import InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.record import Owned

MAX_TEXT: Final = 255
MAX_TAGS: Final = 50
"""Of one thing."""

KINDS: Final[Mapping[str, str]] = {
    # CloudStack's name: the word of the records' table
    "Network": "network",
    "UserVm": "instance",
    "Nic": "instance_nic",
    "PublicIpAddress": "public_ip",
    "FirewallRule": "firewall_rule",
    "Ipv6FirewallRule": "ipv6_firewall_rule",
    "RoutingFirewallRule": "routing_firewall_rule",
    "PortForwardingRule": "port_forwarding_rule",
    "LoadBalancer": "load_balancer",
    "InternalLoadBalancer": "internal_load_balancer",
    "LBStickinessPolicy": "stickiness_policy",
    "LBHealthCheckPolicy": "health_check_policy",
    "Vpc": "vpc",
    "NetworkACLList": "acl_list",
    "NetworkACL": "acl_item",
    "PrivateGateway": "private_gateway",
    "StaticRoute": "static_route",
    "VpnGateway": "vpn_gateway",
    "CustomerGateway": "customer_gateway",
    "VpnConnection": "vpn_connection",
    "RemoteAccessVpn": "remote_access_vpn",
    "SecurityGroup": "security_group",
    "SecurityGroupRule": "security_group_rule",
    "Project": "project",
    "Template": "template",
}
"""What may have tags; a kind whose word has no table is not there yet."""

_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "FirewallRule": ("Ipv6FirewallRule", "RoutingFirewallRule"),
    "LoadBalancer": ("InternalLoadBalancer",),
}
"""Kinds that CloudStack calls by the name of another one, which its clients know; netloom has a name for each."""

_BY_LOWER: Final = {kind.lower(): kind for kind in KINDS}


class ResourceTag(Owned, frozen=True, kw_only=True):
    """A key with its value on one thing; `kind` is one of `KINDS`."""

    kind: str
    resource_id: Uuid
    key: str
    value: str
    customer: str | None = None


def checked_kind(text: str) -> str:
    """A kind, whatever its case.

    Raises:
        InvalidInput: nothing of that kind may have tags.
    """
    kind = _BY_LOWER.get(text.strip().lower())
    if kind is None:
        raise InvalidInput(
            f"{text[:64]!r} is no kind of thing that may have tags",
            subject="resourcetype",
            hint=", ".join(KINDS),
        )
    return kind


def kinds_called(kind: str) -> tuple[str, ...]:
    """The kinds that CloudStack's clients mean by a kind: itself, and those that have no name of their own there."""
    return (kind, *_ALSO.get(kind, ()))


def called(kind: str) -> str:
    """What CloudStack's clients know a kind as."""
    return next((name for name, kinds in _ALSO.items() if kind in kinds), kind)


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Keys and values within bounds.

    Raises:
        InvalidInput: there are none, a key is empty, or a text is too long.
    """
    if not tags:
        raise InvalidInput("no tags", subject="tags", hint="a key with its value, for example tier and web")
    for key, value in tags.items():
        for text, what in ((key, "key"), (value, "value")):
            if len(text) > MAX_TEXT or (what == "key" and not text.strip()):
                raise InvalidInput(
                    f"a tag's {what} of {len(text)} characters",
                    subject="tags",
                    hint=f"a key has 1 to {MAX_TEXT} characters, a value at most {MAX_TEXT}",
                )
    return dict(tags)
