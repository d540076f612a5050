"""`/v1/webhooks`: registered, changed, switched off, rotated, tested, listed and sent again."""

import base64
import re
from datetime import datetime, timedelta

import pytest

from tests.support.api import refused
from tests.support.people import person_of
from tongdai.people.users.model import Role

SENT = {"url": "https://crm.example.com/t", "events": ["import.done"], "authorization": "Bearer abc"}
SPAN = {"since": "2026-01-01T00:00:00Z", "before": "2100-01-01T00:00:00Z"}


async def made(tenant, **fields):
    return await tenant.done("POST", "/v1/webhooks", json=SENT | fields)


async def one(tenant, webhook_id):
    return (await tenant.done("GET", f"/v1/webhooks/{webhook_id}"))["data"]


async def test_secret_is_shown_once_and_not_stored(tenant, conn):
    key = {"Idempotency-Key": "one"}
    first = await tenant.done("POST", "/v1/webhooks", json=SENT, headers=key)
    assert re.fullmatch(r"whsec_[0-9A-Za-z+/]{43}=", first["secret"])
    again = await tenant.done("POST", "/v1/webhooks", json=SENT, headers=key)
    assert (again["webhookId"], again["secret"]) == (first["webhookId"], None)
    (listed,) = (await tenant.done("GET", "/v1/webhooks"))["data"]
    assert listed == await one(tenant, first["webhookId"])
    assert (listed["body"], listed["hasAuthorization"], listed["enabled"]) == ("vendor", True, True)
    assert "abc" not in str(listed)
    stored = base64.b64decode(first["secret"].removeprefix("whsec_"))
    assert await conn.fetchval("select count(*) from webhook where salt = $1 or old_salt = $1", stored) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://crm.example.com/"},
        {"url": "https://10.0.0.1/"},
        {"url": "https://" + "a" * 2048},
        {"events": []},
        {"events": ["call.ended", "call.ended"]},
        {"events": ["call.begun"]},
        {"body": "xml"},
        {"authorization": ""},
        {"authorization": "a\r\nb: c"},
        {"description": "a\nb"},
        {"secret": "whsec_AAAA"},
    ],
)
async def test_webhook_that_makes_no_sense_is_refused(tenant, wrong):
    refused(await tenant.call("POST", "/v1/webhooks", json=SENT | wrong), 400, "INVALID_INPUT")
    webhook_id = (await made(tenant))["webhookId"]
    refused(await tenant.call("PATCH", f"/v1/webhooks/{webhook_id}", json=wrong), 400, "INVALID_INPUT")


async def test_webhook_is_changed_and_switched_off_and_on(tenant, conn):
    webhook_id = (await made(tenant))["webhookId"]
    path = f"/v1/webhooks/{webhook_id}"
    await tenant.done("PATCH", path, json={"events": ["call.ended"], "authorization": None, "body": "tongdai"})
    await tenant.done("PATCH", path, json={"enabled": False})
    found = await one(tenant, webhook_id)
    assert (found["events"], found["hasAuthorization"], found["body"]) == (["call.ended"], False, "tongdai")
    assert (found["enabled"], found["offReason"]) == (False, "asked")
    refused(await tenant.call("POST", f"{path}/test"), 400, "INVALID_STATE")
    await tenant.done("PATCH", path, json={"enabled": True})
    assert (await one(tenant, webhook_id))["offReason"] is None
    actions = await conn.fetch("select action from audit where tenant_id = $1 order by audit_id", tenant.tenant_id)
    assert [row["action"] for row in actions if row["action"].startswith("webhook")] == [
        "webhook.create", "webhook.change", "webhook.off", "webhook.on",
    ]  # fmt: skip


async def test_secret_is_rotated_with_an_overlap(tenant):
    webhook = await made(tenant)
    path = f"/v1/webhooks/{webhook['webhookId']}/secret"
    rotated = await tenant.done("POST", path, json={"overlapHours": 2})
    assert rotated["secret"] != webhook["secret"]
    assert (await one(tenant, webhook["webhookId"]))["oldSecretUntil"] == rotated["oldSecretUntil"]
    await tenant.done("POST", path, json={"overlapHours": 0})
    assert (await one(tenant, webhook["webhookId"]))["oldSecretUntil"] is None
    refused(await tenant.call("POST", path, json={"overlapHours": 169}), 400, "INVALID_INPUT")


async def test_deliveries_are_listed_to_the_end_and_shown(tenant):
    path = f"/v1/webhooks/{(await made(tenant))['webhookId']}"
    sent = [(await tenant.done("POST", f"{path}/test"))["deliveryId"] for _ in range(5)]
    first = await tenant.done("GET", f"{path}/deliveries?size=3&cursor=*")
    rest = await tenant.done("GET", f"{path}/deliveries?size=3&cursor={first['nextCursor']}")
    assert rest["nextCursor"] is None
    assert [row["deliveryId"] for row in first["data"] + rest["data"]] == sorted(sent, reverse=True)
    found = (await tenant.done("GET", f"{path}/deliveries/{sent[0]}"))["data"]
    assert (found["state"], found["event"], found["body"]["type"]) == ("waiting", "webhook.test", "webhook.test")
    assert (await tenant.done("GET", f"{path}/deliveries?state=failed"))["data"] == []
    refused(await tenant.call("GET", f"{path}/deliveries?state=lost"), 400, "INVALID_INPUT")


ENDED = """
with gone as (delete from webhook_outbox where tenant_id = $1 and delivery_id = $2 returning *)
insert into webhook_delivery (tenant_id, webhook_id, delivery_id, ended_day, ended_at, state, message_id, event,
    occurred_at, data, created_at, attempts, status)
select tenant_id, webhook_id, delivery_id, now() at time zone 'UTC', now() - interval '1 s', $3, message_id, event,
    occurred_at, data, created_at, 3, 500
from gone
"""


async def test_deliveries_are_sent_again_with_their_id(tenant, conn):
    path = f"/v1/webhooks/{(await made(tenant))['webhookId']}"
    sent = [(await tenant.done("POST", f"{path}/test"))["deliveryId"] for _ in range(3)]
    before = {row["deliveryId"]: row for row in (await tenant.done("GET", f"{path}/deliveries"))["data"]}
    for delivery_id, state in zip(sent, ("failed", "failed", "delivered"), strict=True):
        await conn.execute(ENDED, tenant.tenant_id, delivery_id, state)
    await tenant.done("POST", f"{path}/deliveries/{sent[0]}/replay")
    found = await tenant.done("POST", f"{path}/replay", json=SPAN | {"state": "failed"})
    assert (found["replayed"], found["more"]) == (1, False)
    after = {row["deliveryId"]: row for row in (await tenant.done("GET", f"{path}/deliveries"))["data"]}
    assert [after[each]["state"] for each in sent] == ["waiting", "waiting", "delivered"]
    assert [after[each]["messageId"] for each in sent] == [before[each]["messageId"] for each in sent]
    found = await tenant.done("POST", f"{path}/replay", json=SPAN)
    assert found["replayed"] == 1
    await conn.execute(ENDED, tenant.tenant_id, sent[2], "delivered")
    until = (datetime.fromisoformat(found["endedBefore"]) - timedelta(seconds=2)).isoformat()
    assert (await tenant.done("POST", f"{path}/replay", json=SPAN | {"endedBefore": until}))["replayed"] == 0
    assert (await tenant.done("POST", f"{path}/replay", json=SPAN))["replayed"] == 1
    refused(await tenant.call("POST", f"{path}/deliveries/999999999/replay"), 404, "NOT_FOUND")
    naive = {"since": "2026-01-01T00:00:00", "before": "2100-01-01T00:00:00"}
    refused(await tenant.call("POST", f"{path}/replay", json=naive), 400, "INVALID_INPUT")


async def test_deleted_webhook_leaves_nothing(tenant, conn):
    webhook_id = (await made(tenant))["webhookId"]
    path = f"/v1/webhooks/{webhook_id}"
    sent = [(await tenant.done("POST", f"{path}/test"))["deliveryId"] for _ in range(2)]
    await conn.execute(ENDED, tenant.tenant_id, sent[0], "failed")
    await tenant.done("DELETE", path)
    refused(await tenant.call("GET", path), 404, "NOT_FOUND")
    for table in ("webhook_outbox", "webhook_delivery"):
        assert await conn.fetchval(f"select count(*) from {table} where webhook_id = $1", webhook_id) == 0


async def test_tenant_has_at_most_twenty(tenant, monkeypatch):
    monkeypatch.setattr("tongdai.webhooks.store.MAX_WEBHOOKS", 1)
    await made(tenant)
    refused(await tenant.call("POST", "/v1/webhooks", json=SENT), 400, "INVALID_STATE")


async def test_supervisor_has_no_access(tenant):
    supervisor = await person_of(tenant, Role.SUPERVISOR)
    refused(await supervisor.call("GET", "/v1/webhooks"), 403, "INSUFFICIENT_SCOPE")
    owner = await person_of(tenant, Role.OWNER)
    await owner.done("POST", "/v1/webhooks", json=SENT)


async def test_campaign_tells_its_state(tenant, campaign_id):
    path = f"/v1/webhooks/{(await made(tenant, events=['campaign.state']))['webhookId']}/deliveries"
    for action in ("start", "pause", "stop"):
        await tenant.done("POST", f"/v1/campaigns/{campaign_id}/{action}")
    rows = (await tenant.done("GET", path))["data"]
    bodies = [(await tenant.done("GET", f"{path}/{row['deliveryId']}"))["data"]["body"] for row in rows]
    assert [body["data"]["state"] for body in bodies] == ["stopped", "paused", "running"]
