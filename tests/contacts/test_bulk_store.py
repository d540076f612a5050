"""Many contacts at once, put into a campaign and taken back, while others do the same."""

import asyncio
import random

import pytest

from tests.contacts.test_store import campaign_of, number, tallies
from tongdai.contacts import bulk_store, listing, store
from tongdai.contacts.model import NewContact, Search
from tongdai.contacts.store import Refusal
from tongdai.testing import factories


@pytest.fixture
async def tenant_id(conn):
    return await factories.tenant(conn)


@pytest.fixture
async def campaign_id(pool, tenant_id):
    return await campaign_of(pool, tenant_id)


def rows_of(numbers):
    return [NewContact(phone=number(n), name=f"No. {n}") for n in numbers]


async def add_many(conn, tenant_id, campaign_id, rows, name="A"):
    async with conn.transaction():
        list_id = await store.list_named(conn, tenant_id, campaign_id, name)
        return await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)


async def customers(conn, tenant_id):
    found = await conn.fetch("select phone, customer_id from customer where tenant_id = $1", tenant_id)
    return dict(found)


async def must_be_true(conn, tenant_id):
    kept, counted = await tallies(conn, tenant_id)
    assert kept == counted


async def test_contacts_of_an_import_rise_with_its_rows(conn, tenant_id, campaign_id):
    numbers = random.Random(1).sample(range(10_000), 1000)
    added = await add_many(conn, tenant_id, campaign_id, rows_of(numbers))
    ids = [added.contact_ids[number(n)] for n in numbers]
    assert ids == sorted(ids)
    found = await conn.fetch("select phone, contact_id from contact where tenant_id = $1", tenant_id)
    assert dict(found) == added.contact_ids
    await must_be_true(conn, tenant_id)


async def test_every_number_is_told_with_the_contact_that_has_it(conn, tenant_id, campaign_id):
    one = await store.add(conn, tenant_id, campaign_id, None, NewContact(phone=number(1)))
    other = await campaign_of_same(conn, tenant_id)
    await store.add(conn, tenant_id, other, None, NewContact(phone=number(2)))
    known_customers = await customers(conn, tenant_id)
    rows = [NewContact(phone=number(n), name=name) for n, name in ((3, "first"), (1, "x"), (2, "y"), (3, "second"))]
    added = await add_many(conn, tenant_id, campaign_id, rows)
    assert added.contact_ids.keys() == {number(1), number(2), number(3)}
    assert added.contact_ids[number(1)] == one.contact_id
    assert added.made == {number(2), number(3)}
    assert added.created == 2
    made = {phone: customer_id for phone, customer_id in (await customers(conn, tenant_id)).items()
            if phone not in known_customers}  # fmt: skip
    assert made.keys() == {number(3)}
    assert added.new_customers == list(made.values())
    name = await conn.fetchval("select name from contact where tenant_id = $1 and phone = $2", tenant_id, number(3))
    assert name == "first"


async def campaign_of_same(conn, tenant_id):
    return await conn.fetchval(
        "insert into campaign (tenant_id, name, type) values ($1, 'B', 'B') returning campaign_id", tenant_id
    )


async def test_what_rows_say_is_stored(conn, tenant_id, campaign_id):
    attributes = {"a": 1, "b": None, "c": "ổ", "d": 1.5, "e": True}
    row = NewContact(phone=number(1), name="Ngọc", external_id="CRM-1", attributes=attributes)
    elsewhere = NewContact(phone=number(2), time_zone="Asia/Bangkok")
    await add_many(conn, tenant_id, campaign_id, [row, elsewhere])
    list_id = (await listing.lists(conn, tenant_id, campaign_id))[0].list_id
    found, _ = await listing.page(conn, tenant_id, campaign_id, list_id, Search(), 10, 0)
    assert [one[2:] for one in found] == [
        (number(1), "Ngọc", 0, None, "CRM-1", attributes, "Asia/Ho_Chi_Minh"),
        (number(2), None, 0, None, None, None, "Asia/Bangkok"),
    ]


async def test_no_rows_change_nothing(conn, tenant_id, campaign_id):
    added = await add_many(conn, tenant_id, campaign_id, [])
    assert (added.contact_ids, added.made, added.new_customers) == ({}, set(), [])


async def test_many_are_refused_by_a_campaign_that_is_stopped_or_not_there(conn, tenant_id, campaign_id):
    list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
    async with conn.transaction():
        assert await bulk_store.add_many(conn, tenant_id, 1, list_id, rows_of([1])) is Refusal.NO_CAMPAIGN
    await conn.execute("update campaign set status = 4 where tenant_id = $1", tenant_id)
    async with conn.transaction():
        assert await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows_of([1])) is Refusal.STOPPED
    assert await customers(conn, tenant_id) == {}


async def test_known_are_the_numbers_that_the_campaign_itself_has(conn, tenant_id, campaign_id):
    one = await store.add(conn, tenant_id, campaign_id, None, NewContact(phone=number(1)))
    other = await campaign_of_same(conn, tenant_id)
    await store.add(conn, tenant_id, other, None, NewContact(phone=number(2)))
    phones = {number(1): 1, number(2): 1, number(3): 1}
    assert await bulk_store.known(conn, tenant_id, campaign_id, phones) == {number(1): one.contact_id}
    assert await bulk_store.known(conn, tenant_id, campaign_id, []) == {}


async def test_removal_takes_what_is_pending_in_the_campaign_and_customers_nothing_refers_to(
    pool, conn, tenant_id, campaign_id
):
    other = await campaign_of(pool, tenant_id)
    foreign = await store.add(conn, tenant_id, other, None, NewContact(phone=number(1)))
    added = await add_many(conn, tenant_id, campaign_id, rows_of(range(1, 5)))
    called = added.contact_ids[number(2)]
    await conn.execute("update contact set process_status = 2 where tenant_id = $1 and contact_id = $2",
                       tenant_id, called)  # fmt: skip
    await conn.execute("update contact_counter set process_status = 2, contacts = 1 where tenant_id = $1 "
                       "and campaign_id = $2", tenant_id, campaign_id)  # fmt: skip
    await conn.execute(
        """insert into contact_counter (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
           select tenant_id, campaign_id, list_id, 0, '', 0, 3 from contact_list
           where tenant_id = $1 and campaign_id = $2""",
        tenant_id,
        campaign_id,
    )
    people = await customers(conn, tenant_id)
    async with conn.transaction():
        ids = [*added.contact_ids.values(), foreign.contact_id]
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, ids, list(people.values())) == 3
    left = await conn.fetch("select contact_id from contact where tenant_id = $1", tenant_id)
    assert {row["contact_id"] for row in left} == {called, foreign.contact_id}
    assert (await customers(conn, tenant_id)).keys() == {number(1), number(2)}
    await must_be_true(conn, tenant_id)
    async with conn.transaction():
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, ids, list(people.values())) == 0


async def test_removal_without_customers_leaves_them(conn, tenant_id, campaign_id):
    added = await add_many(conn, tenant_id, campaign_id, rows_of(range(3)))
    async with conn.transaction():
        assert await bulk_store.remove_many(conn, tenant_id, campaign_id, list(added.contact_ids.values()), []) == 3
    assert len(await customers(conn, tenant_id)) == 3
    await must_be_true(conn, tenant_id)


WAITING = "select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')"


async def waits(conn, pid):
    while not await conn.fetchval(WAITING, pid):
        pass


@pytest.mark.parametrize("kind", ["one", "many"])
async def test_customer_that_goes_while_a_contact_of_it_is_added_is_made_again(
    pool, conn, tenant_id, campaign_id, kind
):
    added = await add_many(conn, tenant_id, campaign_id, rows_of([1]))
    other = await campaign_of(pool, tenant_id)
    async with pool.acquire() as undoing, pool.acquire() as adding:
        removal = undoing.transaction()
        await removal.start()
        await bulk_store.remove_many(
            undoing, tenant_id, campaign_id, list(added.contact_ids.values()), added.new_customers
        )
        addition = asyncio.ensure_future(
            store.add(adding, tenant_id, other, None, NewContact(phone=number(1)))
            if kind == "one"
            else add_many(adding, tenant_id, other, rows_of([1, 2]))
        )
        await waits(conn, adding.get_server_pid())
        await removal.commit()
        await addition
    refers = "select customer_id from contact where tenant_id = $1 and phone = $2"
    people = await customers(conn, tenant_id)
    assert await conn.fetchval(refers, tenant_id, number(1)) == people[number(1)] != added.new_customers[0]
    await must_be_true(conn, tenant_id)


@pytest.mark.parametrize("kind", ["one", "many"])
async def test_customer_that_somebody_is_about_to_refer_to_stays(pool, conn, tenant_id, campaign_id, kind):
    added = await add_many(conn, tenant_id, campaign_id, rows_of([1]))
    other = await campaign_of(pool, tenant_id)
    async with pool.acquire() as adding:
        addition = adding.transaction()
        await addition.start()
        if kind == "one":
            await store.add(adding, tenant_id, other, None, NewContact(phone=number(1)))
        else:
            await add_many(adding, tenant_id, other, rows_of([1]))
        async with conn.transaction():
            ids = list(added.contact_ids.values())
            assert await bulk_store.remove_many(conn, tenant_id, campaign_id, ids, added.new_customers) == 1
        await addition.commit()
    assert list((await customers(conn, tenant_id)).values()) == added.new_customers
    await must_be_true(conn, tenant_id)


async def test_number_that_another_request_adds_meanwhile_is_found_and_not_doubled(pool, conn, tenant_id, campaign_id):
    await store.list_named(conn, tenant_id, campaign_id, "A")
    async with pool.acquire() as posting, pool.acquire() as importing:
        post = posting.transaction()
        await post.start()
        one = await store.add(posting, tenant_id, campaign_id, None, NewContact(phone=number(5)))
        bulk_store = asyncio.ensure_future(add_many(importing, tenant_id, campaign_id, rows_of(range(10))))
        await waits(conn, importing.get_server_pid())
        await post.commit()
        added = await bulk_store
    assert added.contact_ids[number(5)] == one.contact_id
    assert added.made == {number(n) for n in range(10) if n != 5}
    assert len(added.new_customers) == 9
    await must_be_true(conn, tenant_id)


ORPHANS = """
select count(*) from contact c where tenant_id = $1 and not exists (
    select from customer p where p.tenant_id = c.tenant_id and p.customer_id = c.customer_id and p.phone = c.phone)
"""


@pytest.mark.parametrize("seed", [1, 2])
async def test_imports_undoings_and_single_requests_at_once_end_and_leave_all_true(pool, conn, tenant_id, seed):
    """They share numbers, customers and lists, in every order: none may wait for another in a circle, none fails."""
    rng = random.Random(seed)
    ids = [await campaign_of(pool, tenant_id) for _ in range(3)]

    async def imports():
        for _ in range(6):
            campaign_id = rng.choice(ids)
            numbers = [rng.randrange(300) for _ in range(rng.randrange(150))]
            async with pool.acquire() as own:
                added = await add_many(own, tenant_id, campaign_id, rows_of(numbers), rng.choice("AB"))
                if rng.random() < 0.6:
                    mine = [added.contact_ids[phone] for phone in sorted(added.made)]
                    async with own.transaction():
                        await bulk_store.remove_many(own, tenant_id, campaign_id, mine, added.new_customers)

    async def posts():
        for _ in range(40):
            new = NewContact(phone=number(rng.randrange(300)))
            async with pool.acquire() as own:
                added = await store.add(own, tenant_id, campaign := rng.choice(ids), None, new)
                assert not isinstance(added, Refusal)
                if rng.random() < 0.3:
                    await store.delete(own, tenant_id, campaign, added.contact_id, 1)

    async with asyncio.timeout(120):
        await asyncio.gather(*(imports() for _ in range(8)), *(posts() for _ in range(8)))
    await must_be_true(conn, tenant_id)
    assert await conn.fetchval(ORPHANS, tenant_id) == 0
