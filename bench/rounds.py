"""Short rounds in turn, A B C A B C …: what else the machine does hits every side alike, and only ratios count."""

import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from bench import world
from bench.load import Order, Result
from bench.sides import Side
from tongdai.runtime.os_process import die_with_parent

ROUNDS = 7
ROUND_S = 2.0
WARM_UP_S = 2.0

T = TypeVar("T")
Load = Callable[[Order], Result]
Orders = Mapping[str, Callable[[Side, float], Order]]
"""By side: the order of a round of so many seconds."""


@contextmanager
def load() -> Generator[Load]:
    """The load's process."""
    with program("bench.load", Result) as run:
        yield run


@contextmanager
def program(module: str, kind: type[T]) -> Generator[Callable[[Any], T]]:
    """The process of a module that answers an order a line with a result a line."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no thread runs here
    )
    assert process.stdin is not None
    assert process.stdout is not None
    requests, results = process.stdin, process.stdout

    def run(order: object) -> T:
        requests.write(msgspec.json.encode(order) + b"\n")
        requests.flush()
        return msgspec.json.decode(results.readline(), type=kind)

    try:
        yield run
    finally:
        world.end(process)


@dataclass(slots=True)
class Measured:
    """The rounds of one side."""

    rates: list[float] = field(default_factory=list)
    """Answers a second."""
    server_us: list[float] = field(default_factory=list)
    """Processor time of the server for an answer, its database not counted: hardly moved by what else runs."""
    load_busy: list[float] = field(default_factory=list)
    """The part of its time that the load was computing. Near 1, the load is what was measured."""


def measure(run: Load, sides: list[Side], orders: Orders) -> dict[str, Measured]:
    found = {side.name: Measured() for side in sides}
    for side in sides:
        checked(side, run(orders[side.name](side, WARM_UP_S)))
    for number in range(ROUNDS):
        # Each side begins as often as it can: none is always the one after a busy one.
        for side in sides[number % len(sides) :] + sides[: number % len(sides)]:
            cpu = world.cpu_s(side.pid)
            result = checked(side, run(orders[side.name](side, ROUND_S)))
            measured = found[side.name]
            measured.rates.append(result.rate)
            measured.server_us.append((world.cpu_s(side.pid) - cpu) / result.answers * 1e6)
            measured.load_busy.append(result.cpu_s / result.seconds)
    for name, measured in found.items():
        print(f"  {name:8} {_line(measured)}", flush=True)
    return found


def checked(side: Side, result: Result) -> Result:
    """The result, when every answer was as it should be."""
    if result.wrong or not result.answers:
        raise SystemExit(f"bench: {side.name}: {result.wrong} wrong answers of {result.answers}: {result.first_wrong}")
    return result


def _line(measured: Measured) -> str:
    rate, low, high = statistics.median(measured.rates), min(measured.rates), max(measured.rates)
    return (
        f"{rate:7,.0f} answers/s ({low:,.0f} to {high:,.0f}), "
        f"{statistics.median(measured.server_us):5.0f} µs of the server's processor each, "
        f"load {statistics.median(measured.load_busy):4.0%} busy"
    )


def ratio(of: Measured, to: Measured) -> str:
    """The ratio of the medians, and between which the rounds' own ratios lie."""
    each = [a / b for a, b in zip(of.rates, to.rates, strict=True)]
    return f"{statistics.median(of.rates) / statistics.median(to.rates):.2f} ({min(each):.2f} to {max(each):.2f})"
