"""Connections to PostgreSQL."""

import asyncio
import socket
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import asyncpg
import msgspec

from tongdai.errors import OperatorError

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    _Connection = asyncpg.Connection[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes take no parameters at run time
    Pool = asyncpg.Pool
    _Connection = asyncpg.Connection
    Connection = asyncpg.Connection

ACQUIRE_TIMEOUT_S = 1.5
"""A request waits so long for a connection; then it is answered 503."""

UNREACHABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,  # a query on a connection at the instant that it breaks
)
"""What asyncpg raises when the database is away, going or coming back; see `unreachable`."""


def unreachable(error: BaseException) -> bool:
    """Whether the database is away. asyncpg's complaint about an argument of ours is an InterfaceError too."""
    return isinstance(error, UNREACHABLE) and not isinstance(error, ValueError)


def _jsonb(value: object) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _of_jsonb(data: bytes) -> object:
    return msgspec.json.decode(data[1:])


async def _prepare(conn: Connection) -> None:
    # In binary, so that COPY takes it too; the byte before the text is the format's version.
    await conn.set_type_codec("jsonb", encoder=_jsonb, decoder=_of_jsonb, schema="pg_catalog", format="binary")


class _Kept(_Connection):
    """A connection that goes back to the pool as it is: nothing here sets a session's state outside a transaction.

    asyncpg would ask the server to reset it after each use, which is a round trip for every request.
    """

    def get_reset_query(self) -> str:
        return ""


class Lender:
    """Lends a pool's connections to requests; it is the only one that takes any from it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.size = pool.get_max_size()
        self.lent = 0
        """Borrowed, or waited for."""

    def borrow(self) -> "_Borrowed":
        """`async with`: a connection, or TimeoutError when none is free in time.

        Without a limit to the wait, a database that hangs would hang every client.
        """
        return _Borrowed(self)


class _Borrowed:
    __slots__ = ("_conn", "_lender")

    def __init__(self, lender: Lender) -> None:
        self._lender = lender

    async def __aenter__(self) -> Connection:
        lender = self._lender
        lender.lent += 1
        try:
            # With one free there is no wait to limit, and a timer would cost more than the rest.
            if lender.lent <= lender.size:
                self._conn = await lender.pool.acquire()
            else:
                async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
                    self._conn = await lender.pool.acquire()
        except BaseException:
            lender.lent -= 1
            raise
        return self._conn

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._lender.lent -= 1
        if error is not None and unreachable(error):
            self._conn.terminate()  # whatever state it is in, nobody else gets it
        await self._lender.pool.release(self._conn)


async def open_pool(dsn: str, size: int, *, name: str, hold_s: float | None = None) -> Pool:
    """A pool of at most `size` connections. It opens none yet: a server that starts before its database is fine.

    `hold_s` ends the sessions of a process that stands still within a transaction for so long, and frees what it locks.
    """

    async def prepare(conn: Connection) -> None:
        await _prepare(conn)
        if hold_s is not None:
            await conn.execute(f"set idle_in_transaction_session_timeout = {round(hold_s * 1000)}")
            if conn.get_server_version() >= (17,):
                # Also in the middle of a COPY, which is not idle.
                await conn.execute(f"set transaction_timeout = {round(hold_s * 3000)}")

    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        init=prepare,
        connection_class=_Kept,
        timeout=ACQUIRE_TIMEOUT_S,
        command_timeout=30,
        max_inactive_connection_lifetime=300,
        server_settings={"application_name": name, "timezone": "UTC", "jit": "off"},
    )


async def connect(dsn: str, *, name: str, timeout: float = 5.0) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection outside the pool, for LISTEN, migrations and commands."""
    conn = await asyncpg.connect(
        dsn, timeout=timeout, server_settings={"application_name": name, "timezone": "UTC", "jit": "off"}
    )
    await _prepare(conn)
    return conn


async def reach(dsn: str, *, name: str) -> "asyncpg.Connection[asyncpg.Record]":
    """As `connect`, for operators: OperatorError tells the host and what is wrong, and never the password."""
    try:
        return await connect(dsn, name=name)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(f"cannot connect to the database at {host_of(dsn)}: {why(error)}") from None


def host_of(dsn: str) -> str:
    """The host, and no other part: a badly written URL has its password in the oddest places."""
    try:
        parts = urlsplit(dsn)
        return parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    except ValueError:
        return "an unreadable address"


def why(error: Exception) -> str:
    """In words of ours where the error's own may repeat parts of the URL."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "unknown host"
    if isinstance(error, ConnectionError):
        return "connection refused or closed; is it running?"
    if isinstance(error, ValueError):
        return "its URL is not postgresql://user:password@host:port/name (special characters as %40)"
    if isinstance(error, OSError):
        return error.strerror or "it does not answer; is it running?"  # several addresses, each with its own reason
    return str(error)
