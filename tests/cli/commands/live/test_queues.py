"""`tongdai queue why`: of callers and of agents."""

import json

from tests.support import programs
from tests.support.callers import waiting
from tests.support.calls import new_agent, new_queue
from tests.support.programs import PLAIN
from tests.support.servers import Server


async def test_callers_and_agents_are_listed_with_their_reasons(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    async with api_server.database() as conn:
        queue_id = await new_queue(conn, key.tenant_id)
        call_id = await waiting(conn, key.tenant_id, queue_id, 30)
        agent_id = await new_agent(conn, key.tenant_id, queue_id, "paused", pause_reason="lunch")
    ended = programs.tongdai("queue", "why", str(queue_id), environment=environment)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[0].split("\t") == ["position", "phoneNumber", "waitS", "why", "callId"]
    (caller,) = json.loads(programs.tongdai("queue", "why", str(queue_id), "--json", environment=environment).stdout)
    assert (caller["callId"], caller["position"]) == (str(call_id), 1)
    assert caller["reason"] == "telephony_not_running"
    shown = programs.tongdai("queue", "why", str(queue_id), "--agents", environment=environment)
    assert f"{agent_id}\tAn agent\tpaused\tPaused since " in shown.stdout
    assert ": lunch." in shown.stdout


async def test_queue_that_does_not_exist_is_reported(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    ended = programs.tongdai("queue", "why", "17", environment=environment)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Inbound queue not found" in ended.stderr
