"""What a switch can do, found by trying: each probe is a flow that it accepts if and only if it can.

Rule 1: a probe is put into a bundle that is discarded: Open vSwitch makes and checks the rule when it is added to the bundle
    (`handle_bundle_add`), and nothing of it is ever in a table.
Rule 2: probes are the provider's; a probe that gets no answer at all is a broken session, not a missing capability.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from netloom.switches.openflow_client import OpenFlowClient
from netloom.wire.openflow.bundle import ComposedBundle, xids_needed
from netloom.wire.openflow.flow import Flow
from netloom.wire.openflow.flow_stats import raw_of
from netloom.wire.openflow.messages.bundle import BundleStep
from netloom.wire.openflow.raw_bundle import ADD, RawChange, compose_raw


async def probe(client: OpenFlowClient, probes: Mapping[str, Flow]) -> frozenset[str]:
    """The names of the probes that the switch accepts."""
    found: set[str] = set()
    for name, flow in probes.items():
        result = await client.bundle(_try(flow))
        if result.closed and not result.refused:
            found.add(name)
    return frozenset(found)


def _try(flow: Flow) -> Callable[[int, int, Callable[[int], int]], ComposedBundle]:
    def compose(version: int, bundle_id: int, reserve: Callable[[int], int]) -> ComposedBundle:
        return compose_raw(
            [RawChange(ADD, raw_of(flow, version))],
            version=version,
            bundle_id=bundle_id,
            first_xid=reserve(xids_needed(1)),
            step=BundleStep.DISCARD_REQUEST,
        )

    return compose
