"""Imports where much is there: of a file that was imported before, and into a campaign of 5 million contacts."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from bench import held, jobs, people, previous
from bench.imports import ratio, reported
from bench.jobs import Server, Target
from bench.previous import Previous
from bench.report import Row
from bench.world import World

_FRESH, _HELD, _ADDED = 0, 1, 2
"""Parts of all numbers: of the file, of the large campaign, and the first of those that are added to it."""


@dataclass(slots=True)
class Rates:
    """Rows a second, by round."""

    fresh: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    added: list[float] = field(default_factory=list)
    previous: list[float] = field(default_factory=list)


def run(on: World, logs: Path) -> list[Row]:
    with jobs.served(on, logs) as server, previous.running(on, logs) as before:
        rates = asyncio.run(_take_turns(server, before, logs))
    against = f"the file into an empty campaign, {reported(rates.fresh)}"
    rows = f"{on.sizes.rows:,}"
    into = f"{rows} new rows of CSV into a campaign of {on.sizes.held:,} contacts"
    return [
        Row("again", f"{rows} rows of CSV that are all there", against, "≥ 0.7 ×", ratio(rates.again, rates.fresh)),
        Row("again", into, against, "≥ 0.7 ×", ratio(rates.added, rates.fresh)),
        Row(
            "again",
            f"{into}, {reported(rates.added)}",
            f"version {previous.COMMIT}, from its own checkout, {reported(rates.previous)}",
            "≥ 2.5 ×",
            ratio(rates.added, rates.previous),
        ),
    ]


async def _take_turns(server: Server, before: Previous, folder: Path) -> Rates:
    on, rates = server.on, Rates()
    file = people.write_csv(folder / "people.csv", people.numbers(_FRESH, on.sizes.rows))
    large = await jobs.new_target(on, server.dsn)
    await held.hold(server.dsn, large, people.numbers(_HELD, on.sizes.held), folder)
    await jobs.settle(server.dsn)
    before.hold("large", _HELD, on.sizes.held)
    for number in range(on.sizes.rounds):
        added = people.write_csv(folder / "added.csv", people.numbers(_ADDED + number, on.sizes.rows))
        if number % 2:
            rates.added.append(await _import(server, large, added, "createdRows"))
        small = await jobs.new_target(on, server.dsn)
        rates.fresh.append(await _import(server, small, file, "createdRows"))
        rates.again.append(await _import(server, small, file, "duplicateRows"))
        if not number % 2:
            rates.added.append(await _import(server, large, added, "createdRows"))
        rates.previous.append(on.sizes.rows / before.imported("large", added, {"createdRows": on.sizes.rows}))
        await jobs.must_hold(server.dsn, small, on.sizes.rows)
        await jobs.must_hold(server.dsn, large, on.sizes.held + (number + 1) * on.sizes.rows)
        last = f"{rates.fresh[-1]:,.0f} rows/s, again {rates.again[-1]:,.0f}, added to many {rates.added[-1]:,.0f}"
        last += f", before {rates.previous[-1]:,.0f}"
        print(f"  {last}", flush=True)
    return rates


async def _import(server: Server, to: Target, file: Path, outcome: str) -> float:
    """Rows a second, every row having had that outcome."""
    rows = server.on.sizes.rows
    seconds = jobs.imported(server, to, file, {outcome: rows})
    await jobs.settle(server.dsn)
    return rows / seconds
