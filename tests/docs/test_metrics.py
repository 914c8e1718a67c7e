"""Every metric that netloomd exports is in the table of docs/operations.md, and none that it does not."""

from __future__ import annotations

import re

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.docs.markdown import document
from tests.system.cloud import cloud

pytestmark = pytest.mark.lab

_ROW = re.compile(r"^\| `(netloom_[a-z_]+)` \| ([a-z, ]*?) ?\|", re.M)


def test_the_table_of_metrics_is_what_is_exported() -> None:
    with cloud(1) as made:
        transport = httpx.HTTPTransport(uds=str(made.netloomd.socket))
        with httpx.Client(transport=transport, base_url="http://netloomd") as client:
            assert client.get("/client/api?command=listApis&response=json").status_code == 200
            text = client.get("/metrics").raise_for_status().text
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").text == "ready\n"
    exported: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = exported.setdefault(name, set())
        for sample in family.samples:
            labels |= set(sample.labels) - {"le"}
    written = {
        name: {label.strip() for label in labels.split(",") if label.strip()}
        for name, labels in _ROW.findall(document("docs/operations.md").text)
    }
    assert written == {name: labels for name, labels in exported.items() if not name.endswith("_created")}
