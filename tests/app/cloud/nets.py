"""A place for tenants' networks: people, test providers, wires that carry tunnels and VLANs."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec
from tests.app.cloud.clouds import opened
from tests.app.cloud.people import People, people
from tests.app.cloud.rules_stage import enable_keepers
from tests.testing import templates
from tests.testing.rule_keeper import KEPT, Notebook, keeper_backends

from netloom.app import intent
from netloom.app.cloud import infrastructure, public_ranges
from netloom.app.cloud.cloud import Cloud, Done
from netloom.app.cloud.networks_create import CREATE, CreateNetwork
from netloom.app.cloud.networks_facts import native
from netloom.app.cloud.offerings import CREATE_NETWORK_OFFERING
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.base.ids import Uuid
from netloom.model.cloud.configuration import Configuration
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.jobs import Job
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.networks_subnet import Wished
from netloom.model.cloud.offerings import NetworkOffering
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft
from netloom.model.cloud.offerings_services import ServiceProvider
from netloom.model.cloud.record import Record
from netloom.model.isolation import Isolation
from netloom.model.kinds import Kind
from netloom.model.objects import Network
from netloom.model.patches import PhysicalNetworkPatch
from netloom.model.specs import NicSpec
from netloom.store.cloud.records import columns

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)

OVS = "DefaultOvsIsolatedNetworkOffering"
SOURCE_NAT = "DefaultIsolatedNetworkOfferingWithSourceNatService"
SHARED = "DefaultSharedNetworkOffering"
L2 = "DefaultL2NetworkOffering"
L2_VLAN = "DefaultL2NetworkOfferingVlan"
PLACE = "place for networks"
RANGE = Wished(gateway="10.44.0.1", netmask="255.255.255.0", start="10.44.0.10", end="10.44.0.50")


@dataclass
class Nets:
    """The cloud, who is in it, and where."""

    cloud: Cloud
    notebook: Notebook
    who: People
    zone_id: Uuid
    wires_id: Uuid
    offerings: dict[str, NetworkOffering]

    async def make(
        self, name: str = "blue", offering: str = OVS, caller: Caller | None = None, **more: object
    ) -> GuestNetwork:
        """A network, Alice's unless said otherwise."""
        request = CreateNetwork(
            name=name,
            offering_id=self.offerings[offering].id,
            zone_id=self.zone_id,
            **more,  # type: ignore[arg-type]
        )
        return (await self.cloud.do(caller or self.who.alice, CREATE, request)).record

    async def do(self, use_case: UseCase[Q, R], request: Q, caller: Caller | None = None) -> Job | None:
        """Do a use case to its end, as Alice unless said otherwise; its job as it ended."""
        done = await self.cloud.do(caller or self.who.alice, use_case, request)
        return await self.ended(done)

    async def ended(self, done: Done[R]) -> Job | None:
        """A job's end."""
        if done.job is None:
            return None
        job_id = done.job.id
        await self.cloud.jobs.settled(job_id, 30.0)
        return await self.read(lambda view: view.records.get(Job, job_id))

    async def native(self, network: GuestNetwork) -> Network:
        """The native half."""
        return await self.read(lambda view: native(view, network))

    async def now(self, network: GuestNetwork) -> GuestNetwork:
        """The record as it is now."""
        found = await self.read(lambda view: view.records.get(GuestNetwork, network.id))
        assert found is not None
        return found

    async def plug(self, network: GuestNetwork, name: str = "web") -> Uuid:
        """A native NIC in a network, nowhere yet."""
        [nic] = await self.write(
            lambda work: intent.create_many(work.tx, Kind.NIC, [NicSpec(name=name, network=network.id)])
        )
        return nic.id

    async def set(self, name: str, value: str) -> None:
        """A setting."""
        await self.write(lambda work: work.insert(Configuration(**work.birth(), name=name, value=value)))

    async def offer(self, name: str, **terms: object) -> NetworkOffering:
        """An offering of isolated networks by Ovs, with these terms."""
        draft = NetworkOfferingDraft(
            **{  # type: ignore[arg-type]
                "name": name,
                "guest_type": "Isolated",
                "services": ("Connectivity",),
                "providers": (ServiceProvider("Connectivity", "Ovs"),),
                "enable": True,
                **terms,
            }
        )
        made = (await self.cloud.do(self.who.root, CREATE_NETWORK_OFFERING, draft)).record
        self.offerings[name] = made
        return made

    async def read(self, work: Callable[[View], T]) -> T:
        """Read as netloom itself."""
        return await self.cloud.read_as(system_caller(), work)

    async def write(self, work: Callable[[Work], T]) -> T:
        """Write as netloom itself."""
        return await self.cloud.write_as(system_caller(), "test", work)


@asynccontextmanager
async def nets(path: pathlib.Path, url: str | None = None) -> AsyncIterator[Nets]:
    """Build it; the second time and later it is a copy of the first."""
    notebook, at = Notebook(), url or f"sqlite:///{path}/cloud.db"
    known = cast("Nets | None", templates.begin_with(PLACE, at))
    async with opened(at, keeper_backends(notebook)) as cloud:
        if known is None:
            known = await _built(cloud)
            templates.keep(PLACE, at, known)
        yield dataclasses.replace(known, cloud=cloud, notebook=notebook, offerings=dict(known.offerings))


async def _built(cloud: Cloud) -> Nets:
    who = await people(cloud)
    await cloud.write_as(system_caller(), "test", _carry_all)
    await enable_keepers(cloud, who.root, KEPT)
    zone, wires, offerings = await cloud.read_as(system_caller(), _look)
    span = public_ranges.Addresses(
        gateway="192.0.2.1", netmask="255.255.255.0", start="192.0.2.10", end="192.0.2.20"
    )
    request = public_ranges.CreateRange(addresses=span, zone_id=zone, vlan="50")
    await cloud.do(who.root, public_ranges.CREATE, request)
    return Nets(cloud, Notebook(), who, zone, wires, offerings)


def _carry_all(work: Work) -> None:
    patch = PhysicalNetworkPatch(isolations=tuple(Isolation))
    intent.patch(work.tx, Kind.PHYSICAL_NETWORK, "default", patch, None)


def _look(view: View) -> tuple[Uuid, Uuid, dict[str, NetworkOffering]]:
    c = columns(NetworkOffering)
    offerings = {each.name: each for each in view.records.select(NetworkOffering, c.is_default.is_(True))}
    return infrastructure.zones(view)[0].id, infrastructure.physical_networks(view)[0].id, offerings
