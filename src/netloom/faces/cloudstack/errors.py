"""netloom's errors as CloudStack's: HTTP status, `cserrorcode`, text.

Rule 1: status and code are CloudStack's for the same refusal, as recorded; the text is ours: the object by name and id, what
    conflicts with what, what would be accepted.
Rule 2: a code that CloudStack treats otherwise than its class is a line in `BY_CODE`, nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from netloom.base import errors
from netloom.base.errors import NetloomError
from netloom.base.ids import is_uuid
from netloom.faces.cloudstack.protocol.envelopes import Refusal
from netloom.faces.cloudstack.table import INVALID, entity_missing
from netloom.model.cloud.jobs import Job

PARAMETER: Final = 4350
"""A service refuses a parameter."""
API_LAYER: Final = 9999
"""The API layer refuses, before a service was asked; also what CloudStack has no number for."""
RULE_CONFLICT: Final = 4360
DENIED: Final = 4365
ALLOCATION: Final = 4370
UNAVAILABLE: Final = 4380
NO_CAPACITY: Final = 4325
RUNTIME: Final = 4250

BY_CLASS: Final[Mapping[type[NetloomError], tuple[int, int | None]]] = {
    errors.InvalidInput: (431, PARAMETER),
    errors.NotFound: (431, API_LAYER),
    errors.StaleVersion: (431, PARAMETER),
    errors.Conflict: (431, PARAMETER),
    errors.Forbidden: (531, DENIED),
    errors.Unauthenticated: (401, None),
    errors.Exhausted: (533, NO_CAPACITY),
    errors.TooLarge: (430, API_LAYER),
    errors.TooMany: (429, API_LAYER),
    errors.Unavailable: (534, UNAVAILABLE),
    errors.PeerError: (530, RUNTIME),
}
"""What a class means; subclasses as their nearest ancestor."""

BY_CODE: Final[Mapping[str, tuple[int, int | None]]] = {
    # code: status, cserrorcode. What is recorded so stands with the call that shows it.
    INVALID: (431, API_LAYER),  # createNetwork without a name
    "malformed-request": (430, API_LAYER),
    "limit-reached": (535, ALLOCATION),  # createNetwork over the account's limit
    "rule-conflict": (537, RULE_CONFLICT),  # createFirewallRule twice
    "address-has-rules": (537, API_LAYER),  # enableStaticNat on an address with rules
    "bad-cidr": (431, API_LAYER),  # createFirewallRule from 10.0.0.0/40
    "cidr-outside-network": (431, API_LAYER),  # createEgressFirewallRule from elsewhere
    "algorithm-unsupported": (431, API_LAYER),  # createLoadBalancerRule with algorithm magic
    "member-assigned": (530, RUNTIME),  # assignToLoadBalancerRule twice, in the job
    "route-conflict": (537, API_LAYER),  # createStaticRoute twice
    "address-unavailable": (530, 0),  # deployVirtualMachine with an address outside the network
    "security-group-in-use": (536, API_LAYER),
    "in-use": (530, RUNTIME),  # deleteNetwork with instances, in the job
    "domain-in-use": (530, RUNTIME),  # deleteDomain with accounts, in the job
    "login-failed": (531, None),
    "unsupported-command": (432, API_LAYER),
    "method-not-allowed": (405, None),
    "too-many-at-once": (503, None),
}
"""Where CloudStack tells a refusal otherwise than its class."""

UNKNOWN_SIGNER: Final = "unable to verify user credentials and/or request signature"
"""CloudStack's own words: clients look for them. Who is not known is told nothing more."""

_CLASSES: Final = {kind.__name__: kind for kind in BY_CLASS}


def refusal(
    error: NetloomError, command: str = "", given: Mapping[str, str] = MappingProxyType({})
) -> Refusal:
    """An error as it is answered.

    Args:
        error: what was raised.
        command: the command that was called.
        given: its parameters by name in lower case.
    """
    status, code = numbers(type(error), error.stable_code)
    text, name = str(error), error.subject or ""
    value = given.get(name.lower(), "")
    if isinstance(error, errors.NotFound) and is_uuid(value):
        text = entity_missing(command, name, value, error.message)
    return Refusal(status, code, text, _ids(error.subject))


def of_job(job: Job) -> NetloomError:
    """The error that a job failed with, to be raised where its caller waits for it."""
    kind = _CLASSES.get(job.error_kind or "", NetloomError)
    if issubclass(kind, errors.StaleVersion):
        kind = errors.Conflict
    return kind(job.error_text or "it failed", code=job.error_code, subject=job.error_subject)


def numbers(kind: type[NetloomError], code: str | None) -> tuple[int, int | None]:
    """HTTP status and `cserrorcode` of an error's class and stable code."""
    if code is not None and code in BY_CODE:
        return BY_CODE[code]
    for ancestor in kind.__mro__:
        if ancestor in BY_CLASS:
            return BY_CLASS[ancestor]
    return 530, RUNTIME


def numbers_of(kind: str | None, code: str | None) -> tuple[int, int | None]:
    """The same for an error that was kept by the name of its class, as jobs do."""
    return numbers(_CLASSES.get(kind or "", NetloomError), code)


def _ids(subject: str | None) -> tuple[tuple[str, str], ...]:
    """The object that an error's subject names, as `network/UUID`."""
    word, _, found = (subject or "").rpartition("/")
    return ((found, f"{word}id"),) if word and is_uuid(found) else ()
