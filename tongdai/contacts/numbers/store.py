"""The numbers that time zones have in the database.

A zone gets its number when a contact first has it. Nothing is remembered here: a transaction that is rolled back takes
its new numbers with it. Statements join the table where they show a zone.
"""

from collections.abc import Iterable

from tongdai.db.pool import Connection

NUMBERS = "select name, zone from time_zone where name = any($1::text[])"
ADD = "insert into time_zone (name) select name from unnest($1::text[]) name on conflict do nothing"


async def numbers(conn: Connection, names: Iterable[str]) -> dict[str, int]:
    """The number of each zone (as `time_zones.zone_of` gives them), added where it has none."""
    wanted = sorted(set(names))  # two that add the same ones cannot deadlock
    found = {row["name"]: row["zone"] for row in await conn.fetch(NUMBERS, wanted)}
    while missing := [name for name in wanted if name not in found]:
        await conn.execute(ADD, missing)
        found |= {row["name"]: row["zone"] for row in await conn.fetch(NUMBERS, missing)}
    return found
