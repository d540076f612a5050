"""How the entries of a call are counted."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tongdai.calls.segments import Kind
from tongdai.ids import AgentId, QueueId
from tongdai.reports.queues.core import count_calls, entries_of, is_settled, once
from tongdai.reports.queues.model import TALKS, Entry, InboundFact, Part, Place, Result

CALL = UUID(int=1)
NOW = datetime(2026, 3, 10, 2, 7, tzinfo=UTC)
A, B, LAN = QueueId(1), QueueId(2), AgentId(7)


def call(outcome: str | None, queue_id: QueueId = A) -> InboundFact:
    return InboundFact(CALL, queue_id, NOW, outcome)


def parts(*lengths: tuple[str, float | None, QueueId | None, AgentId | None]) -> list[Part]:
    """Segments that follow each other; the last one may be open."""
    made, at = list[Part](), NOW
    for kind, length_s, queue_id, agent_id in lengths:
        until = None if length_s is None else at + timedelta(seconds=length_s)
        made.append(Part(kind, at, until, queue_id, agent_id))
        at = until or at
    return made


def test_kinds_of_talks_are_those_of_segments() -> None:
    assert {str(kind) for kind in Kind} == TALKS


def test_answered_caller_has_talk_hold_and_wrap_up() -> None:
    made = parts(
        ("wait", 5, A, None), ("talk", 60, A, LAN), ("hold", 10, A, LAN), ("talk", 20, A, LAN), ("wrap_up", 8, A, LAN)
    )
    assert entries_of(call("answered"), made) == [Entry(A, Result.ANSWERED, "", 5000, 80000, 10000, 8000)]


def test_caller_in_two_queues_counts_in_both_and_once_in_totals() -> None:
    made = parts(("wait", 30, A, None), ("wait", 12, B, None), ("talk", 60, B, LAN))
    first, second = entries_of(call("answered", B), made)
    assert (first.queue_id, first.result, first.to) == (A, Result.OVERFLOWED, "queue:2")
    assert (second.queue_id, second.result, second.wait_ms) == (B, Result.ANSWERED, 12000)
    assert once([first, second]) == Entry(B, Result.ANSWERED, "", 42000, 60000)
    counted = count_calls([(call("answered", B), made)])
    quarter = NOW.replace(minute=0)
    assert {where: found.offered for where, found in counted.items()} == {
        (quarter, Place(A, once=False)): 1,
        (quarter, Place(B, once=False)): 1,
        (quarter, Place(B, once=True)): 1,
    }


def test_caller_who_is_transferred_to_a_queue_and_hangs_up_there_was_answered_once() -> None:
    made = parts(("wait", 5, A, None), ("talk", 60, A, LAN), ("wait", 20, B, None))
    found = entries_of(call("answered", B), made)
    assert [(entry.queue_id, entry.result) for entry in found] == [(A, Result.ANSWERED), (B, Result.ABANDONED)]
    assert once(found) == Entry(A, Result.ANSWERED, "", 5000, 60000)


@pytest.mark.parametrize(
    ("outcome", "result", "to"),
    [
        ("abandoned", Result.ABANDONED, ""),
        ("overflow", Result.OVERFLOWED, "end"),
        ("closed", Result.CLOSED, ""),
        ("callback", Result.CALLBACK, ""),
        ("failed", Result.FAILED, ""),
        ("lost", Result.FAILED, ""),
        (None, Result.OPEN, ""),
    ],
)
def test_wait_with_which_the_call_ended_has_its_outcome(outcome: str | None, result: Result, to: str) -> None:
    assert entries_of(call(outcome), parts(("wait", 30, A, None))) == [Entry(A, result, to, 30000)]


@pytest.mark.parametrize(
    ("then", "to"),
    [
        (("menu", 5, A, None), "menu"),
        (("wait", 5, None, None), "number"),
        (("talk", 5, A, None), "number"),
        (("wait", 5, B, None), "queue:2"),
    ],
)
def test_wait_that_led_elsewhere_overflowed_there(
    then: tuple[str, float, QueueId | None, AgentId | None], to: str
) -> None:
    found = entries_of(call("abandoned"), parts(("wait", 30, A, None), then))
    assert (found[0].result, found[0].to) == (Result.OVERFLOWED, to)


@pytest.mark.parametrize(
    ("outcome", "result"),
    [("closed", Result.CLOSED), ("refused", Result.REFUSED), ("overflow", Result.OVERFLOWED), (None, Result.OPEN)],
)
def test_caller_who_was_not_let_in_counts_in_the_queue_that_the_call_reached(
    outcome: str | None, result: Result
) -> None:
    (found,) = entries_of(call(outcome), [])
    assert (found.queue_id, found.result, found.wait_ms) == (A, result, 0)


def test_caller_who_hangs_up_in_a_menu_was_offered_to_no_queue() -> None:
    assert entries_of(call("abandoned"), parts(("menu", 9, A, None))) == []
    assert entries_of(call(None), parts(("menu", None, A, None))) == []


def test_waiting_caller_is_open_and_not_settled() -> None:
    made = parts(("wait", None, A, None))
    assert entries_of(call(None), made) == [Entry(A, Result.OPEN)]
    assert not is_settled(call(None), made)
    assert not is_settled(call("answered"), parts(("wait", 5, A, None), ("wrap_up", None, A, LAN)))
    assert is_settled(call("answered"), parts(("wait", 5, A, None), ("talk", 5, A, LAN)))
