"""Contacts behind a place: through which index they are found, and how many rows that reads."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from tests.support.plans import assert_uses, nodes
from tongdai.contacts import listing
from tongdai.db.pool import Connection, connect

LISTED = 5_000
MIDDLE = LISTED // 2
PLACE = (1, 1, 1)
_FILL = """
insert into contact (tenant_id, campaign_id, list_id, number, process_status)
select 1, 1, 1 + n % 2, 84900000000 + n, case when n % 3 = 0 then 2 else 0 end from generate_series(1, $1::integer) n
"""


@pytest.fixture(scope="module")
async def filled(fresh_database: Callable[..., AbstractAsyncContextManager[str]]) -> AsyncGenerator[Connection]:
    """Two lists whose contacts take turns."""
    async with fresh_database() as dsn:
        conn = await connect(dsn, name="tests")
        await conn.execute("insert into tenant (tenant_id, name) values (1, 'A')")
        await conn.execute("insert into campaign (tenant_id, campaign_id, name, type) values (1, 1, 'A', 'A')")
        for list_id, name in ((1, "A"), (2, "B")):
            await conn.execute("insert into contact_list values (1, $1, 1, $2)", list_id, name)
        await conn.execute(_FILL, LISTED * 2)
        await conn.execute("vacuum analyze contact")
        yield conn
        await conn.close()


@pytest.mark.parametrize(
    ("sql", "more"), [(listing.AFTER, ()), (listing.AFTER_OF_STATUS, (0,))], ids=["all", "of a status"]
)
async def test_contacts_deep_in_a_list_are_found_by_its_index(
    filled: Connection, sql: str, more: tuple[int, ...]
) -> None:
    await assert_uses(filled, "contact_list_status", "contact", sql, *PLACE, 20, LISTED, *more)


async def test_as_many_contacts_are_read_wherever_the_reader_is(filled: Connection) -> None:
    for after in (0, LISTED, LISTED * 2 - 30):
        for sql, more in ((listing.AFTER, ()), (listing.AFTER_OF_STATUS, (0,))):
            plan = await filled.fetchval(f"explain (analyze, format json) {sql}", *PLACE, 20, after, *more)
            read = sum(
                node["Actual Rows"] * node["Actual Loops"]
                for node in nodes(json.loads(plan)[0]["Plan"])
                if node.get("Relation Name") == "contact"
            )
            assert read <= 22, (after, sql)
