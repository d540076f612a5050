"""A simulated floor of agents for whom a pacing function finds calls: the same days for the same seed.

Decisions fall once a second, as in the dialer; everything else happens at its own instant. An agent who leaves ends the
call first. Instants are seconds since the first midnight.
"""

import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from tongdai.call_outcome import ABANDON_THRESHOLD
from tongdai.calls.model import LiveAnswers
from tongdai.dialer.pacing import Limits, Mode, RingTimes, Snapshot

Pacing = Callable[[Snapshot, float], int]

DAY_S = 86_400
OPENS_S = 9 * 3600
SHIFT_S = 8 * 3600
RING_TIMEOUT_S = 30.0
KNOWN_CALLS = 300
KNOWN_S = 300
"""The snapshot tells the ring times of calls dialled in the last 5 minutes, and of 300 at least."""
RINGS_READ_S = 10
"""How often it tells them anew."""
MONTH_DAYS = 30
RATE_S = 60.0
"""Over this time the arrivals of callers are counted."""
NO_LIMITS = Limits(max_concurrent=100_000, calls_per_second=100_000)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The course of a day on a floor of agents, the same each day."""

    name: str
    agents: int
    rates: Sequence[tuple[float, float]]
    """(second of the shift, share of the calls dialled from then on that are answered); the first at 0."""
    breaks: Sequence[tuple[float, float]] = ()
    """(second of the shift, seconds): half of the agents leave within a minute, and return that much later."""
    shift_s: int = SHIFT_S
    talk_mean_s: float = 120.0
    talk_sigma: float = 0.8
    """Spread of the lognormal talk times: with 0.8 nine of ten are between 23 and 325 s."""
    wrap_up_s: float = 10.0
    answer_s: tuple[float, float] = (5.0, 25.0)
    """From dialling to a live answer, evenly between these."""
    ends_early: float = 0.0
    """Share of the calls not answered that end after 1-5 s (busy, no such number); others ring out."""
    inbound: Sequence[tuple[float, float]] = ()
    """(second of the shift, share of the agents' time that callers need from then on); they arrive as a Poisson process
    and talk as long as others."""
    reserve: int = 0
    """Idle agents that are left to callers."""
    patience_mean_s: float = 120.0
    """How long a caller waits; exponential."""


@dataclass(slots=True)
class Day:
    dialled: int = 0
    answered: int = 0
    abandoned: int = 0
    talk_s: float = 0.0
    """Seconds of talk, of both directions."""
    callers: int = 0
    served: int = 0
    """Callers who talked with an agent."""


def simulate(scenario: Scenario, pace: Pacing, mode: Mode, days: int, seed: int) -> list[Day]:
    """The results of so many shifts, one a day, with `pace` asked once a second."""
    floor = _Floor(scenario, pace, mode, random.Random(seed))  # noqa: S311
    for day in range(days):
        floor.shift(day * DAY_S + OPENS_S)
    return floor.days


class _Floor:
    def __init__(self, scenario: Scenario, pace: Pacing, mode: Mode, rng: random.Random) -> None:
        self.days: list[Day] = []
        self._scenario, self._pace, self._mode, self._rng = scenario, pace, mode, rng
        self._talk_mu = math.log(scenario.talk_mean_s) - scenario.talk_sigma**2 / 2
        self._ahead: list[tuple[float, int, Callable[[float, int], None]]] = []
        self._ids = 0
        self._free = scenario.agents
        self._due_to_leave = 0
        self._ringing: dict[int, float] = {}
        self._talking: dict[int, float] = {}
        self._wrapping: dict[int, float] = {}
        self._waiting: dict[int, float] = {}
        self._callers: dict[int, float] = {}
        """Callers who wait, in the order of arrival."""
        self._arrived: deque[tuple[float, int]] = deque()
        self._dialled: deque[tuple[float, list[int], int]] = deque()
        self._known: deque[tuple[float, list[int], int]] = deque()
        self._rings = RingTimes()
        self._answered, self._unanswered = [0] * 32, [0] * 32
        self._answers: deque[tuple[float, bool]] = deque()
        self._day, self._month = [0, 0], [0, 0]

    def shift(self, opens: float) -> None:
        self.days.append(Day())
        month = self.days[-MONTH_DAYS:]
        abandoned = sum(day.abandoned for day in month)
        self._month = [sum(day.answered for day in month) - abandoned, abandoned]
        self._plan_breaks(opens)
        for second in range(self._scenario.shift_s):
            now = opens + second
            self._plan_callers(now, second)
            self._happen(now)
            count = self._pace(self._snapshot(now), now)
            if count:
                self._dial(now, count, next(rate for since, rate in reversed(self._scenario.rates) if since <= second))
        self._happen(math.inf)
        self._dialled.clear()
        self._known.clear()
        self._answered, self._unanswered = [0] * 32, [0] * 32

    def _plan_callers(self, now: float, second: int) -> None:
        """The callers who arrive in the second before."""
        scenario = self._scenario
        load = next((load for since, load in reversed(scenario.inbound) if since <= second), 0.0)
        rate = load * scenario.agents / (scenario.talk_mean_s + scenario.wrap_up_s)
        at = now - 1
        while rate and (at := at + self._rng.expovariate(rate)) < now:
            self._at(at, self._arrive)

    def _arrive(self, at: float, call: int) -> None:
        self.days[-1].callers += 1
        self._arrived.append((at, call))
        self._callers[call] = at
        if self._free:
            self._free -= 1
            self._serve(at)
        else:
            self._at(at + self._rng.expovariate(1 / self._scenario.patience_mean_s), self._lose_patience, call)

    def _serve(self, at: float) -> None:
        """The caller who waits longest gets the agent who is spare."""
        call = next(iter(self._callers))
        del self._callers[call]
        self.days[-1].served += 1
        self._talk(at, call)

    def _lose_patience(self, at: float, call: int) -> None:
        self._callers.pop(call, None)

    def _callers_per_s(self, now: float) -> float:
        """Return the rate of those who arrived in the last minute and are still there, as the dialer reads it."""
        while self._arrived and self._arrived[0][0] <= now - RATE_S:
            self._arrived.popleft()
        return sum(call in self._callers or call in self._talking for _, call in self._arrived) / RATE_S

    def _plan_breaks(self, opens: float) -> None:
        for begins, lasts in self._scenario.breaks:
            for _ in range(self._scenario.agents // 2):
                leaves = opens + begins + self._rng.uniform(0, 60)
                self._at(leaves, self._leave)
                self._at(leaves + lasts, self._return)

    def _snapshot(self, now: float) -> Snapshot:
        if now % RINGS_READ_S == 0:
            self._know_rings(now)
        while self._answers and self._answers[0][0] <= now - DAY_S:
            self._day[self._answers.popleft()[1]] -= 1
        return Snapshot(
            self._mode,
            NO_LIMITS,
            agents_free=self._free,
            talking_since=tuple(self._talking.values()),
            wrap_up_since=tuple(self._wrapping.values()),
            ringing_since=tuple(self._ringing.values()),
            waiting=len(self._waiting),
            callers=len(self._callers),
            callers_per_s=self._callers_per_s(now),
            reserve=self._scenario.reserve,
            talk_mean_s=self._scenario.talk_mean_s,
            wrap_up_s=self._scenario.wrap_up_s,
            rings=self._rings,
            last_24_h=LiveAnswers(sum(self._day), self._day[True]),
            last_30_days=LiveAnswers(sum(self._month), self._month[True]),
        )

    def _happen(self, until: float) -> None:
        ahead = self._ahead
        while ahead and ahead[0][0] <= until:
            at, call, what = heappop(ahead)
            what(at, call)

    def _at(self, at: float, what: Callable[[float, int], None], call: int = 0) -> None:
        self._ids += 1
        heappush(self._ahead, (at, call or self._ids, what))

    def _dial(self, now: float, count: int, rate: float) -> None:
        rng, scenario = self._rng, self._scenario
        self.days[-1].dialled += count
        for _ in range(count):
            self._ids += 1
            self._ringing[self._ids] = now
            if rng.random() < rate:
                rings_s, ends, histogram = rng.uniform(*scenario.answer_s), self._answer, self._answered
            elif rng.random() < scenario.ends_early:
                rings_s, ends, histogram = rng.uniform(1, 5), self._end, self._unanswered
            else:
                rings_s, ends, histogram = RING_TIMEOUT_S, self._end, self._unanswered
            self._at(now + rings_s, ends, self._ids)
            self._dialled.append((now, histogram, int(rings_s)))

    def _know_rings(self, now: float) -> None:
        dialled, known = self._dialled, self._known
        while dialled and dialled[0][0] < now - RING_TIMEOUT_S:
            known.append(dialled.popleft())
            _, histogram, rang = known[-1]
            histogram[rang] += 1
        while len(known) > KNOWN_CALLS and known[0][0] < now - RING_TIMEOUT_S - KNOWN_S:
            _, histogram, rang = known.popleft()
            histogram[rang] -= 1
        self._rings = RingTimes(tuple(self._answered), tuple(self._unanswered))

    def _answer(self, at: float, call: int) -> None:
        del self._ringing[call]
        self._waiting[call] = at
        if self._free:
            self._free -= 1
            self._connect(at)
        else:
            self._at(at + ABANDON_THRESHOLD.total_seconds(), self._give_up, call)

    def _end(self, at: float, call: int) -> None:
        del self._ringing[call]

    def _connect(self, at: float) -> None:
        """The call that waits longest gets the agent who is spare."""
        call = next(iter(self._waiting))
        del self._waiting[call]
        self._count(at, abandoned=False)
        self._talk(at, call)

    def _talk(self, at: float, call: int) -> None:
        talk_s = self._rng.lognormvariate(self._talk_mu, self._scenario.talk_sigma)
        self.days[-1].talk_s += talk_s
        self._talking[call] = at
        self._at(at + talk_s, self._hang_up, call)

    def _give_up(self, at: float, call: int) -> None:
        if self._waiting.pop(call, None) is not None:
            self._count(at, abandoned=True)

    def _count(self, at: float, *, abandoned: bool) -> None:
        self.days[-1].answered += 1
        self.days[-1].abandoned += abandoned
        self._answers.append((at, abandoned))
        self._day[abandoned] += 1
        self._month[abandoned] += 1

    def _hang_up(self, at: float, call: int) -> None:
        del self._talking[call]
        self._wrapping[call] = at
        self._at(at + self._scenario.wrap_up_s, self._wrapped_up, call)

    def _wrapped_up(self, at: float, call: int) -> None:
        del self._wrapping[call]
        self._spare(at)

    def _spare(self, at: float) -> None:
        if self._due_to_leave:
            self._due_to_leave -= 1
        elif self._waiting:
            self._connect(at)
        elif self._callers:
            self._serve(at)
        else:
            self._free += 1

    def _leave(self, at: float, _: int) -> None:
        if self._free:
            self._free -= 1
        else:
            self._due_to_leave += 1

    def _return(self, at: float, _: int) -> None:
        self._spare(at)
