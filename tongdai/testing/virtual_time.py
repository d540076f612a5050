"""A loop whose time passes only by waiting: hours of asyncio in seconds, the same for the same seed."""

import asyncio
import heapq
import random
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
EPOCH = datetime(2026, 1, 5, tzinfo=UTC)
"""When a loop begins: a Monday."""


class _NothingOutside(selectors.SelectSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return []


STANDSTILL = 1_000_000
"""Rounds of the loop without time passing, after which somebody waits in vain and asks again at once."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Never waits: where nothing is ready, time jumps to the next timer. What is ready at once runs in an order of the
    seed's choosing. For code that waits for timers and for itself only; with sockets, time would run away."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(_NothingOutside())
        self._virtual_s = 0.0
        self._rounds = 0
        """Since time has passed."""
        self._rng = rng

    def time(self) -> float:
        return self._virtual_s

    def _run_once(self) -> None:
        base: Any = self  # names of CPython's own loop, the same from 3.11 to 3.14
        timers, ready = base._scheduled, base._ready  # noqa: SLF001
        while timers and timers[0]._cancelled:  # noqa: SLF001
            heapq.heappop(timers)._scheduled = False  # noqa: SLF001
            base._timer_cancelled_count -= 1  # noqa: SLF001
        if len(ready) > 1:
            handles = list(ready)
            self._rng.shuffle(handles)
            ready.clear()
            ready.extend(handles)
        elif not ready and timers and timers[0].when() > self._virtual_s:
            self._virtual_s, self._rounds = timers[0].when(), 0
        elif not ready and not timers and not base._stopping:  # noqa: SLF001
            raise RuntimeError("all wait for one another: nothing is ready and no timer runs")
        self._rounds += 1
        if self._rounds > STANDSTILL:
            raise RuntimeError("time stands still: something runs again and again without waiting")
        super()._run_once()  # type: ignore[misc]


class LoopClock:
    """Implements `tongdai.clock.Clock` by the time of the running loop."""

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run(main: Coroutine[Any, Any, T], rng: random.Random) -> T:
    """`asyncio.run` in virtual time."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(rng)) as runner:
        return runner.run(main)
