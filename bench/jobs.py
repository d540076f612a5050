"""Imports through the real server: its campaigns, a file sent to it, its job polled to the end."""

import asyncio
import itertools
import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from bench import start, world
from bench.world import World
from tongdai.campaigns import store as campaigns
from tongdai.contacts import store as contacts
from tongdai.db.embedded import server as embedded
from tongdai.db.pool import Connection, connect
from tongdai.ids import CampaignId, ListId, TenantId
from tongdai.testing import factories

POLL_S = 0.05
LONGEST_S = 1200.0
"""An import that is not done by then is given up."""
CORES = 2
_CONTACTS = "select count(*) from contact where tenant_id = $1 and campaign_id = $2"


@dataclass(frozen=True, slots=True)
class Server:
    """`tongdai serve` and its database."""

    on: World
    port: int
    pid: int
    dsn: str


@contextmanager
def served(on: World, logs: Path) -> Generator[Server]:
    """The server and all that is started within the block, on the first two processors there are."""
    port, log = world.free_port(), logs / "import.log"
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(itertools.islice(sorted(everywhere), CORES)))
    try:
        with world.process(start.serve(on, port), {}, log) as process:
            world.first_answer(port, on.request("GET", on.page_path), process, log)
            dsn = asyncio.run(embedded.attach(on.data_dir))
            assert dsn is not None
            yield Server(on, port, process.pid, dsn)
    finally:
        os.sched_setaffinity(0, everywhere)


@dataclass(frozen=True, slots=True)
class Target:
    """A campaign of a tenant of its own, with a list and a key."""

    on: World
    campaign_id: CampaignId
    list_id: ListId

    @property
    def tenant_id(self) -> TenantId:
        return self.on.tenant_id


async def new_target(on: World, dsn: str) -> Target:
    conn = await connect(dsn, name="bench")
    try:
        key = await factories.key(conn, on.pepper)
        made = await campaigns.create(conn, key.tenant_id, "Benchmark", "CAMPAIGN_CALL_AUTO", None, None)
        list_id = await contacts.list_named(conn, key.tenant_id, made.campaign_id, "A list")
        return Target(replace(on, key=key.value, tenant_id=key.tenant_id), made.campaign_id, list_id)
    finally:
        await conn.close()


def imported(server: Server, to: Target, csv: Path, expected: dict[str, int]) -> float:
    """Seconds from the first byte sent until the job is seen to be done, with the counters that are expected."""
    return import_job(server, to, csv, expected)[1]


def import_job(server: Server, to: Target, csv: Path, expected: dict[str, int]) -> tuple[int, float]:
    """The job, and its seconds (see imported)."""
    path = f"/v1/campaigns/{to.campaign_id}/contacts"
    began = time.perf_counter()
    job_id: int = msgspec.json.decode(_send(server.port, to.on, f"{path}/bulk", csv))["job_id"]
    poll = to.on.request("GET", f"{path}/import/{job_id}")
    while (reported := _reported(server.port, poll))["status"] not in {"done", "failed"}:
        if time.perf_counter() - began > LONGEST_S:
            raise SystemExit(f"bench: the import does not end: {reported}")
        time.sleep(POLL_S)
    seconds = time.perf_counter() - began
    if reported["status"] != "done" or any(reported[name] != count for name, count in expected.items()):
        raise SystemExit(f"bench: the import ended otherwise than with {expected}: {reported}")
    return job_id, seconds


def undone(server: Server, to: Target, job_id: int, rows: int) -> float:
    """Seconds from asking for an undo until the job says that all its rows are removed."""
    undo = to.on.request("DELETE", f"/v1/campaigns/{to.campaign_id}/contacts/import/{job_id}")
    began = time.perf_counter()
    while not (reported := _reported(server.port, undo))["undone"]:
        if time.perf_counter() - began > LONGEST_S:
            raise SystemExit(f"bench: the undo does not end: {reported}")
    seconds = time.perf_counter() - began
    if reported["removedRows"] != rows:
        raise SystemExit(f"bench: an undo removed {reported['removedRows']:,} rows, not {rows:,}")
    return seconds


def _send(port: int, on: World, path: str, csv: Path) -> bytes:
    head = on.request("POST", path, b"", csv.stat().st_size, "text/csv")
    with socket.create_connection(("127.0.0.1", port), timeout=LONGEST_S) as sock, csv.open("rb") as file:
        sock.sendall(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        sock.sendfile(file)
        data = b"".join(iter(lambda: sock.recv(65536), b""))
    head, _, body = data.partition(b"\r\n\r\n")
    if head[9:12] != b"200":
        raise SystemExit(f"bench: {csv.name} was not accepted: {data[:2000]!r}")
    return body


def _reported(port: int, poll: bytes) -> dict[str, Any]:
    status, body = world.ask(port, poll)
    if status != 200:
        raise SystemExit(f"bench: the job cannot be polled: {body!r}")
    return msgspec.json.decode(body)


async def settle(dsn: str) -> None:
    """Do now what a turn has left to be done later, and not while another side has its turn."""
    conn = await connect(dsn, name="bench")
    try:
        await conn.execute("vacuum analyze")
        await conn.execute("checkpoint")
    finally:
        await conn.close()


async def wal_position(dsn: str) -> int:
    """How many bytes its write-ahead log has had."""
    conn = await connect(dsn, name="bench")
    try:
        return await conn.fetchval("select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
    finally:
        await conn.close()


async def must_hold(dsn: str, to: Target, count: int) -> None:
    """So many contacts are in the campaign, counted."""
    conn: Connection = await connect(dsn, name="bench")
    try:
        found = await conn.fetchval(_CONTACTS, to.tenant_id, to.campaign_id)
    finally:
        await conn.close()
    if found != count:
        raise SystemExit(f"bench: {found:,} contacts are there, not {count:,}")
