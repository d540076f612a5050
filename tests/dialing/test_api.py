"""`/v1/dialing`: for the whole installation, and for platform keys alone."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.support.api import PEPPER, Serving, refused
from tests.support.call_scene import due_contacts, running_campaign
from tongdai.db.pool import Connection
from tongdai.dialing import store
from tongdai.dialing.model import HoldReason
from tongdai.http.principal import Scope
from tongdai.ids import TenantId
from tongdai.testing import factories


@dataclass(frozen=True)
class Operator:
    client: httpx2.AsyncClient
    conn: Connection
    key: factories.Key

    async def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = self.key.headers | options.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **options)

    async def done(self, method: str, path: str, **options: Any) -> Any:
        response = await self.call(method, path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    async def state(self) -> Any:
        return await self.done("GET", "/v1/dialing")


@pytest.fixture
async def operator(serving: Serving, own_dsn: str, own_conn: Connection) -> AsyncGenerator[Operator]:
    async with serving(database=own_dsn) as client:
        key = await factories.platform_key(own_conn, PEPPER.encode(), scopes=[Scope.ADMIN])
        yield Operator(client, own_conn, key)


async def running(conn: Connection) -> tuple[TenantId, int]:
    """A tenant, and its campaign with five who are due."""
    tenant_id = await factories.tenant(conn)
    campaign_id = await running_campaign(conn, tenant_id)
    await due_contacts(conn, tenant_id, campaign_id, range(5))
    return tenant_id, campaign_id


async def test_hold_and_release(operator: Operator) -> None:
    before = await operator.state()
    assert (before["held"], before["hold"], before["newest"]) == (False, None, [])
    assert before["switches"] == [{"name": "default", "beatAt": None}]
    held = (await operator.done("POST", "/v1/dialing/hold"))["hold"]
    assert (held["reason"], held["heldByKeyId"], held["contacts"]) == ("operator", operator.key.key_id, None)
    state = await operator.state()
    assert (state["held"], state["hold"]) == (True, held)
    released = (await operator.done("POST", "/v1/dialing/release", json={"holdId": held["holdId"]}))["hold"]
    assert released["releasedByKeyId"] == operator.key.key_id
    after = await operator.state()
    assert (after["held"], after["hold"], after["newest"]) == (False, None, [released])


async def test_release_says_how_many_may_have_been_called(operator: Operator) -> None:
    await running(operator.conn)
    known_until = await operator.conn.fetchval("select clock_timestamp()")
    hold = await store.hold(operator.conn, HoldReason.RESTORED, calls_known_until=known_until)
    assert (await operator.state())["hold"]["contacts"] == 5
    released = await operator.done("POST", "/v1/dialing/release", json={"holdId": hold.hold_id})
    assert released["hold"]["contacts"] == 5
    assert (await operator.state())["newest"][0]["contacts"] == 5


async def test_release_is_of_the_hold_that_was_seen(operator: Operator) -> None:
    seen = (await operator.done("POST", "/v1/dialing/hold"))["hold"]["holdId"]
    newer = await store.hold(operator.conn, HoldReason.WENT_BACK)
    message = refused(await operator.call("POST", "/v1/dialing/release", json={"holdId": seen}), 400, "INVALID_STATE")
    assert str(newer.hold_id) in message
    assert newer.message in message
    assert (await operator.state())["held"]


async def test_repeated_requests_change_nothing_a_second_time(operator: Operator) -> None:
    once = {"Idempotency-Key": "night"}
    hold = (await operator.done("POST", "/v1/dialing/hold", headers=once))["hold"]
    release = {"holdId": hold["holdId"]}
    first = await operator.done("POST", "/v1/dialing/release", json=release)
    assert await operator.done("POST", "/v1/dialing/release", json=release) == first
    assert (await operator.done("POST", "/v1/dialing/hold", headers=once))["hold"] == first["hold"]
    assert not (await operator.state())["held"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"holdId": 99}, 404, "NOT_FOUND"),
        ({"holdId": 10**30}, 404, "NOT_FOUND"),
        ({"holdId": 0}, 404, "NOT_FOUND"),
        ({"holdId": "1"}, 400, "INVALID_INPUT"),
        ({}, 400, "INVALID_INPUT"),
        ({"holdId": 1, "force": True}, 400, "INVALID_INPUT"),
    ],
)
async def test_release_of_what_is_no_hold(operator: Operator, body: object, status: int, code: str) -> None:
    await store.hold(operator.conn, HoldReason.OPERATOR)
    refused(await operator.call("POST", "/v1/dialing/release", json=body), status, code)
    assert (await operator.state())["held"]


async def test_hold_takes_no_body(operator: Operator) -> None:
    refused(await operator.call("POST", "/v1/dialing/hold", json={"holdId": 1}), 400, "INVALID_INPUT")
    assert not (await operator.state())["held"]


async def test_platform_key_may_name_a_tenant_or_none(operator: Operator) -> None:
    tenant_id = await factories.tenant(operator.conn)
    for headers in ({}, {"X-Tenant-ID": str(tenant_id)}):
        assert (await operator.call("GET", "/v1/dialing", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/dialing"), ("POST", "/v1/dialing/hold"), ("POST", "/v1/dialing/release")]
)
async def test_key_of_a_tenant_is_refused_whatever_its_scopes(operator: Operator, method: str, path: str) -> None:
    key = await factories.key(operator.conn, PEPPER.encode())
    hold = await store.hold(operator.conn, HoldReason.OPERATOR)
    options = {"json": {"holdId": hold.hold_id}} if path.endswith("release") else {}
    response = await operator.call(method, path, headers=key.headers, **options)
    assert "platform key" in refused(response, 403, "INSUFFICIENT_SCOPE")
    weak = await factories.platform_key(operator.conn, PEPPER.encode(), [s for s in Scope if s is not Scope.ADMIN])
    refused(await operator.call(method, path, headers=weak.headers, **options), 403, "INSUFFICIENT_SCOPE")
    assert await store.is_held(operator.conn)


async def test_tenants_see_that_dialing_is_held_and_why(operator: Operator) -> None:
    tenant_id, campaign_id = await running(operator.conn)
    key = await factories.key(operator.conn, PEPPER.encode(), tenant_id)

    async def seen(path: str) -> Any:
        return await operator.done("GET", path, headers=key.headers)

    path = f"/v1/campaigns/{campaign_id}"
    assert (await seen("/v1/live"))["dialing"] == {"held": False, "since": None, "reason": None, "message": None}
    assert not (await seen(f"{path}/live"))["dialingHeld"]
    codes = [blocker["code"] for blocker in (await seen(f"{path}/diagnostics"))["blockers"]]
    assert "dialing_held" not in codes
    hold = await store.hold(operator.conn, HoldReason.WENT_BACK)
    dialing = (await seen("/v1/live"))["dialing"]
    assert (dialing["held"], dialing["reason"], dialing["message"]) == (True, "went_back", hold.message)
    assert (await seen(f"{path}/live"))["dialingHeld"]
    (first, *_) = (await seen(f"{path}/diagnostics"))["blockers"]
    assert first["code"] == "dialing_held"
    assert "operator" in first["message"]
