"""The stream of topics that a browser follows."""

import json
from uuid import uuid4

import pytest

from tests.support.api import refused
from tests.support.callers import talking, waiting
from tests.support.calls import new_agent
from tests.support.people import person_of
from tongdai.people.users.model import Role

URL = "/v1/live/events"


async def events(of, query):
    """The data of the events of a stream that ends."""
    response = await of.call("GET", URL + query)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/event-stream"
    parts = [part.split("\n") for part in response.text.strip().split("\n\n")]
    assert {name for name, _ in parts} == {"event: live"}
    return [json.loads(data.removeprefix("data: ")) for _, data in parts]


async def test_all_topics_come_at_once_with_the_time_of_the_server(tenant, conn):
    queue_id = await tenant.queue("Sales")
    await waiting(conn, tenant.tenant_id, queue_id, 30)
    (found,) = await events(tenant, "?events=1")
    assert list(found) == ["now", "readAt", "queues", "agents", "campaigns"]
    (queue,) = found["queues"]["queues"]
    assert (queue["callinId"], queue["waiting"], len(queue["callers"])) == (queue_id, 1, 1)
    assert found["agents"] == (await tenant.done("GET", "/v1/agents"))["data"]
    assert found["campaigns"].keys() == (await tenant.done("GET", "/v1/live")).keys()
    assert found["readAt"].keys() == {"queues", "agents", "campaigns"}
    assert found["readAt"]["queues"] <= found["now"]


async def test_an_event_comes_though_nothing_changes(tenant):
    first, *others = await events(tenant, "?topics=agents&events=3")
    assert first["agents"] == []
    assert [list(event) for event in others] == [["now", "readAt"]] * 2


async def test_the_topics_that_are_named_come_alone(tenant):
    (found,) = await events(tenant, "?topics=agents,queues&events=1")
    assert list(found) == ["now", "readAt", "queues", "agents"]


@pytest.mark.parametrize("topics", ["", "agents,", "calls", "Agents", "agents;queues"])
async def test_a_topic_that_is_not_there_is_refused(tenant, topics):
    message = refused(await tenant.call("GET", f"{URL}?topics={topics}"), 400, "INVALID_INPUT")
    assert "queues, agents, campaigns" in message


async def test_a_viewer_follows_the_tenant_and_an_agent_their_own_state_and_call_alone(tenant, conn):
    viewer = await person_of(tenant, Role.VIEWER)
    assert [event["agents"] for event in await events(viewer, "?topics=agents&events=1")] == [[]]
    refused(await viewer.call("GET", f"{URL}?topics=me"), 400, "INVALID_INPUT")
    queue_id = await tenant.queue("Desk")
    agent_id, other_id = [await agent(tenant, queue_id, n) for n in (1, 2)]
    one = await person_of(tenant, Role.AGENT, agent_id)
    (found,) = await events(one, "?events=1")
    assert list(found) == ["now", "readAt", "me"]
    assert found["me"] == {"agent": await tenant.done("GET", f"/v1/agents/{agent_id}"), "call": None}
    for topics in ("agents", "me,queues", "campaigns"):
        refused(await one.call("GET", f"{URL}?topics={topics}"), 403, "INSUFFICIENT_SCOPE")
    (other,) = await events(await person_of(tenant, Role.AGENT, other_id), "?topics=me&events=1")
    assert other["me"]["agent"]["agentId"] == other_id


async def test_an_agent_follows_the_call_that_they_have(tenant, conn):
    queue_id = await tenant.queue("Desk")
    call_id = uuid4()
    agent_id = await new_agent(conn, tenant.tenant_id, queue_id, "talking", call_id=call_id)
    await talking(conn, tenant.tenant_id, queue_id, agent_id, call_id)
    (found,) = await events(await person_of(tenant, Role.AGENT, agent_id), "?events=1")
    assert found["me"]["call"] == await tenant.done("GET", f"/v1/calls/{call_id}")
    assert found["me"]["agent"]["callId"] == found["me"]["call"]["callId"] == str(call_id)


async def test_a_supervisor_with_an_agent_follows_both(tenant):
    agent_id = await agent(tenant, await tenant.queue("Desk"), 1)
    (found,) = await events(await person_of(tenant, Role.SUPERVISOR, agent_id), "?events=1")
    assert list(found) == ["now", "readAt", "queues", "agents", "campaigns", "me"]


async def test_a_key_has_no_agent_to_follow(tenant):
    assert "me is for a user" in refused(await tenant.call("GET", f"{URL}?topics=me"), 400, "INVALID_INPUT")


async def agent(tenant, queue_id, number):
    body = {"agentName": f"A{number}", "endpoint": f"a-{number}", "queueId": queue_id}
    return (await tenant.done("POST", "/v1/agents", json=body))["agentId"]
