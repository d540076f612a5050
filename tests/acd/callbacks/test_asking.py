"""Callers who ask to be called back, on the simulated switch: from the key to the callback."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.callback_scene import dialled_to, states
from tests.support.caller_scene import FRONT, RULES, call_in, endings, started
from tests.support.dialer_scene import Scene, play
from tongdai.call_outcome import InboundOutcome
from tongdai.callbacks.model import Callback, CallbackState
from tongdai.queues.menus.model import Menu
from tongdai.queues.model import Destination, DestinationKind
from tongdai.switch.simulated.ledger import SimulatedCaller

AT_ONCE = timedelta(seconds=1)
CALLBACK = Destination(DestinationKind.CALLBACK)
OFFERED = replace(RULES, callback_offered=True, callback_key="9", language="en")


async def asked(s: Scene, person: int, keys: str) -> SimulatedCaller:
    """Somebody calls and presses these keys, some seconds apart; returns when the call is over."""
    caller = await call_in(s, person)
    for key in keys:
        await asyncio.sleep(2)
        s.simulated.press(caller, key)
    await s.until(lambda: caller.ended_at)
    return caller


def test_caller_who_waits_asks_by_key_keeps_the_place_and_is_called_back() -> None:
    async def scene(s: Scene) -> None:
        await started(s, OFFERED)
        first = await asked(s, 1, "91")
        await s.until(lambda: endings(s) == [InboundOutcome.CALLBACK])
        assert first.ended_by == "us"
        (sentence, thanks) = (played.sounds for played in first.sounds)
        assert sentence[0] == "sound:tongdai/en/callback-number"
        assert thanks == ("sound:tongdai/en/callback-thanks",)
        second = await call_in(s, 2)
        (callback,) = s.acd.callbacks.values()
        assert callback.arrived_at - first.arrived_at < AT_ONCE
        s.agents(1, wrap_up_s=0)
        await s.until(lambda: second.talks)
        assert states(s) == [CallbackState.DONE]
        (called,) = dialled_to(s, 1)
        assert called < second.talks[0].began_at

    play(scene)


@pytest.mark.parametrize("made", [True, False])
def test_caller_who_hangs_up_while_it_is_recorded_is_called_back_or_has_abandoned_the_call(made: bool) -> None:
    """Whoever hangs up unserved has abandoned the call, unless somebody calls them back: then it is no lost call."""

    async def scene(s: Scene) -> None:
        await started(s, OFFERED)
        ask, away = s.acd.ask_callback, True

        async def ask_later(*args: Any, **options: Any) -> Callback | None:
            if away:
                raise ConnectionError
            return await ask(*args, **options) if made else None

        s.acd.ask_callback = ask_later
        caller = await call_in(s, 1)
        for key in "91":
            await asyncio.sleep(2)
            s.simulated.press(caller, key)
        await asyncio.sleep(2)
        s.simulated.leave(caller)
        await asyncio.sleep(2)
        assert not s.acd.over
        away = False
        await s.until(lambda: s.acd.over)
        assert endings(s) == [InboundOutcome.CALLBACK if made else InboundOutcome.ABANDONED]
        assert len(s.acd.callbacks) == made

    play(scene)


def test_later_caller_is_not_served_before_a_callback_that_was_just_asked_for() -> None:
    async def scene(s: Scene) -> None:
        await started(s, OFFERED)
        first, second = await call_in(s, 1), await call_in(s, 2)
        await asyncio.sleep(2)
        s.simulated.press(first, "9")
        await asyncio.sleep(2)
        s.simulated.press(first, "1")
        await s.until(lambda: first.ended_at)
        s.agents(1, wrap_up_s=0)
        await s.until(lambda: s.acd.offers)
        assert s.acd.offers[0].call_id in {callback.call_id for callback in s.acd.callbacks.values()}
        assert not second.talks

    play(scene)


def test_key_of_a_menu_leads_to_a_callback() -> None:
    async def scene(s: Scene) -> None:
        s.acd.menu[FRONT] = Menu(name="Front", greeting="welcome", options={"5": CALLBACK})
        await started(s, replace(RULES, menu_id=FRONT))
        caller = await asked(s, 1, "51")
        await s.until(lambda: endings(s) == [InboundOutcome.CALLBACK])
        (callback,) = s.acd.callbacks.values()
        assert callback.from_call in s.acd.over
        assert callback.arrived_at - caller.arrived_at < AT_ONCE
        s.agents(1)
        await s.until(lambda: states(s) == [CallbackState.DONE])

    play(scene)


@pytest.mark.parametrize("presses", [True, False])
def test_wait_that_is_over_leads_to_a_callback(presses: bool) -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(RULES, max_wait_s=30, overflow=CALLBACK))
        caller = await call_in(s, 1)
        await s.until(lambda: caller.sounds)
        if presses:
            s.simulated.press(caller, "1")
        await s.until(lambda: endings(s), within_s=300)
        assert endings(s) == [InboundOutcome.CALLBACK if presses else InboundOutcome.OVERFLOW]
        assert states(s) == ([CallbackState.PENDING] if presses else [])
        assert not s.acd.waiting

    play(scene)


def test_other_number_is_called_back() -> None:
    async def scene(s: Scene) -> None:
        await started(s, OFFERED)
        await asked(s, 1, "920900000002#1")
        await s.until(lambda: states(s) == [CallbackState.PENDING])
        s.agents(1)
        await s.until(lambda: dialled_to(s, 2))
        assert not dialled_to(s, 1)

    play(scene)


def test_own_number_and_more_than_a_few_others_are_not_called_back() -> None:
    async def scene(s: Scene) -> None:
        s.acd.own_numbers.add("+84900000009")
        await started(s, OFFERED)
        for person in ("9", *"2345"):
            caller = await call_in(s, 1)
            for key in f"92090000000{person}#1":
                await asyncio.sleep(2)
                s.simulated.press(caller, key)
            await asyncio.sleep(2)
            s.simulated._hung_up_by_caller(s.simulated._channels[caller.channel_id])
        assert [one.phone for one in s.acd.callbacks.values()] == [f"+8490000000{n}" for n in (2, 3, 4)]
        await asked(s, 1, "91")
        assert [one.phone for one in s.acd.callbacks.values()][3:] == ["+84900000001"], "their own number"

    play(scene)


def test_caller_who_changes_their_mind_waits_on_at_their_place() -> None:
    async def scene(s: Scene) -> None:
        await started(s, OFFERED)
        caller, _ = await call_in(s, 1), await call_in(s, 2)
        await asyncio.sleep(2)
        s.simulated.press(caller, "9")
        await asyncio.sleep(90)
        s.agents(1)
        await s.until(lambda: caller.talks)
        assert not s.acd.callbacks

    play(scene)


def test_key_means_nothing_where_no_callback_is_offered() -> None:
    async def scene(s: Scene) -> None:
        await started(s, replace(OFFERED, callback_offered=False))
        caller = await call_in(s, 1)
        s.simulated.press(caller, "9")
        await asyncio.sleep(5)
        assert not caller.sounds
        assert len(s.acd.waiting) == 1

    play(scene)


def test_callback_is_read_out_after_a_restart_in_between() -> None:
    async def scene(s: Scene) -> None:
        await started(s, OFFERED)
        caller = await call_in(s, 1)
        s.simulated.press(caller, "9")
        await s.until(lambda: caller.sounds)
        await s.stop()
        s.start()
        await s.until(lambda: s.dialer.active_calls)
        await asyncio.sleep(2)
        (row,) = s.acd.waiting.values()
        assert row.arrived_at - caller.arrived_at < AT_ONCE
        s.simulated.press(caller, "9")
        await asyncio.sleep(2)
        s.simulated.press(caller, "1")
        await s.until(lambda: states(s) == [CallbackState.PENDING])

    play(scene)


def test_caller_who_has_asked_is_called_back_though_the_process_ends_while_they_hear_so() -> None:
    async def scene(s: Scene) -> None:
        await started(s, OFFERED)
        caller = await call_in(s, 1)
        for key in "91":
            await asyncio.sleep(2)
            s.simulated.press(caller, key)
        await s.until(lambda: states(s) == [CallbackState.PENDING])
        await s.stop()
        assert caller.ended_at is None
        s.start()
        await s.until(lambda: endings(s))
        assert endings(s) == [InboundOutcome.CALLBACK]
        assert states(s) == [CallbackState.PENDING]
        s.agents(1)
        await s.until(lambda: states(s) == [CallbackState.DONE])

    play(scene)
