"""Simulate dialling with all faults for a long time: `python -m tests.dialing_soak --minutes 60`.

Takes new seeds on all processors until the time is over; with odd seeds, agents hand over their calls. Exits with 0
when all invariants held, else with 1 and the seeds that violated one; `--seed` repeats such a seed.
"""

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from os import cpu_count

from tests.support.dialer_simulation.plan import SOMETIMES, Plan
from tests.support.dialer_simulation.simulation import simulate

Summary = tuple[int, float, list[str], Counter[str]]


def one(seed: int, minutes: float) -> Summary:
    """The seed, its virtual hours, its violations and the situations that occurred."""
    world = simulate(seed, Plan(minutes=minutes, acts_s=1.5 if seed % 2 else 0))
    return seed, world.hours, world.violations, world.counts


def soak(minutes: float, first: int, processes: int, each: float) -> int:
    """The exit code."""
    until = time.monotonic() + minutes * 60
    met: Counter[str] = Counter()
    hours, seeds, failed = 0.0, 0, 0
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running: set[Future[Summary]] = {pool.submit(one, first + n, each) for n in range(processes)}
        following = first + processes
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each_done in done:
                seed, virtual, violations, counts = each_done.result()
                seeds, hours, met = seeds + 1, hours + virtual, met + counts
                failed += bool(violations)
                for wrong in violations[:5]:
                    print(f"WRONG: seed {seed}: {wrong}", flush=True)  # noqa: T201
                if time.monotonic() < until:
                    running.add(pool.submit(one, following, each))
                    following += 1
    missing = [situation for situation in SOMETIMES if not met[situation]]
    print(f"{seeds} seeds, {hours:.1f} virtual hours, {met['originated']:,} calls")  # noqa: T201
    print(", ".join(f"{situation} {met[situation]:,}" for situation in SOMETIMES))  # noqa: T201
    if missing and seeds >= 16:
        print(f"never met with: {', '.join(missing)}")  # noqa: T201
        failed += 1
    print("wrong" if failed else "all held")  # noqa: T201
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of real time")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6, 10**9), help="the first one")
    parser.add_argument("--processes", type=int, default=cpu_count() or 1)
    parser.add_argument("--each", type=float, default=20, help="virtual minutes of harm for each seed")
    given = parser.parse_args()
    print(f"from seed {given.seed} for {given.minutes:g} minutes", flush=True)  # noqa: T201
    return soak(given.minutes, given.seed, given.processes, given.each)


if __name__ == "__main__":
    sys.exit(main())
