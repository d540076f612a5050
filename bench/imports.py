"""An import of 100,000 rows of JSON, and what somebody who reads pages at an even pace sees of it."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from bench import page, rounds, start, world
from bench.load import Order, Result
from bench.report import Row
from bench.rounds import Load
from bench.sides import Side
from bench.world import World
from tongdai.testing import factories

ROWS = 100_000
ROUNDS = 3
QUIET_S = 5.0
DURING_S = 3.0
"""Rounds of page requests while the import runs; those that are over before it is done count."""


def run(on: World, logs: Path) -> list[Row]:
    port, log = world.free_port(), logs / "import.log"
    rates: list[float] = []
    quiet: list[float] = []
    busy: list[float] = []
    with world.process(start.serve(on, port), {}, log) as process, rounds.load() as load:
        world.first_answer(port, on.request("GET", on.page_path), process, log)
        side = Side("tongdai", port, process.pid)
        _pages(on, side, load, 1.0)
        for _ in range(ROUNDS):
            quiet.append(_pages(on, side, load, QUIET_S).time_ms(0.99))
            rate, times = _import(on, side, load)
            rates.append(rate)
            busy.append(times)
            print(
                f"  {rate:7,.0f} rows/s; p99 of a page {quiet[-1]:.1f} ms quiet, {busy[-1]:.1f} ms meanwhile",
                flush=True,
            )
    median = statistics.median
    slower = f"{median(busy) / median(quiet):.1f} ({median(quiet):.1f} ms quiet, {median(busy):.1f} ms meanwhile)"
    spread = f"{median(rates):,.0f} rows/s ({min(rates):,.0f} to {max(rates):,.0f})"
    return [
        Row("import", "100,000 new rows of JSON, request to `done`", "nothing: told alone", "", spread),
        Row("import", "p99 of a page while an import runs", "the same when all is quiet", "", slower),
    ]


def _pages(on: World, side: Side, load: Load, seconds: float) -> Result:
    """100 requests a second over 4 connections, timed from when each was due."""
    paced = Order(side.port, page.requests(on), seconds, connections=4, every_s=0.04)
    return rounds.checked(side, load(paced))


def _import(on: World, side: Side, load: Load) -> tuple[float, float]:
    """Rows a second, and p99 in ms of the pages read from its beginning for DURING_S or, if shorter, as it took."""
    campaign_id, first = next(on.spare), next(on.numbers)
    rows = [{"phoneNumber": factories.vn_mobile(first + i), "name": f"Tran Thi {i}"} for i in range(ROWS)]
    path = f"/v1/campaigns/{campaign_id}/contacts"
    request = on.request("POST", f"{path}/bulk", msgspec.json.encode({"contacts": rows}))
    with ThreadPoolExecutor(1) as aside:
        reading = aside.submit(_pages, on, side, load, DURING_S)
        began = time.perf_counter()
        job = msgspec.json.decode(world.ask(side.port, request)[1])
        poll = on.request("GET", f"{path}/import/{job['job_id']}")
        while (told := msgspec.json.decode(world.ask(side.port, poll)[1]))["status"] not in {"done", "failed"}:
            time.sleep(0.05)
        seconds = time.perf_counter() - began
        if told["createdRows"] != ROWS:
            raise SystemExit(f"bench: the import ended otherwise: {told}")
        return ROWS / seconds, reading.result().time_ms(0.99)
