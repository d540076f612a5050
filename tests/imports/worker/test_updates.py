"""Imports that update the contacts whose numbers the campaign has: as if their rows were sent one after the other."""

import asyncio
import random
from typing import Any

import pytest

from tests.support.contacts import Place, must_be_in_one_place
from tests.support.imports.jobs import (
    LEASE,
    SentRow,
    a_place,
    all_ended,
    crash_every_third,
    found,
    post,
    results,
    standing,
    undo,
    work_off,
    working,
)
from tests.support.servers import eventually
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.contacts.numbers import phone
from tongdai.db.pool import Connection, Pool
from tongdai.imports.model import JobStatus, RowResult
from tongdai.imports.worker import Worker


@pytest.fixture
def pool(own_pool: Pool) -> Pool:
    """That of the module's own database."""
    return own_pool


NUMBERS = [f"090000{n:04}" for n in range(40)]
State = dict[str, tuple[Any, ...]]


def rows_of_all_kinds(seed: int, rows: int) -> list[SentRow]:
    """Rows that repeat numbers, lack some fields, and of which a few fail."""
    rng = random.Random(seed)

    def row(number: int) -> SentRow:
        made: SentRow = {"phoneNumber": rng.choice(NUMBERS)}
        if rng.random() < 0.6:
            made["name"] = rng.choice(["An", "", f"Person {number}"])
        if rng.random() < 0.3:
            made["externalId"] = f"KH-{number}"
        if rng.random() < 0.5:
            made["attributes"] = {rng.choice("abc"): rng.choice([1, "x", None, True, number])}
        if rng.random() < 0.1:
            made["timeZone"] = rng.choice(["Asia/Tokyo", "Asia/Bangkok", "Nowhere"])
        return made | ({"phoneNumber": "12"} if rng.random() < 0.05 else {})

    return [row(number) for number in range(rows)]


def simplest(known: list[SentRow], rows: list[SentRow]) -> tuple[State, list[str]]:
    """The contacts that there must be, by number, and the outcome of each row, in the simplest way."""
    state: dict[str, dict[str, Any]] = {}
    outcomes: list[str] = []
    for row in (*known, *rows):
        number = phone.normalise(row["phoneNumber"], "VN")
        if isinstance(number, phone.NumberFault) or row.get("timeZone") == "Nowhere":
            outcomes.append("failed")
            continue
        outcomes.append("updated" if number in state else "created")
        one = state.setdefault(number, {"attributes": {}})
        one |= {key: row[key] for key in ("name", "externalId", "timeZone") if row.get(key)}
        one["attributes"] |= row.get("attributes") or {}
    contacts_of = {
        number: (
            one.get("name"),
            one.get("externalId"),
            one["attributes"] or None,
            one.get("timeZone") or "Asia/Ho_Chi_Minh",
        )
        for number, one in state.items()
    }
    return contacts_of, outcomes[len(known) :]


async def state_of(conn: Connection, place: Place) -> State:
    rows = await conn.fetch(
        """select '+' || c.number, nullif(c.name, ''), c.external_id, c.attributes, z.name
           from contact c join time_zone z on z.zone = c.zone where tenant_id = $1""",
        place.tenant_id,
    )
    return {row[0]: (row[1], row[2], row[3] or None, row[4]) for row in rows}


def known_rows() -> list[SentRow]:
    return [
        {"phoneNumber": number, "name": f"Known {n}", "attributes": {"a": "old", "kept": n}, "externalId": f"OLD-{n}"}
        for n, number in enumerate(NUMBERS[::3])
    ]


async def know(conn: Connection, pool: Pool, place: Place, rows: list[SentRow]) -> None:
    await post(conn, place, rows)
    await work_off(conn, pool)


async def updated(
    conn: Connection, pool: Pool, seed: int, chunk_rows: int, rows: int = 300
) -> tuple[Place, list[RowResult]]:
    """Import rows of all kinds with updates, and check everything that must hold."""
    place, sent = await a_place(conn), rows_of_all_kinds(seed, rows)
    await know(conn, pool, place, known_rows())
    job_id = await post(conn, place, sent, chunk_rows, updates=True)
    await work_off(conn, pool)
    expected, outcomes = simplest(known_rows(), sent)
    kept, job = await results(conn, place, job_id), await found(conn, place, job_id)
    assert await state_of(conn, place) == expected
    assert [row.outcome for row in kept] == outcomes
    assert [row.row for row in kept] == list(range(1, rows + 1))
    counts = (job.created_rows, job.updated_rows, job.duplicate_rows, job.failed_rows)
    assert counts == tuple(outcomes.count(one) for one in ("created", "updated", "duplicate", "failed"))
    assert (job.status, job.processed_rows) == (JobStatus.DONE, rows)
    assert all((row.contact_id is None) == (row.outcome == "failed") for row in kept)
    await must_be_in_one_place(conn, place.tenant_id)
    return place, kept


@pytest.mark.parametrize("chunk_rows", [1, 7, 1000])
async def test_contacts_have_what_they_would_have_if_rows_came_one_by_one(
    conn: Connection, pool: Pool, chunk_rows: int
) -> None:
    await updated(conn, pool, chunk_rows, chunk_rows)


async def test_crashes_change_nothing_of_it(conn: Connection, pool: Pool) -> None:
    """Every third transaction crashes as it counts its rows."""
    await crash_every_third(conn, "updated_rows")
    await updated(conn, pool, 5, 20)


async def test_the_same_file_again_updates_the_same_rows_and_changes_nothing(conn: Connection, pool: Pool) -> None:
    place, sent = await a_place(conn), rows_of_all_kinds(8, 200)
    first = await post(conn, place, sent, 30, updates=True)
    await work_off(conn, pool)
    before = await state_of(conn, place), await standing(conn, place)
    again = await post(conn, place, sent, 30, updates=True)
    await work_off(conn, pool)
    assert (await state_of(conn, place), await standing(conn, place)) == before
    jobs = [await found(conn, place, job_id) for job_id in (first, again)]
    assert jobs[1].updated_rows == jobs[0].created_rows + jobs[0].updated_rows
    assert jobs[1].created_rows == 0


async def test_a_dry_run_tells_the_same_and_changes_nothing(conn: Connection, pool: Pool) -> None:
    place, sent = await a_place(conn), rows_of_all_kinds(9, 200)
    await know(conn, pool, place, known_rows())
    before = await state_of(conn, place)
    dry = await post(conn, place, sent, 30, dry_run=True, updates=True)
    await work_off(conn, pool)
    assert await state_of(conn, place) == before
    real = await post(conn, place, sent, 30, updates=True)
    await work_off(conn, pool)
    tried, done = await results(conn, place, dry), await results(conn, place, real)
    assert [row[:-1] for row in tried] == [row[:-1] for row in done]


async def test_without_the_option_the_first_row_wins_and_nothing_is_updated(conn: Connection, pool: Pool) -> None:
    place = await a_place(conn)
    job_id = await post(conn, place, [{"phoneNumber": "0901234567", "name": name} for name in ("A", "B")])
    await work_off(conn, pool)
    job = await found(conn, place, job_id)
    assert (job.updates, job.updated_rows, job.duplicate_rows) == (False, 0, 1)
    assert (await state_of(conn, place))["+84901234567"][0] == "A"


async def test_undo_removes_what_was_created_and_leaves_what_was_updated(conn: Connection, pool: Pool) -> None:
    place = await a_place(conn)
    await know(conn, pool, place, [{"phoneNumber": "0901234567", "name": "A"}])
    rows: list[SentRow] = [
        {"phoneNumber": number, "name": name}
        for number, name in (("0901234567", "B"), ("0902", "x"), ("0901234568", "C"))
    ]
    job_id = await post(conn, place, [*rows, {"phoneNumber": "0901234568", "name": "D"}], 2, updates=True)
    await work_off(conn, pool)
    await undo(conn, place, job_id)
    await work_off(conn, pool)
    job = await found(conn, place, job_id)
    assert (job.created_rows, job.updated_rows, job.removed_rows) == (1, 2, 1)
    assert {number: one[0] for number, one in (await state_of(conn, place)).items()} == {"+84901234567": "B"}


async def test_contact_whose_attributes_would_be_too_long_is_left_and_its_row_says_so(
    conn: Connection, pool: Pool
) -> None:
    place = await a_place(conn)
    await know(conn, pool, place, [{"phoneNumber": "0901234567", "name": "A", "attributes": {"a": "x" * 3000}}])
    rows: list[SentRow] = [{"phoneNumber": "0901234567", "name": "B", "attributes": {"b": "y" * 2000}}] * 2
    for dry_run in (True, False):
        job_id = await post(conn, place, [*rows, {"phoneNumber": "0901234568"}], dry_run=dry_run, updates=True)
        await work_off(conn, pool)
        kept = await results(conn, place, job_id)
        assert [(row.outcome, row.reason_code) for row in kept] == [
            ("duplicate", "attributes_full"),
            ("duplicate", "attributes_full"),
            ("created", None),
        ]
    job = await found(conn, place, job_id)
    assert (job.created_rows, job.updated_rows, job.duplicate_rows) == (1, 0, 2)
    assert (await state_of(conn, place))["+84901234567"][0] == "A"


async def test_rows_of_one_chunk_whose_attributes_would_be_too_long_together_fail(conn: Connection, pool: Pool) -> None:
    place = await a_place(conn)
    rows: list[SentRow] = [
        {"phoneNumber": "0901234567", "name": name, "attributes": {name: "x" * 2500}} for name in ("A", "B", "C")
    ]
    job_id = await post(conn, place, rows, updates=True)
    await work_off(conn, pool)
    kept = await results(conn, place, job_id)
    assert [(row.outcome, row.reason_code) for row in kept] == [
        ("created", None), ("failed", "too_long"), ("failed", "too_long"),
    ]  # fmt: skip
    assert (await state_of(conn, place))["+84901234567"][0] == "A"


async def test_imports_at_once_update_every_row_once(conn: Connection, pool: Pool) -> None:
    place = await a_place(conn)
    await know(conn, pool, place, [{"phoneNumber": number} for number in NUMBERS[::2]])
    sent = [[{"phoneNumber": number, "attributes": {f"k{job}": job}} for number in NUMBERS] for job in range(4)]
    jobs = [await post(conn, place, rows, 9, updates=True) for rows in sent]
    async with working(pool, 3):
        await eventually(lambda: all_ended(conn), 60, "the jobs end")
    done = [await found(conn, place, job_id) for job_id in jobs]
    assert [job.processed_rows for job in done] == [len(NUMBERS)] * 4
    assert sum(job.created_rows for job in done) == len(NUMBERS) // 2
    expected = {f"k{job}": job for job in range(4)}
    assert all(one[2] == expected for one in (await state_of(conn, place)).values())


async def test_number_that_is_added_meanwhile_is_updated_too(conn: Connection, pool: Pool) -> None:
    """Single requests add the numbers of an import that runs: they take no lock that it holds."""
    place = await a_place(conn)
    await know(conn, pool, place, [{"phoneNumber": NUMBERS[0]}])
    job_id = await post(conn, place, [{"phoneNumber": n, "name": "Import"} for n in NUMBERS], 5, updates=True)

    async def add_singly() -> None:
        async with pool.acquire() as other:
            for number in reversed(NUMBERS):
                new = NewContact(phone=f"+84{number[1:]}", attributes={"single": True})
                await contacts.add(other, place.tenant_id, place.campaign_id, place.list_id, new)

    async with working(pool, 1):
        await add_singly()
        await eventually(lambda: all_ended(conn), 60, "the jobs end")
    job = await found(conn, place, job_id)
    assert (job.status, job.created_rows + job.updated_rows) == (JobStatus.DONE, len(NUMBERS))
    assert {one[0] for one in (await state_of(conn, place)).values()} == {"Import"}


async def test_in_a_stopped_campaign_nothing_is_updated(conn: Connection, pool: Pool) -> None:
    place = await a_place(conn)
    await know(conn, pool, place, [{"phoneNumber": "0901234567", "name": "A"}])
    job_id = await post(conn, place, [{"phoneNumber": "0901234567", "name": "B"}], updates=True)
    await conn.execute("update campaign set status = 4 where tenant_id = $1", place.tenant_id)
    assert await Worker(pool, LEASE, asyncio.Event()).step()
    job = await found(conn, place, job_id)
    assert (job.status, job.error_message) == (JobStatus.FAILED, "The campaign was stopped")
    assert (await state_of(conn, place))["+84901234567"][0] == "A"
