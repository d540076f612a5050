"""Which connections have begun a request whose head does not arrive. Pure.

A connection alternates between waiting for a request, receiving its head, and being answered. From outside, the bytes
received and the requests that began and ended on it tell these apart: bytes that arrive while no request is being
answered belong to a head.
"""

from collections.abc import Iterable
from typing import NamedTuple

Peer = tuple[str, str]
"""Address and port, as ASGI's scope has them."""


class Connection(NamedTuple):
    """A connection as it is seen at one instant."""

    identity: int
    peer: Peer
    received: int
    """Bytes since it was opened."""
    steps: int
    """Requests that began on it and requests that ended: odd while one is being answered."""


class _Before(NamedTuple):
    received: int
    """When the present wait for a request began."""
    steps: int
    head_since: float | None
    """When the first bytes of a head were noticed."""


class Heads:
    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._before: dict[int, _Before] = {}

    def overdue(self, now: float, connections: Iterable[Connection]) -> set[int]:
        """The connections whose head has been arriving for longer than the limit.

        `connections` are all that are open. Bytes that arrived before a connection was first seen idle cannot be
        distinguished from those of the request before: the limit begins with the next ones.
        """
        self._before = {one.identity: self._after(one, now) for one in connections}
        return {
            identity
            for identity, (_, _, since) in self._before.items()
            if since is not None and now - since >= self._limit_s
        }

    def _after(self, one: Connection, now: float) -> _Before:
        before = self._before.get(one.identity)
        if before is None and one.steps == 0:
            before = _Before(0, 0, None)
        if before is None or before.steps != one.steps or one.steps % 2:
            return _Before(one.received, one.steps, None)
        if before.head_since is None and one.received > before.received:
            return before._replace(head_since=now)
        return before
