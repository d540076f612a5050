"""`/calls/{callId}/hold` and the others, with a leader of the switch that ends each act as the test says."""

import asyncio
from uuid import uuid4

import pytest

from tests.calls.acts.conftest import LiveTalk
from tests.support import callers
from tests.support.act_leader import DONE, leader
from tests.support.api import Serving, Tenant, refused
from tests.support.calls import a_call
from tests.support.servers import eventually
from tongdai.calls.acts import store
from tongdai.calls.acts.model import Ended, Kind, Result
from tongdai.db.pool import Pool
from tongdai.ids import CampaignId
from tongdai.switches.model import DEFAULT


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("hold", Kind.HOLD, "Call is on hold"),
        ("resume", Kind.RESUME, "Call resumed"),
        ("mute", Kind.MUTE, "Agent is muted"),
        ("unmute", Kind.UNMUTE, "Agent is unmuted"),
        ("hang-up", Kind.HANG_UP, "Call is being hung up"),
    ],
)
async def test_act_is_answered_when_it_is_done(
    tenant: Tenant, pool: Pool, live: LiveTalk, path: str, kind: Kind, message: str
) -> None:
    async with leader(pool, live.tenant_id) as begun:
        body = await tenant.done("POST", f"/v1/calls/{live.call_id}/{path}")
    assert body == {"success": "1", "error_code": "SUCCESS", "error_message": message}
    assert [(act.kind, act.call_id, act.key_id) for act in begun] == [(kind, live.call_id, tenant.key.key_id)]


@pytest.mark.parametrize(("sent", "max_sec"), [(None, 300), ({}, 300), ({"maxSec": 3600}, 3600)])
async def test_hold_has_a_limit(
    tenant: Tenant, pool: Pool, live: LiveTalk, sent: dict[str, int] | None, max_sec: int
) -> None:
    async with leader(pool, live.tenant_id) as begun:
        await tenant.done("POST", f"/v1/calls/{live.call_id}/hold", **({} if sent is None else {"json": sent}))
    assert [act.max_s for act in begun] == [max_sec]


@pytest.mark.parametrize("sent", [{"maxSec": 0}, {"maxSec": 3601}, {"maxSec": "60"}, {"max": 1}, {"maxSec": None}])
async def test_bad_limit_is_refused_by_name(tenant: Tenant, live: LiveTalk, sent: dict[str, object]) -> None:
    response = await tenant.post(f"/v1/calls/{live.call_id}/hold", sent)
    assert "max" in refused(response, 400, "INVALID_INPUT")


async def test_keys_are_pressed(tenant: Tenant, pool: Pool, live: LiveTalk) -> None:
    async with leader(pool, live.tenant_id) as begun:
        body = await tenant.done("POST", f"/v1/calls/{live.call_id}/dtmf", json={"digits": "1w2#*A"})
    assert body["error_message"] == "Keys are being pressed"
    assert [(act.kind, act.keys) for act in begun] == [(Kind.DTMF, "1w2#*A")]


@pytest.mark.parametrize("digits", ["", "1" * 33, "E", "1 2", "1\n", "p", "1,2", 1, None])
async def test_bad_keys_are_refused_by_name(tenant: Tenant, live: LiveTalk, digits: object) -> None:
    response = await tenant.post(f"/v1/calls/{live.call_id}/dtmf", {"digits": digits})
    assert "digits" in refused(response, 400, "INVALID_INPUT")


async def test_act_that_the_state_does_not_allow_is_answered_with_the_reason(
    tenant: Tenant, pool: Pool, live: LiveTalk
) -> None:
    async with leader(pool, live.tenant_id, lambda _: Ended(Result.REFUSED, "The call is not on hold")):
        response = await tenant.post(f"/v1/calls/{live.call_id}/resume")
    assert refused(response, 400, "INVALID_STATE") == "The call is not on hold"


async def test_silent_switch_is_reported_and_nothing_is_done_later(
    tenant: Tenant, pool: Pool, live: LiveTalk, serving: Serving
) -> None:
    async with serving(act_wait_s=0) as hasty:
        response = await hasty.post(f"/v1/calls/{live.call_id}/hold", headers=tenant.key.headers)
    assert refused(response, 503, "FAIL") == "The switch did not answer in time: nothing was done"
    async with leader(pool, live.tenant_id) as begun, pool.acquire() as conn:
        assert [act for act in await store.asked(conn, DEFAULT) if act.tenant_id == live.tenant_id] == []
    assert begun == []


async def test_result_that_is_not_known_is_reported_as_such(
    tenant: Tenant, pool: Pool, live: LiveTalk, serving: Serving
) -> None:
    path, headers = f"/v1/calls/{live.call_id}/hang-up", {"Idempotency-Key": str(uuid4())}
    async with leader(pool, live.tenant_id, lambda _: None) as begun, serving(act_wait_s=0) as hasty:
        first = asyncio.create_task(tenant.post(path, headers=headers))
        await eventually(lambda: begun, 10, "the act to be begun")
        response = await hasty.post(path, headers=tenant.key.headers | headers)  # waits for the same act
        async with pool.acquire() as conn:
            await store.finish(conn, begun[0], DONE)
        assert (await first).status_code == 200
    expected = "The switch did not confirm it in time: whether it was done is not known"
    assert refused(response, 503, "FAIL") == expected


async def test_repeated_request_is_done_once(tenant: Tenant, pool: Pool, live: LiveTalk) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    async with leader(pool, live.tenant_id) as begun:
        first, second = [await tenant.done("POST", f"/v1/calls/{live.call_id}/mute", headers=headers) for _ in range(2)]
    assert first == second
    assert len(begun) == 1


async def test_repeated_request_is_done_when_nothing_was_done_before(
    tenant: Tenant, pool: Pool, live: LiveTalk
) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    answers = [Ended(Result.REFUSED, "The call is on hold already"), DONE]
    async with leader(pool, live.tenant_id, lambda _: answers.pop(0)) as begun:
        response = await tenant.post(f"/v1/calls/{live.call_id}/hold", headers=headers)
        refused(response, 400, "INVALID_STATE")
        for _ in range(2):
            await tenant.done("POST", f"/v1/calls/{live.call_id}/hold", headers=headers)
    assert len(begun) == 2


async def test_key_of_another_request_is_refused(tenant: Tenant, pool: Pool, live: LiveTalk) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    async with leader(pool, live.tenant_id) as begun:
        await tenant.done("POST", f"/v1/calls/{live.call_id}/hold", headers=headers)
        response = await tenant.post(f"/v1/calls/{live.call_id}/resume", headers=headers)
    assert "Idempotency-Key" in refused(response, 400, "INVALID_INPUT")
    assert len(begun) == 1


async def test_call_to_a_queue_that_has_ended_takes_no_acts(tenant: Tenant, pool: Pool) -> None:
    queue_id = await tenant.queue()
    async with pool.acquire() as conn:
        call_id = await callers.ended(conn, tenant.tenant_id, queue_id, began=callers.ago(60), waited_s=3)
    response = await tenant.post(f"/v1/calls/{call_id}/hang-up")
    assert refused(response, 400, "INVALID_STATE") == "The call has ended"


async def test_call_that_has_ended_takes_no_acts(tenant: Tenant, pool: Pool, campaign_id: CampaignId) -> None:
    async with pool.acquire() as conn:
        call_id = await a_call(conn, tenant.tenant_id, campaign_id, outcome="busy", ended_s=3)
    response = await tenant.post(f"/v1/calls/{call_id}/hold")
    assert refused(response, 400, "INVALID_STATE") == "The call has ended"


@pytest.mark.parametrize("path", ["hold", "resume", "mute", "unmute", "hang-up"])
async def test_calls_of_others_are_unknown(other_tenant: Tenant, live: LiveTalk, path: str) -> None:
    for call_id in (live.call_id, uuid4(), "x"):
        response = await other_tenant.post(f"/v1/calls/{call_id}/{path}")
        assert refused(response, 404, "NOT_FOUND") == "Call not found"
