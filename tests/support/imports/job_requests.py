"""Jobs over HTTP, for tests."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from tongdai.imports.worker import Worker


@asynccontextmanager
async def working(pool):
    """A worker that runs during the block."""
    task = asyncio.create_task(Worker(pool, timedelta(seconds=30), asyncio.Event()).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def done(pool):
    """Process and undo all jobs, by a worker of its own."""
    await work(Worker(pool, timedelta(seconds=30), asyncio.Event()))


async def work(worker):
    """Process and undo all jobs."""
    while await worker.step():
        continue


def place(campaign_id, job_id, rest=""):
    return f"/v1/campaigns/{campaign_id}/contacts/import/{job_id}{rest}"


async def small(tenant, serving, campaign_id, contacts, chunk_rows=10, **fields):
    """The id of an import in small chunks."""
    async with serving(import_chunk_rows=chunk_rows) as client:
        response = await client.post(
            f"/v1/campaigns/{campaign_id}/contacts/bulk",
            json={"contacts": contacts} | fields,
            headers=tenant.key.headers,
        )
    assert response.status_code == 200, response.text
    return response.json()["job_id"]


async def follow(tenant, campaign_id, job_id):
    """All events of a job: (name, job)."""
    response = await tenant.get(place(campaign_id, job_id, "/events"))
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream"
    return events_of(response.text)


def events_of(text):
    reported = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        if not block.startswith(":"):
            name, data = block.split("\n")
            reported.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return reported
