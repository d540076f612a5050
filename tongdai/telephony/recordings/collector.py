"""Brings finished recordings from the switch into the storage, one after the other.

    spooled → both sides fetched → one stereo file (a process of its own) → storage → stored (committed) → deleted
                                                                                       from the switch

Each step can be repeated: until the row says that a recording is stored, the switch keeps its sound; what a process
that was killed has left, in the folder for work and on the switch, is found again and done, or deleted. Without room on
the disk recordings wait on the switch.

Every SWEEP_S the switch's own list is compared with the rows: the sound of a recording that is stored, failed or
deleted by now is deleted there too. Files that are not named as ours stay.
"""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import structlog

from tongdai.clock import Clock
from tongdai.recordings.mixing import MixingError, format_name, mixed, seconds_of
from tongdai.recordings.model import Recording, RecordingState, Side, StoredFile, key_of
from tongdai.recordings.storage import Storage
from tongdai.switch import commands
from tongdai.switch.interface import Ari, SwitchError
from tongdai.telephony.recordings.files import SwitchFiles
from tongdai.telephony.recordings.store import RecordingStore

log = structlog.get_logger()

WAIT_S = 10.0
SWEEP_S = 600.0
_NAME = re.compile(r"tongdai-([0-9a-f]{8}-[0-9a-f-]{27})-(?:in|out)")


class Collector:
    def __init__(
        self,
        store: RecordingStore,
        ari: Ari,
        clock: Clock,
        files: SwitchFiles,
        storage: Storage,
        spooled: asyncio.Event,
        has_room: Callable[[], bool],
        switch: str,
    ) -> None:
        """`switch`: names the folder for its work: each switch has a collector of its own."""
        self._switch = switch
        self._store, self._ari, self._clock, self._files = store, ari, clock, files
        self._storage, self._spooled, self._has_room = storage, spooled, has_room
        self._crowded = False
        self._swept_at: float | None = None

    async def round(self) -> None:
        """Once there may be something, or after WAIT_S: collect what is spooled. One that fails stays, and does not
        keep the others from being collected."""
        try:
            async with asyncio.timeout(WAIT_S):
                await self._spooled.wait()
        except TimeoutError:
            pass
        self._spooled.clear()
        if not self._ari.up:
            return
        failure: SwitchError | MixingError | None = None
        for recording in await self._store.unfinished():
            if recording.state is not RecordingState.SPOOLED or not self._roomy():
                continue
            try:
                await self._collect(recording)
            except (SwitchError, MixingError) as error:
                log.warning("recording not collected", call=str(recording.call_id), error=str(error))
                failure = error
        if failure is not None:
            raise failure
        await self._sweep()

    def _roomy(self) -> bool:
        roomy = self._has_room()
        if self._crowded == roomy:
            self._crowded = not roomy
            if roomy:
                log.info("disk has room again for recordings")
            else:
                log.warning("disk is full: recordings stay on the switch")
        return roomy

    async def _collect(self, recording: Recording) -> None:
        folder = await asyncio.to_thread(_work_folder, self._storage.work / self._switch)
        try:
            sides = [folder / side for side in Side]
            for side, path in zip(Side, sides, strict=True):
                await self._files.fetch(recording.name(side), path)
            await self._keep(recording, sides[0], sides[1], folder / "mixed")
        finally:
            await asyncio.to_thread(_clear, folder)
        await self._delete(recording)

    async def _keep(self, recording: Recording, customer: Path, others: Path, out: Path) -> None:
        form = format_name()
        why = await mixed(customer, others, out, form)
        if why is not None:
            await self._store.failed(recording, why)
            log.warning("call not recorded", call=str(recording.call_id), reason=why.value)
            return
        seconds, size = seconds_of(customer, others), (await asyncio.to_thread(out.stat)).st_size
        file = StoredFile(key_of(recording, form), seconds, size)
        await self._storage.put(file.key, out)
        if not await self._store.stored(recording, file):  # the customer was erased meanwhile
            await self._storage.delete(file.key)
            return
        log.info("recording stored", tenant=recording.tenant_id, call=str(recording.call_id), seconds=seconds)

    async def _delete(self, recording: Recording) -> None:
        for side in Side:
            await commands.delete_recording(self._ari, recording.name(side))

    async def _sweep(self) -> None:
        """Delete from the switch what is stored, and was not deleted there because a process or a connection ended."""
        now = self._clock.monotonic()
        if self._swept_at is not None and now - self._swept_at < SWEEP_S:
            return
        listed = await commands.stored_recordings(self._ari)
        names = {name: UUID(match[1]) for name in listed if (match := _NAME.fullmatch(name))}
        over = {one.call_id: one for one in await self._store.over(list(set(names.values())))}
        for name, call_id in names.items():
            recording = over.get(call_id)
            if recording is None:
                continue
            if recording.state is RecordingState.FAILED:
                # The process that put it into the storage may have been killed before it knew that it had failed.
                await self._storage.delete(key_of(recording, format_name()))
            if await commands.delete_recording(self._ari, name):
                log.info("recording left over deleted from the switch", call=str(call_id))
        self._swept_at = now


def _work_folder(work: Path) -> Path:
    """A new folder. What is left of others was of processes that were killed."""
    work.mkdir(mode=0o700, exist_ok=True)
    for left in work.iterdir():
        _clear(left)
    folder = work / uuid4().hex
    folder.mkdir(mode=0o700)
    return folder


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    folder.rmdir()
