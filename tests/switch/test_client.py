"""The client against a switch that misbehaves, over a real websocket."""

import asyncio
import json
import random
import socket
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from tests.support.ari_server import AriServer
from tests.support.servers import eventually
from tests.support.switch import listening
from tests.switch.conftest import APP, PASSWORD, USER, client, connected
from tongdai.clock import SystemClock
from tongdai.switch import commands
from tongdai.switch.client import MAX_FRAME, AriClient
from tongdai.switch.commands import Placed
from tongdai.switch.events import ChannelDestroyed, Connected, Disconnected, Event, Replaced, StasisStart
from tongdai.switch.inbox import Inbox, Overrun
from tongdai.switch.interface import Ari, SwitchUnreachable
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Response, always

DESTROYED = {
    "type": "ChannelDestroyed",
    "timestamp": "2026-11-22T05:50:47.179+0000",
    "channel": {"id": "c1"},
    "cause": 16,
}


AT = datetime(2026, 11, 22, 5, 50, tzinfo=UTC)


async def originate(ari: Ari, channel_id: str, n: int = 0) -> commands.Originated:
    endpoint = commands.endpoint_of(f"8490{n:07d}", "trunk")
    return await commands.originate(ari, channel_id, endpoint, APP)


async def test_up_only_when_listener_has_dealt_with_connected(server: AriServer) -> None:
    ari = client(server)
    running = asyncio.create_task(ari.run())
    await eventually(lambda: server.connections, 5, "a connection")
    events = ari.events()
    assert isinstance(await anext(events), Connected)
    assert not ari.up, "it may be listing channels yet"
    assert await commands.channels(ari) == [], "which it can"
    following = asyncio.ensure_future(anext(events))
    await eventually(lambda: ari.up, 5, "up")
    following.cancel()
    running.cancel()
    await asyncio.gather(following, running, return_exceptions=True)


async def test_not_up_when_nobody_listens_any_more(server: AriServer) -> None:
    async with connected(server) as listener:
        server.send(json.dumps(DESTROYED))
        await listener.wait_for(ChannelDestroyed)
        again = listener.ari.events()
        assert isinstance(await anext(again), Connected), "another listener begins with listing"
        assert not listener.ari.up


async def test_lost_socket_fails_requests_at_once_and_comes_back(server: AriServer) -> None:
    async with connected(server) as listener:
        server.mute = True
        waiting = asyncio.create_task(originate(listener.ari, "c1"))
        await eventually(lambda: server.asterisk.ledger.calls, 5, "the request to arrive")
        server.asterisk.cut()
        with pytest.raises(SwitchUnreachable, match="lost"):
            await waiting
        assert not listener.ari.up
        with pytest.raises(SwitchUnreachable):
            await originate(listener.ari, "c2")
        server.mute = False
        await listener.wait_for(Connected, count=2)
        await eventually(lambda: listener.ari.up, 5, "up")
        assert [type(event) for event in listener.heard if isinstance(event, Connected | Disconnected)] == [
            Connected, Disconnected, Connected,
        ]  # fmt: skip
        assert [c.channel_id for c in await commands.channels(listener.ari)] == ["c1"], "the call went on"


async def test_up_is_false_before_the_listener_hears_of_the_loss(server: AriServer) -> None:
    async with connected(server) as listener:
        server.asterisk.cut(for_s=60)
        while listener.ari.up:
            await asyncio.sleep(0)
        assert not listener.of(Disconnected)


async def test_restarted_switch_is_found_again(server: AriServer) -> None:
    async with connected(server, always(Response.ANSWERED, 0.01)) as listener:
        await originate(listener.ari, "c1")
        await listener.wait_for(StasisStart, "c1")
        server.asterisk.restart(for_s=0.5)
        await listener.wait_for(Connected, count=2)
        assert await commands.channels(listener.ari) == []
        assert not listener.of(ChannelDestroyed), "nobody tells"
        await eventually(lambda: listener.ari.up, 5, "up")
        assert await originate(listener.ari, "c2") == Placed()


async def test_reply_that_never_comes_is_switch_away(server: AriServer) -> None:
    async with connected(server, request_timeout_s=0.2) as listener:
        server.mute = True
        with pytest.raises(SwitchUnreachable, match="in time"):
            await originate(listener.ari, "c1")
        server.mute = False
        assert listener.ari.up
        assert (await commands.channel(listener.ari, "c1")) is not None, "it had been done"


async def test_reply_that_comes_late_or_to_nobody_changes_nothing(server: AriServer) -> None:
    reply = {"type": "RESTResponse", "status_code": "200", "message_body": "[]"}
    async with connected(server, request_timeout_s=0.2) as listener:
        server.mute = True
        with pytest.raises(SwitchUnreachable):
            await commands.channels(listener.ari)
        for request_id in ("2", "999999", 7, None, ["2"]):
            server.send(json.dumps(reply | {"request_id": request_id}))
        server.mute = False
        assert await commands.channels(listener.ari) == []


@pytest.mark.parametrize(
    "garbage",
    [
        "", "null", "[]", "7", '"x"', "{", "[" * 100_000, b"\xff\xfe\x00", b"\xed\xa0\x80",
        '{"type": 7}', '{"type": {}}', '{"type": "RESTResponse"}',
        '{"type": "RESTResponse", "request_id": "3", "status_code": "abc"}',
        '{"type": "RESTResponse", "request_id": "3", "status_code": "200", "message_body": "{"}',
        '{"type": "ChannelDestroyed"}', '{"type": "Nonesuch", "channel": {}}', "x" * (10 << 20),
        '{"a": "' + "x" * (10 << 20) + '"}',
    ],
    ids=lambda value: repr(value[:30]),
)  # fmt: skip
async def test_garbage_is_passed_over(server: AriServer, garbage: str | bytes) -> None:
    async with connected(server) as listener:
        server.send(garbage)
        server.send(json.dumps(DESTROYED))
        await listener.wait_for(ChannelDestroyed, "c1")
        assert await commands.channels(listener.ari) == []
        assert not listener.of(Disconnected)


async def test_events_twice_and_out_of_order_are_handed_on_as_they_come(server: AriServer) -> None:
    async with connected(server) as listener:
        for _ in range(2):
            server.send(json.dumps(DESTROYED))
        server.send(json.dumps(DESTROYED | {"type": "StasisStart", "args": []}))
        server.send(json.dumps(DESTROYED | {"type": "ChannelVarset"}))
        await listener.wait_for(ChannelDestroyed, count=2)
        assert listener.ari.up


async def test_frame_beyond_the_limit_costs_the_connection_only(server: AriServer) -> None:
    async with connected(server) as listener:
        server.send("x" * (MAX_FRAME + 1))
        await listener.wait_for(Connected, count=2)
        assert await commands.channels(listener.ari) == []


async def test_listener_too_far_behind_is_made_to_list_again() -> None:
    inbox = Inbox(limit=3)
    inbox.connected()
    events = inbox.events()
    assert isinstance(await anext(events), Connected)
    for _ in range(3):
        inbox.put(StasisStart("c", (), AT))
    with pytest.raises(Overrun):
        inbox.put(StasisStart("c", (), AT))
    inbox.disconnected()
    inbox.connected()
    assert [type(await anext(events)) for _ in range(2)] == [Disconnected, Connected]
    assert not inbox.caught_up, "it has not dealt with the second"


async def next_of(events: AsyncIterator[Event]) -> Event:
    return await anext(events)


async def test_end_of_a_listener_is_the_end_of_being_up_unless_another_has_begun() -> None:
    inbox = Inbox()
    inbox.connected()
    listeners = [inbox.events(), inbox.events()]
    waiting: list[asyncio.Task[Event]] = []
    for events in listeners:
        assert isinstance(await anext(events), Connected)
        assert not inbox.caught_up
        waiting.append(asyncio.create_task(next_of(events)))
        await asyncio.sleep(0)
        assert inbox.caught_up
    for future, up in zip(waiting, (True, False), strict=True):
        future.cancel()
        await asyncio.gather(future, return_exceptions=True)
        assert inbox.caught_up is up


async def test_replaced_client_is_down_for_good_and_leaves_the_other_alone(server: AriServer) -> None:
    async with connected(server, always(Response.ANSWERED, 0.01)) as first:
        async with connected(server) as second:
            await first.wait_for(Replaced)
            await first.wait_for(Disconnected)
            assert not first.ari.up
            with pytest.raises(SwitchUnreachable):
                await originate(first.ari, "c1")
            await originate(second.ari, "c2")
            await second.wait_for(StasisStart, "c2")
        server.asterisk.cut()
        await eventually(lambda: all(connection.closed for connection in server.connections), 5, "all gone")
        assert len(server.connections) == 2, "it did not come back"
        assert not first.ari.up


async def test_new_listener_of_a_replaced_client_gets_replaced(server: AriServer) -> None:
    async with connected(server) as first, connected(server):
        await first.wait_for(Replaced)
        assert isinstance(await anext(first.ari.events()), Replaced)


async def test_switch_that_refuses_the_filter_is_not_up(server: AriServer) -> None:
    server.failing = True
    async with listening(client(server)) as listener:
        await eventually(lambda: len(server.connections) > 2, 10, "it to try again")
        assert not listener.ari.up
        assert not listener.heard
        server.failing = False
        await listener.wait_for(Connected)


async def test_peer_that_falls_silent_is_given_up(server: AriServer) -> None:
    async with connected(server, ping_s=0.2, request_timeout_s=60) as listener:
        server.connections[-1].freeze()
        with pytest.raises(SwitchUnreachable, match="lost"):
            await commands.channels(listener.ari)
        await listener.wait_for(Connected, count=2)
        assert await commands.channels(listener.ari) == []


async def test_wrong_password_is_reported_once_and_never_written() -> None:
    async with AriServer(SimulatedAsterisk(random.Random(1), SystemClock()), USER, "another").serving() as server:
        ari = client(server)
        with capture_logs() as logs:
            async with listening(ari):
                await eventually(lambda: len(server.refused) > 3, 10, "several attempts")
    assert [line["reason"] for line in logs] == ["HTTP 401"]
    assert PASSWORD not in str(logs) + repr(ari)


async def test_nothing_that_the_websocket_writes_has_the_password(
    server: AriServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"), capture_logs() as logs:
        async with connected(server):
            server.asterisk.cut()
    assert "switch connected" in str(logs)
    login = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    theirs = [record.getMessage() for record in caplog.records if record.name == "websockets.server"]
    ours = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    assert login in str(theirs), "as it would be written"
    assert login not in str(ours) + str(logs)
    assert PASSWORD not in str(ours) + str(logs)


async def test_address_where_nobody_listens_is_tried_again() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"ws://127.0.0.1:{probe.getsockname()[1]}"
    ari = AriClient(nobody, USER, PASSWORD, APP, rng=random.Random(1))
    with capture_logs() as logs:
        async with listening(ari) as listener:
            with pytest.raises(SwitchUnreachable, match="not connected"):
                await commands.channels(ari)
            await eventually(lambda: logs, 10, "a line")
            assert not ari.up
            assert not listener.heard


async def test_two_thousand_originates_at_once_each_get_their_own_reply(server: AriServer) -> None:
    began = time.monotonic()
    async with connected(server, always(Response.BUSY, 0.0)) as listener:
        outcomes = await asyncio.gather(*(originate(listener.ari, f"c{n}", n) for n in range(2000)))
        assert outcomes == [Placed()] * 2000
        await listener.wait_for(ChannelDestroyed, count=2000, within_s=60)
    assert {event.channel_id for event in listener.of(ChannelDestroyed)} == {f"c{n}" for n in range(2000)}
    print(f"{2000 / (time.monotonic() - began):.0f} calls/s")  # noqa: T201
    assert not server.asterisk.ledger.violations
