"""Undoing imports: exact, whatever happens meanwhile."""

import asyncio
from datetime import timedelta

import pytest

from tests.support import planted_bugs
from tests.support.contacts import move_contact
from tests.support.imports.jobs import (
    LEASE,
    a_place,
    accounted,
    all_ended,
    assert_totals,
    crash_every_third,
    expire,
    found,
    know,
    messy,
    post,
    reported,
    results,
    standing,
    undo,
    work_off,
    working,
)
from tests.support.planted_bugs import Bug, Scenario, committed_before, replaced
from tests.support.servers import eventually
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.db.pool import Connection, Pool
from tongdai.ids import KeyId
from tongdai.imports import store, worker
from tongdai.imports import undo as undo_store
from tongdai.imports.model import MAX_ERRORS, JobStatus
from tongdai.imports.outcomes import store as outcome_store
from tongdai.imports.undo import NotUndone
from tongdai.imports.worker import Worker


async def an_import_that_is_done(conn: Connection, pool: Pool, seed: int = 1) -> None:
    place, (rows, before) = await a_place(conn), messy(seed, 600)
    await know(conn, place, before)
    untouched = await standing(conn, place)
    job_id = await post(conn, place, rows, 70)
    await work_off(conn, pool)
    assert await standing(conn, place) != untouched
    job = await found(conn, place, job_id)
    assert (await undo(conn, place, job_id)).undoing
    await work_off(conn, pool)
    undone = await found(conn, place, job_id)
    assert await standing(conn, place) == untouched
    await assert_totals(conn, place)
    assert (undone.status, undone.error_message, undone.undoing) == (JobStatus.DONE, None, False)
    assert undone.removed_rows == undone.created_rows == job.created_rows > 0
    assert undone.settled


async def crashes_amid(conn: Connection, pool: Pool) -> None:
    """Every third transaction crashes as it counts what it removed."""
    await crash_every_third(conn, "removed_rows")
    await an_import_that_is_done(conn, pool, 2)


async def a_worker_that_lost_its_lease(conn: Connection, pool: Pool) -> None:
    """It continues after another has undone a chunk, or all."""
    for chunks_meanwhile in (1, 9):
        place, (rows, _) = await a_place(conn), messy(3, 300)
        job_id = await post(conn, place, rows, 70)
        await work_off(conn, pool)
        await undo(conn, place, job_id)
        first = await store.claim(conn, LEASE)
        assert first is not None
        assert first.undoing
        await expire(conn)
        for _ in range(chunks_meanwhile):
            await Worker(pool, LEASE, asyncio.Event()).step()
        before = await standing(conn, place), await found(conn, place, job_id)
        async with pool.acquire() as late, late.transaction():
            await worker.undo_chunk(late, first, LEASE)
        assert (await standing(conn, place), await found(conn, place, job_id)) == before
        await work_off(conn, pool)
        assert (await found(conn, place, job_id)).removed_rows == (await found(conn, place, job_id)).created_rows


async def a_worker_amid_a_chunk(conn: Connection, pool: Pool) -> None:
    """The undo comes while a chunk is claimed, but not taken in: nothing of it may be."""
    place, (rows, _) = await a_place(conn), messy(4, 300)
    job_id = await post(conn, place, rows, 100)
    one = Worker(pool, LEASE, asyncio.Event())
    assert await one.step()
    claimed = await store.claim(conn, LEASE)
    assert claimed is not None
    stopped = await undo(conn, place, job_id)
    assert (stopped.status, stopped.error_message) == (JobStatus.FAILED, "Stopped and undone")
    async with pool.acquire() as late, late.transaction():
        await worker.import_chunk(late, claimed, LEASE, look_up=True)
    await work_off(conn, pool)
    assert await standing(conn, place) == [[], [], []]
    job = await found(conn, place, job_id)
    assert job.removed_rows == job.created_rows > 0
    assert not await conn.fetchval("select count(*) from import_chunk")


async def an_import_of_the_same_file_meanwhile(conn: Connection, pool: Pool) -> None:
    """The first of two is undone between the chunks of the second, whose rows are then new, or still duplicates."""
    place, (rows, _) = await a_place(conn), messy(5, 400)
    first = await post(conn, place, rows, 60)
    await work_off(conn, pool)
    second = await post(conn, place, rows, 50)
    one = Worker(pool, LEASE, asyncio.Event())
    for _ in range(3):
        assert await one.step()
    await undo(conn, place, first)
    await work_off(conn, pool)
    jobs = [await found(conn, place, job_id) for job_id in (first, second)]
    assert jobs[0].removed_rows == jobs[0].created_rows
    assert jobs[1].processed_rows == len(rows)
    await assert_totals(conn, place)
    there = {row[1] for row in (await standing(conn, place))[0]}
    assert there == {row.contact_id for row in await results(conn, place, second) if row.outcome == "created"}
    assert 0 < len(there) == jobs[1].created_rows < jobs[0].created_rows


@planted_bugs.each(
    an_import_that_is_done,
    crashes_amid,
    a_worker_that_lost_its_lease,
    a_worker_amid_a_chunk,
    an_import_of_the_same_file_meanwhile,
)
async def test_undo_is_exact_with(scenario: Scenario, conn: Connection, own_pool: Pool) -> None:
    await scenario(conn, own_pool)


def runs_left(patch: pytest.MonkeyPatch) -> None:
    """Runs stay after the last contact that they held."""
    counting = "losing.contacts = losing.gone"
    assert counting in bulk_store.REMOVE_MANY
    patch.setattr(bulk_store, "REMOVE_MANY", bulk_store.REMOVE_MANY.replace(counting, "false"))


@planted_bugs.pairs(
    (crashes_amid, committed_before(undo_store, "mark_chunk_undone")),
    (an_import_that_is_done, runs_left),
    (a_worker_that_lost_its_lease, replaced(undo_store, "NEXT_CHUNK_TO_UNDO", "fence = $3 and", "$3::bigint > 0 and")),
    (a_worker_amid_a_chunk, replaced(undo_store, "DROP_CHUNKS", "delete from", "select from")),
    (
        an_import_that_is_done,
        replaced(
            undo_store, "MARK_CHUNK_UNDONE", "case when more.chunks then null else clock.now_at end", "clock.now_at"
        ),
    ),
)
async def test_a_planted_bug_is_caught(
    scenario: Scenario, bug: Bug, conn: Connection, own_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planted_bugs.must_be_caught(scenario, bug, conn, own_pool, monkeypatch)


@pytest.mark.parametrize("seed", range(20, 25))
async def test_undo_of_any_import_leaves_what_was_before(seed: int, conn: Connection, own_pool: Pool) -> None:
    await an_import_that_is_done(conn, own_pool, seed)


@pytest.mark.parametrize("chunks", range(4))
async def test_undo_of_a_running_import_stops_it_and_leaves_what_was_before(
    chunks: int, conn: Connection, own_pool: Pool
) -> None:
    place, (rows, before) = await a_place(conn), messy(6, 300)
    await know(conn, place, before)
    untouched = await standing(conn, place)
    job_id = await post(conn, place, rows, 70)
    one = Worker(own_pool, LEASE, asyncio.Event())
    for _ in range(chunks):
        assert await one.step()
    at_once = await undo(conn, place, job_id)
    assert at_once.undoing == (chunks > 0)
    await work_off(conn, own_pool)
    job = await found(conn, place, job_id)
    assert await standing(conn, place) == untouched
    assert (job.status, job.error_message) == (JobStatus.FAILED, "Stopped and undone")
    assert (job.undoing, job.removed_rows, job.processed_rows) == (False, job.created_rows, 70 * chunks)
    assert reported(await results(conn, place, job_id)) == accounted(rows, before)[: 70 * chunks]


async def test_contacts_that_were_called_stay(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(7, 300)
    job_id = await post(conn, place, rows, 70)
    await work_off(conn, own_pool)
    rows_shown = await results(conn, place, job_id)
    created = [row.contact_id for row in rows_shown if row.outcome == "created" and row.contact_id is not None]
    in_call, answered, waits_for_a_retry = created[0], created[100], created[150]
    for contact_id, status, call_status in (
        (in_call, 1, None),
        (answered, 2, "answered"),
        (waits_for_a_retry, 0, "busy"),
    ):
        await move_contact(own_pool, place.tenant_id, contact_id, status, call_status)
    await undo(conn, place, job_id)
    await work_off(conn, own_pool)
    await assert_totals(conn, place)
    assert {row[1] for row in (await standing(conn, place))[0]} == {in_call, answered, waits_for_a_retry}
    assert (await found(conn, place, job_id)).removed_rows == len(created) - 3


async def test_undo_works_on_a_stopped_campaign_and_on_a_failed_job(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(9, 300)
    job_id = await post(conn, place, rows, 100)
    assert await Worker(own_pool, LEASE, asyncio.Event()).step()
    await conn.execute("update campaign set status = 4 where tenant_id = $1", place.tenant_id)
    await work_off(conn, own_pool)
    assert (await found(conn, place, job_id)).error_message == "The campaign was stopped"
    await undo(conn, place, job_id)
    await work_off(conn, own_pool)
    job = await found(conn, place, job_id)
    assert (job.status, job.error_message) == (JobStatus.FAILED, "The campaign was stopped")
    assert job.removed_rows == job.created_rows > 0
    assert await standing(conn, place) == [[], [], []]


async def test_undo_that_crashes_more_often_than_an_import_may_continues(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(10, 200)
    job_id = await post(conn, place, rows)
    await work_off(conn, own_pool)
    await undo(conn, place, job_id)
    for _ in range(MAX_ERRORS + 3):
        assert await store.claim(conn, LEASE) is not None
        await expire(conn)
    await work_off(conn, own_pool)
    job = await found(conn, place, job_id)
    assert job.removed_rows == job.created_rows > 0


async def test_undo_is_asked_for_once_and_audited(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(11, 100)
    job_id = await post(conn, place, rows)
    await work_off(conn, own_pool)
    first = await undo(conn, place, job_id)
    assert await undo(conn, place, job_id) == first
    await work_off(conn, own_pool)
    again = await undo(conn, place, job_id)
    assert again == await found(conn, place, job_id)
    assert not again.undoing
    audited = await conn.fetch(
        "select action, subject, key_id from audit where tenant_id = $1 and action like 'import%'", place.tenant_id
    )
    assert [tuple(row) for row in audited] == [("import.undo", f"import {job_id}", 1)]


async def test_undo_of_a_dry_run_has_nothing_to_remove(conn: Connection, own_pool: Pool) -> None:
    place, (rows, before) = await a_place(conn), messy(12, 100)
    await know(conn, place, before)
    untouched = await standing(conn, place)
    job_id = await post(conn, place, rows, 40, dry_run=True)
    assert await Worker(own_pool, LEASE, asyncio.Event()).step()
    job = await undo(conn, place, job_id)
    assert (job.status, job.undoing, job.removed_rows) == (JobStatus.FAILED, False, 0)
    await work_off(conn, own_pool)
    assert await standing(conn, place) == untouched


async def test_undo_and_imports_of_the_same_numbers_at_once_leave_true_totals(conn: Connection, own_pool: Pool) -> None:
    """In two campaigns, so that they share numbers and not the turn of a campaign."""
    place, (rows, _) = await a_place(conn), messy(13, 600)
    first = await post(conn, place, rows, 30)
    await work_off(conn, own_pool)
    campaign_id = await conn.fetchval(
        "insert into campaign (tenant_id, name, type) values ($1, 'B', 'A') returning campaign_id", place.tenant_id
    )
    list_id = await contacts.list_named(conn, place.tenant_id, campaign_id, "B")
    elsewhere = type(place)(place.tenant_id, campaign_id, list_id)
    others = [await post(conn, elsewhere, rows, 30), await post(conn, place, rows, 30)]
    await undo(conn, place, first)
    async with working(own_pool, 4):
        await eventually(lambda: all_ended(conn), 60, "all to end")
    jobs = [await found(conn, where, job_id) for where, job_id in zip((elsewhere, place), others, strict=True)]
    assert [(job.status, job.processed_rows) for job in jobs] == [(JobStatus.DONE, len(rows))] * 2
    contacts_left = (await standing(conn, place))[0]
    assert len(contacts_left) == sum(job.created_rows for job in jobs)
    assert (await found(conn, place, first)).removed_rows == (await found(conn, place, first)).created_rows


async def test_rows_are_dropped_in_steps_once_they_are_old_and_then_nothing_is_undone(
    conn: Connection, own_pool: Pool
) -> None:
    place, (rows, _) = await a_place(conn), messy(14, 250)
    old, young = [await post(conn, place, rows, size) for size in (1, 50)]
    await work_off(conn, own_pool)
    await conn.execute("update import_job set finished_at = now() - interval '31 days' where job_id = $1", old)
    month = timedelta(days=30)
    left = "select count(*) from import_outcome where job_id = $1"
    steps = [await conn.fetchval(left, old)]
    while await outcome_store.drop_rows(conn, month):
        steps.append(await conn.fetchval(left, old))
        assert not (await found(conn, place, old)).rows_kept
        refused = await undo_store.request_undo(conn, place.tenant_id, place.campaign_id, old, KeyId(1))
        assert refused is NotUndone.ROWS_DROPPED
    assert steps == [250, 150, 50, 0]
    assert await conn.fetchval(left, young) == 5
    assert (await found(conn, place, young)).rows_kept


async def test_rows_of_an_undo_that_is_not_finished_are_not_dropped(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(15, 100)
    job_id = await post(conn, place, rows, 10)
    await work_off(conn, own_pool)
    await conn.execute("update import_job set finished_at = now() - interval '31 days'")
    await undo(conn, place, job_id)
    assert not await outcome_store.drop_rows(conn, timedelta(days=30))
    await work_off(conn, own_pool)
    assert await outcome_store.drop_rows(conn, timedelta(days=30))
