"""Import jobs made straight in a database of their own, and workers on them."""

import asyncio
import random
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from tests.support.contacts import Place, must_be_in_one_place, new_campaign
from tests.support.imports.seeded import Seeded, seeded
from tests.support.imports.sent_rows import Row, sent_of
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.fields import FIELDS
from tongdai.contacts.model import NewContact
from tongdai.contacts.numbers import phone
from tongdai.contacts.validation import Problem, check
from tongdai.db.pool import Connection, Pool
from tongdai.ids import JobId, KeyId
from tongdai.imports import store
from tongdai.imports import undo as undo_store
from tongdai.imports.model import Job, JobStatus, RowResult
from tongdai.imports.outcomes import codec
from tongdai.imports.outcomes import store as outcome_store
from tongdai.imports.readers.prepare import prepared
from tongdai.imports.worker import Worker
from tongdai.testing import factories

LEASE = timedelta(seconds=30)
"""Longer than any test: a lease ends here when `expire` says so."""


@asynccontextmanager
async def without_jobs(pool: Pool) -> AsyncGenerator[Connection]:
    """A connection; jobs of earlier tests are removed before the block, and what a test planted after it."""
    async with pool.acquire() as conn:
        await conn.execute("truncate import_turn, import_chunk, import_outcome, import_seen, import_job")
        try:
            yield conn
        finally:
            await conn.execute("drop trigger if exists planted on import_job")


async def crash_every_third(conn: Connection, column: str) -> None:
    """Have every third statement that writes this column of import_job raise an error."""
    await conn.execute(
        f"""create sequence if not exists planted;
            create or replace function planted() returns trigger language plpgsql as $$ begin
                if nextval('planted') % 3 = 1 then raise exception 'planted crash'; end if; return new; end $$;
            create trigger planted before update of {column} on import_job
                for each row execute function planted()"""
    )


SentRow = dict[str, Any]
"""A row as JSON has it."""


async def a_place(conn: Connection) -> Place:
    """A list in a campaign of a tenant of its own."""
    tenant_id = await factories.tenant(conn)
    campaign_id = await new_campaign(conn, tenant_id)
    return Place(tenant_id, campaign_id, await contacts.list_named(conn, tenant_id, campaign_id, "A list"))


async def know(conn: Connection, place: Place, phones: list[str]) -> None:
    """Put numbers into the campaign, as an earlier import would have."""
    rows = [NewContact(phone=phone) for phone in phones]
    async with conn.transaction():
        await bulk_store.add_many(conn, place.tenant_id, place.campaign_id, place.list_id, rows)


async def post(
    conn: Connection,
    place: Place,
    rows: list[SentRow],
    chunk_rows: int = 50,
    *,
    dry_run: bool = False,
    updates: bool = False,
) -> JobId:
    """Store a job as a bulk request does."""
    sent = sent_of([Row(**row) for row in rows])
    parts = [
        (sent.part(at, at + chunk_rows), min(at + chunk_rows, len(sent))) for at in range(0, len(sent), chunk_rows)
    ]
    chunks = [one for part, last in parts for one in prepared(part, "VN", last, updates=updates)]
    async with conn.transaction():
        job_id = await store.create(
            conn, place.tenant_id, place.campaign_id, place.list_id, "A list", dry_run=dry_run, updates=updates
        )
        await store.add_chunks(conn, place.tenant_id, job_id, chunks)
        await store.received(conn, place.tenant_id, job_id, len(sent))
    return job_id


async def found(conn: Connection, place: Place, job_id: JobId) -> Job:
    job = await store.find(conn, place.tenant_id, place.campaign_id, job_id)
    assert job is not None
    return job


async def expire(conn: Connection) -> None:
    """The time of every lease is up."""
    await conn.execute("update import_job set lease_until = clock_timestamp() - interval '1 second' "
                       "where lease_until is not null")  # fmt: skip


async def work_off(conn: Connection, pool: Pool) -> None:
    """Let one worker do all there is; the leases of what crashed end at once."""
    one = Worker(pool, LEASE, asyncio.Event())
    for _ in range(500):
        if await one.step():
            continue
        if await all_ended(conn):
            return
        await expire(conn)
    raise AssertionError("the jobs do not end")


@asynccontextmanager
async def working(pool: Pool, count: int, lease: timedelta = LEASE) -> AsyncGenerator[list["asyncio.Task[None]"]]:
    """Workers that run during the block."""
    tasks = [asyncio.create_task(Worker(pool, lease, asyncio.Event()).run()) for _ in range(count)]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_ended(conn: Connection) -> bool:
    """Nothing is left to take in or back."""
    return not await conn.fetchval(
        """select exists (select from import_job
           where finished_at is null or (undo_requested_at is not null and undone_at is null))"""
    )


def messy(seed: int, rows: int, first: int = 0) -> tuple[list[SentRow], list[str]]:
    """Rows of all kinds, with references, and the numbers that the campaign must have before, as E.164."""
    rng, data = random.Random(seed), seeded(seed, rows, first)
    made: list[SentRow] = [dict(row) for row in data.rows]
    for place, row in enumerate(made):
        if rng.random() < 0.5:
            row["externalId"] = f"CRM-{seed}-{place}"
    for _ in range(rows // 100):
        rng.choice(made).update(rng.choice(({"name": "x" * 256}, {"phoneNumber": 901234567}, {"externalId": "\n"})))
    return made, data.known


Accounted = tuple[str, str | None, str | None, str | None]
"""For a row: its outcome, reasonCode, and number and reference as sent."""


def accounted(rows: list[SentRow], known: Iterable[str]) -> list[Accounted]:
    """The outcome that rows must have, in the simplest way."""
    reported: list[Accounted] = []
    before, seen, normalise = set(known), set[str](), phone.normaliser("VN")
    for row in rows:
        sent = row.get("phoneNumber"), row.get("externalId")
        written = str(sent[0]) if sent[0] is not None else None  # a number is read as its digits
        new = check(normalise, written, [row.get(field.text.wire) for field in FIELDS])
        if isinstance(new, Problem):
            reported.append(("failed", new.code, written, sent[1]))
        elif new.phone in before:
            reported.append(("duplicate", "in_campaign", written, sent[1]))
        elif new.phone in seen:
            reported.append(("duplicate", "repeated", written, sent[1]))
        else:
            seen.add(new.phone)
            reported.append(("created", None, written, sent[1]))
    return reported


async def results(conn: Connection, place: Place, job_id: JobId) -> list[RowResult]:
    """The outcomes of the rows of a job, as they are stored."""
    found: list[RowResult] = []
    seq = -1
    while (chunk := await outcome_store.next_chunk(conn, place.tenant_id, job_id, seq, None)) is not None:
        seq = chunk.seq
        found += codec.results_of(chunk)
    return found


def reported(rows: Iterable[RowResult]) -> list[Accounted]:
    return [(row.outcome, row.reason_code, row.phone, row.external_id) for row in rows]


_STANDING = (
    "select '+' || number as phone, contact_id, list_id, process_status from contact where tenant_id = $1 order by 1",
    """select campaign_id, list_id, process_status, call_status, sum(contacts) as contacts from contact_counter
       where tenant_id = $1 group by 1, 2, 3, 4 having sum(contacts) <> 0 order by 1, 2, 3, 4""",
    """select list_id, span, block, sum(contacts) as contacts from contact_block
       where tenant_id = $1 group by 1, 2, 3 having sum(contacts) <> 0 order by 1, 2, 3""",
)


async def standing(conn: Connection, place: Place) -> list[list[tuple[Any, ...]]]:
    """Contacts and all counters of a tenant."""
    return [[tuple(row) for row in await conn.fetch(sql, place.tenant_id)] for sql in _STANDING]


async def assert_totals(conn: Connection, place: Place) -> None:
    """The counters are those of the contacts that there are, and each pending contact waits in one place."""
    contacts, counters, blocks = await standing(conn, place)
    assert sum(row[-1] for row in counters) == len(contacts)
    assert all(row[-1] > 0 for row in (*counters, *blocks))
    assert bool(blocks) == bool(contacts)
    for span in {row[1] for row in blocks}:
        assert sum(row[-1] for row in blocks if row[1] == span) == len(contacts)
    await must_be_in_one_place(conn, place.tenant_id)


async def assert_exact(conn: Connection, place: Place, jobs: dict[JobId, Seeded]) -> None:
    """Assert that every job is done with its counts, and that the tables hold exactly the contacts sent."""
    expected: set[str] = set()
    for job_id, data in jobs.items():
        job = await found(conn, place, job_id)
        counts = (job.status, job.created_rows, job.duplicate_rows, job.failed_rows)
        assert counts == (JobStatus.DONE, len(data.fresh), data.duplicate, data.failed), job
        expected |= data.fresh | set(data.known)
    assert await phones_of(conn, place) == sorted(expected)
    await must_be_in_one_place(conn, place.tenant_id)
    counted = await conn.fetchval("select sum(contacts) from contact_counter where tenant_id = $1", place.tenant_id)
    assert counted == len(expected)
    assert not await conn.fetchval("select count(*) from import_chunk where tenant_id = $1", place.tenant_id)


async def phones_of(conn: Connection, place: Place) -> list[str]:
    found = await conn.fetch("select '+' || number as phone from contact where tenant_id = $1", place.tenant_id)
    return sorted(row["phone"] for row in found)


async def undo(conn: Connection, place: Place, job_id: JobId) -> Job:
    """Ask for it, as a request does; a worker is still to do it."""
    job = await undo_store.request_undo(conn, place.tenant_id, place.campaign_id, job_id, KeyId(1))
    assert isinstance(job, Job)
    return job
