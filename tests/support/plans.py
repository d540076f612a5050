"""Plans of statements: which index PostgreSQL uses, with values that it knows and with any."""

import json
from collections.abc import Iterator
from typing import Any

from tongdai.db.pool import Connection

Node = dict[str, Any]


def nodes(plan: Node) -> Iterator[Node]:
    """A node of a plan and all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


PARTITIONS = """
select c.relname::text, p.relname::text from pg_inherits i
join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
where c.relname not in ('live_call', 'open_segment', 'live_call_pkey', 'open_segment_pkey')
"""


def _named(node, partitions):
    """The node with the names of the table and index that it is a partition of; live rows keep names of their own."""
    for key in ("Relation Name", "Index Name"):
        if node.get(key) in partitions:
            node[key] = partitions[node[key]]
    return node


async def plans(conn: Connection, sql: str, *args: object) -> list[tuple[str, list[Node]]]:
    """The nodes of the plan for these values, and of the generic plan that a server may switch to."""
    literals = [
        await conn.fetchval("select quote_nullable($1::text)", None if arg is None else str(arg)) for arg in args
    ]
    made: list[tuple[str, list[Node]]] = []
    partitions: dict[str, str] = {row[0]: row[1] for row in await conn.fetch(PARTITIONS)}
    async with conn.transaction():
        await conn.execute(f"prepare probe as {sql}")
        for mode in ("force_custom_plan", "force_generic_plan"):
            await conn.execute(f"set local plan_cache_mode = {mode}")
            call = f"execute probe({', '.join(literals)})" if literals else "execute probe"
            found = await conn.fetchval(f"explain (format json) {call}")
            made.append((mode, [_named(node, partitions) for node in nodes(json.loads(found)[0]["Plan"])]))
        await conn.execute("deallocate probe")
    return made


async def assert_uses(conn: Connection, index: str, table: str, sql: str, *args: object) -> None:
    """Both plans use the index and do not scan the table."""
    for mode, found in await plans(conn, sql, *args):
        used = {node.get("Index Name") for node in found}
        assert index in used, (mode, found)
        scanned = [node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"]
        assert table not in scanned, (mode, found)
