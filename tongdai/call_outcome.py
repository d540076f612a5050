"""Outcomes of a call: every outcome is declared here, once, with the rules that depend on it. Pure.

Requests, responses and the OpenAPI document take the words from here, and SQL statements interpolate the lists at the
end of this module. The checks of the columns that store an outcome list the same words; a test compares them. Which
outcome a call gets is decided in calls/causes.py (by the hang-up cause), in dialer/call/core.py, and by the statement
that checks a call before it is dialled; for a call to a queue in acd/admission.py and acd/core.py.
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import NamedTuple

ABANDON_THRESHOLD = timedelta(seconds=2)
"""A call that a person answered is abandoned unless it is connected with an agent within this time of the answer."""


class Traits(NamedTuple):
    """The rules of an outcome."""

    placed: bool = True
    """Whether the switch was, or may have been, asked to dial. A call that was not placed counts towards no frequency
    cap, and a campaign cannot have a retry rule for it."""
    live_answer: bool = False
    """Whether a person answered: the denominator of the abandonment rate."""
    informative: bool = True
    """Whether the call counts in the denominator of the answer rate: it shows whether people answer."""
    retry: tuple[timedelta, int] | None = None
    """Default retry rule: the delay after the end of the call, and the most retries (0: never). None: a campaign cannot
    have a rule for it."""
    due_at_once: bool = False
    """Whether the contact is due again at once, whatever the retry rules."""


class Outcome(StrEnum):
    """How a call to a contact ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    """The network could not or would not place the call, or the switch could not play its message."""
    INVALID_NUMBER = "invalid_number"
    MACHINE = "machine"
    """An answering machine answered."""
    ABANDONED = "abandoned"
    """A person answered, and no agent was connected in time."""
    CANCELLED = "cancelled"
    """Cancelled before it was dialled: the campaign was paused or stopped, or the dialer stopped."""
    LOST = "lost"
    """The outcome is unknown, as the dialer crashed. The contact is never called again automatically."""
    DNC = "dnc"
    """The number is on a do-not-call list."""
    OUT_OF_WINDOW = "out_of_window"
    """The calling window closed before the call was dialled."""

    @property
    def traits(self) -> Traits:
        return TRAITS[self]


TRAITS: dict[Outcome, Traits] = {
    Outcome.ANSWERED: Traits(live_answer=True),
    Outcome.NO_ANSWER: Traits(retry=(timedelta(minutes=60), 3)),
    Outcome.BUSY: Traits(retry=(timedelta(minutes=10), 3)),
    Outcome.FAILED: Traits(retry=(timedelta(minutes=2), 5), informative=False),
    Outcome.INVALID_NUMBER: Traits(retry=(timedelta(0), 0)),
    Outcome.MACHINE: Traits(retry=(timedelta(hours=4), 2)),
    Outcome.ABANDONED: Traits(live_answer=True, retry=(timedelta(hours=72), 1)),  # Ofcom's rule in the United Kingdom
    Outcome.CANCELLED: Traits(placed=False, due_at_once=True),
    Outcome.LOST: Traits(informative=False),
    Outcome.DNC: Traits(placed=False),
    Outcome.OUT_OF_WINDOW: Traits(placed=False, due_at_once=True),
}
assert TRAITS.keys() == set(Outcome), "every outcome has its traits"


class InboundOutcome(StrEnum):
    """How a call to a queue ended."""

    ANSWERED = "answered"
    """The caller talked to somebody."""
    ABANDONED = "abandoned"
    """The caller hung up in the queue."""
    OVERFLOW = "overflow"
    """The caller waited as long as the queue lets callers wait, or the queue was full."""
    CLOSED = "closed"
    """The queue was closed or locked, or nobody was signed in."""
    CALLBACK = "callback"
    """The caller is to be called back, and was not kept waiting: it is not abandoned."""
    REFUSED = "refused"
    """The queue takes no calls, and none were diverted."""
    FAILED = "failed"
    """The switch or the database did not do what the call needed."""
    LOST = "lost"
    """The outcome is unknown, as the switch was not seen for a while."""


OUTCOMES = tuple(dict.fromkeys(outcome.value for outcome in (*Outcome, *InboundOutcome)))
"""The words for how a call ended, in either direction."""


class OfferOutcome(StrEnum):
    """How the offer of a caller to an agent ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    """The phone rang as long as it may. The only one that counts towards the pause after several in a row."""
    REJECTED = "rejected"
    CALLER_GONE = "caller_gone"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    UNREACHABLE = "unreachable"
    """The switch could not call the phone."""
    WITHDRAWN = "withdrawn"


class Refusal(IntEnum):
    """Why an inbound call is refused before its answer: a Q.850 cause, of which Asterisk 22 makes a SIP status."""

    UNALLOCATED = 1
    """404: nobody has that number here."""
    DECLINED = 16
    """603: not here and nowhere else."""
    BUSY = 17
    """486"""
    UNAVAILABLE = 20
    """480: temporarily, such as out of hours."""
    REJECTED = 21
    """403: this caller is not taken."""
    CONGESTION = 34
    """503: not here, not now; a carrier may try another route."""


UNWANTED = frozenset({607, 608})
"""SIP statuses of a call that the callee does not want (607 Unwanted, RFC 8197), or that a network rejected on their
behalf (608 Rejected, RFC 8688): its contact is not called again, whatever the outcome and the retry rules."""
NOT_PLACED = frozenset(outcome for outcome in Outcome if not outcome.traits.placed)
DUE_AT_ONCE = frozenset(outcome for outcome in Outcome if outcome.traits.due_at_once)


def _sql_list(outcomes: Iterable[Outcome]) -> str:
    return "(" + ", ".join(f"'{outcome}'" for outcome in outcomes) + ")"


LIVE_ANSWER_SQL = _sql_list(outcome for outcome in Outcome if outcome.traits.live_answer)
"""For statements: `outcome in {LIVE_ANSWER_SQL}`."""
UNINFORMATIVE_SQL = _sql_list(outcome for outcome in Outcome if not outcome.traits.informative)
