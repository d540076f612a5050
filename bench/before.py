"""All else against the version before: pages, deep pages, single contacts, claims, imports again, undo."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import claim, deep, held, jobs, page, people, post, previous, rounds, world
from bench.imports import ratio
from bench.jobs import Server, Target
from bench.load import Order
from bench.previous import Previous
from bench.report import Row
from bench.rounds import Load, Measured
from bench.sides import Side
from bench.world import World
from tongdai.db.pool import connect

NOT_SLOWER = "≥ 0.9 ×"
CLAIMS = 300
"""Claims of each version, in turn, after claim.WARM that are not counted."""
_FILE, _LARGE = 0, 8
"""Parts of all numbers: of the file that is imported, and of the large campaign."""


@dataclass(slots=True)
class Rates:
    """Rows a second of imports that find all rows there, and of undos, by round."""

    again: list[float] = field(default_factory=list)
    undo: list[float] = field(default_factory=list)


def run(on: World, logs: Path) -> list[Row]:
    with previous.running(on, logs) as before:
        with jobs.served(on, logs) as server:
            with rounds.load() as load:
                pages = _pages(load, server, before)
                posts = _posts(load, server, before)
                large = _large(server, before, logs)
                deep_pages = _deep_pages(load, server, before, large)
            ours, theirs = _jobs(server, before, logs)
        before.stop_and_claim(on.sizes.held)
        with world.database(on.data_dir) as dsn:
            claims = asyncio.run(_claims(on, dsn, before, logs))
    held_count = f"{on.sizes.held:,}"
    rows = f"{on.sizes.rows:,}"
    return [
        _row("a page of 20 contacts", pages),
        _row(f"a page of 20 contacts, far down {held_count}", deep_pages),
        _row("adding one contact", posts),
        _row(f"importing {rows} rows of CSV that are all there", ratio(ours.again, theirs.again)),
        _row(f"undoing an import of {rows} rows", ratio(ours.undo, theirs.undo)),
        _row(f"claiming {claim.TAKEN} contacts of {held_count}, p50", claims[0]),
        _row(f"claiming {claim.TAKEN} contacts of {held_count}, p99", claims[1]),
    ]


def _row(what: str, measured: str) -> Row:
    return Row("before", what, f"version {previous.COMMIT}, from its own checkout", NOT_SLOWER, measured)


def _both(server: Server, before: Previous) -> list[Side]:
    return [Side("tongdai", server.port, server.pid), Side("before", before.server.port, before.server.pid)]


def _pages(load: Load, server: Server, before: Previous) -> str:
    def orders(on: World) -> Callable[[Side, float], Order]:
        return lambda side, seconds: Order(side.port, page.requests(on), seconds)

    return _measured(load, server, before, orders(server.on), orders(before.on))


def _posts(load: Load, server: Server, before: Previous) -> str:
    return _measured(
        load,
        server,
        before,
        post.orders(server.on, next(server.on.spare)),
        post.orders(before.on, next(before.on.spare)),
    )


def _deep_pages(load: Load, server: Server, before: Previous, large: tuple[Target, Target]) -> str:
    number = deep.deep_page(server.on.sizes.held)

    def orders(to: Target) -> Callable[[Side, float], Order]:
        return lambda side, seconds: Order(side.port, deep.requests(to, number), seconds, connections=1)

    return _measured(load, server, before, orders(large[0]), orders(large[1]))


def _measured(
    load: Load,
    server: Server,
    before: Previous,
    ours: Callable[[Side, float], Order],
    theirs: Callable[[Side, float], Order],
) -> str:
    found: dict[str, Measured] = rounds.measure(load, _both(server, before), {"tongdai": ours, "before": theirs})
    return rounds.ratio(found["tongdai"], found["before"])


def _large(server: Server, before: Previous, folder: Path) -> tuple[Target, Target]:
    """The large list of each version."""
    ours = asyncio.run(_hold(server, folder))
    before.hold("deep", _LARGE, server.on.sizes.held)
    return ours, before.place("deep")


async def _hold(server: Server, folder: Path) -> Target:
    large = await jobs.new_target(server.on, server.dsn)
    await held.hold(server.dsn, large, people.numbers(_LARGE, server.on.sizes.held), folder)
    await jobs.settle(server.dsn)
    return large


def _jobs(server: Server, before: Previous, folder: Path) -> tuple[Rates, Rates]:
    """A file is imported, imported again, and the first import undone; each version begins as often."""
    rows = server.on.sizes.rows
    file = people.write_csv(folder / "people.csv", people.numbers(_FILE, rows))
    ours, theirs = Rates(), Rates()

    def turn(of: Server, to: Target, rates: Rates, settle: Callable[[], None]) -> None:
        job_id, _ = jobs.import_job(of, to, file, {"createdRows": rows})
        settle()
        rates.again.append(rows / jobs.imported(of, to, file, {"duplicateRows": rows}))
        settle()
        rates.undo.append(rows / jobs.undone(of, to, job_id, rows))
        settle()

    for number in range(server.on.sizes.rounds):
        turns = [
            lambda: turn(
                server,
                asyncio.run(jobs.new_target(server.on, server.dsn)),
                ours,
                lambda: asyncio.run(jobs.settle(server.dsn)),
            ),
            lambda number=number: turn(before.server, before.place(f"jobs {number}"), theirs, before.settle),
        ]
        for each in reversed(turns) if number % 2 else turns:
            each()
        print(f"  again {ours.again[-1]:,.0f} rows/s, before {theirs.again[-1]:,.0f}", flush=True)
        print(f"  undo {ours.undo[-1]:,.0f} rows/s, before {theirs.undo[-1]:,.0f}", flush=True)
    return ours, theirs


async def _claims(on: World, dsn: str, before: Previous, folder: Path) -> tuple[str, str]:
    """p50 and p99 of the claims of either, in turn: how many times as fast. No contact is rescheduled or in a call: the
    version before cannot be given such contacts quickly."""
    side = await claim.prepared(on, dsn, folder, _LARGE, on.sizes.held, rescheduled=0, in_call=0)
    await jobs.settle(dsn)
    theirs: list[float] = []
    conn = await connect(dsn, name="bench")
    try:
        for number in range(claim.WARM + CLAIMS):
            # Each begins as often.
            if number % 2:
                ms = before.claimed_ms()
                own_ms = await claim.claimed_ms(conn, side.conditions)
            else:
                own_ms = await claim.claimed_ms(conn, side.conditions)
                ms = before.claimed_ms()
            if number >= claim.WARM:
                side.times_ms.append(own_ms)
                theirs.append(ms)
    finally:
        await conn.close()
    p50, p99 = (
        f"{claim.quantile(theirs, share) / claim.quantile(side.times_ms, share):.2f} "
        f"({claim.quantile(side.times_ms, share):.1f} ms, before {claim.quantile(theirs, share):.1f} ms)"
        for share in (0.5, 0.99)
    )
    return p50, p99
