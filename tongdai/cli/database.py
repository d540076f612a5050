"""What every command but the server's own does first: find its settings and connect to the database."""

import asyncio
import functools
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import asyncpg
import click

from tongdai import settings as all_settings
from tongdai.db import embedded, pool
from tongdai.db.migrate import migrate
from tongdai.db.pool import Connection
from tongdai.errors import OperatorError
from tongdai.settings import Settings

T = TypeVar("T")

_OPTIONS = (
    click.option("--data-dir", metavar="DIR", help="The server's data directory, where it keeps its own database."),
    click.option("--database-url", metavar="URL", help="The server's PostgreSQL, where it uses an external one."),
    click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The server's settings, in TOML."),
)


def database_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which server's data a command is about; it gets them as Settings, before its own."""

    @functools.wraps(command)
    def wrapped(data_dir: str | None, database_url: str | None, config: Path | None, **own: object) -> None:
        flags = {"data_dir": data_dir, "database_url": database_url}
        command(all_settings.load(config, os.environ, flags), **own)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def run(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    """What `work` returns, on a migrated database, be it a running server's or one started for the moment."""

    async def migrated(conn: Connection) -> T:
        await migrate(conn)
        return await work(conn)

    return run_unmigrated(settings, migrated)


def run_unmigrated(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    """As `run`, with the tables as they are found."""
    return asyncio.run(_run(settings, work))


async def _run(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    async with _dsn(settings) as dsn:
        conn = await _connect(dsn)
        try:
            return await work(conn)
        except pool.UNREACHABLE as error:
            raise OperatorError(f"lost the database at {_host(dsn)}: {_why(error)}") from None
        except asyncpg.InsufficientPrivilegeError as error:
            raise OperatorError(f"the database at {_host(dsn)} does not allow it: {error}") from None
        finally:
            await conn.close()


@asynccontextmanager
async def _dsn(settings: Settings) -> AsyncGenerator[str, None]:
    if settings.database_url is not None:
        yield settings.database_url
        return
    programs = Path(settings.postgres_bin) if settings.postgres_bin else None
    async with embedded.database(Path(settings.data_dir), programs) as dsn:
        yield dsn


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    try:
        return await pool.connect(dsn, name="tongdai command")
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(f"cannot connect to the database at {_host(dsn)}: {_why(error)}") from None


def _host(dsn: str) -> str:
    """The host, and no other part: a badly written URL has its password in the oddest places."""
    try:
        parts = urlsplit(dsn)
        return parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    except ValueError:
        return "an unreadable address"


def _why(error: Exception) -> str:
    """In words of ours where the error's own may repeat parts of the URL."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "unknown host"
    if isinstance(error, ConnectionError):
        return "connection refused or closed; is it running?"
    if isinstance(error, ValueError):
        return "database_url is not postgresql://user:password@host:port/name (special characters as %40)"
    if isinstance(error, OSError):
        return error.strerror or "it does not answer; is it running?"  # several addresses, each with its own reason
    return str(error)
