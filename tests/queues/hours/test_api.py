"""`/queues/inbound/{id}/hours` and `/queues/hours`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tongdai.db.pool import Connection

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = [{"days": DAYS, "from": "00:00", "to": "24:00"}]
OFFICE = [
    {"days": DAYS[:5], "from": "08:00", "to": "12:00"},
    {"days": DAYS[:5], "from": "13:00", "to": "17:30"},
    {"days": ["sat"], "from": "22:00", "to": "02:00"},
]
HANG_UP = {"kind": "hang_up", "queueId": None, "number": None, "sound": None, "menuId": None}
DEFAULTS = "/v1/queues/hours"


def hours_of(queue_id: int) -> str:
    return f"/v1/queues/inbound/{queue_id}/hours"


async def test_queue_with_nothing_set_is_always_open(tenant: Tenant) -> None:
    found = await tenant.done("GET", hours_of(await tenant.queue()))
    assert found == {
        "openingHours": None,
        "observesHolidays": None,
        "afterHours": None,
        "closed": None,
        "effective": {"openingHours": ALWAYS, "observesHolidays": False, "afterHours": HANG_UP},
        "timeZone": "UTC",
        "state": "open",
        "reason": None,
        "holiday": None,
        "until": None,
    }


async def test_hours_are_read_as_they_were_set_and_replaced_as_a_whole(tenant: Tenant) -> None:
    queue_id, other = await tenant.queue(), await tenant.queue("Other")
    after = HANG_UP | {"kind": "queue", "queueId": other}
    sent = {"openingHours": OFFICE, "observesHolidays": False, "afterHours": {"kind": "queue", "queueId": other}}
    await tenant.done("PUT", hours_of(queue_id), json=sent)
    found = await tenant.done("GET", hours_of(queue_id))
    assert (found["openingHours"], found["observesHolidays"], found["afterHours"]) == (OFFICE, False, after)
    assert found["effective"] == {"openingHours": OFFICE, "observesHolidays": False, "afterHours": after}
    await tenant.done("PUT", hours_of(queue_id), json={})
    assert (await tenant.done("GET", hours_of(queue_id)))["effective"]["openingHours"] == ALWAYS


async def test_defaults_of_the_tenant_hold_for_queues_that_set_nothing(tenant: Tenant) -> None:
    queue_id, own = await tenant.queue(), await tenant.queue("Own")
    await tenant.done("PUT", hours_of(own), json={"openingHours": ALWAYS})
    await tenant.done("PUT", DEFAULTS, json={"openingHours": OFFICE, "afterHours": {"kind": "callback"}})
    callback = HANG_UP | {"kind": "callback"}
    effective = {"openingHours": OFFICE, "observesHolidays": True, "afterHours": callback}
    assert (await tenant.done("GET", DEFAULTS))["effective"] == effective
    assert (await tenant.done("GET", hours_of(queue_id)))["effective"] == effective
    assert (await tenant.done("GET", hours_of(own)))["effective"] == effective | {"openingHours": ALWAYS}
    await tenant.done("PUT", DEFAULTS, json={})


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({"kind": "number", "number": "02873001234"}, {"number": "02873001234"}),
        ({"kind": "number", "number": "+842873001234"}, {"number": "02873001234"}),
        ({"kind": "number", "number": "+14155552671"}, {"number": "+14155552671"}),
        ({"kind": "message", "sound": "tongdai/closed"}, {"sound": "tongdai/closed"}),
        ({"kind": "callback"}, {}),
        ({"kind": "hang_up"}, {}),
    ],
)
async def test_destinations_are_read_as_they_were_set(tenant: Tenant, sent: Any, shown: Any) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PUT", hours_of(queue_id), json={"afterHours": sent})
    found = (await tenant.done("GET", hours_of(queue_id)))["afterHours"]
    assert found == HANG_UP | {"kind": sent["kind"]} | shown


async def test_closed_switch_closes_a_queue_and_opens_it(tenant: Tenant) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PUT", hours_of(queue_id), json={"openingHours": ALWAYS, "observesHolidays": False})
    path = f"/v1/queues/inbound/{queue_id}/closed"
    await tenant.done("PUT", path, json={"note": "Cháy"})
    found = await tenant.done("GET", hours_of(queue_id))
    assert (found["state"], found["reason"], found["until"]) == ("closed", "closed_now", None)
    assert found["closed"] == {"until": None, "note": "Cháy"}
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    await tenant.done("PUT", path, json={"until": until.isoformat()})
    found = await tenant.done("GET", hours_of(queue_id))
    assert (found["state"], datetime.fromisoformat(found["until"])) == ("closed", until)
    await tenant.done("DELETE", path)
    await tenant.done("DELETE", path)  # idempotent
    found = await tenant.done("GET", hours_of(queue_id))
    assert (found["state"], found["closed"], found["openingHours"]) == ("open", None, ALWAYS)


async def test_all_queues_of_a_tenant_are_closed_together(tenant: Tenant, other_tenant: Tenant) -> None:
    queue_id, theirs = await tenant.queue(), await other_tenant.queue()
    await tenant.done("PUT", "/v1/queues/closed", json={})
    assert (await tenant.done("GET", hours_of(queue_id)))["reason"] == "closed_now"
    assert (await tenant.done("GET", DEFAULTS))["closed"] == {"until": None, "note": None}
    assert (await other_tenant.done("GET", hours_of(theirs)))["state"] == "open"
    await tenant.done("DELETE", "/v1/queues/closed")
    assert (await tenant.done("GET", hours_of(queue_id)))["state"] == "open"


async def test_holiday_closes_the_queues_that_observe_it(tenant: Tenant) -> None:
    queue_id = await tenant.queue()
    today = datetime.now(UTC).date()
    week = [(today + timedelta(days=days)).isoformat() for days in (-1, 0, 1, 2)]
    await tenant.done("PATCH", "/v1/queues/holidays", json={"holidays": [{"date": d, "name": "Nghỉ"} for d in week]})
    await tenant.done("PUT", hours_of(queue_id), json={"observesHolidays": True})
    found = await tenant.done("GET", hours_of(queue_id))
    assert (found["state"], found["reason"], found["holiday"]) == ("closed", "holiday", "Nghỉ")
    await tenant.done("PUT", hours_of(queue_id), json={"observesHolidays": False})
    assert (await tenant.done("GET", hours_of(queue_id)))["state"] == "open"
    await tenant.done("PATCH", "/v1/queues/holidays", json={"holidays": [{"date": d, "reset": True} for d in week]})


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"openingHours": []}, "openingHours must be 1 to 100 windows"),
        ({"openingHours": [{"days": [], "from": "08:00", "to": "09:00"}]}, "openingHours[0].days"),
        ({"openingHours": [{"days": ["mon"], "from": "24:00", "to": "09:00"}]}, "openingHours[0].from"),
        ({"openingHours": [{"days": ["mon"], "from": "08:00", "to": "25:00"}]}, "openingHours[0].to"),
        ({"openingHours": [{"days": ["mon"], "from": "08:00", "to": "08:00"}]}, "openingHours[0] must be from one"),
        ({"afterHours": {"kind": "agent"}}, "afterHours.kind must be one of queue, number"),
        ({"afterHours": {"kind": "queue"}}, "afterHours.queueId is missing"),
        ({"afterHours": {"kind": "queue", "queueId": 0}}, "afterHours.queueId must be an id"),
        ({"afterHours": {"kind": "hang_up", "sound": "a"}}, "afterHours.sound does not belong"),
        ({"afterHours": {"kind": "number", "number": "113"}}, "afterHours.number: 113"),
        ({"afterHours": {"kind": "message", "sound": "../a"}}, "afterHours.sound must be a sound"),
        ({"afterHours": {"kind": "message", "sound": "http://a"}}, "afterHours.sound must be a sound"),
        ({"hours": []}, "hours"),
    ],
)
async def test_hours_that_cannot_be_change_nothing(tenant: Tenant, sent: Any, message: str) -> None:
    queue_id = await tenant.queue()
    before = await tenant.checksum()
    for path in (hours_of(queue_id), DEFAULTS):
        assert message in refused(await tenant.call("PUT", path, json=sent), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_queue_cannot_send_its_callers_to_itself(tenant: Tenant) -> None:
    queue_id = await tenant.queue()
    sent = {"afterHours": {"kind": "queue", "queueId": queue_id}}
    response = await tenant.call("PUT", hours_of(queue_id), json=sent)
    assert refused(response, 400, "INVALID_INPUT") == "afterHours.queueId must be another queue"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"until": "2026-01-01T00:00:00Z"}, "until must be to come"),
        ({"until": "2099-01-01T00:00:00"}, "until must be an instant with its offset"),
        ({"note": ""}, "note must have 1 to 255"),
    ],
)
async def test_closure_that_cannot_be_changes_nothing(tenant: Tenant, sent: Any, message: str) -> None:
    queue_id = await tenant.queue()
    before = await tenant.checksum()
    for path in (f"/v1/queues/inbound/{queue_id}/closed", "/v1/queues/closed"):
        assert message in refused(await tenant.call("PUT", path, json=sent), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


async def test_queue_of_another_tenant_is_no_destination(tenant: Tenant, other_tenant: Tenant) -> None:
    queue_id, theirs = await tenant.queue(), await other_tenant.queue()
    sent = {"afterHours": {"kind": "queue", "queueId": theirs}}
    for path in (hours_of(queue_id), DEFAULTS):
        refused(await tenant.call("PUT", path, json=sent), 404, "NOT_FOUND")


async def test_hours_go_with_their_queue(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PUT", hours_of(queue_id), json={"openingHours": OFFICE})
    await tenant.done("DELETE", f"/v1/queues/inbound/{queue_id}")
    left = "select count(*) from opening_hours where tenant_id = $1 and queue_id = $2"
    assert await conn.fetchval(left, tenant.tenant_id, queue_id) == 0


async def test_changes_are_audited(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PUT", hours_of(queue_id), json={"openingHours": OFFICE})
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}/closed", json={"note": "Fire"})
    await tenant.done("DELETE", f"/v1/queues/inbound/{queue_id}/closed")
    audited = "select action, subject, key_id from audit where tenant_id = $1 and subject = $2 order by audit_id"
    rows = await conn.fetch(audited, tenant.tenant_id, f"queue {queue_id}")
    assert [row["action"] for row in rows] == ["queue.create", "queue.hours", "queue.close", "queue.reopen"]
    assert {row["key_id"] for row in rows} == {tenant.key.key_id}
