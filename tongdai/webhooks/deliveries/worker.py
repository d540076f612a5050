"""Delivers the outbox: a queue for each webhook, each with requests and connections of its own.

    every POLL_S: webhooks with something due, whose queue nobody has ─→ a task for each, until nothing is due

    task    take the lease ─→ ⟲ [ send ≤ AT_ONCE at once ]  [ record results, fetch more: one transaction at a time ]
            ─→ hand the lease back

Owns the queues that it has taken, by leases. A request begins only while the lease outlasts it, so that whoever takes
the queue after a crash, or from an engine that hangs, sends nothing that is still under way. A process that is stopped
between that check and the request is the exception: a message may then arrive twice, as after a crash.

A result is recorded under the fence of the lease. What was sent and not recorded is sent again: at least once, with the
same `webhook-id`. A receiver that does not answer keeps its own AT_ONCE requests busy, and nobody else's.

Asserted: no message is under way twice in this process; at most AT_ONCE to a webhook.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import structlog

from tongdai import metrics
from tongdai.clock import Clock, SystemClock, since_boot
from tongdai.db.pool import Connection, Pool
from tongdai.db.unavailable import unavailable
from tongdai.ids import TenantId, WebhookId
from tongdai.webhooks import store as webhooks
from tongdai.webhooks.address import Rules
from tongdai.webhooks.deliveries import store
from tongdai.webhooks.deliveries.bodies import body_of
from tongdai.webhooks.deliveries.core import GONE, failing_too_long, verdict
from tongdai.webhooks.deliveries.model import Due, Fault, Owned, Tried
from tongdai.webhooks.deliveries.sender import AT_ONCE, Sender
from tongdai.webhooks.deliveries.store import Outcome
from tongdai.webhooks.model import OffReason, Webhook

log = structlog.get_logger()

POLL_S = 0.2
FETCHED = 128
"""Messages that a queue has in memory at most."""
LOW = 32
"""It fetches more when it has fewer."""
STOP_S = 5.0
MARGIN_S = 1.0
"""Seconds that a lease must have left beside the longest request."""
WHY = {OffReason.GONE: "it answered 410", OffReason.FAILING: "nothing was delivered for days"}


@dataclass(frozen=True, slots=True)
class Options:
    pepper: bytes
    rules: Rules
    trusted: ssl.SSLContext
    """The certificates that receivers may have."""
    timeout_s: float = 15.0
    """Seconds for a request, from the connection to the end of the response."""

    @property
    def lease_s(self) -> float:
        """A queue of an engine that is gone is taken by another after so long."""
        return self.timeout_s * 2 + MARGIN_S * 2


class Deliveries:
    """The queues that one engine has."""

    def __init__(
        self, pool: Pool, options: Options, clock: Clock | None = None, chance: Callable[[], float] = random.random
    ) -> None:
        self._pool, self._options, self._clock, self._chance = pool, options, clock or SystemClock(), chance
        self._owner = uuid4()
        self._queues: dict[tuple[TenantId, WebhookId], asyncio.Task[None]] = {}

    async def begin(self) -> int:
        """Begin to send to the webhooks for which something is due; returns their number."""
        async with self._pool.acquire() as conn:
            found = [key for key in await store.with_due(conn) if key not in self._queues]
        for key in found:
            task = asyncio.create_task(self._queue(key))
            self._queues[key] = task
            task.add_done_callback(lambda _, key=key: self._queues.pop(key))
        return len(found)

    async def stop(self) -> None:
        """Stop sending, and hand the queues back. What was under way is sent again."""
        tasks = list(self._queues.values())
        for task in tasks:
            task.cancel()
        if tasks:  # a database that does not answer must not hold the process: the leases end by themselves
            await asyncio.wait(tasks, timeout=STOP_S)

    async def idle(self) -> None:
        """Wait until the queues that were begun are empty."""
        await asyncio.gather(*self._queues.values())

    async def _queue(self, key: tuple[TenantId, WebhookId]) -> None:
        try:
            await self._deliver(*key)
        except Exception as error:
            # The next poll begins it again, at the latest when its lease is over.
            level, seen = (log.warning, None) if unavailable(error) else (log.error, error)
            level("deliveries interrupted", tenant=key[0], webhook=key[1], error=type(error).__name__, exc_info=seen)

    async def _deliver(self, tenant_id: TenantId, webhook_id: WebhookId) -> None:
        options, asked_at = self._options, since_boot()
        async with self._pool.acquire() as conn:
            owned = await store.take(conn, tenant_id, webhook_id, self._owner, timedelta(seconds=options.lease_s))
        if owned is None:
            return
        sender = Sender(options.rules, options.pepper, options.timeout_s, options.trusted, self._clock)
        queue = _Queue(self._pool, owned, sender, options, self._clock, self._chance, asked_at + options.lease_s)
        try:
            await queue.run()
        finally:
            await queue.close()
            await sender.close()
            async with self._pool.acquire() as conn:
                await store.hand_back(conn, owned)


class _Queue:
    """The queue of one webhook, while this engine has it."""

    def __init__(
        self,
        pool: Pool,
        owned: Owned,
        sender: Sender,
        options: Options,
        clock: Clock,
        chance: Callable[[], float],
        leased_until: float,
    ) -> None:
        self._pool, self._owned, self._sender, self._options = pool, owned, sender, options
        self._clock, self._chance, self._leased_until = clock, chance, leased_until
        self._webhook: Webhook | None = None
        self._ready: deque[Due] = deque()
        self._sending: dict[asyncio.Task[Outcome], Due] = {}
        self._done: list[Outcome] = []
        self._last = False
        """Nothing more is fetched: nothing was due, or the queue is another engine's, or the webhook is off."""
        self._fetch_at = 0.0
        """When to look again for more that is due, beside when results are recorded."""

    async def run(self) -> None:
        """Until nothing is due, or the queue must not be gone on with."""
        exchange: asyncio.Task[None] | None = None
        try:
            while True:
                if exchange is None and self._wants_exchange():
                    exchange = asyncio.create_task(self._exchange())
                self._send()
                waiting: set[asyncio.Task[Outcome] | asyncio.Task[None]] = {*self._sending}
                if exchange is not None:
                    waiting.add(exchange)
                if not waiting:
                    return
                done, _ = await asyncio.wait(waiting, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
                if exchange in done:
                    await exchange
                    exchange = None
                for task in [task for task in self._sending if task in done]:
                    del self._sending[task]
                    self._done.append(task.result())
        finally:
            await _cancelled([*self._sending, *([] if exchange is None else [exchange])])

    async def close(self) -> None:
        """Record what was sent; what is under way is not waited for."""
        self._last = True
        self._ready.clear()
        if self._done:
            await self._exchange()

    def _wants_exchange(self) -> bool:
        if self._done:
            return True
        due = len(self._ready) < LOW and since_boot() >= self._fetch_at
        return not self._last and (due or self._lease_s() < self._options.lease_s * 0.75)

    def _lease_s(self) -> float:
        return self._leased_until - since_boot()

    def _send(self) -> None:
        """Begin as many requests as may be under way."""
        while self._ready and len(self._sending) < AT_ONCE and self._lease_s() > self._options.timeout_s + MARGIN_S:
            assert self._webhook is not None, "what is ready was fetched with its webhook"
            one = self._ready.popleft()
            assert all(other.delivery_id != one.delivery_id for other in self._sending.values()), "it is under way"
            self._sending[asyncio.create_task(self._try(self._webhook, one))] = one

    async def _try(self, webhook: Webhook, one: Due) -> Outcome:
        at = self._clock.now()
        tried = await self._sent(webhook, one)
        metrics.WEBHOOK_TRIES.labels("delivered" if tried.fault is None else tried.fault).inc()
        if tried.fault is None:
            metrics.WEBHOOK_DELAY.observe((self._clock.now() - one.created_at).total_seconds())
        return Outcome(one.delivery_id, at, tried, verdict(tried, one.attempts + 1, self._chance()))

    async def _sent(self, webhook: Webhook, one: Due) -> Tried:
        try:
            body = body_of(one.message, webhook.target.body)
        except Exception:
            # It must not stand in the way of the others.
            log.exception("event not written", webhook=webhook.webhook_id, delivery=one.delivery_id)
            return Tried(None, Fault.DEFECT, 0)
        return await self._sender.send(webhook, one.message, body)

    async def _exchange(self) -> None:
        """Record what came of requests, renew the lease, and fetch more, in one transaction."""
        outcomes, self._done = self._done, []
        wanted = 0 if self._last else FETCHED - len(self._ready)
        but = [one.delivery_id for one in (*self._ready, *self._sending.values())]
        asked_at, lease = since_boot(), timedelta(seconds=self._options.lease_s)
        async with self._pool.acquire() as conn, conn.transaction():
            ours = await store.renew(conn, self._owned, lease)
            if ours and outcomes:
                ours = await store.record(conn, self._owned, outcomes)
                assert self._webhook is not None
                await self._note(conn, self._webhook, outcomes)
            found, more = (await store.due(conn, self._owned, but, wanted)) if ours and wanted else (self._webhook, [])
        if not ours or found is None:
            self._ready.clear()
            self._last = True
            return
        self._leased_until, self._webhook = asked_at + self._options.lease_s, found
        # What came back while this was under way is recorded by the next one.
        self._ready.extend(more)
        self._fetch_at = 0.0 if len(more) == wanted else since_boot() + POLL_S
        if not more and not self._ready and not self._sending and not self._done:
            self._last = True

    async def _note(self, conn: Connection, webhook: Webhook, outcomes: Sequence[Outcome]) -> None:
        """Note whether anything is delivered, and switch a webhook off to which nothing is for too long."""
        delivered = any(one.tried.fault is None for one in outcomes)
        if delivered == (webhook.failing_since is not None) or (not delivered and webhook.failing_since is None):
            await store.note_health(conn, self._owned, delivered=delivered)
        reason: OffReason | None = None
        if any(one.tried.status == GONE for one in outcomes):
            reason = OffReason.GONE
        elif not delivered and failing_too_long(webhook.failing_since, self._clock.now()):
            reason = OffReason.FAILING
        ids = (webhook.tenant_id, webhook.webhook_id)
        if reason is not None and await webhooks.switch_off(conn, *ids, reason, None):
            log.warning("webhook switched off", tenant=ids[0], webhook=ids[1], reason=reason, why=WHY[reason])


async def _cancelled(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
