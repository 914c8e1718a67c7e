"""Whatever is sent to the cloud's kinds is answered, with an object or a problem: never a 500, and never in doubt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.resources.kinds import CloudAction, CloudKind, cloud_kinds
from netloom.contract.cloud import Form
from netloom.contract.problems import Problem

KINDS = cloud_kinds(by_name())
ACTIONS = [(kind, action) for kind in KINDS.every for action in kind.actions.values()]
IDS = st.sampled_from(
    ["00000000-0000-4000-8000-0000000a0002", "00000000-0000-4000-8000-00000000dead", "default", "admin"]
)
TEXTS = st.one_of(
    st.text(max_size=20),
    IDS,
    st.sampled_from(["ROOT", "10.0.0.0/8", "::/0", "all", "-1", "1-65535", "x" * 300, "\x00", "/", "%"]),
)
NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.integers(-2, 70_000))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
OF_FORM = {
    Form.TEXT: TEXTS,
    Form.NUMBER: NUMBERS,
    Form.FLAG: st.booleans(),
    Form.TIME: st.one_of(TEXTS, st.just("2026-01-31T12:00:00Z"), st.just("9999-12-31T23:59:59Z")),
    Form.TEXTS: st.lists(TEXTS, max_size=3),
    Form.MAP: st.dictionaries(TEXTS, TEXTS, max_size=3),
    Form.JSON: ANYTHING,
}


@pytest.fixture
def http(live_cloud: object) -> Iterator[httpx.Client]:
    path = live_cloud.unix.removeprefix("unix:")  # type: ignore[attr-defined]
    with httpx.Client(
        transport=httpx.HTTPTransport(uds=path), base_url="http://netloomd", timeout=30
    ) as client:
        yield client


@st.composite
def requests(draw: st.DrawFn) -> tuple[CloudKind, CloudAction, str, dict[str, object]]:
    """An action with values that mostly have the form that they should."""
    kind, action = draw(st.sampled_from(ACTIONS))
    values: dict[str, object] = {}
    for field in action.fields:
        if field.spec.required or draw(st.booleans()):
            choices = field.spec.choices
            right = st.sampled_from(choices) if choices else OF_FORM[field.spec.form]
            values[field.name] = draw(st.one_of(right, right, right, ANYTHING))
    return kind, action, draw(TEXTS), values


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=requests())
def test_actions(http: httpx.Client, asked: tuple[CloudKind, CloudAction, str, dict[str, object]]) -> None:
    _, action, ref, values = asked
    path = action.spec.path.replace("{ref}", quote(ref, safe="") or "x")
    if action.spec.method == "DELETE":
        query = {name: value for name, value in values.items() if isinstance(value, str | bool | int)}
        answer = http.request("DELETE", path, params={name: str(value) for name, value in query.items()})
    else:
        content = json.dumps(values).encode()
        answer = http.request(
            action.spec.method, path, content=content, headers={"content-type": "application/json"}
        )
    answered(answer)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(KINDS.every),
    filters=st.dictionaries(
        st.one_of(st.sampled_from(["account", "domain", "project", "limit", "cursor"]), TEXTS),
        TEXTS,
        max_size=3,
    ),
    data=st.data(),
)
def test_lists(http: httpx.Client, kind: CloudKind, filters: dict[str, str], data: st.DataObject) -> None:
    if kind.spec.filters:
        filters = filters | {data.draw(st.sampled_from(kind.spec.filters)): data.draw(TEXTS)}
    path = f"/v1/{kind.spec.collection}"
    answered(http.get(path, params=filters))
    answered(http.get(f"{path}/{quote(data.draw(TEXTS), safe='') or 'x'}"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=st.lists(requests(), min_size=1, max_size=3))
def test_files(
    http: httpx.Client, documents: list[tuple[CloudKind, CloudAction, str, dict[str, object]]]
) -> None:
    items = [{**values, "kind": kind.spec.kind, "name": name} for kind, _, name, values in documents]
    content = json.dumps({"items": items}).encode()
    answered(http.post("/v1/plan", content=content, headers={"content-type": "application/json"}))


def answered(answer: httpx.Response) -> None:
    """An object, or a problem that says what is wrong."""
    # 503 is an answer: nothing runs machines here.
    assert answer.status_code < 500 or answer.status_code == 503, (
        answer.request.url,
        answer.request.content,
        answer.text,
    )
    if answer.status_code >= 400:
        found = Problem.model_validate_json(answer.content, strict=False)
        assert found.code
        assert found.detail
