"""Open consoles: many event streams, and people whose changes they show, in a process of its own.

It reads one order a line (JSON) on standard input and answers each with one line on standard output.
"""

import asyncio
import re
from time import perf_counter
from typing import cast

import msgspec

from bench.load_process import cpu_s, main

_NAME = re.compile(rb"Change (\d{7})")
OPENED_S = 30.0


class Order(msgspec.Struct):
    port: int
    stream: bytes
    """The request that opens a stream."""
    streams: int
    change: bytes
    """The request that changes something, with `%07d` where its number is written. A stream shows `Change <number>`."""
    changes: int
    numbers_from: int
    """The number of the first change; earlier ones are not waited for."""
    every_s: float
    """Between two changes, longer than one takes to be shown."""


class Result(msgspec.Struct):
    ages_ms: list[float]
    """From the answer to a change until a stream shows it, of all streams and changes, sorted."""
    missing: int
    """Changes that a stream did not show before the next one."""
    broken: int
    """Streams that were refused or ended."""
    megabytes: float
    """Received by all streams."""
    seconds: float
    cpu_s: float

    def age_ms(self, share: float) -> float:
        """The age that `share` of the changes had at most when they were shown."""
        return self.ages_ms[min(len(self.ages_ms) - 1, int(len(self.ages_ms) * share))]


class _Changes:
    """Changes, when they were answered, and how old they were when a stream showed them."""

    def __init__(self) -> None:
        self.answered: dict[int, float] = {}
        self.ages_ms: list[float] = []
        self.received = 0

    def shown(self, number: int) -> None:
        at = self.answered.get(number)  # None: it is shown before the answer to it comes
        self.ages_ms.append(0.0 if at is None else (perf_counter() - at) * 1000)


class _Stream(asyncio.Protocol):
    def __init__(self, changes: _Changes, order: Order, loop: asyncio.AbstractEventLoop) -> None:
        self._changes, self._request = changes, order.stream
        self._tail = b""
        self._last = order.numbers_from - 1
        self.opened: asyncio.Future[bool] = loop.create_future()
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)  # uvloop's is one by behaviour alone

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            self.opened.set_result(data.startswith(b"HTTP/1.1 200"))
        self._changes.received += len(data)
        text = self._tail + data
        for found in _NAME.finditer(text):
            if (number := int(found[1])) > self._last:
                self._last = number
                self._changes.shown(number)
        self._tail = text[-20:]  # a name may come in two pieces

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if not self.opened.done():
            self.opened.set_result(False)


async def run(order: Order) -> Result:
    loop = asyncio.get_running_loop()
    changes = _Changes()
    made: list[tuple[asyncio.Transport, _Stream]] = []
    for _ in range(order.streams):  # one after the other, so that they do not ask at the same instant ever after
        transport, stream = await loop.create_connection(lambda: _Stream(changes, order, loop), "127.0.0.1", order.port)
        made.append((transport, stream))
        await asyncio.sleep(1 / order.streams)
    async with asyncio.timeout(OPENED_S):
        opened = await asyncio.gather(*(stream.opened for _, stream in made))
    began, cpu = perf_counter(), cpu_s()
    await _change(order, changes)
    seconds, used = perf_counter() - began, cpu_s() - cpu
    broken = sum(stream.ended or not there for (_, stream), there in zip(made, opened, strict=True))
    for transport, _ in made:
        transport.abort()
    missing = order.changes * order.streams - len(changes.ages_ms)
    return Result(sorted(changes.ages_ms), missing, broken, changes.received / 1e6, seconds, used)


async def _change(order: Order, changes: _Changes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", order.port)
    for of in range(order.numbers_from, order.numbers_from + order.changes):
        writer.write(order.change.replace(b"%07d", b"%07d" % of))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(head.decode("latin-1"))
        found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        assert found is not None, head
        await reader.readexactly(int(found[1]))
        changes.answered[of] = perf_counter()
        await asyncio.sleep(order.every_s)
    writer.close()


if __name__ == "__main__":
    main(Order, run)
