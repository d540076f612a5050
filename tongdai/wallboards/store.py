"""Wallboards in the database."""

from typing import Any

import asyncpg
import msgspec

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, ByUser, TenantId, WallboardId
from tongdai.tenants.store import announce
from tongdai.wallboards.model import MAX_BOARDS, Look, Theme, Thresholds, Tile, Wallboard

_BOARD = """wallboard_id, tenant_id, name, hint, tiles, queue_ids, thresholds, language, theme, user_id, created_at,
    seen_at"""
FIND = f"select {_BOARD} from wallboard where tenant_id = $1 and wallboard_id = $2"
LOCKED = f"{FIND} for update"
LIST = f"select {_BOARD} from wallboard where tenant_id = $1 order by wallboard_id"
BY_DIGEST = f"select {_BOARD} from wallboard where digest = $1"


async def find(conn: Connection, tenant_id: TenantId, wallboard_id: WallboardId) -> Wallboard | None:
    row = await conn.fetchrow(FIND, tenant_id, wallboard_id)
    return None if row is None else _board(row)


async def locked(conn: Connection, tenant_id: TenantId, wallboard_id: WallboardId) -> Wallboard | None:
    """The board, which nobody else changes until the caller's transaction ends."""
    row = await conn.fetchrow(LOCKED, tenant_id, wallboard_id)
    return None if row is None else _board(row)


async def by_digest(conn: Connection, digest: bytes) -> Wallboard | None:
    """The board of whatever tenant with a token."""
    row = await conn.fetchrow(BY_DIGEST, digest)
    return None if row is None else _board(row)


async def boards(conn: Connection, tenant_id: TenantId) -> list[Wallboard]:
    """The tenant's boards, by id."""
    return [_board(row) for row in await conn.fetch(LIST, tenant_id)]


LOCK = "select from tenant where tenant_id = $1 for no key update"
COUNT = "select count(*) from wallboard where tenant_id = $1"
CREATE = f"""
insert into wallboard (tenant_id, name, hint, digest, tiles, queue_ids, thresholds, language, theme, user_id)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning {_BOARD}
"""


async def create(
    conn: Connection, tenant_id: TenantId, look: Look, hint: str, digest: bytes, by: Author
) -> Wallboard | None:
    """Create a board; None: the tenant has MAX_BOARDS."""
    async with conn.transaction():
        await conn.execute(LOCK, tenant_id)
        if await conn.fetchval(COUNT, tenant_id) >= MAX_BOARDS:
            return None
        user_id = by.user_id if isinstance(by, ByUser) else None
        name, *others = _values(look)
        row = await conn.fetchrow(CREATE, tenant_id, name, hint, digest, *others, user_id)
        assert row is not None
        made = _board(row)
        await audit.record(conn, tenant_id, by, "wallboard.create", f"wallboard {made.wallboard_id}")
    return made


CHANGE = """
update wallboard set name = $3, tiles = $4, queue_ids = $5, thresholds = $6, language = $7, theme = $8
where tenant_id = $1 and wallboard_id = $2
"""


async def change(conn: Connection, tenant_id: TenantId, wallboard_id: WallboardId, look: Look, by: Author) -> None:
    """Change what a board shows, which is locked, within the caller's transaction."""
    await conn.execute(CHANGE, tenant_id, wallboard_id, *_values(look))
    await audit.record(conn, tenant_id, by, "wallboard.change", f"wallboard {wallboard_id}")


REVOKE = "delete from wallboard where tenant_id = $1 and wallboard_id = $2 returning true"


async def revoke(conn: Connection, tenant_id: TenantId, wallboard_id: WallboardId, by: Author) -> bool:
    """Revoke the token of a board, everywhere at once, and delete the board; False: there is none."""
    async with conn.transaction():
        if not await conn.fetchval(REVOKE, tenant_id, wallboard_id):
            return False
        await audit.record(conn, tenant_id, by, "wallboard.revoke", f"wallboard {wallboard_id}")
        await announce(conn)
    return True


SEEN = """
update wallboard set seen_at = now()
where tenant_id = $1 and wallboard_id = $2 and (seen_at is null or seen_at < now() - interval '30 s')
"""


async def seen(conn: Connection, tenant_id: TenantId, wallboard_id: WallboardId) -> None:
    """Note that a board is shown, at most twice a minute."""
    await conn.execute(SEEN, tenant_id, wallboard_id)


def _values(look: Look) -> tuple[Any, ...]:
    """The columns of a look in their order."""
    return (
        look.name,
        list(look.tiles),
        list(look.queue_ids),
        msgspec.to_builtins(look.thresholds),
        look.language,
        look.theme,
    )


def _board(row: asyncpg.Record) -> Wallboard:
    look = Look(
        row["name"],
        tuple(Tile(tile) for tile in row["tiles"]),
        tuple(row["queue_ids"]),
        msgspec.convert(row["thresholds"], Thresholds),
        row["language"],
        Theme(row["theme"]),
    )
    return Wallboard(
        row["wallboard_id"],
        row["tenant_id"],
        row["hint"],
        look,
        row["user_id"],
        row["created_at"],
        row["seen_at"],
    )
