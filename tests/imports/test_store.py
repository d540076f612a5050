"""The statements of imports read what they need and no more, however much there is."""

import pytest

from tests.support.databases import bundled_planner
from tests.support.plans import assert_uses, nodes, plans
from tongdai.contacts import store as contacts
from tongdai.imports import store
from tongdai.imports import undo as undo_store
from tongdai.imports.outcomes import store as outcome_store
from tongdai.testing import factories

# Of several tenants, campaigns and jobs: with one of each any index looks as good.
FILL = (
    "insert into tenant (tenant_id, name) select $1::bigint + i, 'A' from generate_series(1, 200) i",
    "insert into campaign (tenant_id, name, type) select $1, 'A', 'A' from generate_series(1, 300)",
    """insert into campaign (tenant_id, name, type)
       select $1::bigint + i % 200, 'A', 'A' from generate_series(1, 1000) i""",
    """insert into contact_list (tenant_id, campaign_id, name)
       select tenant_id, campaign_id, 'B' from campaign where tenant_id >= $1""",
    """insert into import_job (tenant_id, campaign_id, list_id, list_name, total_rows, status, finished_at)
       select tenant_id, campaign_id, list_id, 'B', 0, 'done', now() - interval '1 day'
       from contact_list, generate_series(1, 10) where tenant_id >= $1""",
    """insert into import_outcome (tenant_id, job_id, seq, first_row, created, duplicate, failed, sent, contacts,
           taken_at)
       select tenant_id, job_id, seq, 1, 1, 1, 1, repeat('x', 100)::bytea, '',
           now() + interval '1 ms' * (seq + 10000 * job_id)
       from import_job, generate_series(0, 9) seq""",
    """insert into import_outcome (tenant_id, job_id, seq, first_row, created, duplicate, failed, sent, contacts,
           taken_at)
       select tenant_id, job_id, seq, 1, 1, 1, 1, repeat('x', 100)::bytea, '',
           now() + interval '1 ms' * (seq + 10000 * job_id)
       from (select tenant_id, job_id from import_job where tenant_id = $1 order by job_id limit 1) j,
           generate_series(10, 3000) seq""",
    """insert into import_seen (tenant_id, job_id, number)
       select tenant_id, job_id, ('8490' || job_id || i)::bigint from import_job, generate_series(1, 3) i""",
    """insert into import_chunk (tenant_id, job_id, seq, payload, sent)
       select tenant_id, job_id, seq, 'x', 'x' from import_job, generate_series(0, 4) seq""",
    """insert into contact (tenant_id, campaign_id, list_id, number)
       select $1, campaign_id, list_id, 84910000000 + i from contact_list, generate_series(1000000, 1020000) i
       where tenant_id = $1 and list_id = (select min(list_id) from contact_list where tenant_id = $1)""",
)


@pytest.fixture(scope="module")
async def large(own_pool):
    """A tenant, campaign and job with thousands of chunks, among many more."""
    async with own_pool.acquire() as conn:
        tenant_id = await factories.tenant(conn)
        campaign_id = await conn.fetchval(
            "insert into campaign (tenant_id, name, type) values ($1, 'A', 'A') returning campaign_id", tenant_id
        )
        await contacts.list_named(conn, tenant_id, campaign_id, "A")
        for sql in FILL:
            await conn.execute(sql, *([tenant_id] if "$1" in sql else []))
        await conn.execute("analyze")
        job_id = await conn.fetchval("select min(job_id) from import_job where tenant_id = $1", tenant_id)
    return tenant_id, campaign_id, job_id


@pytest.fixture
async def filled(own_pool, large):
    """A connection to it."""
    del large
    async with own_pool.acquire() as conn:
        yield conn


async def test_chunk_is_taken_by_its_keys(filled, large):
    tenant_id, _, job_id = large
    args = (tenant_id, job_id, 1, "10 seconds")
    await assert_uses(filled, "import_job_pkey", "import_job", store.TAKE, *args)
    await assert_uses(filled, "import_chunk_pkey", "import_chunk", store.TAKE, *args)
    await assert_uses(filled, "import_outcome_pkey", "import_outcome", undo_store.NEXT_CHUNK_TO_UNDO, *args)


async def test_chunk_is_counted_by_its_keys(filled, large):
    tenant_id, _, job_id = large
    args = (tenant_id, job_id, 1, 1, 1, 5000, 1, "\\x00", "\\x00", 1, True, 1)
    await assert_uses(filled, "import_job_pkey", "import_job", store.ADVANCE, *args)
    await assert_uses(filled, "import_chunk_pkey", "import_chunk", store.ADVANCE, *args)
    await assert_uses(
        filled, "import_outcome_pkey", "import_outcome", undo_store.MARK_CHUNK_UNDONE, tenant_id, job_id, 1, 1
    )


async def test_contacts_that_a_job_made_are_found_by_their_keys(filled, large):
    tenant_id, _, job_id = large
    ids = "{1,2,3}"
    await assert_uses(filled, "contact_pkey", "contact", store.MADE_BY, tenant_id, job_id, ids)
    await assert_uses(filled, "import_outcome_taken", "import_outcome", store.MADE_BY, tenant_id, job_id, ids)


async def test_page_of_rows_reads_one_jobs_outcomes_and_not_what_its_rows_said(filled, large):
    tenant_id, _, job_id = large
    for wanted in (None, "failed"):
        args = (tenant_id, job_id, wanted, 20, 100)
        await assert_uses(filled, "import_outcome_pkey", "import_outcome", outcome_store.PLACES, *args)
    assert "sent" not in outcome_store.PLACES


async def test_chunks_are_read_one_by_one_by_their_key(filled, large):
    tenant_id, _, job_id = large
    await assert_uses(filled, "import_outcome_pkey", "import_outcome", outcome_store.CHUNK, tenant_id, job_id, 5)
    for _, found in await plans(filled, outcome_store.NEXT_CHUNK, tenant_id, job_id, 5, "failed"):
        assert "import_outcome_pkey" in {node.get("Index Name") for node in found}
        assert not {"Sort", "Seq Scan"} & {node["Node Type"] for node in found}


@bundled_planner
async def test_jobs_of_a_campaign_are_read_newest_first_without_sorting_them(filled, large):
    tenant_id, campaign_id, _ = large
    await assert_uses(filled, "import_job_campaign", "import_job", store.PAGE, tenant_id, campaign_id, 20, 0)
    for _, found in await plans(filled, store.PAGE, tenant_id, campaign_id, 20, 0):
        below_limit = next(node for node in found if node["Node Type"] == "Limit")
        assert all(node["Node Type"] != "Sort" for node in nodes(below_limit))


async def test_job_is_found_and_stopped_by_its_key(filled, large):
    tenant_id, campaign_id, job_id = large
    for sql in (store.FIND, undo_store.REQUEST_UNDO):
        for mode, found in await plans(filled, sql, tenant_id, campaign_id, job_id):
            used = {node.get("Index Name") for node in found}
            assert used & {"import_job_pkey", "import_job_campaign"}, (mode, found)


async def test_what_is_old_is_found_by_its_age(filled):
    await assert_uses(filled, "import_job_rows", "import_job", outcome_store.JOB_TO_DROP, "30 days")
    await assert_uses(filled, "import_job_seen", "import_job", outcome_store.DRY_RUN_TO_FORGET)


async def test_what_is_dropped_is_found_by_its_keys(filled, large):
    tenant_id, _, job_id = large
    await assert_uses(filled, "import_seen_pkey", "import_seen", outcome_store.DROP_SEEN, tenant_id, job_id, 100)
    await assert_uses(filled, "import_outcome_pkey", "import_outcome", outcome_store.DROP_ROWS, tenant_id, job_id, 100)


async def test_tenants_with_work_are_found_among_open_jobs_and_jobs_of_one_by_their_keys(filled, large):
    tenant_id, _, _ = large
    await assert_uses(filled, "import_job_open", "import_job", store.TENANTS_WITH_WORK, 20)
    await assert_uses(filled, "import_job_open", "import_job", store.CLAIM, tenant_id, "10 seconds")
