"""`/queues/inbound/{id}/settings`."""

import asyncio
from typing import Any

import pytest

from tests.support.api import Tenant, refused
from tongdai.db.pool import Connection
from tongdai.ids import QueueId
from tongdai.queues.model import HANG_UP, Destination, DestinationKind, Selector, SkillRule, Strategy
from tongdai.queues.settings import store

DEFAULTS: dict[str, Any] = {
    "maxLength": None,
    "whenFull": None,
    "joinEmpty": False,
    "leaveEmptyAfterSec": 30,
    "whenEmpty": None,
    "overflow": None,
    "divertTo": None,
    "locked": None,
    "agentSelector": None,
    "skills": [],
    "skillsForSec": None,
    "preferredAgentDays": None,
    "preferredAgentPatienceSec": 30,
    "recording": "off",
    "recordingAnnouncement": None,
    "inboundReserve": None,
    "ringTimeoutSec": 20,
    "autoPauseAfter": 3,
    "announceWait": True,
    "announceEverySec": 30,
    "language": None,
    "serviceLevelSec": 20,
    "callbackOffered": False,
    "callbackKey": "1",
    "callbackMode": "agent_first",
    "callbackExpiresSec": 14400,
    "vipHeadStartSec": 600,
    "menuId": None,
}
NOTHING = {"queueId": None, "number": None, "sound": None, "menuId": None}
CHANGED: dict[str, Any] = {
    "maxLength": 7,
    "whenFull": {"kind": "message", "sound": "tongdai/full"},
    "joinEmpty": True,
    "leaveEmptyAfterSec": None,
    "whenEmpty": {"kind": "callback"},
    "overflow": {"kind": "number", "number": "02873001234"},
    "divertTo": {"kind": "hang_up"},
    "locked": {"kind": "message", "sound": "tongdai/closed"},
    "agentSelector": "round_robin",
    "skills": [{"skill": "tiếng-anh", "level": 5}, {"skill": "thẻ", "level": 1}],
    "skillsForSec": 60,
    "preferredAgentDays": 7,
    "preferredAgentPatienceSec": 15,
    "recording": "all",
    "recordingAnnouncement": "tongdai/recorded",
    "inboundReserve": 2,
    "ringTimeoutSec": 15,
    "autoPauseAfter": None,
    "announceWait": False,
    "announceEverySec": 60,
    "language": "en",
    "serviceLevelSec": 30,
    "callbackOffered": True,
    "callbackKey": "*",
    "callbackMode": "customer_first",
    "callbackExpiresSec": 3600,
    "vipHeadStartSec": 0,
}


def path_of(queue_id: int) -> str:
    return f"/v1/queues/inbound/{queue_id}/settings"


def shown(value: Any) -> Any:
    return NOTHING | value if isinstance(value, dict) else value


async def test_queue_has_the_defaults(tenant: Tenant) -> None:
    assert await tenant.done("GET", path_of(await tenant.queue())) == DEFAULTS


@pytest.mark.parametrize("name", list(CHANGED))
async def test_setting_is_read_as_it_was_written_and_leaves_the_others(tenant: Tenant, name: str) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PATCH", path_of(queue_id), json={name: CHANGED[name]})
    assert await tenant.done("GET", path_of(queue_id)) == DEFAULTS | {name: shown(CHANGED[name])}
    await tenant.done("PATCH", path_of(queue_id), json={name: DEFAULTS[name]})
    assert await tenant.done("GET", path_of(queue_id)) == DEFAULTS


async def test_concurrent_changes_of_different_settings_all_hold(tenant: Tenant) -> None:
    queue_id = await tenant.queue()
    changes = list(CHANGED.items())
    for some in (changes[::2], changes[1::2]):
        await asyncio.gather(*(tenant.done("PATCH", path_of(queue_id), json={k: v}) for k, v in some))
    assert await tenant.done("GET", path_of(queue_id)) == DEFAULTS | {k: shown(v) for k, v in CHANGED.items()}


async def test_selector_is_the_vendors_field_too(tenant: Tenant) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PATCH", path_of(queue_id), json={"agentSelector": "linear"})
    assert (await tenant.done("GET", f"/v1/queues/inbound/{queue_id}"))["agentSelector"] == "linear"


async def test_fields_of_the_record_change_with_the_settings(tenant: Tenant) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PATCH", path_of(queue_id), json={"callinName": "Hỗ trợ", "strategy": 2, "maxLength": 7})
    await tenant.done("PATCH", path_of(queue_id), json={"max_wait_sec": "120"})
    assert await tenant.done("GET", path_of(queue_id)) == DEFAULTS | {"maxLength": 7}
    queue = await tenant.done("GET", f"/v1/queues/inbound/{queue_id}")
    assert (queue["callinName"], queue["strategy"], queue["timeWait"]) == ("Hỗ trợ", 2, "120")


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"overflow": {"kind": "queue", "queueId": 999}}, (404, "NOT_FOUND")),
        ({"callinNumber": "19006363"}, (400, "INVALID_INPUT")),
        ({"strategy": 5}, (400, "INVALID_INPUT")),
        ({"callinName": ""}, (400, "INVALID_INPUT")),
    ],
)
async def test_nothing_of_a_request_changes_when_a_part_is_refused(
    tenant: Tenant, sent: dict[str, Any], error: tuple[int, str]
) -> None:
    await tenant.queue(callinNumber="19006363")
    queue_id = await tenant.queue()
    before = await tenant.done("GET", f"/v1/queues/inbound/{queue_id}")
    sent = {"callinName": "B", "maxLength": 7} | sent
    refused(await tenant.call("PATCH", path_of(queue_id), json=sent), *error)
    assert await tenant.done("GET", f"/v1/queues/inbound/{queue_id}") == before
    assert await tenant.done("GET", path_of(queue_id)) == DEFAULTS


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({}, "Expected at least one of maxLength, whenFull"),
        ({"maxLength": 0}, "maxLength must be 1 to 10000, not 0"),
        ({"ringTimeoutSec": 121}, "ringTimeoutSec must be 5 to 120"),
        ({"ringTimeoutSec": None}, "ringTimeoutSec"),
        ({"announceEverySec": 14}, "announceEverySec must be 15 to 3600"),
        ({"agentSelector": "best"}, "agentSelector must be one of longest_idle"),
        ({"language": "fr"}, "language must be one of vi, en"),
        ({"skills": [{"skill": "a b"}]}, "skills[0].skill must be one word"),
        ({"skills": [{"skill": "a", "level": 11}]}, "skills[0].level must be 1 to 10"),
        ({"skills": [{"skill": "a"}, {"skill": "a", "level": 2}]}, "skills must be different ones"),
        ({"skills": [{"skill": str(n)} for n in range(21)]}, "skills must be at most 20"),
        ({"overflow": {"kind": "queue"}}, "overflow.queueId is missing"),
        ({"timeWait": "5"}, "timeWait"),
    ],
)
async def test_setting_that_cannot_be_changes_nothing(tenant: Tenant, sent: Any, message: str) -> None:
    queue_id = await tenant.queue()
    before = await tenant.checksum()
    assert message in refused(await tenant.call("PATCH", path_of(queue_id), json=sent), 400, "INVALID_INPUT")
    assert await tenant.checksum() == before


@pytest.mark.parametrize("name", ["whenFull", "whenEmpty", "overflow", "divertTo", "locked"])
async def test_destination_must_be_another_queue_of_the_tenant(tenant: Tenant, other_tenant: Tenant, name: str) -> None:
    queue_id, theirs = await tenant.queue(), await other_tenant.queue()
    before = await tenant.checksum()
    itself = await tenant.call("PATCH", path_of(queue_id), json={name: {"kind": "queue", "queueId": queue_id}})
    assert refused(itself, 400, "INVALID_INPUT") == f"{name}.queueId must be another queue"
    foreign = await tenant.call("PATCH", path_of(queue_id), json={name: {"kind": "queue", "queueId": theirs}})
    refused(foreign, 404, "NOT_FOUND")
    assert await tenant.checksum() == before


@pytest.mark.parametrize("name", ["whenFull", "whenEmpty", "overflow", "divertTo", "locked"])
async def test_queue_that_another_sends_callers_to_is_not_deleted(tenant: Tenant, name: str) -> None:
    queue_id, target = await tenant.queue(), await tenant.queue("Target")
    await tenant.done("PATCH", path_of(queue_id), json={name: {"kind": "queue", "queueId": target}})
    message = refused(await tenant.call("DELETE", f"/v1/queues/inbound/{target}"), 400, "INVALID_STATE")
    assert message == f"Cannot delete an inbound queue that is used by queue {queue_id}"
    await tenant.done("PATCH", path_of(queue_id), json={name: None})
    await tenant.done("DELETE", f"/v1/queues/inbound/{target}")


async def test_queue_that_takes_callers_after_hours_is_not_deleted(tenant: Tenant) -> None:
    queue_id, target = await tenant.queue(), await tenant.queue("Target")
    after = {"afterHours": {"kind": "queue", "queueId": target}}
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}/hours", json=after)
    await tenant.done("PUT", "/v1/queues/hours", json=after)
    message = refused(await tenant.call("DELETE", f"/v1/queues/inbound/{target}"), 400, "INVALID_STATE")
    assert message.endswith(f"is used by queue {queue_id} and the default opening hours")
    await tenant.done("PUT", "/v1/queues/hours", json={})
    await tenant.done("DELETE", f"/v1/queues/inbound/{queue_id}")
    await tenant.done("DELETE", f"/v1/queues/inbound/{target}")


async def test_rules_of_a_queue_have_all_its_settings(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue("Desk", strategy=2, max_wait_sec="90", moh_file_id="a.wav", announce_position="1")
    rules = await store.rules(conn, tenant.tenant_id, queue_id)
    assert rules is not None
    assert (rules.name, rules.strategy, rules.closed) == ("Desk", Strategy.VIP, None)
    assert (rules.max_wait_s, rules.hold_music, rules.announce_position) == (90, "a.wav", True)
    assert (rules.selector, rules.language, rules.overflow) == (Selector.LONGEST_IDLE, "vi", HANG_UP)
    await tenant.done("PATCH", path_of(queue_id), json=CHANGED)
    await tenant.done("PUT", f"/v1/queues/inbound/{queue_id}/closed", json={})
    rules = await store.rules(conn, tenant.tenant_id, queue_id)
    assert rules is not None
    assert rules.closed == HANG_UP
    assert rules.overflow == Destination(DestinationKind.NUMBER, "+842873001234")
    assert rules.skills == (SkillRule("tiếng-anh", 5), SkillRule("thẻ", 1))
    assert (rules.max_length, rules.join_empty, rules.leave_empty_after_s) == (7, True, None)
    assert (rules.selector, rules.language, rules.head_start_s) == (Selector.ROUND_ROBIN, "en", 0)
    assert (rules.inbound_reserve, rules.auto_pause_after, rules.callback_offered) == (2, None, True)


async def test_menu_in_front_is_read_as_it_was_written(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    sent = {"name": "M", "options": {"1": {"kind": "callback"}}}
    menu_id = (await tenant.done("POST", "/v1/queues/menus", json=sent))["menuId"]
    await tenant.done("PATCH", path_of(queue_id), json={"menuId": menu_id})
    assert (await tenant.done("GET", path_of(queue_id)))["menuId"] == menu_id
    rules = await store.rules(conn, tenant.tenant_id, queue_id)
    assert rules is not None
    assert rules.menu_id == menu_id


async def test_unknown_queue_has_no_rules(tenant: Tenant, other_tenant: Tenant, conn: Connection) -> None:
    theirs = await other_tenant.queue()
    for queue_id in (QueueId(999999), theirs):
        assert await store.rules(conn, tenant.tenant_id, queue_id) is None


async def test_change_is_audited(tenant: Tenant, conn: Connection) -> None:
    queue_id = await tenant.queue()
    await tenant.done("PATCH", path_of(queue_id), json={"maxLength": 5, "joinEmpty": True})
    audited = "select detail from audit where tenant_id = $1 and subject = $2 and action = 'queue.settings'"
    detail = await conn.fetchval(audited, tenant.tenant_id, f"queue {queue_id}")
    assert detail == {"settings": ["join_empty", "max_length"]}
