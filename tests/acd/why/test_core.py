"""Every caller without an agent has a reason, and none who is about to have one, by the rules of the matcher."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.matching import CARE, NOON, ONE, SALES, VIP, agent, caller, rules
from tests.support.situations import SKILLS, UP, an_agent, situation, waiting
from tongdai.acd.eligibility import WaitingCaller
from tongdai.acd.routing import Matcher
from tongdai.acd.selection import has
from tongdai.acd.why.core import explain
from tongdai.acd.why.model import (
    AgentCall,
    AgentFacts,
    AgentReason,
    CallerFacts,
    CallerReason,
    Explanation,
    Offer,
    Situation,
)
from tongdai.agents.model import AgentState, IdleAgent, Mode
from tongdai.ids import AgentId, CampaignId
from tongdai.queues.model import Selector, Strategy


def reasons(found: Situation) -> tuple[list[CallerReason | None], list[AgentReason | None]]:
    explained = explain(found)
    return [one.reason for one in explained.callers], [one.reason for one in explained.agents]


def test_caller_and_agent_who_are_matched_have_no_reason() -> None:
    assert reasons(situation([waiting(1)], [agent(7)])) == ([None], [None])


def test_those_behind_wait_for_those_before_them() -> None:
    found = explain(situation([waiting(2, arrived_s=2), waiting(1, arrived_s=1)], [agent(7)]))
    assert [(one.facts.caller.call_id.int, one.position, one.reason) for one in found.callers] == [
        (1, 1, None),
        (2, 2, CallerReason.CALLERS_FIRST),
    ]


def test_agents_whose_phones_ring_at_once_have_no_reason() -> None:
    all_at_once = rules(selector=Selector.RING_ALL)
    found = situation([waiting(1)], [agent(number, mode=Mode.RING) for number in (7, 8)], all_at_once)
    assert reasons(found) == ([None], [None, None])


def test_caller_who_is_offered_keeps_the_place() -> None:
    offer = Offer(AgentId(8), "B", NOON)
    found = explain(situation([waiting(1, offer=offer), waiting(2, arrived_s=1)], [agent(7)]))
    assert [(one.position, one.reason) for one in found.callers] == [(1, CallerReason.BEING_OFFERED), (2, None)]


def test_callback_is_served_in_one_order_with_the_callers() -> None:
    callback = caller(9, arrived_s=-1)
    found = explain(situation([waiting(1)], [agent(7)], callbacks=[callback]))
    assert [(one.position, one.reason) for one in found.callers] == [(2, CallerReason.CALLERS_FIRST)]
    assert [(one.reason, one.first) for one in found.agents] == [(None, callback)]


def test_customer_who_is_being_called_back_keeps_the_place() -> None:
    found = explain(situation([waiting(1, called_back=True), waiting(2, arrived_s=1)], [agent(7)]))
    assert [(one.position, one.reason) for one in found.callers] == [(1, CallerReason.CALLED_BACK), (2, None)]


def test_caller_of_another_queue_comes_before() -> None:
    found = explain(situation([waiting(1), waiting(2, CARE, -1)], [agent(7, SALES, CARE)]))
    assert [one.reason for one in found.callers] == [CallerReason.CALLERS_FIRST]
    (mine,) = found.agents
    assert mine.reason is AgentReason.OTHER_QUEUE_FIRST
    assert mine.first is not None
    assert mine.first.call_id.int == 2


def test_skill_that_is_missing_is_waited_for_until_the_rules_relax() -> None:
    needs = rules(skills=SKILLS, skills_for_s=30)
    found = explain(situation([waiting(1)], [agent(7)], needs))
    until = NOON + timedelta(seconds=30)
    assert [(one.reason, one.until) for one in found.callers] == [(CallerReason.SKILL_MISSING, until)]
    assert [(one.reason, one.until) for one in found.agents] == [(AgentReason.SKILL_MISSING, until)]
    assert reasons(situation([waiting(1)], [agent(7)], needs, now=until)) == ([None], [None])


def test_agent_who_was_tried_lately_is_waited_for() -> None:
    until = NOON + timedelta(seconds=20)
    found = explain(situation([waiting(1, excluded={(ONE, AgentId(7)): until})], [agent(7)]))
    assert [(one.reason, one.until) for one in found.callers] == [(CallerReason.TRIED_LATELY, until)]
    assert [(one.reason, one.until) for one in found.agents] == [(AgentReason.TRIED_LATELY, until)]


def test_preferred_agent_is_waited_for() -> None:
    until = NOON + timedelta(seconds=10)
    found = explain(situation([waiting(1, preferred=AgentId(8), preferred_until=until)], [agent(7)]))
    assert [(one.reason, one.until) for one in found.callers] == [(CallerReason.PREFERRED_AGENT, until)]
    assert [(one.reason, one.until) for one in found.agents] == [(AgentReason.OTHERS_PREFERRED, until)]


def test_callee_of_a_campaign_comes_before_callers() -> None:
    found = situation([waiting(1)], [agent(7)], withheld=[(ONE, SALES)])
    assert reasons(found) == ([CallerReason.KEPT_FOR_CAMPAIGN], [AgentReason.KEPT_FOR_CAMPAIGN])
    assert reasons(replace(found, callers=[])) == ([], [AgentReason.KEPT_FOR_CAMPAIGN])


def test_obstacle_nearest_to_a_match_is_the_reason() -> None:
    until = NOON + timedelta(seconds=20)
    one = waiting(1, excluded={(ONE, AgentId(8)): until})
    found = situation([one], [agent(7), agent(8, skills={"vi": 9})], rules(skills=SKILLS))
    assert reasons(found) == (
        [CallerReason.TRIED_LATELY],
        [AgentReason.SKILL_MISSING, AgentReason.TRIED_LATELY],
    )


def test_idle_agent_without_callers_has_no_reason() -> None:
    assert reasons(situation([], [agent(7)])) == ([], [None])


def test_nobody_is_matched_without_the_switch() -> None:
    found = situation([waiting(1)], [agent(7)])
    away = replace(UP, connected=False)
    assert reasons(replace(found, switch=away)) == ([CallerReason.SWITCH_AWAY], [AgentReason.SWITCH_AWAY])
    ended = replace(UP, running=False)
    assert reasons(replace(found, switch=ended)) == (
        [CallerReason.TELEPHONY_NOT_RUNNING],
        [AgentReason.TELEPHONY_NOT_RUNNING],
    )


@pytest.mark.parametrize(
    ("facts", "reason", "caller_reason"),
    [
        (AgentFacts(an_agent(7, AgentState.OFFLINE)), AgentReason.OFFLINE, CallerReason.NO_AGENTS_SIGNED_IN),
        (AgentFacts(an_agent(7, AgentState.CALLING)), AgentReason.PHONE_CALLED, CallerReason.NO_AGENTS_SIGNED_IN),
        (AgentFacts(an_agent(7, AgentState.HANGING_UP)), AgentReason.SIGNING_OUT, CallerReason.NO_AGENTS_SIGNED_IN),
        (AgentFacts(an_agent(7, AgentState.PAUSED)), AgentReason.PAUSED, CallerReason.NO_AGENT_FREE),
        (AgentFacts(an_agent(7, AgentState.UNREACHABLE)), AgentReason.UNREACHABLE, CallerReason.NO_AGENT_FREE),
        (AgentFacts(an_agent(7, AgentState.TALKING)), AgentReason.TALKING, CallerReason.NO_AGENT_FREE),
        (AgentFacts(an_agent(7, AgentState.WRAP_UP)), AgentReason.WRAP_UP, CallerReason.NO_AGENT_FREE),
        (
            AgentFacts(an_agent(7, AgentState.IDLE, busy_elsewhere=True)),
            AgentReason.PHONE_BUSY,
            CallerReason.NO_AGENT_FREE,
        ),
        (AgentFacts(an_agent(7, AgentState.IDLE)), AgentReason.PHONE_NOT_GIVEN, CallerReason.NO_AGENT_FREE),
        (
            AgentFacts(an_agent(7, AgentState.RESERVED), AgentCall(caller(5).call_id, None, CampaignId(1))),
            AgentReason.CAMPAIGN_CALL,
            CallerReason.NO_AGENT_FREE,
        ),
        (
            AgentFacts(an_agent(7, AgentState.ALERTING), AgentCall(caller(5).call_id, CARE, None)),
            AgentReason.BEING_OFFERED,
            CallerReason.NO_AGENT_FREE,
        ),
    ],
)
def test_state_of_an_agent_is_the_reason(facts: AgentFacts, reason: AgentReason, caller_reason: CallerReason) -> None:
    assert reasons(situation([waiting(1)], agents=[facts])) == ([caller_reason], [reason])


def test_agents_who_are_signed_in_are_counted() -> None:
    states = (AgentState.PAUSED, AgentState.TALKING, AgentState.TALKING, AgentState.OFFLINE)
    agents = [AgentFacts(an_agent(number, state)) for number, state in enumerate(states)]
    found = explain(situation([], agents=agents))
    assert found.counts == {AgentReason.PAUSED: 1, AgentReason.TALKING: 2}


QUEUES = st.sampled_from((SALES, CARE, VIP))
AGENTS = st.integers(1, 5)
SOON = st.integers(-5, 20).map(lambda seconds: NOON + timedelta(seconds=seconds))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Any callers and idle agents of three queues, with all that keeps them from each other."""
    of_queues = [
        rules(SALES, selector=draw(st.sampled_from(Selector)), skills=draw(st.sampled_from(((), SKILLS)))),
        rules(CARE, skills=SKILLS, skills_for_s=30),
        rules(VIP, strategy=Strategy.VIP),
    ]
    callers = [
        waiting(
            number,
            draw(QUEUES),
            -draw(st.integers(0, 900)),
            preferred=draw(st.none() | AGENTS.map(AgentId)),
            preferred_until=draw(SOON),
            offer=draw(st.none() | st.none() | st.just(Offer(AgentId(9), "B", NOON))),
            called_back=draw(st.sampled_from((False, False, True))),
            excluded={(ONE, AgentId(key)): until for key, until in draw(st.dictionaries(AGENTS, SOON)).items()},
        )
        for number in range(1, draw(st.integers(0, 8)) + 1)
    ]
    callbacks = [
        replace(caller(20 + number, draw(QUEUES)), arrived_at=draw(SOON)) for number in range(draw(st.integers(0, 2)))
    ]
    idle = [
        agent(number, *draw(st.sets(QUEUES, min_size=1)), idle_s=number, skills=draw(st.sampled_from(({}, {"vi": 5}))))
        for number in draw(st.sets(AGENTS))
    ]
    withheld = draw(st.sampled_from(((), (), (), ((ONE, CARE),), ((ONE, SALES),))))
    return situation(callers, idle, *of_queues, withheld=withheld, callbacks=callbacks)


def matched(found: Situation) -> dict[int, int]:
    """The pairs of the matcher itself: agents by caller."""
    matcher = Matcher(random.Random(1))
    for each in found.rules.values():
        matcher.set_rules(ONE, replace(each, selector=Selector.LONGEST_IDLE))
    for one in found.callers:
        if one.offer is None and not one.called_back:
            matcher.join(one.caller)
            for key, until in one.excluded.items():
                matcher.again(one.caller.call_id, key, until)
    for one in found.callbacks:
        matcher.join(one)
    matcher.set_idle(found.idle)
    return {pair.caller.call_id.int: pair.agent.agent_id for pair in matcher.match(NOON, found.withheld)}


@given(situations())
def test_matched_have_no_reason_and_all_others_who_wait_have_one(found: Situation) -> None:
    found = replace(found, rules={key: replace(of, selector=Selector.LONGEST_IDLE) for key, of in found.rules.items()})
    pairs, explained = matched(found), explain(found)
    for one in explained.callers:
        assert (one.reason is None) == (one.facts.caller.call_id.int in pairs), "caller"
    own = {one.facts.caller.call_id.int for one in explained.callers}
    own |= {one.call_id.int for one in found.callbacks if one.queue_id == SALES}
    for each in explained.agents:
        of_caller = next((number for number, key in pairs.items() if key == each.facts.agent.agent_id), None)
        if of_caller is not None:
            assert each.reason is (None if of_caller in own else AgentReason.OTHER_QUEUE_FIRST)


@given(situations())
def test_no_two_wait_beside_each_other_without_a_reason(found: Situation) -> None:
    explained = explain(found)
    elsewhere = {None, CallerReason.BEING_OFFERED, CallerReason.CALLED_BACK}
    left = [one for one in explained.callers if one.reason not in elsewhere]
    free = [one for one in explained.agents if one.reason is None and one.first is None]
    assert not (left and free), "an agent has no reason, and is passed over"


@given(situations())
def test_reasons_are_true(found: Situation) -> None:
    """Each reason is compared with the situation, said as simply as can be."""
    explained = explain(found)
    for one in explained.callers:
        able = [each for each in found.idle if SALES in each.queues]
        facts = one.facts
        assert TRUE[one.reason](found, explained, facts, able), f"{one.reason}"


def _patient(one: WaitingCaller, now: datetime) -> bool:
    return one.preferred is not None and one.preferred_until is not None and now < one.preferred_until


def _eligible(found: Situation, facts: CallerFacts, by: IdleAgent) -> bool:
    kept = any(queue_id in by.queues for _, queue_id in found.withheld)
    excluded = facts.excluded.get(by.key, datetime.min.replace(tzinfo=UTC)) > found.now
    if _patient(facts.caller, found.now):
        return facts.caller.preferred == by.agent_id and not kept and not excluded
    return has(by, found.rules[SALES].skills) and not kept and not excluded


TRUE = {
    None: lambda found, _, facts, able: any(_eligible(found, facts, each) for each in able),
    CallerReason.BEING_OFFERED: lambda _, __, facts, ___: facts.offer is not None,
    CallerReason.CALLED_BACK: lambda _, __, facts, ___: facts.called_back,
    CallerReason.NO_AGENTS_SIGNED_IN: lambda *state: not state[3],
    CallerReason.CALLERS_FIRST: lambda found, _, facts, able: any(_eligible(found, facts, each) for each in able),
    CallerReason.PREFERRED_AGENT: lambda found, _, facts, able: (
        _patient(facts.caller, found.now) and facts.caller.preferred not in {each.agent_id for each in able}
    ),
    CallerReason.SKILL_MISSING: lambda found, _, __, able: (
        not any(has(each, found.rules[SALES].skills) for each in able)
    ),
    CallerReason.KEPT_FOR_CAMPAIGN: lambda found, _, facts, able: (
        bool(found.withheld) and not any(_eligible(found, facts, each) for each in able)
    ),
    CallerReason.TRIED_LATELY: lambda found, _, facts, able: (
        any(facts.excluded.get(each.key, found.now) > found.now for each in able)
        and not any(_eligible(found, facts, each) for each in able)
    ),
}


def test_explanation_of_many_callers_asks_few_times() -> None:
    """5,000 callers and 500 agents without their skill: the skills are asked for by what is needed, not by caller."""
    skills = _Counting()
    callers = [waiting(number, arrived_s=number) for number in range(5000)]
    found: Explanation = explain(
        situation(callers, [agent(number, skills=skills) for number in range(500)], rules(skills=SKILLS))
    )
    assert {one.reason for one in found.callers} == {CallerReason.SKILL_MISSING}
    assert skills.asked <= 5 * 500


class _Counting(dict[str, int]):
    asked = 0

    def get(self, *_: object) -> int:  # type: ignore[override]
        self.asked += 1
        return 0
