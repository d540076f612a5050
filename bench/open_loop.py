"""An open loop: requests are sent when they are due, whether or not earlier ones are answered, as by many clients.

A request takes an idle connection or opens one. An impatient client closes its connection when an answer takes too
long. A request for which no connection is left, of `CONNECTIONS`, is not sent, and counted. It reads one order a line
(JSON) on standard input and answers each with one line on standard output.
"""

import asyncio
import itertools
import re
from collections import Counter, deque
from time import perf_counter
from typing import cast

import msgspec

from bench.load_process import cpu_s, main

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TICK_S = 0.002
CONNECTIONS = 10_000
"""At once: those of this process and of the server are within the usual limits of open files."""
LAST_S = 10.0
"""How long after its last request an order waits for answers; those still missing then are `unanswered`."""


class Order(msgspec.Struct):
    port: int
    requests: list[bytes]
    """Taken in turn. One with `%07d` in it gets a number of its own each time."""
    rate: float
    """Requests a second."""
    seconds: float
    patience_s: float | None = None
    numbers_from: int = 0


class Result(msgspec.Struct):
    sent: int
    unsent: int
    """Requests that were due when all connections waited for answers."""
    statuses: dict[int, int]
    left: int
    """Requests whose client gave up."""
    broken: int
    """Requests whose connection was refused, reset or closed without an answer."""
    unanswered: int
    without_retry_after: int
    """Answers 503 that do not say when to try again."""
    times_ms: dict[int, list[float]]
    """From when each request was due, by status, sorted."""
    late_ms: float
    """The latest that a request was sent after it was due: near the times, the load itself is what was measured."""
    cpu_s: float
    connections: int
    """Connections opened."""

    def time_ms(self, status: int, share: float) -> float:
        """The time that `share` of the answers with a status stayed under; 0 when there is none."""
        times = self.times_ms.get(status, [])
        return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


class _Load:
    def __init__(self, order: Order, loop: asyncio.AbstractEventLoop) -> None:
        self.order, self.loop = order, loop
        self.idle: list[_Connection] = []
        self.everyone: set[_Connection] = set()
        self.asked: deque[tuple[float, _Connection, int]] = deque()
        """Requests by when their client gives up."""
        self.statuses = Counter[int]()
        self.times_ms: dict[int, list[float]] = {}
        self.left = self.broken = self.without_retry_after = self.connections = self.unsent = 0
        self.late_s = 0.0
        self.opening: set[asyncio.Task[None]] = set()
        self._requests = itertools.cycle(order.requests).__next__
        self._number = itertools.count(order.numbers_from).__next__

    @property
    def pending(self) -> int:
        return len(self.opening) + sum(one.due is not None for one in self.everyone)

    def send(self, due: float) -> None:
        self.late_s = max(self.late_s, perf_counter() - due)
        while self.idle:
            connection = self.idle.pop()
            if connection.send(self._request(), due):
                return
        if len(self.everyone) + len(self.opening) >= CONNECTIONS:
            self.unsent += 1
            return
        task = self.loop.create_task(self._open(due))
        self.opening.add(task)
        task.add_done_callback(self.opening.discard)

    def _request(self) -> bytes:
        request = self._requests()
        return request.replace(b"%07d", b"%07d" % self._number()) if b"%07d" in request else request

    async def _open(self, due: float) -> None:
        patience = self.order.patience_s
        try:
            async with asyncio.timeout(None if patience is None else due + patience - perf_counter()):
                made = await self.loop.create_connection(lambda: _Connection(self), "127.0.0.1", self.order.port)
        except TimeoutError:
            self.left += 1
        except OSError:
            self.broken += 1
        else:
            self.connections += 1
            if not made[1].send(self._request(), due):
                self.broken += 1

    def give_up(self, now: float) -> None:
        while self.asked and self.asked[0][0] <= now:
            _, connection, number = self.asked.popleft()
            if connection.number == number and connection.due is not None:
                self.left += 1
                connection.close()


class _Connection(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._buffer = b""
        self.due: float | None = None
        self.number = 0
        """The number of requests sent on it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by behaviour alone
        self._load.everyone.add(self)

    def send(self, request: bytes, due: float) -> bool:
        if self._transport.is_closing():
            return False
        self.due = due
        self.number += 1
        self._transport.write(request)
        if self._load.order.patience_s is not None:
            self._load.asked.append((due + self._load.order.patience_s, self, self.number))
        return True

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data
        head = buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        found = _LENGTH.search(buffer, 0, head + 2)
        if found is None or len(buffer) < head + 4 + int(found[1]):
            return
        self._buffer = b""
        self._answered(buffer[: head + 2].lower())

    def _answered(self, head: bytes) -> None:
        load, due = self._load, self.due
        if due is None:
            return
        status = int(head[9:12])
        load.statuses[status] += 1
        load.times_ms.setdefault(status, []).append((perf_counter() - due) * 1000)
        if status == 503 and b"\r\nretry-after: " not in head:
            load.without_retry_after += 1
        self.due = None
        if b"\r\nconnection: close\r\n" in head:
            self.close()
        else:
            load.idle.append(self)

    def close(self) -> None:
        self.due = None
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.everyone.discard(self)
        if self.due is not None:
            self.due = None
            self._load.broken += 1


async def run(order: Order) -> Result:
    loop = asyncio.get_running_loop()
    load = _Load(order, loop)
    cpu, begun = cpu_s(), perf_counter()
    total, sent = int(order.rate * order.seconds), 0
    while sent < total:
        now = perf_counter()
        while sent < total and (due := begun + sent / order.rate) <= now:
            load.send(due)
            sent += 1
        load.give_up(now)
        await asyncio.sleep(TICK_S)
    last = perf_counter() + LAST_S
    while load.pending and perf_counter() < last:
        await asyncio.sleep(TICK_S)
        load.give_up(perf_counter())
    unanswered = load.pending
    for connection in [*load.everyone]:
        connection.close()
    return Result(
        sent - load.unsent,
        load.unsent,
        dict(load.statuses),
        load.left,
        load.broken,
        unanswered,
        load.without_retry_after,
        {status: sorted(times) for status, times in load.times_ms.items()},
        load.late_s * 1000,
        cpu_s() - cpu,
        load.connections,
    )


if __name__ == "__main__":
    main(Order, run)
