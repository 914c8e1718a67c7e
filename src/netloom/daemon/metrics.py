"""Numbers for Prometheus, read from the parts when they are asked for: nothing is counted twice.

Rule 1: names and labels are stable and documented in docs/operations.md; label values are bounded (host names, fixed words).
Rule 2: collecting costs no I/O and holds no lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from netloom.aio.limits import left_behind
from netloom.aio.queues import QueueCounters
from netloom.aio.watchdog import LagCounters
from netloom.app.cloud.jobs_book import JobCounters
from netloom.app.cloud.rules_retry import RetryCounters
from netloom.daemon.hosts import HostKeeper, SwitchEngine
from netloom.plan.graph import Planner
from netloom.reconcile.planner import PlannerLoop
from netloom.store.writer import WriterCounters
from netloom.switches.link import LinkPhase


@dataclass(frozen=True, slots=True)
class MetricSources:
    """Who is asked."""

    hosts: HostKeeper
    engine: SwitchEngine
    loop: PlannerLoop
    planner: Planner
    store: Callable[[], WriterCounters]
    lag: Callable[[], LagCounters]
    jobs: Callable[[], JobCounters]
    untold: Callable[[], RetryCounters]


class DaemonCollector(Collector):
    """Sessions, flows, planner, engine, jobs, store and the loop itself."""

    def __init__(self, sources: MetricSources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """All metrics, now."""
        yield from self._sessions()
        yield from self._targets()
        yield from self._planning()
        yield from self._jobs()
        yield from self._untold()
        yield from self._process()

    def _sessions(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "netloom_session_up", "1 while the connection is served.", labels=["host", "protocol"]
        )
        received = CounterMetricFamily(
            "netloom_session_received_bytes", "Bytes of the connection now open.", labels=["host", "protocol"]
        )
        sent = CounterMetricFamily(
            "netloom_session_sent_bytes", "Bytes of the connection now open.", labels=["host", "protocol"]
        )
        for kept in self._sources.hosts.all():
            for link in kept.session.links():
                labels = [kept.config.name, link.protocol]
                up.add_metric(labels, 1.0 if link.phase is LinkPhase.CONNECTED else 0.0)
                received.add_metric(labels, link.received)
                sent.add_metric(labels, link.sent)
        yield from (up, received, sent)

    def _targets(self) -> Iterator[Metric]:
        sources = self._sources
        flows = GaugeMetricFamily("netloom_flows", "Flows of a host.", labels=["host", "set"])
        steps = CounterMetricFamily(
            "netloom_applied_items", "Flows and ports added, changed, removed.", labels=["host", "step"]
        )
        drift = CounterMetricFamily(
            "netloom_drift_items", "Flows and ports that a refresh found wrong.", labels=["host"]
        )
        failures = CounterMetricFamily(
            "netloom_apply_failures", "Turns that failed as a whole.", labels=["host"]
        )
        refusals = CounterMetricFamily(
            "netloom_apply_refusals", "Outputs that the host refused.", labels=["host"]
        )
        dirty = GaugeMetricFamily(
            "netloom_dirty_outputs", "Outputs that wait to be applied.", labels=["host", "state"]
        )
        seconds = CounterMetricFamily(
            "netloom_apply_seconds", "Time of reading, comparing and applying.", labels=["host"]
        )
        for kept in sources.hosts.all():
            name = kept.config.name
            counters = sources.engine.counters(kept.target.name)
            if counters is None:
                continue
            counts = kept.target.counts
            flows.add_metric([name, "desired"], counts.desired)
            flows.add_metric([name, "right"], counts.right)
            flows.add_metric([name, "foreign"], counts.foreign)
            for step in ("added", "changed", "removed"):
                steps.add_metric([name, step], getattr(counters, step))
            drift.add_metric([name], counters.drift)
            failures.add_metric([name], counters.failures)
            refusals.add_metric([name], counters.refusals)
            dirty.add_metric([name, "dirty"], counters.dirty)
            dirty.add_metric([name, "retrying"], counters.retrying)
            seconds.add_metric([name], counters.turn_seconds)
        yield from (flows, steps, drift, failures, refusals, dirty, seconds)

    def _planning(self) -> Iterator[Metric]:
        counters = self._sources.loop.counters()
        view = self._sources.planner.view
        yield CounterMetricFamily("netloom_plan_turns", "Batches worked in.", value=counters.turns)
        yield CounterMetricFamily("netloom_plan_seconds", "Time of compiling.", value=counters.seconds)
        yield CounterMetricFamily("netloom_plan_outputs", "Outputs that changed.", value=counters.outputs)
        yield GaugeMetricFamily("netloom_plan_revision", "Store revision planned.", value=counters.revision)
        yield GaugeMetricFamily(
            "netloom_plan_complete", "1 when all inputs were known.", value=float(counters.complete)
        )
        objects = GaugeMetricFamily("netloom_objects", "Objects in the picture.", labels=["kind"])
        objects.add_metric(["Host"], len(view.hosts))
        objects.add_metric(["Network"], len(view.networks))
        objects.add_metric(["Nic"], len(view.nics))
        yield objects
        yield from _queue(counters.intent_queue)

    def _jobs(self) -> Iterator[Metric]:
        counters = self._sources.jobs()
        open_jobs = GaugeMetricFamily("netloom_jobs_open", "Jobs that have not ended.", labels=["state"])
        for phase, count in counters.open.items():
            open_jobs.add_metric([phase.value], count)
        yield open_jobs
        yield GaugeMetricFamily(
            "netloom_jobs_oldest_seconds", "Age of the oldest open job.", value=_age(counters.oldest)
        )
        ended = CounterMetricFamily("netloom_jobs_ended", "Jobs that ended, by result.", labels=["result"])
        for result, count in counters.results.items():
            ended.add_metric([result.value], count)
        yield ended
        yield GaugeMetricFamily(
            "netloom_jobs_waiting_for_store",
            "Jobs that a store which is away holds up.",
            value=counters.waiting,
        )
        yield CounterMetricFamily(
            "netloom_jobs_repeated",
            "Second halves run again because the store failed.",
            value=counters.repeated,
        )
        yield CounterMetricFamily(
            "netloom_jobs_found", "Open jobs found in the store that nobody had taken.", value=counters.found
        )

    def _untold(self) -> Iterator[Metric]:
        counters = self._sources.untold()
        yield GaugeMetricFamily(
            "netloom_untold_sets", "Sets of rules that providers do not know yet.", value=counters.untold
        )
        yield GaugeMetricFamily(
            "netloom_untold_oldest_seconds", "Age of the oldest of them.", value=_age(counters.oldest)
        )
        yield CounterMetricFamily(
            "netloom_untold_tries", "Jobs that told providers again.", value=counters.asked
        )

    def _process(self) -> Iterator[Metric]:
        writer = self._sources.store()
        yield CounterMetricFamily("netloom_store_commits", "Transactions committed.", value=writer.commits)
        yield CounterMetricFamily("netloom_store_units", "Units of work in them.", value=writer.units)
        yield CounterMetricFamily(
            "netloom_store_failed_commits", "Transactions that failed.", value=writer.failed_commits
        )
        yield from _queue(writer.queue)
        yield GaugeMetricFamily(
            "netloom_work_left_behind", "Steps that were given up and do not stop.", value=left_behind()
        )
        lag = self._sources.lag()
        yield GaugeMetricFamily("netloom_loop_lag_seconds", "How late the loop woke up last.", value=lag.last)
        yield GaugeMetricFamily(
            "netloom_loop_lag_highest_seconds", "The latest since the start.", value=lag.highest
        )


def _queue(counters: QueueCounters) -> Iterator[Metric]:
    name = counters.name.replace("-", "_").replace("/", "_")
    yield GaugeMetricFamily(f"netloom_queue_{name}_length", "Items that wait.", value=counters.length)
    yield CounterMetricFamily(f"netloom_queue_{name}_dropped", "Items dropped.", value=counters.dropped)


def _age(since: dt.datetime | None) -> float:
    """Seconds since then; 0 for never."""
    return 0.0 if since is None else max(0.0, (dt.datetime.now(dt.UTC) - since).total_seconds())
