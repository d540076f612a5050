"""Explains why callers of a queue have no agent, and why its agents are offered nobody. Pure.

The matcher is run on the situation: whoever it pairs has no reason. What keeps each of the others is found by the rules
by which the matcher passed them over (`acd/eligibility.py`), never by rules of this module.

Promises: a caller without a reason is paired now. A caller and an agent without a reason, who are not paired, cannot
wait beside each other: the matcher would have paired them.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tongdai.acd.eligibility import Need, Obstacle, WaitingCaller, need_of, obstacle, place_of, serves
from tongdai.acd.routing import Matcher
from tongdai.acd.why.model import (
    AgentFacts,
    AgentReason,
    AgentWhy,
    CallerFacts,
    CallerReason,
    CallerWhy,
    Explanation,
    Situation,
    signed_in,
)
from tongdai.agents.model import AgentKey, AgentState, IdleAgent
from tongdai.switches.model import Switch

_BY_STATE = {
    AgentState.OFFLINE: AgentReason.OFFLINE,
    AgentState.CALLING: AgentReason.PHONE_CALLED,
    AgentState.HANGING_UP: AgentReason.SIGNING_OUT,
    AgentState.PAUSED: AgentReason.PAUSED,
    AgentState.UNREACHABLE: AgentReason.UNREACHABLE,
    AgentState.TALKING: AgentReason.TALKING,
    AgentState.WRAP_UP: AgentReason.WRAP_UP,
}
_OF_CALLER = {
    Obstacle.NOT_PREFERRED: CallerReason.PREFERRED_AGENT,
    Obstacle.SKILL_MISSING: CallerReason.SKILL_MISSING,
    Obstacle.WITHHELD: CallerReason.KEPT_FOR_CAMPAIGN,
    Obstacle.EXCLUDED: CallerReason.TRIED_LATELY,
}
_OF_AGENT = {
    Obstacle.NOT_PREFERRED: AgentReason.OTHERS_PREFERRED,
    Obstacle.SKILL_MISSING: AgentReason.SKILL_MISSING,
    Obstacle.WITHHELD: AgentReason.KEPT_FOR_CAMPAIGN,
    Obstacle.EXCLUDED: AgentReason.TRIED_LATELY,
}
_ORDER = list(Obstacle)
"""The order of obstacles; of several the last one counts: whoever meets it comes nearest to a match."""


class _First:
    """Selects the first agent, where the queue selects one by chance."""

    def randrange(self, stop: int, /) -> int:
        return min(0, stop)


def explain(found: Situation) -> Explanation:
    paired = _paired(found)
    rules = found.rules[found.queue_id]
    in_queue = [one for one in found.callers if one.caller.queue_id == found.queue_id]
    own = sorted(in_queue, key=lambda one: place_of(one.caller, rules))
    waits = [*(one.caller for one in own), *(one for one in found.callbacks if one.queue_id == found.queue_id)]
    places = sorted(place_of(one, rules) for one in waits)
    callers = _Callers(found, paired)
    left = [one for one in own if _waits(one) and one.caller.call_id not in paired]
    keep = _Agents(found, {agent: caller for caller, keys in paired.values() for agent in keys}, left)
    agents = [keep.why(one) for one in sorted(found.agents, key=lambda one: one.agent.agent_id)]
    return Explanation(
        situation=found,
        callers=[callers.why(one, bisect_left(places, place_of(one.caller, rules)) + 1) for one in own],
        agents=agents,
        counts=Counter(one.reason for one in agents if one.reason is not None and signed_in(one.facts)),
    )


def _waits(one: CallerFacts) -> bool:
    """Whether the matcher has the caller."""
    return one.offer is None and not one.called_back


def _paired(found: Situation) -> Mapping[UUID, tuple[WaitingCaller, Sequence[AgentKey]]]:
    """The callers whom the matcher pairs now, and with whom, by call: several, where phones ring at once."""
    matcher = Matcher(_First())
    for rules in found.rules.values():
        matcher.set_rules(found.tenant_id, rules)
    for one in found.callers:
        if _waits(one):
            matcher.join(one.caller)
            for agent, until in one.excluded.items():
                matcher.again(one.caller.call_id, agent, until)
    for callback in found.callbacks:
        matcher.join(callback)
    matcher.match(found.now)  # lines the callers up: an agent then costs the lines that they serve
    matcher.set_idle(found.idle)
    return {
        pair.caller.call_id: (pair.caller, [agent.key for agent in (pair.agent, *pair.also)])
        for pair in matcher.match(found.now, found.withheld)
    }


class _Callers:
    def __init__(self, found: Situation, paired: Mapping[UUID, object]) -> None:
        self._found, self._paired = found, paired
        self._rules = found.rules[found.queue_id]
        self._signed_in = any(map(signed_in, found.agents))
        queue = (found.tenant_id, found.queue_id)
        self._idle = [agent for agent in found.idle if serves(agent, queue)]
        self._by_need: dict[Need, Obstacle | None] = {}
        """The obstacle of callers with a need, who exclude nobody; few needs, however many callers."""

    def why(self, one: CallerFacts, position: int) -> CallerWhy:
        reason, until = self._reason(one)
        place = place_of(one.caller, self._rules)
        return CallerWhy(facts=one, position=position, place=place, reason=reason, until=until)

    def _reason(self, one: CallerFacts) -> tuple[CallerReason | None, datetime | None]:
        if one.offer is not None:
            return CallerReason.BEING_OFFERED, None
        if one.called_back:
            return CallerReason.CALLED_BACK, None
        if (of_switch := _of_switch(self._found.switch)) is not None:
            return CallerReason(of_switch), None
        if one.caller.call_id in self._paired:
            return None, None
        return self._passed_over(one) if self._idle else self._nobody_free(one)

    def _nobody_free(self, one: CallerFacts) -> tuple[CallerReason, datetime | None]:
        """Why a caller has no agent while none of the queue is idle."""
        if not self._signed_in:
            return CallerReason.NO_AGENTS_SIGNED_IN, None
        need, until = need_of(one.caller, self._rules, self._found.now)
        return (CallerReason.NO_AGENT_FREE, None) if need.preferred is None else (CallerReason.PREFERRED_AGENT, until)

    def _passed_over(self, one: CallerFacts) -> tuple[CallerReason, datetime | None]:
        """Why a caller has none of the agents who are idle."""
        need, until = need_of(one.caller, self._rules, self._found.now)
        met = self._met(one, need)
        if met is None:
            return CallerReason.CALLERS_FIRST, None
        if met is Obstacle.EXCLUDED:
            until = min(until for until in one.excluded.values() if until > self._found.now)
        return _OF_CALLER[met], None if met is Obstacle.WITHHELD else until

    def _met(self, one: CallerFacts, need: Need) -> Obstacle | None:
        """The obstacle between a caller and the idle agents; None: earlier callers get those who may serve them."""
        if one.excluded:
            return _nearest(self._obstacle(agent, need, one.excluded) for agent in self._idle)
        if need not in self._by_need:
            self._by_need[need] = _nearest(self._obstacle(agent, need, {}) for agent in self._idle)
        return self._by_need[need]

    def _obstacle(self, agent: IdleAgent, need: Need, excluded: Mapping[AgentKey, datetime]) -> Obstacle | None:
        queue = (self._found.tenant_id, self._found.queue_id)
        return obstacle(agent, queue, need, self._found.now, withheld=self._found.withheld, excluded=excluded)


class _Agents:
    def __init__(self, found: Situation, paired: Mapping[AgentKey, WaitingCaller], left: Iterable[CallerFacts]) -> None:
        """`left`: the callers of the queue who wait on."""
        self._found, self._paired = found, paired
        self._left: dict[Need, list[CallerFacts]] = {}
        """By what they need."""
        self._until: dict[Need, datetime | None] = {}
        for one in left:
            need, until = need_of(one.caller, found.rules[found.queue_id], found.now)
            self._left.setdefault(need, []).append(one)
            self._until[need] = min((at for at in (until, self._until.get(need)) if at is not None), default=None)

    def why(self, one: AgentFacts) -> AgentWhy:
        if one.idle is None:
            return AgentWhy(facts=one, reason=_not_idle(one), until=one.agent.wrap_up_until)
        if (of_switch := _of_switch(self._found.switch)) is not None:
            return AgentWhy(facts=one, reason=AgentReason(of_switch))
        first = self._paired.get(one.idle.key)
        if first is not None:
            other = first.queue_id != self._found.queue_id
            return AgentWhy(facts=one, reason=AgentReason.OTHER_QUEUE_FIRST if other else None, first=first)
        return self._left_alone(one, one.idle)

    def _left_alone(self, one: AgentFacts, idle: IdleAgent) -> AgentWhy:
        met = [self._obstacle(idle, need) for need in self._left or [Need()]]
        nearest, until = max(met, key=lambda each: _rank(each[0]))
        reason = None if nearest is None else _OF_AGENT[nearest]
        return AgentWhy(facts=one, reason=reason, until=until)

    def _obstacle(self, idle: IdleAgent, need: Need) -> tuple[Obstacle | None, datetime | None]:
        """The obstacle between the agent and the callers with a need, and until when."""
        found, queue = self._found, (self._found.tenant_id, self._found.queue_id)
        met = obstacle(idle, queue, need, found.now, withheld=found.withheld)
        if met is not None:
            return met, None if met is Obstacle.WITHHELD else self._until.get(need)
        ends = [one.excluded.get(idle.key, found.now) for one in self._left.get(need, ())]
        if not ends or min(ends) <= found.now:
            return None, None
        return Obstacle.EXCLUDED, min(ends)


def _of_switch(switch: Switch) -> str | None:
    """The reason that holds for all while nobody is matched; None: callers and agents are matched."""
    if switch.up:
        return None
    return CallerReason.SWITCH_AWAY if switch.running else CallerReason.TELEPHONY_NOT_RUNNING


def _rank(met: Obstacle | None) -> int:
    return len(_ORDER) if met is None else _ORDER.index(met)


def _nearest(met: Iterable[Obstacle | None]) -> Obstacle | None:
    return max(met, key=_rank)


def _not_idle(one: AgentFacts) -> AgentReason:
    state = one.agent.state
    if state in _BY_STATE:
        return _BY_STATE[state]
    if state is not AgentState.IDLE:
        campaign = one.call is not None and one.call.queue_id is None
        return AgentReason.CAMPAIGN_CALL if campaign else AgentReason.BEING_OFFERED
    return AgentReason.PHONE_BUSY if one.agent.busy_elsewhere else AgentReason.PHONE_NOT_GIVEN
