"""Duties of the engine besides imports: it purges outcomes past their retention and numbers seen by dry runs."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from tests.support.imports.jobs import a_place, found, messy, post, without_jobs, work_off
from tongdai.db.pool import Connection, Pool
from tongdai.processes import engine


@pytest.fixture
async def conn(own_pool: Pool) -> AsyncGenerator[Connection]:
    async with without_jobs(own_pool) as conn:
        yield conn


async def test_outcomes_past_their_retention_are_purged(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(1, 250)
    old, young = [await post(conn, place, rows, 1 if first else 50) for first in (True, False)]
    await work_off(conn, own_pool)
    await conn.execute("update import_job set finished_at = now() - interval '8 days' where job_id = $1", old)
    await engine.purge(own_pool, timedelta(days=9))
    assert (await found(conn, place, old)).rows_kept
    await engine.purge(own_pool, timedelta(days=7))
    kept = await conn.fetch("select job_id, count(*) from import_outcome group by job_id")
    assert [tuple(row) for row in kept] == [(young, 5)]
    assert [(await found(conn, place, job_id)).rows_kept for job_id in (old, young)] == [False, True]


async def test_numbers_seen_by_dry_runs_are_purged_once_these_have_ended(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(2, 200)
    jobs = [await post(conn, place, rows, dry_run=True) for _ in range(2)]
    await work_off(conn, own_pool)
    assert await conn.fetchval("select count(distinct job_id) from import_seen") == len(jobs)
    await engine.sweep(own_pool)
    assert not await conn.fetchval("select count(*) from import_seen")
    assert not await conn.fetchval("select count(*) from import_job where keeps_seen")
