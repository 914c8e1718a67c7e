"""Instances: the machines that a cloud's tenants run, as far as their networking and their place need them.

Rule 1: what an instance's interface is told to switches is the native NIC with the same id; its attachment, its MAC and its
    addresses there follow from the record here, never the other way.
Rule 2: the table below is the whole life of an instance; a hypervisor's report moves one as a user does, by an event.

    Stopped -start-> Starting -succeed-> Running -stop-> Stopping -succeed-> Stopped
    Running -migrate-> Migrating -succeed-> Running        Starting -abort-> Error (a first start that failed)
    Stopped -destroy-> Destroyed -expunge-> Expunging, and the record goes      Destroyed -recover-> Stopped
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import msgspec

from netloom.base.ids import HostId, NetworkId, Uuid, ZoneId
from netloom.model.cloud.record import Owned, Record
from netloom.model.transitions import step

MAX_SECONDARY: Final = 10
"""Secondary addresses of one NIC (CloudStack: `vm.network.nic.max.secondary.ipaddresses`)."""

MAX_NICS: Final = 64
"""Interfaces of one instance."""


class InstanceState(enum.Enum):
    """Where an instance is; the words are CloudStack's."""

    STARTING = "Starting"
    RUNNING = "Running"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    MIGRATING = "Migrating"
    DESTROYED = "Destroyed"
    EXPUNGING = "Expunging"
    ERROR = "Error"

    @property
    def takes_rules(self) -> bool:
        """Whether rules may lead to it."""
        return self not in _GOING

    @property
    def on_host(self) -> bool:
        """Whether a hypervisor runs it, or is at it."""
        return self in _ON_HOST


_GOING: Final = frozenset({InstanceState.DESTROYED, InstanceState.EXPUNGING, InstanceState.ERROR})
_ON_HOST: Final = frozenset(
    {InstanceState.STARTING, InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.MIGRATING}
)


class InstanceEvent(enum.Enum):
    """What moves an instance on."""

    START = "start"
    STOP = "stop"
    MIGRATE = "migrate"
    SUCCEED = "succeed"
    FAIL = "fail"
    ABORT = "abort"
    DESTROY = "destroy"
    RECOVER = "recover"
    EXPUNGE = "expunge"
    SEEN_RUNNING = "be seen running"
    SEEN_STOPPED = "be seen stopped"


_S, _E = InstanceState, InstanceEvent

INSTANCE_TABLE: Final[Mapping[tuple[InstanceState, InstanceEvent], InstanceState]] = {
    (_S.STOPPED, _E.START): _S.STARTING,
    (_S.STOPPED, _E.DESTROY): _S.DESTROYED,
    (_S.STOPPED, _E.SEEN_RUNNING): _S.RUNNING,
    (_S.STARTING, _E.SUCCEED): _S.RUNNING,
    (_S.STARTING, _E.FAIL): _S.STOPPED,
    (_S.STARTING, _E.ABORT): _S.ERROR,
    (_S.RUNNING, _E.STOP): _S.STOPPING,
    (_S.RUNNING, _E.MIGRATE): _S.MIGRATING,
    (_S.RUNNING, _E.SEEN_STOPPED): _S.STOPPED,
    (_S.STOPPING, _E.STOP): _S.STOPPING,
    (_S.STOPPING, _E.SUCCEED): _S.STOPPED,
    (_S.STOPPING, _E.FAIL): _S.RUNNING,
    (_S.MIGRATING, _E.SUCCEED): _S.RUNNING,
    (_S.MIGRATING, _E.FAIL): _S.RUNNING,
    (_S.ERROR, _E.START): _S.STARTING,
    (_S.ERROR, _E.DESTROY): _S.DESTROYED,
    (_S.DESTROYED, _E.RECOVER): _S.STOPPED,
    (_S.DESTROYED, _E.EXPUNGE): _S.EXPUNGING,
    (_S.EXPUNGING, _E.EXPUNGE): _S.EXPUNGING,
    (_S.EXPUNGING, _E.FAIL): _S.DESTROYED,
}


class Instance(Owned, frozen=True, kw_only=True):
    """A machine of a tenant.

    Attributes:
        name: its host name; unique in each network that it has a NIC in.
        hypervisor: the adapter that runs it.
        host_id: where it runs; None while it does not.
        last_host_id: where it ran last.
        target_host_id: where it is migrating to.
        cpu_number, cpu_speed, memory: of its service offering when it was made, or as chosen then; MHz, MiB.
        user_data: base64, as the client sent it.
        external_id: what the hypervisor calls it, when it was there before netloom knew it.
        reason: why it is in Error, or why its last start failed.
    """

    name: str
    display_name: str
    state: InstanceState
    zone_id: ZoneId
    template_id: Uuid
    service_offering_id: Uuid
    hypervisor: str
    user_id: Uuid | None = None
    host_id: HostId | None = None
    last_host_id: HostId | None = None
    target_host_id: HostId | None = None
    cpu_number: int = 1
    cpu_speed: int = 500
    memory: int = 512
    group: str | None = None
    user_data: str | None = None
    user_data_id: Uuid | None = None
    key_pairs: tuple[str, ...] = ()
    ha_enabled: bool = False
    display: bool = True
    dynamically_scalable: bool = False
    delete_protection: bool = False
    external_id: str | None = None
    reason: str | None = None
    details: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def internal_name(self) -> str:
        """What it is called on its host."""
        return f"i-{self.number}-VM"


class InstanceNic(Owned, frozen=True, kw_only=True):
    """An interface of an instance; the native NIC has the same id.

    Attributes:
        is_default: the instance's default route goes by it.
        device_number: its place in the instance, from 0.
    """

    instance_id: Uuid
    network_id: NetworkId
    device_number: int
    mac: str
    is_default: bool = False
    ipv4: str | None = None
    ipv6: str | None = None
    dhcp_options: Mapping[str, str] = msgspec.field(default_factory=dict)


class SecondaryIp(Owned, frozen=True, kw_only=True):
    """A further address of a NIC, canonical text."""

    nic_id: Uuid
    network_id: NetworkId
    address: str


class Template(Record, frozen=True, kw_only=True):
    """What instances are made of: a word that a hypervisor knows.

    Attributes:
        hypervisor: the adapter that can run it.
        image: what the adapter knows it by.
        os_type: the operating system, for people.
        registered: by an operator; else it came with the adapter.
    """

    name: str
    display_text: str
    hypervisor: str
    image: str
    os_type: str = "Other Linux (64-bit)"
    format: str = "RAW"
    arch: str = "x86_64"
    size: int = 0
    featured: bool = True
    public: bool = True
    bootable: bool = True
    registered: bool = False
    user_data_id: Uuid | None = None
    details: Mapping[str, str] = msgspec.field(default_factory=dict)


class SshKey(Owned, frozen=True, kw_only=True):
    """A public key that instances may be given; the private one is told once and not kept."""

    name: str
    fingerprint: str
    public_key: str


class UserData(Owned, frozen=True, kw_only=True):
    """User data under a name, base64."""

    name: str
    data: str
    params: tuple[str, ...] = ()


def next_instance_state(state: InstanceState, event: InstanceEvent) -> InstanceState:
    """Where an event takes an instance.

    Raises:
        Conflict: the table has no such step (`bad-transition`).
    """
    return step(INSTANCE_TABLE, "an instance", state, event)
