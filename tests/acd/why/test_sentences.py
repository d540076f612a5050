"""Every reason has a sentence."""

import pytest

from tests.support.matching import agent, rules
from tests.support.situations import situation, waiting
from tongdai.acd.why import sentences
from tongdai.acd.why.core import explain
from tongdai.acd.why.model import AgentReason, CallerReason
from tongdai.queues.model import HANG_UP, Strategy


def test_every_reason_has_a_sentence() -> None:
    assert sentences.OF_CALLER.keys() == {None, *CallerReason}
    assert sentences.OF_AGENT.keys() == {None, *AgentReason}


def test_callers_before_are_counted() -> None:
    found = explain(situation([waiting(number, arrived_s=number) for number in range(3)]))
    assert [sentences.of_caller(found, one) for one in found.callers] == [
        "No agent of the queue is signed in.",
        "No agent of the queue is signed in. 1 other is before them in the queue.",
        "No agent of the queue is signed in. 2 others are before them in the queue.",
    ]


def test_times_are_those_of_the_tenant() -> None:
    found = explain(situation([], [agent(7)]))
    (one,) = found.agents
    assert sentences.of_agent(found, one) == (
        "Free since 2026-03-10 19:00:00: they get the next caller whom they may serve."
    )


@pytest.mark.parametrize("strategy", [Strategy.BLACKLIST, Strategy.DIVERT, Strategy.LOCKED])
def test_queue_says_why_it_takes_no_new_callers(strategy: Strategy) -> None:
    assert f"strategy {strategy.value}" in (
        sentences.of_queue(explain(situation([], [], rules(strategy=strategy)))) or ""
    )
    assert sentences.of_queue(explain(situation([]))) is None
    closed = sentences.of_queue(explain(situation([], [], rules(closed=HANG_UP))))
    assert closed == "The queue is closed: it takes no new callers."
