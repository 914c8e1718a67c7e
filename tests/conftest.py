"""What holds for all tests.

* Hypothesis neither times examples nor complains about slow generation on a busy machine.
* What tests write lies in memory where there is room: thousands of databases of one test each wait for no disk. What is to
  outlive a killed process does so there as well.
* Rubbish is collected as rarely as in netloomd: what is imported and collected lives until the end.
* An exception that is logged is written as a plain traceback: the drawn one, with all variables, takes a second.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

import structlog
from hypothesis import HealthCheck, settings

MEMORY: Final = Path("/dev/shm")
ENOUGH: Final = 4 * 2**30
"""Octets of room that tests do not fill."""

settings.register_profile("netloom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("netloom")


def pytest_configure() -> None:
    if "TMPDIR" not in os.environ and _in_memory():
        # What pytest and the tests' own servers go by; programs that tests start have it from here.
        os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(MEMORY)
    for processor in structlog.get_config()["processors"]:
        if isinstance(processor, structlog.dev.ConsoleRenderer):
            processor.exception_formatter = structlog.dev.plain_traceback


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _in_memory() -> bool:
    """Whether there is room in memory for files, which tests also execute (some containers forbid that there)."""
    if not os.access(MEMORY, os.W_OK):
        return False
    return shutil.disk_usage(MEMORY).free > ENOUGH and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
