"""What a balancer, its stickiness and its health check may be told."""

from __future__ import annotations

import msgspec
import pytest

from netloom.base.errors import InvalidInput
from netloom.model.cloud.load_balancers import Algorithm, LbProtocol, parse_algorithm, parse_lb_protocol
from netloom.model.cloud.load_balancers_health import HealthCheckValues, check_health_check
from netloom.model.cloud.load_balancers_stickiness import METHODS, Kind, check_stickiness
from netloom.model.cloud.rules_traffic import Protocol
from netloom.model.cloud.services_known import STICKINESS


def test_words_in_any_case() -> None:
    assert parse_algorithm("LeastConn") is Algorithm.LEAST_CONNECTIONS
    assert parse_lb_protocol("TCP-proxy") is LbProtocol.TCP_PROXY
    for refuse in (parse_algorithm, parse_lb_protocol):
        with pytest.raises(InvalidInput) as refused:
            refuse("magic")
        assert refused.value.hint is not None
        assert refused.value.hint.startswith("one of ")


def test_only_udp_is_udp_on_the_wire() -> None:
    assert {p for p in LbProtocol if p.transport is Protocol.UDP} == {LbProtocol.UDP}


def test_stickiness_keeps_what_is_said_and_drops_flags_that_are_off() -> None:
    assert check_stickiness(
        "lbcookie",
        {"cookie-name": "c", "mode": "insert", "nocache": "TRUE", "indirect": "false", "postonly": ""},
        None,
    ) == ("LbCookie", {"cookie-name": "c", "mode": "insert", "nocache": "true", "postonly": "true"})
    assert check_stickiness("SourceBased", {"tablesize": "200k", "expire": "30m"}, LbProtocol.UDP)[1] == {
        "tablesize": "200k",
        "expire": "30m",
    }


@pytest.mark.parametrize(
    ("method", "parameters", "protocol", "subject"),
    [
        ("Nope", {}, None, "methodname"),
        ("LbCookie", {"tablesize": "1k"}, None, "param"),
        ("LbCookie", {"mode": "sometimes"}, None, "param.mode"),
        ("LbCookie", {"nocache": "perhaps"}, None, "param.nocache"),
        ("LbCookie", {"domain": "two words"}, None, "param.domain"),
        ("AppCookie", {"length": "-1"}, None, "param.length"),
        ("AppCookie", {"holdtime": "3 hours"}, None, "param.holdtime"),
        ("SourceBased", {"tablesize": "many"}, None, "param.tablesize"),
        ("SourceBased", {"expire": "0"}, None, "param.expire"),
        ("LbCookie", {}, LbProtocol.UDP, "methodname"),
    ],
)
def test_what_stickiness_may_not_be_told(
    method: str, parameters: dict[str, str], protocol: LbProtocol | None, subject: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_stickiness(method, parameters, protocol)
    assert refused.value.subject == subject
    assert refused.value.hint


def test_the_check_accepts_what_the_capability_of_known_providers_lists() -> None:
    listed = {
        (method["methodname"], parameter["paramname"], parameter["isflag"], parameter["required"])
        for method in msgspec.json.decode(STICKINESS)
        for parameter in method["paramlist"]
    }
    assert listed == {
        (method.name, parameter.name, parameter.kind is Kind.FLAG, parameter.required)
        for method in METHODS
        for parameter in method.parameters
    }


def test_a_health_check_has_defaults_and_bounds() -> None:
    assert check_health_check(None, None, None, None, None) == HealthCheckValues("/", 2, 5, 2, 10)
    assert check_health_check("/up?deep=1", 60, 20_940, 1, 1).ping_path == "/up?deep=1"


@pytest.mark.parametrize(
    ("path", "timeout", "interval", "healthy", "unhealthy", "subject"),
    [
        ("up", None, None, None, None, "pingpath"),
        ("/a b", None, None, None, None, "pingpath"),
        (None, 1, None, None, None, "responsetimeout"),
        (None, 61, 100, None, None, "responsetimeout"),
        (None, 5, 5, None, None, "responsetimeout"),
        (None, None, 20_941, None, None, "intervaltime"),
        (None, None, None, 0, None, "healthythreshold"),
        (None, None, None, None, 11, "unhealthythreshold"),
    ],
)
def test_what_a_health_check_may_not_say(
    path: str | None,
    timeout: int | None,
    interval: int | None,
    healthy: int | None,
    unhealthy: int | None,
    subject: str,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_health_check(path, timeout, interval, healthy, unhealthy)
    assert refused.value.subject == subject
