"""Requests that wait for a place, and whether the next would wait for too long.

    at ease ──a request is refused──▶ strict ──none refused for EASED_S──▶ at ease

Under a load that lasts, whatever may wait does so all the time: strict, only as many may wait as get their place within
`crowded_s`. A burst is something else: a client with 20 connections uses all of them at once, waits for all answers,
and never has more under way. At ease, BURST may wait, until one of them has waited for BURST_S.
"""

import time
from math import inf

CROWDED_S = 0.05
"""A request that would wait longer than this for a connection is better refused: under a load that lasts, all would."""
READ_TIMES = 4
"""Its refusal costs ten of a request that has not been read, half as much as its answer does."""
BURST = 64
"""Requests that may wait while none is refused: fewer than a worker handles at once."""
BURST_S = 0.5
EASED_S = 1.0
"""The time in `Retry-After` of a refusal."""
AVERAGED = 64
"""Requests over which the time between two is averaged."""


class Waiting:
    def __init__(self, may_wait: int, crowded_s: float = CROWDED_S, burst: int = BURST) -> None:
        """`may_wait`: the number of requests that may wait, however long places are held."""
        self._may_wait = may_wait
        self._crowded_s = crowded_s
        self._burst = burst
        self._refused_at = -inf
        self._since: dict[object, float] = {}
        """Requests that wait, oldest first, and since when."""
        self._every_s = 0.0
        """The time between two that get a place while others wait; a moving average."""
        self._got_at = 0.0
        """When the last of those that waited got one."""

    def __len__(self) -> int:
        return len(self._since)

    def refuses(self, before: int, *, read: bool = False) -> bool:
        """Whether a request that comes after so many would wait for too long; it is refused then.

        One that has been `read` may wait for READ_TIMES as long.
        """
        if before < self._may_wait:
            return False
        now = time.monotonic()
        if before < self._room(now, self._crowded_s * (READ_TIMES if read else 1)):
            return False
        self._refused_at = now
        return True

    def _room(self, now: float, crowded_s: float) -> float:
        """How many may wait: as many as get a place within `crowded_s`, and few when one has waited for longer."""
        waited_s = now - next(iter(self._since.values()), now)
        burst = self._burst if waited_s <= BURST_S and now - self._refused_at > EASED_S else 0
        if waited_s > crowded_s:
            return max(self._may_wait, burst)
        return max(self._may_wait, burst, crowded_s / self._every_s if self._every_s else inf)

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
