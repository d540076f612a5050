"""`tongdai calls list` and `show`."""

import json

from tests.support import programs
from tests.support.callers import ended, talking
from tests.support.calls import NOW, a_call, new_queue
from tests.support.contacts import new_campaign
from tests.support.programs import PLAIN
from tests.support.servers import Server
from tongdai.calls.events import store as events
from tongdai.calls.events.model import EventKind
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, MenuId
from tongdai.queues.model import HANG_UP

UNKNOWN = "5b0f6c1e-6a58-4a3b-9d55-0f4b0a3d9c11"
OFFER = """
insert into offer (tenant_id, call_id, queue_id, agent_id, offered_at, ended_at, outcome)
values ($1, $2, $3, 8, $4, $4, 'no_answer')
"""
CONTROL = """
insert into call_control (tenant_id, call_id, switch_id, held_until, muted_channel) values ($1, $2, 1, $3, 'c')
"""
PARTY = """
insert into call_party (tenant_id, call_id, channel, switch_id, kind, target, state, called_at)
values ($1, $2, 'c', 1, 'phone', 'sup-1', 'consulting', $3)
"""


async def test_callers_are_listed_and_one_is_shown(api_server: Server, conn: Connection) -> None:
    key = await api_server.key()
    tenant_id, queue_id = key.tenant_id, await new_queue(conn, key.tenant_id)
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}

    def run(*arguments: str) -> str:
        done = programs.tongdai("calls", *arguments, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    outbound = await a_call(conn, tenant_id, await new_campaign(conn, tenant_id))
    answered = await ended(conn, tenant_id, queue_id, began=NOW, waited_s=5, agent_id=AgentId(7))
    live = await talking(conn, tenant_id, queue_id, AgentId(7))
    await conn.execute(OFFER, tenant_id, answered, queue_id, NOW)
    await conn.execute(CONTROL, tenant_id, live, NOW)
    await conn.execute(PARTY, tenant_id, live, NOW)
    await events.in_menu(conn, tenant_id, live, NOW, EventKind.KEY, MenuId(3), "2", HANG_UP)

    def ids(*options: str) -> list[str]:
        return [row["callId"] for row in json.loads(run("list", *options, "--json"))]

    assert ids() == [outbound]
    assert ids("--direction", "inbound", "--queue", str(queue_id)) == [str(live), str(answered)]
    assert ids("--direction", "inbound", "--outcome", "answered", "--from", "2026-03-10T02:00:00Z") == [str(answered)]
    assert len(ids("--direction", "all", "--limit", "2")) == 2

    heads = [line.split("\t") for line in run("show", str(answered)).splitlines()]
    assert [line[0] for line in heads] == [*("callId", str(answered), "segment", "wait", "talk", "offer", "no_answer")]
    assert json.loads(run("show", str(answered), "--json"))["offers"][0]["agentId"] == 8
    shown = run("show", str(live))
    assert "phone\tsup-1\t-\tconsulting" in shown
    assert "key\t-\t2\thang_up\t-\t-\t-\t2026-03-10" in shown
    assert shown.endswith("The customer is on hold.\nThe agent is muted.\n")


async def test_unknown_call_is_reported(api_server: Server) -> None:
    key = await api_server.key()
    environment = PLAIN | {"TONGDAI_URL": api_server.url, "TONGDAI_API_KEY": key.value}
    done = programs.tongdai("calls", "show", UNKNOWN, environment=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Call not found" in done.stderr
