"""Statements on contacts, and on the tables beside them, use their indexes in tables of many rows."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from tests.support.contacts import Place, add_many, new_campaign, number
from tests.support.databases import bundled_planner
from tests.support.plans import assert_uses, nodes, plans
from tongdai.campaigns import store as campaigns
from tongdai.contacts import bulk_store, listing, store, update_store
from tongdai.contacts.model import NewContact
from tongdai.db.pool import Connection, Pool, connect
from tongdai.imports import store as imports
from tongdai.tenants import store as tenants
from tongdai.testing import factories

ROWS = 30_000
# Many tenants, campaigns and lists: with one of each, all indexes would have the same selectivity.
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
async def large(own_pool: Pool) -> Place:
    """A list of a campaign of a tenant with many rows of everything, in analysed tables."""
    async with own_pool.acquire() as conn:
        tenant_id = await factories.tenant(conn)
        campaign_id = await new_campaign(conn, tenant_id)
        list_id = await store.list_named(conn, tenant_id, campaign_id, "A")
        for sql in FILL:
            await conn.execute(sql, tenant_id)
        await conn.execute("analyze")
    return Place(tenant_id, campaign_id, list_id)


@pytest.fixture
async def filled(own_pool: Pool, large: Place) -> AsyncGenerator[Connection]:
    """A connection to the database of `large`."""
    del large
    async with own_pool.acquire() as conn:
        yield conn


@pytest.mark.parametrize("offset", [0, 1000])
async def test_page_reads_the_list_by_its_index(filled: Connection, large: Place, offset: int) -> None:
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE, *large, 20, offset)


async def test_page_is_read_in_order_without_sorting_the_list(filled: Connection, large: Place) -> None:
    for _, found in await plans(filled, listing.PAGE, *large, 20, 0):
        below_limit = next(node for node in found if node["Node Type"] == "Limit")
        assert all(node["Node Type"] != "Sort" for node in nodes(below_limit))


async def test_page_of_a_status_reads_its_index(filled: Connection, large: Place) -> None:
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE_OF_STATUS, *large, 20, 0, 2)
    for mode, found in await plans(filled, listing.PAGE_OF_STATUS, *large, 20, 0, 2):
        assert any("hashed SubPlan" in node.get("Filter", "") for node in found), (mode, found)


@bundled_planner
async def test_page_of_contacts_in_a_call_is_found_by_live_calls(filled: Connection, large: Place) -> None:
    for mode, found in await plans(filled, listing.PAGE_IN_CALL, *large, 20, 0, 1):
        used = {node.get("Index Name") for node in found if node.get("Relation Name") in {"contact", "live_call"}}
        assert used == {"contact_pkey", "live_call_number"}, (mode, found)


async def test_page_of_a_number_reads_the_key_of_numbers(filled: Connection, large: Place) -> None:
    index = "contact_tenant_id_campaign_id_number_key"
    await assert_uses(filled, index, "contact", listing.PAGE_OF_PHONE, *large, 20, 0, 84910000001, None, None)


async def test_page_of_a_reference_reads_its_index(filled: Connection, large: Place) -> None:
    await assert_uses(filled, "contact_external", "contact", listing.PAGE_OF_EXTERNAL, *large, 20, 0, "X1", None, None)


async def test_addition_reads_the_keys_of_numbers(filled: Connection, large: Place) -> None:
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


async def assert_looks_up(conn: Connection, tenant_id: int, campaign_id: int) -> None:
    """Assert that each number of a chunk of 5,000 rows is looked up by the whole key."""
    await assert_uses(conn, NUMBERS, "contact", bulk_store.KNOWN, tenant_id, campaign_id, SOME_NUMBERS)
    for _, found in await plans(conn, bulk_store.KNOWN, tenant_id, campaign_id, SOME_NUMBERS):
        assert not {node["Node Type"] for node in found} & {
            "Hash Join",
            "Merge Join",
            "Bitmap Heap Scan",
            "Materialize",
        }


async def test_numbers_of_a_chunk_are_looked_up_by_the_whole_key(filled: Connection, large: Place) -> None:
    await assert_looks_up(filled, *large[:2])


async def test_numbers_of_a_tenant_unknown_to_statistics_are_looked_up_by_the_whole_key(filled: Connection) -> None:
    await assert_looks_up(filled, 1, 1)


async def test_chunks_read_the_whole_keys_of_tables_of_millions(filled: Connection, large: Place) -> None:
    transaction = filled.transaction()
    await transaction.start()
    await filled.execute(MADE_LARGE)
    for tenant_id, campaign_id in (large[:2], (1, 1)):
        await assert_looks_up(filled, tenant_id, campaign_id)
        for sql in (bulk_store.HOLD_MANY, bulk_store.REMOVE_MANY):
            await assert_uses(filled, "contact_pkey", "contact", sql, tenant_id, campaign_id, SOME_IDS)
            await assert_uses(filled, "live_call_number", "live_call", sql, tenant_id, campaign_id, SOME_IDS)
    await transaction.rollback()


async def test_contacts_that_a_chunk_updates_are_looked_up_by_their_ids(filled: Connection, large: Place) -> None:
    """A chunk of many rows, in tables as they are and in tables of millions."""
    transaction = filled.transaction()
    await transaction.start()
    values = (SOME_IDS, SOME_IDS, SOME_IDS, "null\n" * 3, "A\n" * 3, "B\n" * 3)
    for statement in (None, MADE_LARGE):
        if statement is not None:
            await filled.execute(statement)
        for sql in (update_store.HOLD_CHANGED, update_store.CHANGE_VALUES):
            for place in (large[:2], (1, 1)):
                await assert_uses(filled, "contact_pkey", "contact", sql, *place, *values)
    await transaction.rollback()


async def test_numbers_in_tables_never_analysed_are_looked_up_by_the_whole_key(
    fresh_database: Callable[..., AbstractAsyncContextManager[str]],
) -> None:
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        tenant_id = await factories.tenant(conn)
        campaign_id = await new_campaign(conn, tenant_id)
        for first in (0, 2000):
            rows = [NewContact(phone=number(n)) for n in range(first, first + 2000)]
            await add_many(conn, tenant_id, campaign_id, rows)
        await assert_looks_up(conn, tenant_id, campaign_id)
        await conn.close()


async def test_deep_page_reads_ranges_and_the_list_by_their_keys(filled: Connection, large: Place) -> None:
    for args in ((*large, 20, 2500), (*large, 1000, 10**9), (1, 1, 1, 20, 2500)):
        await assert_uses(filled, "contact_list_status", "contact", listing.PAGE_DEEP, *args)
        await assert_uses(filled, "contact_block_pkey", "contact_block", listing.PAGE_DEEP, *args)


async def test_pages_of_a_list_unknown_to_statistics_read_their_indexes(filled: Connection) -> None:
    place = (1, 1, 1, 20, 0)
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE, *place)
    await assert_uses(filled, "contact_list_status", "contact", listing.PAGE_OF_STATUS, *place, 1)
    await assert_uses(filled, NUMBERS, "contact", listing.PAGE_OF_PHONE, *place, 84900000001, None, None)
    await assert_uses(filled, "contact_external", "contact", listing.PAGE_OF_EXTERNAL, *place, "X1", None, None)


async def test_deletion_reads_the_primary_key(filled: Connection, large: Place) -> None:
    tenant_id, campaign_id, _ = large
    for sql in (store.HOLD, store.DELETE):
        await assert_uses(filled, "contact_pkey", "contact", sql, tenant_id, campaign_id, 1)


async def test_lists_read_the_counter_by_its_key(filled: Connection, large: Place) -> None:
    await assert_uses(filled, "contact_list_tenant_id_campaign_id_name_key", "contact_list", store.FIND_LIST,
                      large[0], large[1], "A")  # fmt: skip
    for mode, found in await plans(filled, listing.LISTS, large[0], large[1]):
        assert "contact" not in {node.get("Relation Name") for node in found}, mode


async def test_key_is_found_by_its_digest(filled: Connection) -> None:
    await assert_uses(filled, "api_key_digest_key", "api_key", tenants.FIND_KEY, "\\x00")


async def test_tenants_keys_are_read_by_their_index(filled: Connection, large: Place) -> None:
    tenant_id, _, _ = large
    await assert_uses(filled, "api_key_pkey", "api_key", tenants.FIND_KEY_BY_ID, 1)
    for sql, args in ((tenants.LIST_KEYS, (tenant_id + 1, 20, 0)), (tenants.COUNT_KEYS, (tenant_id + 1,))):
        await assert_uses(filled, "api_key_tenant", "api_key", sql, *args)


async def test_campaigns_are_read_by_their_key(filled: Connection, large: Place) -> None:
    tenant_id, campaign_id, _ = large
    await assert_uses(filled, "campaign_pkey", "campaign", campaigns.FIND, tenant_id, campaign_id)
    args = (tenant_id, None, None, None, False, 20, 0)
    await assert_uses(filled, "campaign_pkey", "campaign", campaigns.PAGE, *args)


async def test_claim_of_an_import_reads_open_jobs_only(filled: Connection, large: Place) -> None:
    await assert_uses(filled, "import_job_open", "import_job", imports.CLAIM, large[0], "10 seconds")


async def test_job_is_found_by_its_key(filled: Connection, large: Place) -> None:
    tenant_id, campaign_id, _ = large
    await assert_uses(filled, "import_job_campaign", "import_job", imports.FIND, tenant_id, campaign_id, 1)
