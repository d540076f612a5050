"""Hashes of passwords, Argon2id, made in threads: each takes tens of milliseconds of a core.

Anybody can ask for one. Addresses take turns, and of the requests that may wait one address has half at most: one that
sends passwords without end leaves the others their turns.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tongdai.errors import Overloaded
from tongdai.runtime.turns import Turns

T = TypeVar("T")

AT_ONCE = 2
WAITING = 30
"""How many may wait for their turn or have it; others are refused: they would wait for seconds."""
WAITING_EACH = WAITING // 2
"""How many of one address."""
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """The hashing of passwords in this process."""

    def __init__(self) -> None:
        self._turns = Turns(AT_ONCE, AT_ONCE)
        self._waiting = Counter[str]()

    async def hash(self, password: str, address: str = "") -> str:
        """The stored form of a password, which somebody at that address sent; Overloaded when too many wait."""
        return await self._in_turn(address, _hasher.hash, password)

    async def matches(self, password: str, stored: str | None, address: str) -> bool:
        """Whether it is the password. Without a stored one the same work is done: how long it takes tells nothing.

        Overloaded, before anything is compared, when too many wait.
        """
        return await self._in_turn(address, _matches, password, stored)

    async def _in_turn(self, address: str, work: Callable[..., T], *arguments: str | None) -> T:
        if self._waiting.total() >= WAITING or self._waiting[address] >= WAITING_EACH:
            raise Overloaded
        self._waiting[address] += 1
        try:
            async with self._turns.of(hash(address)):
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]


def _matches(password: str, stored: str | None) -> bool:
    try:
        right = _hasher.verify(stored or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")
