"""Live figures of queues, and the formulas of the service level. Pure.

An *entry* is a caller in a queue: a caller who is sent on to another queue has an entry in each. It counts in the
period in which it began, once it is over.

    serviceLevelOfAnswered = answered within T / answered
    serviceLevelOfOffered  = answered within T / (offered - abandoned within S)
    abandonRate            = abandoned / offered

T is the threshold of the service level, S that of a short abandonment, by which nobody had a chance to answer. The
wait runs from the entry, or the answer by the switch, to the connection with an agent.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongdai.ids import QueueId

SERVICE_S = 20
"""T of a queue whose settings have none: a caller who is answered within this time was served well."""
MAX_SERVICE_S = 3600
SHORT_S = 5
"""S: who hangs up within this time is not counted as offered."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries of queues that are over."""

    offered: int = 0
    answered: int = 0
    """Connected with an agent."""
    answered_in_time: int = 0
    """Answered within the threshold that was asked for, or else that of the queue."""
    abandoned: int = 0
    """Ended by the caller."""
    abandoned_short: int = 0
    """Abandoned within SHORT_S."""
    sent_on: int = 0
    """Ended otherwise: sent elsewhere, refused after their longest wait, or lost."""
    answer_s: float = 0.0
    """Seconds of waiting of all that were answered."""
    not_served: int = 0
    """Distinct numbers whose call was connected with nobody, and with whom no later call was, in either direction."""

    @property
    def service_level_of_answered(self) -> float | None:
        return _percent(self.answered_in_time, self.answered)

    @property
    def service_level_of_offered(self) -> float | None:
        return _percent(self.answered_in_time, self.offered - self.abandoned_short)

    @property
    def abandon_rate(self) -> float | None:
        return _percent(self.abandoned, self.offered)

    @property
    def mean_answer_s(self) -> float | None:
        return round(self.answer_s / self.answered, 1) if self.answered else None


def _percent(part: int, of: int) -> float | None:
    return round(100 * part / of, 2) if of > 0 else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller who waits."""

    queue_id: QueueId
    call_id: UUID
    phone: str
    """E.164; empty if it is withheld."""
    arrived_at: datetime
    since: datetime
    """The beginning of the wait in this queue."""
    wait_s: int


@dataclass(frozen=True, slots=True)
class QueueFigures:
    queue_id: QueueId
    name: str
    strategy: int
    service_s: int
    """The threshold of its service level, T."""
    waiting: list[Waiting]
    """The callers who wait, in their order."""
    talking: int
    """Callers of the queue who are connected with an agent."""
    agents: dict[str, int]
    """Agents of the queue by state."""
    today: Entries
    """Since midnight of the tenant."""
    recent: Entries
    """The last 30 minutes."""
    callbacks: int = 0
    """Callbacks that are due, in one order with those who wait, or being called."""


@dataclass(frozen=True, slots=True)
class LiveFigures:
    queues: list[QueueFigures]
    """The queues, by id."""
    today: Entries
    """The entries of all of them."""
    recent: Entries
