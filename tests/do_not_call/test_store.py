"""The statements read what they must by their keys, in lists of any size."""

import json

import pytest

from tongdai.db.pool import connect
from tongdai.do_not_call import store
from tongdai.ids import DncListId
from tongdai.testing import factories

FILL = (
    """insert into do_not_call_list (tenant_id, dnc_list_id, name, entries)
       select $1::bigint, i, 'L' || i, 5000 from generate_series(1, 3) i""",
    """insert into do_not_call (tenant_id, dnc_list_id, phone)
       select $1::bigint, i % 3 + 1, '+8490' || lpad(i::text, 7, '0') from generate_series(1, 15000) i""",
)


@pytest.fixture(scope="module")
async def own(fresh_database):
    """A connection to a database of our own with 15,000 numbers in three lists, and the tenant's id."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        tenant_id = await factories.tenant(conn)
        for sql in FILL:
            await conn.execute(sql, tenant_id)
        await conn.execute("analyze")
        yield conn, tenant_id
        await conn.close()


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(
    ("sql", "args", "index"),
    [
        (store.PAGE, (1, 20, 4000), "do_not_call_pkey"),
        (store.ENTRY, (1, "+84900000001"), "do_not_call_phone"),
        (store.ENTRIES_AFTER, (1, "+84900000001", 1000), "do_not_call_pkey"),
        (store.REMOVE, (1, "+84900000001"), "do_not_call_phone"),
        (store.MATCHES, ("+84900000001", None), "do_not_call_phone"),
    ],
)
async def test_statement_reads_its_key(own, mode, sql, args, index):
    conn, tenant_id = own
    literals = [
        await conn.fetchval("select quote_nullable($1::text)", None if one is None else str(one))
        for one in (tenant_id, *args)
    ]
    async with conn.transaction():
        await conn.execute(f"set local plan_cache_mode = {mode}")
        await conn.execute(f"prepare probe as {sql}")
        (row,) = await conn.fetch(f"explain (format json) execute probe ({', '.join(literals)})")
        await conn.execute("deallocate probe")
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    found = list(nodes(plan[0]["Plan"]))
    assert index in {node.get("Index Name") for node in found}
    assert not [node for node in found if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "do_not_call"]


async def test_list_larger_than_one_statement_deletes_goes_as_a_whole(pool):
    async with pool.acquire() as conn:
        key = await factories.key(conn, b"a pepper for the tests, long enough")
        for sql in FILL:
            await conn.execute(sql, key.tenant_id)
        assert await store.delete(conn, key.tenant_id, DncListId(1), key.key_id, at_once=1000)
        left = "select dnc_list_id, count(*) from do_not_call where tenant_id = $1 group by 1 order by 1"
        assert [tuple(row) for row in await conn.fetch(left, key.tenant_id)] == [(2, 5000), (3, 5000)]
        assert not await store.delete(conn, key.tenant_id, DncListId(1), key.key_id)
