"""The tables of instances. Names, addresses and places of interfaces that must not repeat are UNIQUE here."""

from __future__ import annotations

from netloom.model.cloud.instances import Instance, InstanceNic, SecondaryIp, SshKey, Template, UserData
from netloom.store.cloud.table import RecordTable

_OF_ACCOUNT = ("account_id", "number")
_OWNED = {"account_id": "account", "domain_id": "domain"}

TABLES: tuple[RecordTable, ...] = (
    RecordTable(
        "template",
        Template,
        unique=(("hypervisor", "image"),),
        references={"user_data_id": "user_data"},
        lasting=True,
    ),
    RecordTable("ssh_key", SshKey, unique=(("account_id", "name"),), references=_OWNED),
    RecordTable("user_data", UserData, unique=(("account_id", "name"),), references=_OWNED),
    RecordTable(
        "instance",
        Instance,
        unique=(("hypervisor", "external_id"),),
        indexes=(_OF_ACCOUNT, ("host_id",), ("state",), ("zone_id",), ("name",)),
        references={
            **_OWNED,
            "template_id": "template",
            "service_offering_id": "service_offering",
            "user_data_id": "user_data",
        },
        natives={"zone_id": "zones", "host_id": "hosts", "target_host_id": "hosts"},
        secrets=("user_data",),
    ),
    RecordTable(
        "instance_nic",
        InstanceNic,
        unique=(
            ("instance_id", "device_number"),
            ("network_id", "mac"),
            ("network_id", "ipv4"),
            ("network_id", "ipv6"),
        ),
        references={**_OWNED, "instance_id": "instance", "network_id": "network"},
        natives={"id": "nics"},
    ),
    RecordTable(
        "secondary_ip",
        SecondaryIp,
        unique=(("network_id", "address"),),
        indexes=(("nic_id",),),
        references={**_OWNED, "nic_id": "instance_nic", "network_id": "network"},
    ),
)
