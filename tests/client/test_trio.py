"""`AsyncClient` on trio: it sleeps before a retry, reads files in a thread, follows events and can be cancelled."""

import asyncio
from pathlib import Path

import httpx2
import pytest
import trio

from tests.client.conftest import SOON
from tests.support.client_faults import LOSE_ANSWER, NO_CONNECTION, AsyncFaulty, Fault, Plan
from tests.support.contact_files import big
from tests.support.servers import Server
from tongdai_client import AsyncClient, ImportJob, Retry

ROWS = 12_000


# The stream of events is closed after the last state, which leaves generators of httpx2 to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <async_generator:pytest.PytestUnraisableExceptionWarning")
async def test_a_file_is_imported_and_its_rows_are_saved_despite_faults(server: Server, tmp_path: Path) -> None:
    key, plan, file = await server.key(), Plan(), big(tmp_path / "a.csv", ROWS)

    async def imported() -> ImportJob:
        transport = AsyncFaulty(httpx2.AsyncHTTPTransport(), plan)
        async with AsyncClient(server.url, key.value, transport=transport, retry=SOON) as client:
            campaign = await client.create_campaign("On trio")
            plan.faults = [Fault(break_after=1), NO_CONNECTION, LOSE_ANSWER, Fault(refuse=503)]
            job = await client.wait(await client.import_file(campaign.campaign_id, file))
            await client.save_rows_csv(job, tmp_path / "rows.csv")
            assert await client.import_rows(job).total() == ROWS
            return job

    job = await asyncio.to_thread(trio.run, imported)
    assert (job.status, job.created_rows) == ("done", ROWS)
    assert plan.faults == []
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == ROWS + 1


async def test_a_pause_before_a_retry_can_be_cancelled(server: Server) -> None:
    key, plan = await server.key(), Plan()

    async def cancelled() -> bool:
        transport = AsyncFaulty(httpx2.AsyncHTTPTransport(), plan)
        retry = Retry(first_pause_s=3600, longest_pause_s=3600, total_s=7200)
        async with AsyncClient(server.url, key.value, transport=transport, retry=retry) as client:
            plan.faults = [NO_CONNECTION]
            with trio.move_on_after(0.1) as scope:
                await client.tenant()
            await client.tenant()
            return scope.cancelled_caught

    assert await asyncio.to_thread(trio.run, cancelled)
    assert len(plan.requests) == 2
