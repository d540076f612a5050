"""Callers for a queue whose agents are all alike: matched by the ACD, served in the order of arrival, and by theory.

Callers arrive as a Poisson process, talk for exponential times, and wait for ever or for exponential times. Of one
queue in which nobody is kept waiting by mistake, the waits do not depend on who serves whom: `in_order` computes them
from the arrivals alone, `by_matcher` has them from `Matcher`. `erlang` is what both approach. Times are seconds; the
mean talk is the unit of load: `load` × agents callers arrive in it.
"""

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush, heapreplace
from typing import NamedTuple
from uuid import UUID

from tongdai.acd.eligibility import WaitingCaller
from tongdai.acd.routing import Matcher
from tongdai.agents.model import AgentKey, IdleAgent, Mode
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules

TENANT, QUEUE = TenantId(1), QueueId(1)
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Floor:
    agents: int
    load: float
    """The share of the agents' time that all callers would need."""
    talk_s: float = 180.0
    """The mean."""
    patience_s: float = math.inf
    """The mean."""


class Call(NamedTuple):
    arrives: float
    talk_s: float
    patience_s: float


class Waits(NamedTuple):
    waited: float
    """The share of callers who found no agent idle."""
    mean_s: float
    """The mean wait of all callers, those who left included."""
    left: float
    """The share of callers whose patience ended."""


def calls(floor: Floor, seed: int, count: int) -> Iterator[Call]:
    """So many callers in the order of their arrival, the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311
    rate, now = floor.load * floor.agents / floor.talk_s, 0.0
    for _ in range(count):
        now += rng.expovariate(rate)
        patience_s = math.inf if math.isinf(floor.patience_s) else rng.expovariate(1 / floor.patience_s)
        yield Call(now, rng.expovariate(1 / floor.talk_s), patience_s)


class Wait(NamedTuple):
    seconds: float
    left: bool
    """The caller's patience ended."""


def summed(waits: Iterable[Wait]) -> Waits:
    count = waited = left = 0
    total_s = 0.0
    for wait in waits:
        count += 1
        waited += wait.seconds > 0
        left += wait.left
        total_s += wait.seconds
    return Waits(waited / count, total_s / count, left / count)


# Three ways to the waits


def in_order(agents: int, of: Iterable[Call]) -> Iterator[Wait]:
    """The wait of each caller, when whoever waits longest gets the agent who is free first."""
    free_at = [0.0] * agents
    for call in of:
        wait_s = max(0.0, free_at[0] - call.arrives)
        if wait_s < call.patience_s:
            heapreplace(free_at, call.arrives + wait_s + call.talk_s)
            yield Wait(wait_s, left=False)
        else:
            yield Wait(call.patience_s, left=True)


def by_matcher(agents: int, of: Iterable[Call]) -> list[Wait]:
    """The wait of each caller, when `Matcher` has the callers and the agents."""
    return _Queue(agents).waits(of)


def erlang(floor: Floor) -> Waits:
    """The waits by Erlang C; by Erlang A when patience ends."""
    servers, rate = floor.agents, floor.load * floor.agents
    leaves = floor.talk_s / floor.patience_s
    weight, total, waiting, length = 1.0, 0.0, 0.0, 0.0
    for present in range(100_000):  # weight: of so many callers present, unnormalised
        total += weight
        if present >= servers:
            waiting += weight
            length += (present - servers) * weight
        ends = min(present + 1, servers) + max(0, present + 1 - servers) * leaves
        weight *= rate / ends
        if present > servers and weight < total * 1e-15:
            break
    mean_length = length / total
    return Waits(waiting / total, mean_length / rate * floor.talk_s, mean_length * leaves / rate)


class _Queue:
    """One queue, whose callers and agents `Matcher` has."""

    def __init__(self, agents: int) -> None:
        self._matcher = Matcher(random.Random(1))  # noqa: S311
        self._matcher.set_rules(TENANT, QueueRules(queue_id=QUEUE, name="A"))
        self._idle = {_agent(n, 0.0).key: _agent(n, 0.0) for n in range(1, agents + 1)}
        self._calls: list[Call] = []
        self._waits: dict[int, Wait] = {}
        self._ahead: list[tuple[float, int, AgentKey | None]] = []
        """(when, the caller whose patience ends or whose talk does, the agent who talks), in the order of time."""

    def waits(self, of: Iterable[Call]) -> list[Wait]:
        for number, call in enumerate(of):
            self._until(call.arrives)
            self._calls.append(call)
            if not math.isinf(call.patience_s):
                heappush(self._ahead, (call.arrives + call.patience_s, number, None))
            self._matcher.join(_caller(number, call.arrives))
            self._match(call.arrives)
        self._until(math.inf)
        assert len(self._waits) == len(self._calls), "a caller is lost"
        return [self._waits[number] for number in range(len(self._calls))]

    def _until(self, instant: float) -> None:
        while self._ahead and self._ahead[0][0] <= instant:
            at, number, agent = heappop(self._ahead)
            if agent is not None:
                self._idle[agent] = _agent(agent[1], at)
            elif number not in self._waits:
                self._waits[number] = Wait(self._calls[number].patience_s, left=True)
                self._matcher.remove(UUID(int=number))
            self._match(at)

    def _match(self, at: float) -> None:
        self._matcher.set_idle(self._idle.values())
        for caller, agent, _ in self._matcher.match(_instant(at)):
            number = caller.call_id.int
            assert number not in self._waits, "a caller is served who is gone"
            call = self._calls[number]
            self._matcher.remove(caller.call_id)
            del self._idle[agent.key]
            self._waits[number] = Wait(at - call.arrives, left=False)
            heappush(self._ahead, (at + call.talk_s, number, agent.key))


def _instant(at: float) -> datetime:
    return _START + timedelta(seconds=at)


def _caller(number: int, arrives: float) -> WaitingCaller:
    return WaitingCaller(tenant_id=TENANT, call_id=UUID(int=number), queue_id=QUEUE, arrived_at=_instant(arrives))


def _agent(number: int, idle_since: float) -> IdleAgent:
    return IdleAgent(
        tenant_id=TENANT,
        agent_id=AgentId(number),
        endpoint=f"a{number}",
        mode=Mode.NAILED_UP,
        channel_id=None,
        idle_since=_instant(idle_since),
        queues={QUEUE: 1},
        skills={},
        calls_today=0,
        talk_s_today=0,
    )
