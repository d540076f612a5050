"""Single contacts, each with a number that was never seen, into a campaign of its own for each side."""

from collections.abc import Callable
from pathlib import Path

from bench import rounds, sides, world
from bench.load import Order
from bench.report import Row
from bench.sides import Side
from bench.world import World
from tongdai.ids import CampaignId

_BODY = b'{"phoneNumber":"090%07d","name":"Nguyen Van A"}'
_FILLED = len(_BODY) - len("%07d") + 7


def run(on: World, logs: Path) -> list[Row]:
    with (
        world.database(on.data_dir) as dsn,
        sides.started(["tongdai", "bare"], on, dsn, logs) as started,
        rounds.load() as load,
    ):
        found = rounds.measure(load, started, {side.name: orders(on, next(on.spare)) for side in started})
    against = "a bare ASGI function, the same statement, no checks"
    return [Row("post", "adding one contact", against, "≥ 0.6 ×", rounds.ratio(found["tongdai"], found["bare"]))]


def orders(on: World, campaign_id: CampaignId) -> Callable[[Side, float], Order]:
    request = on.request("POST", f"/v1/campaigns/{campaign_id}/contacts", _BODY, _FILLED)
    return lambda side, seconds: Order(
        side.port, [request], seconds, numbers_from=next(on.numbers), body_bytes=(100, 200)
    )
