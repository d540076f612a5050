"""Every endpoint × every role: what sessions open, derived from the declarations of the endpoints."""

import re
from uuid import uuid4

import pytest

from tests.support.api import refused
from tests.support.people import agent_of, person_of
from tongdai.http.principal import Own, Reach, Scope
from tongdai.people.users.model import RIGHTS, Role
from tongdai.processes.api import ALL_ENDPOINTS, ENDPOINTS

READING = {"GET", "HEAD"}
UUIDS = ("callId", "callbackId")
CHANGES = [spec for spec in ENDPOINTS if spec.method not in READING]
OF_PEOPLE = [spec for spec in ALL_ENDPOINTS if spec.scope is None and not spec.wallboard]


def expected(role, spec):
    """Whether a role may use an endpoint, as the documentation says it."""
    if role is Role.AGENT:
        return spec.own is not None
    return (
        spec.scope in RIGHTS[role].scopes and not spec.platform and (role is not Role.VIEWER or spec.method in READING)
    )


def path_of(spec, agent_id=1):
    def value(match):
        if match[1] in UUIDS:
            return str(uuid4())
        return str(agent_id) if spec.own is Own.AGENT else "1"

    path = "/v1" + re.sub(r"\{(\w+)\}", value, spec.path)
    if spec.own is Own.QUERY:
        return f"{path}?agentId={agent_id}"
    return path + ("?events=1" if spec.path.endswith("/events") else "")


@pytest.mark.parametrize("spec", ENDPOINTS, ids=lambda spec: spec.route)
async def test_role_opens_what_its_rights_say_and_nothing_else(tenant, spec):
    agent_id = await agent_of(tenant)
    people = {role: await person_of(tenant, role, agent_id if role is Role.AGENT else None) for role in Role}
    for role, person in people.items():
        before = await tenant.checksum()
        response = await person.call(spec.method, path_of(spec, agent_id), content=b"{")
        if not expected(role, spec):
            refused(response, 403, "INSUFFICIENT_SCOPE")
        elif role is Role.AGENT and spec.own in {Own.CALL, Own.CALL_BEFORE, Own.MISSED_CALL, Own.CALLBACK, Own.CONTACT}:
            assert refused(response, 403, "INSUFFICIENT_SCOPE").endswith("your own agent alone")
        else:
            assert response.status_code in {200, 400, 404}, response.text
        if not expected(role, spec):
            assert await tenant.checksum() == before


@pytest.mark.parametrize(
    "spec", [spec for spec in ENDPOINTS if spec.method not in READING], ids=lambda spec: spec.route
)
async def test_change_by_the_cookie_alone_is_refused(tenant, spec):
    owner = await person_of(tenant, Role.OWNER)
    before = await tenant.checksum()
    for token in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x" * 43}, {"X-CSRF-Token": "é"}):
        headers = [(name.encode(), value.encode("latin-1")) for name, value in (owner.cookie | token).items()]
        response = await owner.client.request(spec.method, path_of(spec), headers=headers, content=b"{")
        assert refused(response, 403, "INSUFFICIENT_SCOPE").startswith("X-CSRF-Token")
    assert await tenant.checksum() == before


@pytest.mark.parametrize("spec", [spec for spec in OF_PEOPLE if not spec.open], ids=lambda spec: spec.route)
async def test_key_opens_nothing_that_is_for_people(api, tenant, spec):
    for headers in ({}, tenant.key.headers):
        refused(await api.client.request(spec.method, f"/v1{spec.path}", headers=headers), 401, "UNAUTHORIZED")


def test_rights_grow_from_role_to_role():
    assert RIGHTS[Role.OWNER] == (frozenset(Scope), Reach.ALL)
    assert RIGHTS[Role.SUPERVISOR] == (frozenset(Scope) - {Scope.ADMIN}, Reach.ALL)
    assert RIGHTS[Role.VIEWER] == (RIGHTS[Role.SUPERVISOR].scopes, Reach.READING)
    assert RIGHTS[Role.AGENT] == ({Scope.AGENT}, Reach.OWN_AGENT)


def test_acts_of_supervisors_and_of_owners_are_not_for_agents():
    own = {spec.route for spec in ENDPOINTS if spec.own is not None}
    for act in ("force-ready", "force-pause", "force-sign-out", "release"):
        assert f"POST /agents/{{id}}/{act}" not in own
    for act in ("listen", "whisper", "barge", "take-over"):
        assert f"POST /calls/{{callId}}/{act}" not in own
    changes = {spec.route for spec in ENDPOINTS if spec.own is Own.ANY and spec.method not in READING}
    assert not changes
    assert not any(spec.platform or spec.scope == Scope.ADMIN for spec in ENDPOINTS if spec.own is not None)


# An agent's own agent


OF_AGENTS = [spec for spec in ENDPOINTS if spec.own is Own.AGENT]


@pytest.mark.parametrize("spec", OF_AGENTS, ids=lambda spec: spec.route)
async def test_agent_acts_for_their_own_agent_alone(tenant, spec):
    mine, other = await agent_of(tenant, "mine"), await agent_of(tenant, "other")
    person = await person_of(tenant, Role.AGENT, mine)
    before = await tenant.checksum()
    for agent_id in (other, 999_999, 0):
        response = await person.call(spec.method, path_of(spec, agent_id), content=b"")
        assert refused(response, 403, "INSUFFICIENT_SCOPE").endswith("your own agent alone")
    assert await tenant.checksum() == before


async def test_agent_signs_in_and_the_audit_names_the_user(tenant, conn):
    mine = await agent_of(tenant)
    person = await person_of(tenant, Role.AGENT, mine)
    await person.done("POST", f"/v1/agents/{mine}/sign-in")
    row = await conn.fetchrow(
        "select key_id, user_id from audit where tenant_id = $1 and action = 'agent.sign-in'", tenant.tenant_id
    )
    assert tuple(row) == (None, person.user.user_id)


async def test_agent_lists_their_own_calls_alone(tenant):
    mine = await agent_of(tenant)
    person = await person_of(tenant, Role.AGENT, mine)
    assert (await person.call("GET", f"/v1/calls?agentId={mine}")).status_code == 200
    for query in ("", f"?agentId={mine + 1}", f"?agentId={mine}&agentId={mine + 1}", f"?campaignId={mine}"):
        refused(await person.call("GET", f"/v1/calls{query}"), 403, "INSUFFICIENT_SCOPE")


async def test_agent_keeps_callbacks_for_themselves_alone(tenant):
    mine, other = await agent_of(tenant, "mine"), await agent_of(tenant, "other")
    person = await person_of(tenant, Role.AGENT, mine)
    queue_id = await tenant.queue("Desk")
    new = {"queueId": queue_id, "phoneNumber": "0907654321", "dueAt": "2027-03-10T02:00:00Z"}
    refused(await person.call("POST", "/v1/callbacks", json=new | {"agentId": other}), 403, "INSUFFICIENT_SCOPE")
    kept = (await person.done("POST", "/v1/callbacks", json=new | {"agentId": mine}))["callbackId"]
    changed = f"/v1/callbacks/{kept}"
    refused(await person.call("PATCH", changed, json={"agentId": other}), 403, "INSUFFICIENT_SCOPE")
    await person.done("PATCH", changed, json={"dueAt": "2027-03-11T02:00:00Z"})
    theirs = await tenant.done("POST", "/v1/callbacks", json=new | {"agentId": other, "phoneNumber": "0907654322"})
    refused(await person.call("DELETE", f"/v1/callbacks/{theirs['callbackId']}"), 403, "INSUFFICIENT_SCOPE")
    await person.done("DELETE", changed)
