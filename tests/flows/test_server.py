"""The server as a whole: started twice, stopped, misused, and with its database killed."""

import asyncio
import json
import secrets
import signal
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.support.at_once import few_at_once
from tests.support.imports.client import a_campaign
from tests.support.servers import Server, eventually, serving
from tongdai.testing import factories

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[Server]:
    """A server with two workers and short timeouts."""
    options = {
        "workers": 2,
        "rate_limit_deadline_s": 2.0,
        "header_timeout_s": 1.0,
        "body_timeout_s": 1.0,
        "max_body_mb": 1,
        "max_in_flight": 1000,  # a tenant's share has room for the largest burst, should one worker get all of it
    }
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data", **options) as server:
            yield server


@pytest.fixture
async def key(server: Server) -> factories.Key:
    return await server.key()


QUEUES = "/v1/queues/inbound"
NO_KEEPALIVE = httpx2.Limits(max_connections=200, max_keepalive_connections=0)


async def fetch(server: Server, method: str, path: str, **options: Any) -> httpx2.Response:
    """Send a request on a connection of its own, so that any worker may answer."""
    return (await asyncio.gather(*_requests(server, 1, method, path, **options)))[0]


def _requests(
    server: Server, count: int, method: str, path: str, **options: Any
) -> list[Coroutine[Any, Any, httpx2.Response]]:
    client = httpx2.AsyncClient(timeout=20, verify=False, limits=NO_KEEPALIVE)
    return [client.request(method, server.url + path, **options) for _ in range(count)]


async def raw(server: Server, *parts: bytes, within_s: float = 20) -> bytes:
    """Send bytes and read the response until the server closes the connection."""
    reader, writer = await asyncio.open_connection(urlsplit(server.url).hostname, urlsplit(server.url).port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), within_s)
    finally:
        writer.transport.abort()


def head(method: str, path: str, key: factories.Key, *lines: str) -> bytes:
    return "\r\n".join(
        (f"{method} {path} HTTP/1.1", "Host: tongdai", f"X-Api-Key: {key.value}", *lines, "", "")
    ).encode()


async def expect_answer(server: Server, key: factories.Key) -> None:
    """Assert that the server answers a valid request."""
    response = await fetch(server, "GET", QUEUES, headers=key.headers)
    assert response.status_code == 200, response.text


async def ends(server: Server) -> str:
    """Start a server that cannot start; its log."""
    server.spawn()
    try:
        await eventually(lambda: not server.running, 30, "it to end")
        assert server.exit_code == 1
        return server.log_text()
    finally:
        if server.running:
            server.end()


async def test_a_second_server_on_the_same_data_directory_names_the_process_using_it(server: Server) -> None:
    text = await ends(Server(server.data_dir))
    assert f"tongdai: data directory {server.data_dir.resolve()} is in use by process {server.pid}" in text
    assert "Traceback" not in text


def test_other_users_can_list_nothing_of_the_data_directory(server: Server) -> None:
    assert server.data_dir.stat().st_mode & 0o066 == 0
    private = [path for path in server.data_dir.iterdir() if path.stat().st_mode & 0o077]
    assert [path.name for path in private] == [], "what anybody may read or enter"


async def test_a_port_in_use_is_reported(server: Server, tmp_path: Path) -> None:
    port = urlsplit(server.url).port
    text = await ends(Server(tmp_path / "data", "--port", str(port)))
    assert f"tongdai: cannot listen on 127.0.0.1:{port}: Address already in use; choose another port" in text
    assert "Traceback" not in text


async def test_a_slow_header_is_cut_off(server: Server, key: factories.Key) -> None:
    reader, writer = await asyncio.open_connection(urlsplit(server.url).hostname, urlsplit(server.url).port)
    try:
        writer.write(b"GET /v1/queues/inbound HTTP/1.1\r\nHost: tongdai\r\n")

        async def cut() -> bool:
            try:
                writer.write(b"X-Slow: 1\r\n")
                await writer.drain()
                return reader.at_eof() or await asyncio.wait_for(reader.read(1), 0.1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        await eventually(cut, 20, "the connection to be closed", poll_s=0.1)
    finally:
        writer.transport.abort()
    await expect_answer(server, key)


async def test_a_body_that_does_not_arrive_is_refused(server: Server, key: factories.Key) -> None:
    for path in ("/v1/campaigns/1/contacts", "/v1/campaigns/1/contacts/bulk"):
        request = head("POST", path, key, "Content-Type: application/json", "Content-Length: 100", "Connection: close")
        response = await raw(server, request, b'{"contacts":')
        assert response.startswith(b"HTTP/1.1 4"), response
        assert b"The body did not arrive in time" in response or b"Not found" in response or b"not found" in response
    await expect_answer(server, key)


async def test_a_body_declared_too_large_is_refused_unread(server: Server, key: factories.Key) -> None:
    campaign = await a_campaign(server)
    for path in (campaign.path, f"{campaign.path}/bulk"):
        request = head("POST", path, campaign.key, f"Content-Length: {10**12}", "Connection: close")
        reader, writer = await asyncio.open_connection(urlsplit(server.url).hostname, urlsplit(server.url).port)
        writer.write(request)
        response = await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)
        writer.transport.abort()
        assert response.startswith(b"HTTP/1.1 413"), response
    await expect_answer(server, key)


async def test_a_chunked_body_is_refused_once_it_is_too_large(server: Server, key: factories.Key) -> None:
    campaign = await a_campaign(server)

    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(64):
            yield b" " * 65536

    for path in (campaign.path, f"{campaign.path}/bulk"):
        response = await fetch(server, "POST", path, headers=campaign.key.headers, content=endless())
        assert response.status_code == 413
        assert response.json()["error_code"] == "INVALID_INPUT"
    await expect_answer(server, key)


async def test_a_request_with_two_lengths_gets_one_answer(server: Server, key: factories.Key) -> None:
    smuggled = head("GET", "/v1/smuggled", key, "Connection: close")
    lengths = ("Content-Length: 5", "Transfer-Encoding: chunked", "Content-Type: application/json")
    response = await raw(server, head("POST", QUEUES, key, *lengths) + b"0\r\n\r\n" + smuggled)
    assert response.count(b"HTTP/1.1 ") == 1, response
    await expect_answer(server, key)


@pytest.mark.parametrize("limit", [7, 50])
async def test_workers_share_one_limit_exactly(server: Server, limit: int) -> None:
    key = await server.key()
    async with server.database() as conn:
        await conn.execute("update tenant set tenant_limit = $2 where tenant_id = $1", key.tenant_id, limit)
    statuses = await _burst(server, key, limit * 3)
    counts = Counter(response.status_code for response in statuses)
    assert counts == {200: limit, 429: limit * 2}
    assert all("Retry-After" in response.headers for response in statuses if response.status_code == 429)


async def test_a_revoked_key_is_refused_by_every_worker(server: Server) -> None:
    key = await server.key()
    statuses = {response.status_code for response in await _burst(server, key)}
    assert statuses == {200}, "every worker knows the key"
    async with server.database() as conn:
        digest = "select key_id from api_key where key_id = $1"
        assert await conn.fetchval(digest, key.key_id) == key.key_id
    admin = await server.key(tenant_id=key.tenant_id)
    response = await fetch(server, "DELETE", f"/v1/api-keys/{key.key_id}", headers=admin.headers)
    assert response.status_code == 200, response.text

    async def refused() -> bool:
        return {response.status_code for response in await _burst(server, key, 10)} == {401}

    await eventually(refused, 10, "all workers to refuse the key")
    await expect_answer(server, admin)


async def _burst(server: Server, key: factories.Key, count: int = 30) -> list[httpx2.Response]:
    return await few_at_once(_requests(server, count, "GET", QUEUES, headers=key.headers))


async def test_metrics_count_requests_of_all_workers(server: Server, key: factories.Key) -> None:
    label = 'tongdai_http_requests_total{method="GET",route="/queues/inbound/{id}",status="404"}'

    async def counted() -> float:
        async with httpx2.AsyncClient() as client:
            text = (await client.get(f"{server.admin_url}/metrics")).text
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(label))

    async def all_counted() -> bool:
        return await counted() == 30

    assert await counted() == 0
    await asyncio.gather(*_requests(server, 30, "GET", f"{QUEUES}/1", headers=key.headers))
    await eventually(all_counted, 10, "each worker to count its requests")


async def test_an_answer_names_its_request(server: Server, key: factories.Key) -> None:
    response = await fetch(server, "GET", QUEUES, headers=key.headers | {"X-Request-Id": "order 66"})
    assert response.headers.get_list("x-request-id") == ["order 66"]
    await eventually(lambda: '"request_id":"order 66"' in server.log_text(), 10, "its line, written after it was sent")
    own = [response.headers["x-request-id"] for response in await _burst(server, key, 5)]
    assert len(set(own)) == 5


async def test_the_logs_of_all_processes_contain_no_key_name_or_number(server: Server) -> None:
    campaign = await a_campaign(server)
    name, number = f"Bi Mat {secrets.token_hex(6)}", "0907654321"
    forms = (number, number[1:], "907 654 321", name, campaign.key.value)
    headers = campaign.key.headers
    row = {"phoneNumber": number, "name": name}
    wrong = "tdk_" + secrets.token_urlsafe(40)
    async with server.database() as conn:
        # A row that the database refuses: its own message would quote it.
        await conn.execute(
            """create function refuse() returns trigger language plpgsql as $$ begin
                   raise exception 'refused' using errcode = '23514', detail = new.name || ' ' || new.number; end $$;
               create trigger refuse before insert on contact for each row when (new.number % 1000 = 323)
               execute function refuse()"""
        )
        await conn.execute("update api_key set name = $2 where key_id = $1", campaign.key.key_id, name)
    try:
        await fetch(server, "POST", campaign.path, headers=headers, json=row)
        await fetch(server, "POST", campaign.path, headers=headers, json=row | {"phoneNumber": "0907654322"})
        await fetch(server, "POST", campaign.path, headers=headers, json=row | {"phoneNumber": number + "x"})
        await fetch(server, "POST", campaign.path, headers=headers, content=json.dumps(row)[:-5])
        await fetch(server, "GET", f"{QUEUES}?page={number}&name={name}", headers={"Authorization": wrong})
        await fetch(server, "GET", f"{QUEUES}/{number}x", headers=headers)
        rows = [row | {"phoneNumber": "0907654323"}]
        response = await fetch(server, "POST", f"{campaign.path}/bulk", headers=headers, json={"contacts": rows})
        assert response.status_code == 200
        await eventually(lambda: "chunk failed" in server.log_text(), 20, "the import to fail once")
    finally:
        async with server.database() as conn:
            await conn.execute("drop function refuse cascade")
    logs = {"stderr": server.log_text(), "postgres.log": server.log_text("postgres.log")}
    logs |= {str(path): path.read_text(errors="replace") for path in server.data_dir.rglob("*.log*") if path.is_file()}
    assert len(logs) >= 3
    reported = [
        (where, secret) for where, text in logs.items() for secret in (*forms, wrong, "90765432") if secret in text
    ]
    assert reported == []


async def test_requests_get_503_while_the_database_is_down_and_then_succeed_again(server: Server) -> None:
    key = await server.key()
    workers, engine, statuses = server.pids("worker"), server.pids("engine"), Counter[int]()
    stopping = False

    async def traffic() -> None:
        async with httpx2.AsyncClient(timeout=10, headers=key.headers) as client:
            while not stopping:
                statuses[(await client.get(f"{server.url}{QUEUES}")).status_code] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(traffic())
        await eventually(lambda: statuses[200] > 20, 20, "traffic")
        await server.kill("postgres")
        # It may be back before readiness is polled.
        await eventually(lambda: "postgres ended" in server.log_text(), 20, "the database to be missed")

        async def ready() -> bool:
            return await server.readiness() == 200

        await eventually(ready, 60, "to be ready again")
        before = statuses[200]
        await eventually(lambda: statuses[200] > before + 50, 20, "good responses again")
        stopping = True
    assert set(statuses) == {200, 503}, [line for line in server.log_text().splitlines() if "request failed" in line][
        :2
    ]
    assert (server.pids("worker"), server.pids("engine")) == (workers, engine), "no process was started anew"


async def test_sigterm_fails_no_accepted_request(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data", workers=2) as own:
            campaign = await a_campaign(own)
            statuses, unanswered = Counter[int](), list[str]()
            seen_ready: set[int] = set()

            async def traffic(number: int) -> None:
                """Send each request on a connection of its own: one that the server has begun to read must be answered.

                A request still unread in the kernel when the socket closes is reset, and may be sent again.
                """
                while True:
                    async with httpx2.AsyncClient(timeout=20, headers=campaign.key.headers) as client:
                        row = {"phoneNumber": factories.vn_mobile(number * 100_000 + sum(statuses.values()))}
                        request_id = secrets.token_hex(16)
                        try:
                            response = await client.post(
                                f"{own.url}{campaign.path}", json=row, headers={"X-Request-Id": request_id}
                            )
                        except httpx2.TransportError:
                            unanswered.append(request_id)
                            return
                        statuses[response.status_code] += 1

            async with asyncio.TaskGroup() as group:
                for number in range(4):
                    group.create_task(traffic(number))
                await eventually(lambda: statuses[200] > 40, 30, "traffic")
                own.send(signal.SIGTERM)

                async def ended() -> bool:
                    seen_ready.add(await own.readiness())
                    return not own.running

                await eventually(ended, 40, "the server to end")
            assert await own.ended() == 0
            assert [request_id for request_id in unanswered if request_id in own.log_text()] == []
            assert set(statuses) == {200}
            assert seen_ready <= {503, 0}, "never ready once it stops"


async def test_an_idle_connection_does_not_keep_a_server_from_ending(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="td-") as folder:
        async with serving(Path(folder) / "data", drain_s=3) as own:
            address = urlsplit(own.url)
            with socket.create_connection((address.hostname or "", address.port or 0)) as idle:
                idle.sendall(b"GET /v1/queues/inbound HTTP/1.1\r\nHost: tongdai\r\n")
                assert await own.stop() == 0
