"""Bulk insertion and removal of contacts, alone and concurrently."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import asyncpg
import pytest

from tests.support.contacts import (
    Place,
    add,
    add_many,
    campaign_of,
    lists_of,
    move_contact,
    must_be_consistent,
    new_campaign,
    number,
    page_of,
)
from tests.support.databases import needs_session
from tongdai.contacts import bulk_store, listing, store
from tongdai.contacts.columns import as_columns
from tongdai.contacts.fields import Fields
from tongdai.contacts.model import NewContact
from tongdai.contacts.store import ContactRefusal
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, KeyId, TenantId
from tongdai.testing import factories


def rows_of(numbers: Iterable[int]) -> list[NewContact]:
    return [NewContact(phone=number(n), name=f"No. {n}") for n in numbers]


async def test_contacts_of_an_import_rise_with_its_rows(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    numbers = random.Random(1).sample(range(10_000), 1000)
    added = await add_many(conn, tenant_id, campaign_id, rows_of(numbers))
    ids = [added.contact_ids[number(n)] for n in numbers]
    assert ids == sorted(ids)
    found = await conn.fetch("select '+' || number as phone, contact_id from contact where tenant_id = $1", tenant_id)
    assert {row["phone"]: row["contact_id"] for row in found} == added.contact_ids
    await must_be_consistent(conn, tenant_id)


async def test_every_number_is_returned_with_the_contact_that_has_it(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    one = await add(conn, tenant_id, campaign_id, NewContact(phone=number(1)))
    other = await new_campaign(conn, tenant_id)
    await add(conn, tenant_id, other, NewContact(phone=number(2)))
    rows = [NewContact(phone=number(n), name=name) for n, name in ((3, "first"), (1, "x"), (2, "y"), (3, "second"))]
    added = await add_many(conn, tenant_id, campaign_id, rows)
    assert added.contact_ids.keys() == {number(1), number(2), number(3)}
    assert added.contact_ids[number(1)] == one.contact_id
    assert added.made == {number(2), number(3)}
    assert added.created == 2
    name = await conn.fetchval("select name from contact where tenant_id = $1 and number = 84900000003", tenant_id)
    assert name == "first"


async def test_fields_of_rows_are_stored(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> None:
    attributes = {"a": 1, "b": None, "c": "ổ", "d": 1.5, "e": True}
    row = NewContact(phone=number(1), name="Ngọc", external_id="CRM-1", attributes=attributes)
    elsewhere = NewContact(phone=number(2), time_zone="Asia/Bangkok")
    await add_many(conn, tenant_id, campaign_id, [row, elsewhere])
    list_id = (await lists_of(conn, tenant_id, campaign_id))[0].list_id
    found, _ = await page_of(conn, Place(tenant_id, campaign_id, list_id), 10)
    assert [(one.phone, one.fields, one.attributes, one.zone) for one in found] == [
        (number(1), Fields(name="Ngọc", external_id="CRM-1"), attributes, "Asia/Ho_Chi_Minh"),
        (number(2), Fields(), None, "Asia/Bangkok"),
    ]
    assert {(one.process_status, one.call_status) for one in found} == {(0, None)}


async def test_no_rows_change_nothing(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> None:
    added = await add_many(conn, tenant_id, campaign_id, [])
    assert (added.contact_ids, added.made) == ({}, set())


async def test_rows_are_refused_by_a_stopped_or_unknown_campaign(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
    async with conn.transaction():
        assert (
            await bulk_store.add_many(conn, tenant_id, CampaignId(1), list_id, rows_of([1]))
            is ContactRefusal.NO_CAMPAIGN
        )
    await conn.execute("update campaign set status = 4 where tenant_id = $1", tenant_id)
    async with conn.transaction():
        assert await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows_of([1])) is ContactRefusal.STOPPED
    assert await conn.fetchval("select count(*) from contact where tenant_id = $1", tenant_id) == 0


async def test_known_numbers_are_those_of_the_campaign_itself(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    one = await add(conn, tenant_id, campaign_id, NewContact(phone=number(1)))
    other = await new_campaign(conn, tenant_id)
    await add(conn, tenant_id, other, NewContact(phone=number(2)))
    phones = {number(1): 1, number(2): 1, number(3): 1}
    assert await bulk_store.known(conn, tenant_id, campaign_id, phones) == {number(1): one.contact_id}
    assert await bulk_store.known(conn, tenant_id, campaign_id, []) == {}


async def test_removal_deletes_pending_contacts_of_the_campaign_only(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    other = await campaign_of(pool, tenant_id)
    foreign = await add(conn, tenant_id, other, NewContact(phone=number(1)))
    added = await add_many(conn, tenant_id, campaign_id, rows_of(range(1, 5)))
    called = added.contact_ids[number(2)]
    await move_contact(pool, tenant_id, called, 2)
    ids = [*added.contact_ids.values(), foreign.contact_id]
    async with conn.transaction():
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, ids) == 3
    left = await conn.fetch("select contact_id from contact where tenant_id = $1", tenant_id)
    assert {row["contact_id"] for row in left} == {called, foreign.contact_id}
    await must_be_consistent(conn, tenant_id)
    async with conn.transaction():
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, ids) == 0


RUNS = "select zone, first_id, next_id, last_id, contacts from contact_run where tenant_id = $1 order by zone, first_id"
DUE = "select contact_id from contact_due where tenant_id = $1 order by contact_id"


async def test_contacts_of_a_chunk_are_one_run(conn: Connection, tenant_id: TenantId, campaign_id: CampaignId) -> None:
    added = await add_many(conn, tenant_id, campaign_id, rows_of(range(100)))
    (run,) = await conn.fetch(RUNS, tenant_id)
    first, last = added.contact_ids[number(0)], added.contact_ids[number(99)]
    assert tuple(run)[1:] == (first, first, last, 100)
    assert await conn.fetch(DUE, tenant_id) == []


async def test_zone_with_few_contacts_of_a_chunk_has_no_run(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    rows = rows_of(range(200))
    rows[7::20] = [replace(row, time_zone="Asia/Tokyo") for row in rows[7::20]]
    added = await add_many(conn, tenant_id, campaign_id, rows)
    (run,) = await conn.fetch(RUNS, tenant_id)
    assert run["contacts"] == 190
    due = [row["contact_id"] for row in await conn.fetch(DUE, tenant_id)]
    assert due == [added.contact_ids[row.phone] for row in rows[7::20]]
    await must_be_consistent(conn, tenant_id)


async def test_removal_shrinks_runs_and_deletes_empty_ones(
    conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    rows = [replace(row, time_zone=("Asia/Tokyo", None)[i % 2]) for i, row in enumerate(rows_of(range(60)))]
    added = await add_many(conn, tenant_id, campaign_id, rows)
    ids = list(added.contact_ids.values())
    async with conn.transaction():
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, [*ids[::2], ids[1]]) == 31
    (run,) = await conn.fetch(RUNS, tenant_id)
    assert run["contacts"] == 29
    await must_be_consistent(conn, tenant_id)
    async with conn.transaction():
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, ids) == 29
    assert await conn.fetch(RUNS, tenant_id) == []


async def test_runs_of_imports_at_once_are_disjoint(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    async def imports(first: int) -> None:
        for chunk in range(4):
            async with pool.acquire() as own:
                await add_many(own, tenant_id, campaign_id, rows_of(range(first + 50 * chunk, first + 50 * chunk + 60)))

    await asyncio.gather(*(imports(1000 * i) for i in range(5)), *(imports(1000 * i) for i in range(3)))
    runs = [(row["zone"], row["first_id"], row["last_id"]) for row in await conn.fetch(RUNS, tenant_id)]
    assert len(runs) > 5
    assert all(before[0] < after[0] or before[2] < after[1] for before, after in pairwise(runs))
    await must_be_consistent(conn, tenant_id)


async def test_zone_that_gets_its_number_in_a_transaction_that_fails_gets_another(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    row = NewContact(phone=number(1), time_zone="Indian/Kerguelen")
    list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
    transaction = conn.transaction()
    await transaction.start()
    await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, [row])
    await transaction.rollback()
    added = await add(conn, tenant_id, campaign_id, row)
    found = await listing.find(conn, tenant_id, campaign_id, added.contact_id)
    assert found is not None
    assert found[0].zone == "Indian/Kerguelen"


async def test_foreign_list_is_refused(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    """No statement of the product stores a contact that refers to a list of another campaign or tenant."""
    stranger = await factories.tenant(conn)
    elsewhere = await campaign_of(pool, stranger)
    other = await campaign_of(pool, tenant_id)
    places = [(stranger, elsewhere), (tenant_id, other)]
    for owner, owned in places:
        list_id = await store.list_named(conn, owner, owned, "A")
        async with conn.transaction():
            assert (
                await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows_of([1])) is ContactRefusal.NO_LIST
            )
        added = await store.add(conn, tenant_id, campaign_id, list_id, NewContact(phone=number(1)))
        assert added is ContactRefusal.NO_LIST
        # Even a writer that does not lock the list is refused, by the foreign key of its counter.
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await bulk_store.insert_columns(conn, tenant_id, campaign_id, list_id, as_columns(rows_of([1])))
    assert await conn.fetchval("select count(*) from contact where tenant_id = $1", tenant_id) == 0


WAITING = "select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')"


async def waits(conn: Connection, pid: int) -> None:
    """Return once that session waits for a lock."""
    while not await conn.fetchval(WAITING, pid):
        pass


@needs_session
async def test_number_added_by_a_concurrent_request_is_found_and_not_doubled(
    pool: Pool, conn: Connection, tenant_id: TenantId, campaign_id: CampaignId
) -> None:
    await store.list_named(conn, tenant_id, campaign_id, "A")
    async with pool.acquire() as posting, pool.acquire() as importing:
        post = posting.transaction()
        await post.start()
        one = await add(posting, tenant_id, campaign_id, NewContact(phone=number(5)))
        importing_many = asyncio.ensure_future(add_many(importing, tenant_id, campaign_id, rows_of(range(10))))
        await waits(conn, importing.get_server_pid())
        await post.commit()
        added = await importing_many
    assert added.contact_ids[number(5)] == one.contact_id
    assert added.made == {number(n) for n in range(10) if n != 5}
    await must_be_consistent(conn, tenant_id)


@pytest.mark.parametrize("seed", [1, 2])
async def test_concurrent_imports_undos_and_additions_end_and_leave_consistent_counters(
    pool: Pool, conn: Connection, tenant_id: TenantId, seed: int
) -> None:
    """They share numbers and lists, in every order: none deadlocks and none fails."""
    rng = random.Random(seed)
    ids = [await campaign_of(pool, tenant_id) for _ in range(3)]

    async def imports() -> None:
        for _ in range(6):
            campaign_id = rng.choice(ids)
            numbers = [rng.randrange(300) for _ in range(rng.randrange(150))]
            async with pool.acquire() as own:
                added = await add_many(own, tenant_id, campaign_id, rows_of(numbers), rng.choice("AB"))
                if rng.random() < 0.6:
                    mine = [added.contact_ids[phone] for phone in sorted(added.made)]
                    async with own.transaction():
                        await bulk_store.remove_many(own, tenant_id, campaign_id, mine)

    async def posts() -> None:
        for _ in range(40):
            new = NewContact(phone=number(rng.randrange(300)))
            async with pool.acquire() as own:
                added = await add(own, tenant_id, campaign := rng.choice(ids), new)
                if rng.random() < 0.3:
                    await store.delete(own, tenant_id, campaign, added.contact_id, KeyId(1))

    async with asyncio.timeout(120):
        await asyncio.gather(*(imports() for _ in range(8)), *(posts() for _ in range(8)))
    await must_be_consistent(conn, tenant_id)
