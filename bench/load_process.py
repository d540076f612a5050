"""A process that makes load: it reads one order a line (JSON) on standard input, and answers each with one line on
standard output."""

import asyncio
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from tongdai.runtime.os_process import die_with_parent

Ordered = TypeVar("Ordered")


def cpu_s() -> float:
    """Processor time of this process, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(kind: type[Ordered], run: Callable[[Ordered], Awaitable[object]]) -> None:
    """Carry out orders until standard input ends."""
    die_with_parent(signal.SIGTERM)
    import uvloop  # noqa: PLC0415 - only here, not where orders and results are used

    async def carried_out(order: Ordered) -> object:
        return await run(order)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin.buffer:
            result = runner.run(carried_out(msgspec.json.decode(line, type=kind)))
            sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
            sys.stdout.buffer.flush()
