"""`/phone`: a real websocket through the server, with a peer in the place of the switch."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.support.databases import of_database
from tests.support.people import Person, person_of
from tongdai.agents.accounts import browser, store
from tongdai.clock import SystemClock
from tongdai.http.connections.protocol import Connections
from tongdai.people.users.model import Role
from tongdai.phone.relay import PING, PING_S, PONG
from tongdai.phone.socket import SILENT_S
from tongdai.processes.api import WEBSOCKETS, build
from tongdai.switches.model import DEFAULT
from tongdai.testing.asgi import running

WITHIN_S = 30


@dataclass
class Switch:
    """Answers each message with itself, in capitals."""

    port: int = 0
    offered: list[str] = field(default_factory=list[str])
    heard: list[str] = field(default_factory=list[str])

    async def answer(self, phone: ServerConnection) -> None:
        self.offered.append(phone.subprotocol or "")
        async for message in phone:
            self.heard.append(str(message))
            await phone.send(str(message).upper())


@dataclass
class Desk:
    """The server, and a person with an agent whose account is in a browser from the first time."""

    port: int
    person: Person
    agent_id: int
    switch: Switch

    @asynccontextmanager
    async def phone(self, query: str = "?take=1", **changes: str) -> AsyncGenerator[ClientConnection]:
        """The phone of the person's browser; `changes` are of headers."""
        headers = self.person.cookie | {"Origin": f"http://127.0.0.1:{self.port}"} | changes
        token = headers.pop("X-CSRF-Token", self.person.csrf["X-CSRF-Token"])
        async with connect(
            f"ws://127.0.0.1:{self.port}/phone{query}",
            additional_headers=headers, subprotocols=["sip", f"csrf.{token}"], proxy=None,  # type: ignore[list-item]
        ) as phone:  # fmt: skip
            yield phone


async def pushing(pool, agent_id):
    """Stand in for the leader: the switch has each account at once."""
    while True:
        async with pool.acquire() as conn:
            for account in await store.wanted(conn, DEFAULT):
                if account.agent_id == agent_id and not account.pushed:
                    await store.pushed(conn, account)
        await asyncio.sleep(0.02)


@pytest.fixture
async def desk(floor, dsn, settings, pool):
    made = await floor.tenant.done("POST", "/v1/agents", json={"agentName": "B", "queueId": floor.queue_id})
    person = await person_of(floor.tenant, Role.AGENT, made["agentId"])
    switch = Switch()
    async with serve(switch.answer, "127.0.0.1", 0, subprotocols=["sip"]) as listening:  # type: ignore[list-item]
        switch.port = next(iter(listening.sockets)).getsockname()[1]
        changed = replace(settings, phone_urls=(f"default=ws://127.0.0.1:{switch.port}/ws",))
        app = build(of_database(changed, dsn), dsn, SystemClock())
        async with running(app):
            config = uvicorn.Config(app, ws="websockets-sansio", lifespan="off", log_config=None, access_log=False)
            config.load()
            limits, state = Connections(600, 600, 100, websockets=WEBSOCKETS), ServerState()
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: limits.protocol(config, state, {}), "127.0.0.1", 0)
            leader = asyncio.create_task(pushing(pool, made["agentId"]))
            yield Desk(server.sockets[0].getsockname()[1], person, made["agentId"], switch)
            leader.cancel()
            server.close()
            await asyncio.gather(*state.tasks)


async def closed(phone: ClientConnection) -> int:
    """The code with which the server closes it."""
    async with asyncio.timeout(WITHIN_S):
        with suppress(ConnectionClosedError):
            async for _ in phone:
                continue
        await phone.wait_closed()
    assert phone.close_code is not None
    return phone.close_code


async def credentials(phone: ClientConnection) -> dict[str, str]:
    async with asyncio.timeout(WITHIN_S):
        return json.loads(await phone.recv())


async def passed_on(phone: ClientConnection) -> str:
    """The next message of the switch."""
    async with asyncio.timeout(WITHIN_S):
        while (message := await phone.recv()) == PING:
            continue
    return str(message)


async def test_it_gives_credentials_and_passes_messages_both_ways(desk, floor):
    async with desk.phone() as phone:
        given = await credentials(phone)
        assert phone.subprotocol == "sip"
        account = await floor.tenant.done("GET", f"/v1/agents/{desk.agent_id}/phone-account")
        assert (given["username"], account["inBrowser"]) == (account["username"], True)
        await phone.send("register")
        assert await passed_on(phone) == "REGISTER"
    assert desk.switch.offered == ["sip"]


async def test_a_reload_keeps_the_password_and_another_session_gets_another(desk, floor):
    async with desk.phone() as phone:
        first = await credentials(phone)
    async with desk.phone("") as phone:
        assert await credentials(phone) == first
        other = await person_of(floor.tenant, Role.AGENT, desk.agent_id)
        stranger = replace(desk, person=other)
        async with stranger.phone("") as refused:
            assert await closed(refused) == 4409
        async with stranger.phone() as taking:
            assert (await credentials(taking))["password"] != first["password"]
            assert await closed(phone) == 4410


async def page_of(pool, agent_id):
    async with pool.acquire() as conn:
        row = await conn.fetchrow("select holding, page from phone_account where agent_id = $1", agent_id)
    return None if row["holding"] == browser.NOBODY else "held", row["page"]


@pytest.mark.parametrize(("code", "stays"), [(1001, False), (1000, True), (1012, True)])
async def test_a_page_that_goes_away_is_gone_and_one_that_is_cut_may_come_back(desk, pool, code, stays):
    page = uuid4()
    async with desk.phone(f"?take=1&page={page}") as phone:
        await credentials(phone)
        assert await page_of(pool, desk.agent_id) == ("held", page)
        await phone.close(code)
    async with asyncio.timeout(WITHIN_S):
        while (left := await page_of(pool, desk.agent_id))[0] is not None:
            await asyncio.sleep(0.02)
    assert left == (None, page if stays else None)


@pytest.mark.parametrize("query", ["?take=1", "?take=1&page=none"])
async def test_a_page_without_a_name_has_a_phone_too(desk, pool, query):
    async with desk.phone(query) as phone:
        await credentials(phone)
        assert await page_of(pool, desk.agent_id) == ("held", None)


async def test_an_account_of_a_desk_phone_is_taken_only_by_asking(desk):
    async with desk.phone("") as phone:
        assert await closed(phone) == 4412


async def test_a_rotated_account_is_no_browsers_any_more(desk, floor):
    async with desk.phone() as phone:
        await credentials(phone)
        await floor.tenant.done("POST", f"/v1/agents/{desk.agent_id}/phone-account/rotate")
        assert await closed(phone) in {4408, 4410}


async def test_it_ends_with_the_session_and_the_account_leaves_the_switch(desk, pool):
    async with desk.phone() as phone:
        await credentials(phone)
        await desk.person.done("DELETE", "/v1/session")
        assert await closed(phone) in {4401, 4408}
    async with pool.acquire() as conn:
        await conn.execute("update phone_account set held_until = now() where agent_id = $1", desk.agent_id)
        assert [one for one in await store.unwanted(conn, DEFAULT) if one.tenant_id == desk.person.user.tenant_id]
        assert desk.agent_id not in {one.agent_id for one in await store.wanted(conn, DEFAULT)}


async def test_released_account_waits_for_the_next_browser(desk, pool):
    async with desk.phone() as phone:
        first = await credentials(phone)
    async with pool.acquire() as conn:
        await conn.execute("update phone_account set held_until = now() where agent_id = $1", desk.agent_id)
        await browser.expire(conn, DEFAULT)
        for one in await store.unwanted(conn, DEFAULT):
            await store.gone(conn, one)
        assert await store.unwanted(conn, DEFAULT) == []
    async with desk.phone("") as phone:
        again = await credentials(phone)
        assert again["username"] == first["username"]
        assert again["password"] != first["password"]


async def test_a_page_that_says_nothing_is_disconnected_and_its_account_is_held_by_nobody(desk, pool):
    async with desk.phone() as phone:
        given = await credentials(phone)
        assert await closed(phone) == 4408
    async with pool.acquire() as conn:
        by = await conn.fetchval("select holding from phone_account where name = $1", given["username"])
        assert by == browser.NOBODY


async def test_a_page_that_answers_is_left_connected_and_its_answers_stay_here(desk):
    async with desk.phone() as phone:
        await credentials(phone)
        until = asyncio.get_running_loop().time() + SILENT_S + PING_S
        while asyncio.get_running_loop().time() < until:
            assert await phone.recv() == PING
            await phone.send(PONG)
        await phone.send("options")
        assert await passed_on(phone) == "OPTIONS"
    assert desk.switch.heard == ["options"]


async def test_bytes_that_are_no_text_end_it(desk):
    async with desk.phone() as phone:
        await credentials(phone)
        await phone.send(b"\0")
        assert await closed(phone) == 4422


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Cookie": "a=b"}, 401),
        ({"X-CSRF-Token": "wrong"}, 403),
        ({"Origin": "https://another.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_only_a_page_of_our_own_with_a_session_may(desk, changes, status):
    with pytest.raises(InvalidStatus) as refused:
        async with desk.phone(**changes):
            raise AssertionError("it was accepted")
    assert refused.value.response.status_code == status
    assert desk.switch.offered == []


async def test_nobody_else_has_a_phone_here(desk, floor):
    supervisor = replace(desk, person=await person_of(floor.tenant, Role.SUPERVISOR))
    async with supervisor.phone() as phone:
        assert await closed(phone) == 4403
    account = f"/v1/agents/{desk.agent_id}/phone-account"
    await floor.tenant.done("DELETE", account)
    async with desk.phone() as phone:
        assert await closed(phone) == 4404


async def test_no_other_path_is_a_websocket(desk):
    for path in ("/phone/", "/%70hone", "//phone", "/v1/session", "/"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://127.0.0.1:{desk.port}{path}", proxy=None):
                raise AssertionError("it was accepted")
        assert refused.value.response.status_code != 101
