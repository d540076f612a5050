"""Pacing: how many calls a campaign places now. Pure; called once a second with figures from the database.

agentless    as many as the limits allow
preview      one for each agent who accepted a contact
progressive  one for each free agent without a ringing call: no answer is abandoned unless an agent leaves
predictive   more than that, for agents who will be free when the calls are answered

Predictive dialling looks ahead by the median time from dialling to an answer. Expected answers = sum of each ringing
call's answer probability, from a life table of recent calls (the longer a call has rung, the less likely is an answer),
and likewise for the calls placed now. Expected free agents = those free now + those whose wrap-up ends by then + those
whose talk and wrap-up end by then; talk times are exponential, as in Erlang's formulas. Both have a mean and a
variance; the answers also have the variance of the estimated answer rate. The difference, as a normal distribution,
gives the expected number of answers without an agent. Calls are placed as long as that is within the allowance, a share
of the expected answers.

Where callers of queues share the agents, they come first: agents are left to those who wait, to those who will arrive
by the time a call is answered (a Poisson number, by the rate of the last minute), or to a reserve of the queue if that
is more. The called person who answers gets a free agent before any caller, so this limits what is dialled alone.
Progressive leaves two standard deviations more, as it has no allowance for arrivals beyond their mean.

The allowance is what the cap leaves above the share abandoned so far, the higher of 24 hours and 30 days. It shrinks as
the share approaches the cap; at the cap it is zero, and predictive is progressive. So errors of the model (talk times
that are not exponential, steps in the answer rate, agents who leave) cost agents' time, not abandoned calls.

Invariants: never more than the limits allow; never below 0; never a plan to exceed the cap.

A call that rings is not hung up when agents leave. 16 CFR 310.4(b)(4), the US rule that the cap of 3 % and the 2 s come
from, has each call ring 15 seconds or four rings; and people do not answer a number that hung up on them before.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, zip_longest

from tongdai.call_outcome import ABANDON_THRESHOLD
from tongdai.calls.model import NO_LIVE_ANSWERS, LiveAnswers
from tongdai.campaigns.settings.values import Mode

ENOUGH_ANSWERS = 15
"""Number of recent live answers from which the answer rate is known to within about a quarter."""
SPREAD = 2.0
"""Standard deviations of the arrivals that progressive leaves agents to beyond the mean."""
SPREAD_AT_CAP = 4.0
CAP_WITH_CALLERS = 0.85
"""Share of the cap that is used while callers share the agents: their arrivals are known by the last minute only."""
USUAL_HORIZON_S = 12.0
"""From dialling to an answer, while there are too few answers."""
_PRIOR_ANSWERS, _PRIOR_SHARE = 200, 2 / 3
"""A prior for the abandoned share: 200 answers, abandoned at 2/3 of the cap, where shares converge. Ten answers without
an abandoned one do not yet justify using the whole cap."""


@dataclass(frozen=True, slots=True)
class RingTimes:
    """Ring times of recent calls dialled a ring timeout ago or earlier. Of later calls the answers are known before the
    timeouts, so they would make the answer rate seem higher than it is."""

    answered: tuple[int, ...] = ()
    """At index k: the number of calls answered live after k whole seconds."""
    unanswered: tuple[int, ...] = ()
    """At index k: the number of calls that ended otherwise (no answer, busy, refused, …) after k whole seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    max_concurrent: int
    calls_per_second: int
    abandonment_cap: float = 0.03
    """Share of the live answers; 0 makes predictive progressive."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A campaign and its agents now. Instants (`_since`) are seconds on the clock of `now`."""

    mode: Mode
    limits: Limits
    active_calls: int = 0
    """The campaign's calls that have not ended: ringing, waiting or talking."""
    accepted: int = 0
    """Preview: agents who accepted a contact that is not dialled yet."""
    agents_free: int = 0
    talking_since: Sequence[float] = ()
    """When each talking agent began to talk, on any call."""
    wrap_up_since: Sequence[float] = ()
    """When each agent in wrap-up began it."""
    ringing_since: Sequence[float] = ()
    """When each ringing call was dialled that will need one of these agents, of any campaign."""
    waiting: int = 0
    """Answered calls that wait for one of these agents."""
    callers: int = 0
    """Callers of queues who wait for one of these agents."""
    callers_per_s: float = 0.0
    """The rate at which more of them arrive."""
    reserve: int = 0
    """Idle agents that are left to callers at least."""
    talk_mean_s: float = 0.0
    """The mean talk time; 0: unknown."""
    wrap_up_s: float = 0.0
    rings: RingTimes = RingTimes()
    last_24_h: LiveAnswers = NO_LIVE_ANSWERS
    last_30_days: LiveAnswers = NO_LIVE_ANSWERS


def calls_to_place(snapshot: Snapshot, now: float) -> int:
    """The number of calls to place now: 0 or more, within all limits."""
    limits = snapshot.limits
    room = min(limits.max_concurrent - snapshot.active_calls, limits.calls_per_second)
    match snapshot.mode:
        case Mode.AGENTLESS:
            wanted = room
        case Mode.PREVIEW:
            wanted = snapshot.accepted
        case Mode.PROGRESSIVE:
            wanted = _for_free_agents(snapshot)
        case Mode.PREDICTIVE:
            wanted = max(_for_free_agents(snapshot), _for_agents_to_come(snapshot, now, room))
    return max(0, min(wanted, room))


def _for_free_agents(snapshot: Snapshot) -> int:
    table = _life_table(snapshot.rings)
    arrivals = snapshot.callers_per_s * (USUAL_HORIZON_S if table is None else table.horizon_s)
    spread = SPREAD if _allowance(snapshot) > 0 else SPREAD_AT_CAP
    left = math.ceil(_left_to_callers(snapshot, arrivals + spread * math.sqrt(arrivals)))
    return snapshot.agents_free - snapshot.waiting - len(snapshot.ringing_since) - left


def _left_to_callers(snapshot: Snapshot, arrivals: float) -> float:
    return max(snapshot.reserve, snapshot.callers + arrivals)


def _for_agents_to_come(snapshot: Snapshot, now: float, room: int) -> int:
    table, allowance = _life_table(snapshot.rings), _allowance(snapshot)
    if table is None or allowance <= 0:
        return 0
    answers, answers_variance = _answers_to_come(table, snapshot, now)
    agents, agents_variance = _agents_by(snapshot, now, table.horizon_s + ABANDON_THRESHOLD.total_seconds())
    variance = answers_variance + agents_variance
    rate = table.chances[0]
    rate_variance = (1 - rate) / table.answers  # of the estimated rate, relative to its square
    placed = 0
    while placed < room:
        answers += rate
        variance += rate * (1 - rate)
        if _expected_excess(answers - agents, variance + answers * answers * rate_variance) > allowance * answers:
            break
        placed += 1
    return placed


def _allowance(snapshot: Snapshot) -> float:
    """The share of the next answers that may be expected to find no agent."""
    cap = snapshot.limits.abandonment_cap
    counts = (snapshot.last_24_h, snapshot.last_30_days)
    if any(count.reach(cap) for count in counts):
        return 0.0
    prior = _PRIOR_ANSWERS * _PRIOR_SHARE * cap
    cap *= CAP_WITH_CALLERS if snapshot.callers or snapshot.callers_per_s else 1
    return cap - max((prior + count.abandoned) / (_PRIOR_ANSWERS + count.answered) for count in counts)


@dataclass(frozen=True, slots=True)
class _LifeTable:
    answers: int
    """The number of live answers that it is based on."""
    horizon_s: float
    """The median time from dialling to a live answer."""
    chances: Sequence[float]
    """At index k: the probability that a call that has rung for k whole seconds will be answered live; ends with 0."""


@lru_cache(maxsize=256)
def _life_table(rings: RingTimes) -> _LifeTable | None:
    """None while there are too few answers."""
    answers = sum(rings.answered)
    if answers < ENOUGH_ANSWERS:
        return None
    both = list(zip_longest(rings.answered, rings.unanswered, fillvalue=0))
    answered_before = [0, *accumulate(answered for answered, _ in both)]
    ended_before = [0, *accumulate(answered + unanswered for answered, unanswered in both)]
    calls = ended_before[-1]
    chances = [
        (answers - answered) / (calls - ended) if ended < calls else 0.0
        for answered, ended in zip(answered_before, ended_before, strict=True)
    ]
    return _LifeTable(answers, bisect_left(answered_before, answers / 2), chances)


def _answers_to_come(table: _LifeTable, snapshot: Snapshot, now: float) -> tuple[float, float]:
    """Mean and variance of the number of ringing calls that will be answered."""
    chances, last = table.chances, len(table.chances) - 1
    ringing = [
        chances[rang] if 0 <= (rang := int(now - since)) < last else chances[last if rang > 0 else 0]
        for since in snapshot.ringing_since
    ]
    mean = sum(ringing)
    return mean, mean - sum([chance * chance for chance in ringing])


def _agents_by(snapshot: Snapshot, now: float, horizon_s: float) -> tuple[float, float]:
    """Mean and variance of the number of agents who will be free. When an overdue wrap-up ends is unknown."""
    begun_after, begun_until = now - snapshot.wrap_up_s, now + horizon_s - snapshot.wrap_up_s
    certain = snapshot.agents_free - snapshot.waiting
    certain += sum([begun_after < since <= begun_until for since in snapshot.wrap_up_since])
    talk_ends_s = max(0.0, horizon_s - snapshot.wrap_up_s)
    chance = 1 - math.exp(-talk_ends_s / snapshot.talk_mean_s) if snapshot.talk_mean_s > 0 else 0.0
    mean = len(snapshot.talking_since) * chance
    arrivals = snapshot.callers_per_s * horizon_s
    return certain + mean - _left_to_callers(snapshot, arrivals), mean * (1 - chance) + arrivals


def _expected_excess(mean: float, variance: float) -> float:
    """E[max(0, x)] of a normal x."""
    deviation = math.sqrt(variance)
    if deviation == 0:
        return max(0.0, mean)
    z = mean / deviation
    return deviation * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) + mean * (1 + math.erf(z / math.sqrt(2))) / 2
