"""Metrics of the REST face itself. Their labels are route templates and statuses, never what a client wrote."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class RestMetrics:
    """Registered once per registry; several listeners of one daemon share it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._seconds = Histogram(
            "netloom_http_request_seconds",
            "Time to answer a request, by route.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._requests = Counter(
            "netloom_http_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.active = Gauge("netloom_http_requests_active", "Requests being served now.", registry=registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request answered."""
        self._seconds.labels(method, route).observe(seconds)
        self._requests.labels(method, route, status).inc()
