"""Sounds of switches in the database: what the API asks, and what the leader of the switch found.

API: ask ──→ switch_sound ──→ leader: asked, check, record ──→ API: known
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tongdai.db.pool import Connection
from tongdai.ids import SwitchId

FRESH = timedelta(minutes=2)
"""A result counts for so long; the leader checks the sounds of running campaigns more often."""
_ASKED_FOR = timedelta(minutes=1)
"""A question that is older is not answered any more."""
_KEPT = timedelta(days=1)
_AT_ONCE = 20

ASK = """
insert into switch_sound (switch_id, name, asked_at)
select $1, sent.name, clock_timestamp() from unnest($2::text[]) sent (name) order by sent.name
on conflict (switch_id, name) do update set asked_at = excluded.asked_at
returning asked_at
"""


async def ask(conn: Connection, switch_id: SwitchId, names: Sequence[str]) -> datetime:
    """Ask the leader of a switch to check sounds; the time since which an answer is one to this."""
    return min(row["asked_at"] for row in await conn.fetch(ASK, switch_id, sorted(set(names))))


KNOWN = """
select name, present from switch_sound
where switch_id = $1 and name = any($2::text[]) and checked_at >= coalesce($3, now() - $4::interval)
"""


async def known(
    conn: Connection, switch_id: SwitchId, names: Sequence[str], since: datetime | None = None
) -> dict[str, bool | None]:
    """Whether the switch has those sounds that were checked `since` then (None: recently); None: it could not tell."""
    rows = await conn.fetch(KNOWN, switch_id, list(names), since, FRESH)
    return {row["name"]: row["present"] for row in rows}


ASKED = """
select name from switch_sound
where switch_id = $1 and asked_at > now() - $2::interval and (checked_at is null or checked_at < asked_at)
order by asked_at limit $3::bigint
"""


async def asked(conn: Connection, switch_id: SwitchId) -> list[str]:
    """The sounds that were asked for and not checked since."""
    return [row["name"] for row in await conn.fetch(ASKED, switch_id, _ASKED_FOR, _AT_ONCE)]


RECORD = """
insert into switch_sound (switch_id, name, present, asked_at, checked_at)
select $1, found.name, found.present, $4, $4 from unnest($2::text[], $3::boolean[]) found (name, present)
order by found.name
on conflict (switch_id, name) do update set present = excluded.present, checked_at = excluded.checked_at
"""
DELETE_OLD = "delete from switch_sound where switch_id = $1 and greatest(asked_at, checked_at) < now() - $2::interval"


async def record(conn: Connection, switch_id: SwitchId, found: Mapping[str, bool | None], at: datetime) -> None:
    """Record what a check found that began `at` that time, by the database's clock. Only the leader may."""
    ordered = sorted(found)
    await conn.execute(RECORD, switch_id, ordered, [found[name] for name in ordered], at)
    await conn.execute(DELETE_OLD, switch_id, _KEPT)
