"""Users: created, changed, disabled, deleted, given links, signed out."""

from dataclasses import replace

import pytest

from tests.support.api import refused
from tests.support.people import PASSWORD, agent_of, person_of
from tongdai.people.users.model import Role

NEW = {"name": "Đào", "role": "supervisor"}


def login(tenant, name="hoa"):
    return f"{name}-{tenant.tenant_id}@example.com"


async def made(tenant, **fields):
    return (await tenant.done("POST", "/v1/users", json=NEW | {"login": login(tenant)} | fields))["userId"]


async def test_user_is_created_shown_and_listed(tenant):
    await tenant.done("POST", "/v1/teams", json={"name": "A", "teamId": 7})
    user_id = await made(tenant, login=login(tenant).upper(), teamIds=[7, 7])
    shown = await tenant.done("GET", f"/v1/users/{user_id}")
    assert shown.pop("createdAt")
    assert shown == {
        "userId": user_id, "name": "Đào", "login": login(tenant), "role": "supervisor", "agentId": None, "teamIds": [7],
        "language": None, "hasPassword": False, "disabledAt": None,
    }  # fmt: skip
    (listed,) = (await tenant.done("GET", "/v1/users"))["data"]
    assert listed["userId"] == user_id


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"login": "hoa"}, 400, "login must be an e-mail address or a phone number, not 'hoa'"),
        ({"role": "boss"}, 400, "role must be one of owner, supervisor, agent, viewer, not 'boss'"),
        ({"role": "agent"}, 400, "agentId is needed with the role agent"),
        ({"agentId": 999}, 404, "Agent not found"),
        ({"teamIds": [999]}, 404, "Team not found"),
        ({"password": "short"}, 400, "password must have at least 10 characters"),
        ({"name": ""}, 400, None),
    ],
)
async def test_user_that_cannot_be_is_refused(tenant, fields, status, said):
    before = await tenant.checksum()
    response = await tenant.post("/v1/users", NEW | {"login": login(tenant)} | fields)
    message = refused(response, status, "INVALID_INPUT" if status == 400 else "NOT_FOUND")
    assert said is None or message == said
    assert await tenant.checksum() == before


async def test_login_is_of_one_user_in_the_installation(tenant, other_tenant):
    await made(tenant)
    for one in (tenant, other_tenant):
        response = await one.post("/v1/users", NEW | {"login": login(tenant)})
        assert refused(response, 400, "INVALID_STATE") == "Another user has this login"


async def test_user_signs_in_with_the_link_and_with_the_password_they_set(api, tenant):
    user_id = await made(tenant)
    link = await tenant.done("POST", f"/v1/users/{user_id}/reset-link", headers={"Idempotency-Key": "k"})
    assert link["path"] == f"/reset#{link['token']}"
    again = await tenant.done("POST", f"/v1/users/{user_id}/reset-link", headers={"Idempotency-Key": "k"})
    assert (again["token"], again["path"]) == (None, None)
    body = {"token": link["token"], "password": PASSWORD}
    assert (await api.client.post("/v1/session/reset", json=body)).status_code == 200
    body = {"login": login(tenant), "password": PASSWORD}
    assert (await api.client.post("/v1/session", json=body)).json()["user"]["id"] == user_id


async def test_password_that_came_with_the_user_signs_in(api, tenant):
    await made(tenant, password=PASSWORD)
    response = await api.client.post("/v1/session", json={"login": login(tenant), "password": PASSWORD})
    assert response.status_code == 200


async def test_new_role_holds_for_sessions_at_once(tenant):
    one = await person_of(tenant, Role.OWNER)
    await person_of(tenant, Role.OWNER)
    assert (await one.call("GET", "/v1/users")).status_code == 200
    await tenant.done("PATCH", f"/v1/users/{one.user.user_id}", json={"role": "viewer"})
    refused(await one.call("GET", "/v1/users"), 403, "INSUFFICIENT_SCOPE")
    assert (await one.call("GET", "/v1/campaigns")).status_code == 200


async def test_disabled_and_deleted_users_are_signed_out_at_once(tenant):
    one, other = await person_of(tenant, Role.VIEWER), await person_of(tenant, Role.VIEWER)
    for person in (one, other):
        assert (await person.call("GET", "/v1/campaigns")).status_code == 200
    await tenant.done("PATCH", f"/v1/users/{one.user.user_id}", json={"disabled": True})
    await tenant.done("DELETE", f"/v1/users/{other.user.user_id}")
    for person in (one, other):
        refused(await person.call("GET", "/v1/campaigns"), 401, "UNAUTHORIZED")
    await tenant.done("PATCH", f"/v1/users/{one.user.user_id}", json={"disabled": False})
    assert (await one.call("GET", "/v1/campaigns")).status_code == 200


async def test_tenant_keeps_an_owner(tenant):
    owner = await person_of(tenant, Role.OWNER)
    path = f"/v1/users/{owner.user.user_id}"
    for method, body in (("PATCH", {"role": "viewer"}), ("PATCH", {"disabled": True}), ("DELETE", None)):
        response = await owner.call(method, path, **({"json": body} if body else {}))
        assert refused(response, 400, "INVALID_STATE") == "The tenant needs an owner: make another one first"
    await owner.done("PATCH", path, json={"name": "Thu"})
    other = await made(tenant, role="owner")
    await tenant.done("PATCH", f"/v1/users/{other}", json={"disabled": True})
    refused(await owner.call("DELETE", path), 400, "INVALID_STATE")
    await tenant.done("PATCH", f"/v1/users/{other}", json={"disabled": False})
    await owner.done("DELETE", path)


async def test_user_becomes_an_agent_with_an_agent(tenant):
    user_id, agent_id = await made(tenant), await agent_of(tenant)
    path = f"/v1/users/{user_id}"
    refused(await tenant.call("PATCH", path, json={"role": "agent"}), 400, "INVALID_INPUT")
    refused(await tenant.call("PATCH", path, json={"role": "agent", "agentId": agent_id + 1}), 404, "NOT_FOUND")
    await tenant.done("PATCH", path, json={"role": "agent", "agentId": agent_id})
    refused(await tenant.call("PATCH", path, json={"agentId": None}), 400, "INVALID_INPUT")
    refused(await tenant.call("PATCH", path, json={}), 400, "INVALID_INPUT")
    assert (await tenant.done("GET", path))["agentId"] == agent_id


async def test_sessions_are_listed_with_where_they_were_seen_and_ended(tenant):
    one = await person_of(tenant, Role.VIEWER)
    path = f"/v1/users/{one.user.user_id}/sessions"
    (session,) = (await tenant.done("GET", path))["data"]
    assert (session["address"], session["userAgent"]) == ("127.0.0.1", "tests")
    await tenant.done("DELETE", f"{path}/{session['sessionId']}")
    refused(await one.call("GET", "/v1/session"), 401, "UNAUTHORIZED")
    refused(await tenant.call("DELETE", f"{path}/{session['sessionId']}"), 404, "NOT_FOUND")
    assert (await tenant.done("GET", path))["data"] == []
    await tenant.done("DELETE", path)


async def test_teams_are_named_and_numbered(tenant):
    assert (await tenant.done("POST", "/v1/teams", json={"name": "A"}))["teamId"] == 1
    assert (await tenant.done("POST", "/v1/teams", json={"name": "B", "teamId": 7}))["teamId"] == 7
    assert (await tenant.done("POST", "/v1/teams", json={"name": "C"}))["teamId"] == 8
    for taken in ({"name": "A"}, {"name": "D", "teamId": 7}):
        refused(await tenant.post("/v1/teams", taken), 400, "INVALID_STATE")
    refused(await tenant.call("PATCH", "/v1/teams/1", json={"name": "B"}), 400, "INVALID_STATE")
    await tenant.done("PATCH", "/v1/teams/1", json={"name": "E"})
    agent_id = await agent_of(tenant)
    await tenant.done("PATCH", f"/v1/agents/{agent_id}", json={"teamId": 7})
    found = (await tenant.done("GET", "/v1/teams"))["data"]
    assert [(one["teamId"], one["name"], one["agents"]) for one in found] == [(1, "E", 0), (7, "B", 1), (8, "C", 0)]
    refused(await tenant.call("DELETE", "/v1/teams/7"), 400, "INVALID_STATE")
    await tenant.done("DELETE", "/v1/teams/8")
    refused(await tenant.call("DELETE", "/v1/teams/8"), 404, "NOT_FOUND")


async def test_key_gives_nobody_a_role_that_may_do_more_than_itself(api, tenant):
    user_id, owner_id = await made(tenant, role="viewer"), await made(tenant, login=login(tenant, "an"), role="owner")
    key = await api.key(tenant_id=tenant.tenant_id, scopes=["admin", "agent"])
    limited = replace(tenant, key=key)
    before = await tenant.checksum()
    for method, path, json, scope in (
        ("POST", "/v1/users", NEW | {"login": login(tenant, "binh"), "role": "owner"}, "campaign"),
        ("POST", "/v1/users", NEW | {"login": login(tenant, "binh"), "password": PASSWORD}, "campaign"),
        ("PATCH", f"/v1/users/{user_id}", {"role": "owner"}, "campaign"),
        ("POST", f"/v1/users/{owner_id}/reset-link", None, "campaign"),
    ):
        response = await limited.call(method, path, json=json)
        assert refused(response, 403, "INSUFFICIENT_SCOPE") == f"Key does not have scope {scope}"
    assert await tenant.checksum() == before
    assert await limited.done("PATCH", f"/v1/users/{user_id}", json={"name": "Bình"})
