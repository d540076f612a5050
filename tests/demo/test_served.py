"""Agents of the demo, and how its queues treat their callers."""

import asyncpg
import pytest

from tongdai.demo import tenant as demo
from tongdai.ids import MenuId, QueueId, SwitchId
from tongdai.numbers import store as numbers
from tongdai.queues.hours import store as hours
from tongdai.queues.menus import store as menus
from tongdai.queues.settings import store as settings
from tongdai.settings.declarations import Settings


async def test_two_campaigns_are_called_from_the_start_by_agents_who_sign_in(
    conn: asyncpg.Connection, own: Settings
) -> None:
    await demo.prepare(conn, own)
    found = await conn.fetch("select campaign_id, mode, status from campaign order by 1")
    assert [tuple(row) for row in found] == [(1042, "agentless", 1), (1043, "agentless", 2), (1044, "predictive", 2)]
    await conn.execute("update agent set state = 'offline' where name <> 'Lan'")
    await demo.prepare(conn, own)
    found = await conn.fetch("select mode, array_agg(distinct state) as states from agent group by 1 order by 1")
    assert [tuple(row) for row in found] == [("nailed_up", ["calling"]), ("ring", ["idle"])]


async def test_agents_serve_every_queue_that_has_a_number(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    served = await conn.fetch("select queue_id, count(*) from agent_queue group by 1 order by 1")
    assert [tuple(row) for row in served] == [(1001227, 6), (1001228, 6), (1001229, 6)]
    assert await numbers.leading(conn, SwitchId(1), 10) == ["19006363", "19006364", "19006365"]


@pytest.mark.parametrize("state", ["calling", "idle", "reserved", "talking", "wrap_up", "hanging_up"])
async def test_agents_of_the_last_run_sign_in_again_whatever_they_did_when_it_stopped(
    conn: asyncpg.Connection, own: Settings, state: str
) -> None:
    await demo.prepare(conn, own)
    busy = state in {"reserved", "talking"}
    await conn.execute(
        """update agent set state = $1, channel_id = gen_random_uuid(), switch_id = 1,
               call_id = case when $2 then gen_random_uuid() end
           where mode = 'nailed_up'""",
        state,
        busy,
    )
    await demo.prepare(conn, own)
    found = await conn.fetch("select distinct state, channel_id, call_id from agent where mode = 'nailed_up'")
    assert [tuple(row) for row in found] == [("calling", None, None)]


@pytest.mark.parametrize(("reason", "state"), [("no_answer", "idle"), ("lunch", "paused")])
async def test_agent_who_was_paused_because_nobody_answered_gets_calls_again(
    conn: asyncpg.Connection, own: Settings, reason: str, state: str
) -> None:
    await demo.prepare(conn, own)
    await conn.execute("update agent set state = 'paused', pause_reason = $1 where mode = 'ring'", reason)
    await demo.prepare(conn, own)
    assert await conn.fetchval("select state from agent where mode = 'ring'") == state


async def test_menu_is_in_front_of_one_queue_and_office_hours_of_another(
    conn: asyncpg.Connection, own: Settings
) -> None:
    await demo.prepare(conn, own)
    found = {queue_id: await settings.rules(conn, demo.TENANT, QueueId(queue_id)) for queue_id in (1001227, 1001228)}
    normal, vip = found[1001227], found[1001228]
    assert normal is not None
    assert vip is not None
    assert normal.callback_offered
    assert (normal.menu_id is None, vip.menu_id) == (False, None)
    assert vip.vip_head_start_s == 30
    menu = (await menus.all_of(conn, demo.TENANT))[normal.menu_id or MenuId(0)]
    assert {key: (to.kind, to.target) for key, to in menu.options.items()} == {
        "1": ("queue", "1001227"), "2": ("queue", "1001228"), "9": ("callback", None),
    }  # fmt: skip
    office = await hours.find(conn, demo.TENANT, QueueId(1001229))
    assert office is not None
    assert office.queue.week is not None
    assert [len(day) for day in office.queue.week] == [2, 2, 2, 2, 2, 1, 0]


async def test_agents_who_are_not_the_demos_are_left_alone(conn: asyncpg.Connection, own: Settings) -> None:
    await demo.prepare(conn, own)
    await conn.execute(
        """insert into agent (tenant_id, name, endpoint, queue_id, state, channel_id)
           select tenant_id, 'Mine', 'agent-1', queue_id, 'idle', gen_random_uuid() from agent where name = 'Lan'"""
    )
    await demo.prepare(conn, own)
    assert await conn.fetchval("select state from agent where name = 'Mine'") == "idle"
