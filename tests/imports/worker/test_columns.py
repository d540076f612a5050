"""Chunks are inserted as they were prepared, known numbers are looked up, and two jobs share a file exactly."""

import asyncio

import msgspec
import pytest

from tests.support.contacts import Place
from tests.support.imports.jobs import (
    LEASE,
    SentRow,
    a_place,
    accounted,
    all_ended,
    assert_totals,
    found,
    know,
    messy,
    post,
    reported,
    results,
    work_off,
    working,
)
from tests.support.imports.seeded import seeded
from tests.support.servers import eventually
from tongdai.contacts.fields import FIELDS
from tongdai.contacts.numbers import phone
from tongdai.contacts.validation import Problem, check
from tongdai.db.pool import Connection, Pool
from tongdai.imports.worker import Worker

STORED = """
select '+' || number as phone, c.name, external_id, attributes::text, z.name as zone
from contact c join time_zone z on z.zone = c.zone where tenant_id = $1 order by contact_id
"""
ROWS: list[SentRow] = [
    {"phoneNumber": "0901234567", "name": "", "externalId": "", "attributes": {}},
    {"phoneNumber": "+12125550123", "name": "Ấm \\n \\x1a", "attributes": {"a": "b\\c", "null": None, "n": 1.5}},
    {"phoneNumber": "0912345678", "timeZone": "Asia/Bangkok"},
    {"phoneNumber": "+6591234567", "externalId": "null", "attributes": {"x": "null"}},
    {"phoneNumber": "12", "name": "Nobody"},
    {"phoneNumber": "0901 234 567", "name": "Again"},
    {"phoneNumber": "02838221234", "name": "null", "timeZone": "UTC"},
]
Facts = tuple[object, ...]
"""Number, name, external id, attributes and time zone of a contact."""


def checked(rows: list[SentRow]) -> list[Facts]:
    """The contacts that rows make, one by one."""
    contacts: dict[str, Facts] = {}
    normalise = phone.normaliser("VN")
    for row in rows:
        values = [row.get(field.text.wire) for field in FIELDS]
        one = check(normalise, row["phoneNumber"], values, row.get("attributes"), row.get("timeZone"))
        if not isinstance(one, Problem):
            contacts.setdefault(one.phone, (one.phone, one.name, one.external_id, one.attributes, one.zone))
    return list(contacts.values())


@pytest.mark.parametrize("chunk_rows", [1, 3, 7])
async def test_contacts_have_the_fields_that_their_rows_said(chunk_rows: int, conn: Connection, own_pool: Pool) -> None:
    place = await a_place(conn)
    await post(conn, place, ROWS, chunk_rows)
    await work_off(conn, own_pool)
    stored = [
        (*row[:3], None if row[3] is None else msgspec.json.decode(row[3]), row[4])
        for row in await conn.fetch(STORED, place.tenant_id)
    ]
    assert stored == checked(ROWS)
    await assert_totals(conn, place)


async def test_numbers_are_looked_up_once_a_chunk_meets_known_ones_and_until_one_does_not(
    conn: Connection, own_pool: Pool
) -> None:
    place = await a_place(conn)
    numbers = [f"09{n:08}" for n in range(1, 6)]
    await know(conn, place, [f"+84{numbers[1][1:]}", f"+84{numbers[2][1:]}"])
    job_id = await post(conn, place, [{"phoneNumber": number} for number in numbers], 1)
    one = Worker(own_pool, LEASE, asyncio.Event())
    looks_up: list[bool] = []
    for _ in numbers:
        assert await one.step()
        looks_up.append(await conn.fetchval("select meets_known from import_job where job_id = $1", job_id))
    assert looks_up == [False, True, True, False, False]
    job = await found(conn, place, job_id)
    assert (job.created_rows, job.duplicate_rows) == (3, 2)
    await assert_totals(conn, place)


async def test_two_imports_of_one_file_at_once_create_each_contact_once(conn: Connection, own_pool: Pool) -> None:
    place, (rows, before) = await a_place(conn), messy(31, 1500)
    await know(conn, place, before)
    jobs = [await post(conn, place, rows, 40) for _ in range(2)]
    async with working(own_pool, 4):
        await eventually(lambda: all_ended(conn), 60, "all jobs to end")
    expected = accounted(rows, before)
    outcomes = [reported(await results(conn, place, job_id)) for job_id in jobs]
    for row, first, second in zip(expected, *outcomes, strict=True):
        created = [one[0] for one in (first, second)].count("created")
        # The other job may have created the contact of a row that repeats one of its own file.
        assert created == (row[0] == "created") or row[1] == "repeated"
        assert (row[0] == "failed") == (first == row and second == row and row[0] == "failed")
    done = [await found(conn, place, job_id) for job_id in jobs]
    fresh = sum(row[0] == "created" for row in expected)
    assert sum(job.created_rows for job in done) == fresh
    assert all(job.processed_rows == len(rows) for job in done)
    assert await _count(conn, place) == fresh + len(set(before))
    await assert_totals(conn, place)


async def _count(conn: Connection, place: Place) -> int:
    return await conn.fetchval("select count(*) from contact where tenant_id = $1", place.tenant_id)


async def test_numbers_that_others_add_at_the_same_moment_are_no_crash(conn: Connection, own_pool: Pool) -> None:
    """Three times in a row an insert meets a number that was not there when it was looked up."""
    place, data = await a_place(conn), seeded(32, 60)
    await know(conn, place, data.known)
    job_id = await post(conn, place, data.rows, 60)
    await conn.execute(
        """create sequence raced;
           create function raced() returns trigger language plpgsql as $$ begin
               if nextval('raced') <= 3 then raise exception 'planted' using errcode = 'unique_violation',
                   constraint = 'contact_tenant_id_campaign_id_number_key'; end if;
               return new; end $$;
           create trigger raced before insert on contact for each statement execute function raced()"""
    )
    try:
        one = Worker(own_pool, LEASE, asyncio.Event())
        while await one.step():
            continue
    finally:
        await conn.execute("drop function raced cascade; drop sequence raced")
    job = await found(conn, place, job_id)
    assert (job.created_rows, job.duplicate_rows, job.failed_rows) == (len(data.fresh), data.duplicate, data.failed)
    await assert_totals(conn, place)
