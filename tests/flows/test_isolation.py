"""Isolation of tenants: foreign ids get the same response as unknown ones, and nothing of another tenant is changed.

The routes are those of the OpenAPI document; a new one fails until BODIES says which body to send.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from tests.support import callers, people
from tests.support.api import Tenant, refused
from tests.support.given import OUTLETS, given_to, sound_of
from tests.support.recordings import recorded_call
from tests.support.sound_files import tone
from tongdai import __version__
from tongdai.contacts.numbers import customer_id
from tongdai.http.openapi import document as openapi
from tongdai.http.principal import Scope
from tongdai.processes.api import ALL_ENDPOINTS, ENDPOINTS
from tongdai.settings.declarations import Settings
from tongdai.testing.factories import vn_mobile

UNKNOWN = "999999999999999999"
PATHS = openapi.document(ENDPOINTS, __version__, Settings())["paths"]
OPERATIONS = [(method.upper(), path) for path, methods in PATHS.items() for method in methods]
OF_ALL = [(method, path) for method, path in OPERATIONS if PATHS[path][method.lower()].get("x-platform")]
"""Operations of the whole installation, which a tenant's key may not do."""
OF_TENANTS = [operation for operation in OPERATIONS if operation not in OF_ALL]
WITH_IDS = [(method, path) for method, path in OF_TENANTS if "{" in path]
ONE = {"phoneNumber": "0901234567"}
MENU = {"name": "M", "options": {"1": {"kind": "callback"}}}


class Upload(NamedTuple):
    """A body that is a file, with the parameters of its request."""

    params: dict[str, str]
    content: bytes
    headers: dict[str, str]


UPLOAD = Upload({"kind": "music", "name": "b.wav"}, tone(), {"content-type": "audio/wav"})
CONTACTS = Upload({}, b"phone,name\n0901234567,A\n", {"content-type": "text/csv"})

# Bodies that are valid but for the ids in the path; a body with ids is made of those of its sender.
BODIES = {
    "POST /v1/campaigns": {"campaignName": "A"},
    "PATCH /v1/campaigns/{id}": {"campaignName": "B"},
    **{f"POST /v1/campaigns/{{id}}/{act}": None for act in ("start", "pause", "stop", "archive", "unarchive")},
    "POST /v1/campaigns/{id}/contacts": ONE,
    "POST /v1/campaigns/{id}/contacts/bulk": {"contacts": [ONE]},
    "POST /v1/campaigns/{id}/contacts/bulk/columns": CONTACTS,
    "POST /v1/campaigns/{id}/contacts/call-again": {"callStatus": ["busy"]},
    "PATCH /v1/campaigns/{id}/contacts/{contactId}": {"name": "B"},
    "POST /v1/campaigns/{id}/contact-lists": {"listName": "Another"},
    "PATCH /v1/campaigns/{id}/contact-lists/{listId}": {"listName": "B"},
    "POST /v1/campaigns/{id}/contacts/delete": lambda ids: {"listId": int(ids["list"])},
    "PUT /v1/campaigns/{id}/contacts": ONE,
    "POST /v1/campaigns/{id}/contacts/change": lambda ids: {"listId": int(ids["list"]), "set": {"name": "B"}},
    "POST /v1/campaigns/{id}/contacts/move": lambda ids: {"listId": int(ids["list"]), "toListId": int(ids["list"])},
    "POST /v1/customers/{customerId}/erase": {"keepDoNotCall": True},
    "POST /v1/do-not-call": {"name": "Another"},
    "POST /v1/do-not-call/{dncListId}/numbers": ONE,
    "POST /v1/queues/inbound": {"callinName": "A"},
    "PUT /v1/queues/inbound/{id}": {"strategy": 2},
    "PUT /v1/queues/sounds": UPLOAD,
    "PATCH /v1/queues/sounds/{soundId}": {"name": "b.wav"},
    "POST /v1/queues/menus": MENU,
    "PUT /v1/queues/menus/{menuId}": MENU,
    "PATCH /v1/queues/inbound/{id}/settings": {"maxLength": 5},
    **{f"PUT /v1/queues/{of}hours": {"observesHolidays": True} for of in ("", "inbound/{id}/")},
    **{f"PUT /v1/queues/{of}closed": {"note": "Closed"} for of in ("", "inbound/{id}/")},
    "PATCH /v1/queues/holidays": {"holidays": [{"date": "2027-07-10", "name": "Ours"}]},
    "POST /v1/agents": lambda ids: {"agentName": "A", "endpoint": "new", "queueId": int(ids["queue"])},
    "PATCH /v1/agents/{id}": lambda ids: {"queueId": int(ids["queue"])},
    "POST /v1/agents/{id}/phone-account": None,
    "POST /v1/agents/{id}/phone-account/rotate": None,
    "POST /v1/agents/{id}/sign-in": None,
    "POST /v1/agents/{id}/sign-out": None,
    "POST /v1/agents/{id}/ready": None,
    "POST /v1/agents/{id}/pause": {"reason": "lunch"},
    "POST /v1/agents/{id}/next-state": {"state": "offline"},
    "POST /v1/agents/{id}/force-sign-out": None,
    "POST /v1/agents/{id}/force-ready": None,
    "POST /v1/agents/{id}/force-pause": {"reason": "lunch"},
    "POST /v1/agents/{id}/release": None,
    "POST /v1/agents/{id}/preview": lambda ids: {"campaignId": int(ids["campaign"])},
    "POST /v1/agents/{id}/preview/accept": None,
    "POST /v1/calls/{callId}/hold": {"maxSec": 60},
    **{f"POST /v1/calls/{{callId}}/{act}": None for act in ("resume", "mute", "unmute", "hang-up")},
    "POST /v1/calls/{callId}/dtmf": {"digits": "1"},
    "POST /v1/calls/{callId}/recording/link": {"seconds": 60},
    "PUT /v1/calls/{callId}/recording/legal-hold": {"reason": "A case"},
    "POST /v1/missed-calls/{callId}/claim": lambda ids: {"agentId": int(ids["agent"])},
    **{f"POST /v1/missed-calls/{{callId}}/{act}": None for act in ("release", "close")},
    "POST /v1/callbacks": lambda ids: {"queueId": int(ids["queue"]), "phoneNumber": "0901234567"},
    "PATCH /v1/callbacks/{callbackId}": {"dueAt": "2027-03-10T02:00:00Z"},
    "POST /v1/reports/call-logs": {"page": 1},
    "POST /v1/wrap-up-codes": {"name": "Another"},
    "PATCH /v1/wrap-up-codes/{codeId}": {"success": True},
    "PUT /v1/pause-reasons": {"reasons": ["Lunch"]},
    "PUT /v1/campaigns/{id}/wrap-up": {"mode": "optional"},
    "PUT /v1/queues/inbound/{id}/wrap-up": {"mode": "optional"},
    "PUT /v1/calls/{callId}/wrap-up": lambda ids: {"codeId": int(ids["code"])},
    **{
        f"POST /v1/calls/{{callId}}/{act}": {"endpoint": "sup"}
        for act in ("listen", "whisper", "barge", "leave", "take-over")
    },
    "POST /v1/calls/{callId}/transfer": {"number": "0901234567"},
    "POST /v1/calls/{callId}/consult": {"number": "0901234567"},
    **{f"POST /v1/calls/{{callId}}/consult/{act}": None for act in ("complete", "cancel")},
    "POST /v1/calls/{callId}/conference": None,
    "POST /v1/api-keys": {"scopes": ["queue"]},
    "POST /v1/users": {"name": "A", "login": "+84907654321", "role": "viewer"},
    "PATCH /v1/users/{userId}": {"name": "B"},
    "POST /v1/users/{userId}/reset-link": None,
    "POST /v1/teams": {"name": "Another"},
    "PATCH /v1/teams/{teamId}": {"name": "B"},
    **OUTLETS,
    "POST /v1/called-numbers": {"phoneNumber": "+842873001234", "tenantId": 1},
    "POST /v1/sip-endpoints": {"name": "carrier", "kind": "trunk", "tenantId": None},
    "POST /v1/dialing/hold": None,
    "POST /v1/dialing/release": {"holdId": 1},
    "PUT /v1/tenants/me/calling-hours": {"callingWindows": None},
}
# Queries that a path requires, that end a stream, or that ask for as few records as other lists have.
QUERIES = {
    "/v1/live/events": "?events=1",
    "/v1/campaigns/{id}/live/events": "?events=1",
    "/v1/queues/live/events": "?events=1",
    "/v1/queues/inbound/{id}/live/events": "?events=1",
    "/v1/wrap-up-codes/counts": "?from=2026-03-10T00:00:00Z&to=2026-03-11T00:00:00Z",
    "/v1/audit": "?action=campaign.create",
    "/v1/contacts": "?phoneNumber=0901234567",
    "/v1/do-not-call/check": "?phoneNumber=0901234567",
}
# The kind of thing that each id in a path names.
THINGS = {
    ("campaigns", "id"): "campaign",
    ("campaigns", "listId"): "list",
    ("campaigns", "contactId"): "contact",
    ("campaigns", "job_id"): "job",
    ("customers", "customerId"): "customer",
    ("do-not-call", "dncListId"): "dnc_list",
    ("do-not-call", "phoneNumber"): "dnc_number",
    ("queues", "id"): "queue",
    ("queues", "menuId"): "menu",
    ("queues", "soundId"): "sound",
    ("agents", "id"): "agent",
    ("calls", "callId"): "call",
    ("missed-calls", "callId"): "missed",
    ("callbacks", "callbackId"): "callback",
    ("wrap-up-codes", "codeId"): "code",
    ("api-keys", "keyId"): "key",
    ("users", "userId"): "user",
    ("users", "sessionId"): "session",
    ("teams", "teamId"): "team",
    ("wallboards", "wallboardId"): "wallboard",
    ("webhooks", "webhookId"): "webhook",
    ("webhooks", "deliveryId"): "delivery",
    ("called-numbers", "phoneNumber"): "called_number",
    ("sip-endpoints", "id"): "endpoint",
}
CALLBACK = {"phoneNumber": "0907654321", "dueAt": "2027-03-10T02:00:00Z"}
MALFORMED = [
    "abc", "1.0", "0x10", "+5", "%2B5", "٣", "１", "0", "00", "-1", "9223372036854775808", "1" * 19, "9" * 4301, "5%00",
    "%00", "1_0", "1e3", "%20", "5%20", "%0A", "5%0D%0A", "null", "undefined", "NaN", "{id}", "*", "%2a", "'", "1;2",
    "1,2", "5%25", "²", "Ⅳ", "%F0%9F%92%A9", "%FF", "true", "[]", "%27%20or%201=1--", "%24%7B7*7%7D",
]  # fmt: skip
# With a slash an id makes another path, which is no route: also 404, without authentication.
OTHER_PATHS = ["..%2f", "%2e%2e%2f1", "..%2f..%2fetc%2fpasswd"]


@dataclass(frozen=True)
class World:
    """A tenant with one thing of each kind."""

    tenant: Tenant
    ids: dict[str, str]


async def missed_of(tenant, queue_id):
    async with tenant.api.pool.acquire() as conn:
        return await callers.ended(conn, tenant.tenant_id, queue_id, began=callers.ago(60), waited_s=5)


async def do_not_call_of(tenant, campaign_id):
    """A list with a number that no list of another tenant has."""
    made = await tenant.done("POST", "/v1/do-not-call", json={"name": "Not these", "campaignId": campaign_id})
    number = vn_mobile(campaign_id)
    await tenant.done("POST", f"/v1/do-not-call/{made['dncListId']}/numbers", json={"phoneNumber": number})
    return {"dnc_list": made["dncListId"], "dnc_number": number}


async def world_of(tenant, settings):
    campaign_id = await tenant.campaign()
    added = await tenant.contact(campaign_id, "0907654321")
    desk = await tenant.queue("Desk")
    agent = {"agentName": "A", "queueId": desk}  # with a phone account
    ids = {
        "campaign": campaign_id,
        "list": added["listId"],
        "contact": added["contactId"],
        "customer": customer_id.of(tenant.tenant_id)(84907654321),
        "job": await tenant.bulk(campaign_id, [ONE], listName="L"),
        "queue": await tenant.queue("Q", callinNumber="1900"),
        "sound": await sound_of(tenant),
        "menu": (await tenant.done("POST", "/v1/queues/menus", json=MENU))["menuId"],
        "agent": (await tenant.done("POST", "/v1/agents", json=agent))["agentId"],
        **await do_not_call_of(tenant, campaign_id),
        "key": (await tenant.done("POST", "/v1/api-keys", json={"scopes": ["queue"]}))["keyId"],
        "code": (await tenant.done("POST", "/v1/wrap-up-codes", json={"name": "Sold"}))["codeId"],
        "callback": (await tenant.done("POST", "/v1/callbacks", json=CALLBACK | {"queueId": desk}))["callbackId"],
        **await people.ids_of(tenant),
        "missed": await missed_of(tenant, desk),
        "call": await recorded_call(tenant, campaign_id, added["contactId"], settings),
        **await given_to(tenant),
    }
    return World(tenant, {name: str(value) for name, value in ids.items()})


@pytest.fixture
async def mine(tenant, settings):
    """A tenant whose import has ended: no engine runs here, and the events of an unfinished import never end."""
    world = await world_of(tenant, settings)
    await tenant.done("DELETE", filled("/v1/campaigns/{id}/contacts/import/{job_id}", world))
    return world


@pytest.fixture
async def theirs(other_tenant, settings):
    return await world_of(other_tenant, settings)


def names(path):
    return re.findall(r"\{(\w+)\}", path)


def thing(path, name):
    return THINGS[path.split("/")[2], name]


def filled(path, world, **changed):
    """The path with a world's ids, some of them changed, and the query that it needs."""
    query = QUERIES.get(path, "")
    for name in names(path):
        path = path.replace(f"{{{name}}}", changed.get(name, world.ids[thing(path, name)]))
    return path + query


def sent(route, world):
    body = BODIES.get(route)
    if isinstance(body, Upload):
        return body._asdict()
    return {"json": body(world.ids) if callable(body) else body} if body else {}


async def ask(world, method, path, prefix="/v1"):
    route = f"{method} {path}"
    assert method in {"GET", "DELETE"} or route in BODIES, f"say in BODIES what {route} is sent"
    return route, lambda at: world.tenant.call(method, prefix + at.removeprefix("/v1"), **sent(route, world))


def bare(response):
    differ = {"x-request-id", "date", "x-ratelimit-remaining-tenant", "x-ratelimit-remaining-route", "ratelimit"}
    headers = sorted((name, value) for name, value in response.headers.items() if name not in differ)
    return response.status_code, headers, response.content


def test_every_operation_of_the_document_is_probed():
    for method, path in OPERATIONS:
        assert method in {"GET", "DELETE"} or f"{method} {path}" in BODIES
        assert all((path.split("/")[2], name) in THINGS for name in names(path))
    assert len(WITH_IDS) >= 15
    assert OF_ALL


async def test_document_served_is_the_one_probed(api):
    served = (await api.client.get("/openapi.json")).json()["paths"]
    assert served.keys() == {f"/v1{spec.path}" for spec in ALL_ENDPOINTS} > PATHS.keys()


@pytest.mark.parametrize(("method", "path"), WITH_IDS, ids=str)
async def test_id_of_another_tenant_gets_the_same_response_as_an_unknown_one(mine, theirs, method, path):
    before, my_before = await theirs.tenant.checksum(), await mine.tenant.checksum()
    _, send = await ask(mine, method, path)
    for name in names(path):
        unknown = await send(filled(path, mine, **{name: UNKNOWN}))
        refused(unknown, 404, "NOT_FOUND")
        assert unknown.headers["x-ratelimit-limit-route"]
        others = [theirs.ids[thing(path, name)], *MALFORMED]
        for value in others:
            assert bare(await send(filled(path, mine, **{name: value}))) == bare(unknown), (name, value[:30])
        for value in OTHER_PATHS:
            refused(await send(filled(path, mine, **{name: value})), 404, "NOT_FOUND")
    never = await send(filled(path, mine, **dict.fromkeys(names(path), UNKNOWN)))
    assert bare(await send(filled(path, theirs))) == bare(never)
    assert await theirs.tenant.checksum() == before
    assert await mine.tenant.checksum() == my_before


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m, p in WITH_IDS if len(names(p)) > 1 and p.startswith("/v1/campaigns")], ids=str
)
async def test_id_of_another_campaign_gets_the_same_response_as_an_unknown_one(mine, method, path):
    elsewhere = World(mine.tenant, mine.ids | {"campaign": str(await mine.tenant.campaign("elsewhere"))})
    before = await mine.tenant.checksum()
    _, send = await ask(mine, method, path)
    unknown = await send(filled(path, elsewhere, **{names(path)[-1]: UNKNOWN}))
    assert bare(await send(filled(path, elsewhere))) == bare(unknown)
    assert unknown.status_code == 404
    assert await mine.tenant.checksum() == before


async def test_list_of_another_tenant_in_a_body_gets_the_same_response_as_an_unknown_one(mine, theirs):
    before = await theirs.tenant.checksum()
    path = f"/v1/campaigns/{mine.ids['campaign']}/contacts"
    responses = [await mine.tenant.post(path, ONE | {"listId": int(i)}) for i in (UNKNOWN, theirs.ids["list"])]
    assert bare(responses[0]) == bare(responses[1])
    refused(responses[0], 404, "NOT_FOUND")
    assert await theirs.tenant.checksum() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "kind"),
    [
        ("POST", "/v1/agents", {"agentName": "A", "endpoint": "new"}, "queueId", "queue"),
        ("PATCH", "/v1/agents/{id}", {}, "queueId", "queue"),
        ("POST", "/v1/agents/{id}/preview", {}, "campaignId", "campaign"),
        ("POST", "/v1/do-not-call", {"name": "Another"}, "campaignId", "campaign"),
    ],
)
async def test_id_of_another_tenant_in_a_body_gets_the_same_response_as_an_unknown_one(
    mine, theirs, method, path, body, field, kind
):
    before = await theirs.tenant.checksum()
    at = filled(path, mine)
    responses = [await mine.tenant.call(method, at, json=body | {field: int(i)}) for i in (UNKNOWN, theirs.ids[kind])]
    assert bare(responses[0]) == bare(responses[1])
    refused(responses[0], 404, "NOT_FOUND")
    assert await theirs.tenant.checksum() == before


HOLDS = "select * from dialing_hold order by hold_id"  # of the worker's database, which other tests use too


@pytest.mark.parametrize(("method", "path"), OF_ALL, ids=str)
async def test_operation_of_the_whole_installation_is_refused_to_a_tenant(mine, theirs, conn, method, path):
    template, path = path, filled(path, theirs)
    before, my_before = await theirs.tenant.checksum(), await mine.tenant.checksum()
    holds = await conn.fetch(HOLDS)
    route, send = await ask(mine, method, template)
    refused(await send(path), 403, "INSUFFICIENT_SCOPE")
    named = await mine.tenant.call(
        method, path, headers={"X-Tenant-ID": str(theirs.tenant.tenant_id)}, **sent(route, mine)
    )
    refused(named, 401, "UNAUTHORIZED")
    assert await conn.fetch(HOLDS) == holds
    assert (await theirs.tenant.checksum(), await mine.tenant.checksum()) == (before, my_before)


@pytest.mark.parametrize(("method", "path"), OF_TENANTS, ids=str)
async def test_nothing_of_another_tenant_is_seen_or_changed_by_a_request_that_succeeds(mine, theirs, method, path):
    before = await theirs.tenant.checksum()
    _, send = await ask(mine, method, path)
    response = await send(filled(path, mine))
    assert response.status_code == 200 or response.json()["error_code"] == "INVALID_STATE"
    reported = response.json() if response.headers["content-type"] == "application/json" else {}
    assert reported.get("totalRecord", 0) <= 2
    assert await theirs.tenant.checksum() == before


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=str)
@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_operation_requires_a_key_with_its_scope(api, mine, method, path, prefix):
    at = prefix + filled(path, mine).removeprefix("/v1")
    options = sent(f"{method} {path}", mine)
    headers = options.pop("headers", {})
    refused(await api.client.request(method, at, headers=headers, **options), 401, "UNAUTHORIZED")
    needed = PATHS[path][method.lower()]["x-scope"]
    wrong = await api.key(tenant_id=mine.tenant.tenant_id, scopes=[scope for scope in Scope if scope != needed])
    before = await mine.tenant.checksum()
    response = await api.client.request(method, at, headers=headers | wrong.headers, **options)
    assert refused(response, 403, "INSUFFICIENT_SCOPE") == f"Key does not have scope {needed}"
    for name in ("Limit-Tenant", "Remaining-Tenant", "Limit-Route", "Remaining-Route"):
        assert int(response.headers[f"X-RateLimit-{name}"]) >= 0
    assert await mine.tenant.checksum() == before


async def test_check_of_a_number_reveals_no_campaign_or_list_of_another_tenant(mine, theirs):
    at = "/v1/do-not-call/check?phoneNumber=" + theirs.ids["dnc_number"]
    assert (await mine.tenant.done("GET", at))["data"] == []
    responses = [await mine.tenant.get(f"{at}&campaignId={i}") for i in (UNKNOWN, theirs.ids["campaign"])]
    assert bare(responses[0]) == bare(responses[1])
    refused(responses[0], 404, "NOT_FOUND")
