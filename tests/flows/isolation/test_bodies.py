"""Isolation of tenants: ids of another tenant in bodies and queries get the same response as unknown ones.

The fields are those of the OpenAPI document; a new one fails until BODIES or NO_IDS says what it names.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.support import callers, people
from tests.support.api import Tenant
from tests.support.calls import a_call
from tongdai import __version__
from tongdai.http.openapi import document as openapi
from tongdai.processes.api import ENDPOINTS
from tongdai.settings.declarations import Settings

DOCUMENT = openapi.document(ENDPOINTS, __version__, Settings())
UNKNOWN = 999999999999999999
ONE = {"phoneNumber": "0901234567"}
MENU = {"name": "M", "options": {"1": {"kind": "callback"}}}
Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A request with an id of a kind of thing in its body."""

    kind: str
    body: Callable[[int, Mapping[str, Any]], Json]
    """The body with the id, from that and the ids of the sender."""


def plain(name: str, kind: str, /, **rest: object) -> Case:
    return Case(kind, lambda it, _: rest | {name: it})


def destinations(*names: str) -> dict[str, Case]:
    """Each of the fields leads to a queue or a menu."""
    found: dict[str, Case] = {}
    for name in names:
        found[f"{name}.queueId"] = Case("queue", lambda it, _, n=name: {n: {"kind": "queue", "queueId": it}})
        found[f"{name}.menuId"] = Case("menu", lambda it, _, n=name: {n: {"kind": "menu", "menuId": it}})
    return found


def in_menu(kind: str, field: str) -> dict[str, Case]:
    def option(it: int, _: Mapping[str, Any]) -> Json:
        return {"name": "N", "options": {"1": {"kind": kind, field: it}}}

    def otherwise(it: int, _: Mapping[str, Any]) -> Json:
        return MENU | {"name": "N", "otherwise": {"kind": kind, field: it}}

    return {f"options.*.{field}": Case(kind, option), f"otherwise.{field}": Case(kind, otherwise)}


AGENT = {"agentName": "A", "endpoint": "new"}
OF_AGENT = {
    "queueId": Case("queue", lambda it, _: AGENT | {"queueId": it}),
    "queues[].queueId": Case(
        "queue", lambda it, ids: AGENT | {"queueId": ids["queue"], "queues": [{"queueId": it, "position": 2}]}
    ),
    "teamId": Case("team", lambda it, ids: AGENT | {"queueId": ids["queue"], "teamId": it}),
}
OF_MENU = in_menu("queue", "queueId") | in_menu("menu", "menuId")
OF_CONTACTS = {
    "listId": plain("listId", "list"),
    "contactIds": Case("contact", lambda it, _: {"contactIds": [it]}),
}
BODIES: dict[str, dict[str, Case]] = {
    "POST /v1/campaigns": {"queueId": plain("queueId", "queue", campaignName="A", dialingMode="progressive")},
    "PATCH /v1/campaigns/{id}": {"queueId": plain("queueId", "queue", dialingMode="progressive")},
    "POST /v1/campaigns/{id}/contacts": {"listId": plain("listId", "list", **ONE)},
    "PUT /v1/campaigns/{id}/contacts": {"listId": plain("listId", "list", **ONE)},
    "POST /v1/campaigns/{id}/contacts/change": {
        "listId": plain("listId", "list", set={"name": "B"}),
        "contactIds": Case("contact", lambda it, _: {"contactIds": [it], "set": {"name": "B"}}),
    },
    "POST /v1/campaigns/{id}/contacts/delete": OF_CONTACTS,
    "POST /v1/campaigns/{id}/contacts/move": {
        "contactIds": Case("contact", lambda it, ids: {"contactIds": [it], "toListId": ids["list"]}),
        "listId": Case("list", lambda it, ids: {"listId": it, "toListId": ids["list"]}),
        "toListId": Case("list", lambda it, ids: {"listId": ids["list"], "toListId": it}),
    },
    "POST /v1/campaigns/{id}/contacts/call-again": {
        "contactIds": Case("contact", lambda it, _: {"contactIds": [it]}),
        "listId": plain("listId", "list", callStatus=["busy"]),
    },
    "POST /v1/do-not-call": {"campaignId": plain("campaignId", "campaign", name="Another")},
    "PATCH /v1/queues/inbound/{id}/settings": destinations("divertTo", "locked", "overflow", "whenEmpty", "whenFull")
    | {"menuId": plain("menuId", "menu")},
    "PUT /v1/queues/hours": destinations("afterHours"),
    "PUT /v1/queues/inbound/{id}/hours": destinations("afterHours"),
    "POST /v1/queues/menus": OF_MENU,
    "PUT /v1/queues/menus/{menuId}": OF_MENU,
    "POST /v1/agents": OF_AGENT,
    "PATCH /v1/agents/{id}": {
        name: Case(case.kind, lambda it, ids, c=case: {k: v for k, v in c.body(it, ids).items() if k not in AGENT})
        for name, case in OF_AGENT.items()
    },
    "POST /v1/agents/{id}/preview": {"campaignId": plain("campaignId", "campaign")},
    "POST /v1/calls/{callId}/transfer": {
        "agentId": plain("agentId", "agent"), "queueId": plain("queueId", "queue"),
    },
    "POST /v1/calls/{callId}/consult": {"agentId": plain("agentId", "agent")},
    "PUT /v1/calls/{callId}/wrap-up": {
        "codeId": plain("codeId", "code"),
        "callbackAgentId": Case(
            "agent",
            lambda it, ids: {
                "codeId": ids["code"], "callback": True, "callbackAt": "2027-03-10T02:00:00Z", "callbackAgentId": it,
            },
        ),
    },
    "PUT /v1/campaigns/{id}/wrap-up": {
        "codeIds": Case("code", lambda it, _: {"mode": "mandatory", "codeIds": [it]}),
    },
    "PUT /v1/queues/inbound/{id}/wrap-up": {
        "codeIds": Case("code", lambda it, _: {"mode": "mandatory", "codeIds": [it]}),
    },
    "POST /v1/missed-calls/{callId}/claim": {"agentId": plain("agentId", "agent")},
    "POST /v1/callbacks": {
        "queueId": plain("queueId", "queue", **ONE),
        "agentId": Case("agent", lambda it, ids: ONE | {"queueId": ids["queue"], "agentId": it}),
    },
    "PATCH /v1/callbacks/{callbackId}": {"agentId": plain("agentId", "agent")},
    "POST /v1/users": {
        "agentId": plain("agentId", "agent", name="A", login="+84907654321", role="agent"),
        "teamIds": Case(
            "team", lambda it, _: {"name": "A", "login": "+84907654321", "role": "supervisor", "teamIds": [it]}
        ),
    },
    "PATCH /v1/users/{userId}": {
        "agentId": plain("agentId", "agent", role="agent"),
        "teamIds": Case("team", lambda it, _: {"role": "supervisor", "teamIds": [it]}),
    },
    "POST /v1/wallboards": {"queueIds": Case("queue", lambda it, _: {"name": "TV", "queueIds": [it]})},
    "PATCH /v1/wallboards/{wallboardId}": {"queueIds": Case("queue", lambda it, _: {"queueIds": [it]})},
}  # fmt: skip
NO_IDS = {"callerId", "externalId"}
"""Names that end as ids do, and name nothing of a tenant. `POST /v1/teams` chooses the id of the new team."""
TAKEN = {
    ("POST /v1/agents", "teamId"), ("PATCH /v1/agents/{id}", "teamId"),
    ("POST /v1/wallboards", "queueIds"), ("PATCH /v1/wallboards/{wallboardId}", "queueIds"),
}  # fmt: skip
"""Ids that are stored without a look: a team is a number that a tenant chooses, and a wallboard shows the queues of its
tenant that are among those it names."""
QUERY_KINDS = {
    "campaignId": "campaign", "queueId": "queue", "queue_id": "queue", "agentId": "agent", "teamId": "team",
    "team_id": "team", "contactId": "contact", "userId": "user", "keyId": "key",
}  # fmt: skip
NEEDED = {
    "/v1/do-not-call/check": {"phoneNumber": "0901234567"},
    "/v1/wrap-up-codes/counts": {"from": "2026-03-10T00:00:00Z", "to": "2026-03-11T00:00:00Z"},
}
PLATFORM = {"/v1/called-numbers", "/v1/sip-endpoints"}
"""Lists of the whole installation, which no tenant may read."""
THINGS = {
    ("campaigns", "id"): "campaign", ("queues", "id"): "queue", ("queues", "menuId"): "menu", ("agents", "id"): "agent",
    ("calls", "callId"): "call", ("missed-calls", "callId"): "missed", ("callbacks", "callbackId"): "callback",
    ("users", "userId"): "user", ("wallboards", "wallboardId"): "wallboard",
}  # fmt: skip


def resolved(schema: Json) -> Json:
    return DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def ids_in(schema: Json, at: str = "") -> Iterator[str]:
    """The paths of the fields that name a thing by its id."""
    schema = resolved(schema)
    for some in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(some, ()):
            yield from ids_in(one, at)
    for name, one in schema.get("properties", {}).items():
        path = f"{at}.{name}" if at else name
        if re.search(r"Ids?$", name) and name not in NO_IDS:
            yield path
        yield from ids_in(one, path)
    if isinstance(others := schema.get("additionalProperties"), dict):
        yield from ids_in(others, f"{at}.*")
    if "items" in schema:
        yield from ids_in(schema["items"], f"{at}[]")


def test_every_id_in_a_body_is_probed() -> None:
    found: dict[str, set[str]] = {}
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            bodies = operation.get("requestBody", {}).get("content", {})
            fields = {field for one in bodies.values() for field in ids_in(one.get("schema", {}))}
            if fields and not operation.get("x-platform"):
                found[f"{method.upper()} {path}"] = fields
    assert found.pop("POST /v1/teams") == {"teamId"}
    assert found == {route: set(cases) for route, cases in BODIES.items()}


def parameter(one: Json) -> Json:
    return DOCUMENT["components"]["parameters"][one["$ref"].rsplit("/", 1)[1]] if "$ref" in one else one


def queries() -> Iterator[tuple[str, str]]:
    for path, methods in DOCUMENT["paths"].items():
        for one in map(parameter, methods.get("get", {}).get("parameters", ())):
            name = one["name"]
            named = one["in"] == "query" and re.search(r"(Id|_id)$", name) and name not in NO_IDS
            if named and path not in PLATFORM and "{" not in path:
                yield path, name


@dataclass(frozen=True)
class World:
    tenant: Tenant
    ids: Mapping[str, Any]

    def at(self, path: str) -> str:
        for name in re.findall(r"\{(\w+)\}", path):
            path = path.replace(f"{{{name}}}", str(self.ids[THINGS[path.split("/")[2], name]]))
        return path


async def world_of(tenant: Tenant) -> World:
    """A tenant with a talk, and with one thing of each kind that a body may name."""
    campaign_id, desk = await tenant.campaign(), await tenant.queue("Desk")
    added = await tenant.contact(campaign_id, "0907654321")
    agent = {"agentName": "A", "endpoint": f"phone-{tenant.tenant_id}", "queueId": desk}
    agent_id = (await tenant.done("POST", "/v1/agents", json=agent))["agentId"]
    due = {"phoneNumber": "0907654321", "dueAt": "2027-03-10T02:00:00Z", "queueId": desk}
    async with tenant.api.pool.acquire() as conn:
        await a_call(conn, tenant.tenant_id, campaign_id, added["contactId"], "+84907654321")
        call = await callers.talking(conn, tenant.tenant_id, desk, agent_id)
        missed = await callers.ended(conn, tenant.tenant_id, desk, began=callers.ago(60), waited_s=5)
    made = {
        "campaign": campaign_id, "list": added["listId"], "contact": added["contactId"], "queue": desk,
        "agent": agent_id, "call": call, "missed": missed,
        "menu": (await tenant.done("POST", "/v1/queues/menus", json=MENU))["menuId"],
        "key": (await tenant.done("POST", "/v1/api-keys", json={"scopes": ["queue"]}))["keyId"],
        "code": (await tenant.done("POST", "/v1/wrap-up-codes", json={"name": "Sold"}))["codeId"],
        "callback": (await tenant.done("POST", "/v1/callbacks", json=due))["callbackId"],
        "wallboard": (await tenant.done("POST", "/v1/wallboards", json={"name": "TV"}))["wallboardId"],
    }  # fmt: skip
    return World(tenant, made | await people.ids_of(tenant))


@pytest.fixture
async def mine(tenant: Tenant) -> World:
    return await world_of(tenant)


@pytest.fixture
async def theirs(other_tenant: Tenant) -> World:
    return await world_of(other_tenant)


def said(response: httpx2.Response, sent: int) -> tuple[int, str]:
    """The response, without the id that it may repeat."""
    return response.status_code, re.sub(rf"\b{sent}\b", "ID", response.text)


@pytest.mark.parametrize(("route", "field"), [(route, field) for route in BODIES for field in BODIES[route]])
async def test_id_of_another_tenant_in_a_body_is_unknown(mine: World, theirs: World, route: str, field: str) -> None:
    method, _, path = route.partition(" ")
    case, before = BODIES[route][field], await theirs.tenant.checksum()
    mine_before, taken = await mine.tenant.checksum(), (route, field) in TAKEN
    responses = [
        said(await mine.tenant.call(method, mine.at(path), json=case.body(sent, mine.ids)), sent)
        for sent in (UNKNOWN, int(theirs.ids[case.kind]))
    ]
    if taken:
        assert {status for status, _ in responses} <= {200, 400}
    else:
        assert responses[0] == responses[1]
        assert responses[0][0] in ({200} if field == "contactIds" else {400, 404})
        assert await mine.tenant.checksum() == mine_before
    assert await theirs.tenant.checksum() == before


async def test_wallboard_of_another_tenants_queue_shows_nothing_of_it(mine: World, theirs: World) -> None:
    board = await mine.tenant.done("POST", "/v1/wallboards", json={"name": "TV", "queueIds": [theirs.ids["queue"]]})
    shown = await mine.tenant.api.client.get("/v1/wallboard", headers={"Authorization": f"Bearer {board['token']}"})
    assert shown.status_code == 200, shown.text
    assert (shown.json()["board"]["queues"], shown.json()["board"]["agents"]) == ([], {})


@pytest.mark.parametrize(("path", "name"), [*queries()])
async def test_id_of_another_tenant_in_a_query_is_unknown(mine: World, theirs: World, path: str, name: str) -> None:
    kind, needed = QUERY_KINDS[name], NEEDED.get(path, {})
    responses = [
        said(await mine.tenant.get(path, params=needed | {name: sent}), sent)
        for sent in (UNKNOWN, int(theirs.ids[kind]))
    ]
    assert responses[0] == responses[1]
    assert responses[0][0] in {200, 404}
