"""What a cloud starts with, so that a newcomer needs none of it: owners, roles, facets of the default zone, offerings.

Rule 1: a seed adds what an area needs on its first start and does nothing on any later one; what an operator removed stays
    removed. The roles alone follow netloom's version: nobody but netloom can change them.
Rule 2: seeds run in the order of the list, in one transaction, before anybody may ask for anything.
"""

from __future__ import annotations

from collections.abc import Callable

from netloom.app.cloud import acl_lists, identity_seed, offerings_seed, security_groups, templates
from netloom.app.cloud.work import Work

SEEDS: tuple[Callable[[Work], None], ...] = (
    identity_seed.seed_roles,
    identity_seed.seed,
    offerings_seed.seed,
    acl_lists.seed_lists,
    security_groups.seed,
    templates.seed,
)
"""Each area's, those first that others refer to."""


def seed_all(work: Work) -> None:
    """Run them."""
    for seed in SEEDS:
        seed(work)
