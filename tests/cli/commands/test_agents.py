"""`tongdai agent` as its users have it: a process, and a server that runs."""

import json
import subprocess
from dataclasses import dataclass

import msgspec
import pytest

from tests.support import programs
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tongdai.cli.commands.agents import state_in_words
from tongdai_client import Client


@dataclass(frozen=True)
class Desk:
    """Somebody with a key and a queue."""

    server: Server
    key: str
    queue_id: int

    def run(self, *args: object, **env: str) -> "subprocess.CompletedProcess[str]":
        environment = PLAIN | {"TONGDAI_URL": self.server.url, "TONGDAI_API_KEY": self.key} | env
        return programs.tongdai("agent", *map(str, args), environment=environment)

    def printed(self, *args: object) -> str:
        ended = self.run(*args)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    def failed(self, *args: object, code: int = 1, **env: str) -> str:
        ended = self.run(*args, **env)
        assert (ended.returncode, ended.stdout) == (code, "")
        return ended.stderr.strip()


@pytest.fixture(scope="module")
async def desk(server: Server) -> Desk:
    key = await server.key()
    with Client(server.url, key.value) as client:
        return Desk(server, key.value, client.create_queue("Sales").queue_id)


def test_agent_is_created_listed_signed_in_and_out(desk):
    agent_id = int(desk.printed("create", "--name", "Trần B", "--endpoint", "agent-7", "--queue", desk.queue_id))
    (listed,) = json.loads(desk.printed("list", "--queue", desk.queue_id, "--state", "offline", "--json"))
    assert listed.pop("stateSince")
    assert listed == {
        "agentId": agent_id,
        "name": "Trần B",
        "endpoint": "agent-7",
        "mode": "nailed_up",
        "queueId": desk.queue_id,
        "wrapUpSec": 10,
        "state": "offline",
        "offlineReason": None,
        "callId": None,
    }
    called, answered = desk.printed("sign-in", agent_id).splitlines()
    assert called == "The phone agent-7 is being called."
    assert answered.startswith(f"Agent {agent_id} is ")
    assert desk.printed("list", "--state", "offline").splitlines()[1:] == []
    assert desk.printed("sign-out", agent_id) == "Agent signed out"
    refused = desk.failed("sign-out", agent_id)
    assert refused.startswith("tongdai: ")
    assert "Cannot sign-out an agent in state " in refused


def test_agent_of_several_queues_is_paused_ready_and_released(desk):
    with Client(desk.server.url, desk.key) as client:
        other = client.create_queue("Support").queue_id
        agent_id = int(
            desk.printed(
                "create", "--name", "D", "--endpoint", "agent-9", "--queue", desk.queue_id, "--also", other,
                "--mode", "ring", "--skill", "english=7", "--team", 3,
            )
        )  # fmt: skip
        assert json.loads(desk.printed("list", "--queue", other, "--team", 3, "--json"))[0]["agentId"] == agent_id
        made = client.agent(agent_id)
        assert (made.mode, [(s.skill, s.level) for s in made.skills]) == ("ring", [("english", 7)])
        signed_in = desk.printed("sign-in", agent_id).splitlines()
        assert signed_in == ["The phone agent-9 rings for each call.", f"Agent {agent_id} is idle."]
        assert desk.printed("pause", agent_id, "--reason", "lunch").startswith("Agent is paused")
        (listed,) = json.loads(desk.printed("list", "--team", 3, "--json"))
        assert listed["state"] == "paused (lunch)"
        assert desk.printed("ready", agent_id) == "Agent is ready"
        assert client.agent(agent_id).state == "idle"
        assert "in state idle, only wrap_up or paused" in desk.failed("ready", agent_id)
        desk.printed("pause", agent_id, "--reason", "lunch")
        assert desk.printed("ready", agent_id, "--force") == "Agent is ready"
        assert "Agent not found" in desk.failed("next-state", 999999999999, "offline")
        assert "reason" in desk.failed("next-state", agent_id, "paused")
        assert "in state idle, only offline" in desk.failed("delete", agent_id)
        assert desk.printed("release", agent_id) == "Agent released"
        assert client.agent(agent_id).state == "offline"
        assert desk.printed("delete", agent_id) == "Agent deleted successfully"
    assert "--skill" in desk.failed(
        "create", "--name", "A", "--queue", 1, "--endpoint", "b", "--skill", "english", code=2
    )


def test_agent_is_shown_and_changed_by_id_and_by_name(desk):
    def shown(named: object) -> dict[str, object]:
        return {row["field"]: row["value"] for row in json.loads(desk.printed("show", named, "--json"))}

    with Client(desk.server.url, desk.key) as client:
        other = client.create_queue("Third").queue_id
        agent_id = client.create_agent("Lê C", "agent-11", desk.queue_id, team_id=3).agent_id
    assert shown(agent_id) == shown("lê c")
    assert shown(agent_id)["phoneReachable"] in {"yes", "no"}
    changed = desk.printed(
        "change", "Lê C", "--name", "Lê D", "--wrap-up", 20, "--mode", "ring", "--also", other, "--skill", "english=5",
        "--no-team", "--endpoint", "agent-12",
    )  # fmt: skip
    assert changed == "Agent updated successfully"
    found = shown(agent_id)
    assert (found["agentName"], found["wrapUpSec"], found["mode"], found["teamId"], found["skills"]) == (
        "Lê D", 20, "ring", None, "english=5",
    )  # fmt: skip
    assert set(str(found["queues"]).split(",")) == {f"{desk.queue_id}:1", f"{other}:1"}
    desk.printed("change", agent_id, "--no-also", "--no-skills", "--team", 4)
    found = shown(agent_id)
    assert (found["queues"], found["skills"], found["teamId"]) == (f"{desk.queue_id}:1", None, 4)
    assert "Give what is to change" in desk.failed("change", agent_id, code=2)
    assert "--no-team" in desk.failed("change", agent_id, "--team", 3, "--no-team", code=2)


def test_supervisor_acts_on_an_agent_by_name(desk):
    with Client(desk.server.url, desk.key) as client:
        agent_id = client.create_agent("Ngô E", "agent-13", desk.queue_id, mode="ring").agent_id
        desk.printed("sign-in", "Ngô E")
        assert desk.printed("pause", "Ngô E", "--reason", "lunch").startswith("Agent is paused")
        assert desk.printed("ready", "Ngô E", "--force") == "Agent is ready"
        assert desk.printed("sign-out", "Ngô E", "--force").startswith("Agent")
        assert client.agent(agent_id).state == "offline"
        desk.printed("sign-in", agent_id)
        assert desk.printed("release", "ngô e") == "Agent released"
        second = client.create_agent("ngô e", "agent-14", desk.queue_id).agent_id
    assert f"2 agents have the name Ngô E: give the id, one of {agent_id}, {second}" in desk.failed("release", "Ngô E")
    assert "no agent has the name Nobody; see tongdai agent list" in desk.failed("sign-in", "Nobody")


def test_preview_is_offered_and_skipped(desk):
    with Client(desk.server.url, desk.key) as client:
        campaign_id = client.create_campaign("Look first").campaign_id
        agent_id = client.create_agent("Võ G", "agent-15", desk.queue_id).agent_id
    assert "not dial in mode preview" in desk.failed("preview", "next", "Võ G", "--campaign", campaign_id)
    assert "Campaign not found" in desk.failed("preview", "next", agent_id, "--campaign", 999999999999)
    desk.printed("sign-in", agent_id)
    assert "No contact is offered" in desk.failed("preview", "accept", "Võ G")
    assert "No contact is offered" in desk.failed("preview", "skip", agent_id)


def test_phone_that_is_busy_elsewhere_is_shown_with_the_state(desk):
    agent_id = desk.printed("create", "--name", "F", "--endpoint", "agent-6", "--queue", desk.queue_id)
    with Client(desk.server.url, desk.key) as client:
        found = client.agent(int(agent_id))
    assert state_in_words(found) == "offline"
    assert state_in_words(msgspec.structs.replace(found, busy_elsewhere=True)) == "offline, busy elsewhere"


def test_sign_in_need_not_wait_for_the_phone(desk):
    agent_id = desk.printed("create", "--name", "C", "--endpoint", "agent-8", "--queue", desk.queue_id)
    assert desk.printed("sign-in", "--no-wait", agent_id) == "The phone agent-8 is being called."


def test_what_cannot_be_done_is_reported_in_one_line(desk):
    new = ["create", "--name", "A", "--queue"]
    assert "Inbound queue not found" in desk.failed(*new, 999999999999, "--endpoint", "b")
    assert "Agent not found" in desk.failed("sign-in", 999999999999)
    assert "--endpoint" in desk.failed(*new, desk.queue_id, "--endpoint", "a@b", code=2)
    assert "does not accept the key" in desk.failed("list", TONGDAI_API_KEY="sk_live_wrong")
    assert "no answer from the server" in desk.failed("list", TONGDAI_URL="http://127.0.0.1:1")


def test_phone_gets_an_account_another_password_and_loses_it(desk):
    created = desk.run("create", "--name", "E", "--queue", desk.queue_id)
    assert created.returncode == 0, created.stderr
    agent_id = int(created.stdout)
    (_, username), (_, password) = (line.split() for line in created.stderr.strip().splitlines())
    assert len(password) == 24
    (shown,) = json.loads(desk.printed("phone", "show", agent_id, "--json"))
    assert shown.pop("passwordAt")
    assert shown["username"] == username
    rotated = desk.printed("phone", "rotate", agent_id).splitlines()
    assert rotated[0] == f"username {username}"
    assert rotated[1] != f"password {password}"
    assert desk.printed("phone", "remove", agent_id) == "Phone account removed"
    assert "The agent has no phone account" in desk.failed("phone", "show", agent_id)
    again = desk.printed("phone", "make", agent_id).splitlines()
    assert again[0] != f"username {username}"


def test_day_of_an_agent_is_shown(desk):
    with Client(desk.server.url, desk.key) as client:
        agent_id = client.create_agent("Đỗ H", "agent-16", desk.queue_id).agent_id
    (row,) = json.loads(desk.printed("today", "đỗ h", "--json"))
    assert (row["callsIn"], row["talkSec"], row["missedOffers"]) == (0, 0.0, 0)
    assert "Agent not found" in desk.failed("today", agent_id + 1_000_000)


def test_pause_reasons_are_set_listed_and_cleared(desk):
    assert desk.printed("pause-reasons", "--set", "Nghỉ trưa", "--set", "Họp") == "Pause reasons saved"
    assert json.loads(desk.printed("pause-reasons", "--json")) == [{"reason": "Nghỉ trưa"}, {"reason": "Họp"}]
    assert "--clear removes" in desk.run("pause-reasons", "--clear", "--set", "A").stderr
    assert desk.printed("pause-reasons", "--clear") == "Pause reasons saved"
    assert json.loads(desk.printed("pause-reasons", "--json")) == []
