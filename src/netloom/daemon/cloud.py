"""The cloud's use cases as a component: seeded once, then doing jobs.

Rule 1: nobody is let in before the seeds are there; jobs that an earlier run left open go on from here.
"""

from __future__ import annotations

from netloom.app.cloud.backends import Backends
from netloom.app.cloud.catalogue import by_name
from netloom.app.cloud.cloud import Cloud
from netloom.app.cloud.seed import seed_all
from netloom.app.cloud.visibility import system_caller
from netloom.store.store import Store


async def seeded_cloud(store: Store, backends: Backends) -> Cloud:
    """The use cases on a store that has what a first start makes."""
    cloud = Cloud(store, backends, by_name())
    await cloud.write_as(system_caller(), "seed", seed_all)
    return cloud
