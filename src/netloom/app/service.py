"""The use cases as one object: faces call these methods and nothing else.

Rule 1: a method returns when its result is durable; `wait` is the only one that waits for hosts.
Rule 2: references (`ref`, `host`, `nic`) take a name or an id; errors are of `netloom.base.errors`, with the field as
`subject`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Container, Mapping, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from netloom.app import admission, declared, intent, planning
from netloom.app.batch import single
from netloom.app.declared import ApplyResult
from netloom.app.ports import Runtime
from netloom.app.reports import (
    DiffReport,
    ExplainFlow,
    ExplainNic,
    HostReport,
    NetworkReport,
    PendingHost,
    PlanReport,
    SystemReport,
)
from netloom.base.errors import Conflict, InvalidInput, TooLarge
from netloom.base.ids import Uuid
from netloom.model.changes import Change
from netloom.model.errors import InvalidDocuments
from netloom.model.kinds import Kind
from netloom.model.objects import Host, Network, Nic, Object, kind_of_object, spec_of
from netloom.model.patches import HostPatch, NicPatch, Patch
from netloom.model.specs import AttachmentSpec, HostSpec, Spec
from netloom.model.status import Phase, Status
from netloom.store.catalog import all_of, find, find_by_ids
from netloom.store.idempotency import check_key, recall, remember, request_hash
from netloom.store.listing import DEFAULT_LIMIT, Page
from netloom.store.store import Store
from netloom.store.transaction import Transaction

T = TypeVar("T")
Item = TypeVar("Item", Host, Network, Nic)

_DECLARED_ONLY = frozenset({Kind.ZONE, Kind.PHYSICAL_NETWORK})
_DONE = Status(phase=Phase.DONE)
_NO_FILTERS: Mapping[str, str] = {}
_EXPORT_PAGE = 1_000
_DRAWS = 3


class App:
    """What one can ask of netloom. Safe to use from any number of tasks at once."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    @property
    def revision(self) -> int:
        """The store's newest revision that this process knows."""
        return self._store.revision

    # -- one object ------------------------------------------------------------------------------------------------

    async def create(self, kind: Kind, spec: Spec, *, idempotency_key: str | None = None) -> Object:
        """Make an object; whatever the spec leaves out is chosen.

        With an idempotency key the same request sent again within a day gets the same answer and makes nothing.

        Raises:
            InvalidInput: a field can never be right.
            NotFound: a reference leads nowhere.
            Conflict: a name, address, segment, identity or device is taken; the key was used for another request
                (`idempotency-key-reused`).
            Exhausted: no segment or address is left.
        """
        try:
            (item,) = await self._create(kind, (spec,), idempotency_key)
        except InvalidDocuments as error:
            raise single(error) from None
        return self._stand(item)

    async def create_many(
        self, kind: Kind, specs: Sequence[Spec], *, idempotency_key: str | None = None
    ) -> tuple[Object, ...]:
        """Make all of them in one transaction, or none; the objects come in the order of the specs.

        Raises:
            InvalidDocuments: `mistakes` has the index and error of each that is wrong (the first 20).
            TooLarge: more than 10,000.
        """
        if len(specs) > intent.MAX_BATCH:
            raise TooLarge(
                f"{len(specs)} {kind.title}s", subject="items", hint=f"at most {intent.MAX_BATCH} at once"
            )
        items = await self._create(kind, tuple(specs), idempotency_key)
        return tuple(self._stand(item) for item in items)

    async def get(self, kind: Kind, ref: str) -> Object:
        """An object by name or id.

        Raises:
            NotFound: there is none.
        """
        return self._stand(await self._store.read(lambda connection: find(connection, kind, ref, "ref")))

    async def list(
        self,
        kind: Kind,
        *,
        filters: Mapping[str, str] = _NO_FILTERS,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> Page:
        """A page of objects in the order in which they were made.

        Args:
            kind: what to list.
            filters: exact values, all of which must hold: `name`, `zone`, `physical_network`, `network`, `host`, `device`,
                `state`, `isolation`, `segment`, `mac`, `ipv4`, `ipv6`, `identity`, `tunnel_ip`, `system_id` as far as
                the kind has them, and `label.KEY`.
            limit: 1 to 1000.
            cursor: `next_cursor` of the page before.

        Raises:
            InvalidInput: unknown filter, bad limit or cursor (`bad-cursor`).
        """
        page = await self._store.page(kind, filters, limit, cursor)
        return Page(tuple(self._stand(item) for item in page.items), page.next_cursor, page.revision)

    async def update(self, kind: Kind, ref: str, patch: Patch, *, if_generation: int | None = None) -> Object:
        """Change the fields that the patch names; the generation grows if anything became different.

        Raises:
            NotFound, InvalidInput.
            StaleVersion: the generation given is not the object's (`current` is).
            Conflict: something is taken, in use, or never changes (`immutable-field`).
        """
        return self._stand(
            await self._store.write(lambda tx: intent.patch(tx, kind, ref, patch, if_generation))
        )

    async def delete(self, kind: Kind, ref: str, *, if_generation: int | None = None) -> Object:
        """Delete an object from intent; hosts follow. It comes back as it was last.

        Raises:
            NotFound, StaleVersion.
            Conflict: it is in use (`in-use`); the message names the users.
        """
        return await self._store.write(lambda tx: intent.delete(tx, kind, ref, if_generation))

    # -- NICs and hosts --------------------------------------------------------------------------------------------

    async def attach(self, nic: str, host: str, device: str) -> Nic:
        """Want that this interface of a host be the NIC: netloom puts it on the bridge with the NIC's identity.

        Raises:
            NotFound, InvalidInput.
            Conflict: the device is another NIC's (`device-taken`), the host is draining or in another zone.
        """
        change = NicPatch(attachment=AttachmentSpec(host, device))
        return self._only(Nic, await self.update(Kind.NIC, nic, change))

    async def detach(self, nic: str) -> Nic:
        """No longer want it; harmless when nothing was attached."""
        return self._only(Nic, await self.update(Kind.NIC, nic, NicPatch(attachment=None)))

    async def drain(self, host: str, *, on: bool) -> Host:
        """Whether a host refuses new attachments; what is there keeps working."""
        return self._only(Host, await self.update(Kind.HOST, host, HostPatch(drain=on)))

    def pending_hosts(self) -> tuple[PendingHost, ...]:
        """Hosts that dialled in and wait to be admitted."""
        return self._runtime.pending_hosts()

    async def admit(self, ref: str, spec: HostSpec | None = None) -> Host:
        """Admit a host that dialled in, pinning the identity it showed.

        Args:
            ref: system id or fingerprint of a pending host; or the name or id of a known host that now shows another
                identity, which is pinned instead of the old one.
            spec: how a new host is declared; None: named by its system id, with the tunnel address it told.

        Raises:
            NotFound: nothing pending answers to it (`pending-host-not-found`).
            Conflict: the name is taken.
        """
        admitted = admission.choose(self._runtime.pending_hosts(), ref)
        item = await self._store.write(lambda tx: admission.admit(tx, admitted, ref, spec))
        return self._only(Host, self._stand(item))

    # -- declared sets ---------------------------------------------------------------------------------------------

    async def apply(self, documents: Sequence[Spec]) -> tuple[ApplyResult, ...]:
        """Make the objects be as declared, in one transaction; results in the order of the documents.

        Objects that are not declared stay. Fields that a document leaves out and netloom chose stay as chosen.

        Raises:
            InvalidDocuments: `mistakes` has the index and error of each document that is wrong; nothing was changed.
            TooLarge: more than 20,000.
        """
        changes = await self._kept(lambda tx: declared.apply_documents(tx, documents))
        return tuple(declared.result_of(change) for change in changes)

    async def plan(self, documents: Sequence[Spec]) -> PlanReport:
        """What `apply` would do, down to ports and flows; nothing is changed.

        Raises:
            InvalidDocuments, TooLarge: as `apply`.
        """
        revision = self._store.revision
        changes = await self._store.write(lambda tx: declared.apply_documents(tx, documents), keep=False)
        preview = await self._runtime.preview([c for c in changes if c.before != c.after])
        return planning.report(revision, documents, changes, preview)

    async def export(self, without: Container[str] = ()) -> AsyncIterator[Spec]:
        """All objects as documents that make them again, each kind before what depends on it; not those with these ids."""
        for kind in Kind:
            cursor: str | None = None
            while True:
                page = await self._store.page(kind, _NO_FILTERS, _EXPORT_PAGE, cursor)
                for item in page.items:
                    if item.id not in without:
                        yield spec_of(item)
                cursor = page.next_cursor
                if cursor is None:
                    break

    # -- following -------------------------------------------------------------------------------------------------

    async def changes(self, since: int | None = None) -> AsyncIterator[Change]:
        """Changes after a revision (None: from now on), as they become durable; never ends by itself.

        Raises:
            RevisionCompacted: `since` is further back than the log (`revision-compacted`): list again, then follow from
                the revision of the list.
        """
        revision = self._store.revision if since is None else since
        while True:
            known = self._store.revision
            changes = await self._store.changes(revision)
            for change in changes:
                yield change
            if changes:
                revision = changes[-1].revision
            else:
                revision = max(revision, known)  # not every revision is of an object
                await self._store.wait_beyond(revision)

    async def wait(
        self,
        kind: Kind,
        ref: str,
        generation: int | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - callers say it
    ) -> Object:
        """Wait until an object's generation (None: the one it has now) is realised on every host concerned.

        Returns the object with its status then: Done, or what it was when the time was up. One that was changed meanwhile is
        waited for in its newer generation: realising that realises the older wish.

        Raises:
            NotFound: there is no such object (any more).
            InvalidInput: the generation is of the future.
        """
        item = await self.get(kind, ref)
        if generation is not None and generation > item.generation:
            raise InvalidInput(
                f"generation {generation} does not exist yet",
                subject="generation",
                hint=f"{kind.title} {item.name!r} has generation {item.generation}",
            )
        if kind in _DECLARED_ONLY or timeout <= 0:
            return item
        try:
            async with asyncio.timeout(timeout):
                await self._runtime.settled(item)
        except TimeoutError:
            pass
        return await self.get(kind, item.id)

    async def settle(
        self,
        results: Sequence[ApplyResult],
        timeout: float,  # noqa: ASYNC109 - callers say it
    ) -> tuple[ApplyResult, ...]:
        """Wait for all objects of an applied set within one deadline; gives those that are not Done when it is over.

        Objects that were deleted meanwhile count as done.
        """
        wanted: dict[Kind, dict[Uuid, ApplyResult]] = {}
        for result in results:
            if result.kind not in _DECLARED_ONLY:
                wanted.setdefault(result.kind, {})[result.id] = result
        items: list[Object] = []
        for kind, by_id in wanted.items():
            items += (await self._store.read(partial(find_by_ids, kind=kind, ids=tuple(by_id)))).values()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                for item in items:
                    if self._runtime.status(item).phase is not Phase.DONE:
                        await self._runtime.settled(item)
        return tuple(
            wanted[kind_of_object(item)][item.id]
            for item in items
            if self._runtime.status(item).phase is not Phase.DONE
        )

    # -- reports ---------------------------------------------------------------------------------------------------

    async def diff(self, host: str | None = None) -> DiffReport:
        """Drift of one host or of all, read from the switches now."""
        if host is not None:
            return await self._runtime.diff([await self._find(Host, Kind.HOST, host)])
        hosts = await self._store.read(lambda connection: all_of(connection, Kind.HOST))
        return await self._runtime.diff([item for item in hosts if isinstance(item, Host)])

    async def host_report(self, host: str) -> HostReport:
        """Sessions, ports, tunnels and drift of a host."""
        return self._runtime.host_report(await self._find(Host, Kind.HOST, host))

    async def network_report(self, network: str) -> NetworkReport:
        """Where a network is and how it does."""
        return self._runtime.network_report(await self._find(Network, Kind.NETWORK, network))

    async def explain_flow(self, host: str, cookie: int) -> ExplainFlow:
        """Why flows with this cookie are on a host."""
        return await self._runtime.explain_flow(await self._find(Host, Kind.HOST, host), cookie)

    async def explain_nic(self, nic: str) -> ExplainNic:
        """Where a NIC is, what it causes, what keeps it from working."""
        return await self._runtime.explain_nic(await self._find(Nic, Kind.NIC, nic))

    async def system_report(self) -> SystemReport:
        """The daemon and its store."""
        facts = await self._store.facts()
        return planning.with_store(self._runtime.system_report(), facts)

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _create(self, kind: Kind, specs: tuple[Spec, ...], key: str | None) -> tuple[Object, ...]:
        if key is None:
            return await self._kept(lambda tx: intent.create_many(tx, kind, specs))
        check_key(key)
        digest = request_hash(kind, specs)

        def unit(tx: Transaction) -> tuple[Object, ...]:
            done = recall(tx, key, digest, kind)
            if done is not None:
                return done
            made = intent.create_many(tx, kind, specs)
            remember(tx, key, digest, made)
            return made

        return await self._kept(unit)

    async def _kept(self, unit: Callable[[Transaction], T]) -> T:
        """Do a unit that draws MACs; again when one was drawn that exists (MACs that users chose are looked up first)."""
        for _ in range(_DRAWS):
            try:
                return await self._store.write(unit)
            except InvalidDocuments:
                raise
            except Conflict as error:
                if error.stable_code != "mac-taken":
                    raise
        return await self._store.write(unit)

    async def _find(self, wanted: type[Item], kind: Kind, ref: str) -> Item:
        return self._only(
            wanted, await self._store.read(lambda connection: find(connection, kind, ref, "ref"))
        )

    def _only(self, wanted: type[Item], item: Object) -> Item:
        if not isinstance(item, wanted):
            raise TypeError(f"a {type(item).__name__} where a {wanted.__name__} belongs")
        return item

    def _stand(self, item: Object) -> Object:
        """The object with its status and findings."""
        kind = kind_of_object(item)
        if kind in _DECLARED_ONLY:
            return msgspec.structs.replace(item, status=_DONE)
        findings = self._runtime.findings(kind, Uuid(item.id))
        return msgspec.structs.replace(item, status=self._runtime.status(item), findings=findings)
