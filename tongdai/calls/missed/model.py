"""Missed calls: callers whom nobody answered. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from tongdai.call_outcome import InboundOutcome
from tongdai.ids import AgentId, QueueId

MISSED = tuple(outcome for outcome in InboundOutcome if outcome not in {"answered", "refused"})
"""The outcomes of missed calls. Refusing a caller is no omission; one who asked to be called back is missed when that
reached nobody."""


CLAIM_HOLDS = timedelta(hours=1)
"""How long a claim holds: an agent who has not called back by then is not going to, and others see the caller again."""


class MissedState(StrEnum):
    OPEN = "open"
    """Nobody sees to the caller."""
    CLAIMED = "claimed"
    """An agent has taken it on to call back."""
    SERVED = "served"
    """A later call, by the caller or to them, was connected."""
    CLOSED = "closed"
    """Somebody said that nothing is to be done."""


class MissedCall(NamedTuple):
    """A missed call. The fields are the columns of store.COLUMNS."""

    call_id: UUID
    queue_id: QueueId
    phone: str
    """The caller's, in E.164; empty: withheld."""
    called: str
    outcome: str
    opened_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    state: str
    agent_id: AgentId | None
    """The agent who claimed it; None: nobody, or the claim has lapsed."""
    claimed_at: datetime | None
    served_by: UUID | None
    """The later call."""
    closed_at: datetime | None


class MissedKey(NamedTuple):
    """The sort key of a missed call."""

    opened_at: datetime
    call_id: UUID
