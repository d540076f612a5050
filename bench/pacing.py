"""A month of a predictive campaign on simulated floors: the share abandoned, and talking time beside progressive."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.report import Row
from bench.world import World
from tongdai.dialer.pacing import Mode, calls_to_place
from tongdai.testing.pacing_simulation import SHIFT_S, Day, Scenario, simulate

DAYS = 30
PROGRESSIVE_DAYS = 5
"""Its talking time hardly differs from day to day."""
SEED = 4
STEPS = ((0, 0.10), (SHIFT_S / 3, 0.60), (SHIFT_S * 2 / 3, 0.20))
LUNCH = ((3 * 3600, 3600),)


def scenarios() -> Iterator[Scenario]:
    for agents in (10, 50, 200):
        for rate in (0.10, 0.30, 0.60):
            yield Scenario(f"{agents} agents, {rate * 100:.0f} % answer", agents, [(0, rate)])
        yield Scenario(f"{agents} agents, 10, then 60, then 20 % answer", agents, STEPS)
        yield Scenario(
            f"{agents} agents, 30 % answer, half leave within a minute for an hour", agents, [(0, 0.30)], LUNCH
        )
    yield Scenario("50 agents, 30 % answer, a quarter of the others end within 5 s", 50, [(0, 0.30)], ends_early=0.25)
    yield Scenario("50 agents, 30 % answer, most talks short", 50, [(0, 0.30)], talk_sigma=1.3)


def run(_on: World, _logs: Path) -> list[Row]:
    return judged(DAYS)


def judged(days: int) -> list[Row]:
    """A row for each scenario, by two processes."""
    with ProcessPoolExecutor(2) as processes:
        predictive = processes.map(_days_of, [(scenario, Mode.PREDICTIVE, days) for scenario in scenarios()])
        progressive = processes.map(
            _days_of, [(scenario, Mode.PROGRESSIVE, PROGRESSIVE_DAYS) for scenario in scenarios()]
        )
        return [_row(*of) for of in zip(scenarios(), predictive, progressive, strict=True)]


def _days_of(asked: tuple[Scenario, Mode, int]) -> list[Day]:
    scenario, mode, days = asked
    return simulate(scenario, calls_to_place, mode, days, SEED)


def _row(scenario: Scenario, predictive: list[Day], progressive: list[Day]) -> Row:
    ours, theirs = _talking(scenario, predictive), _talking(scenario, progressive)
    share = sum(day.abandoned for day in predictive) / sum(day.answered for day in predictive)
    worst = max(day.abandoned / day.answered for day in predictive)
    return Row(
        "pacing",
        f"predictive: {scenario.name}",
        "progressive: the time agents talk",
        "≤ 3.0 % abandoned" + ("; ≥ 1.5 ×" if scenario.name == "50 agents, 30 % answer" else ""),
        f"{ours / theirs:.2f} ({ours:.0%} and {theirs:.0%} of their time); "
        f"{share:.2%} abandoned, {worst:.2%} on the worst day",
    )


def _talking(scenario: Scenario, days: list[Day]) -> float:
    """The share of the shifts' time that agents talk."""
    return sum(day.talk_s for day in days) / (len(days) * scenario.agents * scenario.shift_s)


if __name__ == "__main__":
    for row in judged(DAYS):
        print(f"| {row.name} | {row.what} | {row.against} | {row.target} | {row.result} |")
