"""A campaign of millions of contacts, made in a minute or two."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bench import copying, people
from bench.jobs import Target
from tongdai.db.migrate import read as migrations
from tongdai.db.pool import Connection, connect

_TALLY = """
insert into contact_counter (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
select tenant_id, campaign_id, list_id, process_status, '', 0, count(*)
from contact where tenant_id = $1 group by tenant_id, campaign_id, list_id, process_status
"""


def _fill_blocks() -> str:
    """The statement by which a migration filled contact_block at first."""
    (migration,) = (m.sql for m in migrations() if m.name == "contact_blocks")
    start = migration.index("insert into contact_block")
    return migration[start : migration.index(";", start)]


async def hold(dsn: str, to: Target, numbers: list[str], folder: Path) -> None:
    """Put people into the campaign of a new tenant: as COPY does, but with indexes made afterwards, and totals kept."""
    conn = await connect(dsn, name="bench")
    try:
        at = replace(to.place, first_id=await _take_ids(conn, len(numbers)))
        customers, contacts = folder / "held-customers.copy", folder / "held-contacts.copy"
        people.write_copy(customers, contacts, numbers, at)
        async with _without_indexes(conn):
            copying.copied(dsn, to.on.data_dir, customers, contacts)
        customers.unlink()
        contacts.unlink()
        await conn.execute(_TALLY, at.tenant_id)
        await conn.execute("truncate contact_block")
        await conn.execute(_fill_blocks())
    finally:
        await conn.close()


_TAKE_IDS = """
with taken as (
    select greatest(nextval(contacts), nextval(customers)) as first, contacts, customers
    from (select pg_get_serial_sequence('contact', 'contact_id') as contacts,
        pg_get_serial_sequence('customer', 'customer_id') as customers) sequences
)
select first, setval(contacts, first + $1), setval(customers, first + $1) from taken
"""


async def _take_ids(conn: Connection, count: int) -> int:
    """The first of so many ids in a row that neither a contact nor a customer has, nor will be given."""
    return await conn.fetchval(_TAKE_IDS, count)


# Keys before the foreign keys that need them.
_CONSTRAINTS = """
select conrelid::regclass::text as on_table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
from pg_constraint
where contype in ('p', 'u', 'f') and (conrelid in ('contact'::regclass, 'customer'::regclass)
    or confrelid in ('contact'::regclass, 'customer'::regclass))
order by contype = 'f', conname
"""
_INDEXES = """
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index i
where indrelid in ('contact'::regclass, 'customer'::regclass)
    and not exists (select from pg_constraint where conindid = i.indexrelid)
"""


@asynccontextmanager
async def _without_indexes(conn: Connection) -> AsyncGenerator[None]:
    """Within the block contacts and customers have neither indexes nor foreign keys; then the same ones again."""
    constraints, indexes = await conn.fetch(_CONSTRAINTS), await conn.fetch(_INDEXES)
    for index in indexes:
        await conn.execute(f"drop index {index['name']}")
    for constraint in reversed(constraints):
        await conn.execute(f"alter table {constraint['on_table']} drop constraint {constraint['name']}")
    yield
    await conn.execute("set maintenance_work_mem = '1GB'")
    for constraint in constraints:
        added = f"add constraint {constraint['name']} {constraint['definition']}"
        await conn.execute(f"alter table {constraint['on_table']} {added}")
    for index in indexes:
        await conn.execute(index["definition"])
