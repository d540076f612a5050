"""Group commit: batches concurrent requests into one transaction, which costs little more than a transaction for one.

    ask → [pending …] → one batch of at most MAX_BATCH, one transaction → each caller's answer

What is asked while a transaction runs goes into the next one; alone, a request does not wait. Owns one task while
anything is pending. When a batch fails by something other than an unavailable database, its requests are done one by
one, so that one bad request fails alone. A transaction that takes longer than its time is given up without waiting for
it to stop: a connection that hears nothing takes long to be cancelled.

A caller that stops waiting may find its request done all the same: what is asked must be idempotent.

Asserted: one batch at a time; a batch is not empty, and has an answer for each of its requests, in order.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

import asyncpg

from tongdai.db.unavailable import unavailable

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")

MAX_BATCH = 100


class GroupCommit(Generic[Ask, Answer]):
    def __init__(
        self, commit: Callable[[Sequence[Ask]], Coroutine[Any, Any, Sequence[Answer]]], within_s: float
    ) -> None:
        """`commit` does all of a batch or nothing of it, within `within_s`, and returns the answers in order."""
        self._commit, self._within_s = commit, within_s
        self._pending: deque[tuple[Ask, asyncio.Future[Answer]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._transactions: set[asyncio.Future[Sequence[Answer]]] = set()
        """Running ones, and those given up that have not stopped yet."""

    async def __call__(self, ask: Ask) -> Answer:
        """Raises what `commit` raises for it, and TimeoutError."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending.append((ask, answer))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while batch := self._next_batch():
                await self._answer(batch)
        finally:
            self._worker = None

    def _next_batch(self) -> list[tuple[Ask, asyncio.Future[Answer]]]:
        """Without the requests whose caller stopped waiting."""
        batch: list[tuple[Ask, asyncio.Future[Answer]]] = []
        while self._pending and len(batch) < MAX_BATCH:
            ask, answer = self._pending.popleft()
            if not answer.done():
                batch.append((ask, answer))
        return batch

    async def _answer(self, batch: Sequence[tuple[Ask, asyncio.Future[Answer]]]) -> None:
        assert batch, "an empty batch"
        try:
            answers = await self._transaction([ask for ask, _ in batch])
            assert len(answers) == len(batch), f"{len(answers)} answers for a batch of {len(batch)}"
        except Exception as error:
            if len(batch) > 1 and (isinstance(error, asyncpg.LockNotAvailableError) or not unavailable(error)):
                for one in batch:
                    if not one[1].done():  # its caller may have stopped waiting by now
                        await self._answer([one])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), given in zip(batch, answers, strict=True):
            if not answer.done():
                answer.set_result(given)

    async def _transaction(self, asks: Sequence[Ask]) -> Sequence[Answer]:
        transaction = asyncio.ensure_future(self._commit(asks))
        self._transactions.add(transaction)
        transaction.add_done_callback(self._stopped)
        try:
            await asyncio.wait((transaction,), timeout=self._within_s)
        finally:
            transaction.cancel()
        if not transaction.done():
            raise TimeoutError
        return transaction.result()

    def _stopped(self, transaction: asyncio.Future[Sequence[Answer]]) -> None:
        self._transactions.discard(transaction)
        if not transaction.cancelled():
            transaction.exception()  # retrieved: its callers have their answers
