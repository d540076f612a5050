"""Signing in and out, sessions, and the password of one's own."""

from datetime import UTC, datetime, timedelta

from tests.support.api import PEPPER, refused
from tests.support.people import PASSWORD, Person, person_of, user_of
from tongdai.people.sessions import first_run, store
from tongdai.people.users import store as users
from tongdai.people.users.model import Role
from tongdai.tenants import key_format, session_token
from tongdai.testing.clock import FakeClock

NEW = "quite another password"


async def sign_in(client, login, password=PASSWORD, **headers):
    return await client.post("/v1/session", json={"login": login, "password": password}, headers=headers)


def token_of(response):
    return response.headers["set-cookie"].partition("=")[2].partition(";")[0]


def person(api, user, response):
    return Person(api.client, user, token_of(response))


async def test_right_password_begins_a_session(api, tenant):
    user = await user_of(tenant, Role.SUPERVISOR)
    response = await sign_in(api.client, user.login.upper())
    assert response.status_code == 200
    body = response.json()
    assert body["user"] == {
        "id": user.user_id, "name": "Đào", "login": user.login, "role": "supervisor", "agentId": None, "teamIds": [],
        "language": None,
    }  # fmt: skip
    assert body["tenant"] == {"id": tenant.tenant_id, "name": "A tenant"}
    assert body["scopes"] == ["agent", "campaign", "queue", "report"]
    lasts = datetime.fromisoformat(body["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=11) < lasts <= timedelta(hours=12, minutes=1)
    name, *attributes = [part.strip() for part in response.headers["set-cookie"].split(";")]
    assert name.startswith("tongdai_session=st_")
    assert set(attributes) == {"Max-Age=43200", "Path=/", "HttpOnly", "SameSite=Lax"}
    assert response.headers["cache-control"] == "no-store"
    one = person(api, user, response)
    assert (await one.done("GET", "/v1/session")) == body
    assert body["csrfToken"] == one.csrf["X-CSRF-Token"]


async def test_cookie_is_secure_where_the_browser_used_https(api, tenant):
    user = await user_of(tenant, Role.VIEWER)
    response = await sign_in(api.client, user.login, **{"X-Forwarded-Proto": "https"})
    assert "; Secure" in response.headers["set-cookie"]


async def test_phone_number_is_a_login_in_any_written_form(api, tenant):
    await user_of(tenant, Role.VIEWER, login="+84907000111")
    for login in ("0907 000 111", "+84907000111", "84907000111"):
        assert (await sign_in(api.client, login)).status_code == 200


async def test_wrong_logins_passwords_and_disabled_users_are_answered_alike(api, tenant, conn):
    user, disabled = await user_of(tenant, Role.OWNER), await user_of(tenant, Role.OWNER)
    await conn.execute("update user_account set disabled_at = now() where user_id = $1", disabled.user_id)
    fresh = await user_of(tenant, Role.OWNER)
    await conn.execute("update user_account set password = null where user_id = $1", fresh.user_id)
    refusals = [
        await sign_in(api.client, user.login, "wrong password"),
        await sign_in(api.client, user.login, PASSWORD + "x" * 1000),
        await sign_in(api.client, "nobody@example.com"),
        await sign_in(api.client, "\x00"),
        await sign_in(api.client, disabled.login),
        await sign_in(api.client, fresh.login, "the password of nobody"),
    ]
    assert {refused(one, 401, "UNAUTHORIZED") for one in refusals} == {"Wrong login or password"}
    assert len({one.content for one in refusals}) == 1
    assert not any("set-cookie" in one.headers for one in refusals)


async def test_token_and_password_are_stored_as_digests(api, tenant, conn):
    user = await user_of(tenant, Role.OWNER)
    token = token_of(await sign_in(api.client, user.login))
    row = await conn.fetchrow("select s::text as session from user_session s where user_id = $1", user.user_id)
    assert token not in row["session"]
    assert token.removeprefix("st_") not in row["session"]
    account = await conn.fetchval("select password from user_account where user_id = $1", user.user_id)
    assert account.startswith("$argon2id$")


async def test_sign_out_ends_the_session_and_no_other(api, tenant):
    user = await user_of(tenant, Role.OWNER)
    one, other = [person(api, user, await sign_in(api.client, user.login)) for _ in range(2)]
    response = await one.call("DELETE", "/v1/session")
    assert response.json()["error_message"] == "Signed out"
    assert "tongdai_session=; Max-Age=0" in response.headers["set-cookie"]
    refused(await one.call("GET", "/v1/session"), 401, "UNAUTHORIZED")
    refused(await one.call("GET", "/v1/campaigns"), 401, "UNAUTHORIZED")
    assert (await other.call("GET", "/v1/campaigns")).status_code == 200


async def test_session_is_only_taken_from_its_cookie(api, tenant):
    one = await person_of(tenant, Role.OWNER)
    for headers in (
        [("X-Api-Key", one.token)],
        [("Authorization", f"Bearer {one.token}")],
        [("X-Api-Key", f"cookie {one.token}")],
        [("Cookie", f"tongdai_sessions={one.token}")],
        [("Cookie", f"tongdai_session={one.token}x")],
        [("Cookie", f"tongdai_session={one.token}; tongdai_session=st_{'x' * 43}")],
        [*one.cookie.items(), ("X-Tenant-ID", "1")],
        [*one.cookie.items(), ("X-Api-Key", "sk_live_wrong")],
    ):
        assert (await api.client.get("/v1/campaigns", headers=headers)).status_code == 401
    own = [("Cookie", f"a=b; tongdai_session={one.token}; c=d"), ("X-Tenant-ID", str(tenant.tenant_id))]
    assert (await api.client.get("/v1/campaigns", headers=own)).status_code == 200


async def test_key_beside_a_cookie_counts_alone(api, tenant, other_tenant):
    one = await person_of(tenant, Role.OWNER)
    await other_tenant.campaign()
    response = await api.client.get("/v1/campaigns", headers=one.cookie | other_tenant.key.headers)
    assert response.json()["totalRecord"] == 1


async def test_session_ends_at_its_time_though_it_was_used_before(tenant, serving):
    one = await person_of(tenant, Role.OWNER)
    clock = FakeClock(datetime.now(UTC))
    async with serving(clock) as client:
        assert (await client.get("/v1/campaigns", headers=one.cookie)).status_code == 200
        clock.advance(12 * 3600 + 1)
        assert (await client.get("/v1/campaigns", headers=one.cookie)).status_code == 401


async def test_sign_out_is_seen_by_another_process_at_once(tenant, serving):
    one = await person_of(tenant, Role.OWNER)
    # Its clock stands still: it believes what it remembers until it is notified.
    async with serving(FakeClock(datetime.now(UTC))) as other:
        assert (await other.get("/v1/campaigns", headers=one.cookie)).status_code == 200
        await one.done("DELETE", "/v1/session")
        while (await other.get("/v1/campaigns", headers=one.cookie)).status_code != 401:
            pass


async def test_event_stream_ends_with_its_session(tenant):
    one = await person_of(tenant, Role.VIEWER)
    response = await one.call("GET", "/v1/queues/live/events?events=1")
    assert response.headers["content-type"] == "text/event-stream"
    stream = one.client.stream("GET", "/v1/queues/live/events", headers=one.cookie)
    await one.done("DELETE", "/v1/session")
    async with stream as ended:
        assert ended.status_code == 401


async def test_password_change_ends_the_other_sessions(api, tenant):
    user = await user_of(tenant, Role.OWNER)
    one, other = [person(api, user, await sign_in(api.client, user.login)) for _ in range(2)]
    for body, said in (
        ({"current": "wrong password", "new": NEW}, "current is not your password"),
        ({"current": PASSWORD, "new": "short"}, "new must have at least 10 characters"),
        ({"current": PASSWORD, "new": "Password1234"}, "new is one that many people use: choose another"),
    ):
        assert refused(await one.call("PUT", "/v1/session/password", json=body), 400, "INVALID_INPUT") == said
    await one.done("PUT", "/v1/session/password", json={"current": PASSWORD, "new": NEW})
    assert (await one.call("GET", "/v1/session")).status_code == 200
    refused(await other.call("GET", "/v1/session"), 401, "UNAUTHORIZED")
    refused(await sign_in(api.client, user.login), 401, "UNAUTHORIZED")
    assert (await sign_in(api.client, user.login, NEW)).status_code == 200


async def test_language_is_kept(tenant):
    one = await person_of(tenant, Role.VIEWER)
    assert (await one.done("PATCH", "/v1/session", json={"language": "vi"}))["user"]["language"] == "vi"
    assert (await one.done("GET", "/v1/session"))["user"]["language"] == "vi"
    refused(await one.call("PATCH", "/v1/session", json={"language": "fr"}), 400, "INVALID_INPUT")
    assert (await one.done("PATCH", "/v1/session", json={"language": None}))["user"]["language"] is None


async def test_everything_is_audited_with_the_user(api, tenant, conn):
    user = await user_of(tenant, Role.OWNER)
    one = person(api, user, await sign_in(api.client, user.login))
    await one.done("PUT", "/v1/session/password", json={"current": PASSWORD, "new": NEW})
    await one.done("DELETE", "/v1/session")
    query = "select action, user_id, key_id from audit where tenant_id = $1 and subject = $2 order by audit_id"
    rows = await conn.fetch(query, tenant.tenant_id, f"user {user.user_id}")
    assert [tuple(row) for row in rows] == [
        ("user.create", None, None),
        *((action, user.user_id, None) for action in ("user.sign_in", "user.password", "user.sign_out")),
    ]


# Reset


async def reset_token(conn, user):
    token = session_token.generate()
    digest = key_format.digest(f"reset {token}", PEPPER.encode())
    assert await store.offer_reset(conn, user.tenant_id, user.user_id, digest, None) is not None
    return token


async def reset(api, token, password=NEW):
    return await api.client.post("/v1/session/reset", json={"token": token, "password": password})


async def test_one_time_link_sets_the_password_once_and_ends_all_sessions(api, tenant, conn):
    one = await person_of(tenant, Role.SUPERVISOR)
    token = await reset_token(conn, one.user)
    refused(await reset(api, token, "short"), 400, "INVALID_INPUT")
    refused(await reset(api, token, one.user.login), 400, "INVALID_INPUT")  # the link is not spent by that
    response = await reset(api, token)
    assert response.json()["user"]["id"] == one.user.user_id
    assert (await person(api, one.user, response).call("GET", "/v1/session")).status_code == 200
    refused(await one.call("GET", "/v1/session"), 401, "UNAUTHORIZED")
    refused(await reset(api, token), 404, "NOT_FOUND")
    assert (await sign_in(api.client, one.user.login, NEW)).status_code == 200


async def test_link_that_expired_or_was_replaced_is_of_no_use(api, tenant, conn):
    user = await user_of(tenant, Role.SUPERVISOR)
    first, second = await reset_token(conn, user), await reset_token(conn, user)
    refused(await reset(api, first), 404, "NOT_FOUND")
    await conn.execute("update password_reset set expires_at = now() where user_id = $1", user.user_id)
    refused(await reset(api, second), 404, "NOT_FOUND")
    refused(await reset(api, "x"), 404, "NOT_FOUND")


# Limits


async def test_login_is_refused_from_an_address_after_wrong_passwords_and_from_nowhere_else(tenant, serving, conn):
    user, colleague = await user_of(tenant, Role.OWNER), await user_of(tenant, Role.OWNER)
    async with serving(trusted_proxies=("127.0.0.1",)) as client:

        async def attempt(address, password, login=user.login):
            return (await sign_in(client, login, password, **{"X-Forwarded-For": address})).status_code

        assert [await attempt("203.0.113.5", "wrong password") for _ in range(6)] == [401] * 5 + [429]
        response = await sign_in(client, user.login, **{"X-Forwarded-For": "203.0.113.5"})
        refused(response, 429, "RATE_LIMIT_EXCEEDED")
        assert 800 < int(response.headers["retry-after"]) <= 900
        assert await attempt("203.0.113.6", PASSWORD) == 200, "the owner is not locked out by a stranger"
        assert await attempt("203.0.113.5", PASSWORD, colleague.login) == 200
        await conn.execute("update sign_in_failure set at = at - interval '15 minutes'")
        assert await attempt("203.0.113.5", PASSWORD) == 200


async def test_address_that_tries_many_logins_signs_in_only_known_users(tenant, serving, conn):
    known, stranger = await user_of(tenant, Role.OWNER), await user_of(tenant, Role.OWNER)
    insert = "insert into sign_in_failure (login, address) select '', $1 from generate_series(1, 50)"
    async with serving(trusted_proxies=("127.0.0.1",)) as client:
        here = {"X-Forwarded-For": "203.0.113.9"}
        assert (await sign_in(client, known.login, **here)).status_code == 200
        await conn.execute(insert, "203.0.113.9")
        assert (await sign_in(client, stranger.login, **here)).status_code == 429
        assert (await sign_in(client, known.login, **here)).status_code == 200


async def test_sign_in_refused_for_overload_counts_for_nothing(api, tenant, monkeypatch):
    user = await user_of(tenant, Role.OWNER)
    with monkeypatch.context() as patched:
        patched.setattr("tongdai.people.users.passwords.WAITING_EACH", 0)
        for _ in range(6):
            assert (await sign_in(api.client, user.login)).status_code == 503
    assert (await sign_in(api.client, user.login)).status_code == 200


async def test_no_password_is_hashed_for_a_link_that_is_none(api, monkeypatch):
    monkeypatch.setattr("tongdai.people.users.passwords.WAITING_EACH", 0)
    refused(await reset(api, "x"), 404, "NOT_FOUND")


async def test_right_passwords_count_for_nothing(api, tenant):
    user = await user_of(tenant, Role.OWNER)
    assert {(await sign_in(api.client, user.login)).status_code for _ in range(8)} == {200}


# The first owner


async def options(client, **headers):
    return (await client.get("/v1/session/options", headers=headers)).json()


async def test_first_owner_is_made_once_from_the_servers_own_machine(own_dsn, serving):
    body = {"name": "Hoa", "login": "hoa@example.com", "password": PASSWORD, "tenantName": "AloHub"}
    right = body | {"token": first_run.token(PEPPER.encode())}
    async with serving(database=own_dsn) as client:
        assert (await options(client))["firstRun"]
        assert not (await options(client, **{"X-Forwarded-For": "127.0.0.1"}))["firstRun"]
        refused(await client.post("/v1/session/first-run", json=body | {"token": "x"}), 400, "INVALID_INPUT")
        elsewhere = await client.post("/v1/session/first-run", json=right, headers={"X-Forwarded-For": "127.0.0.1"})
        refused(elsewhere, 404, "NOT_FOUND")
        refused(await client.post("/v1/session/first-run", json=right | {"password": "x"}), 400, "INVALID_INPUT")
        made = (await client.post("/v1/session/first-run", json=right)).json()
        assert (made["user"]["role"], made["tenant"]["name"]) == ("owner", "AloHub")
        assert not (await options(client))["firstRun"]
        refused(await client.post("/v1/session/first-run", json=right), 404, "NOT_FOUND")
        assert (await sign_in(client, "hoa@example.com")).status_code == 200


# What is kept


async def test_old_sessions_failures_and_links_are_deleted(tenant, conn):
    one = await person_of(tenant, Role.OWNER)
    await reset_token(conn, one.user)
    await conn.execute("update user_session set expires_at = now() - interval '31 days' where user_id = $1",
                       one.user.user_id)  # fmt: skip
    await conn.execute("update password_reset set expires_at = now() - interval '1 s' where user_id = $1",
                       one.user.user_id)  # fmt: skip
    await store.delete_old(conn)
    for table in ("user_session", "password_reset"):
        assert await conn.fetchval(f"select count(*) from {table} where user_id = $1", one.user.user_id) == 0
    assert await users.find(conn, one.user.tenant_id, one.user.user_id) is not None
