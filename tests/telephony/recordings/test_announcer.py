"""Nothing is recorded of customers who did not hear the announcement whole, or declined. In virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.support.recordings import MemoryRecordings, RecordedSwitch
from tongdai.recordings.model import REFUSAL_KEY, Failure, RecordingState
from tongdai.switch import commands
from tongdai.switch.simulated.bridges import SOUND_S
from tongdai.telephony.recordings.announcer import LEAST_MS, REFUSABLE_S
from tongdai.testing import virtual_time


def play(scene: Callable[[RecordedSwitch], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with RecordedSwitch(MemoryRecordings()).running() as switch:
            await scene(switch)

    virtual_time.run(main(), random.Random(1))


def test_recording_begins_when_the_announcement_was_heard() -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.talking()
        await asyncio.sleep(SOUND_S + REFUSABLE_S - 1)
        assert s.store.rows[call_id].state is RecordingState.WANTED
        await s.reaches(call_id, RecordingState.RECORDING)
        assert s.store.announced_ms[call_id] == pytest.approx(SOUND_S * 1000, abs=500)
        await s.hang_up(call_id)
        await s.reaches(call_id, RecordingState.SPOOLED)

    play(scene)


@pytest.mark.parametrize("after_s", [0.5, SOUND_S + REFUSABLE_S / 2], ids=["during it", "after it"])
def test_customer_declines_by_key(after_s: float) -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.talking()
        await asyncio.sleep(after_s)
        s.press(call_id, "1")
        s.press(call_id, REFUSAL_KEY)
        await s.reaches(call_id, RecordingState.FAILED)
        assert s.store.failures[call_id] is Failure.DECLINED
        await s.hang_up(call_id)
        await asyncio.sleep(60)
        assert not s.switch.recordings.stored

    play(scene)


async def _on_hold(s: RecordedSwitch, channel: str) -> None:
    await commands.remove_from_bridge(s.ari, channel, channel)


async def _hung_up(s: RecordedSwitch, channel: str) -> None:
    await commands.hang_up(s.ari, channel)


async def _parted(s: RecordedSwitch, channel: str) -> None:
    await commands.destroy_bridge(s.ari, channel)


@pytest.mark.parametrize("cut", [_on_hold, _hung_up, _parted], ids=["on hold", "hung up", "parted"])
def test_announcement_that_is_cut_short_is_none(
    cut: Callable[[RecordedSwitch, str], Coroutine[Any, Any, None]],
) -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.talking()
        await asyncio.sleep(0.6)
        await cut(s, str(call_id))
        await s.reaches(call_id, RecordingState.FAILED)
        assert s.store.failures[call_id] is Failure.NOT_ANNOUNCED
        await asyncio.sleep(60)
        assert not s.switch.recordings.stored

    play(scene)


def test_customer_who_talks_with_nobody_is_not_recorded() -> None:
    async def scene(s: RecordedSwitch) -> None:
        s.store.announcement = "tongdai/recorded"
        call_id = await s.call()
        await s.reaches(call_id, RecordingState.FAILED)
        assert s.store.failures[call_id] is Failure.NOT_ANNOUNCED

    play(scene)


def test_sound_that_does_not_exist_announces_nothing() -> None:
    async def scene(s: RecordedSwitch) -> None:
        s.switch.sounds = {}
        call_id = await s.talking()
        await s.reaches(call_id, RecordingState.FAILED)
        assert s.store.failures[call_id] is Failure.NOT_ANNOUNCED
        assert s.store.announced_ms[call_id] == pytest.approx(0, abs=LEAST_MS)

    play(scene)


def test_process_that_takes_over_announces_it_once_more() -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.talking()
        await asyncio.sleep(0.5)
        s.take_over()
        await s.reaches(call_id, RecordingState.RECORDING)
        assert s.store.announced_ms[call_id] == pytest.approx(SOUND_S * 1000, abs=500)

    play(scene)
