"""Finished recordings get from the switch into the storage; whatever fails on the way is tried again."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from random import Random

import pytest

from tests.support.recordings import MemoryRecordings
from tests.support.servers import eventually
from tongdai.clock import SystemClock
from tongdai.recordings.model import Failure, Recording, RecordingState, Side, StoredFile, key_of
from tongdai.recordings.storage import DiskStorage
from tongdai.switch.interface import SwitchRefused
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.client import SimulatedAri
from tongdai.telephony.recordings.collector import Collector
from tongdai.telephony.recordings.files import SimulatedFiles

pytestmark = pytest.mark.slow


class Files(SimulatedFiles):
    """Refuses to send some."""

    refused: frozenset[str] = frozenset()

    async def fetch(self, name: str, file: Path) -> bool:
        if name in self.refused:
            raise SwitchRefused(500, "no")
        return await super().fetch(name, file)


class Desk:
    """A switch with finished recordings, and who collects them."""

    def __init__(self, folder: Path, store: MemoryRecordings) -> None:
        self.store, self.folder, self.room = store, folder, True
        self.switch = SimulatedAsterisk(Random(1), SystemClock())
        self.ari = SimulatedAri(self.switch, Random(1))
        self.files, self.spooled = Files(self.switch.recorded_seconds), asyncio.Event()
        self.collector = Collector(
            *(self.store, self.ari, SystemClock(), self.files, DiskStorage(folder), self.spooled),
            lambda: self.room,
            "1",
        )

    def finished(self, seconds: float = 2.0) -> Recording:
        row = self.store.add(RecordingState.SPOOLED)
        self.switch.recordings.stored |= {row.name(side): seconds for side in Side}
        return row

    async def round(self) -> None:
        self.spooled.set()
        await self.collector.round()

    def kept(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def store() -> MemoryRecordings:
    return MemoryRecordings()


@pytest.fixture
async def desk(tmp_path: Path, store: MemoryRecordings) -> AsyncGenerator[Desk]:
    desk = Desk(tmp_path / "recordings", store)
    run = asyncio.create_task(desk.ari.run())

    async def listen() -> None:
        async for _ in desk.ari.events():
            pass

    listening = asyncio.create_task(listen())
    await eventually(lambda: desk.ari.up, 5, "up")
    yield desk
    for task in (run, listening):
        task.cancel()
    await asyncio.gather(run, listening, return_exceptions=True)


async def test_recording_is_stored_and_then_deleted_from_the_switch(desk: Desk) -> None:
    row = desk.finished()
    await desk.round()
    assert desk.store.rows[row.call_id].state is RecordingState.STORED
    file = desk.store.files[row.call_id]
    assert (file.key, file.seconds) == (f"7/2026/03/10/{row.call_id}.mp3", 2.0)
    assert desk.kept() == {file.key}
    assert (desk.folder / file.key).stat().st_size == file.size
    assert not desk.switch.recordings.stored


async def test_recording_without_sound_has_failed(desk: Desk) -> None:
    silent, missing = desk.finished(0), desk.store.add(RecordingState.SPOOLED)
    await desk.round()
    assert desk.store.failures == dict.fromkeys((silent.call_id, missing.call_id), Failure.NO_SOUND)
    assert not desk.kept()
    assert not desk.switch.recordings.stored


async def test_full_disk_leaves_recordings_on_the_switch(desk: Desk) -> None:
    row, desk.room = desk.finished(), False
    await desk.round()
    assert desk.store.rows[row.call_id].state is RecordingState.SPOOLED
    assert len(desk.switch.recordings.stored) == 2
    desk.room = True
    await desk.round()
    assert desk.store.rows[row.call_id].state is RecordingState.STORED


async def test_recording_that_is_not_sent_does_not_keep_others_waiting(desk: Desk) -> None:
    first, second = desk.finished(), desk.finished()
    desk.files.refused = frozenset({first.name(Side.OTHERS)})
    with pytest.raises(SwitchRefused):
        await desk.round()
    states = [desk.store.rows[row.call_id].state for row in (first, second)]
    assert states == [RecordingState.SPOOLED, RecordingState.STORED]
    desk.files.refused = frozenset()
    await desk.round()
    assert desk.store.rows[first.call_id].state is RecordingState.STORED


async def test_what_a_killed_process_has_left_is_cleared(desk: Desk) -> None:
    left = desk.folder / "work/1/of another"
    left.mkdir(parents=True)
    (left / "in").write_bytes(b"half")
    row = desk.finished()
    await desk.round()
    assert desk.kept() == {desk.store.files[row.call_id].key}


async def test_sound_that_was_left_on_the_switch_is_deleted_there(desk: Desk) -> None:
    """The process was killed after the commit. What is wanted still, or not named as ours, stays."""
    over = [desk.store.add(state) for state in (RecordingState.STORED, RecordingState.DELETED, RecordingState.FAILED)]
    wanted = desk.store.add(RecordingState.RECORDING)
    stored = desk.switch.recordings.stored
    stored |= {row.name(Side.CUSTOMER): 1.0 for row in (*over, wanted)} | {"voicemail-1": 1.0}
    await desk.round()
    assert set(stored) == {wanted.name(Side.CUSTOMER), "voicemail-1"}


class Erased(MemoryRecordings):
    """The customer is erased while their recording is on its way."""

    async def stored(self, of: Recording, file: StoredFile) -> bool:
        await self.failed(of, Failure.ERASED)
        return await super().stored(of, file)


@pytest.mark.parametrize("store", [Erased()], ids=["erased"])
async def test_sound_of_an_erased_customer_is_not_kept(desk: Desk) -> None:
    row = desk.finished()
    await desk.round()
    assert desk.store.failures == {row.call_id: Failure.ERASED}
    assert not desk.kept()
    assert not desk.switch.recordings.stored


async def test_sound_that_was_stored_for_nobody_is_deleted(desk: Desk) -> None:
    """The process was killed after it had put the sound of an erased customer into the storage."""
    row = desk.store.add(RecordingState.FAILED)
    desk.switch.recordings.stored[row.name(Side.CUSTOMER)] = 1.0
    path = desk.folder / key_of(row, "mp3")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"sound")
    await desk.round()
    assert not desk.kept()
    assert not desk.switch.recordings.stored
