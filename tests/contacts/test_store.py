"""Statements and their guarantees: totals that are kept, races that have one winner, plans that use an index."""

import asyncio
import random
from collections import Counter
from contextlib import suppress

import asyncpg
import pytest

from tests.support import contacts
from tests.support.contacts import campaign_of, counters, move_contact, number
from tests.support.databases import bundled_planner
from tests.support.plans import assert_uses, nodes, plans
from tongdai.campaigns import store as campaigns
from tongdai.contacts import bulk_store, listing, store
from tongdai.contacts.model import Added, NewContact, Search
from tongdai.contacts.store import Refusal
from tongdai.db.pool import connect, open_pool
from tongdai.imports import store as imports
from tongdai.tenants import store as tenants
from tongdai.testing import factories

OUTCOMES = (None, "answered", "busy", "no_answer", "lost")


@pytest.fixture
async def tenant_id(conn):
    return await factories.tenant(conn)


@pytest.fixture
async def campaign_id(pool, tenant_id):
    return await campaign_of(pool, tenant_id)


class Operations:
    """Random changes to the contacts of one tenant, each by a connection of its own."""

    def __init__(self, pool, tenant_id, campaign_ids, rng):
        self.pool, self.tenant_id, self.campaign_ids, self.rng = pool, tenant_id, campaign_ids, rng
        self.done = Counter()

    async def step(self):
        campaign_id = self.rng.choice(self.campaign_ids)
        kind = self.rng.choice(("add", "add", "add_many", "delete", "delete", "remove_many", "move"))
        await getattr(self, kind)(campaign_id)

    async def add(self, campaign_id):
        async with self.pool.acquire() as conn:
            found = await listing.lists(conn, self.tenant_id, campaign_id)
            list_id = self.rng.choice([None, *(one.list_id for one in found)])
            new = NewContact(phone=number(self.rng.randrange(60)))
            added = await store.add(conn, self.tenant_id, campaign_id, list_id, new)
        self.done["duplicate" if added.duplicate else "added"] += 1

    async def add_many(self, campaign_id):
        rows = [NewContact(phone=number(self.rng.randrange(60))) for _ in range(self.rng.randrange(8))]
        kept = self.rng.random() < 0.7
        async with self.pool.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            list_id = await store.list_named(conn, self.tenant_id, campaign_id, self.rng.choice("AB"))
            added = await bulk_store.add_many(conn, self.tenant_id, campaign_id, list_id, rows)
            assert added.contact_ids.keys() == {row.phone for row in rows} >= added.made
            await (transaction.commit() if kept else transaction.rollback())
        self.done["many" if kept else "rolled back"] += 1

    async def remove_many(self, campaign_id):
        async with self.pool.acquire() as conn, conn.transaction():
            found = await conn.fetch(
                "select contact_id from contact where tenant_id = $1 order by contact_id", self.tenant_id
            )
            some = self.rng.sample(found, min(len(found), self.rng.randrange(6)))
            ids = [row["contact_id"] for row in some]
            self.done["removed"] += await bulk_store.remove_many(conn, self.tenant_id, campaign_id, ids)

    async def any_contact(self):
        async with self.pool.acquire() as conn:
            found = await conn.fetch(
                "select contact_id, campaign_id from contact where tenant_id = $1 order by contact_id", self.tenant_id
            )
        return self.rng.choice(found) if found else None

    async def delete(self, _):
        contact = await self.any_contact()
        if contact is not None:
            async with self.pool.acquire() as conn:
                refusal = await store.delete(conn, self.tenant_id, contact["campaign_id"], contact["contact_id"], 1)
            self.done["deleted" if refusal is None else refusal] += 1

    async def move(self, _):
        contact = await self.any_contact()
        if contact is not None:
            status, outcome = self.rng.randrange(3), self.rng.choice(OUTCOMES)
            with suppress(asyncpg.UniqueViolationError):
                await move_contact(self.pool, self.tenant_id, contact["contact_id"], status, outcome)
                self.done["moved"] += 1


@pytest.mark.parametrize("seed", range(4))
async def test_kept_totals_equal_counted_ones_after_any_sequence_of_changes(pool, tenant_id, seed):
    ids = [await campaign_of(pool, tenant_id) for _ in range(2)]
    operations = Operations(pool, tenant_id, ids, random.Random(seed))
    for _ in range(8):
        for _ in range(20):
            await operations.step()
        async with pool.acquire() as conn:
            kept, counted = await counters(conn, tenant_id)
            assert kept == counted
            await contacts.must_be_in_one_place(conn, tenant_id)
            for campaign_id in ids:
                for found in await listing.lists(conn, tenant_id, campaign_id):
                    rows, total = await listing.page(conn, tenant_id, campaign_id, found.list_id, Search(), 1000, 0)
                    assert len(rows) == total == found.contact_count
    sometimes = ("added", "duplicate", "many", "rolled back", "deleted", Refusal.NOT_PENDING, "moved", "removed")
    assert all(operations.done[what] for what in sometimes), operations.done


async def test_kept_totals_equal_counted_ones_after_changes_at_once(pool, tenant_id):
    ids = [await campaign_of(pool, tenant_id) for _ in range(2)]
    operations = Operations(pool, tenant_id, ids, random.Random(11))

    async def many():
        for _ in range(15):
            await operations.step()

    await asyncio.gather(*(many() for _ in range(10)))
    async with pool.acquire() as conn:
        kept, counted = await counters(conn, tenant_id)
        await contacts.must_be_in_one_place(conn, tenant_id)
    assert kept == counted
    assert operations.done["added"]
    assert operations.done["deleted"]


async def test_additions_of_one_number_at_once_make_one_contact(pool, conn, tenant_id, campaign_id):
    async def add():
        async with pool.acquire() as own:
            return await store.add(own, tenant_id, campaign_id, None, NewContact(phone=number(1)))

    added = await asyncio.gather(*(add() for _ in range(18)))
    assert sorted(one.duplicate for one in added) == [False] + [True] * 17
    assert len({(one.contact_id, one.list_id) for one in added}) == 1
    for table in ("contact", "contact_due", "contact_list"):
        assert await conn.fetchval(f"select count(*) from {table} where tenant_id = $1", tenant_id) == 1


async def test_first_additions_at_once_make_one_default_list(pool, conn, tenant_id, campaign_id):
    async def add(n):
        async with pool.acquire() as own:
            return await store.add(own, tenant_id, campaign_id, None, NewContact(phone=number(n)))

    added = await asyncio.gather(*(add(n) for n in range(18)))
    assert not any(one.duplicate for one in added)
    found = await listing.lists(conn, tenant_id, campaign_id)
    assert [(one.name, one.contact_count) for one in found] == [("Default List", 18)]


async def test_deletions_of_one_contact_at_once_have_one_winner(pool, conn, tenant_id, campaign_id):
    for n in range(10):
        added = await store.add(conn, tenant_id, campaign_id, None, NewContact(phone=number(n)))

        async def delete(contact_id=added.contact_id):
            async with pool.acquire() as own:
                return await store.delete(own, tenant_id, campaign_id, contact_id, 1)

        refusals = await asyncio.gather(*(delete() for _ in range(6)))
        assert sorted(map(str, refusals)) == sorted(["None"] + [str(Refusal.NO_CONTACT)] * 5)
    kept, counted = await counters(conn, tenant_id)
    assert kept == counted == [{}, {}]


async def test_of_a_deletion_and_a_call_of_one_contact_one_wins(pool, conn, tenant_id, campaign_id):
    won = Counter()
    for n in range(30):
        added = await store.add(conn, tenant_id, campaign_id, None, NewContact(phone=number(n)))

        async def delete(contact_id=added.contact_id):
            async with pool.acquire() as own:
                return await store.delete(own, tenant_id, campaign_id, contact_id, 1)

        async def call(contact_id=added.contact_id):
            async with pool.acquire() as own, own.transaction():
                held = await own.fetchrow(
                    "select from contact where tenant_id = $1 and contact_id = $2 for update", tenant_id, contact_id
                )
                if held is not None:
                    await contacts.put_in_call(own, tenant_id, contact_id)
                return held is not None

        turns = (delete, call) if n % 2 else (call, delete)
        done = dict(zip(turns, await asyncio.gather(*(turn() for turn in turns)), strict=True))
        assert (done[delete] is None) != done[call]
        won[done[delete] is None] += 1
    assert sum(won.values()) == 30


async def test_refusals_tell_what_is_missing_first(conn, tenant_id, campaign_id):
    new = NewContact(phone=number(1))
    assert await store.add(conn, tenant_id, 1, None, new) is Refusal.NO_CAMPAIGN
    assert await store.add(conn, tenant_id, campaign_id, 1, new) is Refusal.NO_LIST
    assert await listing.lists(conn, tenant_id, 1) is None
    await conn.execute("update campaign set status = 4 where tenant_id = $1", tenant_id)
    assert await store.add(conn, tenant_id, campaign_id, None, new) is Refusal.STOPPED
    assert await store.add(conn, tenant_id, campaign_id, 1, new) is Refusal.NO_LIST
    assert await listing.lists(conn, tenant_id, campaign_id) == []


async def test_many_rows_skip_what_the_campaign_has_and_what_came_before(conn, tenant_id, campaign_id):
    await store.add(conn, tenant_id, campaign_id, None, NewContact(phone=number(1)))
    async with conn.transaction():
        list_id = await store.list_named(conn, tenant_id, campaign_id, "B")
        rows = [NewContact(phone=number(n), name=f"No. {i}") for i, n in enumerate((3, 1, 2, 3, 2))]
        added = await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)
    assert added.made == {number(2), number(3)}
    found, total = await listing.page(conn, tenant_id, campaign_id, list_id, Search(), 10, 0)
    assert [(one.phone, one.fields.name) for one in found] == [(number(3), "No. 0"), (number(2), "No. 2")]
    assert total == 2


async def test_list_of_a_name_is_made_once(pool, tenant_id, campaign_id):
    async def named():
        async with pool.acquire() as own:
            return await store.list_named(own, tenant_id, campaign_id, "A")

    assert len(set(await asyncio.gather(*(named() for _ in range(12))))) == 1


# --- plans ---

ROWS = 30_000
# Tables are shared by tenants, and a tenant's by campaigns and lists: with one of each any index looks as good.
FILL = (
    "insert into tenant (tenant_id, name) select $1::bigint + i, 'A' from generate_series(1, 500) i",
    "insert into campaign (tenant_id, name, type) select $1, 'A', 'A' from generate_series(1, 2000)",
    """insert into campaign (tenant_id, name, type)
       select $1::bigint + i % 500, 'A', 'A' from generate_series(1, 5000) i""",
    """insert into contact_list (tenant_id, campaign_id, name)
       select tenant_id, campaign_id, 'A' from campaign c where tenant_id = $1
       and not exists (select from contact_list l where l.tenant_id = c.tenant_id and l.campaign_id = c.campaign_id)""",
    f"""insert into contact (tenant_id, campaign_id, list_id, number, external_id, process_status)
        select $1, l.campaign_id, l.list_id, 84910000000 + i,
            case when i % 3 = 0 then 'X' || i end, case when i % 100 = 0 then 2 else 0 end
        from (select *, row_number() over (order by list_id) as n from contact_list where tenant_id = $1) l
        join generate_series(1, {ROWS}) i on n = 1 + i % 10""",
    """insert into contact_due (tenant_id, contact_id, campaign_id, due_at, zone)
       select tenant_id, contact_id, campaign_id, created_at, zone from contact where tenant_id = $1""",
    """insert into call (tenant_id, call_id, campaign_id, contact_id, phone, state, outcome, ended_at, ended_month,
           dial_until, lease_until)
       select tenant_id, gen_random_uuid(), campaign_id, contact_id, '+' || number, 'ended', 'busy', now(),
           date_trunc('month', now() at time zone 'UTC')::date, 'infinity', now()
       from contact where tenant_id = $1 and contact_id % 3 = 0""",
    """insert into call (tenant_id, call_id, campaign_id, contact_id, phone, dial_until, lease_until)
       select tenant_id, gen_random_uuid(), campaign_id, contact_id, '+' || number, 'infinity', now()
       from contact where tenant_id = $1 and contact_id % 15 = 1""",
    """insert into contact_block (tenant_id, list_id, span, block, shard, contacts)
       select tenant_id, list_id, span, contact_id >> span, 0, count(*)
       from contact cross join (values (10), (15), (20)) spans (span) where tenant_id = $1 group by 1, 2, 3, 4""",
    f"""insert into import_job (tenant_id, campaign_id, list_id, list_name, total_rows, status, finished_at)
        select $1, campaign_id, list_id, '', 0, 'done', now() from contact_list, generate_series(1, {ROWS // 2000})
        where tenant_id = $1""",
    """insert into import_job (tenant_id, campaign_id, list_id, list_name, total_rows, status, lease_until)
       select $1, campaign_id, list_id, '', 1, 'processing', now() + interval '1 day' from contact_list
       where tenant_id = $1 order by list_id limit 20""",
    f"""insert into api_key (tenant_id, name, hint, digest, scopes)
        select $1::bigint + i % 500, '', '', sha256(i::text::bytea), array['queue']
        from generate_series(1, {ROWS}) i""",
)


@pytest.fixture(scope="module")
async def own_pool(fresh_database):
    """A database of our own, so that its rows and statistics are nobody else's."""
    async with fresh_database() as dsn:
        own = await open_pool(dsn, 2, name="tests")
        yield own
        await own.close()


@pytest.fixture(scope="module")
async def large(own_pool):
    """A tenant, campaign and list with many rows of everything, in tables that are analysed."""
    async with own_pool.acquire() as conn:
        tenant_id = await factories.tenant(conn)
        campaign_id = await campaign_of(own_pool, tenant_id)
        list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
        for sql in FILL:
            await conn.execute(sql, tenant_id)
        await conn.execute("analyze")
    return tenant_id, campaign_id, list_id


@pytest.fixture
async def filled(own_pool, large):
    """A connection to it."""
    del large
    async with own_pool.acquire() as conn:
        yield conn


@pytest.mark.parametrize("offset", [0, 1000])
async def test_page_reads_the_list_by_its_index(filled, large, offset):
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE, *large, 20, offset)


async def test_page_is_read_in_order_without_sorting_the_list(filled, large):
    for _, found in await plans(filled, listing.PAGE, *large, 20, 0):
        below_limit = next(node for node in found if node["Node Type"] == "Limit")
        assert all(node["Node Type"] != "Sort" for node in nodes(below_limit))


async def test_page_of_a_status_reads_its_index(filled, large):
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE_OF_STATUS, *large, 20, 0, 2)
    for mode, found in await plans(filled, listing.PAGE_OF_STATUS, *large, 20, 0, 2):
        assert any("hashed SubPlan" in node.get("Filter", "") for node in found), (mode, found)


@bundled_planner
async def test_page_of_those_in_a_call_is_found_by_the_calls_that_are_up(filled, large):
    for mode, found in await plans(filled, listing.PAGE_IN_CALL, *large, 20, 0, 1):
        used = {node.get("Index Name") for node in found if node.get("Relation Name") in {"contact", "live_call"}}
        assert used == {"contact_pkey", "live_call_number"}, (mode, found)


async def test_page_of_a_number_reads_the_key_of_numbers(filled, large):
    index = "contact_tenant_id_campaign_id_number_key"
    await assert_uses(filled, index, "contact", listing.PAGE_OF_PHONE, *large, 20, 0, 84910000001, None, None)


async def test_page_of_a_reference_reads_its_index(filled, large):
    await assert_uses(filled, "contact_external", "contact", listing.PAGE_OF_EXTERNAL, *large, 20, 0, "X1", None, None)


async def test_addition_reads_the_keys_of_numbers(filled, large):
    tenant_id, campaign_id, _ = large
    args = (tenant_id, campaign_id, None, 84919999999, "Asia/Ho_Chi_Minh", None, None, None)
    await assert_uses(filled, "contact_tenant_id_campaign_id_number_key", "contact", store.ADD, *args)
    await assert_uses(filled, "campaign_pkey", "campaign", store.ADD, *args)


NUMBERS = "contact_tenant_id_campaign_id_number_key"
SOME_NUMBERS = "{" + ",".join(number(n)[1:] for n in range(5000)) + "}"
SOME_IDS = "{" + ",".join(map(str, range(1, 5001))) + "}"
MADE_LARGE = """
update pg_class set reltuples = 5000000
where relname = 'contact' or relname in (
    select indexname from pg_indexes where tablename = 'contact' and indexname <> 'contact_external')
"""


async def assert_looks_up(conn, tenant_id, campaign_id):
    """Each number of a chunk of 5,000 rows is looked for by the whole key."""
    await assert_uses(conn, NUMBERS, "contact", bulk_store.KNOWN, tenant_id, campaign_id, SOME_NUMBERS)
    for _, found in await plans(conn, bulk_store.KNOWN, tenant_id, campaign_id, SOME_NUMBERS):
        assert not {node["Node Type"] for node in found} & {
            "Hash Join",
            "Merge Join",
            "Bitmap Heap Scan",
            "Materialize",
        }


async def test_numbers_of_a_chunk_are_looked_for_by_the_whole_key(filled, large):
    await assert_looks_up(filled, *large[:2])


async def test_numbers_of_a_tenant_that_statistics_have_not_seen_are_looked_for_by_the_whole_key(filled):
    await assert_looks_up(filled, 1, 1)


async def test_chunks_read_the_whole_keys_of_tables_of_millions(filled, large):
    transaction = filled.transaction()
    await transaction.start()
    await filled.execute(MADE_LARGE)
    for tenant_id, campaign_id in (large[:2], (1, 1)):
        await assert_looks_up(filled, tenant_id, campaign_id)
        for sql in (bulk_store.HOLD_MANY, bulk_store.REMOVE_MANY):
            await assert_uses(filled, "contact_pkey", "contact", sql, tenant_id, campaign_id, SOME_IDS)
            await assert_uses(filled, "live_call_number", "live_call", sql, tenant_id, campaign_id, SOME_IDS)
    await transaction.rollback()


async def test_numbers_in_tables_that_were_never_analysed_are_looked_for_by_the_whole_key(fresh_database):
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        tenant_id = await factories.tenant(conn)
        campaign_id = await campaign_of_one(conn, tenant_id)
        list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
        for first in (0, 2000):
            async with conn.transaction():
                rows = [NewContact(phone=number(n)) for n in range(first, first + 2000)]
                await bulk_store.add_many(conn, tenant_id, campaign_id, list_id, rows)
        await assert_looks_up(conn, tenant_id, campaign_id)
        await conn.close()


async def campaign_of_one(conn, tenant_id):
    return (await campaigns.create(conn, tenant_id, "A", "A", None, None)).campaign_id


async def test_deep_page_reads_ranges_and_the_list_by_their_keys(filled, large):
    for args in ((*large, 20, 2500), (*large, 1000, 10**9), (1, 1, 1, 20, 2500)):
        await assert_uses(filled, "contact_list_status", "contact", listing.PAGE_DEEP, *args)
        await assert_uses(filled, "contact_block_pkey", "contact_block", listing.PAGE_DEEP, *args)


async def test_pages_of_a_list_that_statistics_have_not_seen_read_their_indexes(filled):
    place = (1, 1, 1, 20, 0)
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE, *place)
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE_OF_STATUS, *place, 1)
    await assert_uses(filled, NUMBERS, "contact", listing.PAGE_OF_PHONE, *place, 84900000001, None, None)
    await assert_uses(filled, "contact_external", "contact", listing.PAGE_OF_EXTERNAL, *place, "X1", None, None)


async def test_deletion_reads_the_primary_key(filled, large):
    tenant_id, campaign_id, _ = large
    for sql in (store.HOLD, store.DELETE):
        await assert_uses(filled, "contact_pkey", "contact", sql, tenant_id, campaign_id, 1)


async def test_lists_read_the_counter_by_its_key(filled, large):
    await assert_uses(filled, "contact_list_tenant_id_campaign_id_name_key", "contact_list", store.FIND_LIST,
                      large[0], large[1], "A")  # fmt: skip
    for mode, found in await plans(filled, listing.LISTS, large[0], large[1]):
        assert "contact" not in {node.get("Relation Name") for node in found}, mode


async def test_key_is_found_by_its_digest(filled):
    await assert_uses(filled, "api_key_digest_key", "api_key", tenants.FIND_KEY, "\\x00")


async def test_tenants_keys_are_read_by_their_index(filled, large):
    tenant_id, _, _ = large
    await assert_uses(filled, "api_key_pkey", "api_key", tenants.FIND_KEY_BY_ID, 1)
    for sql, args in ((tenants.LIST_KEYS, (tenant_id + 1, 20, 0)), (tenants.COUNT_KEYS, (tenant_id + 1,))):
        await assert_uses(filled, "api_key_tenant", "api_key", sql, *args)


async def test_campaigns_are_read_by_their_key(filled, large):
    tenant_id, campaign_id, _ = large
    await assert_uses(filled, "campaign_pkey", "campaign", campaigns.FIND, tenant_id, campaign_id)
    args = (tenant_id, None, None, None, 20, 0)
    await assert_uses(filled, "campaign_pkey", "campaign", campaigns.PAGE, *args)


async def test_claim_of_an_import_reads_open_jobs_alone(filled, large):
    await assert_uses(filled, "import_job_open", "import_job", imports.CLAIM, large[0], "10 seconds")


async def test_job_is_found_by_its_key(filled, large):
    tenant_id, campaign_id, _ = large
    await assert_uses(filled, "import_job_campaign", "import_job", imports.FIND, tenant_id, campaign_id, 1)


async def test_addition_of_one_returns_what_it_was(conn, tenant_id, campaign_id):
    added = await store.add(conn, tenant_id, campaign_id, None, NewContact(phone=number(1)))
    again = await store.add(conn, tenant_id, campaign_id, added.list_id, NewContact(phone=number(1)))
    assert again == Added(added.contact_id, added.list_id, duplicate=True)
