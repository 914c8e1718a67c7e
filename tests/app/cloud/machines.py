"""Instances for tests that are about owners and time, not about machines: rows without anything behind them."""

from __future__ import annotations

from sqlalchemy import select

from netloom.app.cloud.work import Work
from netloom.base.ids import ZoneId
from netloom.model.cloud.identity import Account
from netloom.model.cloud.instances import Instance, InstanceState, Template
from netloom.model.cloud.offerings import ServiceOffering
from netloom.store import tables

MIB = 1024


def an_instance(work: Work, account: Account, name: str, cpus: int = 2, memory: int = MIB) -> Instance:
    """A stopped instance of an account."""
    template = work.records.first(Template) or work.insert(
        Template(**work.birth(), name="t", display_text="t", hypervisor="test", image="t")
    )
    zone_id = work.tx.connection.execute(select(tables.zones.c.id)).scalars().first()
    offering = work.records.first(ServiceOffering)
    assert zone_id is not None
    assert offering is not None
    return work.insert(
        Instance(
            **work.owned(account),
            name=name,
            display_name=name,
            state=InstanceState.STOPPED,
            zone_id=ZoneId(zone_id),
            template_id=template.id,
            service_offering_id=offering.id,
            hypervisor="test",
            cpu_number=cpus,
            memory=memory,
        )
    )
