"""Wallboards: made and revoked by whoever may, and a token that shows the board and does nothing else."""

import asyncio
import json
import re

import pytest

from tests.support.api import refused
from tests.support.callers import waiting
from tests.support.people import person_of
from tongdai.people.users.model import Role
from tongdai.processes.api import ALL_ENDPOINTS

TILES = ["waiting", "longest", "service", "agents", "callbacks", "today"]
OTHERS = [spec for spec in ALL_ENDPOINTS if not spec.open and not spec.wallboard]
SHOWN = [spec for spec in ALL_ENDPOINTS if spec.wallboard]


async def made(tenant, **fields):
    return await tenant.done("POST", "/v1/wallboards", json={"name": "TV"} | fields)


def by(board):
    return {"X-Api-Key": board["token"]}


async def shown(api, board):
    response = await api.client.get("/v1/wallboard", headers=by(board))
    assert response.status_code == 200, response.text
    return response.json()["board"]


async def test_token_is_shown_once_and_the_board_listed(tenant, conn):
    key = {"Idempotency-Key": "one"}
    body = {"name": "Phòng", "thresholds": {"longestSec": {"warn": 30, "alarm": 60}}}
    board = await tenant.done("POST", "/v1/wallboards", json=body, headers=key)
    assert re.fullmatch(r"wb_[0-9A-Za-z]{38}", board["token"])
    again = await tenant.done("POST", "/v1/wallboards", json=body, headers=key)
    assert (again["wallboardId"], again["token"]) == (board["wallboardId"], None)
    (listed,) = (await tenant.done("GET", "/v1/wallboards"))["data"]
    assert listed["tiles"] == TILES
    assert (listed["name"], listed["queueIds"], listed["theme"], listed["seenAt"]) == ("Phòng", [], "dark", None)
    assert listed["hint"] == f"{board['token'][:7]}…{board['token'][-4:]}"
    assert await conn.fetchval("select count(*) from wallboard where position($1 in hint) > 0", board["token"]) == 0


async def test_board_shows_the_figures_of_its_queues_and_no_caller(api, tenant, conn):
    one, other = await tenant.queue("Sales"), await tenant.queue("Care")
    agent_id = (await tenant.done("POST", "/v1/agents", json={"agentName": "Hoa", "queueId": one}))["agentId"]
    await waiting(conn, tenant.tenant_id, one, 30)
    await waiting(conn, tenant.tenant_id, other, 90)
    all_of_them, alone = await made(tenant), await made(tenant, queueIds=[other, 999_999])
    found = await shown(api, all_of_them)
    assert (found["waiting"], len(found["queues"]), found["agents"]) == (2, 2, {"offline": 1})
    assert found["waitingSince"] == min(queue["waitingSince"] for queue in found["queues"])
    other_found = await shown(api, alone)
    assert (other_found["waiting"], other_found["agents"]) == (1, {})
    assert [queue["callinId"] for queue in other_found["queues"]] == [other]
    text = json.dumps([found, other_found])
    numbers = [row["phone"] for row in await conn.fetch("select phone from live_call where phone <> ''")]
    assert numbers
    assert not [number for number in numbers if number[3:] in text]
    assert "Hoa" not in text
    assert agent_id
    assert all(board["seenAt"] for board in (await tenant.done("GET", "/v1/wallboards"))["data"])


async def test_events_have_the_board_when_it_changed(api, tenant):
    board = await made(tenant)
    response = await api.client.get("/v1/wallboard/events?events=2", headers=by(board))
    events = [part.split("\ndata: ") for part in response.text.strip().split("\n\n")]
    assert {name for name, _ in events} == {"event: wallboard"}
    first, second = (json.loads(data) for _, data in events)
    assert list(first) == ["now", "readAt", "board"]
    assert list(second) == ["now", "readAt"]


async def test_board_that_was_changed_shows_it(api, tenant):
    board = await made(tenant, language="vi")
    path = f"/v1/wallboards/{board['wallboardId']}"
    levels = {"waiting": {"warn": 1, "alarm": 2}, "longestSec": None, "servicePercent": None}
    await tenant.done("PATCH", path, json={"name": "B", "tiles": ["agents", "waiting"], "thresholds": levels})
    await tenant.done("PATCH", path, json={"theme": "light"})
    found = await shown(api, board)
    assert (found["name"], found["tiles"], found["theme"]) == ("B", ["agents", "waiting"], "light")
    assert (found["thresholds"], found["language"]) == (levels, "vi")
    await tenant.done("PATCH", path, json={"language": None})
    assert (await shown(api, board))["language"] is None


async def test_concurrent_changes_of_different_fields_all_hold(api, tenant):
    board = await made(tenant)
    path, some = f"/v1/wallboards/{board['wallboardId']}", [{"name": "Hall"}, {"theme": "light"}, {"language": "vi"}]
    for _ in range(10):
        await tenant.done("PATCH", path, json={"name": "TV", "theme": "dark", "language": None})
        await asyncio.gather(*(tenant.done("PATCH", path, json=one) for one in some))
        found = await shown(api, board)
        assert (found["name"], found["theme"], found["language"]) == ("Hall", "light", "vi")


@pytest.mark.parametrize(
    "wrong",
    [
        {"tiles": []},
        {"tiles": ["waiting", "waiting"]},
        {"tiles": ["callers"]},
        {"queueIds": [0]},
        {"queueIds": list(range(1, 102))},
        {"language": "fr"},
        {"theme": "pink"},
        {"name": ""},
        {"thresholds": {"waiting": {"warn": 5, "alarm": 4}}},
        {"thresholds": {"servicePercent": {"warn": 60, "alarm": 80}}},
        {"thresholds": {"servicePercent": {"warn": 101, "alarm": 80}}},
        {"thresholds": {"waiting": {"warn": -1, "alarm": 4}}},
        {"thresholds": {"abandoned": {"warn": 1, "alarm": 4}}},
    ],
)
async def test_board_that_makes_no_sense_is_refused(tenant, wrong):
    refused(await tenant.call("POST", "/v1/wallboards", json={"name": "TV"} | wrong), 400, "INVALID_INPUT")
    board = await made(tenant)
    changed = await tenant.call("PATCH", f"/v1/wallboards/{board['wallboardId']}", json=wrong)
    refused(changed, 400, "INVALID_INPUT")


async def test_tenant_has_at_most_a_hundred_boards(tenant, monkeypatch):
    monkeypatch.setattr("tongdai.wallboards.store.MAX_BOARDS", 1)
    await made(tenant)
    refused(await tenant.call("POST", "/v1/wallboards", json={"name": "TV"}), 400, "INVALID_STATE")


async def test_revoked_token_is_refused_and_its_stream_ends(api, tenant):
    board, other = await made(tenant), await made(tenant)
    await tenant.done("DELETE", f"/v1/wallboards/{board['wallboardId']}")
    refused(await api.client.get("/v1/wallboard", headers=by(board)), 401, "UNAUTHORIZED")
    refused(await api.client.get("/v1/wallboard/events", headers=by(board)), 401, "UNAUTHORIZED")
    await shown(api, other)
    refused(await tenant.call("DELETE", f"/v1/wallboards/{board['wallboardId']}"), 404, "NOT_FOUND")
    assert [one["wallboardId"] for one in (await tenant.done("GET", "/v1/wallboards"))["data"]] == [
        other["wallboardId"]
    ]


@pytest.mark.parametrize("spec", OTHERS, ids=lambda spec: spec.route)
async def test_token_does_nothing_else(api, tenant, spec):
    board = await made(tenant)
    before = await tenant.checksum()
    path = "/v1" + re.sub(r"\{\w+\}", "1", spec.path)
    for headers in (by(board), {"Authorization": f"Bearer {board['token']}"}):
        refused(await api.client.request(spec.method, path, headers=headers, content=b"{"), 403, "INSUFFICIENT_SCOPE")
    assert await tenant.checksum() == before


@pytest.mark.parametrize("spec", SHOWN, ids=lambda spec: spec.route)
async def test_nobody_else_sees_a_board(tenant, spec):
    refused(await tenant.call(spec.method, f"/v1{spec.path}"), 403, "INSUFFICIENT_SCOPE")
    for role in (Role.OWNER, Role.VIEWER):
        person = await person_of(tenant, role)
        refused(await person.call(spec.method, f"/v1{spec.path}"), 403, "INSUFFICIENT_SCOPE")


async def test_token_of_a_board_acts_for_no_other_tenant(api, tenant, other_tenant):
    board = await made(tenant)
    named = by(board) | {"X-Tenant-ID": str(other_tenant.tenant_id)}
    refused(await api.client.get("/v1/wallboard", headers=named), 401, "UNAUTHORIZED")


async def test_viewer_lists_boards_and_makes_none(tenant):
    viewer = await person_of(tenant, Role.VIEWER)
    assert (await viewer.done("GET", "/v1/wallboards"))["data"] == []
    refused(await viewer.call("POST", "/v1/wallboards", json={"name": "TV"}), 403, "INSUFFICIENT_SCOPE")
    supervisor = await person_of(tenant, Role.SUPERVISOR)
    await supervisor.done("POST", "/v1/wallboards", json={"name": "TV"})
    (board,) = (await viewer.done("GET", "/v1/wallboards"))["data"]
    assert board["createdBy"] == supervisor.user.user_id
