"""Events of calls: written by the transaction of the step, with the call as it is then."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tests.support import call_steps, callers
from tests.support.call_scene import LEASE, due_contacts, now_of, placed, running_campaign, terms_of
from tests.support.calls import new_queue
from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.calls.inbound import store as inbound
from tongdai.calls.inbound.model import Arrival, InboundEnding
from tongdai.calls.model import Ending
from tongdai.db.pool import Connection
from tongdai.ids import TenantId
from tongdai.switches.model import DEFAULT
from tongdai.webhooks import store
from tongdai.webhooks.deliveries import history
from tongdai.webhooks.deliveries.bodies import body_of
from tongdai.webhooks.deliveries.model import Message
from tongdai.webhooks.model import Body, Event, Target, Webhook

VENDOR = (
    "call_id call_status direction caller_number destination_number starttime answertime endtime hangup_by hotline "
    "total_duration holding_duration recording_url objectId transactionID userName eventType"
)


@pytest.fixture
async def hook(conn: Connection, tenant_id: TenantId) -> Webhook:
    target = Target("https://a.example", "", tuple(Event), Body.VENDOR)
    made = await store.create(conn, tenant_id, target, None, uuid4().bytes, None)
    assert made is not None
    return made


async def messages(conn: Connection, hook: Webhook) -> list[Message]:
    found = await history.after(conn, hook.tenant_id, hook.webhook_id, None, None, 100)
    return [
        Message(one.message_id, one.event, one.occurred_at, one.sequence, one.data)
        for one in reversed(found)
        if not one.event.startswith("campaign.")
    ]


def read(message: Message, body: Body) -> dict[str, Any]:
    return msgspec.json.decode(body_of(message, body))


async def test_call_to_a_contact(conn: Connection, tenant_id: TenantId, hook: Webhook) -> None:
    campaign_id = await running_campaign(conn, tenant_id)
    await due_contacts(conn, tenant_id, campaign_id, [1])
    (call,) = await placed(conn, terms_of(tenant_id, campaign_id))
    async with conn.transaction():
        assert await call_steps.rang(conn, call, await now_of(conn))
    async with conn.transaction():
        assert await call_steps.answered(conn, call, await now_of(conn), LEASE)
        assert not await call_steps.answered(conn, call, await now_of(conn), LEASE)
    async with conn.transaction():
        assert await call_steps.end(conn, call, Ending(Outcome.ANSWERED, 16), None)
    found = await messages(conn, hook)
    assert [(one.event, one.sequence) for one in found] == [
        ("call.ringing", 1), ("call.answered", 2), ("call.ended", 3), ("contact.outcome", 5),
    ]  # fmt: skip
    bodies = [read(one, Body.VENDOR) for one in found]
    assert [list(body) for body in bodies[:3]] == [VENDOR.split()] * 3
    assert [body["call_status"] for body in bodies[:3]] == ["ringing", "answered", "answered"]
    assert {body["call_id"] for body in bodies[:3]} == {str(call.call_id)}
    assert bodies[2]["destination_number"].startswith("0")
    assert datetime.fromisoformat(bodies[2]["endtime"]).tzinfo is not None
    ended, outcome = (read(one, Body.TONGDAI) for one in found[2:])
    assert (ended["type"], ended["sequence"], ended["data"]["outcome"]) == ("call.ended", 3, "answered")
    assert bodies[3] == outcome
    assert (outcome["data"]["contactId"], outcome["data"]["processStatus"]) == (call.contact_id, 2)


async def arrived(conn: Connection, tenant_id: TenantId) -> Any:
    queue_id = await new_queue(conn, tenant_id)
    arrival = Arrival(switch_id=DEFAULT, channel=str(uuid4()), called="+842873001234", phone=callers._number())
    call = await inbound.arrive(conn, tenant_id, queue_id, arrival, LEASE)
    assert call is not None
    assert await inbound.arrive(conn, tenant_id, queue_id, arrival, LEASE) == call
    return call


async def test_caller_who_is_connected(conn: Connection, tenant_id: TenantId, hook: Webhook) -> None:
    call = await arrived(conn, tenant_id)
    at = await now_of(conn)
    async with conn.transaction():
        assert await inbound.join(conn, tenant_id, call.call_id, call.queue_id, at, LEASE)
        assert await inbound.connect(conn, tenant_id, call.call_id, None, at)
    async with conn.transaction():
        assert await inbound.end(conn, call, InboundEnding(InboundOutcome.ANSWERED, 16))
        assert not await inbound.end(conn, call, InboundEnding(InboundOutcome.ANSWERED, 16))
    found = await messages(conn, hook)
    assert [one.event for one in found] == ["call.ringing", "call.answered", "call.ended"]
    body = read(found[2], Body.VENDOR)
    assert (body["direction"], body["hotline"], body["call_status"]) == ("inbound", "02873001234", "answered")
    assert body["caller_number"].startswith("0")
    assert body["answertime"] is not None


@pytest.mark.parametrize("outcome", InboundOutcome)
async def test_caller_whom_nobody_answered_is_missed(
    conn: Connection, tenant_id: TenantId, hook: Webhook, outcome: InboundOutcome
) -> None:
    call = await arrived(conn, tenant_id)
    async with conn.transaction():
        assert await inbound.end(conn, call, InboundEnding(outcome, 16))
    expected = ["call.ringing", "call.ended"]
    if outcome not in {InboundOutcome.ANSWERED, InboundOutcome.REFUSED, InboundOutcome.CALLBACK}:
        expected.append("call.missed")
    assert [one.event for one in await messages(conn, hook)] == expected


async def test_step_that_is_rolled_back_tells_nothing(conn: Connection, tenant_id: TenantId, hook: Webhook) -> None:
    call = await arrived(conn, tenant_id)
    transaction = conn.transaction()
    await transaction.start()
    assert await inbound.end(conn, call, InboundEnding(InboundOutcome.ABANDONED, 16))
    await transaction.rollback()
    assert [one.event for one in await messages(conn, hook)] == ["call.ringing"]
