"""Callers and agents are paired in the order of the callers, and nobody is left out who could be served."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.support.matching import CARE, NOON, ONE, SALES, TWO, VIETNAMESE, VIP, agent, caller, rules
from tongdai.acd.eligibility import QueueKey, WaitingCaller
from tongdai.acd.routing import Matcher
from tongdai.acd.selection import has
from tongdai.agents.model import AgentKey, IdleAgent, Mode
from tongdai.ids import AgentId, QueueId
from tongdai.queues.model import QueueRules, Selector, SkillRule, Strategy


def matcher(*of: QueueRules) -> Matcher:
    made = Matcher(random.Random(1))
    for each in of or (rules(),):
        made.set_rules(ONE, each)
    return made


def matched(found: Matcher, after_s: float = 0, withheld: tuple[QueueKey, ...] = ()) -> list[tuple[int, int]]:
    """The numbers of callers and agents that are paired."""
    pairs = found.match(NOON + timedelta(seconds=after_s), withheld)
    return [(pair.caller.call_id.int, pair.agent.agent_id) for pair in pairs]


def test_first_caller_gets_the_agent_who_is_idle_longest() -> None:
    room = matcher()
    for number in (1, 2):
        room.join(caller(number, arrived_s=number))
    room.set_idle([agent(8, idle_s=10), agent(9, idle_s=20)])
    assert matched(room) == [(1, 9), (2, 8)]


def test_callers_who_arrive_at_once_are_served_by_id() -> None:
    room = matcher()
    for number in (3, 1, 2):
        room.join(caller(number))
    room.set_idle([agent(n) for n in (7, 8, 9)])
    assert [pair[0] for pair in matched(room)] == [1, 2, 3]


def test_vip_caller_precedes_callers_of_every_queue_with_the_same_agents_for_ten_minutes() -> None:
    room = matcher(rules(SALES), rules(VIP, strategy=Strategy.VIP))
    room.join(caller(1, SALES, arrived_s=0))
    room.join(caller(2, SALES, arrived_s=2))
    room.join(caller(3, VIP, arrived_s=601))
    room.set_idle([agent(number, SALES, VIP, idle_s=number) for number in (7, 8, 9)])
    assert [pair[0] for pair in matched(room)] == [1, 3, 2]


def test_change_of_strategy_holds_for_those_who_wait() -> None:
    room = matcher(rules(SALES), rules(CARE))
    room.join(caller(1, SALES, arrived_s=0))
    room.join(caller(2, CARE, arrived_s=1))
    room.set_rules(ONE, rules(CARE, strategy=Strategy.VIP))
    room.set_idle([agent(9, SALES, CARE)])
    assert matched(room) == [(2, 9)]


def test_caller_whose_agent_is_not_to_be_had_keeps_the_place_and_gets_another_agent() -> None:
    room = matcher()
    room.join(caller(1, arrived_s=1))
    room.join(caller(2, arrived_s=2))
    room.set_idle([agent(9)])
    assert matched(room) == [(1, 9)]
    assert (room.position(UUID(int=1)), room.position(UUID(int=2))) == (1, 2)
    room.again(UUID(int=1), (ONE, AgentId(9)), NOON + timedelta(seconds=20))
    room.set_idle([agent(9)])
    assert matched(room) == [(2, 9)], "the next in the order"
    room.set_idle([agent(9), agent(8)])
    assert matched(room) == [(1, 8)]


def test_excluded_agent_is_tried_again_after_a_while() -> None:
    room = matcher()
    room.join(caller(1))
    room.set_idle([agent(9)])
    assert matched(room) == [(1, 9)]
    room.again(UUID(int=1), (ONE, AgentId(9)), NOON + timedelta(seconds=20))
    room.set_idle([agent(9, idle_s=1)])
    assert matched(room, 19) == []
    assert room.due_at == NOON + timedelta(seconds=20)
    assert matched(room, 20) == [(1, 9)]


def test_skills_are_needed_all_of_them_until_the_caller_has_waited() -> None:
    english = SkillRule("en", 1)
    room = matcher(rules(skills=(VIETNAMESE, english), skills_for_s=30))
    room.join(caller(1))
    room.set_idle([agent(8, skills={"vi": 10}), agent(9, skills={"vi": 4, "en": 1})])
    assert matched(room, 29) == []
    assert room.due_at == NOON + timedelta(seconds=30)
    assert matched(room, 30) == [(1, 8)]


def test_skilled_agent_serves_at_once() -> None:
    room = matcher(rules(skills=(VIETNAMESE,)))
    room.join(caller(1))
    room.set_idle([agent(8, idle_s=9), agent(9, skills={"vi": 5})])
    assert matched(room) == [(1, 9)]
    assert room.due_at is None


def test_preferred_agent_is_waited_for_with_patience_only() -> None:
    room = matcher()
    until = NOON + timedelta(seconds=10)
    room.join(caller(1, preferred=AgentId(9), preferred_until=until))
    room.join(caller(2, arrived_s=1, preferred=AgentId(9), preferred_until=until))
    room.set_idle([agent(8)])
    assert matched(room) == []
    room.set_idle([agent(8), agent(9)])
    assert matched(room) == [(1, 9)]
    assert matched(room, 10) == [(2, 8)]


def test_callers_who_prefer_one_agent_may_be_of_several_queues() -> None:
    room = matcher(rules(SALES), rules(CARE))
    until = NOON + timedelta(seconds=10)
    room.join(caller(1, SALES, preferred=AgentId(9), preferred_until=until))
    room.join(caller(2, CARE, preferred=AgentId(9), preferred_until=until))
    room.set_idle([agent(9, CARE)])
    assert matched(room) == [(2, 9)], "agent 9 does not serve the queue of the first"


def test_agents_are_left_alone_while_a_callee_who_answered_waits() -> None:
    room = matcher(rules(SALES), rules(CARE))
    room.join(caller(1))
    room.set_idle([agent(9, SALES, CARE)])
    assert matched(room, withheld=((ONE, CARE),)) == []
    assert matched(room) == [(1, 9)]


def test_queue_of_another_tenant_is_another_queue() -> None:
    room = matcher()
    room.set_rules(TWO, rules())
    room.join(replace(caller(1), tenant_id=TWO))
    room.set_idle([agent(9)])
    assert matched(room) == []
    assert (room.waiting((ONE, SALES)), room.waiting((TWO, SALES))) == (0, 1)


def test_rules_may_come_after_the_agents() -> None:
    room = matcher(rules(CARE))
    room.set_idle([agent(9, SALES)])
    room.set_rules(ONE, rules(SALES))
    room.join(caller(1))
    assert matched(room) == [(1, 9)]


QUEUES = st.sampled_from((SALES, CARE, VIP))
NUMBER = st.integers(0, 10**6)


class AnyOrder(RuleBasedStateMachine):
    """Callers and agents come and go; each match is compared with all pairs that would have been possible."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.of: dict[QueueId, QueueRules] = {
            SALES: rules(SALES, selector=Selector.RING_ALL),
            CARE: rules(CARE, skills=(VIETNAMESE,), skills_for_s=30),
            VIP: rules(VIP, strategy=Strategy.VIP, skills=(VIETNAMESE,)),
        }
        self.room = matcher(*self.of.values())
        self.callers: dict[UUID, WaitingCaller] = {}
        self.offered: dict[UUID, IdleAgent] = {}
        self.idle: dict[AgentKey, IdleAgent] = {}
        self.excluded: dict[tuple[UUID, AgentKey], datetime] = {}
        self.next = 1

    def eligible(self, one: WaitingCaller, by: IdleAgent) -> bool:
        """Whether the agent may serve the caller now, said as simply as can be."""
        patient = one.preferred_until is not None and self.now < one.preferred_until
        if one.queue_id not in by.queues or self.excluded.get((one.call_id, by.key), self.now) > self.now:
            return False
        if patient:
            return one.preferred == by.agent_id
        of = self.of[one.queue_id]
        waited_s = (self.now - one.arrived_at).total_seconds()
        return has(by, of.skills) or (of.skills_for_s is not None and waited_s >= of.skills_for_s)

    def order(self, one: WaitingCaller) -> tuple[datetime, datetime, UUID]:
        head_start = timedelta(seconds=600 if self.of[one.queue_id].strategy is Strategy.VIP else 0)
        return one.arrived_at - head_start, one.arrived_at, one.call_id

    @rule(queue_id=QUEUES, earlier_s=st.integers(0, 900), preferred=st.none() | st.integers(1, 5))
    def join(self, queue_id: QueueId, earlier_s: int, preferred: int | None) -> None:
        one = WaitingCaller(
            tenant_id=ONE,
            call_id=UUID(int=self.next),
            queue_id=queue_id,
            arrived_at=self.now - timedelta(seconds=earlier_s),
            preferred=None if preferred is None else AgentId(preferred),
            preferred_until=None if preferred is None else self.now + timedelta(seconds=5),
        )
        self.next += 1
        self.callers[one.call_id] = one
        self.room.join(one)

    @rule(choice=NUMBER)
    @precondition(lambda self: self.callers)
    def hang_up(self, choice: int) -> None:
        call_id = list(self.callers)[choice % len(self.callers)]
        del self.callers[call_id]
        self.offered.pop(call_id, None)
        self.room.remove(call_id)

    @rule(choice=NUMBER, exclude=st.booleans())
    @precondition(lambda self: self.offered)
    def refuse(self, choice: int, exclude: bool) -> None:
        call_id = list(self.offered)[choice % len(self.offered)]
        by = self.offered.pop(call_id)
        until = self.now + timedelta(seconds=20)
        if exclude:
            self.excluded[call_id, by.key] = until
        self.room.again(call_id, by.key if exclude else None, until if exclude else None)

    @rule(choice=NUMBER)
    @precondition(lambda self: self.callers)
    def prefer_nobody(self, choice: int) -> None:
        call_id = list(self.callers)[choice % len(self.callers)]
        self.callers[call_id] = replace(self.callers[call_id], preferred=None, preferred_until=None)
        self.room.prefer_nobody(call_id)

    @rule(
        number=st.integers(1, 5), queues=st.sets(QUEUES, min_size=1), skilled=st.booleans(), mode=st.sampled_from(Mode)
    )
    def become_idle(self, number: int, queues: set[QueueId], skilled: bool, mode: Mode) -> None:
        made = replace(agent(number, *queues, skills={"vi": 5} if skilled else {}), idle_since=self.now, mode=mode)
        self.idle[made.key] = made
        self.room.set_idle(list(self.idle.values()))

    @rule(choice=NUMBER)
    @precondition(lambda self: self.idle)
    def pause(self, choice: int) -> None:
        del self.idle[list(self.idle)[choice % len(self.idle)]]
        self.room.set_idle(list(self.idle.values()))

    @rule(queue_id=QUEUES, vip=st.booleans(), skills=st.sampled_from(((), (VIETNAMESE,))))
    def change_rules(self, queue_id: QueueId, vip: bool, skills: tuple[SkillRule, ...]) -> None:
        strategy = Strategy.VIP if vip else Strategy.NORMAL
        self.of[queue_id] = replace(self.of[queue_id], strategy=strategy, skills=skills)
        self.room.set_rules(ONE, self.of[queue_id])

    @rule(seconds=st.sampled_from((0.5, 5, 30)))
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(withheld=st.sampled_from((None, None, None, SALES)))
    def match(self, withheld: QueueId | None) -> None:
        kept = () if withheld is None else ((ONE, withheld),)
        idle = {key: by for key, by in self.idle.items() if withheld not in by.queues}
        waiting = {call_id: one for call_id, one in self.callers.items() if call_id not in self.offered}
        for one, lead, also in self.room.match(self.now, kept):
            assert waiting.pop(one.call_id, None) == one, "a caller who does not wait"
            first = [other for other in waiting.values() if self.order(other) < self.order(one)]
            for by in (lead, *also):
                assert idle.pop(by.key, None) == by, "an agent who is not idle"
                assert self.eligible(one, by)
                assert not [other for other in first if self.eligible(other, by)], "an earlier caller was passed over"
                del self.idle[by.key]
            self._check_rung(one, lead, also, idle)
            self.offered[one.call_id] = lead
        assert not [(one, by) for one in waiting.values() for by in idle.values() if self.eligible(one, by)]

    def _check_rung(
        self, one: WaitingCaller, lead: IdleAgent, also: tuple[IdleAgent, ...], left: dict[AgentKey, IdleAgent]
    ) -> None:
        """Whoever may be rung at once is, and nobody else."""
        ring_all = self.of[one.queue_id].selector is Selector.RING_ALL
        ringing = [by for by in left.values() if by.mode is Mode.RING and self.eligible(one, by)]
        if ring_all and (lead.mode is Mode.RING or ringing):
            assert {by.mode for by in (lead, *also)} == {Mode.RING}
            assert not ringing, "an agent is not rung"
        else:
            assert also == ()

    @rule()
    @precondition(lambda self: self.callers)
    def positions(self) -> None:
        for one in self.callers.values():
            ahead = [
                other
                for other in self.callers.values()
                if other.queue_id == one.queue_id and self.order(other) < self.order(one)
            ]
            assert self.room.position(one.call_id) == len(ahead) + 1


TestAnyOrder = AnyOrder.TestCase


@pytest.mark.parametrize("waiting", [50, 5000])
def test_event_looks_at_no_more_callers_however_many_wait(waiting: int) -> None:
    """500 agents serve the queue, and none has the skill of its callers: a caller comes, and an agent becomes idle."""
    skills = Counting()
    room = matcher(rules(skills=(VIETNAMESE,)))
    for number in range(waiting):
        room.join(caller(number, arrived_s=number))
    room.set_idle([agent(number, skills=skills) for number in range(500)])
    assert room.match(NOON) == [], "nobody has the skill"
    skills.asked = 0
    room.join(caller(waiting, arrived_s=-1))
    room.set_idle([agent(number, skills=skills) for number in range(501)])
    assert room.match(NOON) == []
    assert skills.asked <= 3 * 501


class Counting(dict[str, int]):
    """No skills, and how often somebody looked for one."""

    asked = 0

    def get(self, *_: object) -> int:  # type: ignore[override]
        self.asked += 1
        return 0
