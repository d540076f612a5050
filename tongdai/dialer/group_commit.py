"""What many ask for at once is done together: a transaction for all costs little more than for one."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from tongdai.db.pool import unreachable

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

MOST = 100
"""In one transaction."""


class Together(Generic[Ask, Answer]):
    """What is asked for while one transaction is under way goes into the next one; alone, it does not wait."""

    def __init__(self, do: Callable[[Sequence[Ask]], Coroutine[Any, Any, Sequence[Answer]]], within_s: float) -> None:
        """`do` answers each in its order, all or none of them, and gets `within_s` for it."""
        self._do, self._within_s = do, within_s
        self._asked: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._working: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Future[Sequence[Answer]]] = set()

    async def __call__(self, ask: Ask) -> Answer:
        """Raises what `do` raises for it. Who stops waiting may find it done all the same."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.append((ask, answer))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while some := self._next():
                await self._answer(some)
        finally:
            self._working = None

    def _next(self) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        """Those for whom somebody still waits."""
        some: list[tuple[Ask, asyncio.Future[Answer]]] = []
        while self._asked and len(some) < MOST:
            ask, answer = self._asked.popleft()
            if not answer.done():
                some.append((ask, answer))
        return some

    async def _answer(self, some: Sequence[tuple[Ask, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._done([ask for ask, _ in some])
        except Exception as error:
            if len(some) > 1 and not unreachable(error):
                for one in some:  # so that what one brings about hits none of the others
                    if not one[1].done():  # who waits behind those that take long has given up
                        await self._answer([one])
                return
            for _, answer in some:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), given in zip(some, answers, strict=True):
            if not answer.done():
                answer.set_result(given)

    async def _done(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        """One that is given up is not waited for: a connection that hears nothing takes long to be cancelled."""
        doing = asyncio.ensure_future(self._do(asks))
        self._under_way.add(doing)
        doing.add_done_callback(self._over)
        try:
            await asyncio.wait((doing,), timeout=self._within_s)
        finally:
            doing.cancel()
        if not doing.done():
            raise TimeoutError
        return doing.result()

    def _over(self, doing: asyncio.Future[Sequence[Answer]]) -> None:
        self._under_way.discard(doing)
        if not doing.cancelled():
            doing.exception()  # looked at: whoever waited for it was told
