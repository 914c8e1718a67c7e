"""A big cloud in a store: many networks, instances, NICs, addresses and rules, as copies of one that the API has made.

Rule 1: the first of each kind comes out of a real call; copies differ in what has to be unique, so they look like any other.
Rule 2: netloomd is not running while this writes.
"""

from __future__ import annotations

import ipaddress
from functools import partial
from typing import cast

from msgspec.structs import replace

from netloom.app.intent import create_many
from netloom.base.ids import NetworkId, NicId, ZoneId
from netloom.model.cloud.acl_match import Match
from netloom.model.cloud.addresses import PublicIp
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState, Template
from netloom.model.cloud.networks import GuestNetwork, native_name
from netloom.model.cloud.offerings import ServiceOffering
from netloom.model.cloud.record import OwnedBirth
from netloom.model.cloud.rules import FirewallRule, TrafficDirection
from netloom.model.cloud.security_groups import SecurityGroup, SecurityGroupRule
from netloom.model.kinds import Kind
from netloom.model.objects import Network, Nic
from netloom.model.specs import NetworkSpec, NicSpec
from netloom.store.cloud.records import Records
from netloom.store.store import Store
from netloom.store.transaction import Transaction

CHUNK = 50
"""Networks in one transaction."""
GROUPS = 100
"""Security groups; together they have as many rules as are asked for of addresses."""


async def fill(store: Store, networks: int, nics: int, rules: int) -> None:
    """Copy until there are so many of each; a network has its share of the NICs, an instance two of them."""
    for start in range(0, networks, CHUNK):
        count = min(CHUNK, networks - start)
        some = partial(_some, start=start, count=count, nics=nics // networks, rules=rules // networks)
        await store.write(some)
    await store.write(partial(_groups, rules=rules // GROUPS))


def _groups(tx: Transaction, rules: int) -> None:
    """Security groups of the first network's owner, as authorizing their rules one by one would make them."""
    records = Records(tx.connection)
    owner = records.select(GuestNetwork)[0]

    def birth() -> OwnedBirth:
        return OwnedBirth(
            id=tx.new_id(),
            number=tx.new_number(),
            created_at=tx.at,
            updated_at=tx.at,
            account_id=owner.account_id,
            domain_id=owner.domain_id,
        )

    groups = [SecurityGroup(**birth(), name=f"group{i}") for i in range(GROUPS)]
    records.insert_many(groups)
    matches = [
        Match(protocol="tcp", start_port=port, end_port=port, cidrs=("198.51.100.0/24",))
        for port in range(1, rules + 1)
    ]
    for group in groups:
        made = [
            SecurityGroupRule(**birth(), group_id=group.id, direction=TrafficDirection.INGRESS, match=match)
            for match in matches
        ]
        records.insert_many(made)


def _some(tx: Transaction, start: int, count: int, nics: int, rules: int) -> None:
    records = Records(tx.connection)
    first = records.select(GuestNetwork)[0]
    specs = [
        NetworkSpec(name=native_name(f"fill{start + i}", first.id), cidr=first.cidr) for i in range(count)
    ]
    natives = [cast("Network", made) for made in create_many(tx, Kind.NETWORK, specs)]
    records.insert_many(
        [
            replace(
                first,
                id=NetworkId(native.id),
                number=native.number,
                name=f"fill{start + i}",
                created_at=tx.at,
            )
            for i, native in enumerate(natives)
        ]
    )
    _machines(tx, records, first, natives, nics)
    _addresses(tx, records, start, natives, rules)


def _machines(
    tx: Transaction, records: Records, first: GuestNetwork, natives: list[Network], nics: int
) -> None:
    template, offering = _template(tx, records), records.select(ServiceOffering)[0]
    instances, parts = [], []
    for left, right in zip(natives[::2], natives[1::2], strict=False):
        specs = [NicSpec(name=f"{n.name}-{i}", network=n.name) for n in (left, right) for i in range(nics)]
        made = [cast("Nic", nic) for nic in create_many(tx, Kind.NIC, specs)]
        for pair in zip(made[:nics], made[nics:], strict=True):
            instance = Instance(
                id=tx.new_id(),
                number=tx.new_number(),
                created_at=tx.at,
                updated_at=tx.at,
                account_id=first.account_id,
                domain_id=first.domain_id,
                name=f"vm-{pair[0].number}",
                display_name=f"vm-{pair[0].number}",
                state=InstanceState.STOPPED,
                zone_id=ZoneId(first.zone_id),
                template_id=template.id,
                service_offering_id=offering.id,
                hypervisor=template.hypervisor,
            )
            instances.append(instance)
            parts += [_part(instance, nic, place) for place, nic in enumerate(pair)]
    records.insert_many(instances)
    records.insert_many(parts)


def _template(tx: Transaction, records: Records) -> Template:
    """What instances are made of; without a hypervisor there is none at first."""
    found = records.first(Template)
    if found is None:
        found = Template(
            id=tx.new_id(),
            number=tx.new_number(),
            created_at=tx.at,
            updated_at=tx.at,
            name="bench",
            display_text="bench",
            hypervisor="Simulator",
            image="bench",
        )
        records.insert(found)
    return found


def _part(instance: Instance, nic: Nic, place: int) -> InstanceNic:
    return InstanceNic(
        id=NicId(nic.id),
        number=nic.number,
        created_at=nic.created_at,
        updated_at=nic.updated_at,
        account_id=instance.account_id,
        domain_id=instance.domain_id,
        instance_id=instance.id,
        network_id=nic.network_id,
        device_number=place,
        mac=nic.mac,
        is_default=place == 0,
        ipv4=nic.ipv4,
    )


def _addresses(tx: Transaction, records: Records, start: int, natives: list[Network], rules: int) -> None:
    first, rule = records.select(PublicIp)[0], records.select(FirewallRule)[0]
    base = ipaddress.ip_address(first.address) + 1_000
    addresses, opened = [], []
    for i, native in enumerate(natives, start):
        address = replace(
            first,
            id=tx.new_id(),
            number=tx.new_number(),
            address=str(base + i),
            position=first.position + 1_000 + i,
            network_id=NetworkId(native.id),
        )
        addresses.append(address)
        opened += [
            replace(
                rule,
                id=tx.new_id(),
                number=tx.new_number(),
                network_id=NetworkId(native.id),
                public_ip_id=address.id,
                start_port=1_000 + port,
                end_port=1_000 + port,
            )
            for port in range(rules)
        ]
    records.insert_many(addresses)
    records.insert_many(opened)
