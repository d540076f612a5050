"""The state that one process keeps of a caller whom it controls."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple
from uuid import UUID

import structlog

from tongdai import metrics
from tongdai.acd.audio.model import HoldAudio
from tongdai.acd.caller.model import CallerProgress, Record
from tongdai.acd.store import ActiveCall
from tongdai.agents.model import AgentKey
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.ids import TenantId
from tongdai.queues.model import QueueRules

log = structlog.get_logger()


class Seat(Enum):
    """The caller as the matcher sees them."""

    NONE = auto()
    """Nothing: the caller does not wait."""
    WAITING = auto()
    OFFERED = auto()


@dataclass(slots=True, eq=False)
class ControlledCaller:
    call: InboundCall
    """The row, as of when the call was opened or adopted; its queue is the one that the caller joined last."""
    progress: CallerProgress
    arrived_at: datetime
    """At the first queue: the caller's place."""
    rules: QueueRules | None = None
    """The rules by which the caller was admitted last; None: not read yet."""
    joined_at: datetime | None = None
    """When the caller joined the present queue."""
    audio: HoldAudio = field(default_factory=HoldAudio)
    """Hold music and announcements."""
    unwritten: deque[tuple[Record, datetime]] = field(default_factory=deque[tuple[Record, datetime]])
    """Records to be written, with the time of each."""
    asked: bool = False
    """They are to be called back: whoever hangs up before they hear that has not abandoned the call."""
    failed_writes: int = 0
    write_at: float = 0.0
    """When to try again, by the monotonic clock."""
    request_failed: bool = False
    """A request has failed that is to be repeated at the next `flush`."""
    seat: Seat = Seat.NONE
    matched: frozenset[AgentKey] = frozenset()
    """The agents to whom the caller is to be offered, until that is decided."""
    max_wait: asyncio.TimerHandle | None = None
    sounding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a sound is requested, or stopped."""


Parted = Callable[[TenantId, UUID, str], bool]
"""Notified that a phone has left the talk of a call; whether another part decides how the call continues."""


class Snapshot(NamedTuple):
    before: dict[str, tuple[str, ...]]
    """The channels of the callers who were controlled before the store was read, and of their agents."""
    in_store: list[ActiveCall]


def report_end(call: InboundCall, ending: InboundEnding) -> None:
    """Count and log the end of a caller's call."""
    outcome = ending.outcome.value
    metrics.INBOUND_CALLS.labels(outcome).inc()
    log.info("caller gone", tenant=call.tenant_id, call=str(call.call_id), outcome=outcome, cause=ending.hangup_cause)
