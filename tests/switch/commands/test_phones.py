"""Endpoints as a switch lists them."""

from typing import cast

import pytest

from tongdai.switch import commands
from tongdai.switch.commands import Endpoint
from tongdai.switch.interface import Ari, Reply, SwitchRefused

AGENT1 = {"technology": "PJSIP", "resource": "agent1", "state": "online", "channel_ids": ["17.1"]}


class Answering:
    """A switch of one reply, which keeps the requests."""

    up = True

    def __init__(self, status: int, body: object = None) -> None:
        self._reply = Reply(status, body)
        self.asked: list[tuple[object, ...]] = []

    async def request(self, *request: object) -> Reply:
        self.asked.append(request)
        return self._reply


def ari(status: int, body: object = None) -> Ari:
    return cast("Ari", Answering(status, body))


async def test_phone_is_read() -> None:
    switch = Answering(200, AGENT1)
    assert await commands.endpoint(cast("Ari", switch), "agent1") == Endpoint("agent1", "online", ("17.1",))
    assert switch.asked == [("GET", "endpoints/PJSIP/agent1")]
    assert await commands.endpoint(ari(404), "agent1") is None


async def test_all_endpoints_are_read() -> None:
    idle = {**AGENT1, "resource": "agent2", "state": "offline", "channel_ids": []}
    assert await commands.endpoints(ari(200, [AGENT1, idle])) == [
        Endpoint("agent1", "online", ("17.1",)),
        Endpoint("agent2", "offline", ()),
    ]


@pytest.mark.parametrize("body", [None, {}, "x", [None], [{}], [{**AGENT1, "channel_ids": None}], [AGENT1, 7]])
async def test_listing_that_cannot_be_read_whole_is_refused(body: object) -> None:
    with pytest.raises(SwitchRefused, match="unreadable"):
        await commands.endpoints(ari(200, body))


@pytest.mark.parametrize("body", [None, [], {**AGENT1, "state": 1}, {"resource": "agent1"}])
async def test_phone_that_cannot_be_read_is_refused(body: object) -> None:
    with pytest.raises(SwitchRefused, match="unreadable"):
        await commands.endpoint(ari(200, body), "agent1")


async def test_state_of_a_phone_is_subscribed_to_until_it_is_not() -> None:
    switch = Answering(200, {})
    await commands.subscribe_to_phone(cast("Ari", switch), "app", "agent1")
    await commands.unsubscribe_from_phone(cast("Ari", switch), "app", "agent1")
    source = {"eventSource": "deviceState:PJSIP/agent1"}
    assert switch.asked == [
        ("POST", "applications/app/subscription", source),
        ("DELETE", "applications/app/subscription", source),
    ]


async def test_refusal_to_subscribe_is_raised_and_what_was_not_subscribed_to_is_not() -> None:
    await commands.unsubscribe_from_phone(ari(409), "app", "agent1")
    with pytest.raises(SwitchRefused):
        await commands.subscribe_to_phone(ari(422), "app", "agent1")
    with pytest.raises(SwitchRefused):
        await commands.unsubscribe_from_phone(ari(500), "app", "agent1")
