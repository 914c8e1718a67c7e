"""The whole of netloomd in one list: every part, its level, what it is made of.

Rule 1: parts are made here and nowhere else, with everything they need as arguments.
Rule 2: a part is a context: entering it starts it, leaving it stops it; `RunLevels` enters in order and leaves in reverse.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import pathlib
import random
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence

import structlog
from prometheus_client import CollectorRegistry

from netloom.aio.backoff import Backoff, BackoffPolicy
from netloom.aio.tasks import TaskKit, supervise
from netloom.aio.watchdog import LagWatchdog
from netloom.app.cloud.backends import Backends
from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.hypervisors import configured
from netloom.app.cloud.identity import Identities
from netloom.app.cloud.instances_report import InstanceWatch
from netloom.app.cloud.networks_keeper import NetworkKeeper
from netloom.app.cloud.patience import Patience
from netloom.app.cloud.resources.acting import Resources
from netloom.app.cloud.resources.kinds import cloud_kinds
from netloom.app.cloud.retention import Retention
from netloom.app.cloud.rules_retry import RuleRetry
from netloom.app.lifecycle import Lifecycle, LifecycleOptions
from netloom.app.service import App
from netloom.base.ids import HostId, Uuid
from netloom.daemon import doors
from netloom.daemon.certificates import Certificates
from netloom.daemon.claims import StoredClaims
from netloom.daemon.cloud import seeded_cloud
from netloom.daemon.cloud_secrets import with_secrets
from netloom.daemon.dial_in import listening, pending_hosts
from netloom.daemon.expiry import ExpiryWatch
from netloom.daemon.feed import StoreFeed
from netloom.daemon.forwarding import Forwarding
from netloom.daemon.hosts import HostKeeper, SessionParts, SwitchEngine
from netloom.daemon.identities import IdentityLearner
from netloom.daemon.metrics import DaemonCollector, MetricSources
from netloom.daemon.migrations import Migrations
from netloom.daemon.mounts import Mounts
from netloom.daemon.notify import feed_watchdog
from netloom.daemon.placements import StoredPlacements
from netloom.daemon.reconnecting import Reconnecting
from netloom.daemon.run_levels import Component, RunLevel, RunLevels
from netloom.daemon.runtime.runtime import DaemonRuntime, RuntimeParts
from netloom.daemon.settings import Settings
from netloom.daemon.states import StateFollower
from netloom.daemon.tokens import load_or_make_token
from netloom.faces.cloudstack.app import PATH as CLOUDSTACK_PATH
from netloom.faces.cloudstack.app import CloudStackFace
from netloom.faces.cloudstack.settings import FaceSettings
from netloom.faces.rest.api import create_api
from netloom.faces.rest.cloud.parts import CloudParts
from netloom.faces.rest.settings import RestSettings
from netloom.model.objects import Host
from netloom.plan.graph import Planner
from netloom.plan.records import Change
from netloom.plan.switch import FragmentKey
from netloom.providers.ovs.capabilities import PROBES
from netloom.providers.ovs.compile.compiler import OvsCompiler
from netloom.providers.ovs.compile.ports import OWNER_KEY
from netloom.providers.ovs.pipeline.cookies import OWNER, OWNER_MASK
from netloom.reconcile.engine import Engine, EngineSettings
from netloom.reconcile.inputs import PlanInputs
from netloom.reconcile.planner import PlannerLoop
from netloom.reconcile.source import PlanSource
from netloom.reconcile.status import StatusBook
from netloom.store.patience import Timeouts
from netloom.store.sole import sole
from netloom.store.store import Store, StoreOptions, open_store
from netloom.switches.flows import RawCache
from netloom.switches.host_session import SessionSettings
from netloom.switches.listener import DialIn, ListenSettings
from netloom.switches.ownership import Ownership
from netloom.switches.pump import PumpSettings
from netloom.switches.stream import Dialling
from netloom.wire import reconnect

_log = structlog.get_logger("netloom.daemon")

NEVER = 10.0 * 365 * 86_400
"""Seconds until a refresh that is switched off."""


def _no_doors() -> None:
    """No door is open yet."""


class Netloomd:
    """The daemon. `levels.start()` brings it up, `levels.stop()` down."""

    # Made by the components below, lowest level first.
    store: Store
    placements: StoredPlacements
    lifecycle: Lifecycle
    loop: PlannerLoop
    engine: SwitchEngine
    hosts: HostKeeper
    dial_in: DialIn
    app: App
    cloud: Cloud

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._registry = CollectorRegistry()
        self._jitter = random.SystemRandom().random
        self._planner = Planner(OvsCompiler())
        self._source = PlanSource(self._planner)
        self.certificates = Certificates(settings.switches)
        self._reload_doors: Callable[[], None] = _no_doors
        self._lag = LagWatchdog()
        self._identities = IdentityLearner()
        self._migrations = Migrations(self._planner.view, settings.lifecycle.migration_grace)
        self.levels = RunLevels(
            [
                Component("store", RunLevel.SYSTEM, self._open_store),
                Component("placements", RunLevel.FRAMEWORK, self._recall_placements),
                Component("certificates", RunLevel.COMPONENT_BOOTSTRAP, self._load_certificates),
                Component("lifecycle", RunLevel.COMPONENT_BOOTSTRAP, self._make_lifecycle),
                Component("engine", RunLevel.COMPONENT, self._make_engine),
                Component("planner", RunLevel.COMPONENT, self._make_planner),
                Component("sessions", RunLevel.COMPONENT, self._keep_hosts),
                Component("dial-in", RunLevel.COMPONENT, self._listen),
                Component("planning", RunLevel.COMPONENT, self._run_planner),
                Component("use-cases", RunLevel.COMPONENT, self._make_app),
                Component("cloud", RunLevel.COMPONENT, self._run_cloud),
                Component("rest", RunLevel.APPLICATION_MAINLOOP, self._open_doors),
                Component("watchdog", RunLevel.APPLICATION_MAINLOOP, self._feed_watchdog),
            ]
        )

    def reload(self) -> None:
        """Take renewed certificates: towards hosts and at the API's door. Open connections stay."""
        self.certificates.reload()
        self._reload_doors()

    # -- system, framework -------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _open_store(self) -> AsyncIterator[None]:
        kept = self._settings.store
        timeouts = Timeouts(
            answer=kept.answer_timeout,
            connect=kept.connect_timeout,
            lock=kept.lock_timeout,
            migration=kept.migration_timeout,
        )
        async with (
            sole(kept.url, lost=self._store_lost) as alone,
            open_store(StoreOptions(kept.url, kept.changes_kept, timeouts), alone=alone) as store,
        ):
            self.store = store
            if store.migration.before != store.migration.after:
                _log.info("store migrated", before=store.migration.before, after=store.migration.after)
            async with (
                self._running("sole", alone.run),
                self._running("store-health", lambda: store.health.look(store.look)),
            ):
                yield

    @staticmethod
    def _store_lost() -> None:
        """Another netloomd has the store: end as if somebody had asked for it."""
        signal.raise_signal(signal.SIGTERM)

    @contextlib.asynccontextmanager
    async def _recall_placements(self) -> AsyncIterator[None]:
        self.placements = StoredPlacements(self.store)
        await self.placements.load()
        async with self._running("placements", self.placements.run):
            yield
        await self.placements.flush()

    @contextlib.asynccontextmanager
    async def _load_certificates(self) -> AsyncIterator[None]:
        self.certificates.load()
        async with self._running("expiry", ExpiryWatch(self._settings).run):
            yield

    # -- components --------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _make_lifecycle(self) -> AsyncIterator[None]:
        options = LifecycleOptions(shutdown_wait=self._settings.lifecycle.shutdown_wait)
        self.lifecycle = Lifecycle(self.store, options)
        async with self._running("lifecycle", self.lifecycle.run):
            yield

    @contextlib.asynccontextmanager
    async def _make_engine(self) -> AsyncIterator[None]:
        clocks = self._settings.reconcile
        follower = StateFollower(self.lifecycle, self._planner.view, self._waits)
        self._follower = follower
        self._source.when_complete = self.lifecycle.seen_whole
        self._book = StatusBook[FragmentKey](self._source.why, settled=follower.settled)
        self.engine = Engine(
            self._source,
            self._book,
            settings=EngineSettings(
                retry=BackoffPolicy(first=clocks.retry_min, limit=clocks.retry_max),
                refresh=clocks.refresh_interval or NEVER,
            ),
            jitter=self._jitter,
        )
        yield
        await self.engine.close()

    @contextlib.asynccontextmanager
    async def _make_planner(self) -> AsyncIterator[None]:
        self._feed = StoreFeed(self.store, self._hosts_changed)
        self.loop = PlannerLoop(
            self._source,
            self._book,
            self.engine,
            PlanInputs(self._feed, self.placements),
            worked_in=self._worked_in,
        )
        yield

    @contextlib.asynccontextmanager
    async def _keep_hosts(self) -> AsyncIterator[None]:
        switches = self._settings.switches
        settings = SessionSettings(
            ownership=Ownership(OWNER, OWNER_MASK, OWNER_KEY),
            dialling=self._dialling(self.certificates.client),
            pump=PumpSettings(probe_interval=switches.probe_interval),
            reconnect=reconnect.Settings(
                min_backoff=switches.backoff_min,
                max_backoff=switches.backoff_max,
                connect_timeout=switches.connect_timeout,
            ),
            probes=PROBES,
            controller=switches.advertise_openflow or switches.listen_openflow or None,
            claims=await StoredClaims.begin(self.store),
            reclaim=BackoffPolicy(first=2 * switches.backoff_min, limit=8 * switches.backoff_max),
        )
        parts = SessionParts(settings, self.loop, self._identities, self._jitter)
        self.hosts = HostKeeper(parts, self.engine, RawCache())
        async with self._running("hosts", self.hosts.run):
            yield
            await self.hosts.close()

    @contextlib.asynccontextmanager
    async def _listen(self) -> AsyncIterator[None]:
        listen = ListenSettings(
            dialling=self._dialling(self.certificates.server),
            pump=PumpSettings(probe_interval=self._settings.switches.probe_interval),
        )
        async with listening(self._settings.switches, listen, self.hosts) as self.dial_in:
            self.hosts.followed = self._hosts_followed
            yield

    def _dialling(self, tls: Callable[[], ssl.SSLContext | None]) -> Dialling:
        switches = self._settings.switches
        return Dialling(tls=tls, allow_tcp=switches.allow_tcp, timeout=switches.connect_timeout)

    @contextlib.asynccontextmanager
    async def _run_planner(self) -> AsyncIterator[None]:
        async with self._running("planner", self.loop.run):
            yield

    @contextlib.asynccontextmanager
    async def _make_app(self) -> AsyncIterator[None]:
        runtime = DaemonRuntime(
            RuntimeParts(
                planner=self._planner,
                loop=self.loop,
                book=self._book,
                engine=self.engine,
                hosts=self.hosts,
                pending=lambda: pending_hosts(self.dial_in),
                run_level=lambda: self.levels.level.title,
                lasting=self._migrations.lasting,
            )
        )
        self.app = App(self.store, runtime)
        self._identities.write_with(self.app)
        async with self._running("identities", self._identities.run):
            yield

    @contextlib.asynccontextmanager
    async def _run_cloud(self) -> AsyncIterator[None]:
        state = pathlib.Path(self._settings.api.token_file).parent
        forwarding = Forwarding(self._planner.view, self._book, self._reachable)
        hypervisors = configured(
            self._settings.hypervisors,
            self._reachable,
            in_force=forwarding.in_force,
            several=forwarding.several,
        )
        jobs = self._settings.jobs
        backends = Backends(
            hypervisors=hypervisors,
            switches=Reconnecting(self.hosts.get, self._book),
            patience=Patience(jobs.time_limit, jobs.provider_timeout, jobs.hypervisor_timeout),
        )
        self.cloud = await seeded_cloud(self.store, await with_secrets(backends, self.store, state))
        keeper, self._retry = NetworkKeeper(self.cloud), RuleRetry(self.cloud)
        interval = self._settings.lifecycle.instance_interval
        self.lifecycle.told = keeper.told
        async with (
            self._running("jobs", self.cloud.run),
            self._running("networks", keeper.run),
            self._running("rules", self._retry.run),
            self._running("instances", InstanceWatch(self.cloud, interval=interval).run),
            self._running("retention", Retention(self.cloud).run),
        ):
            yield

    # -- faces -------------------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _open_doors(self) -> AsyncIterator[None]:
        api = self._settings.api
        tokens = frozenset({load_or_make_token(pathlib.Path(api.token_file))} if api.listen else ())
        self._registry.register(
            DaemonCollector(
                MetricSources(
                    hosts=self.hosts,
                    engine=self.engine,
                    loop=self.loop,
                    planner=self._planner,
                    store=self.store.counters,
                    lag=self._lag.counters,
                    jobs=self.cloud.jobs.counters,
                    untold=self._retry.counters,
                )
            )
        )
        face = create_api(
            self.app,
            RestSettings(
                tokens=tokens,
                max_file=api.max_body_bytes,
                body_seconds=api.body_timeout,
                rate=api.requests_per_second,
                burst=api.burst,
                max_requests=api.max_concurrent,
            ),
            registry=self._registry,
            ready=self._not_ready,
            cloud=CloudParts(
                Resources(self.cloud, cloud_kinds(by_name())),
                Identities(self.cloud).signer,
                self.levels.report,
            ),
        )
        cloudstack = self._cloudstack_face()
        integration = self._settings.cloudstack.integration_listen
        unguarded = {integration: cloudstack} if cloudstack is not None and integration else {}
        root = face if cloudstack is None else Mounts(face, {CLOUDSTACK_PATH: cloudstack})
        async with (
            doors.serve(root, api, unguarded) as self._reload_doors,
            self._running("lag", self._lag.run),
        ):
            yield

    def _cloudstack_face(self) -> CloudStackFace | None:
        settings, api = self._settings.cloudstack, self._settings.api
        if not settings.enabled:
            return None
        return CloudStackFace(
            self.cloud,
            Identities(self.cloud),
            FaceSettings(
                max_requests=api.max_concurrent,
                rate=api.requests_per_second,
                burst=api.burst,
                body_seconds=api.body_timeout,
                expires_ahead=dt.timedelta(seconds=settings.expires_ahead),
                session_idle=settings.session_timeout,
            ),
            registry=self._registry,
        )

    @contextlib.asynccontextmanager
    async def _feed_watchdog(self) -> AsyncIterator[None]:
        async with self._running("watchdog", feed_watchdog):
            yield

    def _not_ready(self) -> str | None:
        if not self.levels.complete:
            return f"starting: {self.levels.level.title}"
        if not self.loop.counters().complete:
            return "hosts are being read for the first time"
        return self.store.health.trouble

    # -- hosts -------------------------------------------------------------------------------------------------------

    def _reachable(self, host_id: HostId) -> bool:
        kept = self.hosts.get(host_id)
        return kept is not None and kept.session.is_up

    def _worked_in(self, changes: Sequence[Change]) -> None:
        self._follower.worked_in(changes)
        self._migrations.worked_in(changes)

    def _waits(self, object_id: Uuid) -> bool:
        return self._book.waits(object_id)

    def _hosts_followed(self) -> None:
        """Sessions were made or let go of: who dialled in may be known now, who waits for a host may wait in vain."""
        self.dial_in.recheck()
        self._book.news.tell()

    def _hosts_changed(self, hosts: Mapping[Uuid, Host | None]) -> None:
        self.hosts.changed(hosts)

    @contextlib.asynccontextmanager
    async def _running(
        self, name: str, work: Callable[[], Coroutine[object, object, None]]
    ) -> AsyncIterator[None]:
        """Supervised work for the length of a block."""
        async with TaskKit(name) as kit:
            _task = kit.start(supervise(work, Backoff(BackoffPolicy(), self._jitter), name=name), name)
            yield
