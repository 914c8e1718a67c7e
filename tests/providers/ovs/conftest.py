"""A real switch for the tests of this folder and of the oracle."""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Iterator

import pytest
from tests.providers.ovs.real_switch import RealSwitch


@pytest.fixture(scope="module")
def real_switch() -> Iterator[RealSwitch]:
    # Socket paths have 108 characters at most: pytest's own directories are too deep.
    with (
        tempfile.TemporaryDirectory(prefix="nl-") as directory,
        RealSwitch(pathlib.Path(directory)) as switch,
    ):
        yield switch
