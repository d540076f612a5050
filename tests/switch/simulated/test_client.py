"""Connections to the simulated switch, and their faults."""

import asyncio
import random
from typing import Any

import pytest

from tests.support.simulated_switch import call, play, until
from tests.support.switch import Listener, listening
from tongdai.switch import commands
from tongdai.switch.events import (
    ChannelDestroyed,
    Connected,
    Disconnected,
    PlaybackFinished,
    Replaced,
    StasisStart,
)
from tongdai.switch.interface import SwitchError, SwitchUnreachable
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.testing import virtual_time


def test_cut_fails_requests_and_calls_continue_unheard() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        waiting = asyncio.ensure_future(commands.channels(listener.ari))
        await asyncio.sleep(0)
        asterisk.cut(for_s=20)
        assert not listener.ari.up
        with pytest.raises(SwitchUnreachable):
            await waiting
        await listener.wait_for(Connected, count=2, within_s=30)
        assert len(listener.of(Disconnected)) == 1
        assert not listener.of(ChannelDestroyed)
        assert await commands.channels(listener.ari) == []

    ledger = play(scene, always(Response.ANSWERED, 10)).ledger
    assert ledger.counts["unheard"] == 1
    assert ledger.calls[0].ended_at == ledger.calls[0].answered_at, "hung up: nobody was there to talk to it"


def test_call_in_the_application_survives_a_cut() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        asterisk.cut(for_s=2)
        await listener.wait_for(Connected, count=2)
        assert [(c.channel_id, c.state) for c in await commands.channels(listener.ari)] == [("c", "Up")]

    play(scene, always(Response.ANSWERED))


def test_restart_ends_all_calls_without_events() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        await call(listener)
        await listener.wait_for(StasisStart)
        await commands.play(listener.ari, "c", "p", "x")
        asterisk.restart(for_s=1)
        await listener.wait_for(Connected, count=2)
        assert await commands.channels(listener.ari) == []
        await asyncio.sleep(100)
        assert not listener.of(ChannelDestroyed)
        assert not listener.of(PlaybackFinished)

    assert not play(scene, always(Response.ANSWERED, talk_s=50)).ledger.active


def test_second_client_of_the_application_replaces_the_first() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        second = SimulatedAri(asterisk, random.Random(2))
        async with listening(second) as other:
            await listener.wait_for(Replaced)
            await until(lambda: second.up)
            assert not listener.ari.up
            await call(other)
            await other.wait_for(ChannelDestroyed)
            assert not listener.of(ChannelDestroyed)
        await asyncio.sleep(60)
        assert not listener.ari.up, "for good"

    play(scene, always(Response.BUSY, 0.1))


def test_fault_of_each_kind_occurs() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        outcomes: set[str] = set()
        for n in range(300):
            try:
                outcomes.add(type(await call(listener, f"c{n}", n)).__name__)
            except SwitchError as error:
                outcomes.add(str(error))
        await asyncio.sleep(120)
        assert outcomes == {"Placed", "Refused", "Duplicate", "no reply in time"}
        counts = asterisk.ledger.counts
        assert all(counts[name] for name in Faults.__slots__ if not name.endswith("_s")), counts
        assert counts["originated"] == counts["ended"] < 300
        ends = [event.channel_id for event in listener.of(ChannelDestroyed)]
        assert len(ends) > len(set(ends)), "some were doubled"
        assert len(set(ends)) < counts["ended"], "some were lost"

    shares: dict[str, Any] = {name: 0.1 for name in Faults.__slots__ if not name.endswith("_s")}
    assert not play(scene, always(Response.BUSY, 1), Faults(**shares)).ledger.violations


def test_late_originate_begins_after_its_sender_gave_up() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        with pytest.raises(SwitchUnreachable, match="in time"):
            await call(listener)
        assert await commands.channel(listener.ari, "c") is None
        await asyncio.sleep(15)
        assert await commands.channel(listener.ari, "c") is not None

    play(scene, always(Response.ANSWERED), Faults(originate_late=1.0, late_s=(15, 20)))


def test_lost_reply_is_of_a_call_that_was_placed() -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        with pytest.raises(SwitchUnreachable, match="in time"):
            await call(listener)
        assert asterisk.ledger.counts["originated"] == 1

    play(scene, always(Response.ANSWERED), Faults(reply_lost=1.0))


@pytest.mark.parametrize("seed", range(5))
def test_same_seed_same_history(seed: int) -> None:
    async def scene(asterisk: SimulatedAsterisk, listener: Listener) -> None:
        for n in range(100):
            try:
                await call(listener, f"c{n}", n)
            except SwitchUnreachable:
                continue
            if n == 50:
                asterisk.cut(for_s=1)
                await listener.wait_for(Connected, count=2)
        await asyncio.sleep(3600)
        histories.append([repr(event) for event in listener.heard])

    histories: list[list[str]] = []
    for _ in range(2):
        play(scene, faults=Faults(event_late=0.2, reply_lost=0.05), seed=seed)
    assert histories[0] == histories[1]
    assert len(histories[0]) > 100


def test_days_pass_in_seconds_and_waiting_for_nothing_is_an_error() -> None:
    async def sleeping() -> float:
        await asyncio.sleep(30 * 86_400)
        return asyncio.get_running_loop().time()

    async def stuck() -> None:
        await asyncio.Event().wait()

    assert virtual_time.run(sleeping(), random.Random(1)) >= 30 * 86_400
    with pytest.raises(RuntimeError, match="wait for one another"):
        virtual_time.run(stuck(), random.Random(1))
