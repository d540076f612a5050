"""Import jobs, their states and transitions, and the outcomes of their rows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tongdai.files.detected import Detected
from tongdai.ids import CampaignId, ContactId, JobId, ListId, TenantId

MAX_ERRORS = 5
"""Errors of one chunk itself after which its job is given up."""


class JobStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"


TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset((JobStatus.PROCESSING, JobStatus.FAILED)),
    JobStatus.PROCESSING: frozenset((JobStatus.DONE, JobStatus.FAILED)),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Job:
    job_id: JobId
    campaign_id: CampaignId
    list_id: ListId | None
    """None: a dry run into a list that the campaign does not have."""
    list_name: str
    status: JobStatus
    total_rows: int
    created_rows: int
    duplicate_rows: int
    failed_rows: int
    error_message: str | None
    started_at: datetime | None
    finished_at: datetime | None
    dry_run: bool
    removed_rows: int
    """Contacts that undoing it has removed so far."""
    undo_requested_at: datetime | None
    undone_at: datetime | None
    rows_kept: bool
    """Whether the outcomes of its rows are still stored."""
    detected: Detected | None
    """How its file was read; None: the job is from before this was stored."""
    updates: bool
    """Whether rows update the contacts whose numbers the campaign has."""
    updated_rows: int
    """Rows that did; no duplicates."""

    @property
    def processed_rows(self) -> int:
        return self.created_rows + self.updated_rows + self.duplicate_rows + self.failed_rows

    @property
    def undoing(self) -> bool:
        return self.undo_requested_at is not None and self.undone_at is None

    @property
    def settled(self) -> bool:
        """Whether the job is in a final state: ended, and not being undone."""
        return self.finished_at is not None and not self.undoing


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job of which a worker may process one chunk, until its lease ends or another worker claims it."""

    tenant_id: TenantId
    job_id: JobId
    campaign_id: CampaignId
    list_id: ListId | None
    dry_run: bool
    undoing: bool
    """Whether the job is being undone."""
    fence: int
    """The fencing token of the claim; only the newest may write."""
    attempts: int
    """Claims since the last chunk that was imported that ended in nothing, as when the process was killed, and this
    one."""
    errors: int
    """Errors of the chunk itself so far."""
    meets_known: bool
    """Whether the last chunk had numbers that the campaign had before: then the next one is likely to."""
    updates: bool
    """See Job."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A chunk that its transaction imports."""

    seq: int
    payload: bytes
    sent: bytes
    """See chunk.py for both."""
    first_row: int
    """The number of the chunk's first row in the import, from 1."""
    first_contact_id: ContactId | None
    """The least id of the contacts that the job made before; None when it made none."""


class RowOutcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DUPLICATE = "duplicate"
    FAILED = "failed"


class RowResult(NamedTuple):
    """The outcome of a row. A tuple, for the thousands of them that a page or file has."""

    row: int
    """The number of the row in the import, from 1."""
    phone: str | None
    """The text as sent."""
    external_id: str | None
    """The text as sent."""
    outcome: RowOutcome
    reason: str | None
    reason_code: str | None
    contact_id: ContactId | None


class ImportedChunk(NamedTuple):
    """A chunk and its outcome, as they are stored."""

    seq: int
    first_row: int
    """The number of the chunk's first row in the import, from 1."""
    sent: bytes
    """See chunk.py."""
    contacts: bytes
    """See outcomes/codec.py."""


class SentFile(NamedTuple):
    """The body that a job is from."""

    format: str
    """A files.Format."""
    headings: list[list[str]] | None
    """The header of each table as the file has it; None: the rows are JSON, or it was not kept."""
    rows_kept: bool
    """Whether the outcomes of its rows are still stored."""


class ChunkOnPage(NamedTuple):
    """A chunk of which a page shows rows."""

    seq: int
    before: int
    """Matching rows in the chunks before it."""
