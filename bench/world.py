"""The world of every benchmark: a data directory with a tenant, its database, and processes that end with us."""

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tongdai.campaigns import store as campaigns
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import DEFAULT_LIST, NewContact
from tongdai.db.embedded import server as embedded
from tongdai.db.migrate import migrate
from tongdai.db.pool import Connection, connect
from tongdai.ids import CampaignId, ListId, TenantId
from tongdai.runtime.os_process import die_with_parent
from tongdai.settings.declarations import Settings
from tongdai.tenants import key_format, store
from tongdai.testing import factories

CONTACTS = 1000
"""In the list that pages are of."""
SLOW_S = 20.0
PAGED = 9_900_000
"""The first number of the list that pages are of; all below is free for fresh ones."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much the long benchmarks do; what is written down is measured with these."""

    rows: int = 1_000_000
    """Rows of a large file that is imported."""
    held: int = 5_000_000
    """Contacts that a large campaign has."""
    rounds: int = 3
    """Rounds of sides whose turn takes minutes."""


@dataclass(frozen=True, slots=True)
class World:
    data_dir: Path
    key: str
    pepper: bytes
    tenant_id: TenantId
    campaign_id: CampaignId
    list_id: ListId
    spare: Iterator[CampaignId]
    """Empty campaigns with one list each."""
    sizes: Sizes = field(default_factory=Sizes)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(0, 100_000))
    """Each gives 100,000 numbers (see factories.vn_mobile) to whoever takes it."""

    @property
    def page_path(self) -> str:
        return f"/v1/campaigns/{self.campaign_id}/contact-lists/{self.list_id}/contacts"

    def settings(self, port: int) -> Settings:
        """The product's settings, but with limits that never refuse."""
        return Settings(data_dir=str(self.data_dir), port=port, tenant_limit=100_000_000, route_limit=100_000_000)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        length: int | None = None,
        content_type: str = "application/json",
    ) -> bytes:
        """On the wire. `length` is for a body that is filled in or follows later."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: {self.key}\r\n"
        if body is not None:
            head += f"Content-Type: {content_type}\r\nContent-Length: {length or len(body)}\r\n"
        return f"{head}\r\n".encode() + (body or b"")


def made(data_dir: Path, sizes: Sizes) -> World:
    """A fresh world, its database stopped again."""
    with database(data_dir) as dsn:
        return asyncio.run(_make(data_dir, dsn, sizes))


@contextmanager
def database(data_dir: Path) -> Generator[str]:
    """The DSN of the embedded server, for as long as the block lasts."""
    server = asyncio.run(embedded.start(data_dir, None, wait_s=5))
    try:
        yield server.dsn
    finally:
        asyncio.run(server.stop())


async def _make(data_dir: Path, dsn: str, sizes: Sizes) -> World:
    conn = await connect(dsn, name="bench")
    try:
        await migrate(conn)
        pepper = key_format.load_pepper(None, data_dir)
        await store.check_pepper(conn, key_format.fingerprint(pepper))
        key, campaign_id, list_id = await _tenant(conn, pepper)
        spare = [(await _campaign(conn, key.tenant_id))[0] for _ in range(20)]
        await conn.execute("vacuum analyze")
        return World(data_dir, key.value, pepper, key.tenant_id, campaign_id, list_id, iter(spare), sizes)
    finally:
        await conn.close()


def another_tenant(on: World, dsn: str) -> World:
    """The world as another tenant sees it, with a list as large; it has no spare campaigns."""

    async def make() -> World:
        conn = await connect(dsn, name="bench")
        try:
            key, campaign_id, list_id = await _tenant(conn, on.pepper)
        finally:
            await conn.close()
        return World(on.data_dir, key.value, on.pepper, key.tenant_id, campaign_id, list_id, iter(()), on.sizes)

    return asyncio.run(make())


async def _tenant(conn: Connection, pepper: bytes) -> tuple[factories.Key, CampaignId, ListId]:
    """A tenant with a campaign and the list that pages are of."""
    key = await factories.key(conn, pepper)
    campaign_id, list_id = await _campaign(conn, key.tenant_id)
    numbers = (factories.vn_mobile(PAGED + i) for i in range(CONTACTS))
    rows = [NewContact(phone="+84" + n[1:], name=f"Nguyen Van {i}") for i, n in enumerate(numbers)]
    async with conn.transaction():
        await bulk_store.add_many(conn, key.tenant_id, campaign_id, list_id, rows)
    return key, campaign_id, list_id


async def _campaign(conn: Connection, tenant_id: TenantId) -> tuple[CampaignId, ListId]:
    made = await campaigns.create(conn, tenant_id, "Benchmark", "CAMPAIGN_CALL_AUTO", None, None)
    return made.campaign_id, await contacts.list_named(conn, tenant_id, made.campaign_id, DEFAULT_LIST)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def process(arguments: list[str], environment: dict[str, str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    """`python …` with standard error in a file; ended with the block, and by the kernel should we be killed."""
    with log.open("ab") as stderr:
        started = subprocess.Popen(
            [sys.executable, *arguments],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no thread runs here
        )
    try:
        yield started
    finally:
        end(started)


def end(started: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        started.terminate()
    try:
        started.wait(SLOW_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def ask(port: int, request: bytes, timeout_s: float = SLOW_S) -> tuple[int, bytes]:
    """Status and body of one request on a connection of its own. OSError when nobody answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as sock:
        sock.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        data = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        raise ConnectionError(f"no HTTP answer: {data[:100]!r}")
    return int(head[9:12]), body


def first_answer(port: int, request: bytes, running: subprocess.Popen[bytes], log: Path) -> bytes:
    """The body of the first 200; asks every few milliseconds until there is one."""
    deadline = time.monotonic() + SLOW_S
    while time.monotonic() < deadline and running.poll() is None:
        with suppress(OSError):
            status, body = ask(port, request)
            if status == 200:
                return body
        time.sleep(0.005)
    raise SystemExit(f"bench: no answer from {running.args}:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def cpu_s(pid: int) -> float:
    """Processor time of a process and its children, those that are still there."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return _cpu_s(pid)
    return 0.0


def _cpu_s(pid: int) -> float:
    spent = 0.0
    for task in Path(f"/proc/{pid}/task").glob("*"):
        spent += sum(cpu_s(int(child)) for child in (task / "children").read_text().split())
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return spent + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
