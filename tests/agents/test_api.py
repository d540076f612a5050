"""`/agents`: who they are, and what they do."""

import pytest

from tests.support.api import refused
from tongdai.agents import store
from tongdai.agents.model import ALLOWED, Action, AgentState, OfflineReason, SupervisorAction

NEW = {"agentName": "Tran Thi B", "endpoint": "agent-7"}


async def test_agent_is_made_and_read(tenant):
    queue_id = await tenant.queue()
    made = await tenant.done("POST", "/v1/agents", json=NEW | {"queueId": queue_id, "wrapUpSec": 20})
    agent_id = made.pop("agentId")
    assert made == {"success": "1", "error_code": "SUCCESS", "error_message": "Agent created", "phone": None}
    agent = await tenant.done("GET", f"/v1/agents/{agent_id}")
    assert agent.pop("createdAt")
    assert agent.pop("stateSince")
    assert agent == {
        "agentId": agent_id,
        "agentName": "Tran Thi B",
        "endpoint": "agent-7",
        "queueId": queue_id,
        "teamId": None,
        "mode": "nailed_up",
        "queues": [{"queueId": queue_id, "position": 1}],
        "skills": [],
        "wrapUpSec": 20,
        "state": "offline",
        "nextState": None,
        "pauseReason": None,
        "wrapUpUntil": None,
        "wrapUpCodeNeeded": False,
        "missed": 0,
        "phoneReachable": True,
        "busyElsewhere": False,
        "signOutPending": False,
        "offlineReason": None,
        "callId": None,
    }


async def test_agents_are_listed_by_id_and_filtered_by_queue_and_state(floor):
    agents = [await floor.agent(), await floor.idle(), await floor.agent(queueId=await floor.tenant.queue("Other"))]

    async def listed(query=""):
        page = await floor.tenant.done("GET", f"/v1/agents{query}")
        assert list(page) == ["success", "totalRecord", "data"]
        return page["totalRecord"], [row["agentId"] for row in page["data"]]

    assert await listed() == (3, agents)
    assert await listed("?page=1&size=2") == (3, agents[2:])
    assert await listed(f"?queueId={floor.queue_id}") == (2, agents[:2])
    assert await listed("?state=idle") == (1, agents[1:2])
    assert await listed(f"?queueId={floor.queue_id}&state=offline") == (1, agents[:1])
    assert await listed("?queueId=999999999999999999") == (0, [])
    assert await listed(f"?queue_id={floor.queue_id}&status=offline&page=0&size=5") == (1, agents[:1])
    await floor.tenant.done("PATCH", f"/v1/agents/{agents[2]}", json={"teamId": 3})
    assert await listed("?team_id=3") == await listed("?teamId=3") == (1, agents[2:])
    await floor.tenant.done("PATCH", f"/v1/agents/{agents[2]}", json={"queues": [{"queueId": floor.queue_id}]})
    assert await listed(f"?queueId={floor.queue_id}") == (3, agents)


@pytest.mark.parametrize(
    "query",
    [
        "queueId=0",
        "queueId=abc",
        "queueId=1&queueId=2",
        "state=asleep",
        "state=",
        "size=0",
        "status=asleep",
        "queue_id=0",
        "team_id=x",
        "teamId=1&team_id=1",
        "state=idle&status=idle",
    ],
)
async def test_bad_filters_are_refused_by_name(tenant, query):
    assert query.partition("=")[0] in refused(await tenant.get(f"/v1/agents?{query}"), 400, "INVALID_INPUT")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("endpoint", value) for value in (
            "", "a" * 65, "a b", "a@trunk", "a/b", "PJSIP/a", "a&PJSIP/1900", "${EXTEN}", "a,b", "a\n", "é",
            "a;b", "٣", None, 7,
        )),
        *(("queueId", value) for value in (0, -1, 10**18, 2**63, 2**70, 1.0, "1", True, None)),
        *(("wrapUpSec", value) for value in (-1, 3601, 2**40, 1.0, "5", True, None)),
        *(("teamId", value) for value in (0, -1, "1", 1.5)),
        *(("mode", value) for value in ("", "ringing", None, 1)),
        *(("queues", value) for value in (
            {}, None, [7], [{}], [{"queueId": 0}], [{"queueId": 1, "position": 0}], [{"queueId": 1, "position": 1001}],
            [{"queueId": 1}, {"queueId": 1}], [{"queueId": 1, "level": 1}],
        )),
        *(("skills", value) for value in (
            {}, None, [{"skill": ""}], [{"skill": "a" * 65}], [{"skill": "a\nb"}], [{"skill": "a", "level": 0}],
            [{"skill": "a", "level": 11}], [{"skill": "a"}, {"skill": "a"}],
        )),
        *(("agentName", value) for value in ("", "a" * 256, "a\u0000b", "a\nb", None, 5)),
        ("state", "idle"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_bad_fields_are_refused_by_name_and_change_nothing(floor, method, field, value):
    agent_id = await floor.agent()
    before = await floor.tenant.checksum()
    path, body = (
        ("/v1/agents", NEW | {"queueId": floor.queue_id}) if method == "POST" else (f"/v1/agents/{agent_id}", {})
    )
    response = await floor.tenant.call(method, path, json=body | {field: value})
    assert field in refused(response, 400, "INVALID_INPUT")
    assert await floor.tenant.checksum() == before


async def test_endpoint_is_one_agents_within_the_tenant(floor, other_tenant):
    first = await floor.agent(endpoint="desk")
    second = await floor.agent()
    said = "endpoint desk is another agent's already"
    body = NEW | {"endpoint": "desk", "queueId": floor.queue_id}
    assert refused(await floor.tenant.post("/v1/agents", body), 400, "INVALID_INPUT") == said
    change = await floor.tenant.call("PATCH", f"/v1/agents/{second}", json={"endpoint": "desk"})
    assert refused(change, 400, "INVALID_INPUT") == said
    await floor.tenant.done("PATCH", f"/v1/agents/{first}", json={"endpoint": "desk"})
    await other_tenant.done("POST", "/v1/agents", json=body | {"queueId": await other_tenant.queue()})


async def test_change_sets_what_is_sent_alone(floor):
    agent_id, path = await floor.agent(wrapUpSec=7), "/v1/agents/{}"
    other = await floor.tenant.queue("Other")
    before = await floor.tenant.done("GET", path.format(agent_id))
    for change in (
        {"agentName": "C"},
        {"endpoint": "c"},
        {"queueId": other},
        {"wrapUpSec": 0},
        {"teamId": 3},
        {"mode": "ring"},
        {"skills": [{"skill": "english", "level": 9}]},
        {"teamId": None},
    ):
        await floor.tenant.done("PATCH", path.format(agent_id), json=change)
        before |= change
        if "queueId" in change:
            before["queues"] = [{"queueId": other, "position": 1}]
        assert await floor.tenant.done("GET", path.format(agent_id)) == before
    refused(await floor.tenant.call("PATCH", path.format(agent_id), json={}), 400, "INVALID_INPUT")


async def test_endpoint_of_an_agent_who_is_not_offline_stays(floor):
    agent_id = await floor.idle(endpoint="desk")
    path = f"/v1/agents/{agent_id}"
    said = refused(await floor.tenant.call("PATCH", path, json={"endpoint": "other"}), 400, "INVALID_STATE")
    assert said == "Cannot change the endpoint or mode of an agent in state idle, only offline"
    refused(await floor.tenant.call("PATCH", path, json={"mode": "ring"}), 400, "INVALID_STATE")
    await floor.tenant.done("PATCH", path, json={"agentName": "C", "endpoint": "desk"})


async def test_agent_is_deleted_only_when_offline(floor, conn):
    agent_id = await floor.idle()
    path = f"/v1/agents/{agent_id}"
    said = "Cannot delete an agent in state {}, only offline"
    assert refused(await floor.tenant.call("DELETE", path), 400, "INVALID_STATE") == said.format("idle")
    await floor.tenant.done("POST", f"{path}/sign-out")
    assert refused(await floor.tenant.call("DELETE", path), 400, "INVALID_STATE") == said.format("hanging_up")
    await store.gone(conn, (await floor.find(agent_id)).channel_id)
    await floor.tenant.done("DELETE", path)
    assert refused(await floor.tenant.call("DELETE", path), 404, "NOT_FOUND") == "Agent not found"
    assert refused(await floor.tenant.get(path), 404, "NOT_FOUND") == "Agent not found"


async def test_agent_signs_in_takes_a_call_is_ready_early_and_signs_out(floor, conn):
    agent_id, call_id = await floor.talking()
    path = f"/v1/agents/{agent_id}"
    agent = await floor.tenant.done("GET", path)
    assert (agent["state"], agent["callId"]) == ("talking", str(call_id))
    await store.freed(conn, floor.tenant_id, [call_id])
    assert (await floor.tenant.done("POST", f"{path}/ready"))["error_message"] == "Agent is ready"
    assert await floor.state(agent_id) == AgentState.IDLE
    assert (await floor.tenant.done("POST", f"{path}/sign-out"))["error_message"] == "Agent signed out"
    assert await floor.state(agent_id) == AgentState.HANGING_UP


@pytest.mark.parametrize("action", ["sign-out", "force-sign-out"])
async def test_agent_who_talks_is_signed_out_after_the_call(floor, action):
    agent_id, _ = await floor.talking()
    done = await floor.tenant.done("POST", f"/v1/agents/{agent_id}/{action}")
    assert done["error_message"] == "Agent will be signed out when the present call ends"
    agent = await floor.tenant.done("GET", f"/v1/agents/{agent_id}")
    assert (agent["state"], agent["signOutPending"]) == ("talking", True)


async def test_agent_whose_phone_was_not_called_yet_is_offline_at_once(floor):
    agent_id = await floor.agent()
    assert (await floor.tenant.done("POST", f"/v1/agents/{agent_id}/sign-in"))["error_message"] == (
        "Agent signed in: the phone is being called"
    )
    assert await floor.state(agent_id) == AgentState.CALLING
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/sign-out")
    agent = await floor.tenant.done("GET", f"/v1/agents/{agent_id}")
    assert (agent["state"], agent["offlineReason"]) == ("offline", "signed_out")


async def test_why_an_agent_is_offline_is_kept_until_the_next_sign_in(floor, conn):
    agent_id = await floor.agent()
    path = f"/v1/agents/{agent_id}"
    assert (await floor.tenant.done("GET", path))["offlineReason"] is None
    for why in OfflineReason:
        await floor.tenant.done("POST", f"{path}/sign-in")
        assert (await floor.tenant.done("GET", path))["offlineReason"] is None
        await store.to_call(conn)
        await store.gone(conn, (await floor.find(agent_id)).channel_id, why)
        assert (await floor.tenant.done("GET", path))["offlineReason"] == why


async def test_agent_who_signed_out_is_offline_for_that_reason_whatever_the_phone_did(floor, conn):
    agent_id = await floor.idle()
    await floor.tenant.done("POST", f"/v1/agents/{agent_id}/sign-out")
    await store.gone(conn, (await floor.find(agent_id)).channel_id, OfflineReason.LOST)
    assert (await floor.find(agent_id)).offline_reason is OfflineReason.SIGNED_OUT


BODIES = {"pause": {"reason": "lunch"}, "force-pause": {"reason": "lunch"}, "next-state": {"state": "offline"}}


@pytest.mark.parametrize("action", [*Action, *SupervisorAction])
async def test_action_that_a_state_does_not_allow_is_refused_with_the_states_that_do(floor, action):
    offline, idle = await floor.agent(), await floor.idle()
    agent_id = offline if AgentState.OFFLINE not in ALLOWED[action] else idle
    before = await floor.find(agent_id)
    response = await floor.tenant.post(f"/v1/agents/{agent_id}/{action}", BODIES.get(action))
    said = refused(response, 400, "INVALID_STATE")
    assert said.startswith(f"Cannot {action} an agent in state {before.state}, only ")
    assert said.endswith(" or ".join(ALLOWED[action]))
    assert await floor.find(agent_id) == before


async def test_queues_and_skills_are_replaced_and_the_own_queue_stays_a_member(floor):
    queues = [floor.queue_id, *[await floor.tenant.queue(name) for name in ("B", "C")]]
    own, second, third = queues
    agent_id = await floor.agent(
        queues=[{"queueId": third, "position": 2}, {"queueId": second, "position": 5}],
        skills=[{"skill": "english"}, {"skill": "billing", "level": 7}],
    )
    path = f"/v1/agents/{agent_id}"

    async def read():
        agent = await floor.tenant.done("GET", path)
        return [(queue["queueId"], queue["position"]) for queue in agent["queues"]], agent["skills"]

    assert await read() == (
        [(own, 1), (third, 2), (second, 5)],
        [{"skill": "billing", "level": 7}, {"skill": "english", "level": 1}],
    )
    await floor.tenant.done("PATCH", path, json={"queues": [{"queueId": own, "position": 9}], "skills": []})
    assert await read() == ([(own, 9)], [])
    await floor.tenant.done("PATCH", path, json={"queueId": second})
    assert await read() == ([(second, 9)], [])
    await floor.tenant.done("PATCH", path, json={"queueId": third, "queues": [{"queueId": second, "position": 2}]})
    assert await read() == ([(third, 1), (second, 2)], [])
    unknown = {"queues": [{"queueId": 999999999999999999}]}
    said = refused(await floor.tenant.call("PATCH", path, json=unknown), 404, "NOT_FOUND")
    assert said == "Inbound queue not found"
    assert await read() == ([(third, 1), (second, 2)], [])
    said = refused(await floor.tenant.call("DELETE", f"/v1/queues/inbound/{second}"), 400, "INVALID_STATE")
    assert said.endswith(f"agent {agent_id}")


async def test_pause_holds_until_ready_and_the_last_next_state_until_the_end_of_the_call(floor, conn):
    agent_id, call_id = await floor.talking()
    path = f"/v1/agents/{agent_id}"

    async def read(*names):
        agent = await floor.tenant.done("GET", path)
        return tuple(agent[name] for name in names)

    await floor.tenant.done("POST", f"{path}/sign-out")
    assert await read("state", "nextState", "signOutPending") == ("talking", "offline", True)
    await floor.tenant.done("POST", f"{path}/pause", json={"reason": "lunch"})
    assert await read("state", "nextState", "pauseReason", "signOutPending") == ("talking", "paused", "lunch", False)
    await floor.tenant.done("POST", f"{path}/next-state", json={"state": "idle"})
    assert await read("nextState", "pauseReason") == (None, None)
    await floor.tenant.done("POST", f"{path}/next-state", json={"state": "paused", "reason": "training"})
    await store.freed(conn, floor.tenant_id, [call_id])
    assert await read("state", "nextState", "pauseReason") == ("wrap_up", "paused", "training")
    assert (await read("wrapUpUntil"))[0] is not None
    await floor.earlier("agent", "wrap_up_until", 11)
    await store.wrap_ups_over(conn)
    assert await read("state", "nextState", "pauseReason", "wrapUpUntil") == ("paused", None, "training", None)
    await floor.tenant.done("POST", f"{path}/force-pause", json={"reason": "meeting"})
    assert await read("state", "pauseReason") == ("paused", "meeting")
    await floor.tenant.done("POST", f"{path}/ready")
    assert await read("state", "pauseReason") == ("idle", None)


@pytest.mark.parametrize(
    "body", [{}, {"state": "talking"}, {"state": "paused"}, {"state": "offline", "reason": "a"},
             {"state": "paused", "reason": ""}, {"state": "paused", "reason": "a" * 65}, {"state": None}],
)  # fmt: skip
async def test_bad_next_states_are_refused(floor, body):
    agent_id, _ = await floor.talking()
    before = await floor.find(agent_id)
    refused(await floor.tenant.post(f"/v1/agents/{agent_id}/next-state", body), 400, "INVALID_INPUT")
    assert await floor.find(agent_id) == before


async def test_supervisor_releases_an_agent_whose_call_does_not_end(floor, conn):
    agent_id, _ = await floor.talking()
    path = f"/v1/agents/{agent_id}"
    await floor.tenant.done("POST", f"{path}/release")
    released = await floor.find(agent_id)
    assert (released.state, released.call_id) == (AgentState.HANGING_UP, None)
    await floor.tenant.done("POST", f"{path}/release")
    assert (await floor.find(agent_id)).state is AgentState.OFFLINE
    await floor.sign_in(agent_id)
    recorded = await conn.fetch("select action from audit where subject = $1 order by audit_id", f"agent {agent_id}")
    assert [row["action"] for row in recorded][-3:] == ["agent.release", "agent.release", "agent.sign-in"]


async def test_phone_that_rings_for_each_call_is_not_called_at_sign_in(floor, conn):
    agent_id = await floor.agent(mode="ring")
    path = f"/v1/agents/{agent_id}"
    await floor.tenant.done("POST", f"{path}/sign-in")
    agent = await floor.find(agent_id)
    assert (agent.state, agent.channel_id) == (AgentState.IDLE, None)
    assert agent_id not in {agent.agent_id for agent in await store.to_call(conn)}
    await floor.tenant.done("POST", f"{path}/sign-out")
    assert (await floor.find(agent_id)).state is AgentState.OFFLINE


async def test_repeated_post_with_its_key_signs_in_once(floor):
    agent_id = await floor.agent()
    options = {"headers": {"Idempotency-Key": "a"}}
    responses = [await floor.tenant.post(f"/v1/agents/{agent_id}/sign-in", **options) for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 200]
    refused(await floor.tenant.post(f"/v1/agents/{agent_id}/sign-in"), 400, "INVALID_STATE")


async def test_changes_are_recorded_with_who_made_them(floor, pool):
    agent_id = await floor.agent()
    path = f"/v1/agents/{agent_id}"
    await floor.tenant.done("PATCH", path, json={"wrapUpSec": 5})
    await floor.tenant.done("POST", f"{path}/sign-in")
    await floor.tenant.done("POST", f"{path}/sign-out")
    await floor.tenant.done("DELETE", path)
    recorded = await pool.fetch(
        "select action, key_id from audit where tenant_id = $1 and subject = $2 order by audit_id",
        floor.tenant_id, f"agent {agent_id}",
    )  # fmt: skip
    verbs = ["create", "change", "sign-in", "sign-out", "delete"]
    assert [tuple(row) for row in recorded] == [(f"agent.{verb}", floor.tenant.key.key_id) for verb in verbs]
