"""Requests that wait for a place, and whether the next would wait for too long."""

import time

CROWDED_S = 0.05
"""A request that would wait longer than this for a connection is better refused: under a load that lasts, all would."""
AVERAGED = 64
"""Requests over which the time between two is averaged."""


class Waiting:
    def __init__(self, may_wait: int, crowded_s: float = CROWDED_S) -> None:
        """`may_wait`: the number of requests that may wait, however long places are held."""
        self._may_wait = may_wait
        self._crowded_s = crowded_s
        self._since: dict[object, float] = {}
        """Requests that wait, oldest first, and since when."""
        self._every_s = 0.0
        """The time between two that get a place while others wait; a moving average."""
        self._got_at = 0.0
        """When the last of those that waited got one."""

    def __len__(self) -> int:
        return len(self._since)

    def crowded(self, more: int = 0) -> bool:
        """Whether a request that comes after `more` others would wait for too long."""
        return len(self._since) + more >= self.room()

    def room(self) -> float:
        """How many may wait: as many as get a place within `crowded_s`, and few when one has waited for longer."""
        if self._since and time.monotonic() - next(iter(self._since.values())) > self._crowded_s:
            return self._may_wait
        return max(self._may_wait, self._crowded_s / self._every_s) if self._every_s else float("inf")

    def add(self) -> object:
        one = object()
        self._since[one] = time.monotonic()
        return one

    def remove(self, one: object) -> None:
        """Forget one that gave up."""
        del self._since[one]

    def served(self, one: object) -> None:
        """Forget one that got its place."""
        since, now = self._since.pop(one), time.monotonic()
        if since < self._got_at:  # there was somebody waiting ever since
            self._every_s += (now - self._got_at - self._every_s) / AVERAGED
        self._got_at = now
