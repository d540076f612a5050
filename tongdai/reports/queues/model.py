"""Calls to queues with their parts, and counters of callers. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from tongdai.ids import AgentId, QueueId


class Result(StrEnum):
    """How the wait of a caller in a queue ended: each is one column of a row, and a row is their sum."""

    ANSWERED = "answered"
    """Connected with an agent."""
    ABANDONED = "abandoned"
    """The caller hung up."""
    OVERFLOWED = "overflowed"
    """Sent on: to another queue, a number, a menu, or the end of the call after the longest wait or at a full queue."""
    CALLBACK = "callback"
    """The caller is to be called back."""
    CLOSED = "closed"
    """The queue was closed or locked, or nobody was signed in."""
    REFUSED = "refused"
    FAILED = "failed"
    """The switch or the database failed, or the outcome is unknown."""
    OPEN = "open"
    """Not over."""


TALKS = frozenset(("talk", "hold", "consult"))
"""The kinds of segments in which an agent has the caller (calls/segments.Kind)."""
TO_NUMBER, TO_MENU, TO_END = "number", "menu", "end"
"""Where a caller was sent on, besides `queue:ID`."""


class InboundFact(NamedTuple):
    """A call to a queue, as the table of calls has it."""

    call_id: UUID
    queue_id: QueueId
    """The queue that it reached last."""
    opened_at: datetime
    """The arrival."""
    outcome: str | None
    """None: it is live."""


class Part(NamedTuple):
    """A segment of a call."""

    kind: str
    started_at: datetime
    ended_at: datetime | None
    queue_id: QueueId | None
    agent_id: AgentId | None


@dataclass(slots=True)
class Entry:
    """A caller in a queue: one who is sent on to another queue has an entry in each."""

    queue_id: QueueId
    result: Result
    to: str = ""
    """Where an overflowed caller went."""
    wait_ms: int = 0
    talk_ms: int = 0
    """With an agent, consultations meanwhile included; likewise the two that follow."""
    hold_ms: int = 0
    wrap_up_ms: int = 0


@dataclass(slots=True)
class Counts:
    """Counters of entries, or of calls. Sums of them are those of the sum."""

    answered: list[int] = field(default_factory=list[int])
    """The waits of the answered, in milliseconds."""
    abandoned: list[int] = field(default_factory=list[int])
    """The waits of the abandoned, likewise."""
    overflowed: Counter[str] = field(default_factory=Counter[str])
    """By where they went."""
    callback: int = 0
    closed: int = 0
    refused: int = 0
    failed: int = 0
    open: int = 0
    talk_ms: int = 0
    hold_ms: int = 0
    wrap_up_ms: int = 0

    def add(self, entry: Entry) -> None:
        match entry.result:
            case Result.ANSWERED:
                self.answered.append(entry.wait_ms)
            case Result.ABANDONED:
                self.abandoned.append(entry.wait_ms)
            case Result.OVERFLOWED:
                self.overflowed[entry.to] += 1
            case Result.CALLBACK:
                self.callback += 1
            case Result.CLOSED:
                self.closed += 1
            case Result.REFUSED:
                self.refused += 1
            case Result.FAILED:
                self.failed += 1
            case Result.OPEN:
                self.open += 1
        self.talk_ms += entry.talk_ms
        self.hold_ms += entry.hold_ms
        self.wrap_up_ms += entry.wrap_up_ms

    def merge(self, other: "Counts") -> None:
        self.answered.extend(other.answered)
        self.abandoned.extend(other.abandoned)
        self.overflowed.update(other.overflowed)
        for name in ("callback", "closed", "refused", "failed", "open", "talk_ms", "hold_ms", "wrap_up_ms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def offered(self) -> int:
        """The sum of all results."""
        ended = len(self.answered) + len(self.abandoned) + self.overflowed.total()
        return ended + self.callback + self.closed + self.refused + self.failed + self.open


class Place(NamedTuple):
    """Where something is counted."""

    queue_id: QueueId
    once: bool
    """Whether calls are counted, each once, in the queue that answered it or had it last; else entries."""
