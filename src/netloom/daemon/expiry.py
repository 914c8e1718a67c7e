"""Warns before certificates end: an expired one cuts all hosts off in one night.

Rule 1: what is warned of is read from the files as they are now: a renewed one is silent without a restart.
Rule 2: a file that cannot be read is a warning too, never the end of the watch.
"""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from cryptography import x509

from netloom.aio.clock import SYSTEM_CLOCK, Clock
from netloom.base.errors import NetloomError
from netloom.daemon.settings import Settings
from netloom.switches.ca import Authority

_log = structlog.get_logger("netloom.daemon")

WARN_DAYS = 30
EVERY = 12 * 3600.0
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that ends soon or has ended; `days` is negative then."""

    path: pathlib.Path
    ends: dt.datetime
    days: int


class ExpiryWatch:
    """Looks at all certificate files that the settings point at."""

    def __init__(self, settings: Settings, clock: Clock = SYSTEM_CLOCK) -> None:
        self._settings = settings
        self._clock = clock

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            for each in self.look():
                _log.warning(
                    "a certificate has ended" if each.days < 0 else "a certificate ends soon",
                    file=str(each.path),
                    ends=each.ends.isoformat(timespec="minutes"),
                    days=each.days,
                )
            await self._clock.sleep(EVERY)

    def look(self) -> Sequence[Ending]:
        """Certificates that end within `WARN_DAYS`, the first to end first."""
        now = dt.datetime.fromtimestamp(self._clock.wall(), dt.UTC)
        found: list[tuple[pathlib.Path, dt.datetime]] = []
        switches = self._settings.switches
        try:
            authority = Authority(pathlib.Path(switches.pki))
            if authority.exists:
                found += authority.expiring(now, WARN_DAYS)
            for name in (switches.certificate, switches.ca, self._settings.api.tls_certificate):
                if name:
                    path = pathlib.Path(name)
                    ends = min(each.not_valid_after_utc for each in _certificates(path))
                    found += [(path, ends)] if ends <= now + dt.timedelta(days=WARN_DAYS) else []
        except (NetloomError, OSError, ValueError) as error:
            _log.warning("a certificate cannot be read", error=str(error))
        return sorted((Ending(path, ends, (ends - now).days) for path, ends in found), key=lambda e: e.ends)


def _certificates(path: pathlib.Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())
