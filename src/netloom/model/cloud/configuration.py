"""The cloud's settings that administrators change while it runs, by CloudStack's names.

Rule 1: a setting that is not in `SETTINGS` does not exist: nothing is listed that changes nothing.
Rule 2: a value is checked when it is set; who reads one gets its type, never an error.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.errors import InvalidInput, NotFound
from netloom.model.cloud.limits import SETTINGS as LIMIT_SETTINGS
from netloom.model.cloud.limits import ResourceType
from netloom.model.cloud.record import Record


class SettingType(enum.Enum):
    """What a value has to be."""

    NUMBER = "Number"
    FLAG = "Boolean"
    TEXT = "String"
    RANGE = "Range"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting. `least` bounds a number."""

    name: str
    type: SettingType
    default: str
    category: str
    description: str
    least: int = 0


class Configuration(Record, frozen=True, kw_only=True):
    """A setting's value that differs from its default."""

    name: str
    value: str


def _number(name: str, default: int, category: str, description: str, *, least: int = 0) -> Setting:
    return Setting(
        name=name,
        type=SettingType.NUMBER,
        default=str(default),
        category=category,
        description=description,
        least=least,
    )


def _flag(name: str, default: bool, category: str, description: str) -> Setting:
    return Setting(
        name=name,
        type=SettingType.FLAG,
        default="true" if default else "false",
        category=category,
        description=description,
    )


_ACCOUNT_DEFAULTS: Final = {
    ResourceType.PROJECT: 10,
    ResourceType.CPU: 40,
    ResourceType.MEMORY: 40_960,
    ResourceType.PRIMARY_STORAGE: 200,
    ResourceType.SECONDARY_STORAGE: 400,
}


def _limits() -> list[Setting]:
    found: list[Setting] = []
    for kind, suffix in LIMIT_SETTINGS.items():
        words = kind.value.replace("_", " ")
        for whose, default in (
            ("account", _ACCOUNT_DEFAULTS.get(kind, 20)),
            ("project", _ACCOUNT_DEFAULTS.get(kind, 20)),
            ("domain", -1),
        ):
            if whose == "project" and kind is ResourceType.PROJECT:
                continue
            found.append(
                _number(
                    f"max.{whose}.{suffix}",
                    default,
                    f"{whose.capitalize()} Defaults",
                    f"{words} that a {whose} may have unless told otherwise; -1: no limit",
                    least=-1,
                )
            )
    return found


_OTHERS: Final = (
    _number(
        "network.gc.interval", 600, "Network", "Seconds between looks for networks that nobody uses", least=1
    ),
    _number("network.gc.wait", 600, "Network", "Seconds that a network stays after its last NIC", least=1),
    _number(
        "network.guest.cidr.limit", 22, "Network", "The shortest prefix of a guest network's CIDR", least=8
    ),
    _flag(
        "allow.duplicate.networkname", True, "Network", "Whether an account may have two networks of one name"
    ),
    _flag(
        "allow.non.rfc1918.compliant.ips", False, "Network", "Whether isolated networks may have public CIDRs"
    ),
    _flag(
        "use.system.guest.vlans",
        True,
        "Network",
        "Whether accounts with segments of their own may take others",
    ),
    _flag(
        "use.system.public.ips",
        True,
        "Network",
        "Whether accounts with addresses of their own may take others",
    ),
    _number("vpc.max.networks", 3, "Network", "Tiers of a VPC", least=1),
    _number("vm.network.nic.max.secondary.ipaddresses", 10, "Network", "Secondary addresses of a NIC"),
    _number(
        "public.ip.address.quarantine.duration",
        0,
        "Network",
        "Minutes before a released address goes to others",
    ),
    Setting(
        name="denied.routes",
        type=SettingType.TEXT,
        default="",
        category="Network",
        description="Networks, separated by commas, that static routes of VPCs never lead to",
    ),
    Setting(
        name="remote.access.vpn.client.iprange",
        type=SettingType.RANGE,
        default="10.1.2.1-10.1.2.8",
        category="Network",
        description="Addresses of remote-access VPN clients",
    ),
    _number(
        "remote.access.vpn.user.limit", 8, "Network", "Users of an account's remote-access VPNs", least=1
    ),
    _number(
        "remote.access.vpn.psk.length", 24, "Network", "Characters of a generated pre-shared key", least=8
    ),
    _number(
        "site2site.vpn.vpngateway.connection.limit", 4, "Network", "Connections of a VPN gateway", least=1
    ),
    _number(
        "site2site.vpn.customergateway.subnets.limit", 10, "Network", "CIDRs of a customer gateway", least=1
    ),
    _flag("ipv6.offering.enabled", False, "Network", "Whether offerings may have IPv6"),
    _flag("routed.network.vpc.enabled", False, "Network", "Whether offerings may be routed"),
    _number(
        "expunge.delay", 86_400, "Advanced", "Seconds that a destroyed instance can be recovered; 0: for ever"
    ),
    _flag(
        "allow.user.expunge.recover.vm",
        False,
        "Advanced",
        "Whether users who are no administrators expunge and recover instances",
    ),
    _flag(
        "allow.user.create.projects",
        True,
        "Projects",
        "Whether users who are no administrators make projects",
    ),
    _flag(
        "project.invite.required", False, "Projects", "Whether who is added to a project has to accept first"
    ),
    _number(
        "project.invite.timeout",
        86_400,
        "Projects",
        "Seconds in which an invitation can be accepted",
        least=1,
    ),
    _number("user.keys.lifetime", 0, "Access", "Days that new API keys live; 0: until they are replaced"),
    _number("event.purge.delay", 15, "Advanced", "Days that events are kept; 0: for ever"),
    _number("audit.purge.delay", 365, "Advanced", "Days that the audit is kept; 0: for ever"),
    _number("job.expire.minutes", 1440, "Advanced", "Minutes that ended jobs are kept", least=1),
    _number(
        "usage.stats.job.aggregation.range",
        1440,
        "Usage",
        "Minutes of the periods that usage is told by, from midnight (UTC)",
        least=60,
    ),
    _number("usage.retention.days", 365, "Usage", "Days that usage records are kept; 0: for ever"),
)

SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting for setting in sorted((*_limits(), *_OTHERS), key=lambda setting: setting.name)
}
"""All there are, by name."""

MAX_VALUE: Final = 4_095


def setting_named(name: str) -> Setting:
    """A setting.

    Raises:
        NotFound: there is none (`configuration-not-found`).
    """
    found = SETTINGS.get(name)
    if found is None:
        raise NotFound(
            f"there is no setting {name!r}",
            code="configuration-not-found",
            subject="name",
            hint="listConfigurations shows those there are",
        )
    return found


def checked_value(setting: Setting, text: str) -> str:
    """A value in canonical form.

    Raises:
        InvalidInput: it is not what the setting takes.
    """
    value = text.strip()
    match setting.type:
        case SettingType.NUMBER:
            try:
                number = int(value)
            except ValueError:
                raise _refused(setting, text, f"a whole number from {setting.least}") from None
            if not setting.least <= number < 2**53:
                raise _refused(setting, text, f"a whole number from {setting.least}")
            return str(number)
        case SettingType.FLAG:
            if value.lower() not in {"true", "false"}:
                raise _refused(setting, text, "true or false")
            return value.lower()
        case SettingType.RANGE | SettingType.TEXT:
            if not value or len(value) > MAX_VALUE or not value.isprintable():
                raise _refused(setting, text, "one printable line")
            return value


def _refused(setting: Setting, text: str, hint: str) -> InvalidInput:
    return InvalidInput(f"{text!r} is no value of {setting.name}", subject="value", hint=hint)
