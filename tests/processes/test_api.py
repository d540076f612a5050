"""The stop of an API process, and its OpenAPI document."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tests.support.api import Tenant, client_of
from tests.support.databases import of_database
from tests.support.event_streams import open_streams
from tongdai.clock import SystemClock
from tongdai.db.pool import Pool
from tongdai.imports.worker import Worker
from tongdai.processes.api import WAIT_FOR_DOCUMENT, build
from tongdai.settings.declarations import Settings
from tongdai.testing.asgi import running

STOP = signal.SIGUSR1
"""In place of SIGTERM, which would end the tests."""


@pytest.fixture
async def client(settings: Settings, dsn: str) -> AsyncGenerator[httpx2.AsyncClient]:
    before = signal.getsignal(STOP)
    try:
        application = build(of_database(settings, dsn), dsn, SystemClock(), STOP)
        async with running(application), client_of(application) as client:
            yield client
    finally:
        signal.signal(STOP, before)


async def test_event_streams_end(client: httpx2.AsyncClient, tenant: Tenant) -> None:
    path = f"/v1/campaigns/{await tenant.campaign()}/live/events"
    following = asyncio.create_task(client.get(path, headers=tenant.key.headers))
    while open_streams() == 0:
        await asyncio.sleep(0)
    os.kill(os.getpid(), STOP)
    response = await following
    assert (response.status_code, response.text.count("event: live")) == (200, 1)
    assert open_streams() == 0


async def test_a_request_that_waits_for_an_undo_is_answered(
    client: httpx2.AsyncClient, tenant: Tenant, pool: Pool
) -> None:
    campaign_id = await tenant.campaign()
    job_id = await tenant.bulk(campaign_id, [{"phoneNumber": "0900000001"}])
    worker = Worker(pool, timedelta(seconds=30), asyncio.Event())
    while await worker.step():
        continue  # and from now on nobody works at imports
    os.kill(os.getpid(), STOP)
    path = f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}"
    response = await client.delete(path, headers=tenant.key.headers)
    assert (response.status_code, response.json()["undone"]) == (200, False)


class CountingExecutor(ThreadPoolExecutor):
    submitted = 0

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        self.submitted += 1
        return super().submit(*args, **kwargs)


async def test_openapi_document_is_made_once_for_all_who_ask_meanwhile(client: httpx2.AsyncClient) -> None:
    executor = CountingExecutor()
    asyncio.get_running_loop().set_default_executor(executor)
    found = await asyncio.gather(*(client.get("/openapi.json") for _ in range(20)))
    assert {response.status_code for response in found} == {200}
    assert executor.submitted == 1


async def test_few_requests_wait_for_the_openapi_document(client: httpx2.AsyncClient) -> None:
    """Anybody may ask for it, and would have all places of requests in flight until it is there."""
    found = Counter(r.status_code for r in await asyncio.gather(*(client.get("/openapi.json") for _ in range(100))))
    assert found == {200: WAIT_FOR_DOCUMENT, 503: 100 - WAIT_FOR_DOCUMENT}
    again = await asyncio.gather(*(client.get("/openapi.json") for _ in range(100)))
    assert {response.status_code for response in again} == {200}
