"""Import jobs and the states they go through."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tongdai.ids import CampaignId, JobId, ListId, TenantId

MAX_ATTEMPTS = 5
"""Claims of one chunk that may end in a crash before its job is given up."""


class JobStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"


TRANSITIONS: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset((JobStatus.PROCESSING,)),
    JobStatus.PROCESSING: frozenset((JobStatus.DONE, JobStatus.FAILED)),
    JobStatus.DONE: frozenset(),
    JobStatus.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Job:
    job_id: JobId
    campaign_id: CampaignId
    list_id: ListId
    list_name: str
    status: JobStatus
    total_rows: int
    created_rows: int
    duplicate_rows: int
    failed_rows: int
    error_message: str | None
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def processed_rows(self) -> int:
        return self.created_rows + self.duplicate_rows + self.failed_rows


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that a worker may take one chunk of, until its lease ends or another worker claims it."""

    tenant_id: TenantId
    job_id: JobId
    campaign_id: CampaignId
    list_id: ListId
    country: str
    """The tenant's: numbers are read in it."""
    fence: int
    attempts: int
    """Claims since the last chunk that was taken in, this one included."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a chunk added to the counters of its job."""

    created: int
    duplicate: int
    failed: int
