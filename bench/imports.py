"""A million rows of CSV, against the version before, COPY of ready rows and an ORM; pages read meanwhile."""

import asyncio
import itertools
import os
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench import copying, jobs, page, people, previous, rounds
from bench.copying import Ordinary
from bench.jobs import Server
from bench.load import Order, Result
from bench.previous import Previous
from bench.report import Row
from bench.rounds import Load
from bench.sides import Side
from bench.world import World

ORM_SHARE = 20
"""The ORM's importer gets one row of so many: it is compared by rows a second."""
QUIET_S = 5.0
SLICE_S = 2.0
"""Pages are read in slices of so long until an import is done; the slice in which it ends does not count."""


@dataclass(frozen=True, slots=True)
class Files:
    """The same people: as they are sent, the first of them alone, and as COPY takes them."""

    numbers: list[str]
    csv: Path
    start_csv: Path
    contacts: Path


@dataclass(slots=True)
class Rates:
    """Rows a second, by round."""

    product: list[float] = field(default_factory=list)
    previous: list[float] = field(default_factory=list)
    copy: list[float] = field(default_factory=list)
    orm: list[float] = field(default_factory=list)
    wal: list[float] = field(default_factory=list)
    """Bytes of the product's write-ahead log a row."""


def run(on: World, logs: Path) -> list[Row]:
    files = _files(on, logs)
    with jobs.served(on, logs) as server, previous.running(on, logs) as before:
        rates = asyncio.run(_take_turns(server, before, files))
    with jobs.served(on, logs) as server:
        quiet, during = _pages_meanwhile(server, files)
    rows = f"{on.sizes.rows:,}"
    what = f"{rows} new rows of CSV, first byte to `done`, {reported(rates.product)}"
    slower = statistics.median(d / q for d, q in zip(during, quiet, strict=True))
    times = f"{statistics.median(quiet):.1f} ms quiet, {statistics.median(during):.1f} ms meanwhile"
    orm = f"csv, phonenumbers, SQLAlchemy ORM, batches of 1,000; {len(files.numbers) // ORM_SHARE:,} of the rows"
    copy = "COPY by psql of the same rows, ready, into an ordinary schema"
    old = f"version {previous.COMMIT}, from its own checkout"
    return [
        Row("import", what, f"{old}, {reported(rates.previous)}", "≥ 3.5 ×", ratio(rates.product, rates.previous)),
        Row("import", what, f"{copy}, {reported(rates.copy)}", "≥ 0.75 ×", ratio(rates.product, rates.copy)),
        Row("import", what, f"{orm}, {reported(rates.orm)}", "≥ 4 ×", ratio(rates.product, rates.orm)),
        Row("import", "its write-ahead log", "nothing: by itself", "≤ 650 B a row", f"{max(rates.wal):.0f} B a row"),
        Row(
            "import", "p99 of a page while that runs", "the same when all is quiet", "≤ 3 ×", f"{slower:.1f} ({times})"
        ),
    ]


def _files(on: World, folder: Path) -> Files:
    numbers = people.numbers(0, on.sizes.rows)
    return Files(
        numbers,
        people.write_csv(folder / "people.csv", numbers),
        people.write_csv(folder / "start.csv", numbers[: len(numbers) // ORM_SHARE]),
        folder / "contacts.copy",
    )


async def _take_turns(server: Server, before: Previous, files: Files) -> Rates:
    """A round is the product, COPY, the ORM and the version before; the next one goes backwards."""
    rates = Rates()
    async with copying.database(server.dsn) as ordinary:
        for number in range(server.on.sizes.rounds):
            turns: list[Callable[[], Awaitable[None]]] = [
                lambda: _import(server, files, rates),
                lambda: _copy(server, ordinary, files, rates),
                lambda: _orm(server, ordinary, files, rates),
                lambda number=number: _previous(before, files, rates, f"round {number}"),
            ]
            for turn in reversed(turns) if number % 2 else turns:
                await turn()
            last = f"{rates.product[-1]:,.0f} rows/s, COPY {rates.copy[-1]:,.0f}, ORM {rates.orm[-1]:,.0f}"
            print(f"  {last}, before {rates.previous[-1]:,.0f}; {rates.wal[-1]:.0f} bytes of log a row", flush=True)
    return rates


async def _import(server: Server, files: Files, rates: Rates) -> None:
    to, count = await jobs.new_target(server.on, server.dsn), len(files.numbers)
    start = await jobs.wal_position(server.dsn)
    rates.product.append(count / jobs.imported(server, to, files.csv, {"createdRows": count}))
    rates.wal.append((await jobs.wal_position(server.dsn) - start) / count)
    await jobs.must_hold(server.dsn, to, count)
    await jobs.settle(server.dsn)


async def _previous(before: Previous, files: Files, rates: Rates, to: str) -> None:
    count = len(files.numbers)
    rates.previous.append(count / before.imported(to, files.csv, {"createdRows": count}))


async def _copy(server: Server, ordinary: Ordinary, files: Files, rates: Rates) -> None:
    place, count = await ordinary.place(), len(files.numbers)
    people.write_copy(files.contacts, files.numbers, *place)
    rates.copy.append(count / copying.copied(ordinary.dsn, server.on.data_dir, files.contacts))
    await ordinary.must_hold(place[0], count)
    await jobs.settle(ordinary.dsn)


async def _orm(server: Server, ordinary: Ordinary, files: Files, rates: Rates) -> None:
    (campaign_id, list_id, _), count = await ordinary.place(), len(files.numbers) // ORM_SHARE
    command = [sys.executable, "-m", "bench.importer", str(files.start_csv), str(campaign_id), str(list_id)]
    environment = os.environ | {"BENCH_DSN": ordinary.dsn}
    done = subprocess.run(  # noqa: ASYNC221 - nothing else is to run meanwhile
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    rates.orm.append(count / float(done.stdout))
    await ordinary.must_hold(campaign_id, count)
    await jobs.settle(ordinary.dsn)


def reported(rates: list[float]) -> str:
    return f"{statistics.median(rates):,.0f} rows/s"


def ratio(of: list[float], to: list[float]) -> str:
    """The median of the rounds' ratios, and between which they lie."""
    each = [a / b for a, b in zip(of, to, strict=True)]
    return f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})"


def _pages_meanwhile(server: Server, files: Files) -> tuple[list[float], list[float]]:
    """p99 in ms of pages, quiet and while an import runs, by round."""
    quiet: list[float] = []
    during: list[float] = []
    side = Side("tongdai", server.port, server.pid)
    with rounds.load() as load:
        _pages(server.on, side, load, 1.0)
        for _ in range(server.on.sizes.rounds):
            quiet.append(_pages(server.on, side, load, QUIET_S).time_ms(0.99))
            during.append(_pages_during(server, files, side, load))
            asyncio.run(jobs.settle(server.dsn))
            print(f"  p99 of a page {quiet[-1]:.1f} ms quiet, {during[-1]:.1f} ms meanwhile", flush=True)
    return quiet, during


def _pages_during(server: Server, files: Files, side: Side, load: Load) -> float:
    to = asyncio.run(jobs.new_target(server.on, server.dsn))
    slices: list[list[float]] = []
    with ThreadPoolExecutor(1) as aside:
        count = len(files.numbers)
        importing = aside.submit(jobs.imported, server, to, files.csv, {"createdRows": count})
        while not importing.done():
            slices.append(_pages(server.on, side, load, SLICE_S).times_ms)
        importing.result()
    times = sorted(itertools.chain.from_iterable(slices[:-1] or slices))
    return times[int(len(times) * 0.99)]


def _pages(on: World, side: Side, load: Load, seconds: float) -> Result:
    """100 requests a second over 4 connections, timed from when each was due."""
    paced = Order(side.port, page.requests(on), seconds, connections=4, every_s=0.04)
    return rounds.checked(side, load(paced))
