"""What reaches the log of netloomd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from netloom.daemon.log_output import configure
from netloom.daemon.settings import LogSettings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_traceback_shows_no_variables(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure(LogSettings(format=form))
    key = "-".join(["never", "to", "be", "seen"])
    try:
        raise OSError("broken") if key else AssertionError
    except OSError:
        structlog.get_logger().exception("it failed", password=key)
    told = capsys.readouterr().err
    assert "OSError: broken" in told
    assert "test_log_output.py" in told
    assert key not in told
