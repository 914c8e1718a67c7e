"""What may be said of an instance: names, sizes, user data, keys, groups; checked once for making and for changing it.

Rule 1: what an instance is made of belongs to its owner or to everybody: somebody else's key is not found.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from netloom.app.cloud.hypervisors import Hypervisor
from netloom.app.cloud.work import View, missing
from netloom.base.errors import Conflict, Exhausted, InvalidInput
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Account, Domain, parents_of
from netloom.model.cloud.instances import SshKey, Template, UserData
from netloom.model.cloud.offerings import ServiceOffering, ServiceOfferingState
from netloom.model.cloud.security_groups import SecurityGroup
from netloom.store.cloud.records import columns

MAX_USER_DATA: Final = 32768
"""Octets, before base64 (CloudStack: `vm.userdata.max.length`)."""
MAX_DETAILS: Final = 64
MAX_KEPT: Final = 1000
"""SSH keys of an account, and kept user data."""

_HOSTNAME: Final = re.compile(r"^[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")


class Size(msgspec.Struct, frozen=True):
    """Virtual processors, MHz of each, MiB."""

    cpu_number: int
    cpu_speed: int
    memory: int


def check_hostname(name: str) -> str:
    """A host name: a label of the domain name system.

    Raises:
        InvalidInput: it is none.
    """
    if _HOSTNAME.match(name) is None:
        raise InvalidInput(
            f"{name[:80]!r} cannot be an instance's host name",
            subject="name",
            code="bad-hostname",
            hint="1 to 63 letters, digits and hyphens, the first a letter, the last no hyphen",
        )
    return name


def check_display(text: str, subject: str = "displayname") -> str:
    """A text for people on one line.

    Raises:
        InvalidInput: it is empty, long, or of several lines.
    """
    stripped = text.strip()
    if not 1 <= len(stripped) <= 255 or not stripped.isprintable():
        raise InvalidInput("a name of 1 to 255 printable characters is needed", subject=subject)
    return stripped


def check_details(details: Mapping[str, str]) -> dict[str, str]:
    """Free words of a client on an instance, bounded.

    Raises:
        InvalidInput: there are too many, or one is too long.
    """
    if len(details) > MAX_DETAILS or any(len(k) > 255 or len(v) > 5120 for k, v in details.items()):
        raise InvalidInput(
            "details too many or too long",
            subject="details",
            hint=f"at most {MAX_DETAILS}, of 5120 characters",
        )
    return dict(details)


SIZE_DETAILS: Final = frozenset({"cpunumber", "cpuspeed", "memory"})
"""Details, in lower case, that choose an instance's size."""


def size_of(view: View, offering_id: Uuid, owner: Account, details: Mapping[str, str]) -> Size:
    """The size of a new instance: its offering's, or as chosen where the offering leaves it open.

    Raises:
        NotFound: there is no such offering for this owner.
        InvalidInput: the offering leaves the size open, and none was chosen.
    """
    offering = view.get(ServiceOffering, offering_id, "serviceofferingid")
    if offering.is_system or not _open_to(view, offering, owner):
        raise missing(ServiceOffering, offering_id, "serviceofferingid")
    if offering.state is not ServiceOfferingState.ACTIVE:
        raise Conflict(
            f"service offering {offering.name} ({offering.id}) is {offering.state.value}",
            code="offering-inactive",
            subject="serviceofferingid",
            hint="listServiceOfferings shows what is active",
        )
    lower = {name.lower(): value for name, value in details.items()}
    return Size(
        offering.cpu_number or _chosen(lower, "cpuNumber", 1, 512),
        offering.cpu_speed or _chosen(lower, "cpuSpeed", 1, 100_000),
        offering.memory or _chosen(lower, "memory", 32, 16_777_216),
    )


def _chosen(details: Mapping[str, str], name: str, least: int, most: int) -> int:
    text = details.get(name.lower(), "")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise InvalidInput(
            f"the offering leaves {name} open, and {text[:20]!r} is none",
            subject=f"details.{name}",
            hint=f"{least} to {most}",
        )
    return int(text)


def _open_to(view: View, offering: ServiceOffering, owner: Account) -> bool:
    if not offering.domain_ids:
        return True
    domain = view.records.get(Domain, owner.domain_id)
    if domain is None:
        return False
    c = columns(Domain)
    return view.records.exists(Domain, c.id.in_(offering.domain_ids), c.path.in_(parents_of(domain.path)))


def template_of(view: View, template_id: Uuid, hypervisor: str | None) -> tuple[Template, Hypervisor]:
    """What a new instance is made of, and what can make it.

    Raises:
        NotFound: there is no such template for the caller.
        InvalidInput: it is of another hypervisor than the one that was named.
        Unavailable: its hypervisor is not configured (`hypervisor-missing`).
        Conflict: its hypervisor makes no guests (`hypervisor-reports-only`).
    """
    template = view.get(Template, template_id, "templateid")
    if not template.public and not view.caller.is_root:
        raise missing(Template, template_id, "templateid")
    if hypervisor is not None and hypervisor.lower() not in (template.hypervisor.lower(), "any"):
        raise InvalidInput(
            f"template {template.name} ({template.id}) is of {template.hypervisor}, not {hypervisor[:32]}",
            subject="hypervisor",
            code="hypervisor-mismatch",
            hint="leave hypervisor out, or choose another template",
        )
    adapter = view.backends.hypervisors.get(template.hypervisor)
    if not adapter.can_create:
        raise Conflict(
            f"{adapter.name} reports machines and makes none",
            code="hypervisor-reports-only",
            subject="templateid",
            hint="import a machine that is there (importUnmanagedInstance)",
        )
    return template, adapter


def check_user_data(text: str, subject: str = "userdata") -> str:
    """User data as clients send it: base64, with or without line breaks.

    Raises:
        InvalidInput: it is not, or too long.
    """
    clean = "".join(text.split())
    try:
        decoded = base64.b64decode(clean, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("user data is not base64", subject=subject, code="bad-user-data") from None
    if not decoded or len(decoded) > MAX_USER_DATA:
        raise InvalidInput(
            f"{len(decoded)} octets of user data",
            subject=subject,
            code="bad-user-data",
            hint=f"1 to {MAX_USER_DATA}",
        )
    return clean


def check_room(view: View, record_type: type[SshKey | UserData], owner: Account) -> None:
    """Refuse to keep more for an account than it can need.

    Raises:
        Exhausted: it has too many (`too-many-kept`).
    """
    there = view.records.count(record_type, columns(record_type).account_id == owner.id)
    if there >= MAX_KEPT:
        raise Exhausted(
            f"the account {owner.name!r} has {there} of these",
            code="too-many-kept",
            subject="name",
            hint=f"at most {MAX_KEPT}; delete what is not used",
        )


def user_data_of(view: View, user_data_id: Uuid, owner_id: str, domain_id: str) -> UserData:
    """User data that an account may use: its own.

    Raises:
        NotFound: there is none.
    """
    found = view.records.get(UserData, user_data_id)
    if found is None or found.account_id != owner_id or found.domain_id != domain_id:
        raise missing(UserData, user_data_id, "userdataid")
    return found


def check_keys(view: View, names: Sequence[str], owner_id: str) -> tuple[str, ...]:
    """Names of SSH keys of an account, each once.

    Raises:
        NotFound: one is not there.
    """
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        return ()
    c = columns(SshKey)
    there = {key.name for key in view.records.select(SshKey, c.account_id == owner_id, c.name.in_(wanted))}
    for name in wanted:
        if name not in there:
            raise missing(SshKey, name[:64], "keypairs")
    return wanted


def check_groups(
    view: View, ids: Sequence[Uuid], names: Sequence[str], owner_id: str
) -> tuple[SecurityGroup, ...]:
    """Security groups of an account, by id or name.

    Raises:
        NotFound: one is not there.
    """
    if not ids and not names:
        return ()
    c = columns(SecurityGroup)
    own = view.records.select(SecurityGroup, c.account_id == owner_id)
    known: dict[str, SecurityGroup] = {group.name: group for group in own}
    known |= {group.id: group for group in own}
    for each in (*ids, *names):
        if each not in known:
            raise missing(SecurityGroup, each[:64], "securitygroupids")
    return tuple(known[each] for each in dict.fromkeys([*ids, *names]))
