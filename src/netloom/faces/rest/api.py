"""The application: routes, error handlers, documentation and the boundary, put together."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

import netloom
from netloom.app.service import App
from netloom.base.errors import NetloomError
from netloom.contract.changes import Bookmark, Change, StreamError
from netloom.contract.components import Components
from netloom.contract.documents import Applied
from netloom.contract.hosts import DrainRequest
from netloom.contract.machines import Machines
from netloom.contract.networks_explained import NetworkExplained
from netloom.contract.nics import AttachmentSpec, BatchCreated, NicBatch
from netloom.contract.reports import (
    DiffReport,
    ExplainFlow,
    ExplainNic,
    HostReport,
    NetworkReport,
    PendingHosts,
    PlanReport,
    SystemReport,
)
from netloom.contract.usage import UsageReport
from netloom.faces.rest import describe
from netloom.faces.rest.auth import Gate
from netloom.faces.rest.boundary import REQUEST_ID, Boundary
from netloom.faces.rest.cloud import parts as cloud_routes
from netloom.faces.rest.cloud.parts import CloudParts
from netloom.faces.rest.face import Face
from netloom.faces.rest.limits import Limits
from netloom.faces.rest.metrics import RestMetrics
from netloom.faces.rest.problems import HttpProblem, problem_response
from netloom.faces.rest.routes import actions, files, reports, resources, watch
from netloom.faces.rest.settings import RestSettings

DESCRIPTION = """Tenant networks on Open vSwitch hosts.

Every object has a name, an id (UUID), labels, a `generation` (its ETag) and a `status` that says how far reality is.
Errors are problem details (RFC 9457) with a stable `code`, the field and a hint. References take names or ids.
"""


def _nothing() -> Mapping[str, describe.Json]:
    """Without a cloud there are no further schemas."""
    return {}


def always_ready() -> str | None:
    """For a daemon that serves only when it is ready."""
    return None


def create_api(
    app: App,
    settings: RestSettings,
    *,
    registry: CollectorRegistry | None = None,
    ready: Callable[[], str | None] = always_ready,
    cloud: CloudParts | None = None,
) -> ASGIApp:
    """The ASGI application of the REST face.

    Args:
        app: the use cases.
        settings: bounds and tokens. Wrap the result in `auth.trusted` for listeners that need no token.
        registry: whose metrics /metrics tells, the face's own are added; a fresh one when not given.
        ready: None when the daemon is ready, else why not (for /readyz, which then answers 503).
        cloud: what the cloud's routes need; without it there are none.
    """
    metrics = RestMetrics(CollectorRegistry() if registry is None else registry)
    face = Face(app, settings)
    api = FastAPI(
        title="netloom",
        version=netloom.__version__,
        description=DESCRIPTION,
        openapi_url="/v1/openapi.json",
        docs_url="/docs" if settings.docs else None,
        redoc_url=None,
        redirect_slashes=False,
    )
    actions.add_nics(api, face)
    actions.add_hosts(api, face)
    resources.add(api, face)
    files.add(api, face, None if cloud is None else cloud.resources)
    reports.add(api, face)
    watch.add(api, face)
    schemas = None if cloud is None else cloud_routes.add(api, face, cloud)
    _add_health(api, metrics, ready)
    api.add_exception_handler(NetloomError, _refused)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(Exception, _failed)
    describe.install(api, SCHEMAS, _nothing if schemas is None else schemas.components)
    return Boundary(
        api,
        gate=Gate(settings.tokens) if cloud is None else cloud_routes.gate(settings.tokens, cloud),
        limits=Limits(settings, time.monotonic),
        metrics=metrics,
        clock=time.monotonic,
    )


SCHEMAS = (
    NicBatch, BatchCreated, AttachmentSpec, DrainRequest, PendingHosts, Applied, PlanReport, DiffReport, HostReport,
    NetworkReport, ExplainFlow, ExplainNic, SystemReport, Change, Bookmark, StreamError, Components, NetworkExplained,
    UsageReport, Machines,
)  # fmt: skip


def _add_health(api: FastAPI, metrics: RestMetrics, ready: Callable[[], str | None]) -> None:
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    async def readyz() -> Response:
        reason = ready()
        return PlainTextResponse(
            "ready\n" if reason is None else f"{reason}\n", 200 if reason is None else 503
        )

    async def tell_metrics() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    hidden = {"methods": ["GET"], "include_in_schema": False}
    api.add_api_route("/healthz", healthz, **hidden)  # type: ignore[arg-type]
    api.add_api_route("/readyz", readyz, **hidden)  # type: ignore[arg-type]
    api.add_api_route("/metrics", tell_metrics, **hidden)  # type: ignore[arg-type]


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, NetloomError):
        raise error
    return problem_response(error, request.scope.get(REQUEST_ID))


async def _failed(request: Request, error: Exception) -> Response:
    """For the unforeseen: Starlette sends this and lets the error go on to the boundary."""
    request_id = request.scope.get(REQUEST_ID)
    failure = NetloomError(
        "netloom failed on this request", hint=f"the daemon's log tells why under {request_id}"
    )
    return problem_response(failure, request_id)


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    response = problem_response(
        HttpProblem(error.status_code, hint="/v1/openapi.json lists what there is"),
        request.scope.get(REQUEST_ID),
    )
    if error.headers:  # Allow, with 405
        response.headers.update(error.headers)
    return response
