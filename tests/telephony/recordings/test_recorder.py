"""Connected calls are recorded on both sides until they end, whatever is lost or killed meanwhile. In virtual time."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.support.recordings import MemoryRecordings, RecordedSwitch
from tongdai.recordings.model import Failure, RecordingState
from tongdai.switch.simulated.client import Faults
from tongdai.telephony.recordings.recorder import CHECK_S
from tongdai.testing import virtual_time


def play(
    scene: Callable[[RecordedSwitch], Coroutine[Any, Any, None]], faults: Faults | None = None, *, room: bool = True
) -> None:
    async def main() -> None:
        async with RecordedSwitch(MemoryRecordings(), faults, room=room).running() as switch:
            await scene(switch)

    virtual_time.run(main(), random.Random(1))


def test_call_is_recorded_on_both_sides_from_its_connection_to_its_end() -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.call()
        await s.reaches(call_id, RecordingState.RECORDING)
        await asyncio.sleep(30)
        assert s.lengths(call_id) == []
        await s.hang_up(call_id)
        await s.reaches(call_id, RecordingState.SPOOLED)
        assert s.lengths(call_id) == pytest.approx([30, 30], abs=1)
        await s.until(s.spooled.is_set)

    play(scene)


def test_calls_are_recorded_apart() -> None:
    async def scene(s: RecordedSwitch) -> None:
        calls = [await s.call() for _ in range(20)]
        for call_id in calls:
            await s.reaches(call_id, RecordingState.RECORDING)
        for call_id in calls:
            await s.hang_up(call_id)
            await s.reaches(call_id, RecordingState.SPOOLED)
        assert len(s.switch.recordings.stored) == 40

    play(scene)


@pytest.mark.parametrize(
    "faults",
    [Faults(request_lost=0.3), Faults(reply_lost=0.3), Faults(event_lost=0.3), Faults(event_doubled=0.3)],
    ids=["request lost", "reply lost", "event lost", "event doubled"],
)
def test_what_is_lost_on_the_way_is_asked_again(faults: Faults) -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.call()
        s.ari.faults = faults
        await s.reaches(call_id, RecordingState.RECORDING)
        s.ari.faults = Faults()

    play(scene)


def test_recording_is_finished_when_the_call_ended_while_nobody_was_connected() -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.call()
        await s.reaches(call_id, RecordingState.RECORDING)
        await asyncio.sleep(5)
        s.switch.restart(for_s=3)
        s.recorder.reconnected()
        del s.store.connected[call_id]
        await s.reaches(call_id, RecordingState.SPOOLED)
        assert s.lengths(call_id) == pytest.approx([5, 5], abs=1), "what was recorded until then is kept"

    play(scene)


def test_process_that_takes_over_finds_what_was_begun() -> None:
    async def scene(s: RecordedSwitch) -> None:
        begun = await s.call()
        await s.reaches(begun, RecordingState.RECORDING)
        s.take_over()
        another = await s.call()
        await s.reaches(another, RecordingState.RECORDING)
        for call_id in (begun, another):
            await s.hang_up(call_id)
            await s.reaches(call_id, RecordingState.SPOOLED)
            assert len(s.lengths(call_id)) == 2

    play(scene)


def test_recording_that_was_begun_and_not_written_down_is_kept() -> None:
    """The process was killed between the switch's reply and the commit, and the call ended before the next one came."""

    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.call()
        await s.reaches(call_id, RecordingState.RECORDING)
        [row] = await s.store.unfinished()
        s.store.rows[call_id] = type(row)(
            row.tenant_id, row.call_id, row.channel, RecordingState.WANTED, row.wanted_at, live=True
        )
        await s.hang_up(call_id)
        s.take_over()
        await s.reaches(call_id, RecordingState.SPOOLED)

    play(scene)


def test_call_that_ended_before_it_was_recorded_has_no_recording() -> None:
    async def scene(s: RecordedSwitch) -> None:
        row = s.store.add(RecordingState.WANTED)
        await s.reaches(row.call_id, RecordingState.FAILED)
        assert s.store.failures == {row.call_id: Failure.CALL_ENDED}

    play(scene)


def test_switch_without_the_module_records_nothing_and_calls_go_on() -> None:
    async def scene(s: RecordedSwitch) -> None:
        s.switch.modules = []
        call_id = await s.call()
        await s.reaches(call_id, RecordingState.FAILED)
        assert s.store.failures == {call_id: Failure.REFUSED}
        assert s.switch.has_channel(str(call_id))

    play(scene)


def test_full_disk_stops_recording_and_never_calls() -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.call()
        await s.reaches(call_id, RecordingState.FAILED)
        assert s.store.failures == {call_id: Failure.DISK_FULL}
        assert s.switch.has_channel(str(call_id))
        s.room = True
        later = await s.call()
        await s.reaches(later, RecordingState.RECORDING)

    play(scene, room=False)


def test_recording_goes_on_while_its_call_lasts() -> None:
    async def scene(s: RecordedSwitch) -> None:
        call_id = await s.call()
        await s.reaches(call_id, RecordingState.RECORDING)
        await asyncio.sleep(10 * CHECK_S)
        assert s.store.rows[call_id].state is RecordingState.RECORDING

    play(scene)
