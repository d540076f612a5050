"""Authentication, tenants and scopes of requests to every endpoint."""

import asyncio
import re
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from tests.support.api import PEPPER, refused
from tests.support.guard import PATH, status
from tongdai.clock import SystemClock
from tongdai.db.pool import Lender
from tongdai.http.principal import Scope
from tongdai.http.request import Request
from tongdai.ids import TenantId
from tongdai.processes.api import ENDPOINTS
from tongdai.tenants import key_format, session_token
from tongdai.tenants import store as tenants
from tongdai.tenants.even_time import EVEN_S, until_even
from tongdai.tenants.guard import Guard
from tongdai.testing import factories
from tongdai.testing.clock import FakeClock

each_endpoint = pytest.mark.parametrize("spec", ENDPOINTS, ids=lambda spec: spec.route)


def bare(response):
    """The status, headers and body of an answer, without the headers that differ between requests."""
    headers = {name: value for name, value in response.headers.items() if name not in {"x-request-id", "date"}}
    return response.status_code, tuple(sorted(headers.items())), response.content


# Keys


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Api-Key", "{}")],
        [("x-api-key", "{}")],
        [("Authorization", "{}")],
        [("Authorization", "Bearer {}")],
        [("Authorization", "bearer  {}")],
        [("X-Api-Key", "{}"), ("Authorization", "{}")],
        [("X-Api-Key", "{}"), ("Authorization", "Bearer {}")],
        [("X-Api-Key", "{}"), ("x-access-token", "eyJhbGciOiJIUzI1NiJ9.e30.x")],
        [("X-Api-Key", "{}"), ("X_Tenant_ID", "1")],
    ],
)
async def test_key_is_taken_from_either_header(api, tenant, headers):
    assert await status(api.client, *((name, value.format(tenant.key.value)) for name, value in headers)) == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("X-Api-Key", "")],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Basic {}")],
        [("Authorization", "Bearer Bearer {}")],
        [("X-Api-Key", "Bearer {}")],
        [("X-Api-Key", "{}x")],
        [("X-Api-Key", "{},{}")],
        [("X-Api-Key", "{}"), ("X-Api-Key", "other")],
        [("x-access-token", "{}")],
        [("Cookie", "X-Api-Key={}")],
        [("X_Api_Key", "{}")],
        [("Api-Key", "{}")],
    ],
)
async def test_key_is_taken_from_nowhere_else(api, tenant, headers):
    assert await status(api.client, *((name, value.format(*[tenant.key.value] * 2)) for name, value in headers)) == 401


async def test_tenant_of_unread_bytes_is_that_of_a_known_key(dsn, settings, tenant):
    unused = cast("Any", None)
    lender = Lender(dsn, 1, name="tests")
    guard = Guard(settings, lender, PEPPER.encode(), unused, unused, SystemClock(), unused)
    head = "GET / HTTP/1.1\r\n{}\r\n\r\n"
    unread = [
        head.format(line.format(tenant.key.value)).encode()
        for line in ("X-Api-Key: {}", "x-api-key:{} ", "Authorization: {}", "authorization: bearer  {}")
    ]
    assert {guard.tenant_of(one) for one in unread} == {None}, "it is not known yet"
    request = Request({"headers": [(b"x-api-key", tenant.key.value.encode())]}, unused, unused)
    await guard.still(request)
    assert {guard.tenant_of(one) for one in unread} == {tenant.tenant_id}
    assert guard.tenant_of(unread[0].replace(b"X-Api-Key", b"X-Api-Keys")) is None
    assert guard.tenant_of(b"\0") is None
    lender.terminate()


@pytest.mark.parametrize(
    ("head", "client", "address"),
    [
        (b"X-Forwarded-For: 203.0.113.7\r\n", "10.0.0.1", "203.0.113.7"),
        (b"x-forwarded-for:198.51.100.1, 203.0.113.7\r\n", "10.0.0.1", "203.0.113.7"),
        (b"X-Forwarded-For: 203.0.113.7\r\n", "192.0.2.1", "192.0.2.1"),
        (b"X-Forwarded-Fort: 203.0.113.7\r\n", "10.0.0.1", "10.0.0.1"),
        (b"", "10.0.0.1", "10.0.0.1"),
    ],
)
async def test_address_of_unread_bytes_is_that_of_the_parsed_request(dsn, settings, head, client, address):
    unused = cast("Any", None)
    lender = Lender(dsn, 1, name="tests")
    trusting = replace(settings, trusted_proxies=("10.0.0.0/8",))
    guard = Guard(trusting, lender, PEPPER.encode(), unused, unused, SystemClock(), unused)
    assert guard.address_of(b"POST /v1/session HTTP/1.1\r\n" + head + b"\r\n", client) == address
    lender.terminate()


async def test_cache_of_keys_is_bounded(dsn, settings, factory_key):
    unused = cast("Any", None)
    lender = Lender(dsn, 1, name="tests")
    guard = Guard(settings, lender, PEPPER.encode(), unused, unused, SystemClock(), unused, cache_size=3)
    keys = [(await factory_key()).value.encode() for _ in range(8)]
    for count, key in enumerate(keys, 1):
        await guard.still(Request({"headers": [(b"x-api-key", key)]}, unused, unused))
        known = [guard.tenant_of(b"GET / HTTP/1.1\r\nX-Api-Key: %b\r\n\r\n" % one) is not None for one in keys]
        assert known[count - 1], "the last one is cached"
        assert sum(known) <= 3
    lender.terminate()


@pytest.mark.parametrize("name", ["X-Api-Key", "x-api-key", "api_key", "key", "Authorization", "access_token"])
async def test_key_in_the_query_is_never_read(api, tenant, name):
    assert await status(api.client, path=f"{PATH}?{name}={tenant.key.value}") == 401


async def test_headers_that_name_different_keys_are_refused_even_when_both_are_right(api, tenant, other_tenant):
    pair = ("X-Api-Key", tenant.key.value), ("Authorization", f"Bearer {other_tenant.key.value}")
    assert await status(api.client, *pair) == 401
    assert await status(api.client, *reversed(pair)) == 401


async def test_every_refusal_of_a_key_is_the_same_to_the_byte(api, tenant, other_tenant, conn, factory_key):
    expired = await factory_key(expires_at=SystemClock().now() - timedelta(seconds=1))
    revoked = await factory_key(tenant_id=tenant.tenant_id)
    await tenants.revoke_key(conn, revoked.key_id, within=None, by=None)
    platform = await factories.platform_key(conn, PEPPER.encode())
    own = ("X-Api-Key", tenant.key.value)
    refusals = [
        [],
        [("X-Api-Key", "sk_live_xxx")],
        [("X-Api-Key", "é".encode("latin-1"))],
        [("X-Api-Key", key_format.generate())],
        [("X-Api-Key", expired.value)],
        [("X-Api-Key", revoked.value)],
        [("X-Api-Key", platform.value)],
        [("X-Api-Key", platform.value), ("X-Tenant-ID", "1")],
        [own, ("X-Tenant-ID", str(other_tenant.tenant_id))],
        [own, ("Authorization", other_tenant.key.value)],
    ]
    responses = [await api.client.get(PATH, headers=headers) for headers in refusals]
    responses.append(await api.client.get("/v1/queues/inbound/1"))
    responses.append(await api.client.post("/v1/campaigns/x/contacts", content=b"{"))
    assert len({bare(response) for response in responses}) == 1
    assert refused(responses[0], 401, "UNAUTHORIZED") == "Missing or incorrect API key"


async def test_no_refusal_of_a_key_is_answered_before_the_same_time_has_passed(api, tenant, other_tenant, conn):
    revoked = await api.key(tenant_id=tenant.tenant_id)
    await tenants.revoke_key(conn, revoked.key_id, within=None, by=None)
    named = ("X-Tenant-ID", str(other_tenant.tenant_id))
    for headers in (
        [],
        [("X-Api-Key", "sk_live_xxx")],
        [("X-Api-Key", key_format.generate())],
        [("X-Api-Key", key_format.generate()), named],
        [("X-Api-Key", revoked.value)],
        [("X-Api-Key", tenant.key.value), named],
        [("X-Api-Key", tenant.key.value), ("Authorization", other_tenant.key.value)],
        [("Cookie", f"{session_token.COOKIE}=unknown")],
    ):
        began = time.monotonic()
        assert await status(api.client, *headers) == 401
        assert time.monotonic() - began >= EVEN_S, headers
    began = time.monotonic()
    assert await status(api.client, ("X-Api-Key", tenant.key.value), path="/v1/session") == 401
    assert time.monotonic() - began >= EVEN_S, "a key where a session is needed"


@pytest.mark.parametrize(("passed_ms", "left_ms"), [(0, 3), (0.25, 2.75), (2.75, 0.25), (3.5, 2.5), (30.5, 2.5)])
def test_refusals_wait_for_a_multiple_of_one_time(passed_ms, left_ms):
    assert until_even(passed_ms / 1000) == pytest.approx(left_ms / 1000)


@pytest.fixture
def factory_key(api):
    return api.key


async def test_key_expires_at_its_instant_though_it_was_used_before(api, serving):
    clock = FakeClock()
    key = await api.key(expires_at=clock.now() + timedelta(seconds=5))
    async with serving(clock) as client:
        assert await status(client, *key.headers.items()) == 200
        clock.advance(4.9)
        assert await status(client, *key.headers.items()) == 200
        clock.advance(0.1)
        assert await status(client, *key.headers.items()) == 401


LISTENING = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = 'tongdai api listen' and state = 'idle'
and (query ilike 'listen%' or query ilike 'select count%')
"""
"""Sessions that have begun to listen; what they ask next is how many they are."""


async def test_revocation_is_seen_by_another_process_at_once(tenant, api, serving, conn):
    victim = await api.key(tenant_id=tenant.tenant_id)
    before = await conn.fetchval(LISTENING)
    # Its clock stands still, an hour ahead: it believes what it remembers until it is notified.
    async with serving(FakeClock(SystemClock().now() + timedelta(hours=1))) as other:
        async with asyncio.timeout(20):
            while await conn.fetchval(LISTENING) <= before:
                assert await status(other, *victim.headers.items()) == 200
        for _ in range(3):
            assert await status(other, *victim.headers.items()) == 200
        response = await tenant.call("DELETE", f"/v1/api-keys/{victim.key_id}")
        assert response.json() == {"success": "1", "error_code": "SUCCESS", "error_message": "Key revoked"}
        async with asyncio.timeout(20):
            while await status(other, *victim.headers.items()) != 401:
                pass
    assert await status(api.client, *victim.headers.items()) == 401


async def test_change_of_a_tenants_limits_is_seen_by_another_process_at_once(tenant, serving, conn):
    async with serving(FakeClock()) as other:
        await tenants.set_limits(conn, tenant.tenant_id, 50_000, 7)
        async with asyncio.timeout(20):
            while (await other.get(PATH, headers=tenant.key.headers)).headers["x-ratelimit-limit-route"] != "7":
                pass


# Tenants


async def test_tenant_header_may_repeat_the_keys_tenant(api, tenant):
    own = ("X-Api-Key", tenant.key.value)
    for named in (str(tenant.tenant_id), f"0{tenant.tenant_id}"):
        assert await status(api.client, own, ("X-Tenant-ID", named)) == 200


BAD_TENANTS = [
    "",
    " ",
    "0",
    "-1",
    "+{}",
    "{},{}",
    "{} {}",
    "{}.0",
    "0x1",
    "abc",
    "null",
    "*",
    "1e3",
    "{}" * 40,
    "{}\x00",
]


@pytest.mark.parametrize("named", BAD_TENANTS)
@pytest.mark.parametrize("platform", [False, True])
async def test_tenant_header_that_is_no_id_is_refused(api, tenant, conn, named, platform):
    key = await factories.platform_key(conn, PEPPER.encode()) if platform else tenant.key
    value = named.replace("{}", str(tenant.tenant_id)).encode()
    assert await status(api.client, ("X-Api-Key", key.value), ("X-Tenant-ID", value)) == 401


@pytest.mark.parametrize("platform", [False, True])
async def test_tenant_header_sent_twice_is_refused_even_when_both_agree(api, tenant, other_tenant, conn, platform):
    key = await factories.platform_key(conn, PEPPER.encode()) if platform else tenant.key
    mine, theirs = (("X-Tenant-ID", str(one.tenant_id)) for one in (tenant, other_tenant))
    for pair in ((mine, mine), (mine, theirs), (theirs, mine)):
        assert await status(api.client, ("X-Api-Key", key.value), *pair) == 401


async def test_another_tenant_cannot_be_named_with_a_tenants_key(api, tenant, other_tenant):
    own = ("X-Api-Key", tenant.key.value)
    assert await status(api.client, own, ("X-Tenant-ID", str(other_tenant.tenant_id))) == 401
    # Not read, so neither refused nor believed.
    await other_tenant.campaign()
    for ignored in ("X_Tenant_ID", "X-Tenant", "Tenant-ID", "X-Forwarded-Tenant-ID"):
        response = await api.client.get(PATH, headers=[own, (ignored, str(other_tenant.tenant_id))])
        assert response.json()["totalRecord"] == 0


async def test_platform_key_acts_for_the_tenant_it_names_and_for_none_without(api, tenant, other_tenant, conn):
    key = await factories.platform_key(conn, PEPPER.encode())
    await tenant.campaign()

    async def ask(*tenant_header):
        return await api.client.get(PATH, headers=[("X-Api-Key", key.value), *tenant_header])

    for _ in range(2):  # the second time from memory
        assert (await ask(("X-Tenant-ID", str(tenant.tenant_id)))).json()["totalRecord"] == 1
        assert (await ask(("X-Tenant-ID", str(other_tenant.tenant_id)))).json()["totalRecord"] == 0
        assert (await ask()).status_code == 401
        assert (await ask(("X-Tenant-ID", "999999999999999999"))).status_code == 401
        assert (await ask(("X_Tenant_ID", str(tenant.tenant_id)))).status_code == 401


async def test_tenant_made_after_a_platform_key_named_it_is_known_at_once(api, conn):
    key = await factories.platform_key(conn, PEPPER.encode())
    tenant_id = TenantId(await factories.tenant(conn) + 5_000_000_000_000)
    headers = ("X-Api-Key", key.value), ("X-Tenant-ID", str(tenant_id))
    assert await status(api.client, *headers) == 401
    await tenants.create_tenant(conn, tenant_id, "A", "VN")
    assert await status(api.client, *headers) == 200


# Scopes


@each_endpoint
async def test_scope_is_asked_for_exactly(api, tenant, conn, spec):
    path = "/v1" + re.sub(r"\{\w+\}", "1", spec.path) + ("?events=1" if spec.path.endswith("/events") else "")
    before = await tenant.checksum()
    for scope in Scope:
        if scope is not spec.scope:
            key = await api.key(tenant_id=tenant.tenant_id, scopes=[scope])
            response = await api.client.request(spec.method, path, headers=key.headers, content=b"{")
            assert refused(response, 403, "INSUFFICIENT_SCOPE") == f"Key does not have scope {spec.scope}"
            assert int(response.headers["x-ratelimit-limit-tenant"])
    others = await api.key(tenant_id=tenant.tenant_id, scopes=[scope for scope in Scope if scope is not spec.scope])
    assert (await api.client.request(spec.method, path, headers=others.headers)).status_code == 403
    after = await tenant.checksum()
    assert {table for table in after if after[table] != before[table]} == {"api_key", "audit"}
    alone = await api.key(tenant_id=tenant.tenant_id, scopes=[spec.scope])
    if spec.platform:
        response = await api.client.request(spec.method, path, headers=alone.headers, content=b"{")
        assert refused(response, 403, "INSUFFICIENT_SCOPE") == "Only a platform key may do this"
        alone = await factories.platform_key(conn, PEPPER.encode(), [spec.scope])
    response = await api.client.request(spec.method, path, headers=alone.headers, content=b"{")
    assert response.status_code in {200, 400, 404}


def test_endpoints_ask_for_the_scope_of_their_first_word():
    scopes = {"campaigns": "campaign", "queues": "queue", "agents": "agent", "calls": "report", "reports": "report"}
    scopes |= {"do-not-call": "campaign", "api-keys": "admin", "tenants": "admin", "live": "report", "dialing": "admin"}
    scopes |= {"called-numbers": "admin", "sip-endpoints": "admin", "wrap-up-codes": "agent", "missed-calls": "agent"}
    scopes |= {"callbacks": "agent", "users": "admin", "teams": "agent", "health": "report", "wallboards": "queue"}
    scopes |= {"audit": "admin", "webhooks": "admin", "pause-reasons": "agent", "numbers": "queue"}
    scopes |= {"contacts": "campaign", "customers": "campaign"}
    reading = {spec.route: scopes[spec.path.split("/")[1]] for spec in ENDPOINTS}
    acts = {spec.route: "agent" for spec in ENDPOINTS if spec.path.startswith("/calls/") and spec.method != "GET"}
    counts = {"GET /wrap-up-codes/counts": "report"}
    whole = {"GET /customers/{customerId}/export": "admin", "POST /customers/{customerId}/erase": "admin"}
    # A recording is no live call: who may read it may delete it.
    whole |= {"DELETE /calls/{callId}/recording": "report", "POST /calls/{callId}/recording/link": "report"}
    whole |= {f"{method} /calls/{{callId}}/recording/legal-hold": "admin" for method in ("PUT", "DELETE")}
    assert {spec.route: spec.scope for spec in ENDPOINTS} == reading | acts | counts | whole
