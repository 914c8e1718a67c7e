"""A place for instances: a zone with hosts, a test hypervisor, people, and isolated networks without a router."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec
from tests.app.cloud.clouds import opened
from tests.app.cloud.people import People, people
from tests.testing import templates
from tests.testing.memory_hypervisor import MemoryHypervisor, with_machines

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.cloud import Cloud, Done
from netloom.app.cloud.infrastructure import zones
from netloom.app.cloud.instances_deploy import DEPLOY, DeployInstance
from netloom.app.cloud.instances_nics import NicWish
from netloom.app.cloud.networks_create import CREATE, CreateNetwork
from netloom.app.cloud.offerings_seed import OVS_ISOLATED
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.app.intent import create_many
from netloom.base.errors import NetloomError
from netloom.base.ids import HostId, Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.instances import Instance, InstanceNic, Template
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.networks_subnet import Wished
from netloom.model.cloud.offerings import NetworkOffering, ServiceOffering
from netloom.model.cloud.record import Record
from netloom.model.kinds import Kind
from netloom.model.objects import Nic
from netloom.model.specs import HostSpec
from netloom.store.catalog import find_by_ids
from netloom.store.cloud.records import columns

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)


@dataclass
class Stage:
    """The cloud, who is in it, and what stands there."""

    cloud: Cloud
    who: People
    machines: MemoryHypervisor
    down: set[HostId]
    hosts: dict[str, HostId]
    zone_id: Uuid
    template: Template
    size: ServiceOffering
    offering: NetworkOffering
    network: GuestNetwork

    async def a_network(
        self, name: str, caller: Caller | None = None, cidr: str = "10.1.1.0/24"
    ) -> GuestNetwork:
        """An isolated network."""
        gateway = cidr.replace(".0/24", ".1")
        request = CreateNetwork(
            name=name,
            offering_id=self.offering.id,
            zone_id=self.zone_id,
            addresses=Wished(gateway=gateway, netmask="255.255.255.0"),
        )
        return (await self.cloud.do(caller or self.who.alice, CREATE, request)).record

    async def deploy(
        self, name: str, *networks: GuestNetwork, caller: Caller | None = None, **more: object
    ) -> Instance:
        """An instance to the end of its job, in Alice's network unless others are named.

        Raises:
            NetloomError: it was refused, at once or in its job.
        """
        return await self.do(DEPLOY, self.wish(name, *networks, **more), caller)

    def wish(self, name: str, *networks: GuestNetwork, **more: object) -> DeployInstance:
        """A request for an instance."""
        nics = tuple(NicWish(network_id=network.id) for network in networks or (self.network,))
        plain = DeployInstance(
            zone_id=self.zone_id,
            template_id=self.template.id,
            service_offering_id=self.size.id,
            name=name,
            nics=nics,
        )
        return msgspec.structs.replace(plain, **more)

    async def do(self, use_case: UseCase[Q, R], request: Q, caller: Caller | None = None) -> R:
        """Do a use case to its end, as Alice unless said otherwise; the record as it is then (or was last)."""
        done = await self.cloud.do(caller or self.who.alice, use_case, request)
        await self.end(done)
        now = await self.read(lambda view: view.records.get(type(done.record), done.record.id))
        return done.record if now is None else now

    async def end(self, done: Done[R]) -> None:
        """Wait for a job; raises what it failed with, by its code."""
        if done.job is None:
            return
        job_id = done.job.id
        await self.cloud.jobs.settled(job_id, 30.0)
        job = await self.read(lambda view: view.records.get(Job, job_id))
        assert job is not None
        if job.state is not JobState.SUCCEEDED:
            raise NetloomError(job.error_text or "", code=job.error_code)

    async def read(self, work: Callable[[View], T]) -> T:
        """Read as netloom itself."""
        return await self.cloud.read_as(system_caller(), work)

    async def write(self, work: Callable[[Work], T]) -> T:
        """Write as netloom itself."""
        return await self.cloud.write_as(system_caller(), "stage", work)

    async def now(self, instance: Instance) -> Instance | None:
        """An instance as it is now."""
        return await self.read(lambda view: view.records.get(Instance, instance.id))

    async def nics(self, instance: Instance) -> list[InstanceNic]:
        """Its interfaces in the order of their devices."""
        c = columns(InstanceNic)
        return await self.read(
            lambda view: view.records.select(InstanceNic, c.instance_id == instance.id, order=c.device_number)
        )

    async def natives(self, nics: Iterable[InstanceNic]) -> dict[Uuid, Nic]:
        """The NICs that switches are told of."""
        ids = [nic.id for nic in nics]
        found = await self.read(lambda view: find_by_ids(view.records.connection, Kind.NIC, ids))
        return {nic_id: nic for nic_id, nic in found.items() if isinstance(nic, Nic)}


@asynccontextmanager
async def on_stage(url: str, hosts: int = 2) -> AsyncIterator[Stage]:
    """A stage on a database of its own; the second time and later it begins as a copy of the first."""
    machines, down, key = MemoryHypervisor(), set[HostId](), ("instance stage", hosts)
    known = cast("Stage | None", templates.begin_with(key, url))
    async with opened(url, with_machines(Backends(), machines, down=down)) as cloud:
        if known is None:
            known = await _built(cloud, hosts)
            templates.keep(key, url, known)
        yield dataclasses.replace(known, cloud=cloud, machines=machines, down=down)


async def _built(cloud: Cloud, hosts: int) -> Stage:
    who = await people(cloud)

    def build(work: Work) -> dict[str, HostId]:
        specs = [
            HostSpec(name=f"h{n}", ovsdb=f"ssl:192.0.2.{n}:6640", tunnel_ip=f"192.0.2.{n}")
            for n in range(1, hosts + 1)
        ]
        made = create_many(work.tx, Kind.HOST, specs)
        return {host.name: HostId(host.id) for host in made}

    def look(view: View) -> tuple[Uuid, Template, ServiceOffering, NetworkOffering]:
        s, o = columns(ServiceOffering), columns(NetworkOffering)
        template = view.records.first(Template)
        size = view.records.first(ServiceOffering, s.name == "Small Instance")
        offering = view.records.first(NetworkOffering, o.name == OVS_ISOLATED)
        assert template is not None
        assert size is not None
        assert offering is not None
        return zones(view)[0].id, template, size, offering

    named = await cloud.write_as(system_caller(), "stage", build)
    zone_id, template, size, offering = await cloud.read_as(system_caller(), look)
    request = CreateNetwork(name="web", offering_id=offering.id, zone_id=zone_id)
    network = (await cloud.do(who.alice, CREATE, request)).record
    return Stage(cloud, who, MemoryHypervisor(), set(), named, zone_id, template, size, offering, network)
