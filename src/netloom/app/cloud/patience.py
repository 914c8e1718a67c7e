"""How long the cloud waits for others: for a provider's answer, for a hypervisor's, for a job as a whole.

Rule 1: a call is given up long before the job that makes it, so that what can be undone is undone by whoever knows what it
    did; the job's own limit is for what nobody thought of.
Rule 2: what was given up is a failure like any other: the job says what it waited for, undoes, and its queue goes on; what
    was made in part is compared and put right by whoever asks next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, as the settings say (section `jobs`).

    Attributes:
        job: for the second half of a use case, waiting for other jobs not counted; some have a multiple of it
            (`UseCase.longer`).
        provider: for one call of a provider.
        hypervisor: for one call of a hypervisor; a live migration has a multiple of it.
    """

    job: float = 1800.0
    provider: float = 300.0
    hypervisor: float = 600.0


PATIENCE: Final = Patience()
OUT_OF_TIME: Final = "job-out-of-time"
PROVIDER_SLOW: Final = "provider-slow"
HYPERVISOR_SLOW: Final = "hypervisor-slow"
SLOW: Final = frozenset({OUT_OF_TIME, PROVIDER_SLOW, HYPERVISOR_SLOW})
"""Failures because somebody did not answer in time."""
