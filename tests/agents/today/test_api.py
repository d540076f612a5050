"""`/agents/{id}/today`: an agent's figures since midnight of the tenant."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.support import callers
from tests.support.agents import Floor
from tests.support.api import Tenant, refused
from tests.support.callers import CLOSED
from tongdai.agents.history.view import SAMPLE
from tongdai.db.pool import Connection
from tongdai.ids import AgentId

OFFER = """
insert into offer (tenant_id, call_id, queue_id, agent_id, offered_at, ended_at, outcome)
values ($1, gen_random_uuid(), $2, $3, $4, $4, $5)
"""


async def today(floor: Floor, agent_id: AgentId) -> dict[str, Any]:
    return await floor.tenant.done("GET", f"/v1/agents/{agent_id}/today")


async def call_of(floor: Floor, conn: Connection, ended_at: datetime) -> UUID:
    """A call to the queue, in which nobody talked yet."""
    return await callers.ended(conn, floor.tenant_id, floor.queue_id, began=ended_at, waited_s=0)


async def test_agent_without_calls_has_zeros(floor: Floor) -> None:
    found = await today(floor, await floor.agent())
    since, now = datetime.fromisoformat(found.pop("since")), datetime.fromisoformat(found.pop("now"))
    assert timedelta() <= now - since < timedelta(hours=25)
    assert found.pop("zone")
    assert found.pop("states") == dict.fromkeys(SAMPLE, 0) | {"pauses": {}}
    assert set(found.values()) == {0}


async def test_only_what_was_since_midnight_counts(floor: Floor, conn: Connection) -> None:
    agent_id, other = await floor.agent(), await floor.agent()
    day = await today(floor, agent_id)
    since, now = datetime.fromisoformat(day["since"]), datetime.fromisoformat(day["now"])
    quarter = (now - since) / 4
    before, after = since - timedelta(seconds=10), since + quarter
    for kind, of, began, over in (
        ("talk", agent_id, since - timedelta(hours=2), since - timedelta(hours=1)),  # yesterday's
        ("talk", agent_id, before, after),  # over midnight: its rest counts, the call does not
        ("talk", other, after, now),
    ):
        call_id = await call_of(floor, conn, over)
        await conn.execute(CLOSED, floor.tenant_id, call_id, kind, began, over, floor.queue_id, of)
    call_id = await call_of(floor, conn, now)
    for at, kind in enumerate(("talk", "hold", "talk")):
        part = quarter / 4
        begins = after + at * part
        await conn.execute(CLOSED, floor.tenant_id, call_id, kind, begins, begins + part, floor.queue_id, agent_id)
    await conn.execute(CLOSED, floor.tenant_id, call_id, "wrap_up", after + quarter, now, floor.queue_id, agent_id)
    found = await today(floor, agent_id)
    seconds = quarter.total_seconds()
    assert (found["callsIn"], found["callsOut"]) == (1, 0)
    assert found["talkSec"] == pytest.approx(seconds * 1.5, abs=0.01)
    assert found["holdSec"] == pytest.approx(seconds / 4, abs=0.01)
    assert found["wrapUpSec"] == pytest.approx(seconds * 2, abs=0.01)


async def test_live_call_counts_up_to_now(floor: Floor, conn: Connection) -> None:
    agent_id = await floor.agent()
    call_id = await callers.talking(conn, floor.tenant_id, floor.queue_id, agent_id)
    found = await today(floor, agent_id)
    began = await conn.fetchval(
        "select started_at from segment where tenant_id = $1 and call_id = $2", floor.tenant_id, call_id
    )
    now, since = datetime.fromisoformat(found["now"]), datetime.fromisoformat(found["since"])
    assert found["talkSec"] == pytest.approx((now - max(began, since)).total_seconds(), abs=0.01)
    assert found["callsIn"] == (began >= since)


async def test_offers_that_were_not_answered_are_counted(floor: Floor, conn: Connection) -> None:
    agent_id = await floor.agent()
    since = datetime.fromisoformat((await today(floor, agent_id))["since"])
    yesterday = since - timedelta(seconds=1)
    of_today = [(since, outcome) for outcome in ("answered", "no_answer", "rejected", "caller_gone")]
    for at, outcome in [*of_today, (yesterday, "no_answer")]:
        await conn.execute(OFFER, floor.tenant_id, floor.queue_id, agent_id, at, outcome)
    found = await today(floor, agent_id)
    assert (found["offers"], found["missedOffers"]) == (4, 2)


async def test_agent_of_another_tenant_is_not_found(floor: Floor, other_tenant: Tenant) -> None:
    agent_id = await floor.agent()
    refused(await other_tenant.call("GET", f"/v1/agents/{agent_id}/today"), 404, "NOT_FOUND")


STATE = """
insert into agent_state (tenant_id, agent_id, began_at, began_month, state, reason)
values ($1, $2, $3, date_trunc('month', $3 at time zone 'UTC')::date, $4, $5)
"""


async def test_states_of_the_day_add_up(floor: Floor, conn: Connection) -> None:
    agent_id = await floor.agent()
    since = datetime.fromisoformat((await today(floor, agent_id))["since"])
    await conn.execute(STATE, floor.tenant_id, agent_id, since - timedelta(hours=1), "paused", "lunch")
    await conn.execute(STATE, floor.tenant_id, agent_id, since, "offline", None)
    assert (await today(floor, agent_id))["states"]["signedInSec"] == 0
    await conn.execute("delete from agent_state where tenant_id = $1 and state = 'offline'", floor.tenant_id)
    found = await today(floor, agent_id)
    seconds = int(datetime.fromisoformat(found["now"]).timestamp()) - int(since.timestamp())
    states = found["states"]
    assert (states["signedInSec"], states["pausedSec"], states["pauses"]) == (seconds, seconds, {"lunch": seconds})
