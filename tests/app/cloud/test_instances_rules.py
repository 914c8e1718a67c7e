"""Rules that lead to instances: what they keep from going, and how they go."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator

import pytest
from tests.app.cloud.rules_stage import Stage, put_secondary, staged

from netloom.app.cloud.instances_end import DESTROY, DestroyInstance
from netloom.app.cloud.instances_ips import REMOVE_IP, RemoveSecondary
from netloom.app.cloud.port_forwarding import CREATE_PORT_FORWARDING, CreatePortForwarding
from netloom.app.cloud.rules_to import leading_to
from netloom.app.cloud.static_nat import ENABLE_STATIC_NAT, EnableStaticNat
from netloom.base.errors import InvalidInput, PeerError
from netloom.base.ids import Uuid
from netloom.model.cloud.instances import Instance, InstanceNic, InstanceState
from netloom.plan.elements import Outcome, RuleStage


@pytest.fixture
async def stage(tmp_path: pathlib.Path) -> AsyncIterator[Stage]:
    async with staged(f"sqlite:///{tmp_path}/cloud.db") as stage:
        yield stage


async def forward(stage: Stage, instance: Instance, address: str | None = None) -> None:
    """A port of a public address that leads to an instance."""
    ip = await stage.extra()
    request = CreatePortForwarding(
        public_ip_id=ip.id, protocol="tcp", public_port=22, private_port=22, instance_id=instance.id,
        guest_address=address, open_firewall=True,
    )  # fmt: skip
    await stage.do(CREATE_PORT_FORWARDING, request)


async def leading(stage: Stage, instance_id: Uuid) -> int:
    """How many rules lead to an instance."""
    nic = stage.nics[instance_id]
    return len(await stage.read(lambda view: leading_to(view, [nic.id])))


async def test_an_address_that_rules_lead_to_stays(stage: Stage) -> None:
    nic = stage.nics[stage.web.id]
    second = await stage.write(lambda work: put_secondary(work, nic, "10.1.1.99"))
    await forward(stage, stage.web, "10.1.1.99")
    with pytest.raises(InvalidInput, match=r"rules lead to 10\.1\.1\.99: port forwarding"):
        await stage.do(REMOVE_IP, RemoveSecondary(id=second.id))


async def test_an_instance_that_goes_takes_its_rules_along(stage: Stage) -> None:
    await forward(stage, stage.web)
    ip = await stage.extra()
    await stage.do(ENABLE_STATIC_NAT, EnableStaticNat(public_ip_id=ip.id, instance_id=stage.db.id))
    assert (await leading(stage, stage.web.id), await leading(stage, stage.db.id)) == (1, 1)
    for instance in (stage.web, stage.db):
        await stage.do(DESTROY, DestroyInstance(id=instance.id, expunge=True), stage.who.root)
    assert await stage.all(Instance) == []
    assert await stage.all(InstanceNic) == []
    assert stage.notebook.rules[stage.network.id, RuleStage.PORT_FORWARDING] == ()


async def test_an_instance_stays_while_a_provider_does_not_let_go_of_its_rules(stage: Stage) -> None:
    await forward(stage, stage.web)
    stage.notebook.refusals[RuleStage.PORT_FORWARDING] = Outcome(done=False, reason="it is busy")
    with pytest.raises(PeerError, match="busy"):
        await stage.do(DESTROY, DestroyInstance(id=stage.web.id, expunge=True), stage.who.root)
    now = await stage.read(lambda view: view.records.get(Instance, stage.web.id))
    assert now is not None
    assert now.state is InstanceState.DESTROYED
    stage.notebook.refusals.clear()
    await stage.do(DESTROY, DestroyInstance(id=stage.web.id, expunge=True), stage.who.root)
    assert await stage.read(lambda view: view.records.get(Instance, stage.web.id)) is None
