"""What is going on: reports on hosts and networks, drift, explanations, the system."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from netloom.base.errors import InvalidInput
from netloom.contract.reports import (
    DiffReport,
    ExplainFlow,
    ExplainNic,
    HostReport,
    NetworkReport,
    SystemReport,
)
from netloom.faces.rest import describe
from netloom.faces.rest.face import Face, report


def add(api: FastAPI, face: Face) -> None:
    """All reports."""
    app = face.app

    async def host(request: Request) -> Response:
        return report(await app.host_report(request.path_params["ref"]))

    async def network(request: Request) -> Response:
        return report(await app.network_report(request.path_params["ref"]))

    async def diff(request: Request) -> Response:
        return report(await app.diff(request.query_params.get("host")))

    async def explain_flow(request: Request) -> Response:
        name = request.query_params.get("host")
        if not name:
            raise InvalidInput(
                "no host", subject="host", hint="?host=NAME&cookie=0x...", code="missing-field"
            )
        return report(await app.explain_flow(name, parse_cookie(request.query_params.get("cookie"))))

    async def explain_nic(request: Request) -> Response:
        return report(await app.explain_nic(request.path_params["ref"]))

    async def system(request: Request) -> Response:
        return report(await app.system_report())

    host_ref, network_ref, nic_ref = (describe.ref_parameter(noun) for noun in ("host", "network", "NIC"))
    describe.add(
        api,
        host,
        describe.Route(
            "GET",
            "/v1/hosts/{ref}/report",
            "report_host",
            "Connections, switch, ports, tunnels, flows, drift and errors of a host",
            "reports",
            describe.operation(
                describe.success("As it is now", HostReport), parameters=(host_ref,), errors=(404,)
            ),
        ),
    )
    describe.add(
        api,
        network,
        describe.Route(
            "GET",
            "/v1/networks/{ref}/report",
            "report_network",
            "Where a network is and how it does",
            "reports",
            describe.operation(
                describe.success("As it is now", NetworkReport), parameters=(network_ref,), errors=(404,)
            ),
        ),
    )
    describe.add(
        api,
        diff,
        describe.Route(
            "GET",
            "/v1/diff",
            "report_diff",
            "Drift between desired and actual, read now",
            "reports",
            describe.operation(
                describe.success("As it is now", DiffReport),
                parameters=(describe.query("host", "Only this host."),),
                errors=(404,),
            ),
        ),
    )
    describe.add(
        api,
        explain_flow,
        describe.Route(
            "GET",
            "/v1/explain/flow",
            "report_explain_flow",
            "Which objects caused the flows with a cookie",
            "reports",
            describe.operation(
                describe.success("Why", ExplainFlow),
                parameters=(
                    describe.query("host", "Name or id.", required=True),
                    describe.query("cookie", "Decimal, or hexadecimal with 0x.", required=True),
                ),
                errors=(404, 422),
            ),
        ),
    )
    describe.add(
        api,
        explain_nic,
        describe.Route(
            "GET",
            "/v1/explain/nic/{ref}",
            "report_explain_nic",
            "Where a NIC is, what it causes, what keeps it from working",
            "reports",
            describe.operation(describe.success("Why", ExplainNic), parameters=(nic_ref,), errors=(404,)),
        ),
    )
    describe.add(
        api,
        system,
        describe.Route(
            "GET",
            "/v1/system",
            "report_system",
            "The daemon itself",
            "reports",
            describe.operation(describe.success("As it is now", SystemReport)),
        ),
    )


def parse_cookie(text: str | None) -> int:
    """A 64-bit cookie in decimal or in hexadecimal with 0x.

    Raises:
        InvalidInput: it is neither.
    """
    try:
        cookie = int(text or "", 0) if len(text or "") <= 20 else -1
    except ValueError:
        cookie = -1
    if not 0 <= cookie < 2**64:
        raise InvalidInput(
            f"the cookie is {text!r:.40}",
            subject="cookie",
            hint="as in ovs-ofctl dump-flows: 0x...",
            code="invalid-input",
        )
    return cookie
