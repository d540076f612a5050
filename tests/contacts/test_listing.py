"""Pages deep in long lists: exactly what passing by all before them would give, at a cost that depth does not move."""

import asyncio
import json
import random

import pytest

from tests.support.contacts import campaign_of, number
from tongdai.contacts import bulk_store, listing, store
from tongdai.contacts.model import NewContact, Search
from tongdai.testing import factories

PAST_THE_END = 10**12
# Ids far apart, as where other tenants and lists had those between.
SKIP_IDS = "select setval(s, nextval(s) + $1) from pg_get_serial_sequence('contact', 'contact_id') s"


class Lists:
    """Several lists of two tenants that take turns, with ids in between that nobody has."""

    def __init__(self, pool, rng):
        self.pool, self.rng = pool, rng
        self.places = []
        self.next_number = 0

    async def make(self):
        async with self.pool.acquire() as conn:
            for tenant_id in (await factories.tenant(conn), await factories.tenant(conn)):
                campaign_id = await campaign_of(self.pool, tenant_id)
                for name in "AB":
                    list_id = await store.list_named(conn, tenant_id, campaign_id, name)
                    self.places.append((tenant_id, campaign_id, list_id))

    async def grow(self, conn):
        for _ in range(12):
            tenant_id, campaign_id, list_id = self.rng.choice(self.places)
            numbers = range(self.next_number, self.next_number + self.rng.randrange(120))
            self.next_number = numbers.stop
            rows = [NewContact(phone=number(n)) for n in numbers]
            async with conn.transaction():
                await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)
            await conn.execute(SKIP_IDS, self.rng.choice((0, 1, 100, 1023, 1024, 2**14, 2**15, 2**19, 2**20)))

    async def shrink(self, conn):
        for tenant_id, campaign_id, list_id in self.places:
            found = await conn.fetch(
                "select contact_id from contact where tenant_id = $1 and list_id = $2 order by 1", tenant_id, list_id
            )
            first = self.rng.randrange(len(found) + 1)
            gone = [row["contact_id"] for row in found[first : first + self.rng.randrange(200)]]
            gone += [row["contact_id"] for row in found if self.rng.random() < 0.1]
            async with conn.transaction():
                await bulk_store.remove_many(conn, tenant_id, campaign_id, gone)
            if found:
                await store.delete(conn, tenant_id, campaign_id, self.rng.choice(found)["contact_id"], 1)

    async def must_agree(self, conn):
        for place in self.places:
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                total = (await conn.fetchrow(listing.PAGE, *place, 1, 0))["total"]
                edges = [0, 1, total - 1, total, total + 1, PAST_THE_END]
                for offset in [o for o in edges if o >= 0] + [self.rng.randrange(total + 1) for _ in range(6)]:
                    size = self.rng.choice((1, 20, 1000))
                    plain = await conn.fetch(listing.PAGE, *place, size, offset)
                    assert await conn.fetch(listing.PAGE_DEEP, *place, size, offset) == plain, (place, size, offset)


@pytest.mark.parametrize("seed", range(4))
async def test_deep_page_is_the_one_that_counting_to_it_gives(pool, conn, seed):
    lists = Lists(pool, random.Random(seed))
    await lists.make()
    for _ in range(4):
        await lists.grow(conn)
        await lists.must_agree(conn)
        await lists.shrink(conn)
        await lists.must_agree(conn)


async def test_deep_page_is_exact_while_the_list_changes(pool):
    lists = Lists(pool, random.Random(9))
    await lists.make()

    async def change():
        async with pool.acquire() as own:
            for _ in range(4):
                await lists.grow(own)
                await lists.shrink(own)

    async def look():
        async with pool.acquire() as own:
            while not changing.done():
                await lists.must_agree(own)

    changing = asyncio.gather(*(change() for _ in range(3)))
    await asyncio.gather(changing, look(), look())


@pytest.fixture
async def long(pool, conn):
    """A list of 2,500, its numbers in the order of its rows, after 40 of them were deleted."""
    tenant_id = await factories.tenant(conn)
    campaign_id = await campaign_of(pool, tenant_id)
    list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
    async with conn.transaction():
        added = await bulk_store.add_many(
            conn, tenant_id, campaign_id, list_id, [NewContact(phone=number(n)) for n in range(2500)]
        )
        gone = [added.contact_ids[number(n)] for n in range(600, 640)]
        await bulk_store.remove_many(conn, tenant_id, campaign_id, gone)
    return (tenant_id, campaign_id, list_id), [number(n) for n in range(2500) if not 600 <= n < 640]


@pytest.mark.parametrize("size", [20, 1000])
async def test_pages_from_first_to_last_are_the_list(conn, long, size):
    place, numbers = long
    seen = []
    while True:
        rows, total = await listing.page(conn, *place, Search(), size, len(seen))
        assert total == len(numbers)
        if not rows:
            break
        seen += [row.phone for row in rows]
    assert seen == numbers
    assert await listing.page(conn, *place, Search(), size, PAST_THE_END) == ([], len(numbers))


async def test_deep_page_of_an_unknown_list_is_none(conn, long):
    (tenant_id, campaign_id, list_id), _ = long
    for place in ((tenant_id, campaign_id, 1), (tenant_id, 1, list_id), (1, campaign_id, list_id)):
        assert await listing.page(conn, *place, Search(), 20, listing.DEEP) is None


async def test_deep_page_reads_a_few_ranges_and_one_stretch_of_the_list(conn, long):
    """The rows that a page reads are bounded by the ranges it adds up and by 1,024 ids, however deep it is."""
    place, numbers = long
    read_rows = 0
    explained = await conn.fetchval(
        f"explain (analyze, format json) {listing.PAGE_DEEP}", *place, 20, len(numbers) - 25
    )
    waiting = [json.loads(explained)[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", ())
        if node.get("Relation Name") == "contact":
            assert node["Index Name"] == "contact_list_status"
            assert node["Actual Rows"] * node["Actual Loops"] <= 1024 + 20
            read_rows += node["Actual Rows"]
    assert read_rows >= 20
