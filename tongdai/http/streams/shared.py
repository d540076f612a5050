"""Values that several event streams follow: each is read once for all of them.

A stream polls. The first one that asks reads; those who ask meanwhile, or within `fresh_s` of its beginning, get the
same. So nothing is read while nobody follows, a value costs the same however many do, and there is one reading of it at
a time. Readings that nobody asks for are dropped: there are no more than streams.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tongdai.http.request import ClientGone

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Reading(Generic[T]):
    began_at: float
    task: asyncio.Task[T]


class SharedReadings(Generic[K, T]):
    """The readings of the streams of one process."""

    def __init__(self, fresh_s: float) -> None:
        """`fresh_s`: how long after its beginning a reading serves others."""
        self._fresh_s = fresh_s
        self._readings: dict[K, _Reading[T]] = {}

    def __len__(self) -> int:
        return len(self._readings)

    async def read(self, key: K, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The value of a key, by `read` or by that of another stream. Raises what it raises; but a reading that ended
        because the other's client left is made again."""
        while True:
            reading, own = self._current(key, read)
            try:
                # Whoever began it may leave; the others want the value.
                return await asyncio.shield(reading.task)
            except ClientGone:
                if own:
                    raise
                self._drop(key, reading)

    def _current(self, key: K, read: Callable[[], Coroutine[Any, Any, T]]) -> tuple[_Reading[T], bool]:
        now = asyncio.get_running_loop().time()
        found = self._readings.get(key)
        if found is not None and self._serves(found, now):
            return found, False
        self._readings = {of: one for of, one in self._readings.items() if self._serves(one, now)}
        made = _Reading(now, asyncio.create_task(read()))
        made.task.add_done_callback(_retrieve)
        self._readings[key] = made
        return made, True

    def _serves(self, reading: _Reading[T], now: float) -> bool:
        return not reading.task.done() or now - reading.began_at < self._fresh_s

    def _drop(self, key: K, reading: _Reading[T]) -> None:
        if self._readings.get(key) is reading:
            del self._readings[key]


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Failures are raised to those who wait; nobody may."""
    if not task.cancelled():
        task.exception()
