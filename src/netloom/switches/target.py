"""A switch as a target of the engine: read back, compare, apply the difference.

    ports and bridge settings ──► flows in one bundle ──► ports that no flow needs any more
        (OVSDB, guarded)           (OpenFlow, atomic)          (OVSDB, guarded)

Rule 1: what is right is not sent again; adopting a switch that is as it should be sends no flow mod.
Rule 2: a fragment that the switch refuses is left out and reported with the switch's reason; the others go through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from netloom.base.errors import Conflict, PeerError
from netloom.plan.switch import BridgeSpec, Fragment, FragmentKey, PortSpec, SwitchDesired
from netloom.reconcile.ports import Outcome, Refusal
from netloom.reconcile.source import PORTS_KEY
from netloom.switches import claim
from netloom.switches.bridge_setup import release_steps
from netloom.switches.database import SwitchDatabase
from netloom.switches.flows import FlowSteps, RawCache, RawKey, change_flows, compare_flows, foreign_keys
from netloom.switches.in_force import in_force
from netloom.switches.openflow_client import BundleResult, OpenFlowClient
from netloom.switches.ovsdb_client import OvsdbClient
from netloom.switches.ownership import Ownership
from netloom.switches.ports import PortSteps, end_restore_wait, port_steps
from netloom.wire.openflow.bundle import ComposedBundle, xids_needed
from netloom.wire.openflow.connection import Delivery
from netloom.wire.openflow.messages.experimenter import RawMultipart
from netloom.wire.openflow.messages.flow_stats import FlowStatsRequest
from netloom.wire.openflow.raw_bundle import DELETE_STRICT, RawChange, compose_raw
from netloom.wire.ovsdb.errors import GuardFailed, OperationError
from netloom.wire.ovsdb.transaction import Transaction

_FENCED = "OFPBRC_IS_SLAVE"
"""What a switch answers to a controller that is no longer the primary one (OpenFlow 1.3.5, section 6.3.5)."""

BUNDLE_TRIES = 16
"""Times that a bundle is sent again without the fragments that were refused."""


class Links(Protocol):
    """The connections to the switch, as they are now."""

    @property
    def database(self) -> SwitchDatabase:
        """What is followed of its database."""
        ...

    def openflow(self) -> OpenFlowClient:
        """The OpenFlow connection. Raises `Unavailable` when there is none."""
        ...

    def ovsdb(self) -> OvsdbClient:
        """The OVSDB connection. Raises `Unavailable` when there is none."""
        ...

    def fenced(self) -> None:
        """Tell that the switch refuses us as the primary controller: the claim is to be made anew."""
        ...


@dataclass(frozen=True, slots=True)
class SwitchActual:
    """A switch's flows as it told them: bodies of a flow multipart reply, in an OpenFlow version."""

    parts: tuple[bytes, ...]
    version: int

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.parts))


@dataclass(frozen=True, slots=True)
class SwitchSteps:
    """What to do. Ports are computed when they are applied: the rows are at hand, and may have changed."""

    flows: FlowSteps
    version: int
    bridge: BridgeSpec | None = None
    ports: Mapping[str, PortSpec] | None = None
    full: bool = False


@dataclass(slots=True)
class FlowCounts:
    """Flows of the switch after the last turn, for reports."""

    desired: int = 0
    right: int = 0
    foreign: int = 0
    read_bytes: int = 0


class SwitchTarget:
    """One host's switch (`reconcile.ports.Target`)."""

    def __init__(self, host_id: str, links: Links, ownership: Ownership, cache: RawCache) -> None:
        self._name = host_id
        self._links = links
        self._ownership = ownership
        self._cache = cache
        self._foreign: frozenset[RawKey] = frozenset()
        self.counts = FlowCounts()

    @property
    def name(self) -> str:
        """The host's id."""
        return self._name

    async def read(self) -> SwitchActual:
        """All flows, ours and foreign, as bytes."""
        client = self._links.openflow()
        reply = await client.request(FlowStatsRequest(), RawMultipart, delivery=Delivery.RAW)
        actual = SwitchActual(reply.parts, client.version)
        self.counts.read_bytes = actual.size
        return actual

    async def compare(self, desired: SwitchDesired, actual: SwitchActual) -> SwitchSteps:
        """Steps from a full read."""
        # Kept as they are now: others get their turn while they are compared.
        own, shared = list(desired.fragments.own()), list(desired.fragments.shared())
        bridge, ports = desired.bridge, desired.ports
        flows = await compare_flows(
            shared, actual.parts, actual.version, self._ownership, self._cache, own=own
        )
        self._foreign = flows.foreign
        self.counts.right = flows.right
        self.counts.foreign = len(flows.foreign)
        self.counts.desired = flows.right + flows.added + flows.changed
        return SwitchSteps(flows, actual.version, bridge, ports, full=True)

    def changes(
        self,
        desired: SwitchDesired,
        before: Mapping[FragmentKey, Fragment | None],
        unsure: Collection[FragmentKey] = (),
    ) -> SwitchSteps:
        """Steps for some keys."""
        version = self._links.openflow().version
        fragments = {key: old for key, old in before.items() if key != PORTS_KEY}
        after = {key: found for key in fragments if (found := desired.fragments.get(key)) is not None}
        flows = change_flows(fragments, after, self._foreign, version, self._cache, unsure)
        self.counts.desired += flows.added - flows.removed
        if PORTS_KEY in before:
            return SwitchSteps(flows, version, desired.bridge, desired.ports)
        return SwitchSteps(flows, version)

    async def apply(self, steps: SwitchSteps) -> Outcome[FragmentKey]:
        """Ports that are needed, flows, ports that are not: each waits until the one before is in force."""
        if steps.flows.blocked and not steps.full:
            # What we know of foreign flows is from the last full read; they may be gone.
            actual = await self.read()
            self._foreign = foreign_keys(actual.parts, actual.version, self._ownership)
            steps.flows.unblock(self._foreign)
        refused: dict[FragmentKey, Refusal] = dict(steps.flows.refused)
        ports = PortSteps()
        if steps.bridge is not None and steps.ports is not None:
            ports = port_steps(self._links.database, steps.bridge, steps.ports, self._ownership)
            # What can be done is done: a port that is blocked stops only itself.
            refusal = await self._transact(ports.before) or ports.refusal()
            root = self._links.database.root
            if ports.flushes and root is not None:
                await in_force(self._links.ovsdb(), root.uuid)
            if refusal is not None:
                refused[PORTS_KEY] = refusal
        if steps.flows.changes:
            refused.update(await self._bundles(steps.flows, steps.version))
        # A port goes only when the flows that used it are known to be gone.
        refusal = await self._transact(ports.after) if not refused else None
        if refusal is not None:
            refused[PORTS_KEY] = refusal
        if steps.full and not refused:
            await self._transact(end_restore_wait(self._links.database))
        flows = steps.flows
        return Outcome(
            flows.added + ports.added, flows.changed + ports.changed, flows.removed + ports.removed, refused
        )

    async def sweep(self) -> int:
        """Remove everything of ours: the host is let go. Gives the number of flows removed."""
        actual = await self.read()
        flows = await compare_flows((), actual.parts, actual.version, self._ownership, self._cache)
        if flows.changes:
            await self._bundles(flows, actual.version)
        database = self._links.database
        bridge = database.bridge
        if bridge is not None:
            spec = BridgeSpec(bridge.name, other_config={}, external_ids={})
            ports = port_steps(database, spec, {}, self._ownership)
            await self._transact(ports.after)
            await self._transact(release_steps(database, self._ownership))
        return flows.removed

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _transact(self, transaction: Transaction | None) -> Refusal | None:
        """Do a transaction; why it was refused.

        Raises:
            GuardFailed: the rows are not what we believed: the turn is tried again from what they are then.
        """
        if transaction is None:
            return None
        try:
            await self._links.ovsdb().transact(transaction)
        except GuardFailed:
            raise
        except OperationError as error:
            return Refusal(error.stable_code, str(error))
        return None

    async def _bundles(self, flows: FlowSteps, version: int) -> dict[FragmentKey, Refusal]:
        """Send the changes as one bundle; without the fragments that were refused, again."""
        client = self._links.openflow()
        if client.version != version:
            raise PeerError("the OpenFlow version changed meanwhile")
        refused: dict[FragmentKey, Refusal] = {}
        for _ in range(BUNDLE_TRIES):
            if not flows.changes:
                return refused
            result = await client.bundle(_composer(flows.changes))
            if any(error.name == _FENCED for error in result.refused.values()):
                self._links.fenced()
                raise Conflict("another controller has taken the switch", code=claim.FENCED, hint=claim.HINT)
            more = _refusals(result, flows)
            refused.update(more)
            if result.closed:
                return refused
            if not more:
                raise PeerError(
                    f"the switch refused a bundle of {len(flows.changes)} changes: {result.error}"
                )
            flows = flows.without(refused)
        raise PeerError(f"the switch refused {BUNDLE_TRIES} bundles one after the other")


def _composer(
    changes: list[RawChange],
) -> Callable[[int, int, Callable[[int], int]], ComposedBundle]:
    def compose(version: int, bundle_id: int, reserve: Callable[[int], int]) -> ComposedBundle:
        first = reserve(xids_needed(len(changes)))
        return compose_raw(changes, version=version, bundle_id=bundle_id, first_xid=first)

    return compose


def _refusals(result: BundleResult, flows: FlowSteps) -> dict[FragmentKey, Refusal]:
    found: dict[FragmentKey, Refusal] = {}
    for place, error in result.refused.items():
        owner = flows.owners[place]
        change = flows.changes[place]
        if owner is not None:
            verb = "delete" if change.command == DELETE_STRICT else "add"
            where = f"table {change.flow.table}, priority {change.flow.priority}"
            found[owner] = Refusal(
                _code(error.name), f"the switch refused to {verb} a flow in {where}: {error}"
            )
    return found


def _code(name: str) -> str:
    return "flow-refused" if not name.startswith("OFPFMFC_TABLE_FULL") else "flow-table-full"
