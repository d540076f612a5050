"""A campaign of millions of contacts, made in a minute or two."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bench import copying, people
from bench.jobs import Target
from tongdai.contacts.numbers import store as time_zone_store
from tongdai.db.pool import Connection, connect

_COLUMNS = "tenant_id, contact_id, campaign_id, list_id, number, zone, in_run, name, external_id"
_COUNTERS = """
insert into contact_counter (tenant_id, campaign_id, list_id, process_status, call_status, shard, contacts)
select tenant_id, campaign_id, list_id, process_status, '', 0, count(*)
from contact where tenant_id = $1 group by tenant_id, campaign_id, list_id, process_status
"""
_BLOCKS = """
insert into contact_block (tenant_id, list_id, span, block, shard, contacts)
select tenant_id, list_id, span, contact_id >> span, 0, count(*)
from contact cross join (values (10), (15), (20)) spans (span) where tenant_id = $1 group by 1, 2, 3, 4
"""
_RUN = """
insert into contact_run (tenant_id, campaign_id, zone, first_id, next_id, last_id, contacts)
select tenant_id, campaign_id, zone, min(contact_id), min(contact_id), max(contact_id), count(*)
from contact where tenant_id = $1 group by tenant_id, campaign_id, zone
"""


async def hold(dsn: str, to: Target, numbers: list[str], folder: Path) -> None:
    """Put people into the campaign of a new tenant: as COPY does, but with indexes made afterwards, and counters."""
    conn = await connect(dsn, name="bench")
    try:
        first_id = await conn.fetchval(_TAKE_IDS, len(numbers))
        zone = (await time_zone_store.numbers(conn, ["Asia/Ho_Chi_Minh"]))["Asia/Ho_Chi_Minh"]
        contacts = folder / "held.copy"
        place = f"{to.campaign_id}\t{to.list_id}"
        with contacts.open("w", encoding="utf-8") as file:
            file.writelines(
                f"{to.tenant_id}\t{first_id + i}\t{place}\t84{n}\t{zone}\tt\t{people.name(i)}\tKH-{i:07d}\n"
                for i, n in enumerate(numbers)
            )
        async with _without_indexes(conn):
            copying.psql(dsn, to.on.data_dir, f"\\copy contact ({_COLUMNS}) from '{contacts}'")
        contacts.unlink()
        for statement in (_COUNTERS, _BLOCKS, _RUN):
            await conn.execute(statement, to.tenant_id)
    finally:
        await conn.close()


_TAKE_IDS = """
with taken as (
    select nextval(contacts) as first, contacts
    from (select pg_get_serial_sequence('contact', 'contact_id') as contacts) sequences
)
select first from (select first, setval(contacts, first + $1) from taken) moved
"""
_CONSTRAINTS = """
select conrelid::regclass::text as on_table, quote_ident(conname) as name, pg_get_constraintdef(oid) as definition
from pg_constraint
where contype in ('p', 'u', 'f') and (conrelid = 'contact'::regclass or confrelid = 'contact'::regclass)
order by contype = 'f', conname
"""
_INDEXES = """
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index i
where indrelid = 'contact'::regclass and not exists (select from pg_constraint where conindid = i.indexrelid)
"""


@asynccontextmanager
async def _without_indexes(conn: Connection) -> AsyncGenerator[None]:
    """Within the block contacts have neither indexes nor foreign keys to them; then the same ones again."""
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
