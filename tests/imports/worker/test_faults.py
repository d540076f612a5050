"""Workers whose rows crash them, that are cancelled, or whose connections break."""

import asyncio
import random
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.database_proxy import DatabaseProxy
from tests.support.imports.jobs import (
    LEASE,
    a_place,
    all_ended,
    assert_exact,
    expire,
    found,
    know,
    post,
    work_off,
    working,
)
from tests.support.imports.seeded import seeded
from tests.support.servers import eventually
from tongdai.contacts import bulk_store
from tongdai.db.pool import Connection, Pool, open_pool
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.imports import store, worker
from tongdai.imports.model import MAX_ERRORS, JobStatus
from tongdai.imports.worker import Worker


async def test_rows_that_crash_the_worker_end_their_job_while_others_go_on(conn: Connection, own_pool: Pool) -> None:
    bad, good = await a_place(conn), await a_place(conn)
    data = seeded(10, 400)
    await know(conn, good, data.known)
    poisoned = await post(conn, bad, seeded(11, 300).rows, 100)
    after_it = await post(conn, bad, seeded(12, 100, 1000).rows, 100)
    other = await post(conn, good, data.rows, 100)
    await conn.execute("update import_chunk set payload = 'x' where job_id = $1 and seq = 1", poisoned)
    await work_off(conn, own_pool)
    job = await found(conn, bad, poisoned)
    assert (job.status, job.error_message) == (
        JobStatus.FAILED,
        f"Gave up after {MAX_ERRORS} attempts at the same rows",
    )
    assert job.processed_rows == 100, "the chunk before it stays"
    assert (await found(conn, bad, after_it)).status is JobStatus.DONE
    await assert_exact(conn, good, {other: data})
    assert not await conn.fetchval("select count(*) from import_chunk")


async def test_job_without_the_chunks_that_it_should_have_ends(conn: Connection, own_pool: Pool) -> None:
    place = await a_place(conn)
    job_id = await post(conn, place, seeded(23, 100).rows)
    await conn.execute("delete from import_chunk where job_id = $1", job_id)
    await work_off(conn, own_pool)
    job = await found(conn, place, job_id)
    assert (job.status, job.processed_rows) == (JobStatus.FAILED, 0)


async def test_any_number_of_killed_workers_is_forgiven(conn: Connection, own_pool: Pool) -> None:
    place, data = await a_place(conn), seeded(13, 100)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows)
    for _ in range(3 * MAX_ERRORS):
        assert await store.claim(conn, LEASE) is not None
        await expire(conn)
    await work_off(conn, own_pool)
    await assert_exact(conn, place, {job_id: data})


async def test_lease_of_rows_that_worker_after_worker_died_of_grows_up_to_an_end(
    conn: Connection, own_pool: Pool
) -> None:
    place = await a_place(conn)
    job_id = await post(conn, place, seeded(21, 100).rows)
    lease = "select round(extract(epoch from lease_until - clock_timestamp()))::int from import_job where job_id = $1"
    leases: list[int] = []
    for _ in range(10):
        assert await store.claim(conn, timedelta(minutes=1)) is not None
        leases.append(await conn.fetchval(lease, job_id))
        await expire(conn)
    minutes = [1, 1, 1, 2, 4, 8, 16, 32, 32, 32]
    assert all(abs(found - 60 * expected) <= 20 for found, expected in zip(leases, minutes, strict=True)), leases
    await work_off(conn, own_pool)
    assert (await found(conn, place, job_id)).status is JobStatus.DONE


STATES = ("53100", "53200", "53300", "55000", "57014", "58030", "25006")


@pytest.mark.parametrize("state", STATES)
async def test_database_that_is_short_of_something_never_ends_an_import(
    state: str, conn: Connection, own_pool: Pool
) -> None:
    """A full disk is 53100."""
    place, data = await a_place(conn), seeded(22, 100)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows)
    one = Worker(own_pool, LEASE, asyncio.Event())
    await conn.execute(
        f"""create or replace function planted() returns trigger language plpgsql as $$ begin
                raise exception 'planted' using errcode = '{state}'; end $$;
            create trigger planted before update of created_rows on import_job
                for each row execute function planted()"""
    )
    for _ in range(2 * MAX_ERRORS):
        with pytest.raises(UNAVAILABLE):
            await one.step()
        row = await conn.fetchrow("select status, attempts, errors from import_job where job_id = $1", job_id)
        assert tuple(row or ()) == ("processing", 0, 0)
        await expire(conn)
    await conn.execute("drop trigger planted on import_job")
    await work_off(conn, own_pool)
    await assert_exact(conn, place, {job_id: data})


async def test_rows_that_crashed_the_worker_are_tried_again_soon_and_hold_up_nobody(
    conn: Connection, own_pool: Pool
) -> None:
    place = await a_place(conn)
    poisoned = await post(conn, place, seeded(19, 100).rows)
    other = await post(conn, place, seeded(20, 50, 1000).rows)
    await conn.execute("update import_chunk set payload = 'x' where job_id = $1", poisoned)
    one = Worker(own_pool, LEASE, asyncio.Event())
    assert await one.step()
    row = await conn.fetchrow(
        "select errors, lease_until - clock_timestamp() < interval '1 second' from import_job where job_id = $1",
        poisoned,
    )
    assert tuple(row or ()) == (1, True)
    await work_off(conn, own_pool)
    assert (await found(conn, place, other)).status is JobStatus.DONE
    assert (await found(conn, place, poisoned)).status is JobStatus.FAILED


def test_pause_after_crashes_doubles_and_has_an_end() -> None:
    pauses = [worker.backoff_after(attempts).total_seconds() for attempts in (1, 2, 3, 4, 5, 50, 1001)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 60, 60]


async def test_cancellation_amid_a_chunk_hands_the_job_back_with_its_attempts_unchanged(
    conn: Connection, own_pool: Pool
) -> None:
    place, data = await a_place(conn), seeded(15, 200)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows, 100)
    async with working(own_pool, 1) as (task,), own_pool.acquire() as other, other.transaction():
        await other.execute(bulk_store.LOCK_CAMPAIGN, str(place.tenant_id), str(place.campaign_id))
        waits = "select true from pg_stat_activity where wait_event = 'advisory' and datname = current_database()"
        await eventually(lambda: conn.fetchval(waits), 20, "the worker to be amid a chunk")
        before = await found(conn, place, job_id)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        row = await conn.fetchrow("select attempts, lease_until, status from import_job where job_id = $1", job_id)
        assert tuple(row or ()) == (0, None, "processing")
        assert await found(conn, place, job_id) == before
    await work_off(conn, own_pool)
    await assert_exact(conn, place, {job_id: data})


async def test_cancellation_at_any_moment_leaves_no_lease(conn: Connection, own_pool: Pool) -> None:
    place, data = await a_place(conn), seeded(16, 2000)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows, 10)
    for turns in range(120):
        task = asyncio.create_task(Worker(own_pool, LEASE, asyncio.Event()).run())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        held = await conn.fetchrow("select attempts, lease_until from import_job where job_id = $1", job_id)
        assert tuple(held or ()) == (0, None), f"cancelled after {turns} turns of the loop"
    await work_off(conn, own_pool)
    await assert_exact(conn, place, {job_id: data})


async def test_cancellation_ends_a_worker_whose_database_is_gone(
    conn: Connection, own_pool: Pool, own_dsn: str
) -> None:
    place = await a_place(conn)
    await post(conn, place, seeded(18, 200).rows, 100)
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with DatabaseProxy(own_dsn, Path(folder)) as proxy:
            pool = await open_pool(proxy.dsn, 4, name="tests")
            async with working(pool, 1) as (task,), own_pool.acquire() as other, other.transaction():
                await other.execute(bulk_store.LOCK_CAMPAIGN, str(place.tenant_id), str(place.campaign_id))
                waits = "select true from pg_stat_activity where wait_event = 'advisory'"
                await eventually(lambda: conn.fetchval(waits), 20, "the worker to be amid a chunk")
                cut = asyncio.create_task(proxy.cut())
                task.cancel()
                await asyncio.wait([task], timeout=10)
                assert task.done()
                await cut
            pool.terminate()


@pytest.mark.parametrize("seed", [1, 2])
async def test_connections_that_break_at_any_message_lose_and_double_nothing(
    seed: int, conn: Connection, own_dsn: str
) -> None:
    """A commit may have succeeded though the worker never learns of it."""
    place, data, rng = await a_place(conn), seeded(17, 2000), random.Random(seed)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows, 40)
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with DatabaseProxy(own_dsn, Path(folder), lambda: rng.randrange(1500, 9000)) as proxy:
            pool = await open_pool(proxy.dsn, 4, name="tests")
            async with working(pool, 3):

                async def ended() -> bool:
                    await expire(conn)
                    return await all_ended(conn)

                await eventually(ended, 60, "the job to end", poll_s=0.2)
            pool.terminate()
    assert proxy.cuts > 5
    await assert_exact(conn, place, {job_id: data})
