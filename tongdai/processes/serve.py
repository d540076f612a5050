"""`tongdai serve`: starts the database and the roles, restarts what ends by itself, and stops all in order.

    run directory → telephony imports its code → database → migrate, prepare → Valkey (with 2 or more API workers)
    → roles → health checks
    └── released in reverse order, at SIGTERM or SIGINT, or when a step of the start fails

Owns, as long as it runs: `run/<pid>` in the data directory; the embedded PostgreSQL, unless `database_url` is set; the
bundled Valkey, if several API workers share limits and `rate_limit_url` is not set; one process of each role. An error
of the start (the port is taken, the database cannot be reached, a migration or `prepare` fails) stops what has been
started and ends this process.

After the start it ends only by a signal. PostgreSQL is restarted when it ends, as often as needed, with the same DSN;
Valkey likewise, with an empty store, and also when it hangs. A role is restarted after BACK_OFF_S, longer after each
failure; one that ran for STEADY_S begins anew. The kernel signals every child when this process dies, however it dies.

`Health` holds the last results of the checks, every CHECK_S: that the database answers, and that the work of each role
is done, whichever process does it (readiness.py), and that the processes of this machine send heartbeats; for the API,
that its port answers. It is ready when all are true, never while it stops, and not on results that are old.
"""

import asyncio
import errno
import os
import shutil
import signal
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import structlog

from tongdai import log as logging
from tongdai.calls import retention
from tongdai.data_dir import ensure_private
from tongdai.db.embedded import server as embedded
from tongdai.db.migrate import migrate
from tongdai.db.pool import Connection, connect, reach
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.dialing import store as dialing
from tongdai.dialing.model import HoldReason
from tongdai.errors import OperatorError
from tongdai.processes import admin
from tongdai.processes.admin import Health
from tongdai.processes.readiness import WorkStatus, work_status
from tongdai.processes.supervised_process import BACK_OFF_S, SupervisedProcess, WaitingProcess, start_waiting
from tongdai.runtime import background
from tongdai.runtime.background import keep_running
from tongdai.runtime.os_process import alive
from tongdai.settings.declarations import ROLES, Role, Settings
from tongdai.settings.sources import ROLE_DSN, ROLE_PARENT, ROLE_SETTINGS, dump
from tongdai.tenants import key_format, store
from tongdai.tenants.rate_limit import valkey
from tongdai.webhooks.deliveries import retention as deliveries

log = structlog.get_logger()

Prepare = Callable[[Connection, Settings], Awaitable[None]]
"""Awaited once, on a migrated database, before the roles start."""

METRICS = "metrics"
CHECK_S = 0.5
ATTACH_S = 3.0
"""How long a command that uses the data directory may keep a server waiting that wants to start."""


def run(
    settings: Settings,
    only: Role | None = None,
    prepare: Prepare | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. `ready` is called with the base URL once requests are answered.

    Raises OperatorError for what an operator can fix.
    """
    logging.configure(settings.log_format, settings.log_level, "serve")
    if only is not None and settings.database_url is None:
        raise OperatorError(f"--only {only} needs a database that the other roles reach too: set --database-url")
    roles: tuple[Role, ...] = ROLES if only is None else (only,)
    asyncio.run(_serve(settings, roles, prepare, ready))


async def _serve(
    settings: Settings, roles: tuple[Role, ...], prepare: Prepare | None, ready: Callable[[str], None] | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    if "api" in roles:
        settings = replace(settings, port=_free_port(settings))
    health = Health(dict.fromkeys(("database", *roles), False))
    async with AsyncExitStack() as stack:
        run_dir = stack.enter_context(_run_dir(Path(settings.data_dir)))
        address = admin.start(settings.admin_host, settings.admin_ports, health, run_dir / METRICS)
        imports = {ROLE_PARENT: str(os.getpid()), "PROMETHEUS_MULTIPROC_DIR": str(run_dir / METRICS)}
        waiting = await stack.enter_async_context(_waiting(roles, os.environ | imports))
        dsn = await stack.enter_async_context(_database(settings))
        await _prepare(settings, settings.session_dsn(dsn), prepare)
        if "api" in roles and settings.workers > 1 and settings.rate_limit_url is None:
            settings = replace(settings, rate_limit_url=await stack.enter_async_context(_limit_store(run_dir)))
        environment = os.environ | imports | {ROLE_SETTINGS: dump(settings), ROLE_DSN: dsn}
        running = await stack.enter_async_context(_running(roles, environment, settings, waiting))
        checks = _HealthChecks(settings, dsn, running, health, ready)
        await stack.enter_async_context(_background("health checks", checks.run))
        log.info("starting", port=settings.port if "api" in roles else None, admin=address, roles=list(roles))
        await stop.wait()
        health.stopping = True
        log.info("stopping")


def _free_port(settings: Settings) -> int:
    """The port, after checking that nothing listens on it: an error of the start, and not of a role."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            hint = "; choose another port with --port" if error.errno == errno.EADDRINUSE else ""
            raise OperatorError(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}{hint}") from None
        return probe.getsockname()[1]


@contextmanager
def _run_dir(data_dir: Path) -> Generator[Path]:
    """`run/<pid>` in the data directory: files that live as long as this process."""
    try:
        own = ensure_private(data_dir, "run") / str(os.getpid())
        for left in own.parent.glob("*"):
            if left == own or not alive(int(left.name)):
                shutil.rmtree(left, ignore_errors=True)
        (own / METRICS).mkdir(parents=True)
    except OSError as error:
        raise OperatorError(f"cannot write in {data_dir}: {error.strerror}") from None
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[str]:
    """The DSN of the external database, or of the embedded one, started and kept running."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    postgres_bin = None if settings.postgres_bin is None else Path(settings.postgres_bin)
    server = await embedded.start(Path(settings.data_dir), postgres_bin, ATTACH_S, settings.shared_buffers_mb)

    async def supervise() -> None:
        nonlocal server
        while True:
            code = await server.wait()
            log.error("postgres ended", code=code)
            while True:
                try:
                    server = await server.restart()
                    break
                except OperatorError as error:
                    log.error("postgres does not start", reason=str(error))  # noqa: TRY400 - a message for operators
                    await asyncio.sleep(BACK_OFF_S[-1])

    try:
        async with _background("postgres", supervise):
            yield server.dsn
    finally:
        await server.stop()


async def _prepare(settings: Settings, dsn: str, prepare: Prepare | None) -> None:
    pepper = key_format.load_pepper(settings.key_pepper, Path(settings.data_dir))
    conn = await reach(dsn, name="tongdai serve")
    try:
        applied = await migrate(conn)
        await retention.create_partitions(conn)
        await deliveries.create_days(conn)
        if applied:
            log.info("migrated", migrations=applied)
        await store.check_pepper(conn, key_format.fingerprint(pepper))
        if settings.dial == "held":
            await dialing.hold(conn, HoldReason.STARTED_HELD)
        if prepare is not None:
            await prepare(conn, settings)
    finally:
        await conn.close()


@asynccontextmanager
async def _limit_store(folder: Path) -> AsyncGenerator[str]:
    """The URL of the Valkey through which the workers of this server share rate limits."""
    server = await valkey.start(folder)

    async def supervise() -> None:
        nonlocal server
        while True:
            log.error("valkey ended", code=await server.watch())
            server = await server.restart()

    try:
        async with _background("valkey", supervise):
            yield server.url
    finally:
        await server.stop()


@asynccontextmanager
async def _waiting(roles: tuple[Role, ...], environment: dict[str, str]) -> AsyncGenerator[dict[Role, WaitingProcess]]:
    """The processes that import their code while the database starts: whoever leads the switch, as nobody sees what
    happens to live calls until then."""
    early: list[Role] = [role for role in roles if role == "telephony"]
    started: dict[Role, WaitingProcess] = {role: await start_waiting(role, environment) for role in early}
    try:
        yield started
    finally:
        for process in started.values():
            await process.stop()


@asynccontextmanager
async def _running(
    roles: tuple[Role, ...],
    environment: dict[str, str],
    settings: Settings,
    waiting: Mapping[Role, WaitingProcess],
) -> AsyncGenerator[dict[Role, SupervisedProcess]]:
    """The processes of the roles; at the end all are stopped concurrently."""
    processes: dict[Role, SupervisedProcess] = {
        role: SupervisedProcess(role, environment, waiting=waiting.get(role)) for role in roles
    }
    async with AsyncExitStack() as stack:
        grace_s = settings.drain_s + 2
        stack.push_async_callback(lambda: asyncio.gather(*(process.stop(grace_s) for process in processes.values())))
        for role, process in processes.items():
            await stack.enter_async_context(_background(role, process.supervise))
        yield processes


@asynccontextmanager
async def _background(name: str, work: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
    """Keep `work()` running for the block."""
    task = asyncio.create_task(keep_running(work, name=name), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class _HealthChecks:
    """Updates `health`, and calls `ready` once, when everything is ready for the first time."""

    def __init__(
        self,
        settings: Settings,
        dsn: str,
        processes: dict[Role, SupervisedProcess],
        health: Health,
        ready: Callable[[str], None] | None,
    ) -> None:
        self._settings, self._dsn, self._processes = settings, dsn, processes
        self._health, self._ready = health, ready
        self._reported = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._check()
            if self._health.ready and not self._reported:
                self._reported = True
                if self._ready is not None:
                    self._ready(f"http://{_reachable(self._settings.host)}:{self._settings.port}")
            await asyncio.sleep(CHECK_S if self._reported else 0.05)

    async def _check(self) -> None:
        work, health = await _work_status(self._dsn), self._health
        health.checks["database"] = work is not None
        for role, process in self._processes.items():
            match role:
                case "api":
                    done = process.works and await _api_answers(self._settings)
                case "engine":
                    done = process.works and work is not None and work.imports
                case "telephony":
                    done = process.works and work is not None and work.leads(self._settings.switch)
            health.checks[role] = done
        if work is not None:
            health.heartbeats, health.import_claim_s = work.heartbeats, work.import_claim_s
            health.hold = work.hold
        children = [task for process in self._processes.values() for task in process.failing_tasks]
        health.failing_tasks = sorted([*background.failing(), *children])
        health.checked_at = time.monotonic()


async def _work_status(dsn: str) -> WorkStatus | None:
    """The status of the work; None: the database does not answer."""
    try:
        conn = await connect(dsn, name="tongdai health", timeout=2)
        try:
            async with asyncio.timeout(2):
                return await work_status(conn)
        finally:
            conn.terminate()
    except UNAVAILABLE:
        return None


def _reachable(host: str) -> str:
    """An address of this machine that `host` listens on, as a URL writes it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host


async def _api_answers(settings: Settings) -> bool:
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(_reachable(settings.host).strip("[]"), settings.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
