"""Page 200,000 of a list of 5 million contacts, and its first."""

import asyncio
import statistics
from pathlib import Path

import msgspec

from bench import held, jobs, people, rounds, world
from bench.jobs import Server, Target
from bench.load import Order
from bench.report import Row
from bench.rounds import Load
from bench.sides import Side
from bench.world import World

SIZE = 20
PAGES = 50
"""Neighbours that are asked for in turn."""
BEFORE_THE_END = 50_000
"""Pages between the deep ones and the last: page 200,000 of 5 million contacts."""
_HELD = 9
"""The part of all numbers that the list has: none that another benchmark takes."""


def run(on: World, logs: Path) -> list[Row]:
    with jobs.served(on, logs) as server, rounds.load() as load:
        large = asyncio.run(_fill(server, logs))
        number = deep_page(on.sizes.held)
        first, deep = requests(large, 0), requests(large, number)
        _must_be_full(server, on.sizes.held, [*first, *deep])
        side = Side("deep", server.port, server.pid)
        shallow_ms, deep_ms = _times(load, side, first, deep)
    ratio = statistics.median(deep_ms) / statistics.median(shallow_ms)
    each = [b / a for a, b in zip(shallow_ms, deep_ms, strict=True)]
    reported = f"{ratio:.2f} ({min(each):.2f} to {max(each):.2f}); {statistics.median(deep_ms):.2f} ms"
    what = f"page {number:,} of {on.sizes.held:,} contacts, p50"
    return [Row("deep", what, "page 0 of the same list", "≤ 2 ×", reported)]


async def _fill(server: Server, folder: Path) -> Target:
    large = await jobs.new_target(server.on, server.dsn)
    await held.hold(server.dsn, large, people.numbers(_HELD, server.on.sizes.held), folder)
    await jobs.settle(server.dsn)
    return large


def deep_page(total: int) -> int:
    """The number of a page far down a list of so many."""
    return max(total // SIZE - BEFORE_THE_END, total // SIZE * 4 // 5)


def requests(large: Target, page: int) -> list[bytes]:
    """That page and its neighbours."""
    path = f"/v1/campaigns/{large.campaign_id}/contact-lists/{large.list_id}/contacts"
    return [large.on.request("GET", f"{path}?size={SIZE}&page={page + after}") for after in range(PAGES)]


def _must_be_full(server: Server, total: int, asked: list[bytes]) -> None:
    """Each page has its contacts, neighbours follow each other, and all tell the true total."""
    reported = [msgspec.json.decode(world.ask(server.port, request)[1]) for request in asked]
    rising: list[int] = [row["contactId"] for page in reported for row in page["data"]]
    if any(page["totalRecord"] != total for page in reported) or len(rising) != SIZE * len(asked):
        raise SystemExit(f"bench: pages are not whole: {reported[-1]}")
    if rising != sorted(set(rising)):
        raise SystemExit("bench: pages overlap or are out of order")


def _times(load: Load, side: Side, first: list[bytes], deep: list[bytes]) -> tuple[list[float], list[float]]:
    """p50 in ms of either, by round; 50 requests a second over one connection, so that none waits for another."""
    found: dict[int, list[float]] = {0: [], 1: []}
    for number in range(rounds.ROUNDS + 1):
        for which in (0, 1) if number % 2 else (1, 0):
            order = Order(side.port, (first, deep)[which], rounds.ROUND_S, connections=1, every_s=0.02)
            time_ms = rounds.checked(side, load(order)).time_ms(0.5)
            if number:  # the first round warms up
                found[which].append(time_ms)
        if number:
            print(f"  p50 {found[0][-1]:.2f} ms first, {found[1][-1]:.2f} ms deep", flush=True)
    return found[0], found[1]
