"""Tongdai behind Debian's nginx, with the sample as it is but for addresses and the certificate."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.deploy.conftest import DEPLOY
from tests.support.servers import Server, eventually, serving
from tongdai.phone.relay import NO_AGENT
from tongdai.testing import factories

LOGIN, PASSWORD = "owner@example.com", "a long password of theirs"
SIZE = 3 << 20
"""Above nginx's own limit of 1 MB for a body."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A server behind nginx."""

    url: str
    server: Server
    key: factories.Key


@pytest.fixture
async def behind(program: Callable[[str], Path], tmp_path: Path) -> AsyncIterator[Behind]:
    nginx = program("root/usr/sbin/nginx")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    (tmp_path / "tongdai.toml").write_text('trusted_proxies = ["127.0.0.0/8"]\n')
    async with serving(tmp_path / "data", "--config", str(tmp_path / "tongdai.toml")) as server:
        text = (DEPLOY / "nginx/tongdai.conf").read_text()
        for before, after in {
            "127.0.0.1:8080": server.url.removeprefix("http://"),
            "listen 443 ssl;": f"listen 127.0.0.1:{port};",
            "    ssl_certificate /etc/ssl/tongdai.example/fullchain.pem;\n": "",
            "    ssl_certificate_key /etc/ssl/tongdai.example/privkey.pem;\n": "",
        }.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        folders = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        own = f"daemon off;\npid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        (tmp_path / "nginx.conf").write_text(f"{own}http {{\naccess_log off;\n{folders}{text}}}\n")
        with (tmp_path / "output").open("wb") as output:
            process = subprocess.Popen([nginx, "-c", tmp_path / "nginx.conf", "-p", tmp_path], stderr=output)
        try:
            url = f"http://127.0.0.1:{port}"

            async def answers() -> bool:
                assert process.poll() is None, (tmp_path / "output").read_text()
                async with httpx2.AsyncClient() as client:
                    try:
                        return (await client.get(f"{url}/openapi.json")).status_code == 200
                    except httpx2.TransportError:
                        return False

            await eventually(answers, 10, "nginx to answer")
            yield Behind(url, server, await server.key())
        finally:
            process.terminate()
            process.wait(10)


async def test_file_above_nginx_own_limit_is_imported(behind: Behind) -> None:
    rows = SIZE // 20
    csv = "phoneNumber,name\n" + "".join(f"09{number:08d},Nguyen A\n" for number in range(rows))
    assert len(csv) > 1 << 20
    async with httpx2.AsyncClient(headers=behind.key.headers, timeout=60) as client:
        made = (await client.post(f"{behind.url}/v1/campaigns", json={"campaignName": "A"})).json()
        path = f"{behind.url}/v1/campaigns/{made['campaignId']}/contacts"
        accepted = await client.post(f"{path}/bulk", content=csv.encode(), headers={"Content-Type": "text/csv"})
        assert accepted.status_code == 200, accepted.text

        async def done() -> bool:
            job = (await client.get(f"{path}/import/{accepted.json()['job_id']}")).json()
            return job["status"] == "done"

        await eventually(done, 60, "the import")


async def test_event_arrives_while_the_stream_is_open(behind: Behind) -> None:
    async with httpx2.AsyncClient(headers=behind.key.headers, timeout=30) as client:
        made = (await client.post(f"{behind.url}/v1/campaigns", json={"campaignName": "A"})).json()
        stream = f"{behind.url}/v1/campaigns/{made['campaignId']}/live/events"
        async with asyncio.timeout(20), client.stream("GET", stream) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    return
    pytest.fail("the stream ended without an event")


async def test_address_that_a_client_sends_itself_is_not_passed_on(behind: Behind) -> None:
    """Twenty wrong keys from one client are counted against its address, whatever it says it is."""
    statuses: list[int] = []
    async with httpx2.AsyncClient() as client:
        for number in range(22):
            headers = {"X-Api-Key": "sk_live_wrong", "X-Forwarded-For": f"203.0.113.{number}"}
            statuses.append((await client.get(f"{behind.url}/v1/queues/inbound", headers=headers)).status_code)
    assert statuses[-1] == 429


async def test_phone_of_a_browser_reaches_the_server_as_a_websocket_of_its_own_origin(behind: Behind) -> None:
    """A user without an agent learns it from the code; the websocket of another page is refused before that."""
    await user(behind)
    async with httpx2.AsyncClient(base_url=behind.url, timeout=30) as client:
        session = await client.post("/v1/session", json={"login": LOGIN, "password": PASSWORD})
        assert session.status_code == 200, session.text
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    protocols = [Subprotocol("sip"), Subprotocol(f"csrf.{session.json()['csrfToken']}")]

    async def ended(origin: str) -> int:
        async with connect(
            behind.url.replace("http", "ws") + "/phone",
            additional_headers={"Cookie": cookies, "Origin": origin}, subprotocols=protocols, proxy=None,
        ) as phone:  # fmt: skip
            await phone.wait_closed()
            assert phone.close_code is not None
            return phone.close_code

    assert await ended(behind.url) == NO_AGENT.code
    with pytest.raises(InvalidStatus):
        await ended("https://elsewhere.example")


async def user(behind: Behind) -> None:
    """Make an owner, without an agent."""
    tenant = str(behind.key.tenant_id)
    command = [sys.executable, "-m", "tongdai.cli", "user", "create", "--data-dir", str(behind.server.data_dir)]
    command += ["--tenant", tenant, "--login", LOGIN, "--name", "An owner", "--role", "owner"]
    process = await asyncio.create_subprocess_exec(
        *command, env=behind.server.environment | {"TONGDAI_USER_PASSWORD": PASSWORD}
    )
    assert await process.wait() == 0
