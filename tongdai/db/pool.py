"""Connections to PostgreSQL.

Two kinds, which may have URLs of their own:

- connections of the pools (`Lender`, `open_pool`), for transactions. They may go through PgBouncer in transaction mode:
  nothing here sets a session's state outside a transaction, and the startup parameters are those that it tracks.
- connections of the session (`connect`), for LISTEN, locks of a session, migrations and commands.

How long a statement may take, and wait for a lock, is limited by what it is for: a lock that is held for longer must
not take every connection.

| | lock_timeout | statement_timeout | set by |
|---|---|---|---|
| requests | LOCK_TIMEOUT_S | COMMAND_TIMEOUT_S | settings of the role in the database (`migrate`) |
| storing an upload | LOCK_TIMEOUT_S | UPLOAD_TIMEOUT_S | its transaction |
| transactions of workers | 3 × `hold_s` | 3 × `hold_s` | their BEGIN |
| commands, migrations | none | none | startup parameters |
| creating partitions | 0.3 s | as others | its transaction |

A URL may name several servers, `postgresql://user@a:5432,b:5432/db?target_session_attrs=read-write`: the one that
accepted the last connection is tried first, so a connection costs one attempt while nothing changes, and each server
gets its share of the time, so that one which does not answer cannot use up all of it.

A server that hangs is distinguished from a slow statement by asking it something else (silence.py).
"""

import asyncio
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, parse_qs, urlsplit

import asyncpg
import msgspec

from tongdai.db.unavailable import UNAVAILABLE, unavailable
from tongdai.db.waiting import BURST, CROWDED_S, Waiting
from tongdai.errors import OperatorError

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    _Connection = asyncpg.Connection[asyncpg.Record]
    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes are not generic at run time
    Pool = asyncpg.Pool
    _Connection = asyncpg.Connection
    Connection = asyncpg.Connection

ACQUIRE_TIMEOUT_S = 1.5
"""How long a request waits for a connection before it is answered 503."""

COMMAND_TIMEOUT_S = 30.0
LOCK_TIMEOUT_S = 3.0
"""Longer than the transaction of a chunk of an import, which locks its campaign."""
UPLOAD_TIMEOUT_S = 600.0


def _jsonb(value: object) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _of_jsonb(data: bytes) -> object:
    return msgspec.json.decode(data[1:])


async def _prepare(conn: Connection) -> None:
    # In the binary format, for COPY too; the first byte is the version of the format.
    await conn.set_type_codec("jsonb", encoder=_jsonb, decoder=_of_jsonb, schema="pg_catalog", format="binary")


class _UnresetConnection(_Connection):
    """A connection that is returned to the pool without a reset, as no statement sets session state.

    asyncpg would reset it after each use, which is a round trip for every request.
    """

    limit_s: float | None = None
    """The longest time that a session may be idle in a transaction."""

    def get_reset_query(self) -> str:
        return ""

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str:
        """Execute a statement; the one that begins a transaction also limits how long it may be idle."""
        if query.startswith("BEGIN") and self.limit_s is not None:
            held_ms = round(self.limit_s * 1000)
            query = (
                f"{query} set local idle_in_transaction_session_timeout = {held_ms}; "
                f"set local lock_timeout = {3 * held_ms}; set local statement_timeout = {3 * held_ms};"
            )
            if self.get_server_version() >= (17,):
                # Also during a COPY, which is not idle.
                query = f"{query} set local transaction_timeout = {3 * held_ms};"
        return await super().execute(query, *args, timeout=timeout)


class Lender:
    """Lends connections to requests, the most recently used first; opens them on demand.

    asyncpg's own pool creates a task and a proxy for each use, which cost a third of a small request.
    """

    def __init__(
        self,
        dsn: str,
        size: int,
        *,
        name: str,
        wait_s: float = ACQUIRE_TIMEOUT_S,
        crowded_s: float = CROWDED_S,
        burst: int = BURST,
    ) -> None:
        self.lent = 0
        """Number of connections that are borrowed or waited for."""
        self._dsn = dsn
        self._wait_s = wait_s
        self._name = name
        self._idle: list[_Connection] = []
        self._out: dict[_Connection, float] = {}
        """Connections that are borrowed, and since when by the monotonic clock; the longest comes first."""
        self._free = asyncio.Semaphore(size)
        self._waiting = Waiting(2 * size, crowded_s, burst)

    def crowded(self, more: int = 0) -> bool:
        """Whether a request that comes after `more` others would wait for too long (waiting.py); it is refused then."""
        return self._waiting.refuses(len(self._waiting) + more)

    def borrow(self, check: Callable[[], None] | None = None) -> "Borrowed":
        """Borrow a connection with `async with`; TimeoutError when none is free or can be opened in time.

        Without that limit, a database that hangs would hang every client. `check` is called when one is free; what it
        raises is raised here, and nothing is borrowed.
        """
        return Borrowed(self, check)

    async def take(self, check: Callable[[], None] | None = None) -> _Connection:
        # When a connection is free there is no wait to limit, and a timer would cost more than the rest.
        if not self._free.locked():
            await self._free.acquire()
        else:
            await self._wait()
        try:
            if check is not None:
                check()
            conn = self._one_idle() or await open_one(self._dsn, self._name)
        except BaseException:
            self._free.release()
            raise
        self._out[conn] = time.monotonic()
        return conn

    def _one_idle(self) -> _Connection | None:
        while self._idle:
            conn = self._idle.pop()
            if not conn.is_closed():
                return conn
        return None

    async def _wait(self) -> None:
        waiting = self._waiting.add()
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except BaseException:
            self._waiting.remove(waiting)
            raise
        self._waiting.served(waiting)

    def give_back(self, conn: _Connection, error: BaseException | None) -> None:
        """Return a connection; after an error or within a transaction its state is unknown, and it is closed."""
        self._out.pop(conn, None)
        broken = error is not None and (isinstance(error, asyncio.CancelledError) or unavailable(error))
        if not conn.is_closed():
            if broken or conn.is_in_transaction():
                conn.terminate()
            else:
                self._idle.append(conn)
        self._free.release()

    @property
    def oldest(self) -> float | None:
        """Since when the connection is borrowed that is borrowed for longest, by the monotonic clock."""
        return next(iter(self._out.values()), None)

    def give_up(self, before: float) -> None:
        """Close the connections that are borrowed since before an instant, and the idle ones.

        Statements that wait for an answer on them fail at once, as unavailable.
        """
        self.terminate()
        for conn in [conn for conn, since in self._out.items() if since < before]:
            del self._out[conn]
            conn.terminate()

    def terminate(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().terminate()


class Borrowed:
    """A connection that is borrowed within `async with`."""

    __slots__ = ("_check", "_conn", "_lender")

    def __init__(self, lender: Lender, check: Callable[[], None] | None) -> None:
        self._lender = lender
        self._check = check

    async def __aenter__(self) -> Connection:
        self._lender.lent += 1
        try:
            self._conn = await self._lender.take(self._check)
        except BaseException:
            self._lender.lent -= 1
            raise
        return self._conn

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._lender.lent -= 1
        self._lender.give_back(self._conn, error)


async def open_one(dsn: str, name: str) -> _Connection:
    """Open a connection of a pool; it does not take longer than a request may wait."""
    conn = await _connect(
        dsn, timeout=ACQUIRE_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S, server_settings=_session(name)
    )
    try:
        async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
            await _prepare(conn)
    except BaseException:
        conn.terminate()
        raise
    return conn


def _session(name: str) -> dict[str, str]:
    """Startup parameters, only those that PgBouncer tracks. See also `migrate.ROLE_SETTINGS`."""
    return {"application_name": name, "timezone": "UTC"}


async def open_pool(dsn: str, size: int, *, name: str, hold_s: float | None = None) -> Pool:
    """Create a pool of at most `size` connections, opened on demand, so a server may start before its database.

    `hold_s` ends sessions that are idle in a transaction for so long, which frees the locks of a process that hangs.
    """

    async def prepare(conn: Connection) -> None:
        await _prepare(conn)

    class Held(_UnresetConnection):
        limit_s = hold_s

    return await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        init=prepare,
        connect=cast("Any", _connect),  # the stubs list every option of asyncpg's own
        connection_class=Held,
        timeout=ACQUIRE_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        max_inactive_connection_lifetime=300,
        server_settings=_session(name),
    )


async def connect(
    dsn: str, *, name: str, timeout: float = 5.0, unlimited: bool = False
) -> "asyncpg.Connection[asyncpg.Record]":
    """Open a connection outside the pool, for LISTEN, migrations and commands.

    `unlimited`: statements may take any time; not through PgBouncer.
    """
    limits = {"lock_timeout": "0", "statement_timeout": "0"} if unlimited else {}
    conn = await _connect(dsn, timeout=timeout, server_settings=_session(name) | limits)
    await _prepare(conn)
    return conn


async def limit_statements(conn: Connection, timeout_s: float) -> None:
    """Let statements of the present transaction take so long, and no longer."""
    await conn.execute(f"set local statement_timeout = {round(timeout_s * 1000)}")


_accepted_by: dict[str, str] = {}
"""By URL of several servers, the one that accepted the last connection of this process."""


async def _connect(dsn: str, *, timeout: float, **options: Any) -> _Connection:
    """Connect to the first server that accepts; asyncpg would give the whole timeout to one that does not answer."""
    servers = servers_of(dsn)
    if dsn in _accepted_by:
        servers.sort(key=lambda server: server != _accepted_by[dsn])
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    error: BaseException | None = None
    for place, server in enumerate(servers):
        share = (deadline - loop.time()) / (len(servers) - place)
        try:
            conn = await asyncpg.connect(server, timeout=share, **options)
        except UNAVAILABLE as reason:
            error = reason
        else:
            if len(servers) > 1:
                _accepted_by[dsn] = server
            return conn
    assert error is not None, "a URL names at least one server"
    raise error


def servers_of(dsn: str) -> list[str]:
    """The URL of each server that a URL names, in its order; an unreadable URL is returned as it is."""
    try:
        parts = urlsplit(dsn)
    except ValueError:
        return [dsn]
    login, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return [dsn]
    return [parts._replace(netloc=f"{login}{at}{host}").geturl() for host in hosts.split(",")]


async def reach(dsn: str, *, name: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Open a connection for a command; OperatorError names the host and the cause, never the password."""
    try:
        return await connect(dsn, name=name, unlimited=True)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(f"cannot connect to the database at {host_of(dsn)}: {why(error)}") from None


def host_of(dsn: str) -> str:
    """The hosts in a URL and nothing else: a malformed URL may have its password anywhere."""
    try:
        return ", ".join(_host(urlsplit(server)) for server in servers_of(dsn))
    except ValueError:
        return "an unreadable address"


def _host(parts: SplitResult) -> str:
    return parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]


def why(error: Exception) -> str:
    """The cause in words that cannot repeat parts of the URL."""
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
