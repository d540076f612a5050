"""Callers matched with agents: the time of a match beside thousands who wait, and the waits that theory expects."""

import math
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from bench.report import Row
from bench.world import World
from tongdai.acd.routing import Matcher, WaitingCaller
from tongdai.agents.model import IdleAgent, Mode
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.model import QueueRules, SkillRule
from tongdai.testing.acd_simulation import Floor, Waits, calls, erlang, in_order, summed

# Matches

TENANT = TenantId(1)
QUEUES, AGENTS, EVENTS = 20, 500, 20_000
FEW, MANY = 50, 5_000
_START = datetime(2026, 1, 1, tzinfo=UTC)

# Theory

LOADS = (0.7, 0.8, 0.9, 0.95)
PATIENCE_S = 120.0
CALLERS, MANY_CALLERS = 10_000_000, 40_000_000
"""Chance moves a mean by about 1 %. More at the highest load, where waits follow each other closely, and where few of
many agents' callers wait."""
RARE = Floor(100, 0.7)
"""One caller of 2,000 waits."""


def run(_on: World, _logs: Path) -> list[Row]:
    return [*_matches(), *_theory()]


def _matches() -> list[Row]:
    few, many = _times_of_events(FEW), _times_of_events(MANY)
    p50, p99 = (sorted(many)[int(share * len(many))] * 1000 for share in (0.5, 0.99))
    ratio = math.fsum(many) / math.fsum(few)
    what = f"{AGENTS} agents of {QUEUES} queues, each in 3, a caller leaves, arrives or gets the agent who became idle"
    return [
        Row(
            "acd", f"{what}; {MANY:,} wait", "nothing: by itself", "p99 < 10 ms", f"p50 {p50:.3f} ms, p99 {p99:.3f} ms"
        ),
        Row("acd", f"{what}; {MANY:,} wait", f"{FEW} wait", "flat", f"{ratio:.2f}"),
    ]


def _times_of_events(waiting: int) -> list[float]:
    """The seconds of each event, its match included, with so many callers waiting all the time."""
    rng = random.Random(5)
    matcher = Matcher(rng)
    for queue in range(1, QUEUES + 1):
        skills = (SkillRule("vi", 3),) if queue % 4 == 0 else ()
        matcher.set_rules(TENANT, QueueRules(queue_id=QueueId(queue), name="A", skills=skills))
    present = [_join(matcher, number, rng) for number in range(waiting)]
    matcher.match(_START)
    times: list[float] = []
    for number in range(waiting, waiting + EVENTS):
        now = _START + timedelta(seconds=number)
        agent, leaves = _agent(rng, now), present[rng.randrange(len(present))]
        began = time.perf_counter()
        matcher.remove(leaves)
        arrived = _join(matcher, number, rng)
        matcher.set_idle([agent])
        matched = matcher.match(now)
        for pair in matched:
            matcher.remove(pair.caller.call_id)
        times.append(time.perf_counter() - began)
        gone = {leaves, *(pair.caller.call_id for pair in matched)}
        present = [call_id for call_id in present if call_id not in gone] + [arrived]
        matcher.set_idle([])
        while len(present) < waiting:
            number_of_more = waiting + EVENTS + number * 10 + len(present)
            present.append(_join(matcher, number_of_more, rng, at=number))
    return times


def _join(matcher: Matcher, number: int, rng: random.Random, at: int | None = None) -> UUID:
    call_id = UUID(int=number)
    arrived_at = _START + timedelta(seconds=number if at is None else at)
    queue_id = QueueId(rng.randrange(QUEUES) + 1)
    matcher.join(WaitingCaller(tenant_id=TENANT, call_id=call_id, queue_id=queue_id, arrived_at=arrived_at))
    return call_id


def _agent(rng: random.Random, idle_since: datetime) -> IdleAgent:
    number = rng.randrange(AGENTS) + 1
    return IdleAgent(
        tenant_id=TENANT,
        agent_id=AgentId(number),
        endpoint=f"a{number}",
        mode=Mode.NAILED_UP,
        channel_id=None,
        idle_since=idle_since,
        queues={QueueId((number + n * 7) % QUEUES + 1): 1 for n in range(3)},
        skills={"vi": number % 10 + 1},
        calls_today=0,
        talk_s_today=0,
    )


def _theory() -> Iterator[Row]:
    for patience_s, law in ((math.inf, "Erlang C"), (PATIENCE_S, "Erlang A")):
        floors = [Floor(agents, load, patience_s=patience_s) for agents in (5, 20, 100) for load in LOADS]
        floors = [floor for floor in floors if (floor.agents, floor.load) != (RARE.agents, RARE.load)]
        with ProcessPoolExecutor(2) as processes:
            found = list(processes.map(_waits, floors))
        off = {floor: _deviation(waits, erlang(floor)) for floor, waits in zip(floors, found, strict=True)}
        worst = max(off, key=lambda floor: max(off[floor]))
        patience = "" if math.isinf(patience_s) else f", patience of {patience_s:.0f} s in the mean"
        yield Row(
            "acd",
            f"share of callers who wait, and mean wait: 5, 20, 100 agents at 70 to 95 % load{patience}",
            law,
            "≤ 5 % off",
            f"≤ {max(off[worst]):.1%} (worst: {worst.agents} agents at {worst.load:.0%}; wait {off[worst][1]:.1%})",
        )


def _waits(floor: Floor) -> Waits:
    """The waits in the order of arrival, which are the matcher's (tests/acd/test_theory.py compares them)."""
    more = floor.load == max(LOADS) or (floor.agents, floor.load) == (100, 0.8)
    return summed(in_order(floor.agents, calls(floor, 1, MANY_CALLERS if more else CALLERS)))


def _deviation(found: Waits, expected: Waits) -> tuple[float, float]:
    return abs(found.waited / expected.waited - 1), abs(found.mean_s / expected.mean_s - 1)
