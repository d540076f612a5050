"""The embedded PostgreSQL 18 in a data directory: one process owns the server, others find it.

postgres/           the cluster and its socket, 0700, owned by the user that runs it
postgres.lock       flock of the owner; its pid, for messages
postgres.password   the password of role `tongdai`, 0600
postgres.log        the server's log; each of its processes has it open, so a flock on it lasts while any of them runs
postgres.clients    shared flock of every client inside `database`; the last one to leave stops the server

    no owner ── start: flock ──▶ owner: wait until the previous instance has ended → initdb, the first time → launch
      ▲                            ├── the server ends (crash, OOM kill, SIGKILL) ─▶ `wait` returns ─▶ `restart`
      └── stop, or the owner dies ─┴── `stop`: fast shutdown, checkpoint, flock released

The owner (`tongdai serve`, or the first command inside `database`) restarts the server after a crash; no other process
does. However the owner dies, SIGKILL included, the kernel releases its flock and sends the server SIGINT, a fast
shutdown with a checkpoint. The next start waits, at most PREVIOUS_INSTANCE_S, until every process of the previous
instance has ended, so two servers never run on one cluster. After a crash or a SIGKILL of the server, PostgreSQL
recovers from its WAL when it starts, which may take minutes (START_S); nothing that was committed is lost.

Clients trust neither pids nor files: a server is there when it answers a query with the password of the data directory.
"""

import asyncio
import fcntl
import io
import math
import os
import signal
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tongdai.db.embedded import exchange
from tongdai.db.embedded.cluster import (
    START_S,
    drop_stale_pid,
    dsn_of,
    ensure_folder,
    initialise,
    is_made,
    open_private,
    password_of,
    tail,
)
from tongdai.db.embedded.programs import CWD, POLL_S, find_programs, spawn, until, user_for
from tongdai.db.embedded.tuning import settings
from tongdai.errors import OperatorError

PREVIOUS_INSTANCE_S = 60
"""How long a start waits for the previous instance: a fast shutdown writes a checkpoint."""
LOG_BYTES = 10 * 2**20

# Exceptions while the server starts, stops or has no free connection.
_NOT_THERE = (
    FileNotFoundError,
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.TooManyConnectionsError,
)


class _InUse(OperatorError):
    pass


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A server that this process owns. However this process ends, the kernel shuts the server down (on Linux)."""

    dsn: str
    """DSN over the unix socket with the password, for asyncpg and libpq."""
    process: subprocess.Popen[bytes]
    data_dir: Path
    postgres_bin: Path | None
    shared_buffers_mb: int | None
    lock: io.FileIO

    async def wait(self) -> int:
        """Wait until the server has ended and return its exit code; then `restart` or `stop`."""
        await until(lambda: self.process.poll() is not None, math.inf, poll_s=0.1)
        return self.process.wait()

    async def restart(self) -> "EmbeddedServer":
        """Start a new server under the same ownership, with the same DSN. Fails as `start` does; may be retried."""
        await _end(self.process)
        return await _launch(self.data_dir, self.postgres_bin, self.shared_buffers_mb, self.lock)

    async def stop(self) -> None:
        """End sessions, write a checkpoint and give up ownership. Idempotent."""
        await _end(self.process)
        self.lock.close()


async def start(
    data_dir: Path, postgres_bin: Path | None, wait_s: float = 0.5, shared_buffers_mb: int | None = None
) -> EmbeddedServer:
    """Become the owner of the server in `data_dir`, creating it at first; it accepts connections on return.

    `shared_buffers_mb` None: a share of the machine's memory. Raises OperatorError, also when another process owns it
    for `wait_s`. Call it on the main thread.
    """
    data_dir = ensure_folder(data_dir)
    lock = await _own(data_dir, wait_s)
    try:
        return await _launch(data_dir, postgres_bin, shared_buffers_mb, lock)
    except BaseException:
        lock.close()
        raise


async def attach(data_dir: Path, wait_s: float = 15) -> str | None:
    """The DSN of another process's server, verified by a connection; None when there is no owner.

    Waits while an owner is starting or stopping; raises OperatorError when that takes longer.
    """
    deadline = asyncio.get_running_loop().time() + wait_s
    while _owned(data_dir):
        if dsn := await _answer(data_dir):
            return dsn
        if asyncio.get_running_loop().time() > deadline:
            raise OperatorError(
                f"process {_owner(data_dir)} owns the database in {data_dir}, which has not answered in {wait_s:g} s"
            )
        await asyncio.sleep(POLL_S)
    return None


@asynccontextmanager
async def database(data_dir: Path, postgres_bin: Path | None, wait_s: float = 15) -> AsyncGenerator[str, None]:
    """The DSN of the server in `data_dir`: another process's, or one that runs until the last such block ends."""
    data_dir = ensure_folder(data_dir)
    with open_private(data_dir / "postgres.clients") as clients:
        await until(lambda: _flock(clients, fcntl.LOCK_SH), wait_s)
        server = await _attach_or_start(data_dir, postgres_bin, wait_s)
        if isinstance(server, str):
            yield server
            return
        try:
            yield server.dsn
        finally:
            await until(lambda: _flock(clients, fcntl.LOCK_EX), wait_s)
            await server.stop()


async def _attach_or_start(data_dir: Path, postgres_bin: Path | None, wait_s: float) -> EmbeddedServer | str:
    while True:
        if dsn := await attach(data_dir, wait_s):
            return dsn
        try:
            return await start(data_dir, postgres_bin, wait_s=0)
        except _InUse:  # another process was faster
            await asyncio.sleep(POLL_S)


# Ownership


async def own(data_dir: Path) -> io.FileIO:
    """Lock a data directory on which no server runs; closing the file unlocks it. OperatorError when one runs."""
    lock = await _own(data_dir, wait_s=0.5)
    try:
        (await _lock_log(data_dir / "postgres.log")).close()
    except BaseException:
        lock.close()
        raise
    return lock


def owner_of(data_dir: Path) -> str | None:
    """The process that runs the server of a data directory; None: there is none."""
    return _owner(data_dir) if _owned(data_dir) else None


async def _own(data_dir: Path, wait_s: float) -> io.FileIO:
    lock = open_private(data_dir / "postgres.lock")
    # Retries for a moment: a process in `attach` takes the lock briefly to see whether it is free.
    if not await until(lambda: _flock(lock, fcntl.LOCK_EX), wait_s):
        lock.close()
        raise _InUse(f"data directory {data_dir} is in use by process {_owner(data_dir)}")
    lock.truncate(0)
    lock.write(b"%d\n" % os.getpid())
    return lock


def _owned(data_dir: Path) -> bool:
    try:
        with io.FileIO(data_dir / "postgres.lock") as lock:
            return not _flock(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False
    except PermissionError:
        raise OperatorError(f"no access to {data_dir}: run as the user that owns it") from None


def _owner(data_dir: Path) -> str:
    return (data_dir / "postgres.lock").read_text().strip() or "unknown"


def _flock(file: io.FileIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# Start and stop


async def _launch(
    data_dir: Path, postgres_bin: Path | None, shared_buffers_mb: int | None, lock: io.FileIO
) -> EmbeddedServer:
    cluster = data_dir / "postgres"
    exchange.finish(data_dir)
    made = is_made(cluster)
    user = user_for(cluster)
    programs = await asyncio.to_thread(find_programs, postgres_bin, user)
    password = password_of(data_dir)
    with await _lock_log(data_dir / "postgres.log") as log:
        if not made:
            await initialise(cluster, programs, user, password, log)
        drop_stale_pid(cluster)
        tuning = settings(data_dir, shared_buffers_mb)
        flags = [part for name, value in tuning.items() for part in ("-c", f"{name}={value}")]
        # A fast shutdown, not an immediate one: it writes a checkpoint, so that the next start has nothing to
        # recover.
        process = spawn([programs / "postgres", "-D", CWD, *flags], cluster, user, log, None, signal.SIGINT)
    try:
        dsn = await _ready(process, data_dir)
    except BaseException:
        await _end(process)
        raise
    return EmbeddedServer(dsn, process, data_dir, postgres_bin, shared_buffers_mb, lock)


async def _ready(process: subprocess.Popen[bytes], data_dir: Path) -> str:
    deadline = asyncio.get_running_loop().time() + START_S
    while process.poll() is None and asyncio.get_running_loop().time() < deadline:
        if dsn := await _answer(data_dir, create=True):
            return dsn
        await asyncio.sleep(POLL_S)
    raise OperatorError(f"PostgreSQL in {data_dir} did not start: {tail(data_dir)}")


async def _answer(data_dir: Path, create: bool = False) -> str | None:
    """The DSN, if the server accepts a connection with it; None when it is not running, or not yet."""
    try:
        dsn = dsn_of(data_dir)
        if create:
            await _create_database(dsn)
        else:
            await _execute(dsn, "tongdai", "select")
    except _NOT_THERE:
        return None
    except PermissionError:
        raise OperatorError(f"no access to the database in {data_dir}: run as the user that owns it") from None
    except asyncpg.InvalidPasswordError:
        raise OperatorError(f"{data_dir / 'postgres.password'} is not the password of the database beside it") from None
    return dsn


async def _create_database(dsn: str) -> None:
    """Create the database if it is missing: checked at each start, as a crash may have prevented its creation."""
    try:
        await _execute(dsn, "tongdai", "select")
    except asyncpg.InvalidCatalogNameError:
        await _execute(dsn, "postgres", "create database tongdai")


async def _execute(dsn: str, database: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, database=database, timeout=10)
    await connection.execute(statement)
    await connection.close()


async def _end(process: subprocess.Popen[bytes]) -> None:
    """Shut down fast, then immediately, then by SIGKILL; the next start then recovers from the WAL."""
    for sig, wait_s in ((signal.SIGINT, 20), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        if process.poll() is None:
            process.send_signal(sig)
            await until(lambda: process.poll() is not None, wait_s)


async def _lock_log(path: Path) -> io.FileIO:
    """Open and lock the log, which proves that every process of a previous instance or of initdb has ended.

    A pid proves nothing, as another program may have it now.
    """
    log = open_private(path)
    if not await until(lambda: _flock(log, fcntl.LOCK_EX), PREVIOUS_INSTANCE_S):
        log.close()
        raise OperatorError(f"the previous instance in {path.parent} has not ended in {PREVIOUS_INSTANCE_S} s")
    return log if os.fstat(log.fileno()).st_size <= LOG_BYTES else _rotated(path, log)


def _rotated(path: Path, log: io.FileIO) -> io.FileIO:
    log.close()
    path.replace(path.with_name("postgres.log.1"))
    log = open_private(path)
    _flock(log, fcntl.LOCK_EX)
    return log
