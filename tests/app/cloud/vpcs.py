"""A place for VPCs: Alice's VPC, its tiers written as records, behind providers that keep rules."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import msgspec
from tests.app.cloud.rules_stage import Stage, put_network, staged

from netloom.app.cloud import (
    acl_items,
    acl_lists,
    infrastructure,
    networks_create,
    private_gateways,
    vpc_life,
)
from netloom.app.cloud.vpc_provider import RECORDS
from netloom.base.ids import Uuid
from netloom.model.cloud.acl import AclItem, AclList
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.networks import GuestNetwork
from netloom.model.cloud.networks_subnet import Wished
from netloom.model.cloud.offerings import NetworkOffering, VpcOffering
from netloom.model.cloud.record import Record
from netloom.model.cloud.routes import PrivateGateway
from netloom.model.cloud.vpc import Vpc
from netloom.model.states import NetworkState
from netloom.plan.elements import RuleStage
from netloom.plan.vpc_elements import VpcPart
from netloom.store.cloud.records import columns

VPC_OFFERING = "Default VPC offering"
TIER = "DefaultIsolatedNetworkOfferingForVpcNetworks"


@dataclass
class VpcStage:
    """The stage of rules, and what VPCs need in one line each. Everything is Alice's unless said otherwise."""

    stage: Stage
    zone_id: Uuid
    offering_id: Uuid

    async def vpc(self, name: str = "v1", caller: Caller | None = None, **more: object) -> Vpc:
        """A VPC, made to the end of its job."""
        asked = {
            "name": name,
            "zone_id": self.zone_id,
            "offering_id": self.offering_id,
            "cidr": "10.50.0.0/16",
        }
        request = msgspec.convert({**asked, **more}, vpc_life.CreateVpc)
        return await self.stage.do(vpc_life.CREATE, request, caller)

    async def tier(
        self, vpc: Vpc, name: str = "t1", acl_id: Uuid | None = None, *, up: bool = True
    ) -> GuestNetwork:
        """A tier, implemented or not, with a list or none."""
        state = NetworkState.IMPLEMENTED if up else NetworkState.ALLOCATED
        zone = await self.stage.read(lambda view: infrastructure.zone(view, vpc.zone_id))
        made = await self.stage.write(
            lambda work: put_network(
                work, zone, vpc.account_id, TIER, name=name, state=state, vpc_id=Uuid(vpc.id)
            )
        )
        with_list = msgspec.structs.replace(made, acl_id=acl_id)
        return await self.stage.write(lambda work: work.update(with_list))

    async def made_tier(
        self, vpc: Vpc, name: str, cidr: str, offering: str = TIER, **more: object
    ) -> GuestNetwork:
        """A tier, made as users make it."""
        c = columns(NetworkOffering)
        found = await self.stage.read(lambda view: view.records.first(NetworkOffering, c.name == offering))
        assert found is not None
        network = ipaddress.ip_network(cidr)
        asked = {
            "name": name,
            "offering_id": found.id,
            "vpc_id": vpc.id,
            "addresses": Wished(gateway=str(network[1]), netmask=str(network.netmask)),
        }
        request = msgspec.convert({**asked, **more}, networks_create.CreateNetwork)
        return await self.stage.do(networks_create.CREATE, request)

    async def acl(self, vpc: Vpc | None, name: str = "acl1", caller: Caller | None = None) -> AclList:
        """A list of a VPC, or the system's."""
        request = acl_lists.CreateAclList(name=name, vpc_id=None if vpc is None else Uuid(vpc.id))
        return await self.stage.do(acl_lists.CREATE, request, caller)

    async def item(self, acl: AclList, caller: Caller | None = None, **more: object) -> AclItem:
        """An item of a list: tcp, from everywhere, unless said otherwise."""
        request = msgspec.convert({"acl_id": acl.id, "protocol": "tcp", **more}, acl_items.CreateAclItem)
        return await self.stage.do(acl_items.CREATE, request, caller)

    async def gateway(self, vpc: Vpc, **more: object) -> PrivateGateway:
        """A private gateway in VLAN 501, made by the operator."""
        asked = {
            "vpc_id": vpc.id,
            "address": "192.168.99.2",
            "gateway": "192.168.99.1",
            "netmask": "255.255.255.0",
            "vlan": "501",
        }
        request = msgspec.convert({**asked, **more}, private_gateways.CreatePrivateGateway)
        return await self.stage.do(private_gateways.CREATE, request, self.stage.who.root)

    def told_items(self, network_id: str) -> list[int]:
        """The numbers of the items that the provider of a tier was told last."""
        records = self.stage.notebook.rules[network_id, RuleStage.NETWORK_ACL]
        return [cast("AclItem", record).order for record in records]

    def told_part(self, vpc_id: str, part: VpcPart) -> tuple[Record, ...]:
        """What a VPC's router was told last of a part."""
        assert part in RECORDS
        return self.stage.notebook.parts[vpc_id, part]


@asynccontextmanager
async def vpc_staged(url: str) -> AsyncIterator[VpcStage]:
    """Build it."""
    async with staged(url, providers=("VirtualRouter", "VpcVirtualRouter", "InternalLbVm")) as stage:
        zone = await stage.read(lambda view: infrastructure.zones(view)[0])
        c = columns(VpcOffering)
        offering = await stage.read(lambda view: view.records.first(VpcOffering, c.name == VPC_OFFERING))
        assert offering is not None
        yield VpcStage(stage, Uuid(zone.id), offering.id)
