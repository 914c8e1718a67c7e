"""Machines that hypervisors have and no instance stands for, as people name them here.

CloudStack's clients send back what a list told them of a machine; a person says its name, and the networks of its
interfaces by name. So before an import begins, the hypervisors are asked, and what was said is made whole.

Rule 1: what hypervisors have is for those whose role allows to list it: nobody else learns whether a machine is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.instances_import import Stray, stray_called, strays
from netloom.app.cloud.resources.fields import Value
from netloom.app.cloud.resources.subjects import hint_meant
from netloom.app.cloud.resources.targets import Names, Target
from netloom.app.cloud.work import View
from netloom.base.errors import InvalidInput, NotFound
from netloom.base.net import format_mac, parse_mac
from netloom.contract.cloud import Field, Form
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.record import AccountId

LIST: Final = "listUnmanagedInstances"
"""The command that a role has to allow."""
FIELDS: Final = (Field("machine", Form.TEXT, required=True), Field("host", Form.TEXT, refers="host"))
"""What is said of the machine in place of all that a hypervisor tells."""
_NETWORK: Final = Target("network", record=GuestNetwork)


async def unmanaged(cloud: Cloud, caller: Caller) -> Sequence[Stray]:
    """All of them, on all hosts.

    Raises:
        Forbidden: the caller's role does not allow it.
        NetloomError: a hypervisor cannot be asked.
    """
    await cloud.read(caller, LIST, lambda _view: None)
    return await strays(cloud)


async def named(cloud: Cloud, caller: Caller, values: Mapping[str, Value]) -> Stray:
    """The machine that values name; `host` tells machines of one name apart.

    Raises:
        InvalidInput: no machine is named.
        Forbidden, NotFound: as for `unmanaged`; there is none of this name.
    """
    name, host = (values.get(field.name) for field in FIELDS)
    if not isinstance(name, str):
        raise InvalidInput(
            "machine is missing", subject="machine", hint="its name at the hypervisor", code="missing-field"
        )
    found = await unmanaged(cloud, caller)
    try:
        return stray_called([each for each in found if host in (None, each.seen.host, each.host_id)], name)
    except NotFound as error:
        error.subject, error.hint = "machine", hint_meant(error.hint)
        raise


def networks(view: View, owner: AccountId | None, said: Value) -> Value:
    """The networks of interfaces by their MACs, with names as ids; what is no mapping is told as such by who takes it.

    Raises:
        InvalidInput: a key is no MAC.
        NotFound, Conflict: a name leads nowhere, or to several networks.
    """
    if not isinstance(said, Mapping):
        return said
    names = Names(view, prefer=owner)
    return {
        format_mac(parse_mac(mac, "networks")): names.resolve(_NETWORK, text, f"networks.{mac[:32]}")
        if isinstance(text, str)
        else text
        for mac, text in said.items()
    }
