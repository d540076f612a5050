"""Contacts, campaigns and ended calls of the store in memory."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tongdai.call_outcome import Outcome
from tongdai.calls.model import (
    Call,
    Ending,
)
from tongdai.campaigns.model import PauseReason, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.contacts.model import ProcessStatus
from tongdai.ids import CampaignId, ContactId

Due = tuple[datetime, ContactId]
PENDING, IN_CALL, PROCESSED = ProcessStatus
BUSY_FOR = timedelta(minutes=1)
"""A contact whose number is in a call is due again after that."""
RECENT = timedelta(hours=1)
LONGEST_RING_S = 90


@dataclass(slots=True)
class MemoryContact:
    contact_id: ContactId
    campaign_id: CampaignId
    phone: str
    zone: str
    due_at: datetime
    process_status: int = PENDING
    call_status: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class MemoryCampaign:
    campaign_id: CampaignId
    settings: CallSettings
    status: Status
    pause_reason: PauseReason | None = None
    due: dict[str, list[Due]] = field(default_factory=dict[str, list[Due]])
    """The pending contacts by zone, oldest due first."""
    active: dict[UUID, Call] = field(default_factory=dict[UUID, Call])
    rings: deque[tuple[datetime, bool, int]] = field(
        default_factory=lambda: deque[tuple[datetime, bool, int]](maxlen=2000)
    )
    """Ended calls: when each was dialled, whether it was answered live, after how many seconds."""
    outcomes: Counter[Outcome] = field(default_factory=Counter[Outcome])
    placed: int = 0
    talk_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that has ended."""

    call: Call
    """The call right before its end."""
    ending: Ending
    at: datetime
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A number on a do-not-call list."""

    campaign_id: CampaignId | None
    until: datetime | None


def rang_s(dialled_at: datetime, until: datetime) -> int:
    return min(max(int((until - dialled_at).total_seconds()), 0), LONGEST_RING_S)
