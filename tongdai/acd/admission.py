"""Decides what happens to a caller who reaches a queue: on arrival, and when another queue sends them on. Pure.

    rules of the queue, how many wait, how many agents are signed in ──▶ Admit | Send(destination, outcome)

The rules are asked in this order: blacklist, diversion, lock, opening hours, the menu in front of the queue (for
callers of its number), agents signed in, length. They hold for arrivals; those who wait already are served, whatever
the rules become.

A caller who is sent to HANG_UP before the answer is refused with the cause of the outcome, which the switch translates
into a SIP status: the caller pays nothing, and the carrier may try another route or play an announcement. A message is
played after an answer, as most carriers play no early media of a called party.
"""

from dataclasses import dataclass
from typing import NamedTuple

from tongdai.call_outcome import InboundOutcome, Refusal
from tongdai.queues.model import HANG_UP, Destination, DestinationKind, QueueRules, Strategy

MAX_HOPS = 5
"""How often a caller is sent on at most: two queues may name each other."""
CAUSES = {
    InboundOutcome.REFUSED: Refusal.REJECTED,
    InboundOutcome.CLOSED: Refusal.UNAVAILABLE,
    InboundOutcome.OVERFLOW: Refusal.BUSY,
}
"""The causes of calls that end before they are answered, by what they are refused for."""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    waiting: int
    """Callers in the queue, those included who are offered to an agent."""
    signed_in: int
    """Agents of the queue who are signed in, paused and in wrap-up included."""


@dataclass(frozen=True, slots=True)
class Admit:
    """The caller waits in the queue."""


@dataclass(frozen=True, slots=True)
class Send:
    """The caller goes elsewhere."""

    to: Destination
    outcome: InboundOutcome
    """The outcome of the call if it ends there without an agent."""


Admission = Admit | Send


def admit(rules: QueueRules, counts: QueueCounts, *, by_number: bool = False) -> Admission:
    """Decide what happens to a caller who reaches the queue: by its number, or from elsewhere."""
    closed = _closed(rules)
    if closed is None and by_number and rules.menu_id is not None:
        return Send(Destination(DestinationKind.MENU, str(rules.menu_id)), InboundOutcome.ABANDONED)
    closed = closed or _no_room(rules, counts)
    return Admit() if closed is None else Send(closed.to, closed.outcome)


def closed_because(rules: QueueRules, counts: QueueCounts) -> str | None:
    """Why nobody may wait in the queue now: the end of a sentence. None: they may."""
    closed = _closed(rules) or _no_room(rules, counts)
    return None if closed is None else closed.because


class _Closed(NamedTuple):
    """Where a caller goes who may not wait in the queue, the outcome there, and why."""

    to: Destination
    outcome: InboundOutcome
    because: str


def _closed(rules: QueueRules) -> _Closed | None:
    """None: the queue takes callers now."""
    if rules.strategy is Strategy.BLACKLIST:
        return _Closed(HANG_UP, InboundOutcome.REFUSED, "it refuses all callers (strategy 3)")
    if rules.strategy is Strategy.DIVERT:
        return _Closed(rules.divert_to or HANG_UP, InboundOutcome.REFUSED, "it diverts all callers (strategy 4)")
    if rules.strategy is Strategy.LOCKED:
        return _Closed(rules.locked, InboundOutcome.CLOSED, "it is locked (strategy 99)")
    return None if rules.closed is None else _Closed(rules.closed, InboundOutcome.CLOSED, "it is closed by its hours")


def _no_room(rules: QueueRules, counts: QueueCounts) -> _Closed | None:
    """None: another caller may wait."""
    if counts.signed_in == 0 and not rules.join_empty:
        return _Closed(rules.when_empty, InboundOutcome.CLOSED, "no agent is signed in")
    full = rules.max_length is not None and counts.waiting >= rules.max_length
    return _Closed(rules.when_full, InboundOutcome.OVERFLOW, f"{counts.waiting} wait already") if full else None


def sent(to: Destination, outcome: InboundOutcome, hops: int) -> Send:
    """Send a caller to a destination; one who was sent on MAX_HOPS times already goes to no further queue or menu."""
    if to.kind in {DestinationKind.QUEUE, DestinationKind.MENU} and hops >= MAX_HOPS:
        return Send(HANG_UP, InboundOutcome.OVERFLOW)
    return Send(to, outcome)
