"""Offerings from their making to their end, and those that a cloud starts with."""

from __future__ import annotations

import pytest

from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.offerings import (
    CREATE_NETWORK_OFFERING,
    DELETE_NETWORK_OFFERING,
    UPDATE_NETWORK_OFFERING,
    DeleteOffering,
    UpdateNetworkOffering,
)
from netloom.app.cloud.offerings_seed import OVS_ISOLATED, SOURCE_NAT, seed
from netloom.app.cloud.offerings_seen import seen
from netloom.app.cloud.offerings_service import CREATE_SERVICE_OFFERING, CreateServiceOffering
from netloom.base.errors import Conflict, InvalidInput, NotFound
from netloom.base.ids import Uuid
from netloom.model.cloud.identity import Caller
from netloom.model.cloud.offerings import NetworkOffering, ServiceOffering, VpcOffering
from netloom.model.cloud.offerings_draft import NetworkOfferingDraft
from netloom.model.cloud.offerings_services import ServiceProvider
from netloom.model.cloud.words import Allocation

NOBODY = Uuid("00000000-0000-4000-8000-00000000ffff")


def draft(name: str = "mine") -> NetworkOfferingDraft:
    return NetworkOfferingDraft(
        name=name,
        guest_type="Isolated",
        services=("Connectivity",),
        providers=(ServiceProvider("Connectivity", "Ovs"),),
    )


async def test_a_cloud_starts_with_offerings_that_clients_look_for_once(cloud: Cloud, system: Caller) -> None:
    networks = await cloud.read_as(system, lambda view: seen(view, NetworkOffering))
    assert networks[0].name == OVS_ISOLATED
    assert {SOURCE_NAT, "DefaultSharedNetworkOffering", "DefaultL2NetworkOffering"} <= {
        o.name for o in networks
    }
    assert all(offering.is_default and offering.state is Allocation.ENABLED for offering in networks)
    assert len(await cloud.read_as(system, lambda view: seen(view, VpcOffering))) == 2
    assert len(await cloud.read_as(system, lambda view: seen(view, ServiceOffering))) == 3
    await cloud.write_as(system, "seed", seed)
    again = await cloud.read_as(system, lambda view: seen(view, NetworkOffering))
    assert len(again) == len(networks)


async def test_an_offering_is_made_changed_and_deleted(cloud: Cloud, system: Caller) -> None:
    made = (await cloud.do(system, CREATE_NETWORK_OFFERING, draft())).record
    assert made.state is Allocation.DISABLED
    change = UpdateNetworkOffering(id=made.id, state="enabled", display_text="Mine", tags=("fast",))
    changed = (await cloud.do(system, UPDATE_NETWORK_OFFERING, change)).record
    assert (changed.state, changed.display_text, changed.tags) == (Allocation.ENABLED, "Mine", ("fast",))
    await cloud.do(system, DELETE_NETWORK_OFFERING, DeleteOffering(id=made.id))
    with pytest.raises(NotFound):
        await cloud.do(system, DELETE_NETWORK_OFFERING, DeleteOffering(id=made.id))


async def test_names_are_unique_and_built_in_ones_stay(cloud: Cloud, system: Caller) -> None:
    with pytest.raises(Conflict) as taken:
        await cloud.do(system, CREATE_NETWORK_OFFERING, draft(SOURCE_NAT))
    assert taken.value.stable_code == "offering-taken"
    first = (await cloud.read_as(system, lambda view: seen(view, NetworkOffering)))[0]
    with pytest.raises(Conflict) as kept:
        await cloud.do(system, DELETE_NETWORK_OFFERING, DeleteOffering(id=first.id))
    assert kept.value.stable_code == "offering-default"
    with pytest.raises(InvalidInput):
        await cloud.do(
            system, UPDATE_NETWORK_OFFERING, UpdateNetworkOffering(id=first.id, availability="Required")
        )


async def test_offerings_name_domains_and_zones_that_are_there(cloud: Cloud, system: Caller) -> None:
    made = (await cloud.do(system, CREATE_NETWORK_OFFERING, draft())).record
    with pytest.raises(NotFound):
        await cloud.do(system, UPDATE_NETWORK_OFFERING, UpdateNetworkOffering(id=made.id, zone_ids=(NOBODY,)))


async def test_a_size_has_processors_and_memory_or_neither(cloud: Cloud, system: Caller) -> None:
    free = (await cloud.do(system, CREATE_SERVICE_OFFERING, CreateServiceOffering(name="free"))).record
    assert free.customized
    with pytest.raises(InvalidInput, match="belong together"):
        await cloud.do(system, CREATE_SERVICE_OFFERING, CreateServiceOffering(name="half", cpu_number=2))
