"""From a call and its segments to the entries of its queues. Pure.

The segments of a call follow each other (calls/segments.py). An entry is a wait in a queue, and what follows the wait
is its result: a talk with an agent, another queue, a menu, a number, or the end of the call, whose outcome decides
then. A caller who was not let into a queue has no wait, and counts by the outcome in the queue that the call reached
last. Whoever hangs up in a menu, or hears a message alone, was offered to no queue.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from tongdai.call_outcome import InboundOutcome
from tongdai.reports.model import quarter_of
from tongdai.reports.queues.model import (
    TALKS,
    TO_END,
    TO_MENU,
    TO_NUMBER,
    Counts,
    Entry,
    InboundFact,
    Part,
    Place,
    Result,
)

MILLISECOND = timedelta(milliseconds=1)
_FOLLOWING = TALKS | {"wait", "menu"}
"""The segments that follow each other; a conference is beside one, a wrap-up after the last."""
_BY_OUTCOME = {
    InboundOutcome.ANSWERED: Result.ABANDONED,  # they waited again after a talk, and hung up
    InboundOutcome.ABANDONED: Result.ABANDONED,
    InboundOutcome.OVERFLOW: Result.OVERFLOWED,
    InboundOutcome.CLOSED: Result.CLOSED,
    InboundOutcome.CALLBACK: Result.CALLBACK,
    InboundOutcome.REFUSED: Result.REFUSED,
    InboundOutcome.FAILED: Result.FAILED,
    InboundOutcome.LOST: Result.FAILED,
}
"""The result of an entry with which the call ended."""
assert _BY_OUTCOME.keys() == set(InboundOutcome)


def entries_of(call: InboundFact, parts: Sequence[Part]) -> list[Entry]:
    """The entries of a call, in their order; `parts` are its segments by their beginning."""
    chain = [part for part in parts if part.kind in _FOLLOWING]
    entries: list[Entry] = []
    waited = False
    for part, after in pairwise([*chain, None]):
        assert part is not None
        if part.kind == "wait" and part.queue_id is not None:
            entries.append(_entry(call, part, after))
            waited = True
        elif part.kind in TALKS and waited and part.agent_id is not None:
            length = _ms(part.started_at, part.ended_at)
            if part.kind == "hold":
                entries[-1].hold_ms += length
            else:
                entries[-1].talk_ms += length
        elif part.kind != "talk":
            waited = False
    if not entries:
        return _not_let_in(call, chain)
    for part in parts:
        if part.kind == "wrap_up":
            _add_wrap_up(entries, part)
    return entries


def once(entries: Sequence[Entry]) -> Entry:
    """The one entry as which a call counts in totals: in the queue that answered it first, else in its last one. It
    waited in all queues up to there."""
    answered = next((n for n, entry in enumerate(entries) if entry.result is Result.ANSWERED), len(entries) - 1)
    counted, until = entries[answered], entries[: answered + 1]
    return Entry(
        counted.queue_id,
        counted.result,
        counted.to,
        sum(entry.wait_ms for entry in until),
        sum(entry.talk_ms for entry in entries),
        sum(entry.hold_ms for entry in entries),
        sum(entry.wrap_up_ms for entry in entries),
    )


def is_settled(call: InboundFact, parts: Sequence[Part]) -> bool:
    """Whether nothing of the call can change any more."""
    return call.outcome is not None and all(part.ended_at is not None for part in parts)


def _entry(call: InboundFact, wait: Part, after: Part | None) -> Entry:
    assert wait.queue_id is not None
    result, to = _result(call, wait, after)
    return Entry(wait.queue_id, result, to, _ms(wait.started_at, wait.ended_at))


def _result(call: InboundFact, wait: Part, after: Part | None) -> tuple[Result, str]:
    if wait.ended_at is None:
        return Result.OPEN, ""
    if after is None:
        return _ended(call)
    if after.kind == "menu":
        return Result.OVERFLOWED, TO_MENU
    if after.kind == "wait" and after.queue_id is not None:
        return Result.OVERFLOWED, f"queue:{after.queue_id}"
    return (Result.OVERFLOWED, TO_NUMBER) if after.agent_id is None else (Result.ANSWERED, "")


def _ended(call: InboundFact) -> tuple[Result, str]:
    if call.outcome is None:
        return Result.OPEN, ""
    result = _BY_OUTCOME.get(InboundOutcome(call.outcome), Result.FAILED)
    return result, TO_END if result is Result.OVERFLOWED else ""


def _not_let_in(call: InboundFact, chain: Sequence[Part]) -> list[Entry]:
    if call.outcome in {InboundOutcome.ANSWERED, InboundOutcome.ABANDONED}:
        called = any(part.kind == "wait" for part in chain)
        return [Entry(call.queue_id, Result.OVERFLOWED, TO_NUMBER)] if called else []
    if call.outcome is None and chain:
        return []
    result, to = _ended(call)
    return [Entry(call.queue_id, result, to)]


def _add_wrap_up(entries: Sequence[Entry], part: Part) -> None:
    of_queue = [entry for entry in entries if entry.queue_id == part.queue_id and entry.result is Result.ANSWERED]
    if of_queue:
        of_queue[-1].wrap_up_ms += _ms(part.started_at, part.ended_at)


def _ms(since: datetime, until: datetime | None) -> int:
    """Whole milliseconds of a segment; an open one has none yet."""
    return 0 if until is None else (until - since) // MILLISECOND


def count_calls(calls: Iterable[tuple[InboundFact, Sequence[Part]]]) -> dict[tuple[datetime, Place], Counts]:
    """Count calls by the quarter of an hour in which they arrived, and by queue."""
    counted = defaultdict[tuple[datetime, Place], Counts](Counts)
    for call, parts in calls:
        entries = entries_of(call, parts)
        if not entries:
            continue
        quarter = quarter_of(call.opened_at)
        for entry in entries:
            counted[quarter, Place(entry.queue_id, once=False)].add(entry)
        counted[quarter, Place((one := once(entries)).queue_id, once=True)].add(one)
    return counted
