"""Addresses that send wrong keys, and the rate limits of requests to every endpoint."""

import asyncio

import httpx2
from structlog.testing import capture_logs

from tests.support.api import PEPPER, refused
from tests.support.guard import PATH, status
from tests.support.servers import eventually
from tongdai.processes.api import LISTENER, build
from tongdai.tenants import key_format
from tongdai.tenants import store as tenants
from tongdai.testing import factories
from tongdai.testing.asgi import running
from tongdai.testing.clock import FakeClock

DEAD = "postgresql://nobody:nothing@127.0.0.1:1/none"


# Failed keys


def from_address(app, address):
    transport = httpx2.ASGITransport(app=app, client=(address, 5000))
    return httpx2.AsyncClient(transport=transport, base_url="http://tongdai")


def wrong():
    return ("X-Api-Key", key_format.generate())


async def test_address_that_sends_too_many_wrong_keys_is_refused_for_a_while(dsn, settings):
    clock = FakeClock()
    changed = {name: getattr(settings, name) for name in ("data_dir", "key_pepper")}
    app = build(type(settings)(**changed, failed_key_limit=3), dsn, clock)
    async with running(app), from_address(app, "192.0.2.1") as guesser, from_address(app, "192.0.2.2") as neighbour:
        assert [await status(guesser, wrong()) for _ in range(3)] == [401] * 3
        for headers in (wrong(), ("X-Api-Key", "malformed")):
            response = await guesser.get(PATH, headers=[headers])
            refused(response, 429, "RATE_LIMIT_EXCEEDED")
            assert response.headers["retry-after"] == "10"
        assert await status(neighbour, wrong()) == 401
        clock.advance(10)
        assert await status(guesser, wrong()) == 401


async def test_right_key_passes_from_an_address_that_sends_wrong_ones(serving, tenant, api):
    """Everybody has one address behind a proxy that is not trusted."""
    other = await api.key()
    async with serving(FakeClock(), failed_key_limit=2) as client:
        assert [await status(client, wrong()) for _ in range(3)] == [401, 401, 429]
        for key in (tenant.key, other):
            assert await status(client, *key.headers.items()) == 200
        assert await status(client, wrong()) == 429


async def test_platform_key_with_unknown_tenants_is_limited(serving, api):
    async with api.pool.acquire() as conn:
        key = await factories.platform_key(conn, PEPPER.encode())
    async with serving(FakeClock(), failed_key_limit=2) as client:
        found = [await status(client, ("X-Api-Key", key.value), ("X-Tenant-ID", str(n))) for n in (1, 2, 3)]
        assert found == [401, 401, 429]


async def test_log_says_that_a_proxy_is_not_trusted(serving, tenant):
    forwarded = ("X-Forwarded-For", "198.51.100.1")
    async with serving(FakeClock(), failed_key_limit=2) as client:
        with capture_logs() as logs:
            assert [await status(client, wrong(), forwarded) for _ in range(4)] == [401, 401, 429, 429]
    (blocked,) = [log for log in logs if log["event"] == "address blocked for wrong keys"]
    assert "trusted_proxies" in blocked["hint"]


async def test_request_without_a_key_counts_as_no_wrong_one(serving, tenant):
    async with serving(FakeClock(), failed_key_limit=2) as client:
        assert [await status(client) for _ in range(6)] == [401] * 6
        assert await status(client, *tenant.key.headers.items()) == 200


async def test_right_keys_are_not_counted(serving, tenant):
    async with serving(FakeClock(), failed_key_limit=2) as client:
        own = ("X-Api-Key", tenant.key.value)
        assert [await status(client, own) for _ in range(4)] == [200] * 4
        assert [await status(client, wrong()) for _ in range(3)] == [401, 401, 429]


async def test_malformed_keys_cost_no_database(serving):
    malformed = [("X-Api-Key", value) for value in ("x", "sk_live_xxx", key_format.generate()[:-1] + "!")]
    async with serving(FakeClock(), database=DEAD, failed_key_limit=3) as client:
        assert [await status(client, headers) for headers in malformed] == [401] * 3
        assert await status(client, malformed[0]) == 429


async def test_address_is_the_last_that_no_trusted_proxy_vouches_for(dsn, settings):
    changed = {name: getattr(settings, name) for name in ("data_dir", "key_pepper")}
    app = build(type(settings)(**changed, failed_key_limit=1, trusted_proxies=("10.0.0.0/8",)), dsn, FakeClock())
    async with running(app), from_address(app, "10.0.0.1") as proxy, from_address(app, "192.0.2.9") as stranger:

        def by(client, forwarded):
            return status(client, wrong(), ("X-Forwarded-For", forwarded))

        assert [await by(proxy, "198.51.100.1") for _ in range(2)] == [401, 429]
        assert [await by(proxy, "198.51.100.2") for _ in range(2)] == [401, 429]
        assert await by(proxy, "1.1.1.1, 198.51.100.1, 10.0.0.7") == 429  # what the client made up stands first
        assert await by(stranger, "198.51.100.50") == 401
        assert await by(stranger, "198.51.100.51") == 429  # a stranger's word is not believed


# Limits


async def test_limits_are_reported_with_every_answer_and_kept(serving, tenant):
    clock = FakeClock()
    async with serving(clock, tenant_limit=5, route_limit=3) as client:
        own = tenant.key.headers
        for left in (2, 1, 0):
            response = await client.get(PATH, headers=own)
            assert response.status_code == 200
            assert response.headers["x-ratelimit-limit-tenant"] == "5"
            assert response.headers["x-ratelimit-remaining-tenant"] == str(left + 2)
            assert response.headers["x-ratelimit-limit-route"] == "3"
            assert response.headers["x-ratelimit-remaining-route"] == str(left)
            assert response.headers["ratelimit-policy"]
            assert response.headers["ratelimit"]
        for prefix in ("/v1", "/api/v1"):  # one route under both prefixes
            response = await client.get(f"{prefix}/campaigns", headers=own)
            refused(response, 429, "RATE_LIMIT_EXCEEDED")
            assert response.headers["retry-after"] == "10"
        # Refused requests spent nothing: two of the tenant's five are left.
        found = [(await client.get("/v1/queues/inbound", headers=own)).status_code for _ in range(3)]
        assert found == [200, 200, 429]
        clock.advance(10)
        assert (await client.get(PATH, headers=own)).status_code == 200


async def test_limits_of_one_tenant_are_not_anothers(serving, tenant, other_tenant):
    async with serving(FakeClock(), tenant_limit=1, route_limit=1) as client:
        assert await status(client, *tenant.key.headers.items()) == 200
        assert await status(client, *tenant.key.headers.items()) == 429
        assert await status(client, *other_tenant.key.headers.items()) == 200


async def test_tenant_can_have_limits_of_its_own(serving, tenant, conn):
    await tenants.set_limits(conn, tenant.tenant_id, 2, 2)
    async with serving(FakeClock(), tenant_limit=1, route_limit=1) as client:
        found = [await status(client, *tenant.key.headers.items()) for _ in range(3)]
        assert found == [200, 200, 429]


async def test_refused_scope_spends_nothing(serving, tenant, api):
    clerk = await api.key(tenant_id=tenant.tenant_id, scopes=["queue"])
    async with serving(FakeClock(), tenant_limit=1, route_limit=1) as client:
        assert [await status(client, *clerk.headers.items()) for _ in range(3)] == [403] * 3
        assert await status(client, *tenant.key.headers.items()) == 200


async def test_nodes_share_the_limits_while_the_store_is_away(serving, api, conn):
    """Each counts the API workers of all machines that use the database."""
    count = "select count(*) from pg_stat_activity where datname = current_database() and application_name = $1"
    limit = 60

    async def granted(client) -> int:
        key = await api.key()
        return [await status(client, *key.headers.items()) for _ in range(limit)].count(200)

    dead = {"rate_limit_url": "redis://127.0.0.1:1", "route_limit": limit, "tenant_limit": limit}
    async with serving(FakeClock(), **dead) as one:
        alone = await granted(one)
        async with serving(FakeClock(), **dead) as other:

            async def shared() -> bool:
                nodes = await conn.fetchval(count, LISTENER)
                share = -(-limit // nodes)
                return nodes > 1 and await granted(one) == await granted(other) == share < alone

            await eventually(shared, 60, "the nodes to share the limit")


COUNTED = """
select count(*) from pg_stat_activity
where datname = current_database() and application_name = $1 and query ilike 'select count%'
"""
"""Workers that listen for changes of keys, and have emptied their cache for the last time therefore."""


async def test_keys_never_seen_leave_connections_to_others(dsn, settings, api, conn):
    """Anybody can invent them; they are looked up a few at a time."""
    changed = {name: getattr(settings, name) for name in ("data_dir", "key_pepper")}
    app = build(type(settings)(**changed, database_pool=5), dsn, FakeClock())
    known, new = await api.key(), await api.key()
    before = await conn.fetchval(COUNTED, LISTENER)
    async with running(app), from_address(app, "192.0.2.1") as guesser, from_address(app, "192.0.2.2") as neighbour:

        async def listens() -> bool:
            return await conn.fetchval(COUNTED, LISTENER) > before

        await eventually(listens, 30, "the worker to listen")
        assert await status(neighbour, *known.headers.items()) == 200
        async with conn.transaction():
            await conn.execute("lock table api_key in access exclusive mode")
            guesses = [asyncio.create_task(status(guesser, wrong())) for _ in range(20)]
            assert [await status(neighbour, *known.headers.items()) for _ in range(10)] == [200] * 10
        assert set(await asyncio.gather(*guesses)) <= {401, 503}
        assert await status(neighbour, *new.headers.items()) == 200
