"""The parts that record the calls of one switch, and what they need."""

import asyncio
from dataclasses import dataclass

from tongdai.clock import Clock
from tongdai.ids import SwitchId
from tongdai.recordings.storage import Storage
from tongdai.switch.interface import Ari
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.telephony.recordings.collector import Collector
from tongdai.telephony.recordings.files import SwitchFiles
from tongdai.telephony.recordings.recorder import Recorder
from tongdai.telephony.recordings.store import RecordingStore


@dataclass(frozen=True, slots=True)
class Recordings:
    """Where recordings come from and go to."""

    store: RecordingStore
    files: SwitchFiles
    storage: Storage
    min_free_mb: int
    """Without so much room on the disk nothing more is recorded; without half of it nothing is fetched."""

    def parts(
        self, ari: Ari, clock: Clock, app: str, queue: PerChannelQueue, switch_id: SwitchId
    ) -> tuple[Recorder, Collector]:
        spooled = asyncio.Event()
        recorder = Recorder(self.store, ari, clock, app, queue, spooled, self._may_record)
        collector = Collector(
            self.store, ari, clock, self.files, self.storage, spooled, self._may_fetch, str(switch_id)
        )
        return recorder, collector

    def _may_record(self) -> bool:
        return self.storage.free_mb() >= self.min_free_mb

    def _may_fetch(self) -> bool:
        return self.storage.free_mb() >= self.min_free_mb / 2
