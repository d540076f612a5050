"""Recordings of a switch: a store in memory, and calls on the simulated switch that are to be recorded."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

from tests.support.api import Tenant
from tests.support.calls import a_call
from tongdai.db.pool import Connection
from tongdai.ids import CampaignId, ContactId, TenantId
from tongdai.recordings import store
from tongdai.recordings.model import TRANSITIONS, Failure, Recording, RecordingState, Side, StoredFile, key_of
from tongdai.recordings.storage import Storage, storage_in
from tongdai.settings.declarations import Settings
from tongdai.switch import commands
from tongdai.switch.events import ChannelDtmfReceived, StasisStart
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.switch.simulated.asterisk import SimulatedAsterisk
from tongdai.switch.simulated.callees import Response, always
from tongdai.switch.simulated.client import Faults, SimulatedAri
from tongdai.telephony.recordings.recorder import Recorder
from tongdai.testing import virtual_time

SOUND = bytes(range(256)) * 40
ADD = "insert into recording (tenant_id, call_id, switch_id, channel, wanted_at) values ($1, $2, 1, 'c', $3)"
OPEN = {RecordingState.WANTED, RecordingState.RECORDING, RecordingState.SPOOLED}
AT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


async def wanted_in(conn: Connection, tenant_id: TenantId, call_id: UUID) -> Recording:
    """The recording of an ended call, as it is wanted."""
    await conn.execute(ADD, tenant_id, call_id, AT)
    return Recording(tenant_id, call_id, "c", RecordingState.WANTED, AT, live=False)


async def stored_in(conn: Connection, storage: Storage, tenant_id: TenantId, call_id: UUID) -> Recording:
    """The recording of an ended call, with SOUND as its file."""
    recording = await wanted_in(conn, tenant_id, call_id)
    await store.started(conn, recording, AT)
    await store.spooled(conn, recording)
    file = storage.work / str(uuid4())
    file.write_bytes(SOUND)
    key = key_of(recording, "mp3")
    await storage.put(key, file)
    assert await store.stored(conn, recording, StoredFile(key, 2.5, len(SOUND)))
    return recording


async def recorded_call(tenant: Tenant, campaign_id: CampaignId, contact_id: ContactId, settings: Settings) -> UUID:
    """A call to a contact that has ended, with a recording in the server's storage."""
    storage = storage_in(settings.data_dir, settings.recordings_dir)
    async with tenant.api.pool.acquire() as conn:
        call_id = UUID(str(await a_call(conn, tenant.tenant_id, campaign_id, contact_id, "+84907654321")))
        await stored_in(conn, storage, tenant.tenant_id, call_id)
    return call_id


@dataclass
class MemoryRecordings:
    """Implements `RecordingStore`. A test adds the calls that are to be recorded."""

    rows: dict[UUID, Recording] = field(default_factory=dict[UUID, Recording])
    failures: dict[UUID, Failure] = field(default_factory=dict[UUID, Failure])
    files: dict[UUID, StoredFile] = field(default_factory=dict[UUID, StoredFile])
    connected: dict[UUID, str] = field(default_factory=dict[UUID, str])
    """The channels of the live calls that are to be recorded."""
    announcement: str | None = None
    """The sound that announces their recordings."""
    announced_ms: dict[UUID, int | None] = field(default_factory=dict[UUID, int | None])

    async def want(self) -> Sequence[Recording]:
        new = [
            Recording(TenantId(7), call_id, channel, RecordingState.WANTED, AT, True, self.announcement)
            for call_id, channel in self.connected.items()
            if call_id not in self.rows
        ]
        self.rows |= {one.call_id: one for one in new}
        return new

    async def unfinished(self) -> Sequence[Recording]:
        return [replace(row, live=row.call_id in self.connected) for row in self.rows.values() if row.state in OPEN]

    async def over(self, call_ids: Sequence[UUID]) -> Sequence[Recording]:
        return [self.rows[one] for one in call_ids if one in self.rows and self.rows[one].state not in OPEN]

    async def started(self, of: Recording, at: datetime, announced_ms: int | None) -> None:
        self._move(of, RecordingState.RECORDING)
        self.announced_ms[of.call_id] = announced_ms

    async def spooled(self, of: Recording) -> None:
        self._move(of, RecordingState.SPOOLED)

    async def failed(self, of: Recording, why: Failure, announced_ms: int | None = None) -> None:
        if self._move(of, RecordingState.FAILED):
            self.failures[of.call_id], self.announced_ms[of.call_id] = why, announced_ms

    async def stored(self, of: Recording, file: StoredFile) -> bool:
        moved = self._move(of, RecordingState.STORED)
        if moved:
            self.files[of.call_id] = file
        return moved

    def _move(self, of: Recording, to: RecordingState) -> bool:
        row = self.rows[of.call_id]
        if to not in TRANSITIONS[row.state]:
            return False
        self.rows[of.call_id] = replace(row, state=to)
        return True

    def add(self, state: RecordingState) -> Recording:
        """A recording of a call that has ended, in that state."""
        row = Recording(TenantId(7), uuid4(), "channel", state, AT, live=False)
        self.rows[row.call_id] = row
        return row


class RecordedSwitch:
    """A simulated switch, its application, and a recorder that looks until the end."""

    def __init__(self, store: MemoryRecordings, faults: Faults | None = None, *, room: bool = True) -> None:
        self.store, self.room, self.rng, self.clock = store, room, Random(3), virtual_time.LoopClock()
        self.switch = SimulatedAsterisk(self.rng, self.clock, always(Response.ANSWERED, after_s=0.1, talk_s=None))
        self.ari = SimulatedAri(self.switch, self.rng, faults=faults, request_timeout_s=1)
        self.spooled = asyncio.Event()
        self.answered: set[str] = set()
        self.tasks: list[asyncio.Task[None]] = []
        self.recorder = self.take_over()

    def take_over(self) -> Recorder:
        """Another process, which knows nothing, records from now on."""
        self.stop(2)
        self._queue = PerChannelQueue()
        self.recorder = Recorder(
            self.store, self.ari, self.clock, "tongdai", self._queue, self.spooled, lambda: self.room
        )
        if self.tasks:
            self.tasks.append(asyncio.create_task(self._look()))
        return self.recorder

    def stop(self, first: int = 0) -> None:
        for task in self.tasks[first:]:
            task.cancel()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator["RecordedSwitch"]:
        self.tasks = [asyncio.create_task(self.ari.run()), asyncio.create_task(self._listen())]
        self.tasks.append(asyncio.create_task(self._look()))
        try:
            await self.until(lambda: self.ari.up)
            yield self
        finally:
            self.stop()
            await self._queue.close()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _listen(self) -> None:
        async for event in self.ari.events():
            self.recorder.observe(event)
            if isinstance(event, StasisStart):
                self.answered.add(event.channel_id)

    async def _look(self) -> None:
        while True:
            await self.recorder.look()

    async def until(self, condition: "object", within_s: float = 120) -> None:
        assert callable(condition)
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.02)

    async def call(self) -> UUID:
        """A customer who is connected."""
        call_id = uuid4()
        await commands.originate(self.ari, str(call_id), "PJSIP/84901234567@trunk", "tongdai")
        await self.until(lambda: self.switch.has_channel(str(call_id)) and str(call_id) in self.answered)
        self.store.connected[call_id] = str(call_id)
        self.recorder.wake()
        return call_id

    async def talking(self) -> UUID:
        """A customer who is in a talk, whose recording is announced."""
        self.store.announcement = "tongdai/recorded"
        call_id = uuid4()
        await commands.originate(self.ari, str(call_id), "PJSIP/84901234567@trunk", "tongdai")
        await self.until(lambda: self.switch.has_channel(str(call_id)) and str(call_id) in self.answered)
        await commands.create_bridge(self.ari, str(call_id))
        await commands.add_to_bridge(self.ari, str(call_id), str(call_id))
        self.store.connected[call_id] = str(call_id)
        self.recorder.wake()
        return call_id

    def press(self, call_id: UUID, key: str) -> None:
        """The customer presses a key."""
        self.recorder.observe(ChannelDtmfReceived(str(call_id), key, self.clock.now()))

    async def hang_up(self, call_id: UUID) -> None:
        await commands.hang_up(self.ari, str(call_id))
        del self.store.connected[call_id]

    async def reaches(self, call_id: UUID, state: RecordingState) -> None:
        await self.until(lambda: call_id in self.store.rows and self.store.rows[call_id].state is state)

    def lengths(self, call_id: UUID) -> list[float]:
        """Seconds of both sides on the switch, once they are over."""
        stored = self.switch.recordings.stored
        return [stored[name] for side in Side if (name := self.store.rows[call_id].name(side)) in stored]
