"""A lock that is held for long takes neither the pool of connections nor the requests of others."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from tests.support.imports.client import a_campaign
from tests.support.servers import eventually, serving
from tongdai.tenants import store as tenants
from tongdai.testing import factories

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="starts processes"), pytest.mark.slow]

CLIENTS = 40
QUEUES = "/v1/queues/inbound"
LOCKED_S = 25.0
"""Longer than a key is cached (15 s)."""


async def test_others_are_answered_while_a_table_is_locked(data_dir: Path) -> None:
    async with serving(data_dir, database_pool=8) as server:
        campaign, other = await a_campaign(server), await server.key()
        seen, others = Counter[int](), Counter[int]()
        over = asyncio.Event()
        path = f"/v1/campaigns/{campaign.campaign_id}/contact-lists"

        async def ask_for_what_is_locked() -> None:
            async with httpx2.AsyncClient(timeout=30, base_url=server.url, headers=campaign.key.headers) as client:
                while not over.is_set():
                    seen[(await client.get(path)).status_code] += 1

        async with httpx2.AsyncClient(timeout=30, base_url=server.url, headers=other.headers) as client:
            assert (await client.get(QUEUES)).status_code == 200
            async with asyncio.TaskGroup() as group:
                async with server.database() as conn, conn.transaction():
                    await conn.execute("lock table contact_list in access exclusive mode")
                    for _ in range(CLIENTS):
                        group.create_task(ask_for_what_is_locked())

                    async def refused() -> bool:
                        """Until several rounds of requests have given up on the lock."""
                        others[(await client.get(QUEUES)).status_code] += 1
                        return seen[503] >= 3 * CLIENTS

                    await eventually(refused, 60, lambda: f"the lock to be given up: {seen}")
                over.set()
            assert set(seen) <= {200, 503}
            assert set(others) == {200}, others

            async def again() -> bool:
                return (await client.get(path, headers=campaign.key.headers)).status_code == 200

            await eventually(again, 10, "what was locked to be answered again")


async def test_requests_for_a_locked_row_of_a_tenant_leave_others_the_same_route(data_dir: Path) -> None:
    async with serving(data_dir, database_pool=8) as server:
        campaign, other = await a_campaign(server), await a_campaign(server)
        seen, others = Counter[int](), Counter[int]()
        over = asyncio.Event()
        path, others_path = (f"/v1/campaigns/{of.campaign_id}" for of in (campaign, other))

        async def ask_for_what_is_locked() -> None:
            async with httpx2.AsyncClient(timeout=30, base_url=server.url, headers=campaign.key.headers) as client:
                while not over.is_set():
                    seen[(await client.patch(path, json={"campaignName": "B"})).status_code] += 1

        async with httpx2.AsyncClient(timeout=30, base_url=server.url, headers=other.key.headers) as client:
            async with asyncio.TaskGroup() as group:
                async with server.database() as conn, conn.transaction():
                    await conn.execute(
                        "select from campaign where tenant_id = $1 and campaign_id = $2 for update",
                        campaign.key.tenant_id,
                        campaign.campaign_id,
                    )
                    for _ in range(CLIENTS):
                        group.create_task(ask_for_what_is_locked())

                    async def refused() -> bool:
                        """Until several rounds of requests have given up on the lock."""
                        response = await client.patch(others_path, json={"campaignName": "C"})
                        others[response.status_code] += 1
                        return seen[503] >= 3 * CLIENTS

                    await eventually(refused, 60, lambda: f"the lock to be given up: {seen}")
                over.set()
            assert set(seen) <= {200, 503}
            assert set(others) == {200}, others


async def test_known_keys_are_accepted_while_their_table_is_locked(data_dir: Path) -> None:
    # One worker: of several, each knows the keys that it has read itself.
    async with serving(data_dir, workers=1, database_pool=4) as server:
        keys, unknown, revoked = [await server.key() for _ in range(20)], await server.key(), await server.key()
        seen = Counter[int]()

        async def ask(key: factories.Key) -> int:
            async with httpx2.AsyncClient(timeout=30, base_url=server.url, headers=key.headers) as client:
                return (await client.get(QUEUES)).status_code

        assert set(await asyncio.gather(*map(ask, keys))) == {200}, "known from now on"
        async with server.database() as conn:
            async with conn.transaction():
                await conn.execute("lock table api_key in access exclusive mode")
                until = asyncio.get_running_loop().time() + LOCKED_S
                while asyncio.get_running_loop().time() < until:
                    seen.update(await asyncio.gather(*map(ask, keys)))
                assert set(seen) == {200}, seen
                assert await ask(unknown) == 503
            await tenants.revoke_key(conn, revoked.key_id, within=None, by=None)
        assert await ask(unknown) == 200
        assert await ask(revoked) == 401
