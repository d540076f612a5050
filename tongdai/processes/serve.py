"""`tongdai serve`: starts the database and the roles, starts again what dies, and stops all in order."""

import asyncio
import errno
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import asyncpg
import structlog

from tongdai import log as logging
from tongdai.calls import retention
from tongdai.db.embedded import server as embedded
from tongdai.db.migrate import migrate
from tongdai.db.pool import UNREACHABLE, Connection, connect, reach
from tongdai.errors import OperatorError
from tongdai.os_process import alive
from tongdai.processes import admin
from tongdai.processes.admin import Health
from tongdai.processes.readiness import WorkStatus, work_status
from tongdai.settings import ROLE_DSN, ROLE_PARENT, ROLE_SETTINGS, Settings, dump
from tongdai.tenants import key_format, store
from tongdai.tenants.rate_limit import valkey

log = structlog.get_logger()

Role = Literal["api", "engine", "telephony"]
Prepare = Callable[[Connection, Settings], Awaitable[None]]
"""Awaited once, on a migrated database, before the roles start."""

BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits before a role that died is started again; one that lived for STEADY_S begins anew."""
STEADY_S = 5.0
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

    Raises OperatorError for what an operator can mend.
    """
    logging.configure(settings.log_format, settings.log_level, "serve")
    if only is not None and settings.database_url is None:
        raise OperatorError(f"--only {only} needs a database that the other roles reach too: set --database-url")
    roles: tuple[Role, ...] = ("api", "engine", "telephony") if only is None else (only,)
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
        dsn = await stack.enter_async_context(_database(settings))
        await _prepare(settings, settings.session_dsn(dsn), prepare)
        if "api" in roles and settings.workers > 1 and settings.rate_limit_url is None:
            settings = replace(settings, rate_limit_url=await stack.enter_async_context(_limit_store(run_dir)))
        environment = os.environ | {
            ROLE_SETTINGS: dump(settings),
            ROLE_DSN: dsn,
            ROLE_PARENT: str(os.getpid()),
            "PROMETHEUS_MULTIPROC_DIR": str(run_dir / METRICS),
        }
        kept = await stack.enter_async_context(_running(roles, environment, settings))
        await stack.enter_async_context(_background(_watch(settings, dsn, kept, health, ready)))
        log.info("started", port=settings.port if "api" in roles else None, admin=address, roles=list(roles))
        await stop.wait()
        health.stopping = True
        log.info("stopping")


def _free_port(settings: Settings) -> int:
    """The port, once it is known that nobody listens there: workers share theirs, and would with a stranger."""
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
    """`run/<pid>` below the data directory: what lives as long as this process."""
    own = data_dir / "run" / str(os.getpid())
    try:
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
    server = await embedded.start(Path(settings.data_dir), postgres_bin, ATTACH_S)

    async def keep() -> None:
        nonlocal server
        while True:
            code = await server.wait()
            log.error("postgres ended", code=code)
            while True:
                try:
                    server = await server.restart()
                    break
                except OperatorError as error:
                    log.error("postgres does not start", why=str(error))  # noqa: TRY400 - a message for operators
                    await asyncio.sleep(BACK_OFF_S[-1])

    try:
        async with _background(keep()):
            yield server.dsn
    finally:
        await server.stop()


async def _prepare(settings: Settings, dsn: str, prepare: Prepare | None) -> None:
    pepper = key_format.load_pepper(settings.key_pepper, Path(settings.data_dir))
    conn = await reach(dsn, name="tongdai serve")
    try:
        applied = await migrate(conn)
        await retention.create_partitions(conn)
        if applied:
            log.info("migrated", migrations=applied)
        await store.check_pepper(conn, key_format.fingerprint(pepper))
        if prepare is not None:
            await prepare(conn, settings)
    finally:
        await conn.close()


@asynccontextmanager
async def _limit_store(folder: Path) -> AsyncGenerator[str]:
    """The URL of the Valkey that this machine's workers share their limits through."""
    server = await valkey.start(folder)

    async def keep() -> None:
        nonlocal server
        while True:
            log.error("valkey ended", code=await server.wait())
            server = await valkey.start(folder)

    try:
        async with _background(keep()):
            yield server.url
    finally:
        await server.stop()


class _Kept:
    """A role's process, started again whenever it ends by itself."""

    def __init__(self, role: Role, environment: dict[str, str]) -> None:
        self._role = role
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def keep(self) -> None:
        """For ever."""
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            born = loop.time()
            # A group of its own: Ctrl-C in a terminal reaches this process alone, which then stops the roles.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tongdai.processes.roles", self._role, env=self._environment, process_group=0
            )
            code = await self._process.wait()
            failures = 0 if loop.time() - born > STEADY_S else min(failures + 1, len(BACK_OFF_S) - 1)
            log.error("role ended", role=self._role, code=code, again_in_s=BACK_OFF_S[failures])
            await asyncio.sleep(BACK_OFF_S[failures])

    async def stop(self, grace_s: float) -> None:
        """Its time to drain, and no more."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), grace_s)
            except TimeoutError:
                log.warning("killed after its time to stop", role=self._role)
                process.kill()
                await process.wait()


@asynccontextmanager
async def _running(
    roles: tuple[Role, ...], environment: dict[str, str], settings: Settings
) -> AsyncGenerator[dict[Role, _Kept]]:
    """The roles' processes; at the end all are stopped at once."""
    kept: dict[Role, _Kept] = {role: _Kept(role, environment) for role in roles}
    async with AsyncExitStack() as stack:
        stack.push_async_callback(lambda: asyncio.gather(*(role.stop(settings.drain_s + 2) for role in kept.values())))
        for role in kept.values():
            await stack.enter_async_context(_background(role.keep()))
        yield kept


@asynccontextmanager
async def _background(work: Awaitable[None]) -> AsyncGenerator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(
    settings: Settings,
    dsn: str,
    kept: dict[Role, _Kept],
    health: Health,
    ready: Callable[[str], None] | None,
) -> None:
    """Keep `health` true, and tell `ready` the first time that it is."""
    reported = False
    while True:
        work = await _work_status(dsn)
        health.checks["database"] = work is not None
        for role, process in kept.items():
            match role:
                case "api":
                    done = process.alive and await _api_answers(settings)
                case "engine":
                    done = process.alive and work is not None and work.imports
                case "telephony":
                    done = work is not None and work.leads(settings.switch)
            health.checks[role] = done
        if work is not None:
            health.heartbeats, health.import_claim_s = work.heartbeats, work.import_claim_s
        if health.ready and not reported:
            reported = True
            if ready is not None:
                ready(f"http://{_reachable(settings.host)}:{settings.port}")
        await asyncio.sleep(CHECK_S if reported else 0.05)


async def _work_status(dsn: str) -> WorkStatus | None:
    """None: the database does not answer."""
    try:
        conn = await connect(dsn, name="tongdai health", timeout=2)
    except UNREACHABLE:
        return None
    try:
        async with asyncio.timeout(2):
            return await work_status(conn)
    except (*UNREACHABLE, asyncpg.PostgresError):
        return None
    finally:
        conn.terminate()


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
