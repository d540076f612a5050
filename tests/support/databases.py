"""Databases of the tests: on the embedded server, on another one, or behind a PgBouncer.

With TONGDAI_TEST_POOLER_URL the URLs that tests get lead through that PgBouncer, and `session_of` to the server itself,
as `database_url` and `session_database_url` do in an installation.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from tests.support import transition_triggers
from tongdai.db.migrate import migrate
from tongdai.db.pool import Connection, connect
from tongdai.settings.declarations import Settings

SERVER = os.environ.get("TONGDAI_TEST_DATABASE_URL")
POOLER = os.environ.get("TONGDAI_TEST_POOLER_URL")
FreshDatabase = Callable[..., AbstractAsyncContextManager[str]]
"""The type of the fixture `fresh_database`."""
bundled_planner = pytest.mark.skipif(
    SERVER is not None, reason="about plans for few rows, for which other versions prefer bitmap scans"
)
needs_session = pytest.mark.skipif(POOLER is not None, reason="about a session, which PgBouncer hides")


def pid_of(conn: Connection) -> int:
    """The server process of a connection, for tests that look for it in pg_stat_activity or pg_locks."""
    if POOLER is not None:
        pytest.skip("the server process of a connection is not known behind PgBouncer")
    return conn.get_server_pid()


_BLOCKED = "select exists (select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock')"


async def until_blocked(conn: Connection, pid: int) -> None:
    """Wait until a server process waits for a lock; `conn` is another connection."""
    async with asyncio.timeout(20):
        while not await conn.fetchval(_BLOCKED, pid):
            pass


_BLOCKED_COUNT = """
select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
"""


async def until_sessions_blocked(conn: Connection, count: int) -> None:
    """Wait until that many sessions of this database wait for a lock."""
    async with asyncio.timeout(30):
        while await conn.fetchval(_BLOCKED_COUNT) < count:
            pass


@asynccontextmanager
async def migrated_template(url: str) -> AsyncGenerator[str]:
    """The name of a migrated database on a server, for `database_on`, dropped after the block.

    Copies do not have the settings of its role: tests hold locks for longer than a request may wait.
    """
    async with _created(url, "template0") as name:
        conn = await connect(_named(session_of(url), name), name="tests")
        await migrate(conn)
        await transition_triggers.install_all(conn)
        await conn.close()
        yield name


@asynccontextmanager
async def database_on(url: str, template: str, *, migrated: bool = True) -> AsyncGenerator[str]:
    """A new database on the server of that one, dropped after the block: a copy of the template, or empty.

    Its commits do not wait for the disk: what tests prove of crashes, they prove on servers of their own.
    """
    async with _created(url, template if migrated else "template0") as name:
        yield _named(POOLER or url, name)


@asynccontextmanager
async def _created(url: str, template: str) -> AsyncGenerator[str]:
    name = f"test_{secrets.token_hex(6)}"
    root = await connect(session_of(url), name="tests")
    await root.execute(f"create database {name} template {template}")
    await root.execute(f"alter database {name} set synchronous_commit = off")
    yield name
    await root.execute(f"drop database {name} with (force)")
    await root.close()


def session_of(dsn: str) -> str:
    """The same database without PgBouncer."""
    if POOLER is None or SERVER is None or _named(dsn, "") != _named(POOLER, ""):
        return dsn
    return _named(SERVER, urlsplit(dsn).path.removeprefix("/"))


def environment_of(dsn: str) -> dict[str, str]:
    """The settings of an installation on that database, for programs."""
    if session_of(dsn) == dsn:
        return {"TONGDAI_DATABASE_URL": dsn}
    return {"TONGDAI_DATABASE_URL": dsn, "TONGDAI_SESSION_DATABASE_URL": session_of(dsn)}


def of_database(settings: Settings, dsn: str) -> Settings:
    """The settings of an installation on that database."""
    if POOLER is None:
        return settings
    return replace(settings, database_url=dsn, session_database_url=session_of(dsn))


def _named(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()
