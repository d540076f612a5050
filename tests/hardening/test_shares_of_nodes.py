"""Nodes whose store of rate limits is away grant a tenant its limit together, not each of them."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.support.databases import FreshDatabase
from tests.support.servers import Server, api_alone, eventually

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="starts processes"), pytest.mark.slow]

QUEUES = "/v1/queues/inbound"
LIMIT, NODES = 40, 2
UNREACHABLE = ["unix:///nowhere/valkey.sock", f"unix:///{'d' * 200}/valkey.sock", "redis://127.0.0.1:1/0"]


@pytest.mark.parametrize("url", UNREACHABLE, ids=["no socket", "a path that is too long", "refused"])
async def test_nodes_apply_their_shares_while_the_store_is_away(
    tmp_path: Path, fresh_database: FreshDatabase, url: str
) -> None:
    settings = {"rate_limit_url": url, "tenant_limit": LIMIT, "route_limit": LIMIT}
    async with (
        fresh_database() as dsn,  # no other node has been known there
        api_alone(tmp_path / "one", dsn, **settings) as one,
        api_alone(tmp_path / "two", dsn, **settings) as two,
        httpx2.AsyncClient(timeout=20) as client,
    ):

        async def granted() -> int:
            """How many requests of a new tenant both nodes accept together within a window."""
            key = await one.key()

            async def ask(node: Server) -> list[int]:
                path = f"{node.url}{QUEUES}"
                return [(await client.get(path, headers=key.headers)).status_code for _ in range(LIMIT + 5)]

            async with asyncio.timeout(10):
                statuses = Counter(status for seen in await asyncio.gather(ask(one), ask(two)) for status in seen)
            assert set(statuses) == {200, 429}, statuses
            return statuses[200]

        seen: list[int] = []

        async def shared() -> bool:
            """Nodes of earlier tests on the database may be known for a while yet."""
            seen.append(await granted())
            return LIMIT - NODES < seen[-1] <= LIMIT + NODES - 1

        await eventually(shared, 60, lambda: f"the nodes to know of each other, and of nobody else: {seen}")
