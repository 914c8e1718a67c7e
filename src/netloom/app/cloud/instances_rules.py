"""Rules that lead to an instance: what keeps an interface from being taken away, and what goes with the instance itself.

Rule 1: taking an interface or a secondary address away is refused while rules lead there; the refusal names them.
Rule 2: an instance that goes for good takes its rules along: providers let go of them before its addresses are free.
"""

from __future__ import annotations

from netloom.app.cloud.doing import Doing
from netloom.app.cloud.instances_find import nics_of_one
from netloom.app.cloud.rules_to import Leading, end_leading_to, leading_to
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance, InstanceNic, SecondaryIp
from netloom.model.cloud.load_balancers import Member


def check_free_of_rules(view: View, nic: InstanceNic, address: str | None = None) -> None:
    """Refuse to take an interface, or one of its addresses, away from under rules.

    Raises:
        InvalidInput: rules lead there (`nic-has-rules`).
    """
    found = [_told(each) for each in leading_to(view, [nic.id], address)]
    if found:
        raise InvalidInput(
            f"rules lead to {address or f'interface {nic.id}'}: {', '.join(found[:5])}",
            code="nic-has-rules",
            subject="nicid",
            hint="delete them first",
        )


def check_secondary_free_of_rules(view: View, secondary: SecondaryIp, nic: InstanceNic) -> None:
    """The same for a secondary address."""
    check_free_of_rules(view, nic, secondary.address)


def _told(leading: Leading) -> str:
    if isinstance(leading, PublicIp):
        return f"static NAT of {leading.address}"
    word = "balancer member" if isinstance(leading, Member) else "port forwarding"
    return f"{word} {leading.id}"


async def take_rules_away(doing: Doing, instance: Instance) -> None:
    """Have no rule lead to an instance any more.

    Raises:
        PeerError: a provider could not let go (`provider-failed`).
    """
    nics = await doing.read(lambda view: nics_of_one(view, instance.id))
    await end_leading_to(doing, [nic.id for nic in nics])
