from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.system.cloud import Cloud, cloud


@pytest.fixture
def two_hosts() -> Iterator[Cloud]:
    """A fresh cloud of two hosts in sync."""
    with cloud(2) as made:
        yield made


@pytest.fixture
def three_hosts() -> Iterator[Cloud]:
    """A fresh cloud of three hosts in sync."""
    with cloud(3) as made:
        yield made
