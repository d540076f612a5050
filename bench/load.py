"""The load: HTTP/1.1 over kept connections, in a process of its own, with as little work for each answer as will do.

It reads one order a line (JSON) on standard input and answers each with one line on standard output.
"""

import asyncio
import itertools
import re
from collections.abc import Callable
from time import perf_counter
from typing import cast

import msgspec

from bench.load_process import cpu_s, main

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ANSWER_S = 10.0
"""How long after its last second an order waits for answers."""


class Order(msgspec.Struct):
    port: int
    requests: list[bytes]
    """Taken in turn. One with `%07d` in it gets a number of its own each time."""
    seconds: float
    connections: int = 16
    numbers_from: int = 0
    body_bytes: tuple[int, int] = (1, 1_000_000)
    """Shortest and longest plausible body."""
    every_s: float = 0.0
    """Above 0 each connection sends at that pace and times count from when a request was due; else without pause."""


class Result(msgspec.Struct):
    answers: int
    wrong: int
    """Answers that were not 200 or had no plausible body, and connections that broke."""
    first_wrong: str
    seconds: float
    cpu_s: float
    """Processor time of this process: near `seconds`, the load itself is what was measured."""
    times_ms: list[float]
    """Sorted; kept for paced orders alone."""

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    def time_ms(self, share: float) -> float:
        """The time that `share` of the answers stayed under."""
        return self.times_ms[min(len(self.times_ms) - 1, int(len(self.times_ms) * share))]


class _Round:
    """State that the connections of one order share."""

    def __init__(self, order: Order, loop: asyncio.AbstractEventLoop) -> None:
        self.order = order
        self.loop = loop
        self.next_request = _requests(order)
        self.answers = 0
        self.wrong: list[str] = []
        self.times_ms: list[float] = []
        self.last = 0.0
        self.ends = perf_counter() + order.seconds


class _Connection(asyncio.Protocol):
    """One request at a time, the next as soon as the answer is whole or, with a pace, due."""

    def __init__(self, round_: _Round, starts_in_s: float) -> None:
        self._round = round_
        self._buffer = b""
        self._due = perf_counter() + starts_in_s
        self.done: asyncio.Future[None] = round_.loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by behaviour alone
        self._round.loop.call_later(max(0.0, self._due - perf_counter()), self._send)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data
        head = buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        found = _LENGTH.search(buffer, 0, head + 2)
        length = int(found[1]) if found else -1
        if length >= 0 and len(buffer) < head + 4 + length:
            return
        self._buffer = b""
        self._answered(buffer, length)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._round.wrong.append(f"connection closed: {exc}")
            self.done.set_result(None)

    def _send(self) -> None:
        if perf_counter() >= self._round.ends:
            self.done.set_result(None)
            self._transport.close()
            return
        if not self._transport.is_closing():
            self._transport.write(self._round.next_request())

    def _answered(self, answer: bytes, length: int) -> None:
        round_ = self._round
        shortest, longest = round_.order.body_bytes
        if answer[9:12] == b"200" and shortest <= length <= longest:
            round_.answers += 1
        else:
            round_.wrong.append(answer[:300].decode("latin-1"))
        round_.last = now = perf_counter()
        if not round_.order.every_s:
            self._send()
            return
        round_.times_ms.append((now - self._due) * 1000)
        self._due += round_.order.every_s
        round_.loop.call_later(max(0.0, self._due - now), self._send)


def _requests(order: Order) -> Callable[[], bytes]:
    turn = itertools.cycle(order.requests).__next__
    if not any(b"%07d" in request for request in order.requests):
        return turn
    number = itertools.count(order.numbers_from).__next__
    return lambda: turn().replace(b"%07d", b"%07d" % number())


async def run(order: Order) -> Result:
    loop = asyncio.get_running_loop()
    round_ = _Round(order, loop)
    started, cpu = perf_counter(), cpu_s()
    # Paced connections start evenly spread over one interval, so that they do not come in bursts.
    offsets = [order.every_s * i / order.connections for i in range(order.connections)]
    made = [loop.create_connection(lambda s=s: _Connection(round_, s), "127.0.0.1", order.port) for s in offsets]
    connections = [connection for _, connection in await asyncio.gather(*made)]
    try:
        async with asyncio.timeout(order.seconds + ANSWER_S):
            await asyncio.gather(*(connection.done for connection in connections))
    except TimeoutError:
        round_.wrong.append(f"no answer in {ANSWER_S:g} s")
    seconds = max(round_.last - started, 1e-9)
    wrong = round_.wrong
    times = sorted(round_.times_ms)
    return Result(round_.answers, len(wrong), wrong[0] if wrong else "", seconds, cpu_s() - cpu, times)


if __name__ == "__main__":
    main(Order, run)
