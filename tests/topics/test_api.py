"""The stream of topics that a browser follows."""

import json

import pytest

from tests.support.api import refused
from tests.support.callers import waiting
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


async def test_a_viewer_follows_and_an_agent_does_not(tenant):
    viewer = await person_of(tenant, Role.VIEWER)
    assert [event["agents"] for event in await events(viewer, "?topics=agents&events=1")] == [[]]
    made = await tenant.queue("Desk")
    body = {"agentName": "A", "endpoint": "a-1", "queueId": made}
    agent = await person_of(tenant, Role.AGENT, (await tenant.done("POST", "/v1/agents", json=body))["agentId"])
    refused(await agent.call("GET", URL), 403, "INSUFFICIENT_SCOPE")
