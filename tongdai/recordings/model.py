"""The recording of a call. Pure.

    wanted ──▶ recording ──▶ spooled ──▶ stored ──▶ deleting ──▶ deleted
       └───────────┴────────────┴──▶ failed

A call has one recording at most, of its customer: what the customer says and what the customer hears, from the first
connection with somebody until the call ends, whoever talks with them. `wanted` is committed before the switch is asked,
so that a process that takes over finds it; `spooled` is complete on the switch's disk; `stored` is one file in ours.
`deleting` is committed before the file is deleted: nobody gets it any more, and what a process that was killed has left
is deleted by the next.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tongdai.ids import TenantId


class RecordingState(StrEnum):
    WANTED = "wanted"
    """The switch is asked to record, or will be."""
    RECORDING = "recording"
    SPOOLED = "spooled"
    """Over; the switch has the sound, and it is fetched from there."""
    STORED = "stored"
    FAILED = "failed"
    """There is no sound, and `failure` says why."""
    DELETING = "deleting"
    """Nobody gets it any more; its file is being deleted."""
    DELETED = "deleted"
    """There was sound, and `deletion` says why there is none any more."""


TRANSITIONS: dict[RecordingState, frozenset[RecordingState]] = {
    RecordingState.WANTED: frozenset({RecordingState.RECORDING, RecordingState.FAILED}),
    RecordingState.RECORDING: frozenset({RecordingState.SPOOLED, RecordingState.FAILED}),
    RecordingState.SPOOLED: frozenset({RecordingState.STORED, RecordingState.FAILED}),
    RecordingState.STORED: frozenset({RecordingState.DELETING}),
    RecordingState.DELETING: frozenset({RecordingState.DELETED}),
    RecordingState.FAILED: frozenset(),
    RecordingState.DELETED: frozenset(),
}


class Failure(StrEnum):
    CALL_ENDED = "call_ended"
    """The call was over before the switch recorded."""
    NO_SOUND = "no_sound"
    """The switch has no file, or one without sound."""
    REFUSED = "refused"
    """The switch would not record, or has not the module for it."""
    DISK_FULL = "disk_full"
    """The disk for recordings had no room when the call was connected."""
    UNREADABLE = "unreadable"
    """The switch's files are none that can be read."""
    ERASED = "erased"
    """The customer was erased before the sound was stored."""
    NOT_ANNOUNCED = "not_announced"
    """The announcement was not played to its end, so nothing was recorded."""
    DECLINED = "declined"
    """The customer pressed the key that declines it, so nothing was recorded."""


class Deletion(StrEnum):
    EXPIRED = "expired"
    """It was older than recordings are kept."""
    REQUESTED = "requested"
    ERASED = "erased"
    """With everything about the customer."""


class Wish(StrEnum):
    """Whether calls are recorded: a setting of queues and campaigns."""

    OFF = "off"
    ALL = "all"


class Side(StrEnum):
    """A side of a conversation, by the direction in which the customer's channel has it."""

    CUSTOMER = "in"
    """The voice of the customer."""
    OTHERS = "out"
    """All that the customer hears."""


MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
"""By the format of a stored file."""
LISTENER = "recording"
"""The argument of StasisStart of the channels that record."""
REFUSAL_KEY = "9"
"""Customers decline the recording by this key, during the announcement and shortly after."""
RATE = 8000
"""Samples a second, of each side."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that the leader of a switch has something to do for."""

    tenant_id: TenantId
    call_id: UUID
    channel: str
    """The customer's."""
    state: RecordingState
    wanted_at: datetime
    live: bool
    """Whether the call has not ended."""
    announcement: str | None = None
    """The sound that tells the customer of it before; None: none does."""

    def name(self, side: Side) -> str:
        """The name of one side on the switch; of nothing that anybody sends."""
        return f"tongdai-{self.call_id}-{side}"

    def listener(self, side: Side) -> str:
        """The channel that records one side."""
        return f"recording-{self.call_id}-{side}"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the storage."""

    key: str
    seconds: float
    size: int
    """Bytes."""


def key_of(recording: Recording, format_name: str) -> str:
    """Where a recording is stored: by tenant and day (UTC)."""
    return f"{recording.tenant_id}/{recording.wanted_at:%Y/%m/%d}/{recording.call_id}.{format_name}"


def media_type_of(key: str) -> str:
    return MEDIA_TYPES[key.rpartition(".")[2]]
