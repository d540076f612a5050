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

COMMAND_TIMEOUT_S = 30.0

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
    """Lends connections to requests, the one last used first. It opens none before one is asked for.

    asyncpg's own pool makes a task and a proxy for each use, which together cost a third of a small request.
    """

    def __init__(self, dsn: str, size: int, *, name: str, wait_s: float = ACQUIRE_TIMEOUT_S) -> None:
        self.lent = 0
        """Borrowed, or waited for."""
        self._dsn = dsn
        self._wait_s = wait_s
        self._name = name
        self._idle: list[_Connection] = []
        self._free = asyncio.Semaphore(size)

    def borrow(self) -> "_Borrowed":
        """`async with`: a connection, or TimeoutError when none is free or can be opened in time.

        Without a limit to the wait, a database that hangs would hang every client.
        """
        return _Borrowed(self)

    async def take(self) -> _Connection:
        # With one free there is no wait to limit, and a timer would cost more than the rest.
        if not self._free.locked():
            await self._free.acquire()
        else:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        try:
            while self._idle:
                conn = self._idle.pop()
                if not conn.is_closed():
                    return conn
            return await _open(self._dsn, self._name)
        except BaseException:
            self._free.release()
            raise

    def give_back(self, conn: _Connection, error: BaseException | None) -> None:
        """After `error`, or in the middle of a transaction, its state is unknown: nobody else gets it."""
        broken = error is not None and (isinstance(error, asyncio.CancelledError) or unreachable(error))
        if broken or conn.is_in_transaction():
            conn.terminate()
        elif not conn.is_closed():
            self._idle.append(conn)
        self._free.release()

    def terminate(self) -> None:
        """End the connections that nobody has."""
        while self._idle:
            self._idle.pop().terminate()


class _Borrowed:
    __slots__ = ("_conn", "_lender")

    def __init__(self, lender: Lender) -> None:
        self._lender = lender

    async def __aenter__(self) -> Connection:
        self._lender.lent += 1
        try:
            self._conn = await self._lender.take()
        except BaseException:
            self._lender.lent -= 1
            raise
        return self._conn

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._lender.lent -= 1
        self._lender.give_back(self._conn, error)


async def _open(dsn: str, name: str) -> _Connection:
    conn = await asyncpg.connect(
        dsn, timeout=ACQUIRE_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S, server_settings=_session(name)
    )
    await _prepare(conn)
    return conn


def _session(name: str) -> dict[str, str]:
    return {"application_name": name, "timezone": "UTC", "jit": "off"}


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
        command_timeout=COMMAND_TIMEOUT_S,
        max_inactive_connection_lifetime=300,
        server_settings=_session(name),
    )


async def connect(dsn: str, *, name: str, timeout: float = 5.0) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection outside the pool, for LISTEN, migrations and commands."""
    conn = await asyncpg.connect(dsn, timeout=timeout, server_settings=_session(name))
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
