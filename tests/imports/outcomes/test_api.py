"""The rows of an import, read by a cursor."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import Serving, Tenant
from tongdai.db.pool import Pool
from tongdai.imports.outcomes.api import CHUNKS_AT_ONCE
from tongdai.imports.worker import Worker

ROWS = 95
BAD = (30, 93)
"""Rows without a usable number, counted from 1."""


def contacts(rows: int = ROWS) -> list[dict[str, str]]:
    return [{"phoneNumber": "12" if n in BAD else f"090{n:07}"} for n in range(1, rows + 1)]


async def import_of(tenant: Tenant, serving: Serving, chunk_rows: int) -> tuple[str, Worker]:
    """The path of an import in small chunks, and a worker to process them one by one."""
    campaign_id = await tenant.campaign()
    async with serving(import_chunk_rows=chunk_rows) as client:
        path = f"/v1/campaigns/{campaign_id}/contacts"
        response = await client.post(f"{path}/bulk", json={"contacts": contacts()}, headers=tenant.key.headers)
    worker = Worker(tenant.api.pool, timedelta(seconds=30), asyncio.Event())
    return f"{path}/import/{response.json()['job_id']}/rows", worker


async def parts(tenant: Tenant, path: str, query: str) -> list[Any]:
    """All answers of a reader."""
    read: list[Any] = []
    cursor: str | None = "*"
    while cursor is not None:
        read.append(await tenant.done("GET", f"{path}?{query}&cursor={cursor}"))
        cursor = read[-1]["nextCursor"]
    return read


def numbers(read: list[Any]) -> list[int]:
    return [row["row"] for response in read for row in response["data"]]


@pytest.mark.parametrize("chunk_rows", [5, 10, 1000])
@pytest.mark.parametrize("size", [1, 7, 10, 1000])
async def test_every_row_comes_once_and_in_order(
    tenant: Tenant, serving: Serving, pool: Pool, chunk_rows: int, size: int
) -> None:
    path, worker = await import_of(tenant, serving, chunk_rows)
    while await worker.step():
        continue
    read = await parts(tenant, path, f"size={size}")
    assert numbers(read) == list(range(1, ROWS + 1))
    assert [row for response in read for row in response["data"]] == (await tenant.done("GET", f"{path}?size=1000"))[
        "data"
    ]


async def test_rows_that_are_processed_meanwhile_follow(tenant: Tenant, serving: Serving, pool: Pool) -> None:
    path, worker = await import_of(tenant, serving, 10)
    assert await worker.step()
    assert numbers(await parts(tenant, path, "size=4")) == list(range(1, 11))
    first = await tenant.done("GET", f"{path}?size=4&cursor=*")
    while await worker.step():
        continue
    behind = await tenant.done("GET", f"{path}?size=1000&cursor={first['nextCursor']}")
    assert numbers([first, behind]) == list(range(1, ROWS + 1))


async def test_an_answer_reads_a_few_chunks_and_names_where_to_continue(
    tenant: Tenant, serving: Serving, pool: Pool
) -> None:
    path, worker = await import_of(tenant, serving, 1)
    while await worker.step():
        continue
    assert numbers(await parts(tenant, path, "size=1000&outcome=failed")) == list(BAD)
    read = await parts(tenant, path, "size=1000")
    assert numbers(read) == list(range(1, ROWS + 1))
    assert {len(response["data"]) for response in read[:-1]} == {CHUNKS_AT_ONCE}
