"""Two hundred open consoles on one worker: how old a change is when they show it, and what a page costs beside them."""

import statistics
import threading
from pathlib import Path

import msgspec

from bench import event_streams, rounds, sides, world
from bench.load import Order
from bench.report import Row
from bench.rounds import Load
from bench.sides import Side
from bench.world import World

CONSOLES = 200
QUEUES, AGENTS = 10, 100
ROUNDS = 3
CHANGES = 6
EVERY_S = 2.3
"""Not a multiple of the pace of the streams: changes come at any instant between two events."""
PACED, CONNECTIONS = 200, 16


def run(on: World, logs: Path) -> list[Row]:
    with (
        world.database(on.data_dir) as dsn,
        sides.started(["tongdai"], on, dsn, logs) as (side,),
        rounds.load() as load,
        rounds.program("bench.event_streams", event_streams.Result) as consoles,
    ):
        agent_id = _contact_centre(on, side)
        name = b'{"agentName":"Change %07d"}'
        request = on.request("GET", on.page_path)
        load(Order(side.port, [request], rounds.WARM_UP_S))
        quiet: list[float] = []
        beside: list[float] = []
        ages: list[event_streams.Result] = []
        for number in range(ROUNDS):
            order = event_streams.Order(
                side.port,
                on.request("GET", "/v1/live/events?topics=queues,agents,campaigns"),
                CONSOLES,
                on.request("PATCH", f"/v1/agents/{agent_id}", name, len(name % 0)),
                CHANGES,
                number * CHANGES + 1,
                EVERY_S,
            )
            quiet.append(_paced(side, request, load, 3.0))
            result: list[event_streams.Result] = []
            cpu = world.cpu_s(side.pid)
            watching = threading.Thread(target=lambda result=result, order=order: result.append(consoles(order)))
            watching.start()
            beside.append(_paced(side, request, load, CHANGES * EVERY_S))
            watching.join()
            ages += result
            if result[0].broken or result[0].missing:
                raise SystemExit(f"bench: {result[0].broken} streams ended, {result[0].missing} changes were not shown")
            print(
                f"  age p50 {result[0].age_ms(0.5):.0f} ms, p99 {result[0].age_ms(0.99):.0f} ms; "
                f"a page p99 {beside[-1]:.1f} ms, quiet {quiet[-1]:.1f} ms; {result[0].megabytes:.0f} MB; "
                f"worker {(world.cpu_s(side.pid) - cpu) / result[0].seconds:.0%}",
                flush=True,
            )
    what = f"{CONSOLES} open consoles of {QUEUES} queues and {AGENTS} agents, one worker, {PACED} pages a second"
    p99 = [one.age_ms(0.99) for one in ages]
    p50 = statistics.median(one.age_ms(0.5) for one in ages)
    return [
        Row(
            "consoles",
            f"{what}: p99 of the age of a change when it is shown",
            "the answer to it",
            "≤ 1 s",
            f"{statistics.median(p99) / 1000:.2f} s ({min(p99) / 1000:.2f} to {max(p99) / 1000:.2f}; p50 {p50:.0f} ms)",
        ),
        Row(
            "consoles",
            f"{what}: p99 of a page",
            "the same without consoles",
            "≤ 2 ×",
            f"{statistics.median(beside) / statistics.median(quiet):.1f} "
            f"({statistics.median(quiet):.1f} ms without, {statistics.median(beside):.1f} ms with)",
        ),
    ]


def _contact_centre(on: World, side: Side) -> int:
    """Queues with agents; the id of one of the agents."""
    queues = [
        _created(
            on, side, "callinId", "/v1/queues/inbound", {"callinName": f"Queue {i}", "callinNumber": f"190{i:04d}"}
        )
        for i in range(QUEUES)
    ]
    agents = [
        _created(on, side, "agentId", "/v1/agents", {"agentName": f"Agent {i}", "queueId": queues[i % QUEUES]})
        for i in range(AGENTS)
    ]
    return agents[-1]


def _created(on: World, side: Side, name: str, path: str, body: dict[str, object]) -> int:
    """The id of what was created, which the answer has by that name."""
    status, answer = world.ask(side.port, on.request("POST", path, msgspec.json.encode(body)))
    if status not in {200, 201}:
        raise SystemExit(f"bench: POST {path}: {status} {answer.decode()}")
    return msgspec.json.decode(answer)[name]


def _paced(side: Side, request: bytes, load: Load, seconds: float) -> float:
    """The 99th percentile of a page, in ms."""
    order = Order(side.port, [request], seconds, CONNECTIONS, every_s=CONNECTIONS / PACED)
    return rounds.checked(side, load(order)).time_ms(0.99)
