"""Sound files in the database: few, of a few megabytes, and so in every backup and on every node."""

import asyncpg

from tongdai.db import audit
from tongdai.db.pool import Connection
from tongdai.ids import Author, QueueId, SoundId, TenantId
from tongdai.queues.sounds.model import Kind, NewSound, QueueSounds, Sound, StoredFile, room, seconds_of

_COLUMNS = "sound_id, kind, name, language, size, uploaded_at"
PAGE = f"""
select {_COLUMNS} from sound_file where tenant_id = $1 and ($2::text is null or kind = $2)
order by sound_id limit $3 offset $4
"""
COUNT = "select count(*) from sound_file where tenant_id = $1 and ($2::text is null or kind = $2)"
AFTER = f"""
select {_COLUMNS} from sound_file where tenant_id = $1 and ($2::text is null or kind = $2) and sound_id > $3
order by sound_id limit $4
"""


async def page(
    conn: Connection, tenant_id: TenantId, kind: Kind | None, limit: int, offset: int
) -> tuple[list[Sound], int]:
    """A page of the tenant's sound files, by id, and the number of all."""
    rows = await conn.fetch(PAGE, tenant_id, kind, limit, offset)
    return [_sound(row) for row in rows], await conn.fetchval(COUNT, tenant_id, kind)


async def after(
    conn: Connection, tenant_id: TenantId, kind: Kind | None, sound_id: SoundId | None, limit: int
) -> list[Sound]:
    """The tenant's next sound files behind one (None: the first), by id."""
    return [_sound(row) for row in await conn.fetch(AFTER, tenant_id, kind, sound_id or 0, limit)]


DATA = "select data from sound_file where tenant_id = $1 and sound_id = $2"


async def data(conn: Connection, tenant_id: TenantId, sound_id: SoundId) -> bytes | None:
    """The contents of a sound file; None: there is none."""
    return await conn.fetchval(DATA, tenant_id, sound_id)


OF_QUEUE = """
select kind, name, sound_id, digest, size from sound_file
where tenant_id = $1 and (kind, language) in (('music', ''), ('prompt', $3)) and (kind = 'prompt' or name = $2)
"""


async def of_queue(conn: Connection, tenant_id: TenantId, music: str | None, language: str) -> QueueSounds:
    """The tenant's music of that name, and its prompts in a language."""
    found: dict[tuple[str, str], StoredFile] = {
        (row["kind"], row["name"]): StoredFile(SoundId(row["sound_id"]), row["digest"], seconds_of(row["size"]))
        for row in await conn.fetch(OF_QUEUE, tenant_id, music or "", language)
    }
    prompts = {name: file for (kind, name), file in found.items() if kind == Kind.PROMPT}
    return QueueSounds(next((file for (kind, _), file in found.items() if kind == Kind.MUSIC), None), prompts)


# One change of a tenant's files at a time: what they have together is limited.
LOCK = "select true from tenant where tenant_id = $1 for no key update"
USED = """
select count(*) as files, coalesce(sum(size), 0)::bigint as total from sound_file
where tenant_id = $1 and not (kind = $2 and language = $3 and name = $4)
"""
PUT = """
insert into sound_file (tenant_id, kind, language, name, size, data) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, kind, language, name) do update set size = excluded.size, data = excluded.data
returning sound_id
"""


async def put(conn: Connection, tenant_id: TenantId, new: NewSound, by: Author | None) -> SoundId | str:
    """Store a sound file, in place of one of that name, and return its id; or why there is no room for it."""
    key = (new.kind, new.language or "", new.name)
    async with conn.transaction():
        await conn.fetchval(LOCK, tenant_id)
        used = await conn.fetchrow(USED, tenant_id, *key)
        assert used is not None
        refused = room(used["files"], used["total"], len(new.data))
        if refused is not None:
            return refused
        sound_id = await conn.fetchval(PUT, tenant_id, *key, len(new.data), new.data)
        await audit.record(conn, tenant_id, by, "sound.put", f"sound {sound_id}", {"name": new.name})
    return SoundId(sound_id)


USERS = "select queue_id from inbound_queue where tenant_id = $1 and moh_file = $2 order by queue_id limit $3"
NAMED = 5
FIND = f"select {_COLUMNS} from sound_file where tenant_id = $1 and sound_id = $2"


async def find(conn: Connection, tenant_id: TenantId, sound_id: SoundId) -> Sound | None:
    row = await conn.fetchrow(FIND, tenant_id, sound_id)
    return None if row is None else _sound(row)


async def users(conn: Connection, tenant_id: TenantId, sound: Sound) -> list[QueueId]:
    """The first NAMED queues that have the file as hold music; of a prompt none."""
    if sound.kind is not Kind.MUSIC:
        return []
    return [row["queue_id"] for row in await conn.fetch(USERS, tenant_id, sound.name, NAMED)]


TAKEN = """
select true from sound_file where tenant_id = $1 and kind = $2 and language = $3 and name = $4 and sound_id <> $5
"""
RENAME = "update sound_file set name = $3 where tenant_id = $1 and sound_id = $2 returning true"


async def rename(
    conn: Connection, tenant_id: TenantId, sound: Sound, name: str, by: Author | None
) -> bool | list[QueueId] | str:
    """Rename a sound file, unless it is hold music of a queue or another has the name.

    False when there is none any more; the first NAMED queues, or why not.
    """
    async with conn.transaction():
        await conn.fetchval(LOCK, tenant_id)
        if name == sound.name:
            return True
        used = await users(conn, tenant_id, sound)
        if used:
            return used
        if await conn.fetchval(TAKEN, tenant_id, sound.kind, sound.language or "", name, sound.sound_id):
            return f"The tenant has another sound file of the name {name!r}: delete it, or choose another name"
        if not await conn.fetchval(RENAME, tenant_id, sound.sound_id, name):
            return False
        was = {"name": name, "was": sound.name}
        await audit.record(conn, tenant_id, by, "sound.rename", f"sound {sound.sound_id}", was)
    return True


DELETE = "delete from sound_file where tenant_id = $1 and sound_id = $2"


async def delete(conn: Connection, tenant_id: TenantId, sound_id: SoundId, by: Author | None) -> bool | list[QueueId]:
    """Delete a sound file; False when there is none, and the first NAMED queues when some have it as hold music."""
    async with conn.transaction():
        found = await find(conn, tenant_id, sound_id)
        if found is None:
            return False
        used = await users(conn, tenant_id, found)
        if used:
            return used
        await conn.execute(DELETE, tenant_id, sound_id)
        await audit.record(conn, tenant_id, by, "sound.delete", f"sound {sound_id}")
    return True


def _sound(row: asyncpg.Record) -> Sound:
    return Sound(
        row["sound_id"], Kind(row["kind"]), row["name"], row["language"] or None, row["size"], row["uploaded_at"]
    )
