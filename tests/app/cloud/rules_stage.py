"""A place for rules: an implemented network of Alice's with two instances, behind providers that keep rules.

Network and instances are written as records, so that tests of rules hang on nothing but rules.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields
from datetime import datetime
from typing import TypeVar, cast

import msgspec
from tests.app.cloud.clouds import opened
from tests.app.cloud.people import People, people
from tests.testing import templates
from tests.testing.rule_keeper import Notebook, keeper_backends

from netloom.app.cloud import addresses, firewall, infrastructure, public_ranges
from netloom.app.cloud.addresses_place import AssociateIp
from netloom.app.cloud.cloud import Cloud, Done
from netloom.app.cloud.doing import Doing
from netloom.app.cloud.infrastructure_providers import ADD, UPDATE, AddProvider, UpdateProvider
from netloom.app.cloud.usecase import UseCase
from netloom.app.cloud.visibility import system_caller
from netloom.app.cloud.work import View, Work
from netloom.app.intent import create_many
from netloom.base.errors import Conflict, InvalidInput, NetloomError, PeerError
from netloom.base.ids import NetworkId, Number, Uuid
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.identity import Account, Caller
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState, SecondaryIp, Template
from netloom.model.cloud.jobs import Job, JobState
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.offerings import NetworkOffering, ServiceOffering
from netloom.model.cloud.record import Record
from netloom.model.kinds import Kind
from netloom.model.objects import Network, Nic, PhysicalNetwork, Zone
from netloom.model.specs import NetworkSpec, NicSpec
from netloom.model.states import NetworkState
from netloom.store.catalog import all_of, replace
from netloom.store.cloud.records import columns

T = TypeVar("T")
Q = TypeVar("Q", bound=msgspec.Struct)
R = TypeVar("R", bound=Record)
SOURCE_NAT = "DefaultIsolatedNetworkOfferingWithSourceNatService"
LAST = 24


@dataclass
class Stage:
    """The cloud, who is in it, and what stands there."""

    cloud: Cloud
    notebook: Notebook
    who: People
    network: GuestNetwork
    web: Instance
    db: Instance
    nics: dict[Uuid, InstanceNic] = field(default_factory=dict)

    async def do(self, use_case: UseCase[Q, R], request: Q, caller: Caller | None = None) -> R:
        """Do a use case to its end, as Alice unless said otherwise; the record as it is then (or was last).

        Raises:
            NetloomError: it was refused, at once or in its job.
        """
        done = await self.cloud.do(caller or self.who.alice, use_case, request)
        await self.end(done)
        now = await self.read(lambda view: view.records.get(type(done.record), done.record.id))
        return done.record if now is None else now

    async def end(self, done: Done[R]) -> None:
        """Wait for a job; raises what it failed with."""
        if done.job is None:
            return
        job_id = done.job.id
        await self.cloud.jobs.settled(job_id, 30.0)
        job = await self.read(lambda view: view.records.get(Job, job_id))
        assert job is not None
        if job.state is JobState.SUCCEEDED:
            return
        assert job.state is JobState.FAILED, job
        kinds: dict[str, type[NetloomError]] = {
            kind.__name__: kind for kind in (Conflict, InvalidInput, PeerError)
        }
        raise kinds[job.error_kind or ""](job.error_text or "", code=job.error_code)

    async def read(self, work: Callable[[View], T]) -> T:
        """Read as netloom itself."""
        return await self.cloud.read_as(system_caller(), work)

    async def write(self, work: Callable[[Work], T]) -> T:
        """Write as netloom itself."""
        return await self.cloud.write_as(system_caller(), "stage", work)

    async def all(self, record_type: type[R]) -> list[R]:
        """All records of a type."""
        return await self.read(lambda view: view.records.select(record_type))

    async def address(self, **wanted: object) -> PublicIp:
        """An address for the network, or as wanted."""
        asked = wanted or {"network_id": self.network.id}
        return await self.do(
            addresses.ASSOCIATE_IP,
            msgspec.convert(asked, AssociateIp),
        )

    async def extra(self) -> PublicIp:
        """An address for the network that is not its source NAT."""
        ip = await self.address()
        return await self.address() if ip.source_nat else ip

    async def open(self, ip: PublicIp, start: int | None, end: int | None = None, **more: object) -> object:
        """A firewall rule for tcp."""
        request = firewall.CreateFirewallRule(
            **{"public_ip_id": ip.id, "protocol": "tcp", "start_port": start, "end_port": end, **more}  # type: ignore[arg-type]
        )
        return await self.do(firewall.CREATE_FIREWALL_RULE, request)

    def doing(self) -> Doing:
        """What a job of Alice's would have."""
        at = self.cloud.now()
        job = Job(
            id=Uuid("00000000-0000-4000-8000-0000000000aa"),
            number=Number(0),
            created_at=at,
            updated_at=at,
            account_id=self.network.account_id,
            domain_id=self.network.domain_id,
            user_id=self.who.alice.user_id,
            use_case="stage",
            queue=None,
            resource_kind=None,
            resource_id=None,
            state=JobState.RUNNING,
        )
        return Doing(self.cloud, system_caller(job), job)


@asynccontextmanager
async def staged(
    url: str, offering: str = SOURCE_NAT, providers: tuple[str, ...] = ("VirtualRouter",)
) -> AsyncIterator[Stage]:
    """Build it; the second time and later it is a copy of the first."""
    notebook, key = Notebook(), ("rules stage", offering, providers)
    known = cast("Stage | None", templates.begin_with(key, url))
    async with opened(url, keeper_backends(notebook)) as cloud:
        if known is None:
            known = await _built(cloud, offering, providers)
            templates.keep(key, url, known)
        nics = dict(known.nics)
        yield replace_fields(known, cloud=cloud, notebook=notebook, nics=nics)


async def _built(cloud: Cloud, offering: str, providers: tuple[str, ...]) -> Stage:
    who = await people(cloud)
    await enable_keepers(cloud, who.root, providers)
    zone = await cloud.read_as(system_caller(), lambda view: infrastructure.zones(view)[0])
    span = public_ranges.Addresses(
        gateway="192.0.2.1", netmask="255.255.255.0", start="192.0.2.10", end=f"192.0.2.{LAST}"
    )
    request = public_ranges.CreateRange(addresses=span, zone_id=zone.id, vlan="50")
    await cloud.do(who.root, public_ranges.CREATE, request)
    network = await cloud.write_as(
        system_caller(), "stage", lambda work: put_network(work, zone, who.alice.account_id, offering)
    )
    stage = Stage(cloud, Notebook(), who, network, cast("Instance", None), cast("Instance", None))
    stage.web = await stage.write(lambda work: put_instance(work, network, "web"))
    stage.db = await stage.write(lambda work: put_instance(work, network, "db"))
    for nic in await stage.all(InstanceNic):
        stage.nics[nic.instance_id] = nic
    return stage


async def enable_keepers(cloud: Cloud, root: Caller, names: tuple[str, ...] = ("VirtualRouter",)) -> None:
    """Enable the test providers on every physical network."""
    wires = await cloud.read_as(
        system_caller(),
        lambda view: cast("list[PhysicalNetwork]", all_of(view.records.connection, Kind.PHYSICAL_NETWORK)),
    )
    for each in wires:
        for name in names:
            found = await cloud.read_as(
                system_caller(), lambda view, at=each.id, n=name: infrastructure.provider_on(view, at, n)
            )
            if found is None:
                done = await cloud.do(root, ADD, AddProvider(physical_network_id=each.id, name=name))
                assert done.job is not None
                await cloud.jobs.settled(done.job.id, 30.0)
                found = done.record
            done = await cloud.do(root, UPDATE, UpdateProvider(id=found.id, state="Enabled"))
            assert done.job is not None
            await cloud.jobs.settled(done.job.id, 30.0)


def put_network(
    work: Work,
    zone: Zone,
    account_id: str,
    offering: str = SOURCE_NAT,
    *,
    name: str = "blue",
    state: NetworkState = NetworkState.IMPLEMENTED,
    vpc_id: Uuid | None = None,
) -> GuestNetwork:
    """A network of an account, native and cloud's, in the state that is asked for."""
    owner = work.records.get(Account, account_id)
    offered = work.records.first(NetworkOffering, columns(NetworkOffering).name == offering)
    assert owner is not None
    assert offered is not None
    [made] = create_many(work.tx, Kind.NETWORK, [NetworkSpec(name=name, cidr="10.1.1.0/24", zone=zone.name)])
    native = cast("Network", made)
    replace(work.tx, msgspec.structs.replace(native, state=state))
    birth = {**work.owned(owner), "id": native.id, "number": native.number}
    return work.insert(
        GuestNetwork(
            **birth,  # type: ignore[arg-type]
            name=name,
            display_text=name,
            zone_id=zone.id,
            physical_network_id=native.physical_network_id,
            offering_id=offered.id,
            guest_type=offered.guest_type,
            guru="OvsGuestNetworkGuru",
            cidr="10.1.1.0/24",
            gateway="10.1.1.1",
            egress_default_allow=False,
            vpc_id=vpc_id,
        )
    )


def put_instance(
    work: Work, network: GuestNetwork, name: str, state: InstanceState = InstanceState.RUNNING
) -> Instance:
    """An instance with a NIC in a network, of the network's owner."""
    template = work.records.first(Template, columns(Template).hypervisor == "Stage")
    if template is None:
        template = work.insert(
            Template(**work.birth(), name="plain", display_text="plain", hypervisor="Stage", image="plain")
        )
    size = work.records.first(ServiceOffering)
    assert size is not None
    instance = work.insert(
        Instance(
            **work.owned(network),
            name=name,
            display_name=name,
            state=state,
            zone_id=network.zone_id,  # type: ignore[arg-type]
            template_id=template.id,
            service_offering_id=size.id,
            hypervisor="Stage",
            external_id=f"{name}-{network.id}",
        )
    )
    [made] = create_many(work.tx, Kind.NIC, [NicSpec(name=f"{name}-{network.name}", network=network.id)])
    native = cast("Nic", made)
    birth = {**work.owned(network), "id": native.id, "number": native.number}
    work.insert(
        InstanceNic(
            **birth,  # type: ignore[arg-type]
            instance_id=instance.id,
            network_id=NetworkId(network.id),
            device_number=0,
            mac=native.mac,
            is_default=True,
            ipv4=native.ipv4,
        )
    )
    return instance


def put_secondary(work: Work, nic: InstanceNic, address: str) -> SecondaryIp:
    """A second address of a NIC."""
    return work.insert(
        SecondaryIp(**work.owned(nic), nic_id=nic.id, network_id=nic.network_id, address=address)
    )


def moment(work: Work) -> datetime:
    """The transaction's time."""
    return work.at
