"""Workers on a real PostgreSQL, several at once. What must hold is also shown to fail when a bug is planted."""

import asyncio

import pytest

from tests.support import planted_bugs
from tests.support.contacts import Place
from tests.support.imports.jobs import (
    LEASE,
    a_place,
    all_ended,
    assert_exact,
    crash_every_third,
    expire,
    found,
    know,
    phones_of,
    post,
    work_off,
    working,
)
from tests.support.imports.seeded import Seeded, seeded
from tests.support.planted_bugs import Bug, Scenario, committed_after, replaced
from tests.support.servers import eventually
from tongdai.db.pool import Connection, Pool
from tongdai.ids import JobId, TenantId
from tongdai.imports import store, worker
from tongdai.imports.core import Counts, Imported
from tongdai.imports.model import Claimed, Job, JobStatus, Taken
from tongdai.imports.worker import Worker


async def state(conn: Connection, place: Place) -> tuple[object, ...]:
    """All that a worker might write of a tenant."""
    jobs = await conn.fetch("select * from import_job where tenant_id = $1 order by job_id", place.tenant_id)
    chunks = await conn.fetch("select job_id, seq from import_chunk where tenant_id = $1", place.tenant_id)
    counted = await conn.fetch("select * from contact_counter where tenant_id = $1", place.tenant_id)
    return (jobs, sorted(map(tuple, chunks)), counted, await phones_of(conn, place))


# Scenarios. Each ends with its check, and is run again with bugs planted.


async def crashes_before_the_counters(conn: Connection, pool: Pool) -> None:
    """Every third time that counters are written, the transaction that does it crashes."""
    await crash_every_third(conn, "created_rows")
    place, data = await a_place(conn), seeded(1, 1000)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows)
    await work_off(conn, pool)
    await assert_exact(conn, place, {job_id: data})


async def repeats_and_known_numbers(conn: Connection, pool: Pool) -> None:
    place, data = await a_place(conn), seeded(2, 1000)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows)
    await work_off(conn, pool)
    await assert_exact(conn, place, {job_id: data})


async def two_workers_with_one_job(conn: Connection, pool: Pool) -> None:
    """The first loses its lease after its claim; the second takes a chunk, or is about to; the first continues."""
    for chunks_taken_meanwhile in (0, 1, 2):
        place, data = await a_place(conn), seeded(3, 100)
        await know(conn, place, data.known)
        job_id = await post(conn, place, data.rows)
        first = await store.claim(conn, LEASE)
        assert first is not None
        await expire(conn)
        for _ in range(chunks_taken_meanwhile):
            assert await Worker(pool, LEASE, asyncio.Event()).step()
        if not chunks_taken_meanwhile:
            assert await store.claim(conn, LEASE) is not None
        before = await state(conn, place)
        async with pool.acquire() as late, late.transaction():
            await worker.import_chunk(late, first, LEASE, look_up=True)
            await store.release(late, first)
            await store.fail(late, first, "a worker that has no right to say so")
        assert await state(conn, place) == before
        await expire(conn)
        await work_off(conn, pool)
        await assert_exact(conn, place, {job_id: data})


async def a_large_and_a_small_tenant(conn: Connection, pool: Pool) -> None:
    """The jobs whose chunks one worker takes, in their order."""
    large, small = await a_place(conn), await a_place(conn)
    await post(conn, large, seeded(4, 600).rows, 100)
    await post(conn, small, seeded(5, 300).rows, 100)
    one, turns = Worker(pool, LEASE, asyncio.Event()), list[TenantId]()
    while await one.step():
        turns.append(await conn.fetchval("select tenant_id from import_turn order by served_at desc limit 1"))
    a, b = large.tenant_id, small.tenant_id
    assert turns in ([a, b, a, b, a, b, a, a, a], [b, a, b, a, b, a, a, a, a])


async def two_jobs_of_one_tenant(conn: Connection, pool: Pool) -> None:
    place = await a_place(conn)
    first = await post(conn, place, seeded(6, 300).rows, 100)
    second = await post(conn, place, seeded(7, 200, 1000).rows, 100)
    one = Worker(pool, LEASE, asyncio.Event())
    while await one.step():
        if (await found(conn, place, first)).status is not JobStatus.DONE:
            assert (await found(conn, place, second)).status is JobStatus.PENDING
    assert (await found(conn, place, second)).status is JobStatus.DONE


@planted_bugs.each(
    crashes_before_the_counters,
    repeats_and_known_numbers,
    two_workers_with_one_job,
    a_large_and_a_small_tenant,
    two_jobs_of_one_tenant,
)
async def test_rows_counters_and_turns_are_exact_in(scenario: Scenario, conn: Connection, own_pool: Pool) -> None:
    await scenario(conn, own_pool)


def counters_in_a_second_transaction(patch: pytest.MonkeyPatch) -> None:
    count, delete = store.advance, "delete from import_chunk where tenant_id = $1 and job_id = $2 and seq = $3"

    async def advance(
        conn: Connection, claimed: Claimed, taken: Taken, counts: Counts, contacts: bytes, imported: Imported
    ) -> JobStatus:
        await planted_bugs.next_transaction(conn)
        await conn.execute(delete, claimed.tenant_id, claimed.job_id, taken.seq)
        return await count(conn, claimed, taken, counts, contacts, imported)

    deletes = """delete from import_chunk where tenant_id = $1 and job_id = $2 and exists (select from held)
        and seq = (select min(seq) from import_chunk where tenant_id = $1 and job_id = $2)
    returning seq, payload, sent"""
    assert deletes in store.TAKE
    only_reads = "select * from import_chunk where tenant_id = $1 and job_id = $2 order by seq limit 1"
    patch.setattr(store, "TAKE", store.TAKE.replace(deletes, only_reads))
    patch.setattr(store, "advance", advance)


@planted_bugs.pairs(
    (crashes_before_the_counters, counters_in_a_second_transaction),
    (crashes_before_the_counters, committed_after(store, "take")),
    (two_workers_with_one_job, replaced(store, "TAKE", "fence = $3", "$3::bigint > 0")),
    (two_workers_with_one_job, replaced(store, "FAIL", "fence = $3", "$3::bigint > 0")),
    (two_workers_with_one_job, replaced(store, "RELEASE", "fence = $3", "$3::bigint > 0")),
    (two_workers_with_one_job, replaced(store, "CLAIM", "fence = j.fence + 1", "fence = j.fence")),
    (a_large_and_a_small_tenant, replaced(store, "TENANTS_WITH_WORK", "t.served_at nulls first, ", "")),
    (
        a_large_and_a_small_tenant,
        replaced(store, "TURN", "do update set served_at = excluded.served_at", "do nothing"),
    ),
    (two_jobs_of_one_tenant, replaced(store, "CLAIM", "job_id limit 1", "job_id desc limit 1")),
)
async def test_a_planted_bug_is_caught(
    scenario: Scenario, bug: Bug, conn: Connection, own_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planted_bugs.must_be_caught(scenario, bug, conn, own_pool, monkeypatch)


# Rules that have no planted bug.


async def test_many_workers_share_the_jobs_of_two_tenants_exactly(conn: Connection, own_pool: Pool) -> None:
    places = [await a_place(conn), await a_place(conn)]
    jobs: list[dict[JobId, Seeded]] = [{}, {}]
    for number in range(6):
        data = seeded(number, 700, number * 1000)
        await know(conn, places[number % 2], data.known)
        jobs[number % 2][await post(conn, places[number % 2], data.rows)] = data
    async with working(own_pool, 4):
        await eventually(lambda: all_ended(conn), 60, "all jobs to end")
    for place, mine in zip(places, jobs, strict=True):
        await assert_exact(conn, place, mine)


async def test_two_jobs_with_the_same_numbers_create_each_once(conn: Connection, own_pool: Pool) -> None:
    place, data = await a_place(conn), seeded(1, 1000)
    jobs = [await post(conn, place, data.rows) for _ in range(2)]
    async with working(own_pool, 3):
        await eventually(lambda: all_ended(conn), 60, "both jobs to end")
    done = [await found(conn, place, job_id) for job_id in jobs]
    assert {job.status for job in done} == {JobStatus.DONE}
    assert sum(job.created_rows for job in done) == len(data.fresh) + len(data.known)
    assert len(await phones_of(conn, place)) == len(data.fresh) + len(data.known)


async def test_counters_never_fall_and_done_shows_all_rows(conn: Connection, own_pool: Pool) -> None:
    place, data = await a_place(conn), seeded(8, 1500)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows, 20)
    seen: list[Job] = []
    async with working(own_pool, 3):

        async def poll() -> bool:
            seen.append(await found(conn, place, job_id))
            return seen[-1].status is JobStatus.DONE

        await eventually(poll, 60, "the job to be done", poll_s=0)
        await assert_exact(conn, place, {job_id: data})
    for counter in ("processed_rows", "created_rows", "duplicate_rows", "failed_rows"):
        values = [getattr(job, counter) for job in seen]
        assert values == sorted(values)
    assert len({job.processed_rows for job in seen}) > 2, "nothing was polled in between"
    assert [job.status for job in seen] == sorted((job.status for job in seen), key=list(JobStatus).index)


async def test_a_stopped_campaign_fails_its_job_which_keeps_what_it_had(conn: Connection, own_pool: Pool) -> None:
    place = await a_place(conn)
    job_id = await post(conn, place, seeded(9, 300).rows, 100)
    one = Worker(own_pool, LEASE, asyncio.Event())
    assert await one.step()
    before = await phones_of(conn, place)
    await conn.execute("update campaign set status = 4 where tenant_id = $1", place.tenant_id)
    assert await one.step()
    job = await found(conn, place, job_id)
    assert (job.status, job.error_message) == (JobStatus.FAILED, "The campaign was stopped")
    assert job.finished_at is not None
    assert job.created_rows == len(before) > 0
    assert await phones_of(conn, place) == before
    assert not await one.step()
    assert not await conn.fetchval("select count(*) from import_chunk where tenant_id = $1", place.tenant_id)


async def test_a_lease_is_respected_until_it_ends(conn: Connection, own_pool: Pool) -> None:
    place = await a_place(conn)
    await post(conn, place, seeded(14, 100).rows)
    assert await store.claim(conn, LEASE) is not None
    assert not await Worker(own_pool, LEASE, asyncio.Event()).step()
    await expire(conn)
    assert await Worker(own_pool, LEASE, asyncio.Event()).step()


async def test_concurrent_claims_get_different_jobs(conn: Connection, own_pool: Pool) -> None:
    place = await a_place(conn)
    jobs = {await post(conn, place, seeded(n, 100, n * 1000).rows) for n in range(6)}

    async def claim() -> JobId | None:
        async with own_pool.acquire() as own:
            claimed = await store.claim(own, LEASE)
            return None if claimed is None else claimed.job_id

    claimed = [job for job in await asyncio.gather(*(claim() for _ in range(10))) if job is not None]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= jobs
    rest = [await claim() for _ in range(len(jobs) - len(claimed))]
    assert {*claimed, *rest} == jobs
    assert await claim() is None
