"""A primary and a synchronous standby, of the bundled PostgreSQL, for tests of a failover.

Every acknowledged commit is on the disk of the standby: `synchronous_commit` is on, and `synchronous_standby_names` is
set after the base backup. The standby therefore has no such setting: promoted, it acknowledges alone.
"""

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

from tests.support.servers import eventually
from tongdai.db.embedded.programs import User, find_programs, spawn, user_for
from tongdai.db.pool import connect
from tongdai.db.unavailable import UNAVAILABLE

START_S = 60.0


class Node:
    """One PostgreSQL server, in a folder of its own."""

    def __init__(self, folder: Path, programs: Path, user: User | None) -> None:
        self.port = _free_port()
        self.folder = folder
        self._programs = programs
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        return f"postgresql://tongdai@127.0.0.1:{self.port}/{database}"

    async def run(self, program: str, *args: str) -> None:
        """Run one of PostgreSQL's programs to its end, in this node's folder."""
        with (self.folder.parent / f"{self.folder.name}.log").open("ab", buffering=0) as log:
            process = spawn([self._programs / program, *args], self.folder, self._user, log, None, signal.SIGKILL)
            code = await asyncio.to_thread(process.wait)
        assert code == 0, (self.folder.parent / f"{self.folder.name}.log").read_text()[-2000:]

    async def start(self, **settings: str) -> None:
        """Start the server; returns once it accepts connections."""
        options = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "", **settings}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab", buffering=0) as log:
            argv = [self._programs / "postgres", "-D", ".", *flags]
            self._process = spawn(argv, self.folder, self._user, log, None, signal.SIGQUIT)
        await eventually(self._answers, START_S, f"the server on port {self.port}")

    async def _answers(self) -> bool:
        try:
            conn = await connect(self.url("postgres"), name="tests")
        except (*UNAVAILABLE, asyncpg.PostgresError):
            return False
        await conn.close()
        return True

    def stop_still(self) -> None:
        """Suspend every process of the server, as on a machine that hangs: sockets stay open and nothing answers."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def kill(self) -> None:
        """Kill every process of the server at once, suspended ones too."""
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(10)

    def _pids(self) -> list[int]:
        """All processes, the postmaster first, so that it restarts none."""
        if self._process is None:
            return []
        parent = self._process.pid
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        except OSError:
            return []
        return [parent, *map(int, children)]


class Pair:
    """Two nodes: `primary`, and `standby`, which follows it until it is promoted."""

    def __init__(self, primary: Node, standby: Node) -> None:
        self.primary = primary
        self.standby = standby

    @property
    def url(self) -> str:
        """A URL with both hosts, as an installation is configured."""
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        return f"postgresql://tongdai@{hosts}/tongdai?target_session_attrs=read-write"

    async def promote(self) -> None:
        """Promote the standby, once the primary is gone or fenced."""
        conn = await connect(self.standby.url("postgres"), name="tests")
        assert await conn.fetchval("select pg_promote(true, 60)")
        await conn.close()


@asynccontextmanager
async def replicated() -> AsyncGenerator[Pair]:
    """A pair with an empty database `tongdai`."""
    with tempfile.TemporaryDirectory(prefix="td-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        user = user_for(folder / "a")
        programs = find_programs(None, user)
        for node in ("a", "b"):
            (folder / node).mkdir(mode=0o700)
            if user is not None:
                os.chown(folder / node, user.uid, user.gid)
        primary, standby = Node(folder / "a", programs, user), Node(folder / "b", programs, user)
        try:
            await _begin(primary, standby)
            yield Pair(primary, standby)
        finally:
            for node in (primary, standby):
                node.kill()


async def _begin(primary: Node, standby: Node) -> None:
    await primary.run("initdb", "-D", ".", "--username=tongdai", "--auth=trust", "--encoding=UTF8", "--locale=C")
    await primary.start()
    conn = await connect(primary.url("postgres"), name="tests")
    await conn.execute("create database tongdai")
    source = f"host=127.0.0.1 port={primary.port} user=tongdai application_name=standby"
    await standby.run("pg_basebackup", "-D", ".", "-d", source, "-R", "-X", "stream", "-c", "fast")
    await standby.start()
    await conn.execute("alter system set synchronous_standby_names = 'standby'")
    await conn.execute("select pg_reload_conf()")
    synchronous = "select exists (select from pg_stat_replication where sync_state = 'sync')"
    await eventually(lambda: conn.fetchval(synchronous), START_S, "the standby to be synchronous")
    await conn.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
