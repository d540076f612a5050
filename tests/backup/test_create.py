"""Backups of databases that are in use."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.backup.conftest import CONTACTS, PEPPER, Silent, Source, back_up
from tests.support.databases import FreshDatabase, session_of
from tongdai.backup import archive, create, programs
from tongdai.db import migrate
from tongdai.db.pool import connect
from tongdai.errors import OperatorError
from tongdai.ids import TenantId
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format, store


async def test_manifest_tells_what_is_in_it(source: Source, tmp_path: Path) -> None:
    manifest = await back_up(source, tmp_path / "a.backup", PEPPER)
    assert manifest.tables["contact"] == CONTACTS
    assert manifest.tables["api_key"] == 1
    assert [(one.number, one.checksum) for one in manifest.migrations] == [
        (one.number, one.checksum) for one in migrate.read()
    ]
    assert (manifest.pepper.fingerprint, manifest.pepper.included) == (key_format.fingerprint(PEPPER), True)
    with archive.opened(tmp_path / "a.backup") as reader:
        assert reader.manifest == manifest
        reader.verify(Silent())


async def test_backup_is_of_one_instant_while_rows_are_written(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    """Its manifest and its dump agree, though a row is added between any two of its statements."""
    async with fresh_database(migrated=False) as url:
        writer = await connect(session_of(url), name="tests")
        await migrate.migrate(writer)
        added = 0

        async def write() -> None:
            nonlocal added
            while True:
                added += 1
                await store.create_tenant(writer, TenantId(added), "A tenant", "VN")

        writing = asyncio.create_task(write())
        manifest = await back_up(Source(session_of(url), writer, TenantId(1)), tmp_path / "a.backup")
        writing.cancel()
        await asyncio.wait([writing])
        writer.terminate()
    counted = manifest.tables["tenant"]
    assert 0 < counted < added
    with archive.opened(tmp_path / "a.backup") as reader:
        clients = programs.find_clients(manifest.postgresql_major, None)
        listed = subprocess.run(
            [clients / "pg_restore", "--data-only", "--table=tenant", "--file=-"],
            input=b"".join(reader.dump()), check=True, capture_output=True,
        ).stdout  # fmt: skip
    assert listed.count(b"\tA tenant\t") == counted


async def test_database_without_tongdai_is_refused(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with fresh_database(migrated=False) as url:
        conn = await connect(session_of(url), name="tests")
        with pytest.raises(OperatorError, match="the database holds no data of Tongdai"):
            await back_up(Source(session_of(url), conn, TenantId(1)), tmp_path / "a.backup")
        await conn.close()
    assert list(tmp_path.iterdir()) == []


async def test_pepper_that_is_not_that_of_the_keys_is_refused(source: Source, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="not the one that this database's keys were made with"):
        await back_up(source, tmp_path / "a.backup", b"another")
    assert list(tmp_path.iterdir()) == []


def test_pepper_of_an_installation_is_never_made_up(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path))
    with pytest.raises(OperatorError, match=r"key\.pepper is missing: name the server's data directory"):
        create.pepper_of(settings)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "key.pepper").write_text("of the file\n")
    assert create.pepper_of(settings) == b"of the file"
    assert create.pepper_of(Settings(data_dir=str(tmp_path), key_pepper="s" * 32)) == b"s" * 32
