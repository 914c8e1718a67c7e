"""The native half of a tenant's network: made, renamed and deleted together with its record.

Rule 1: both halves have one id, one number and one birthday, and come and go in one transaction.
"""

from __future__ import annotations

from typing import cast

import msgspec

from netloom.app import intent
from netloom.app.batch import Batch, Mistakes, single
from netloom.app.cloud.work import Work
from netloom.app.kinds import network as networks
from netloom.base.errors import NetloomError
from netloom.base.ids import Uuid
from netloom.model.cloud.networks import GuestNetwork, native_name
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.model.objects import Network
from netloom.model.patches import NetworkPatch
from netloom.model.specs import NetworkSpec
from netloom.model.states import NetworkState

_SUBJECTS = {
    "segment": "vlan",
    "mtu": "privatemtu",
    "cidr6": "ip6cidr",
    "physical_network": "physicalnetworkid",
}
"""What users of the cloud call a field of the native network."""


def make(work: Work, network_id: Uuid, spec: NetworkSpec, state: NetworkState) -> Network:
    """The native network; the name in the spec is `native_name`'s.

    Raises:
        InvalidInput, Conflict, Exhausted: what the native layer refuses, in the words of the cloud.
    """
    mistakes = Mistakes()
    batch = Batch(Kind.NETWORK, {0: _checked(spec)}, mistakes, ids={0: network_id}, own_names=True)
    networks.create(work.tx, batch, state=state)
    try:
        mistakes.raise_if_any()
    except InvalidDocuments as several:
        raise _renamed(single(several)) from None
    made = cast("Network", batch.made[0])
    work.made_natives[made.id] = made
    return made


def change(work: Work, before: GuestNetwork, after: GuestNetwork) -> None:
    """Have the native network follow its record's name and MTU, and the IPv6 subnet that it got."""
    work.made_natives.pop(after.id, None)
    fields: dict[str, str | int | None] = {}
    if after.name != before.name:
        fields["name"] = native_name(after.name, after.id)
    if after.private_mtu != before.private_mtu:
        fields["mtu"] = after.private_mtu
    if after.cidr6 != before.cidr6:
        fields["cidr6"] = after.cidr6
    if fields:
        patch = msgspec.convert(fields, NetworkPatch)
        try:
            intent.patch(work.tx, Kind.NETWORK, after.id, patch, None)
        except NetloomError as error:
            raise _renamed(error) from None


def remove(work: Work, network: GuestNetwork) -> None:
    """Take both halves out.

    Raises:
        Conflict: NICs are in it (`in-use`).
    """
    work.delete(network)
    intent.delete(work.tx, Kind.NETWORK, network.id, None)


def _checked(spec: NetworkSpec) -> NetworkSpec:
    try:
        return spec.checked()
    except NetloomError as error:
        raise _renamed(error) from None


def _renamed(error: NetloomError) -> NetloomError:
    if error.subject in _SUBJECTS:
        error.subject = _SUBJECTS[error.subject]
    return error
