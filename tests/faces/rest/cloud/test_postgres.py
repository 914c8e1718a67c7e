"""Files of the cloud on PostgreSQL, where a statement that fails inside a transaction ends all but its savepoint."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.faces.rest.cloud.test_documents import MIXED, OWNERS, applied
from tests.faces.rest.test_files import post
from tests.testing import templates

from netloom.contract.problems import Problem
from netloom.store.store import Store, StoreOptions, open_store

pytestmark = pytest.mark.postgres


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with open_store(StoreOptions(templates.migrated_postgres())) as opened:
        yield opened


async def test_files_are_tried_applied_and_applied_again(http: httpx.AsyncClient) -> None:
    wrong = "kind: Domain\nname: good\n---\nkind: Domain\nname: bad/name\n---\nkind: Project\nname: p\naccount: nobody\n"
    told = Problem.model_validate_json((await post(http, "/v1/apply", wrong)).content, strict=False)
    assert [mistake.document for mistake in told.errors] == [1, 2]
    for text, count in ((OWNERS, 4), (MIXED, 3)):
        first = await applied(http, text)
        assert first.created + first.updated >= count
        again = await applied(http, text)
        assert again.unchanged == len(again.items)
    for path in ("domains/lab", "security-groups/web", "configurations/user.keys.lifetime"):
        assert (await http.get(f"/v1/{path}")).status_code == 200
    assert (
        await http.get("/v1/events", params={"account": "alice", "domain": "/acme/lab"})
    ).status_code == 200
