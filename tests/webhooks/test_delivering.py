"""Deliveries to a real receiver: signed, retried, each in its queue, once recorded."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.support.receiver import Received, receiver
from tongdai.db.pool import Connection, Pool
from tongdai.ids import TenantId
from tongdai.testing import factories
from tongdai.webhooks import outbox, store
from tongdai.webhooks.address import Rules
from tongdai.webhooks.deliveries import core, history
from tongdai.webhooks.deliveries import store as queues
from tongdai.webhooks.deliveries.model import DeliveryState, Fault, Tried, Verdict
from tongdai.webhooks.deliveries.sender import AT_ONCE
from tongdai.webhooks.deliveries.worker import Deliveries, Options
from tongdai.webhooks.model import Body, Event, OffReason, Target, Webhook, secret_of, shown_secret

PEPPER = b"pepper" * 8
TRUSTED = ssl.create_default_context()
HERE = Rules(http=True, private=True)


@asynccontextmanager
async def engine(pool: Pool, rules: Rules = HERE, timeout_s: float = 5.0) -> AsyncGenerator[Deliveries]:
    deliveries = Deliveries(pool, Options(PEPPER, rules, TRUSTED, timeout_s))
    try:
        yield deliveries
    finally:
        await deliveries.stop()


async def registered(
    conn: Connection, tenant_id: TenantId, url: str, *events: Event, body: Body = Body.TONGDAI
) -> Webhook:
    target = Target(url, "", events or (Event.IMPORT_DONE,), body)
    made = await store.create(conn, tenant_id, target, "key 1", uuid4().bytes, None)
    assert made is not None
    return made


async def published(conn: Connection, tenant_id: TenantId, count: int = 1) -> None:
    async with conn.transaction():
        await outbox.publish(conn, tenant_id, Event.IMPORT_DONE, *({"n": n} for n in range(count)))


async def delivered(pool: Pool, *, rules: Rules = HERE) -> None:
    """Deliver until nothing is due."""
    async with engine(pool, rules) as deliveries:
        await deliveries.begin()
        await deliveries.idle()


async def listed(conn: Connection, webhook: Webhook) -> list[tuple[str, int, str | None]]:
    found = await history.after(conn, webhook.tenant_id, webhook.webhook_id, None, None, 100)
    return [(one.state, one.attempts, one.fault) for one in reversed(found)]


def secret(webhook: Webhook) -> str:
    return shown_secret(secret_of(PEPPER, webhook.tenant_id, webhook.keys.salt))


@pytest.fixture
async def own(own_pool: Pool) -> AsyncGenerator[Connection]:
    async with own_pool.acquire() as conn:
        await conn.execute("update webhook set enabled = false, off_reason = 'asked', off_at = now() where enabled")
        yield conn


@pytest.fixture
async def by(own: Connection) -> TenantId:
    return await factories.tenant(own)


async def test_request_is_signed_by_the_standard_and_has_the_key(own_pool: Pool, own: Connection, by: TenantId) -> None:
    async with receiver() as there:
        webhook = await registered(own, by, there.url)
        await published(own, by)
        await delivered(own_pool)
        (got,) = there.received
        assert got.verified_by(secret(webhook))["type"] == "import.done"
        assert (got.headers["authorization"], got.headers["content-type"]) == ("key 1", "application/json")
        assert got.json["data"] == {"n": 0}
        assert await listed(own, webhook) == [("delivered", 1, None)]


async def test_nothing_is_written_for_who_did_not_subscribe(own: Connection, by: TenantId) -> None:
    webhook = await registered(own, by, "https://a.example", Event.CALL_ANSWERED)
    await published(own, by)
    assert await listed(own, webhook) == []


async def test_rolled_back_event_is_never_delivered(own_pool: Pool, own: Connection, by: TenantId) -> None:
    async with receiver() as there:
        webhook = await registered(own, by, there.url)
        transaction = own.transaction()
        await transaction.start()
        await outbox.publish(own, by, Event.IMPORT_DONE, {"n": 1})
        await transaction.rollback()
        await delivered(own_pool)
        assert (there.received, await listed(own, webhook)) == ([], [])


async def test_failed_try_is_repeated_with_the_same_id_and_a_new_signature(
    own_pool: Pool, own: Connection, by: TenantId
) -> None:
    statuses = iter([500, 302, 204])
    async with receiver(lambda _: (next(statuses), {"location": "http://127.0.0.1:1/"})) as there:
        webhook = await registered(own, by, there.url)
        await published(own, by)
        for state in ("waiting", "waiting", "delivered"):
            await delivered(own_pool)
            ((found, _, _),) = await listed(own, webhook)
            assert found == state
            await own.execute("update webhook_outbox set due_at = now() - interval '1 s' where tenant_id = $1", by)
        assert len({got.id for got in there.received}) == 1
        assert [got.verified_by(secret(webhook)) for got in there.received]
        assert await listed(own, webhook) == [("delivered", 3, None)]


async def test_receiver_says_when_to_come_again(own_pool: Pool, own: Connection, by: TenantId) -> None:
    async with receiver(lambda _: (429, {"Retry-After": "7000"})) as there:
        webhook = await registered(own, by, there.url)
        await published(own, by)
        await delivered(own_pool)
        (found,) = await history.after(own, by, webhook.webhook_id, DeliveryState.WAITING, None, 10)
        assert found.due_at is not None
        assert found.tried_at is not None
        assert timedelta(seconds=6990) < found.due_at - found.tried_at < timedelta(seconds=7030)


async def test_receiver_that_is_gone_is_switched_off_and_the_audit_says_so(
    own_pool: Pool, own: Connection, by: TenantId
) -> None:
    async with receiver(lambda _: (410, {})) as there:
        webhook = await registered(own, by, there.url)
        await published(own, by)
        await delivered(own_pool)
        found = await store.find(own, by, webhook.webhook_id)
        assert found is not None
        assert (found.enabled, found.off_reason) == (False, OffReason.GONE)
        assert await own.fetchval("select count(*) from audit where tenant_id = $1 and action = 'webhook.off'", by) == 1
        assert await listed(own, webhook) == [("failed", 1, Fault.REFUSED)]


async def test_receiver_to_which_nothing_was_delivered_for_days_is_switched_off(
    own_pool: Pool, own: Connection, by: TenantId
) -> None:
    async with receiver(lambda _: (500, {})) as there:
        webhook = await registered(own, by, there.url)
        await own.execute(
            "update webhook set failing_since = now() - $2::interval where tenant_id = $1", by, core.OFF_AFTER
        )
        await published(own, by, 3)
        await delivered(own_pool)
        found = await store.find(own, by, webhook.webhook_id)
        assert found is not None
        assert found.off_reason is OffReason.FAILING
        there.answer = lambda _: (200, {})
        async with own.transaction():
            await store.switch_on(own, found, None)
        await own.execute("update webhook_outbox set due_at = now() - interval '1 s' where tenant_id = $1", by)
        await delivered(own_pool)
        assert await listed(own, webhook) == [("delivered", 2, None)] * 3


async def test_one_delivery_among_failures_keeps_it_on(own_pool: Pool, own: Connection, by: TenantId) -> None:
    statuses = iter([500, 200])
    async with receiver(lambda _: (next(statuses), {})) as there:
        webhook = await registered(own, by, there.url)
        for _ in range(2):
            await published(own, by)
            await delivered(own_pool)
        found = await store.find(own, by, webhook.webhook_id)
        assert found is not None
        assert (found.enabled, found.failing_since) == (True, None)


async def test_receiver_that_does_not_answer_delays_no_other(own_pool: Pool, own: Connection, by: TenantId) -> None:
    async with receiver(lambda _: None) as dead, receiver() as healthy:
        await registered(own, by, dead.url)
        await registered(own, by, healthy.url)
        await published(own, by, 100)
        async with engine(own_pool, timeout_s=60) as deliveries:
            assert await deliveries.begin() == 2
            await healthy.have(100)
            await dead.have(AT_ONCE)
        assert (len(dead.received), dead.most_at_once) == (AT_ONCE, AT_ONCE)
        assert healthy.most_at_once <= AT_ONCE


async def test_two_engines_share_the_webhooks_and_send_nothing_twice(
    own_pool: Pool, own: Connection, by: TenantId
) -> None:
    async with receiver() as one, receiver() as other:
        for there in (one, other):
            await registered(own, by, there.url)
        await published(own, by, 200)
        async with engine(own_pool) as first, engine(own_pool) as second:
            await asyncio.gather(first.begin(), second.begin())
            await asyncio.gather(first.idle(), second.idle())
        for there in (one, other):
            assert len(there.received) == len({got.id for got in there.received}) == 200
            assert there.most_at_once <= AT_ONCE


async def test_result_of_an_engine_that_lost_its_queue_is_not_recorded(own: Connection, by: TenantId) -> None:
    webhook = await registered(own, by, "https://a.example")
    await published(own, by)
    ids = (by, webhook.webhook_id)
    stalled = await queues.take(own, *ids, uuid4(), timedelta(0))
    assert stalled is not None
    assert await queues.take(own, *ids, uuid4(), timedelta(seconds=60)) is not None
    assert await queues.take(own, *ids, uuid4(), timedelta(seconds=60)) is None
    _, (due,) = await queues.due(own, stalled, [], 10)
    outcome = queues.Outcome(due.delivery_id, datetime.now(UTC), Tried(200, None, 1), Verdict(DeliveryState.DELIVERED))
    assert not await queues.renew(own, stalled, timedelta(seconds=60))
    assert not await queues.record(own, stalled, [outcome])
    assert await listed(own, webhook) == [("waiting", 0, None)]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "2130706433"])
async def test_this_machine_is_not_asked(own_pool: Pool, own: Connection, by: TenantId, host: str) -> None:
    async with receiver() as there:
        webhook = await registered(own, by, f"http://{host}:{there.port}/")
        await published(own, by)
        await delivered(own_pool, rules=Rules(http=True))
        ((state, _, fault),) = await listed(own, webhook)
        assert (state, there.received) == ("waiting", [])
        assert fault in {Fault.FORBIDDEN, Fault.NO_ADDRESS}


async def test_queue_is_handed_back_and_taken_by_another_engine(own_pool: Pool, own: Connection, by: TenantId) -> None:
    held: list[Received] = []

    def first_hangs(got: Received) -> tuple[int, dict[str, str]] | None:
        held.append(got)
        return None if len(held) <= AT_ONCE else (200, {})

    async with receiver(first_hangs) as there:
        webhook = await registered(own, by, there.url)
        await published(own, by, 20)
        async with engine(own_pool, timeout_s=60) as deliveries:
            await deliveries.begin()
            await there.have(AT_ONCE)
        await delivered(own_pool)
        assert await listed(own, webhook) == [("delivered", 1, None)] * 20
