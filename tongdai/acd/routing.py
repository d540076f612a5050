"""Matches waiting callers with idle agents. Pure.

    caller: waiting ── match ──▶ offered ── again ──▶ waiting      (the place is kept)
                └────── remove ──────┴──▶ gone
    agent:  idle ── match ──▶ taken ── idle again ──▶ idle

Callers have one strict total order, `Place`: when they arrived, less the head start of their queue, then their arrival,
then the id of their call. It does not change while they wait, unless the rules of the queue do: nobody starves, and
there are no timers. An earlier caller is served before a later one by every agent who may serve both.

Each waiting caller is in one line, sorted by place:

    preferring   of an agent: callers who have the patience to wait for this agent
    skilled      of a queue: callers who need the skills of the queue
    open         of a queue: everybody else

Callers who wait long enough move from the first to the others, at the next match. An event costs the lines of one
agent, or the idle agents of one queue, however many callers wait.

Promises: while an idle agent may serve a waiting caller, `match` pairs them or better ones; an agent and a caller are
in one match at a time.
"""

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tongdai.acd.eligibility import Need, Place, QueueKey, WaitingCaller, need_of, obstacle, place_of, serves
from tongdai.acd.selection import Rng, rung_at_once, selected
from tongdai.agents.model import AgentKey, IdleAgent
from tongdai.ids import AgentId, TenantId
from tongdai.queues.model import QueueRules

_ALONE = -1
"""For a caller who is looked at alone, and not as one of a line."""


class Match(NamedTuple):
    caller: WaitingCaller
    agent: IdleAgent
    also: tuple[IdleAgent, ...] = ()
    """Others whose phones ring at once."""


@dataclass(slots=True, eq=False)
class _Line:
    """Callers who may be served by the same agents."""

    need: Need = field(default_factory=Need)
    """By its preferred agent the line is of that agent, otherwise of a queue."""
    places: list[Place] = field(default_factory=list[Place])

    def after(self, place: Place) -> Place | None:
        at = bisect_right(self.places, place)
        return self.places[at] if at < len(self.places) else None


@dataclass(slots=True, eq=False)
class _Queue:
    rules: QueueRules
    skilled: _Line
    open: _Line
    agents: dict[AgentKey, IdleAgent] = field(default_factory=dict[AgentKey, IdleAgent])
    """Its idle agents."""
    places: list[Place] = field(default_factory=list[Place])
    """The places of its callers, offered or not."""
    last: AgentId | None = None
    """The agent matched last, for Selector.ROUND_ROBIN."""


@dataclass(slots=True, eq=False)
class _Caller:
    caller: WaitingCaller
    place: Place
    line: _Line | None = None
    """None: the caller is offered to an agent."""
    changes_at: datetime | None = None
    """When the caller is due for another line."""
    excluded: dict[AgentKey, datetime] = field(default_factory=dict[AgentKey, datetime])
    """Agents who do not get the caller until an instant."""


class Matcher:
    """The callers and idle agents of a switch. A caller's queue must have rules before the caller joins."""

    def __init__(self, rng: Rng) -> None:
        """`rng` is for Selector.RANDOM."""
        self._rng = rng
        self._queues: dict[QueueKey, _Queue] = {}
        self._callers: dict[UUID, _Caller] = {}
        self._agents: dict[AgentKey, IdleAgent] = {}
        self._preferring: dict[AgentKey, _Line] = {}
        self._new_callers: set[UUID] = set()
        """Waiting callers who may have got an eligible agent since the last match."""
        self._new_agents: set[AgentKey] = set()
        self._due: list[tuple[datetime, UUID]] = []
        """A heap: when to look at a caller again, as patience, skills or an exclusion end."""

    # Queues

    def set_rules(self, tenant_id: TenantId, rules: QueueRules) -> None:
        """Take the rules of a queue; callers who wait there get their places by them at once."""
        key = (tenant_id, rules.queue_id)
        queue = self._queues.get(key)
        if queue is None:
            agents = {agent.key: agent for agent in self._agents.values() if serves(agent, key)}
            self._queues[key] = _Queue(rules, _Line(Need(skills=rules.skills)), _Line(), agents)
            return
        if queue.rules == rules:
            return
        queue.rules, queue.skilled.need = rules, Need(skills=rules.skills)
        for call_id in [place.call_id for place in queue.places]:
            found = self._callers[call_id]
            waits = found.line is not None
            self._leave(found)
            found.place = place_of(found.caller, rules)
            insort(queue.places, found.place)
            if waits:
                self._new_callers.add(call_id)

    def rules(self, queue: QueueKey) -> QueueRules | None:
        found = self._queues.get(queue)
        return None if found is None else found.rules

    def waiting(self, queue: QueueKey) -> int:
        """The number of callers in a queue, offered or not."""
        found = self._queues.get(queue)
        return 0 if found is None else len(found.places)

    # Callers

    def join(self, caller: WaitingCaller) -> None:
        """Add a caller who waits."""
        assert caller.call_id not in self._callers, f"caller {caller.call_id} waits already"
        queue = self._queues[caller.queue]
        found = _Caller(caller, place_of(caller, queue.rules))
        self._callers[caller.call_id] = found
        insort(queue.places, found.place)
        self._new_callers.add(caller.call_id)

    def again(self, call_id: UUID, exclude: AgentKey | None = None, until: datetime | None = None) -> None:
        """Let an offered caller wait again, at the same place, without `exclude` until an instant."""
        found = self._callers.get(call_id)
        if found is None:
            return
        assert found.line is None, f"caller {call_id} was not offered"
        if exclude is not None and until is not None:
            self.exclude(call_id, exclude, until)
        self._new_callers.add(call_id)

    def exclude(self, call_id: UUID, agent: AgentKey, until: datetime) -> None:
        """Keep a caller from an agent until an instant."""
        found = self._callers.get(call_id)
        if found is not None:
            found.excluded[agent] = until
            heapq.heappush(self._due, (until, call_id))

    def prefer_nobody(self, call_id: UUID) -> None:
        """Let a caller be offered to anybody: the preferred agent does not serve the queue any more, or has been
        offered the caller."""
        found = self._callers.get(call_id)
        if found is not None and found.caller.preferred is not None:
            found.caller = replace(found.caller, preferred=None, preferred_until=None)
            if found.line is not None:
                self._new_callers.add(call_id)

    def remove(self, call_id: UUID) -> None:
        """Forget a caller who hung up, is connected or leaves the queue."""
        found = self._callers.pop(call_id, None)
        if found is not None:
            self._leave(found)
            self._new_callers.discard(call_id)

    def position(self, call_id: UUID) -> int | None:
        """The position of a caller in the queue, from 1, those who are offered included; None: not in a queue."""
        found = self._callers.get(call_id)
        if found is None:
            return None
        return bisect_left(self._queues[found.caller.queue].places, found.place) + 1

    def _leave(self, found: _Caller) -> None:
        """Take a caller out of the line and the queue."""
        places = self._queues[found.caller.queue].places
        del places[bisect_left(places, found.place)]
        self._leave_line(found)

    def _leave_line(self, found: _Caller) -> None:
        if found.line is not None:
            places = found.line.places
            del places[bisect_left(places, found.place)]
            if not places and found.line.need.preferred is not None:
                self._preferring.pop(found.line.need.preferred, None)
            found.line = None

    # Agents

    def set_idle(self, agents: Iterable[IdleAgent]) -> None:
        """Take the idle agents: all of them. Those in a match that is not over must be left out."""
        found = {agent.key: agent for agent in agents}
        for key in self._agents.keys() - found.keys():
            self.agent_left(key)
        for key, agent in found.items():
            if self._agents.get(key) != agent:
                self.agent_left(key)
                self._agents[key] = agent
                self._new_agents.add(key)
                for queue in self._queues_of(agent):
                    queue.agents[key] = agent

    def agent_left(self, key: AgentKey) -> None:
        """Forget an agent who is not idle any more."""
        agent = self._agents.pop(key, None)
        self._new_agents.discard(key)
        if agent is not None:
            for queue in self._queues_of(agent):
                queue.agents.pop(key, None)

    def _queues_of(self, agent: IdleAgent) -> Iterator[_Queue]:
        for queue_id in agent.queues:
            queue = self._queues.get((agent.tenant_id, queue_id))
            if queue is not None:
                yield queue

    # Matches

    def match(self, now: datetime, withheld: Collection[QueueKey] = ()) -> list[Match]:
        """Pair callers and agents, in the order of the callers; they are offered and taken from now on.

        Agents who serve a queue of `withheld` are left alone: a callee who answered waits there.
        """
        self._call_up(now)
        matches: list[Match] = []
        to_try: list[tuple[Place, int]] = []
        for call_id in self._new_callers:
            self._line_up(self._callers[call_id], now)
            to_try.append((self._callers[call_id].place, _ALONE))
        lines = self._lines_of_new_agents()
        to_try += [(line.places[0], number) for number, line in enumerate(lines) if line.places]
        heapq.heapify(to_try)
        while to_try:
            place, number = heapq.heappop(to_try)
            found = self._callers.get(place.call_id)
            waits = found is not None and found.line is not None
            if found is not None and waits and (agents := self._select(found, now, withheld)):
                self._leave_line(found)
                self._take(found, agents)
                matches.append(Match(found.caller, agents[0], tuple(agents[1:])))
            elif found is not None and waits and number != _ALONE and not self._may_go_on(found, now, withheld):
                continue
            if number != _ALONE and (following := lines[number].after(place)) is not None:
                heapq.heappush(to_try, (following, number))
        self._new_callers.clear()
        self._new_agents = {
            key for key, agent in self._agents.items() if any(serves(agent, queue) for queue in withheld)
        }
        return matches

    @property
    def due_at(self) -> datetime | None:
        """When to call `match` again though nothing has happened; None: not at all."""
        return self._due[0][0] if self._due else None

    def _call_up(self, now: datetime) -> None:
        """Look at callers again whose patience, need of skills or exclusion has ended."""
        while self._due and self._due[0][0] <= now:
            _, call_id = heapq.heappop(self._due)
            found = self._callers.get(call_id)
            if found is None:
                continue
            found.excluded = {agent: until for agent, until in found.excluded.items() if until > now}
            if found.line is not None:
                self._new_callers.add(call_id)

    def _line_up(self, found: _Caller, now: datetime) -> None:
        """Put a caller into the line that fits now."""
        self._leave_line(found)
        line, until = self._line_for(found.caller, now)
        insort(line.places, found.place)
        found.line = line
        if until is not None and until != found.changes_at:
            found.changes_at = until
            heapq.heappush(self._due, (until, found.caller.call_id))

    def _line_for(self, caller: WaitingCaller, now: datetime) -> tuple[_Line, datetime | None]:
        """The line of a caller, and when the caller is due for another one."""
        queue = self._queues[caller.queue]
        need, until = need_of(caller, queue.rules, now)
        if need.preferred is not None:
            return self._preferring.setdefault(need.preferred, _Line(need)), until
        return queue.skilled if need.skills else queue.open, until

    def _lines_of_new_agents(self) -> list[_Line]:
        lines: dict[int, _Line] = {}
        for key in self._new_agents:
            for queue in self._queues_of(self._agents[key]):
                lines[id(queue.open)] = queue.open
                lines[id(queue.skilled)] = queue.skilled
            if (line := self._preferring.get(key)) is not None:
                lines[id(line)] = line
        return list(lines.values())

    def _may_go_on(self, found: _Caller, now: datetime, withheld: Collection[QueueKey]) -> bool:
        """Whether somebody behind a caller without an agent may have one: an agent's callers are of several queues, and
        exclusions are of one caller."""
        if found.line is None:
            return False
        need = found.line.need
        return need.preferred is not None or bool(self._agents_of(found.caller, need, now, withheld))

    def _agents_of(
        self,
        caller: WaitingCaller,
        need: Need,
        now: datetime,
        withheld: Collection[QueueKey],
        excluded: Mapping[AgentKey, datetime] | None = None,
    ) -> list[IdleAgent]:
        """The idle agents who may serve a caller with such a need; by `excluded` not these."""
        agents = self._queues[caller.queue].agents
        of = agents.values() if need.preferred is None else [agents[need.preferred]] if need.preferred in agents else []
        return [
            agent
            for agent in of
            if obstacle(agent, caller.queue, need, now, withheld=withheld, excluded=excluded) is None
        ]

    def _select(self, found: _Caller, now: datetime, withheld: Collection[QueueKey]) -> Sequence[IdleAgent]:
        """The agents who get a caller: one, or several whose phones ring at once; or nobody."""
        assert found.line is not None, f"caller {found.caller.call_id} does not wait"
        queue = self._queues[found.caller.queue]
        agents = self._agents_of(found.caller, found.line.need, now, withheld, found.excluded)
        if not agents:
            return ()
        rung = rung_at_once(agents, queue.rules) if found.caller.rings_all else ()
        return rung or (selected(agents, queue.rules, queue.last, self._rng),)

    def _take(self, found: _Caller, agents: Sequence[IdleAgent]) -> None:
        self._queues[found.caller.queue].last = agents[0].agent_id
        for agent in agents:
            self.agent_left(agent.key)
