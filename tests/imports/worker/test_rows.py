"""Every row of an import is accounted for, and a dry run tells the same."""

import asyncio

import pytest

from tests.support import planted_bugs
from tests.support.contacts import Place
from tests.support.imports.jobs import (
    LEASE,
    SentRow,
    a_place,
    accounted,
    all_ended,
    crash_every_third,
    found,
    know,
    messy,
    post,
    reported,
    results,
    standing,
    work_off,
    working,
)
from tests.support.planted_bugs import Bug, Scenario, committed_after, replaced
from tests.support.servers import eventually
from tongdai.contacts.bulk_store import known
from tongdai.contacts.fields import FIELDS
from tongdai.contacts.numbers import phone
from tongdai.contacts.validation import Problem, check
from tongdai.db.pool import Connection, Pool
from tongdai.imports import store
from tongdai.imports.model import JobStatus, RowResult
from tongdai.imports.outcomes import store as outcome_store
from tongdai.imports.worker import Worker


async def rows_of_all_kinds(conn: Connection, pool: Pool, seed: int = 1) -> None:
    place, (rows, before) = await a_place(conn), messy(seed, 1000)
    await know(conn, place, before)
    job_id = await post(conn, place, rows, 70)
    await work_off(conn, pool)
    kept, job = await results(conn, place, job_id), await found(conn, place, job_id)
    assert reported(kept) == accounted(rows, before)
    assert [row.row for row in kept] == list(range(1, len(rows) + 1))
    counts = [sum(row.outcome == outcome for row in kept) for outcome in ("created", "duplicate", "failed")]
    assert counts == [job.created_rows, job.duplicate_rows, job.failed_rows]
    assert all((row.reason is None) == (row.outcome == "created") for row in kept)
    await check_contacts(conn, place, rows, kept)


async def check_contacts(conn: Connection, place: Place, rows: list[SentRow], kept: list[RowResult]) -> None:
    """Rows that did not fail name the contact of their number; those that did name none."""
    normalise = phone.normaliser("VN")
    numbers = [None if row.get("phoneNumber") is None else str(row["phoneNumber"]) for row in rows]
    checked = [
        check(normalise, number, [row.get(field.text.wire) for field in FIELDS])
        for number, row in zip(numbers, rows, strict=True)
    ]
    phones = [None if isinstance(row, Problem) else row.phone for row in checked]
    contact_ids = await known(conn, place.tenant_id, place.campaign_id, {number for number in phones if number})
    assert [row.contact_id for row in kept] == [None if number is None else contact_ids[number] for number in phones]


async def crashes_amid(conn: Connection, pool: Pool) -> None:
    """Every third transaction crashes as it counts its rows."""
    await crash_every_third(conn, "created_rows")
    await rows_of_all_kinds(conn, pool, 2)
    await a_dry_run_and_the_real_one(conn, pool, 3)


async def a_dry_run_and_the_real_one(conn: Connection, pool: Pool, seed: int = 4) -> None:
    place, (rows, before) = await a_place(conn), messy(seed, 600)
    await know(conn, place, before)
    untouched = await standing(conn, place)
    dry = await post(conn, place, rows, 70, dry_run=True)
    await work_off(conn, pool)
    assert await standing(conn, place) == untouched
    real = await post(conn, place, rows, 70)
    await work_off(conn, pool)
    tried, done = await results(conn, place, dry), await results(conn, place, real)
    assert reported(tried) == reported(done) == accounted(rows, before)
    for a, b in zip(tried, done, strict=True):
        assert a[:-1] == b[:-1]
        assert a.contact_id == (b.contact_id if a.reason_code == "in_campaign" else None)
    jobs = [await found(conn, place, job_id) for job_id in (dry, real)]
    assert len({(job.status, job.created_rows, job.duplicate_rows, job.failed_rows) for job in jobs}) == 1
    assert not jobs[1].removed_rows


async def numbers_added_amid(conn: Connection, pool: Pool) -> None:
    """Between two chunks somebody else adds a number that the second has."""
    place, (a, b) = await a_place(conn), ("0900000001", "0900000002")
    job_id = await post(conn, place, [{"phoneNumber": number} for number in (a, a, a, b)], 2)
    one = Worker(pool, LEASE, asyncio.Event())
    assert await one.step()
    await know(conn, place, [f"+84{b[1:]}"])
    assert await one.step()
    codes = [row.reason_code for row in await results(conn, place, job_id)]
    assert codes == [None, "repeated", "repeated", "in_campaign"]


@planted_bugs.each(rows_of_all_kinds, crashes_amid, a_dry_run_and_the_real_one, numbers_added_amid)
async def test_every_row_is_accounted_for_in(scenario: Scenario, conn: Connection, own_pool: Pool) -> None:
    await scenario(conn, own_pool)


@planted_bugs.pairs(
    (rows_of_all_kinds, replaced(store, "MADE_BY", "job_id = $2 and", "job_id <> $2 and")),
    (numbers_added_amid, replaced(store, "MADE_BY", " and taken_at = c.created_at", "")),
    (rows_of_all_kinds, replaced(store, "TAKE", "created_rows + duplicate_rows + failed_rows + 1", "created_rows + 1")),
    (rows_of_all_kinds, replaced(store, "ADVANCE", "least(first_contact_id, $10)", "$10")),
    (
        a_dry_run_and_the_real_one,
        replaced(
            store,
            "SEE",
            "on conflict do nothing returning",
            "on conflict (tenant_id, job_id, number) do update set number = excluded.number returning",
        ),
    ),
    (crashes_amid, committed_after(store, "see")),
)
async def test_a_planted_bug_is_caught(
    scenario: Scenario, bug: Bug, conn: Connection, own_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planted_bugs.must_be_caught(scenario, bug, conn, own_pool, monkeypatch)


@pytest.mark.parametrize("seed", range(10, 16))
async def test_rows_of_any_seed_are_accounted_for(seed: int, conn: Connection, own_pool: Pool) -> None:
    await rows_of_all_kinds(conn, own_pool, seed)


async def test_jobs_at_once_each_tell_their_own_rows_from_those_of_the_others(conn: Connection, own_pool: Pool) -> None:
    """Chunks of three jobs with numbers of their own take turns: their contacts' ids are mixed."""
    place = await a_place(conn)
    posted = [(await post(conn, place, rows, 20), rows) for rows in (messy(n, 400, n * 1000)[0] for n in range(3))]
    async with working(own_pool, 3):
        await eventually(lambda: all_ended(conn), 60, "all jobs to end")
    for job_id, rows in posted:
        assert reported(await results(conn, place, job_id)) == accounted(rows, ())


async def test_what_a_dry_run_has_seen_is_forgotten_once_it_has_ended(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(5, 300)
    job_id = await post(conn, place, rows, 100, dry_run=True)
    seen = "select count(*) from import_seen"
    assert await Worker(own_pool, LEASE, asyncio.Event()).step()
    assert not await outcome_store.drop_seen(conn), "it is needed until then"
    before = await conn.fetchval(seen)
    await work_off(conn, own_pool)
    assert 0 < before < await conn.fetchval(seen)
    while await outcome_store.drop_seen(conn):
        continue
    assert not await conn.fetchval(seen)
    assert (await found(conn, place, job_id)).status is JobStatus.DONE


async def test_dry_run_into_a_stopped_campaign_fails_as_the_real_one_would(conn: Connection, own_pool: Pool) -> None:
    place = await a_place(conn)
    job_id = await post(conn, place, messy(6, 100)[0], dry_run=True)
    await conn.execute("update campaign set status = 4 where tenant_id = $1", place.tenant_id)
    await work_off(conn, own_pool)
    job = await found(conn, place, job_id)
    assert (job.status, job.error_message) == (JobStatus.FAILED, "The campaign was stopped")


async def test_dry_run_into_a_list_that_is_not_there_makes_none(conn: Connection, own_pool: Pool) -> None:
    place, (rows, _) = await a_place(conn), messy(7, 200)
    lists = await conn.fetchval("select count(*) from contact_list where tenant_id = $1", place.tenant_id)
    job_id = await post(conn, place, rows, dry_run=True)
    await conn.execute("update import_job set list_id = null where job_id = $1", job_id)
    await work_off(conn, own_pool)
    assert reported(await results(conn, place, job_id)) == accounted(rows, ())
    assert (await found(conn, place, job_id)).list_id is None
    assert await conn.fetchval("select count(*) from contact_list where tenant_id = $1", place.tenant_id) == lists
