"""Hashes of passwords, Argon2id, made in threads: each takes tens of milliseconds of a core."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tongdai.errors import Overloaded

T = TypeVar("T")

AT_ONCE = 2
WAITING = 30
"""How many may wait for their turn; others are refused: they would wait for seconds."""
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """The hashing of passwords in this process."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        return await self._in_turn(_hasher.hash, password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether it is the password. Without a stored one the same work is done: how long it takes tells nothing."""
        return await self._in_turn(_matches, password, stored)

    async def _in_turn(self, work: Callable[..., T], *arguments: str | None) -> T:
        if self._waiting >= WAITING:
            raise Overloaded
        self._waiting += 1
        try:
            async with self._places:
                return await asyncio.to_thread(work, *arguments)
        finally:
            self._waiting -= 1


def _matches(password: str, stored: str | None) -> bool:
    try:
        right = _hasher.verify(stored or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return right and stored is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("the password of nobody")
