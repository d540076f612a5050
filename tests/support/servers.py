"""The server as installed: the program with all its processes, on a data directory. Linux only: uses /proc."""

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import asyncpg
import httpx2

from tests.support import data_directories
from tests.support.api import PEPPER
from tests.support.databases import environment_of, session_of
from tongdai.db.embedded import server as embedded
from tongdai.db.embedded.cluster import dsn_of
from tongdai.db.pool import connect
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.runtime.os_process import die_with_parent
from tongdai.testing import factories

MARK = "TONGDAI_TEST_SERVER"
START_S = 60.0
LOADED, LONGEST_WAIT_S = 5, 100.0
"""How many times longer than usual anything may take on a loaded machine, and the longest wait: the time-out of a test,
less what it does besides."""
Role = Literal["serve", "postgres", "valkey", "api", "worker", "engine", "telephony"]
"""`api` is the main process of the API, `worker` its children that answer; `postgres` is the postmaster."""


async def eventually(
    condition: Callable[[], object | Awaitable[object]],
    within_s: float,
    what: str | Callable[[], str],
    poll_s: float = 0.02,
) -> Any:
    """Poll the condition until it is true and return its value; AssertionError naming `what` when it hangs.

    `within_s`: how long it takes at most on a machine that does nothing else. That is no assertion: LOADED times as
    long are waited."""
    longest_s = min(within_s * LOADED, LONGEST_WAIT_S)
    deadline = time.monotonic() + longest_s
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {longest_s:g} s: {what if isinstance(what, str) else what()}")
        await asyncio.sleep(poll_s)


class Server:
    """`tongdai serve` and all its processes. `start` again after it ended: the data directory stays."""

    def __init__(self, data_dir: Path, *flags: str, **settings: object) -> None:
        self.data_dir = data_dir
        self.log = data_dir.with_name(f"{data_dir.name}-{secrets.token_hex(4)}.log")
        self.url = self.admin_url = ""
        self._flags = [*flags] if any(flag.startswith("--port") for flag in flags) else [*flags, "--port", "0"]
        self._mark = secrets.token_hex(8)
        # Limits that no test meets by accident; `settings` win.
        defaults = {"key_pepper": PEPPER, "tenant_limit": 1_000_000, "route_limit": 1_000_000, "log_format": "json"}
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("TONGDAI_")} | {
            f"TONGDAI_{name.upper()}": str(value) for name, value in (defaults | settings).items()
        }
        if "TONGDAI_DATABASE_URL" in self.environment:
            self.environment |= environment_of(self.environment["TONGDAI_DATABASE_URL"])
        self.environment[MARK] = self._mark
        self._process: subprocess.Popen[bytes] | None = None
        self._seen = 0

    async def start(self, within_s: float = START_S) -> None:
        """Start the server; returns once it logs that it is ready. AssertionError with its log when it ends instead."""
        self.spawn()
        await eventually(lambda: self._ready() or not self.running, within_s, "ready", poll_s=0.05)
        assert self.running, f"ended with {self.exit_code}: {self.log_text()[-2000:]}"

    def spawn(self) -> None:
        assert not self.running
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        command = [sys.executable, "-m", "tongdai.cli", "serve", "--data-dir", str(self.data_dir), *self._flags]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                process_group=0,
                preexec_fn=lambda: die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - tests that are themselves killed leave nothing
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        assert self._process is not None
        return self._process.poll()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, sig: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(sig)

    async def ended(self, within_s: float = 30) -> int:
        """Wait until no process of the server is left; the exit code."""
        await eventually(lambda: not self.running, within_s, "the supervisor to end")
        await eventually(lambda: not self.processes(), within_s, self._left)
        assert self.exit_code is not None
        return self.exit_code

    def _left(self) -> str:
        return f"no process to be left: {self.processes()}"

    async def stop(self) -> int:
        """Send SIGTERM and wait, as an operator does."""
        if self.running:
            self.send(signal.SIGTERM)
        return await self.ended()

    def end(self) -> None:
        """Leave no process behind, however the test went."""
        if self.running:
            self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(10)
        deadline = time.monotonic() + 15
        while left := self.processes():
            if time.monotonic() > deadline - 10:
                for pid in left:
                    _kill(pid, signal.SIGKILL)
            assert time.monotonic() < deadline, left
            for pid in left:
                _kill(pid, signal.SIGCONT)
            time.sleep(0.05)

    # Its processes

    def processes(self) -> dict[int, str]:
        """Living processes by pid, with their command lines. Orphans are found by our mark or their folder."""
        found: dict[int, str] = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                if self._ours(folder):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except OSError:
                continue
        return found

    def _ours(self, folder: Path) -> bool:
        if f"{MARK}={self._mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
            return True
        return (folder / "cwd").readlink().is_relative_to(self.data_dir.resolve())

    def pids(self, role: Role) -> list[int]:
        """Pids of the living processes of a role, oldest first."""
        if role == "serve":
            return [self.pid] if self.running else []
        children = _children(self.pid)
        match role:
            case "postgres" | "valkey":
                return [pid for pid in children if role in _words(pid)[0]]
            case "worker":
                worker = ["tongdai.processes.roles", "api-worker"]
                return [pid for api in self.pids("api") for pid in _children(api) if _words(pid)[-2:] == worker]
            case _:
                return [pid for pid in children if _words(pid)[-2:] == ["tongdai.processes.roles", role]]

    async def pid_of(self, role: Role, within_s: float = START_S) -> int:
        """The oldest process of a role, once there is one."""
        return (await eventually(lambda: self.pids(role), within_s, f"a process {role}"))[0]

    def send_to(self, pid: int, sig: signal.Signals) -> bool:
        """Send a signal to one of its processes; False when it has ended."""
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            return False
        return True

    @asynccontextmanager
    async def suspended(self, role: Role) -> AsyncGenerator[int]:
        """Suspend the oldest process of a role for the block, with the supervisor, which would replace it; its pid."""
        pid = await self.pid_of(role)
        for each in (self.pid, pid):
            self.send_to(each, signal.SIGSTOP)
        try:
            yield pid
        finally:
            for each in (pid, self.pid):
                self.send_to(each, signal.SIGCONT)

    async def kill(self, role: Role, sig: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to the oldest process of a role; its pid."""
        pid = await self.pid_of(role)
        _kill(pid, sig)
        return pid

    # Its log and health

    def log_text(self, name: str | None = None) -> str:
        """The log of all its processes but the database, or a file of the data directory."""
        path = self.log if name is None else self.data_dir / name
        return path.read_text(errors="replace") if path.exists() else ""

    def _ready(self) -> bool:
        """Whether this start is complete; finds the addresses in the log."""
        text = self.log.read_bytes()[self._seen :].decode(errors="replace")
        for line in text.splitlines():
            if line.startswith("{") and '"starting"' in line:
                self.admin_url = f"http://{json.loads(line)['admin']}"
        found = re.search(r"^tongdai: (?:ready on (\S+)|(?:engine|telephony) ready)$", text, re.MULTILINE)
        if found is None:
            return False
        self.url = found[1] or ""
        return True

    async def readiness(self) -> int:
        """The status of /health/ready; 0 when nobody answers."""
        async with httpx2.AsyncClient(timeout=5) as client:
            try:
                return (await client.get(f"{self.admin_url}/health/ready")).status_code
            except httpx2.TransportError:
                return 0

    # Its database

    @property
    def dsn(self) -> str:
        """The DSN of the embedded server, or of the external one that the settings name."""
        return self.environment.get("TONGDAI_DATABASE_URL") or dsn_of(self.data_dir)

    @asynccontextmanager
    async def database(self) -> AsyncGenerator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection of our own, once the database accepts one."""
        conn = await eventually(self._connect, START_S, "the database")
        try:
            yield conn
        finally:
            conn.terminate()

    async def _connect(self) -> "asyncpg.Connection[asyncpg.Record] | None":
        try:
            external = self.environment.get("TONGDAI_DATABASE_URL")
            dsn = session_of(external) if external else await embedded.attach(self.data_dir)
            return None if dsn is None else await connect(dsn, name="tests")
        except (*UNAVAILABLE, asyncpg.PostgresError):
            return None

    async def key(self, **options: Any) -> factories.Key:
        """A key, of a tenant of its own unless one is given."""
        async with self.database() as conn:
            return await factories.key(conn, PEPPER.encode(), **options)


@asynccontextmanager
async def serving(data_dir: Path, *flags: str, **settings: object) -> AsyncGenerator[Server]:
    """A server that is ready within the block; after it no process is left.

    A data directory that does not exist is made as a copy of one with a migrated database.
    """
    server = Server(data_dir, *flags, **settings)
    try:
        if "database_url" not in settings and not data_dir.exists():
            await data_directories.copy_to(data_dir)
        await server.start()
        yield server
    finally:
        server.end()


def api_alone(data_dir: Path, dsn: str, **settings: object) -> AbstractAsyncContextManager[Server]:
    """`serving` the API alone, on a migrated database, for tests that need no other role."""
    return serving(data_dir, "--only", "api", database_url=dsn, **settings)


def _children(parent: int) -> list[int]:
    try:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return []
    return sorted(int(pid) for pid in found if _words(int(pid))[0])


def _words(pid: int) -> list[str]:
    """The command line; [""] of a process that is gone, or is not waited for."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode(errors="replace").split("\0")
    except OSError:
        return [""]


def _kill(pid: int, sig: signal.Signals) -> None:
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return
