"""Admission: what happens to callers by the rules of the queue that they reach."""

import pytest

from tongdai.acd.admission import CAUSES, MAX_HOPS, Admit, QueueCounts, Send, admit, sent
from tongdai.call_outcome import InboundOutcome
from tongdai.ids import MenuId, QueueId
from tongdai.queues.model import HANG_UP, Destination, DestinationKind, QueueRules, Strategy

OPEN = QueueCounts(waiting=3, signed_in=2)
OTHER = Destination(DestinationKind.QUEUE, "8")
MESSAGE = Destination(DestinationKind.MESSAGE, "closed")
FULL = Destination(DestinationKind.NUMBER, "+842873001234")
EMPTY = Destination(DestinationKind.CALLBACK)


def rules(**changes: object) -> QueueRules:
    return QueueRules(queue_id=QueueId(7), name="Sales", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", [Strategy.NORMAL, Strategy.VIP])
def test_caller_waits_in_an_open_queue(strategy: Strategy) -> None:
    assert admit(rules(strategy=strategy), OPEN) == Admit()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"strategy": Strategy.BLACKLIST}, Send(HANG_UP, InboundOutcome.REFUSED)),
        ({"strategy": Strategy.DIVERT, "divert_to": OTHER}, Send(OTHER, InboundOutcome.REFUSED)),
        ({"strategy": Strategy.DIVERT}, Send(HANG_UP, InboundOutcome.REFUSED)),
        ({"strategy": Strategy.LOCKED, "locked": MESSAGE}, Send(MESSAGE, InboundOutcome.CLOSED)),
        ({"closed": MESSAGE}, Send(MESSAGE, InboundOutcome.CLOSED)),
        ({"max_length": 3, "when_full": FULL}, Send(FULL, InboundOutcome.OVERFLOW)),
    ],
)
def test_caller_is_sent_on_by_the_rules(changes: dict[str, object], expected: Send) -> None:
    assert admit(rules(**changes), OPEN) == expected


def test_queue_takes_as_many_callers_as_it_may() -> None:
    assert admit(rules(max_length=4), OPEN) == Admit()


def test_caller_joins_a_queue_without_agents_only_where_that_is_allowed() -> None:
    nobody = QueueCounts(waiting=0, signed_in=0)
    assert admit(rules(when_empty=EMPTY), nobody) == Send(EMPTY, InboundOutcome.CLOSED)
    assert admit(rules(join_empty=True), nobody) == Admit()


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"strategy": Strategy.BLACKLIST}, InboundOutcome.REFUSED),
        ({"strategy": Strategy.DIVERT, "divert_to": OTHER}, InboundOutcome.REFUSED),
        ({"strategy": Strategy.LOCKED}, InboundOutcome.CLOSED),
        ({}, InboundOutcome.CLOSED),
    ],
)
def test_earlier_rule_decides(changes: dict[str, object], outcome: InboundOutcome) -> None:
    """The rules are asked in the order of the docstring: all those behind would refuse, too."""
    found = admit(rules(closed=MESSAGE, max_length=0, **changes), QueueCounts(9, 0))
    assert isinstance(found, Send)
    assert found.outcome is outcome
    assert found.to != HANG_UP or "strategy" in changes


def test_caller_is_sent_to_no_more_queues_than_allowed() -> None:
    assert sent(OTHER, InboundOutcome.REFUSED, MAX_HOPS - 1) == Send(OTHER, InboundOutcome.REFUSED)
    assert sent(OTHER, InboundOutcome.REFUSED, MAX_HOPS) == Send(HANG_UP, InboundOutcome.OVERFLOW)


def test_caller_with_all_hops_may_still_hear_a_message() -> None:
    assert sent(MESSAGE, InboundOutcome.CLOSED, MAX_HOPS) == Send(MESSAGE, InboundOutcome.CLOSED)


def test_what_callers_are_refused_for_has_a_cause() -> None:
    assert CAUSES == {InboundOutcome.REFUSED: 21, InboundOutcome.CLOSED: 20, InboundOutcome.OVERFLOW: 17}


def test_menu_is_in_front_of_an_open_queue_for_callers_of_its_number() -> None:
    front = rules(menu_id=MenuId(3))
    to_menu = Send(Destination(DestinationKind.MENU, "3"), InboundOutcome.ABANDONED)
    nobody = QueueCounts(waiting=0, signed_in=0)
    assert admit(front, nobody, by_number=True) == to_menu, "it may lead to another queue"
    assert admit(front, OPEN) == Admit()
    assert admit(rules(menu_id=MenuId(3), closed=MESSAGE), OPEN, by_number=True) == Send(MESSAGE, InboundOutcome.CLOSED)
    assert sent(to_menu.to, InboundOutcome.OVERFLOW, MAX_HOPS) == Send(HANG_UP, InboundOutcome.OVERFLOW)
