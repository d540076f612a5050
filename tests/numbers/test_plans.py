"""A called number is looked up by index among those of a large installation."""

import pytest

from tests.support.plans import assert_uses
from tongdai.db.pool import Connection
from tongdai.numbers import store
from tongdai.switches.model import DEFAULT

TENANTS = "insert into tenant (tenant_id, name) select i, 'A' from generate_series(1, 500) i"
NUMBERS = """
insert into called_number (number, tenant_id, trunk, national)
select 842870000000 + i, 1 + i % 500, 'carrier-' || i % 5, '0' || 2870000000 + i from generate_series(1, 20000) i
"""


@pytest.fixture
async def large(own_conn: Connection) -> Connection:
    await own_conn.execute(TENANTS)
    await own_conn.execute(NUMBERS)
    await own_conn.execute("analyze")
    return own_conn


async def test_called_number_is_found_by_index(large: Connection) -> None:
    args = (DEFAULT, "carrier-1", 842870000001, "02870000001")
    await assert_uses(large, "called_number_pkey", "called_number", store.CALLED, *args)
    await assert_uses(large, "called_number_national", "called_number", store.CALLED, *args)
    assert len(await large.fetch(store.CALLED, *args)) == 1


async def test_last_digits_are_found_by_index(large: Connection) -> None:
    args = (DEFAULT, "carrier-1", "10000")
    await assert_uses(large, "called_number_trunk", "called_number", store.ENDING, *args)
    assert [row["number"] for row in await large.fetch(store.ENDING, *args)] == [842870000001]


async def test_number_of_a_queue_is_found_by_index(large: Connection) -> None:
    await assert_uses(large, "called_number_national", "called_number", store.WRITTEN, 842870000001, "02870000001")
