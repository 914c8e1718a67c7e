"""Probes on a real switch: refused for what the datapath cannot do, and nothing is left of them."""

from __future__ import annotations

import asyncio

from tests.sandbox.ovs import OvsSandbox

from netloom.aio.tasks import TaskKit
from netloom.model.endpoints import Endpoint, Scheme
from netloom.providers.ovs.capabilities import PROBES
from netloom.switches.capabilities import probe
from netloom.switches.openflow_client import OpenFlowClient
from netloom.switches.pump import PumpSettings
from netloom.switches.stream import Dialling, dial
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.match import Match


async def found(path: str, probes: dict[str, Flow]) -> frozenset[str]:
    stream = await dial(Endpoint(Scheme.UNIX, path=path), Dialling())
    client = OpenFlowClient(stream, PumpSettings())
    async with TaskKit("client") as kit:
        kit.launch(client.run(), "pump")
        await client.negotiated()
        return await probe(client, probes)


async def test_what_the_datapath_cannot_do_is_noticed() -> None:
    probes = {"tracked": Flow(253, 1, Match.of(eth_type=0x800, ct_state=(1, 1)), ()), **PROBES}
    with OvsSandbox.started() as ovs:
        path = str(ovs.bridge("br0"))
        assert await found(path, probes) == frozenset(probes)
        await asyncio.to_thread(ovs.appctl, "dpif/set-dp-features", "br0", "ct_state", "false")
        assert await found(path, probes) == frozenset(PROBES)
        assert "actions" not in ovs.ofctl("-OOpenFlow14", "dump-flows", "br0")
