"""Callers of queues, through the whole server, with a switch that calls in."""

import sys
from pathlib import Path

import pytest

from tests.support.call_floor import PHONE, floor
from tests.support.dialing_server import dialing_server
from tests.support.servers import eventually
from tongdai.switch.simulated.callees import Response, always, phone, uniform
from tongdai.switch.simulated.ledger import SimulatedCaller

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


async def test_callers_are_refused_or_wait_for_an_agent_by_the_settings_of_the_queue(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        sales = await floor(here)
        queue = f"/v1/queues/inbound/{sales.queue_id}"
        assert await sales.refused(1) == 20, "nobody is signed in"
        await here.call("PATCH", f"{queue}/settings", {"joinEmpty": True, "leaveEmptyAfterSec": None})

        for strategy, cause in ((3, 21), (99, 20)):
            await sales.set(strategy=strategy)
            assert await sales.refused(2) == cause
        await sales.set(strategy=1)
        await here.call("PUT", f"{queue}/closed", {})
        assert await sales.refused(3) == 20
        await here.call("DELETE", f"{queue}/closed")

        first = sales.call_in(4, talk_s=4)
        await eventually(lambda: first.answered_at, 10, "the first answer")
        second = sales.call_in(5, talk_s=4)
        await eventually(lambda: second.answered_at, 10, "the second answer")
        assert not first.talks
        await here.call("POST", f"{sales.agent}/sign-in")
        await eventually(lambda: first.talks, 30, "the first talk")
        await sales.until("talking")
        assert first.music_s > 0
        assert not second.talks
        await eventually(lambda: second.ended_at, 30, "the second talk and its end")
        assert [talk.with_whom for talk in (*first.talks, *second.talks)] == [PHONE, PHONE]
        assert (first.ended_by, second.ended_by) == ("caller", "caller")
        await sales.until("idle")
        assert here.simulated.ledger.violations == []


async def test_callers_keep_their_places_when_the_process_is_killed(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        sales = await floor(here)
        await here.call(
            "PATCH", f"/v1/queues/inbound/{sales.queue_id}/settings", {"joinEmpty": True, "leaveEmptyAfterSec": None}
        )
        callers: list[SimulatedCaller] = []
        for person in range(5):
            caller = sales.call_in(person, talk_s=0.2)
            await eventually(lambda one=caller: one.answered_at, 10, "the answer")
            callers.append(caller)
        await here.server.kill("telephony")
        await here.call("POST", f"{sales.agent}/sign-in")
        await eventually(lambda: all(caller.ended_at for caller in callers), 90, "all talks")
        began = [caller.talks[0].began_at for caller in callers]
        assert began == sorted(began)
        assert here.simulated.ledger.violations == []


async def test_key_in_the_menu_in_front_of_a_number_leads_to_an_agent(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        sales = await floor(here)
        await here.call("POST", f"{sales.agent}/sign-in")
        await sales.until("idle")
        option = {"kind": "queue", "queueId": sales.queue_id}
        menu = {"name": "Front", "greeting": "hello-world", "repeats": 5, "options": {"1": option}}
        made = await here.call("POST", "/v1/queues/menus", menu)
        await here.call("PATCH", f"/v1/queues/inbound/{sales.queue_id}/settings", {"menuId": made["menuId"]})
        caller = sales.call_in(1)
        await eventually(lambda: caller.played_at, 10, "the greeting")
        here.simulated.press(caller, "1")
        await eventually(lambda: caller.talks, 30, "the talk")
        assert here.simulated.ledger.violations == []


async def test_phone_of_an_agent_rings_for_a_caller(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        sales = await floor(here, mode="ring")
        await here.call("POST", f"{sales.agent}/sign-in")
        await sales.until("idle")
        caller = sales.call_in(1, talk_s=2)
        await sales.until("talking")
        assert [talk.with_whom for talk in caller.talks] == [PHONE]
        await eventually(lambda: caller.ended_at, 30, "the end")
        await sales.until("idle")
        assert here.simulated.ledger.violations == []


async def test_caller_is_transferred_to_another_queue_and_on_to_a_number(tmp_path: Path) -> None:
    async with dialing_server(tmp_path) as here:
        here.simulated.callee = always(Response.ANSWERED, after_s=0.2)
        sales = await floor(here)
        here.simulated.phones["agent-8"] = phone(uniform(0.1, 0.2))
        care = await here.call("POST", "/v1/queues/inbound", {"callinName": "Care"})
        bob = {"agentName": "Bob", "endpoint": "agent-8", "queueId": care["callinId"], "wrapUpSec": 1}
        made = await here.call("POST", "/v1/agents", bob)
        for agent in (sales.agent, f"/v1/agents/{made['agentId']}"):
            await here.call("POST", f"{agent}/sign-in")
        await sales.until("idle")
        caller = sales.call_in(1)
        await sales.until("talking")
        call = f"/v1/calls/{(await here.call('GET', sales.agent))['callId']}"
        await here.call("POST", f"{call}/transfer", {"queueId": care["callinId"]})
        await eventually(lambda: len(caller.talks) == 2, 30, "the second talk")
        await here.call("POST", f"{call}/transfer", {"number": "0987654321"})
        await eventually(lambda: len(caller.talks) == 3, 30, "the number")
        assert [talk.with_whom for talk in caller.talks] == [PHONE, "agent-8", "84987654321"]
        await here.call("POST", f"{call}/hang-up")
        await eventually(lambda: caller.ended_at, 10, "the end")
        await sales.until("idle")
        assert here.simulated.ledger.violations == []
