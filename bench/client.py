"""Whether the load is fast enough to measure with: an answer without any work, against a page of the bare function."""

from pathlib import Path

from bench import page, rounds, sides, world
from bench.load import Order
from bench.report import Row
from bench.world import World


def run(on: World, logs: Path) -> list[Row]:
    with (
        world.database(on.data_dir) as dsn,
        sides.started(["idle", "bare"], on, dsn, logs) as started,
        rounds.load() as load,
    ):
        requests = page.requests(on)

        def order(side: sides.Side, s: float) -> Order:
            return Order(side.port, requests, s)

        orders: rounds.Orders = {"idle": order, "bare": order}
        found = rounds.measure(load, started, orders)
    against = "the load, with a page of the bare function"
    return [Row("client", "the load, with an answer that takes no work", against, "", rounds.ratio(*found.values()))]
