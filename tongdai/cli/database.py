"""Options and connection of the commands that use the database directly."""

import asyncio
import functools
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import click

from tongdai.db import pool
from tongdai.db.embedded import server as embedded
from tongdai.db.migrate import migrate
from tongdai.db.pool import Connection
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.errors import OperatorError
from tongdai.settings import sources
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format, store

T = TypeVar("T")

DATABASE_OPTIONS = (
    click.option("--data-dir", metavar="DIR", help="The server's data directory, where it keeps its own database."),
    click.option("--database-url", metavar="URL", help="The server's PostgreSQL, where it uses an external one."),
    click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The server's settings, in TOML."),
)


def database_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that name the server's database to a command, which gets Settings before its own options."""

    @functools.wraps(command)
    def wrapped(data_dir: str | None, database_url: str | None, config: Path | None, **own: object) -> None:
        command(settings_of(data_dir, database_url, config), **own)

    for option in reversed(DATABASE_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def settings_of(data_dir: str | None, database_url: str | None, config: Path | None) -> Settings:
    """The server's settings with those options; None: not given."""
    return sources.load(config, os.environ, {"data_dir": data_dir, "database_url": database_url})


async def pepper_of(conn: Connection, settings: Settings) -> bytes:
    """The pepper of the stored keys; OperatorError when the configured one is another."""
    pepper = key_format.load_pepper(settings.key_pepper, Path(settings.data_dir))
    await store.check_pepper(conn, key_format.fingerprint(pepper))
    return pepper


def run(settings: Settings, work: Callable[[Connection], Awaitable[T]], *, creates: bool = False) -> T:
    """Run `work` on a migrated database, that of a running server or one started for this command.

    `creates`: a data directory without a database gets one. Otherwise OperatorError, as its name may be misspelt.
    """
    if not creates:
        require_database(settings)

    async def migrated(conn: Connection) -> T:
        await migrate(conn)
        return await work(conn)

    return run_unmigrated(settings, migrated)


def require_database(settings: Settings) -> None:
    """Raise OperatorError when the data directory is used and has nothing in it."""
    data_dir = Path(settings.data_dir)
    if settings.database_url is None and not (data_dir.is_dir() and any(data_dir.iterdir())):
        raise OperatorError(f"{settings.data_dir} has no database: name the data directory with --data-dir")


def run_unmigrated(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Run `work` as `run` does, but on a database that may not be migrated."""
    return asyncio.run(_run(settings, work))


async def _run(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    async with database_of(settings) as dsn:
        conn = await pool.reach(dsn, name="tongdai command")
        try:
            return await work(conn)
        except UNAVAILABLE as error:
            raise OperatorError(f"lost the database at {pool.host_of(dsn)}: {pool.why(error)}") from None
        except asyncpg.InsufficientPrivilegeError as error:
            raise OperatorError(f"the database at {pool.host_of(dsn)} does not allow it: {error}") from None
        finally:
            await conn.close()


@asynccontextmanager
async def database_of(settings: Settings) -> AsyncGenerator[str, None]:
    """The DSN, for sessions, of the external database or of the embedded one, started for the block if need be."""
    if settings.database_url is not None:
        yield settings.session_dsn(settings.database_url)
        return
    programs = Path(settings.postgres_bin) if settings.postgres_bin else None
    async with embedded.database(Path(settings.data_dir), programs) as dsn:
        yield dsn


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run it until it ends, or SIGTERM or Ctrl-C interrupts it, which undoes what it has begun."""

    async def until_signalled() -> T:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(until_signalled())
    except asyncio.CancelledError:
        raise click.Abort from None
    except UNAVAILABLE as error:
        raise OperatorError(f"lost the database: {pool.why(error)}") from None
    except asyncpg.PostgresError as error:
        raise OperatorError(f"the database refused it: {error}") from None
