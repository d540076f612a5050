"""Five times as many requests as one worker can answer, from clients that wait and from clients that do not."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from bench.open_loop import Order, Result, run
from tests.support.imports.client import a_campaign
from tests.support.servers import Server, eventually, serving
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.testing import factories

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"), pytest.mark.slow]

SECONDS = 4.0
TIMES = 5
MORE_MB = 200
"""3 MB by itself. On a machine that does other things too connections pile up, 12,000 at most, of some 12 kB each: 111
MB were seen."""
TENANTS = 4
PAGE = 100
"""Contacts of a page: large, so that the load costs less than what it asks for."""


@pytest.fixture
async def server(data_dir: Path) -> AsyncGenerator[Server]:
    async with serving(data_dir) as server:
        yield server


@pytest.fixture
async def pages(server: Server) -> list[bytes]:
    """Requests of tenants that stay within their shares of the worker."""
    return [await _page(server) for _ in range(TENANTS)]


async def _page(server: Server) -> bytes:
    campaign = await a_campaign(server)
    async with server.database() as conn:
        tenant_id = campaign.key.tenant_id
        list_id = await contacts.list_named(conn, tenant_id, campaign.campaign_id, "Default")
        numbers = [factories.vn_mobile(i) for i in range(PAGE)]
        rows = [NewContact(phone="+84" + number[1:], name=f"No. {number}") for number in numbers]
        async with conn.transaction():
            await bulk_store.add_many(conn, tenant_id, campaign.campaign_id, list_id, rows)
    path = f"/v1/campaigns/{campaign.campaign_id}/contact-lists/{list_id}/contacts?size={PAGE}"
    return f"GET {path} HTTP/1.1\r\nHost: tongdai\r\nX-Api-Key: {campaign.key.value}\r\n\r\n".encode()


def port(server: Server) -> int:
    found = urlsplit(server.url).port
    assert found is not None
    return found


async def peak(server: Server, pages: list[bytes]) -> float:
    """Responses a second to 16 clients that each send a request as soon as the last is answered."""
    count = 0
    end = time.monotonic() + 2

    async def client() -> None:
        nonlocal count
        reader, writer = await asyncio.open_connection("127.0.0.1", port(server))
        while time.monotonic() < end:
            writer.write(pages[count % TENANTS])
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: "))
            await reader.readexactly(int(length.partition(b": ")[2]))
            count += 1
        writer.close()

    async with asyncio.timeout(60):
        await asyncio.gather(*(client() for _ in range(16)))
    return count / 2


async def overloaded(server: Server, pages: list[bytes], patience_s: float | None) -> Result:
    rate = TIMES * await peak(server, pages)
    before = memory_mb(server)
    async with asyncio.timeout(120):
        result = await run(Order(port(server), pages, rate, SECONDS, patience_s))
    assert memory_mb(server) - before < MORE_MB
    return result


def memory_mb(server: Server) -> float:
    (worker,) = server.pids("worker")
    lines = Path(f"/proc/{worker}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


async def counted(server: Server, status: int) -> float:
    """Responses with a status that the metrics count."""
    async with httpx2.AsyncClient(timeout=30) as client:
        text = (await client.get(f"{server.admin_url}/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("tongdai_http_requests_total{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if f'status="{status}"' in line)


async def is_normal_again(server: Server, pages: list[bytes]) -> None:
    """Assert that 100 requests in turn are soon answered 200."""

    async def normal() -> bool:
        result = await run(Order(port(server), pages, 50, 2))
        return result.statuses == {200: 100}

    await eventually(normal, 30, "all requests to be answered again")


async def test_patient_clients_are_answered_or_refused_and_all_are_counted(server: Server, pages: list[bytes]) -> None:
    result = await overloaded(server, pages, None)
    assert result.statuses.keys() == {200, 503}
    assert (result.broken, result.left, result.unanswered, result.without_retry_after) == (0, 0, 0, 0)
    assert sum(result.statuses.values()) == result.sent
    await is_normal_again(server, pages)

    async def all_counted() -> bool:
        return await counted(server, 503) >= result.statuses[503]

    await eventually(all_counted, 30, "the refused requests to be counted")
    assert "requests refused: overloaded" in server.log_text()
    assert await counted(server, 500) == 0


@pytest.mark.parametrize("patience_s", [1.0, 0.15])
async def test_impatient_clients_do_not_stop_a_server(server: Server, pages: list[bytes], patience_s: float) -> None:
    result = await overloaded(server, pages, patience_s)
    assert result.statuses.keys() <= {200, 503}
    assert result.statuses[200] > 0
    assert (result.unanswered, result.without_retry_after) == (0, 0)
    await is_normal_again(server, pages)
    assert await counted(server, 500) == 0

    async def nothing_left() -> bool:
        async with httpx2.AsyncClient(timeout=30) as client:
            text = (await client.get(f"{server.admin_url}/metrics")).text
        wanted = ("tongdai_http_in_flight ", "tongdai_db_pool_busy ")
        return all(float(line.rsplit(" ", 1)[1]) == 0 for line in text.splitlines() if line.startswith(wanted))

    await eventually(nothing_left, 30, "no request to be in flight")
