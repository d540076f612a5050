"""Twenty callers at once, through the whole server: who gets in, and what a kill leaves of them."""

import sys
from pathlib import Path

import pytest

from tests.support.call_floor import Floor, floor
from tests.support.dialing_server import dialing_server
from tests.support.servers import eventually
from tongdai.switch.simulated.callees import phone, uniform

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_queue_takes_no_more_callers_than_its_length_though_all_ring_in_together(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        sales = await floor(here)
        settings = {"joinEmpty": True, "leaveEmptyAfterSec": None, "maxLength": 3}
        await here.call("PATCH", f"/v1/queues/inbound/{sales.queue_id}/settings", settings)
        callers = [sales.call_in(person) for person in range(20)]
        await eventually(lambda: all(one.answered_at or one.ended_at for one in callers), 20, "all answers")
        refused = [one for one in callers if one.answered_at is None]
        assert (len(refused), {one.cause for one in refused}) == (17, {17})
        assert here.simulated.ledger.violations == []


async def test_all_callers_are_served_once_and_in_order_after_kills_of_telephony_and_of_everything(
    tmp_path: Path,
) -> None:
    async with dialing_server(tmp_path) as here:
        sales = await floor(here)
        settings = {"joinEmpty": True, "leaveEmptyAfterSec": None}
        await here.call("PATCH", f"/v1/queues/inbound/{sales.queue_id}/settings", settings)
        agents = [sales.agent, *[await _another(sales, number) for number in range(4)]]
        callers = [sales.call_in(person) for person in range(5)]
        for agent in agents:
            await here.call("POST", f"{agent}/sign-in")
        await eventually(lambda: all(one.talks for one in callers), 30, "five talks")
        for person in range(5, 25):
            callers.append(caller := sales.call_in(person, talk_s=0.2))
            await eventually(lambda one=caller: one.answered_at, 10, "the answer")

        async def states() -> set[str]:
            return {(await here.call("GET", agent))["state"] for agent in agents}

        async def all_there(adopted: int) -> bool:
            return here.server.log_text().count("caller adopted") == adopted and await states() == {"talking"}

        await here.server.kill("telephony")
        await eventually(lambda: all_there(25), 30, "all callers to be adopted", poll_s=0.2)
        here.server.end()
        await here.server.start()
        await eventually(lambda: all_there(50), 30, "all callers to be adopted again", poll_s=0.2)
        assert not [one for one in callers if one.ended_at]
        for talking in callers[:5]:
            here.simulated.leave(talking)
        await eventually(lambda: all(one.ended_at for one in callers), 60, "all to be served")

        async def idle() -> bool:
            return await states() == {"idle"}

        await eventually(idle, 30, "all agents to be idle", poll_s=0.2)
        assert [len(one.talks) for one in callers] == [1] * 25
        assert {one.ended_by for one in callers} == {"caller"}
        assert len(here.simulated.ledger.calls) == 5, "each phone was called once"
        async with here.server.database() as conn:
            ids = (here.key.tenant_id,)
            ended = await conn.fetch("select outcome, opened_at, call_id from call where tenant_id = $1", *ids)
            offered = await conn.fetch(
                "select call_id, outcome from offer where tenant_id = $1 order by offered_at", *ids
            )
        assert [row["outcome"] for row in ended] == ["answered"] * 25
        assert [row["outcome"] for row in offered] == ["answered"] * 25
        arrived = [row["call_id"] for row in sorted(ended, key=lambda row: row["opened_at"])]
        assert [row["call_id"] for row in offered][5:] == arrived[5:]
        assert here.simulated.ledger.violations == []


async def _another(sales: Floor, number: int) -> str:
    """One more agent of the queue."""
    sales.here.simulated.phones[f"agent-{100 + number}"] = phone(uniform(0.1, 0.2))
    agent = {"agentName": "A", "endpoint": f"agent-{100 + number}", "queueId": sales.queue_id, "wrapUpSec": 1}
    return f"/v1/agents/{(await sales.here.call('POST', '/v1/agents', agent))['agentId']}"
