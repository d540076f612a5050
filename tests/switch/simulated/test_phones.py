"""Phones of the simulated switch: their states, and who is notified."""

import asyncio
import random
from datetime import UTC, datetime

from tests.support.simulated_switch import play, until
from tests.support.switch import Listener
from tests.switch.conftest import APP
from tongdai.switch import commands
from tongdai.switch.commands import Endpoint, Placed, Refused
from tongdai.switch.events import ChannelDestroyed, Connected, DeviceStateChanged, StasisStart
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import AWAY, Response, any_phone, phone

AGENT = commands.agent_endpoint_of("agent1")


def states(listener: Listener) -> list[str]:
    return [event.state for event in listener.of(DeviceStateChanged)]


def test_phone_rings_is_busy_and_is_free_again() -> None:
    async def scene(_: SimulatedAsterisk, listener: Listener) -> None:
        ari = listener.ari
        await commands.subscribe_to_phone(ari, APP, "agent1")
        assert await commands.originate(ari, "a", AGENT, APP) == Placed()
        await listener.wait_for(StasisStart)
        assert await commands.endpoint(ari, "agent1") == Endpoint("agent1", "online", ("a",))
        assert await commands.hang_up(ari, "a")
        await listener.wait_for(ChannelDestroyed)
        assert await commands.endpoints(ari) == [Endpoint("agent1", "online", ())]
        assert states(listener) == ["RINGING", "INUSE", "NOT_INUSE"]
        await commands.unsubscribe_from_phone(ari, APP, "agent1")
        assert await commands.originate(ari, "b", AGENT, APP) == Placed()
        await listener.wait_for(StasisStart, "b")
        assert len(states(listener)) == 3

    play(scene, phones={"agent1": phone()})


def test_phone_that_is_not_registered_cannot_be_called_until_it_is_back() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await commands.subscribe_to_phone(listener.ari, APP, "agent1")
        asterisk.unregister("agent1")
        assert await commands.originate(listener.ari, "a", AGENT, APP) == Refused(500, "Allocation failed")
        assert await commands.endpoint(listener.ari, "agent1") == Endpoint("agent1", "offline", ())
        asterisk.register("agent1")
        await until(lambda: len(states(listener)) == 2)
        assert states(listener) == ["UNAVAILABLE", "NOT_INUSE"]

    play(scene, phones={"agent1": phone()})


def test_call_of_the_agents_own_makes_the_phone_busy() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await commands.subscribe_to_phone(listener.ari, APP, "agent1")
        asterisk.use_phone("agent1", 30)
        assert await commands.originate(listener.ari, "a", AGENT, APP) == Placed()
        assert (await listener.wait_for(ChannelDestroyed)).tech_cause == 486
        found = await commands.endpoint(listener.ari, "agent1")
        assert found is not None
        assert len(found.channel_ids) == 1
        await asyncio.sleep(31)
        assert states(listener) == ["INUSE", "NOT_INUSE"]

    play(scene, phones={"agent1": phone()})


def test_subscription_ends_with_the_connection_and_phones_that_do_not_exist_are_none() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await commands.subscribe_to_phone(listener.ari, APP, "agent1")
        await commands.subscribe_to_phone(listener.ari, APP, "nobody")
        assert await commands.endpoint(listener.ari, "nobody") is None
        asterisk.cut()
        await listener.wait_for(Connected, count=2)
        asterisk.unregister("agent1")
        await asyncio.sleep(1)
        assert not states(listener)

    play(scene, phones={"agent1": phone()})


def test_phone_whose_name_says_that_nobody_is_at_it_is_mostly_not_picked_up() -> None:
    rng, now = random.Random(1), datetime.now(UTC)
    away = [any_phone(f"agent{AWAY}", now, rng).response for _ in range(1000)]
    assert 0.16 < away.count(Response.ANSWERED) / len(away) < 0.24
    assert set(away) == {Response.ANSWERED, Response.NO_ANSWER}
    assert {any_phone("agent1", now, rng).response for _ in range(1000)} == {Response.ANSWERED}
