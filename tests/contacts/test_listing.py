"""Deep pages of long lists: the same rows as by offset, at a cost that does not depend on the offset."""

import asyncio
import json
import random

import pytest

from tests.support.contacts import Place, add_many, new_campaign, number, page_of
from tongdai.contacts import bulk_store, listing, store
from tongdai.contacts.model import NewContact, Search
from tongdai.db.pool import Connection, Pool
from tongdai.ids import CampaignId, KeyId, ListId, TenantId
from tongdai.testing import factories

PAST_THE_END = 10**12
# Leaves gaps between ids, as other tenants and lists do.
SKIP_IDS = "select setval(s, nextval(s) + $1) from pg_get_serial_sequence('contact', 'contact_id') s"


class Lists:
    """Lists of two tenants that grow in turns, with gaps between their ids."""

    def __init__(self, pool: Pool, rng: random.Random) -> None:
        self.pool, self.rng = pool, rng
        self.places: list[Place] = []
        self.next_number = 0

    async def make(self) -> None:
        async with self.pool.acquire() as conn:
            for tenant_id in (await factories.tenant(conn), await factories.tenant(conn)):
                campaign_id = await new_campaign(conn, tenant_id)
                for name in "AB":
                    list_id = await store.list_named(conn, tenant_id, campaign_id, name)
                    self.places.append(Place(tenant_id, campaign_id, list_id))

    async def grow(self, conn: Connection) -> None:
        for _ in range(12):
            tenant_id, campaign_id, list_id = self.rng.choice(self.places)
            numbers = range(self.next_number, self.next_number + self.rng.randrange(120))
            self.next_number = numbers.stop
            rows = [NewContact(phone=number(n)) for n in numbers]
            async with conn.transaction():
                await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)
            await conn.execute(SKIP_IDS, self.rng.choice((0, 1, 100, 1023, 1024, 2**14, 2**15, 2**19, 2**20)))

    async def shrink(self, conn: Connection) -> None:
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
                await store.delete(conn, tenant_id, campaign_id, self.rng.choice(found)["contact_id"], KeyId(1))

    async def must_agree(self, conn: Connection) -> None:
        for place in self.places:
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                total = (await conn.fetch(listing.PAGE, *place, 1, 0))[0]["total"]
                edges = [0, 1, total - 1, total, total + 1, PAST_THE_END]
                for offset in [o for o in edges if o >= 0] + [self.rng.randrange(total + 1) for _ in range(6)]:
                    size = self.rng.choice((1, 20, 1000))
                    plain = await conn.fetch(listing.PAGE, *place, size, offset)
                    assert await conn.fetch(listing.PAGE_DEEP, *place, size, offset) == plain, (place, size, offset)


@pytest.mark.parametrize("seed", range(4))
async def test_deep_page_has_the_rows_at_its_offset(pool: Pool, conn: Connection, seed: int) -> None:
    lists = Lists(pool, random.Random(seed))
    await lists.make()
    for _ in range(4):
        await lists.grow(conn)
        await lists.must_agree(conn)
        await lists.shrink(conn)
        await lists.must_agree(conn)


async def test_deep_page_is_exact_while_the_list_changes(pool: Pool) -> None:
    lists = Lists(pool, random.Random(9))
    await lists.make()

    async def change() -> None:
        async with pool.acquire() as own:
            for _ in range(4):
                await lists.grow(own)
                await lists.shrink(own)

    async def look() -> None:
        async with pool.acquire() as own:
            while not changing.done():
                await lists.must_agree(own)

    changing = asyncio.gather(*(change() for _ in range(3)))
    await asyncio.gather(changing, look(), look())


Long = tuple[Place, list[str]]


@pytest.fixture
async def long(conn: Connection) -> Long:
    """A list of 2,500 contacts of which 40 were deleted, and its numbers in the order of its rows."""
    tenant_id = await factories.tenant(conn)
    campaign_id = await new_campaign(conn, tenant_id)
    list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
    added = await add_many(conn, tenant_id, campaign_id, [NewContact(phone=number(n)) for n in range(2500)])
    async with conn.transaction():
        gone = [added.contact_ids[number(n)] for n in range(600, 640)]
        await bulk_store.remove_many(conn, tenant_id, campaign_id, gone)
    return Place(tenant_id, campaign_id, list_id), [number(n) for n in range(2500) if not 600 <= n < 640]


@pytest.mark.parametrize("size", [20, 1000])
async def test_pages_from_first_to_last_are_the_list(conn: Connection, long: Long, size: int) -> None:
    place, numbers = long
    seen: list[str] = []
    while True:
        rows, total = await page_of(conn, place, size, len(seen))
        assert total == len(numbers)
        if not rows:
            break
        seen += [row.phone for row in rows]
    assert seen == numbers
    assert await page_of(conn, place, size, PAST_THE_END) == ([], len(numbers))


async def test_deep_page_of_an_unknown_list_is_none(conn: Connection, long: Long) -> None:
    place, _ = long
    unknown = (place._replace(list_id=ListId(1)), place._replace(campaign_id=CampaignId(1)),
               place._replace(tenant_id=TenantId(1)))  # fmt: skip
    for tenant_id, campaign_id, list_id in unknown:
        assert await listing.page(conn, tenant_id, campaign_id, list_id, Search(), 20, listing.DEEP) is None


async def test_deep_page_reads_counters_of_ranges_and_one_range_of_the_list(conn: Connection, long: Long) -> None:
    """A page reads counters of ranges and the rows of at most 1,024 ids, whatever its offset."""
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
