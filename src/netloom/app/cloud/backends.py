"""What makes the cloud's wishes true outside the store, as the daemon wires it.

Rule 1: first halves of use cases ask these only what is known without waiting; second halves may wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backends:
    """Providers of services and hypervisors; fields come with the areas that bring them."""
