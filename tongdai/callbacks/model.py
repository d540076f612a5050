"""Callbacks: customers who are to be called by an agent of a queue. Pure.

A caller who asks for one leaves the queue, and the callback keeps the place: it stands in the order of the callers at
the caller's arrival, before those who came later. A callback for a time, by a wrap-up code or the API, stands in the
order at that time.

A *try* is a call to the customer (an outbound call of the queue). It is committed before the switch is asked, and never
made again: a failed one is followed by another, of another id, RETRY_AFTER its end.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from tongdai.ids import AgentId, QueueId, TenantId

MAX_TRIES = 3
RETRY_AFTER = timedelta(minutes=5)
"""From the end of a try that reached nobody to the next."""
PATIENCE_S, MOST_PATIENCE_S = 900, 86_400
"""How long a callback is kept for its agent."""
MAX_NOTE = 1000
OTHERS_A_DAY, WITHHELD_A_DAY = 3, 100
"""How many numbers that are not their own the callers from one number have called back in 24 hours; those who withhold
theirs, all together."""


class CallbackState(StrEnum):
    PENDING = "pending"
    """Waits for an agent, its time, or the next try."""
    CALLING = "calling"
    """A try is dialled, or the customer waits or talks."""
    DONE = "done"
    """The customer talked to an agent."""
    FAILED = "failed"
    """MAX_TRIES reached nobody."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    """By the API."""
    REPLACED = "replaced"
    """The customer rang again: the call has the place."""
    FORBIDDEN = "forbidden"
    """The number is on a do-not-call list."""


_OVER = frozenset({
    CallbackState.DONE, CallbackState.FAILED, CallbackState.EXPIRED, CallbackState.CANCELLED, CallbackState.REPLACED,
    CallbackState.FORBIDDEN,
})  # fmt: skip
TRANSITIONS: dict[CallbackState, frozenset[CallbackState]] = {
    CallbackState.PENDING: frozenset({
        CallbackState.CALLING, CallbackState.EXPIRED, CallbackState.CANCELLED, CallbackState.REPLACED,
        CallbackState.FORBIDDEN,
    }),
    CallbackState.CALLING: frozenset({
        CallbackState.PENDING, CallbackState.DONE, CallbackState.FAILED, CallbackState.REPLACED,
    }),
    **{state: frozenset[CallbackState]() for state in CallbackState if state in _OVER},
}  # fmt: skip


class Source(StrEnum):
    """The side that asked for a callback."""

    CALLER = "caller"
    """The customer, by a key."""
    WRAP_UP = "wrap_up"
    """An agent, by a wrap-up code."""
    API = "api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    tenant_id: TenantId
    callback_id: UUID
    queue_id: QueueId
    phone: str
    """To be called, in E.164."""
    called: str
    """The number that was called, and is shown; empty: none."""
    source: Source
    state: CallbackState
    arrived_at: datetime
    """The place in the order of callers."""
    due_at: datetime
    """Not dialled before."""
    expires_at: datetime
    """Not dialled from here on."""
    agent_id: AgentId | None
    """The agent for whom it is kept until `agent_until`; None: anybody of the queue."""
    agent_until: datetime | None
    tries: int
    from_call: UUID | None
    """The call in which it was asked for."""
    call_id: UUID | None
    """The try, or the last one."""
    note: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    queue_id: QueueId
    phone: str
    called: str
    source: Source
    arrived_at: datetime
    due_at: datetime
    expires_at: datetime
    agent_id: AgentId | None = None
    agent_until: datetime | None = None
    from_call: UUID | None = None
    note: str | None = None


class Askable(NamedTuple):
    """The numbers that a caller may have called back, besides the one that they show."""

    own: frozenset[str] = frozenset()
    """The numbers of the tenant, in E.164: the call would come back as one of a caller."""
    others: bool = True
    """Whether any other number, too: not too many were asked for in the last 24 hours."""


ANYTHING = Askable()


@dataclass(frozen=True, slots=True)
class CallbackDialog:
    """A caller who asks to be called back, by keys."""

    phone: str
    """The number to be confirmed, in E.164; empty: none is known."""
    country: str
    language: str
    shown: str = ""
    """The caller's own number; empty: withheld."""
    askable: Askable = ANYTHING
    entered: str | None = None
    """The digits of another number, so far; None: `phone` is to be confirmed."""
    turn: int = 0
    """The number of the sentence, or of the timer."""
    failures: int = 0
    """How often nothing, or nothing that means something, was pressed."""
    playing: bool = False
    confirmed: bool = False
    """The number is being recorded: keys change nothing any more."""


class CallbackKey(NamedTuple):
    """The sort key of a callback."""

    due_at: datetime
    callback_id: UUID
