"""A page of 20 contacts of a list of 1,000."""

from pathlib import Path

import msgspec

from bench import rounds, sides, world
from bench.load import Order
from bench.report import Row
from bench.sides import Side
from bench.world import World

PAGES = 10
"""Asked for in turn."""


def run(on: World, logs: Path) -> list[Row]:
    with (
        world.database(on.data_dir) as dsn,
        sides.started(["tongdai", "bare", "orm"], on, dsn, logs) as started,
        rounds.load() as load,
    ):
        size = _same_answers(on, started)
        found = rounds.measure(
            load, started, dict.fromkeys((s.name for s in started), lambda s, t: order(on, s, t, size))
        )
    product, bare, orm = (found[name] for name in ("tongdai", "bare", "orm"))
    what = "a page of 20 contacts"
    return [
        Row("page", what, "a bare ASGI function, no checks", "≥ 0.6 ×", rounds.ratio(product, bare)),
        Row("page", what, "FastAPI, SQLAlchemy ORM, uvicorn", "≥ 5 ×", rounds.ratio(product, orm)),
    ]


def order(on: World, side: Side, seconds: float, size: tuple[int, int]) -> Order:
    return Order(side.port, requests(on), seconds, body_bytes=size)


def requests(on: World) -> list[bytes]:
    return [on.request("GET", f"{on.page_path}?page={page}") for page in range(PAGES)]


def _same_answers(on: World, started: list[Side]) -> tuple[int, int]:
    """The shortest and longest body, once every side has answered the same 20 contacts for each page."""
    sizes: list[int] = []
    for request in requests(on):
        answers = {side.name: world.ask(side.port, request)[1] for side in started}
        sizes += [len(body) for body in answers.values()]
        reported = [msgspec.json.decode(body) for body in answers.values()]
        if len(reported[0]["data"]) != 20 or any(other != reported[0] for other in reported):
            raise SystemExit(f"bench: the sides answer differently: {answers}")
    return min(sizes), max(sizes)
