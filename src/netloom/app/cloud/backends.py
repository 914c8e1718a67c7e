"""What makes the cloud's wishes true outside the store, as the daemon wires it.

Rule 1: first halves of use cases ask these only what is known without waiting; second halves may wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from netloom.aio.turns import Turns
from netloom.app.cloud.hypervisors import Hypervisors
from netloom.app.cloud.identity_epoch import Epoch
from netloom.app.cloud.identity_vault import Vault
from netloom.app.cloud.patience import PATIENCE, Patience
from netloom.app.cloud.providers import Providers, default_providers
from netloom.app.cloud.switches import NoSwitches, Switches


@dataclass(frozen=True, slots=True)
class Backends:
    """Providers of services and hypervisors; fields come with the areas that bring them."""

    providers: Providers = field(default_factory=default_providers)
    hypervisors: Hypervisors = field(default_factory=Hypervisors)
    switches: Switches = field(default_factory=NoSwitches)
    vault: Vault = field(default_factory=Vault.forgotten_at_exit)
    epoch: Epoch = field(default_factory=Epoch)
    turns: Turns = field(default_factory=Turns)
    """Who tells a provider of a network or VPC, one at a time."""
    patience: Patience = PATIENCE
    first_password: str | None = None
    """The hashed password of the first administrator, for a store that has none yet."""
