"""A backup restored into an external database: all of it, verified, with dialing held; or nothing of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from tests.backup.conftest import CONTACTS, PEPPER, Silent, Source, back_up
from tests.support.databases import FreshDatabase, session_of
from tongdai.backup import archive, installation, store
from tongdai.backup.installation import Restored
from tongdai.backup.model import Manifest
from tongdai.calls import retention
from tongdai.db import migrate
from tongdai.db.pool import Connection, connect
from tongdai.dialing import store as dialing
from tongdai.dialing.model import HoldReason
from tongdai.errors import OperatorError
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format
from tongdai.tenants import store as tenants

OF_ALL_ROWS = "select coalesce(sum(hashtextextended(t::text, 0)), 0)::text from only {} t"
HELD_BY_THE_RESTORE = {"dialing_hold", "audit"}


@pytest.fixture(scope="module")
async def backup(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backup") / "a.backup"
    await back_up(source, path, PEPPER)
    return path


@asynccontextmanager
async def empty(fresh_database: FreshDatabase) -> AsyncGenerator[tuple[str, Connection]]:
    """Another database without a table, and a connection to it that is not Tongdai's."""
    async with fresh_database(migrated=False) as url:
        conn = await connect(session_of(url), name="tests")
        yield session_of(url), conn
        await conn.close()


async def restored(
    path: Path,
    dsn: str,
    data_dir: Path,
    *,
    lost_pepper: bool = False,
    confirm: Callable[[str], None] = lambda _: None,
    key_pepper: str | None = None,
) -> Restored:
    settings = Settings(database_url=dsn, data_dir=str(data_dir), key_pepper=key_pepper)
    with archive.opened(path) as reader:
        return await installation.restore_installation(
            settings, reader, lost_pepper=lost_pepper, confirm=confirm, progress=Silent()
        )


async def digests(conn: Connection) -> dict[str, str]:
    """A digest of all rows of each table."""
    return {name: await conn.fetchval(OF_ALL_ROWS.format(f'"{name}"')) for name in await store.tables(conn)}


async def test_every_row_is_restored_and_dialing_is_held(
    source: Source, backup: Path, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with empty(fresh_database) as (dsn, conn):
        done = await restored(backup, dsn, tmp_path / "data")
        before, after = await digests(source.conn), await digests(conn)
        assert set(after) == set(before)
        assert {name for name in after if after[name] != before[name]} == HELD_BY_THE_RESTORE
        assert await migrate.migrate(conn) == []
        hold = await dialing.current(conn)
        assert hold is not None
        assert hold.reason is HoldReason.RESTORED
        with archive.opened(backup) as reader:
            assert hold.calls_known_until == reader.manifest.taken_at
        assert done.contacts == CONTACTS == await dialing.uncertain(conn, hold)
        entries = [row["action"] for row in await conn.fetch("select action from audit order by audit_id")]
        assert entries == ["tenant.create", "key.create", "campaign.create", "dialing.hold"], (
            "the audit is kept, and continued"
        )
        released = await dialing.release(conn, hold.hold_id, None)
        assert released is not None
        assert released.contacts == CONTACTS
        assert (tmp_path / "data" / "key.pepper").read_bytes() == PEPPER


async def test_hold_of_the_backup_ends_and_the_restore_has_its_own(
    source: Source, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    await dialing.hold(source.conn, HoldReason.OPERATOR)
    try:
        await back_up(source, tmp_path / "a.backup", PEPPER)
    finally:
        await source.conn.execute("delete from dialing_hold")
    async with empty(fresh_database) as (dsn, conn):
        await restored(tmp_path / "a.backup", dsn, tmp_path / "data")
        found = await dialing.newest(conn, 5)
    assert [(each.reason, each.released_at is None) for each in found] == [
        (HoldReason.RESTORED, True), (HoldReason.OPERATOR, False),
    ]  # fmt: skip


async def test_present_tables_are_replaced_when_that_is_confirmed(
    backup: Path, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with empty(fresh_database) as (dsn, conn):
        await migrate.migrate(conn)
        await tenants.create_tenant(conn, tenants.TenantId(77), "Former", "VN")
        assert await retention.create_partitions(conn)
        asked: list[str] = []

        def refuse(what: str) -> None:
            asked.append(what)
            raise KeyboardInterrupt

        before = await digests(conn)
        with pytest.raises(KeyboardInterrupt):
            await restored(backup, dsn, tmp_path / "data", confirm=refuse)
        assert await digests(conn) == before
        assert "tables, which are replaced for good" in asked[0]
        await restored(backup, dsn, tmp_path / "data")
        assert await conn.fetchval("select count(*) from tenant where tenant_id = 77") == 0
        assert await conn.fetchval("select count(*) from contact") == CONTACTS


# What is refused, and what fails


def altered(path: Path, new: Path, manifest: Callable[[Manifest], Manifest]) -> Path:
    """The same backup with another manifest."""

    async def write() -> None:
        with archive.opened(path) as reader, archive.created(new, replace=False) as writer:
            await writer.dump(_async(reader.dump()))
            writer.pepper(PEPPER)
            writer.finish(manifest(reader.manifest))

    asyncio.run(write())
    return new


async def _async(chunks: Iterator[bytes]) -> AsyncGenerator[bytes]:
    for chunk in chunks:
        yield chunk


def _one_row_more(of: Manifest) -> Manifest:
    return msgspec.structs.replace(of, tables={**of.tables, "contact": CONTACTS + 1})


def _one_migration_less(of: Manifest) -> Manifest:
    return msgspec.structs.replace(of, migrations=of.migrations[:-1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_one_row_more, f"table contact has {CONTACTS} rows after the restore, and had {CONTACTS + 1} in the backup"),
        (_one_migration_less, "the restored database has other migrations than the backup says"),
    ],
)
async def test_restore_that_is_not_what_the_manifest_says_changes_nothing(
    backup: Path, fresh_database: FreshDatabase, tmp_path: Path, change: Callable[[Manifest], Manifest], said: str
) -> None:
    wrong = await asyncio.to_thread(altered, backup, tmp_path / "wrong.backup", change)
    async with empty(fresh_database) as (dsn, conn):
        await migrate.migrate(conn)
        before = await digests(conn)
        with pytest.raises(OperatorError) as refused:
            await restored(wrong, dsn, tmp_path / "data")
        assert str(refused.value) == f"psql failed: {said}"
        assert await digests(conn) == before
        assert await dialing.current(conn) is None
    assert not (tmp_path / "data").exists()


async def test_backup_with_a_broken_reference_is_not_restored(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with empty(fresh_database) as (dsn, conn):
        await migrate.migrate(conn)
        await tenants.create_tenant(conn, tenants.TenantId(5), "Five", "VN")
        await conn.execute(
            "insert into api_key (tenant_id, name, hint, digest, scopes) values (5, '', '', $1, '{}')", b"x" * 32
        )
        await conn.execute("set session_replication_role = replica")  # no foreign keys are checked
        await conn.execute("delete from tenant")
        await back_up(Source(dsn, conn, tenants.TenantId(5)), tmp_path / "a.backup")
    async with empty(fresh_database) as (dsn, conn):
        with pytest.raises(OperatorError, match='violates foreign key constraint "api_key_tenant_id_fkey"'):
            await restored(tmp_path / "a.backup", dsn, tmp_path / "data")
        assert await store.relations(conn) == []


async def test_database_that_is_not_for_it_is_refused_and_unchanged(
    backup: Path, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with empty(fresh_database) as (dsn, conn):
        running = await connect(dsn, name="tongdai listen")
        with pytest.raises(
            OperatorError, match=r"processes of Tongdai use the database \(tongdai listen\): stop every"
        ):
            await restored(backup, dsn, tmp_path / "data")
        await running.close()
        await conn.execute("create table wages (name text)")
        with pytest.raises(OperatorError, match=r"tables that are not Tongdai's \(wages\)"):
            await restored(backup, dsn, tmp_path / "data")
        await conn.execute("create schema other")
        joint = "&" if "?" in dsn else "?"
        with pytest.raises(OperatorError, match=r"the backup's tables are in schema public, .* would be in other"):
            await restored(backup, f"{dsn}{joint}options=-csearch_path%3Dother", tmp_path / "data")
        assert await store.relations(conn) == ["wages"]


async def test_lost_pepper_revokes_every_key_when_asked(
    source: Source, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    await back_up(source, tmp_path / "a.backup")
    async with empty(fresh_database) as (dsn, conn):
        with pytest.raises(OperatorError, match=r"made without its key pepper, and key\.pepper .* is missing"):
            await restored(tmp_path / "a.backup", dsn, tmp_path / "data")
        assert await store.relations(conn) == []
        done = await restored(tmp_path / "a.backup", dsn, tmp_path / "data", lost_pepper=True)
        assert done.keys_revoked == 1
        assert await conn.fetchval("select count(*) from api_key where revoked_at is null") == 0
        assert await conn.fetchval("select count(*) from audit where action = 'key.revoke'") == 1
        await tenants.check_pepper(conn, key_format.fingerprint(b"a new one"))


async def test_pepper_of_the_settings_needs_none_in_the_backup(
    source: Source, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    await back_up(source, tmp_path / "a.backup")
    async with empty(fresh_database) as (dsn, conn):
        done = await restored(tmp_path / "a.backup", dsn, tmp_path / "data", key_pepper=PEPPER.decode())
        assert done.keys_revoked == 0
        await tenants.check_pepper(conn, key_format.fingerprint(PEPPER))


async def test_damaged_backup_is_refused_before_anything_is_changed(
    backup: Path, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.backup"
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 0x10
    damaged.write_bytes(content)
    async with empty(fresh_database) as (dsn, conn):
        with pytest.raises(OperatorError, match=r"damaged\.backup is damaged"):
            await restored(damaged, dsn, tmp_path / "data")
        assert await store.relations(conn) == []
