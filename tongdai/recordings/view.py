"""The recording of a call in responses."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from tongdai.http.openapi.fields import one_of
from tongdai.recordings.model import Deletion, Failure, RecordingState
from tongdai.recordings.store import RecordingRow


class LegalHold(msgspec.Struct):
    since: datetime
    """Since when."""
    reason: str
    """Why it is kept."""


class RecordingView(msgspec.Struct):
    state: Annotated[str, one_of(RecordingState)]
    """`stored`: it can be played; before that `wanted`, `recording` and `spooled` (the switch has it)."""
    startedAt: datetime | None
    """When the switch began to record; null: it did not."""
    seconds: float | None
    """Its length, once it is stored."""
    size: int | None
    """Bytes of the file."""
    format: str | None
    """`mp3` or `wav`: the customer left, the others right."""
    failure: Annotated[str, one_of(Failure)] | None
    """Why there is no sound; null unless it has failed."""
    deletedAt: datetime | None
    """When its file was deleted."""
    deletion: Annotated[str, one_of(Deletion)] | None
    """Why it was deleted, or is being deleted (`deleting`)."""
    announcedMs: int | None
    """Milliseconds of the announcement that was played to the customer before; null: none was."""
    legalHold: LegalHold | None
    """The legal hold, which keeps it from being deleted; null: there is none."""


SAMPLE: dict[str, Any] = {
    "state": "stored",
    "startedAt": "2026-03-10T02:00:09.150000Z",
    "seconds": 65.32,
    "size": 261_504,
    "format": "mp3",
    "failure": None,
    "deletedAt": None,
    "deletion": None,
    "announcedMs": None,
    "legalHold": None,
}


def recording_view(row: RecordingRow | None) -> RecordingView | None:
    if row is None:
        return None
    return RecordingView(
        row.state,
        row.started_at,
        None if row.seconds is None else round(row.seconds, 2),
        row.size,
        None if row.file_key is None else row.file_key.rpartition(".")[2],
        row.failure,
        row.deleted_at,
        row.deletion,
        row.announced_ms,
        None if row.held_at is None or row.hold_reason is None else LegalHold(row.held_at, row.hold_reason),
    )
