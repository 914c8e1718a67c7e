"""Secrets on the command line need not be there: `-` reads them from where nobody else looks."""

from __future__ import annotations

import io

import pytest

from netloom.contract.cloud import Field, Form
from netloom.faces.cli.cloud_fields import about, values_of

PASSWORD = Field(name="password", form=Form.TEXT)
KEY = Field(name="private_key", form=Form.TEXT)
NAME = Field(name="name", form=Form.TEXT)


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cret \n"))
    assert values_of((PASSWORD,), {"password": "-"}) == {"password": "s3cret "}
    monkeypatch.setattr("sys.stdin", io.StringIO("-----BEGIN\nabc\n-----END\n"))
    assert values_of((KEY,), {"private_key": "-"}) == {"private_key": "-----BEGIN\nabc\n-----END"}


def test_only_secrets_are_read_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("unread"))
    assert values_of((NAME, PASSWORD), {"name": "-", "password": "given"}) == {
        "name": "-",
        "password": "given",
    }


def test_help_tells_of_it() -> None:
    assert "- asks for it" in about(PASSWORD, "user")
    assert "asks" not in about(NAME, "user")
