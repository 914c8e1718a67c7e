"""Finding instances and their interfaces, for whoever leads packets to them or shows them.

Rule 1: many instances cost one read of interfaces and one of secondary addresses, however many there are.
Rule 2: finding says nothing of permission: callers look the instance up through `View.get` first.
"""

from __future__ import annotations

from collections.abc import Iterable

from netloom.app.cloud.work import View
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance, InstanceNic, SecondaryIp
from netloom.store.cloud.records import columns


def nics_of(view: View, instance_ids: Iterable[Uuid]) -> dict[Uuid, list[InstanceNic]]:
    """The interfaces of instances, each instance's in the order of their devices; one without any has an empty list."""
    found: dict[Uuid, list[InstanceNic]] = {instance_id: [] for instance_id in instance_ids}
    for nic in view.records.having(InstanceNic, "instance_id", found, order="device_number"):
        found[nic.instance_id].append(nic)
    return found


def nics_of_one(view: View, instance_id: Uuid) -> list[InstanceNic]:
    """The interfaces of an instance, in the order of their devices."""
    c = columns(InstanceNic)
    return view.records.select(InstanceNic, c.instance_id == instance_id, order=c.device_number)


def nic_in(view: View, instance: Instance, network_id: str) -> InstanceNic | None:
    """An instance's interface in a network, the first when there are several."""
    c = columns(InstanceNic)
    return view.records.first(
        InstanceNic, c.instance_id == instance.id, c.network_id == network_id, order=c.device_number
    )


def secondaries_of(view: View, nic_ids: Iterable[str]) -> dict[Uuid, list[SecondaryIp]]:
    """The secondary addresses of interfaces, by interface; one without any is not in it."""
    found: dict[Uuid, list[SecondaryIp]] = {}
    for secondary in view.records.having(SecondaryIp, "nic_id", nic_ids):
        found.setdefault(secondary.nic_id, []).append(secondary)
    return found


def running_on(view: View, host_id: str) -> list[Instance]:
    """The instances that are on a host, or on their way to or from it."""
    return view.records.select(Instance, columns(Instance).host_id == host_id)
