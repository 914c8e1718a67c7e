"""Where a refusal is about, and what would help, in the words of these faces.

Use cases name what is wrong as CloudStack's clients write it (`networkofferingid`): one vocabulary in the refusals of all
faces. Here people write fields of requests (`offering`), and are told those.

Rule 1: what follows from a field's name or from what it refers to has no line here; `SPOKEN` is the rest.
Rule 2: a subject that no field of the action stands for is told as it is: it is better than none.
Rule 3: a hint that names a command of CloudStack's names the noun and verb that do the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from netloom.app.cloud.resources.fields import RequestField
from netloom.contract.cloud import record_kinds

SPOKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "accounttype": ("type",),
    "aclconsistencyhash": ("seen",),
    "associatednetworkid": ("network_id",),
    "certid": ("certificate_id",),
    "cidrlist": ("sources", "cidrs"),
    "destcidrlist": ("destinations",),
    "displaynetwork": ("display",),
    "egressdefaultpolicy": ("egress_default_allow",),
    "enddate": ("until", "ends_at"),
    "endip": ("end", "end_ip"),
    "endipv6": ("end6",),
    "guestcidraddress": ("guest_cidr",),
    "guestiptype": ("guest_type",),
    "guestvmcidr": ("guest_cidr",),
    "ip6cidr": ("cidr6",),
    "ip6gateway": ("gateway6",),
    "ipaddress": ("address", "ipv4"),
    "ipaddressid": ("public_ip_id",),
    "iprange": ("clients",),
    "isolationmethods": ("isolations",),
    "ispersistent": ("persistent",),
    "lbruleid": ("load_balancer_id",),
    "macaddress": ("mac",),
    "methodname": ("method",),
    "networkids": ("nics",),
    "newname": ("name",),
    "nextaclruleid": ("before",),
    "nicnetworklist": ("networks", "addresses"),
    "param": ("parameters",),
    "parentdomainid": ("parent_id",),
    "previousaclruleid": ("after",),
    "privateendport": ("private_end_port",),
    "publicendport": ("public_end_port",),
    "resourcetype": ("type", "kind"),
    "routeripv6": ("router_ip6",),
    "rule": ("pattern",),
    "ruleorder": ("order",),
    "s2scustomergatewayid": ("customer_gateway_id",),
    "s2svpngatewayid": ("gateway_id",),
    "securitygroupid": ("security_group_ids", "peers"),
    "servicecapabilitylist": ("capabilities",),
    "servicelist": ("services",),
    "serviceproviderlist": ("providers",),
    "sourceipaddress": ("address",),
    "sourcenatipaddress": ("source_nat_address",),
    "startdate": ("since",),
    "startip": ("start", "start_ip"),
    "startipv6": ("start6",),
    "supportedservices": ("services",),
    "tiernetworkofferings": ("tier_offerings",),
    "traffictype": ("traffic", "direction"),
    "userdata": ("user_data", "data"),
    "usersecuritygrouplist": ("peers",),
    "virtualmachineids": ("members",),
    "vlan": ("segments",),
    "vlanrange": ("segments",),
    "vmguestip": ("guest_address",),
}
"""CloudStack's parameters and the fields that they are here, those first that are meant when an action has several."""


def field_meant(fields: Sequence[RequestField], subject: str | None) -> str | None:
    """The field of an action that a subject stands for; the subject itself when none does."""
    if subject is None:
        return None
    at = subject.partition("[")[0].partition(".")[0]
    field = _field(fields, at)
    return subject if field is None else field.name + subject[len(at) :]


def hint_meant(hint: str | None) -> str | None:
    """A hint with commands as `netloom` says them: `netloom secondary-ip create` for `addIpToNic`."""
    if hint is None:
        return None
    return _COMMAND.sub(lambda found: _commands().get(found[0], found[0]), hint)


_COMMAND: Final = re.compile(r"\b[a-z]+[A-Z][A-Za-z0-9]+\b")


@cache
def _commands() -> Mapping[str, str]:
    """What `netloom` calls the commands that are actions or lists of kinds here; of several the first."""
    found: dict[str, str] = {"listUnmanagedInstances": "netloom instance unmanaged"}
    for kind in record_kinds():
        found.setdefault(kind.list_command, f"netloom {kind.noun} list")
        for action in kind.actions:
            found.setdefault(action.command, f"netloom {kind.noun} {action.verb}")
    return found


def _field(fields: Sequence[RequestField], word: str) -> RequestField | None:
    by_path = {field.path[-1]: field for field in fields}
    plain = {path.replace("_", ""): field for path, field in by_path.items()}
    for found in (by_path.get(word), plain.get(word)):
        if found is not None:
            return found
    for path in SPOKEN.get(word, ()):
        if path in by_path:
            return by_path[path]
    referring = [field for field in fields if field.target is not None and _id_of(field.target.word) == word]
    return referring[0] if len(referring) == 1 else None


def _id_of(word: str) -> str:
    """CloudStack's parameter that names a record of a word: `networkofferingid`."""
    return f"{_WORDS.get(word, word.replace('_', ''))}id"


_WORDS: Final[Mapping[str, str]] = {"instance": "virtualmachine", "acl_list": "acl", "public_ip": "ipaddress"}
"""Records whose ids CloudStack's parameters call otherwise."""
