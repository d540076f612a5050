"""The history of agents' states."""

import asyncio
import uuid

import pglast
import pytest
from pglast import ast as sql

from checks.sql_all_tenants import GENERATED
from checks.statements import collect
from tests.support.agents import Floor
from tongdai.agents import store
from tongdai.agents.actions import store as actions
from tongdai.agents.model import AgentState
from tongdai.call_outcome import OfferOutcome
from tongdai.db.pool import Pool

STATES = """
select state, reason from agent_state where tenant_id = $1 and agent_id = $2 order by began_at
"""


def _updates(node: object) -> list[sql.UpdateStmt]:
    """The updates of a parsed statement, also in its `with` parts."""
    if isinstance(node, tuple):
        return [found for part in node for found in _updates(part)]
    if not isinstance(node, sql.Node):
        return []
    own = [node] if isinstance(node, sql.UpdateStmt) else []
    return own + [found for attribute in node for found in _updates(getattr(node, attribute))]


def changes_state(statement: str) -> bool:
    return any(
        update.relation is not None
        and update.relation.relname == "agent"
        and any(target.name == "state" for target in update.targetList or ())
        for update in _updates(pglast.parse_sql(statement))
    )


def test_every_statement_that_changes_a_state_records_it() -> None:
    assert changes_state("with a as (update agent set state = 'idle') select 1")
    assert not changes_state("update agent set next_state = 'paused'")
    changing = [found for found in collect("tongdai", GENERATED).statements if changes_state(found.sql)]
    assert len(changing) >= 18
    assert [found.name for found in changing if "insert into agent_state" not in found.sql] == []


async def test_states_follow_each_other_as_they_were(floor: Floor, pool: Pool) -> None:
    agent_id, call_id = await floor.talking(wrapUpSec=60)
    async with pool.acquire() as conn:
        await store.freed(conn, floor.tenant_id, [call_id])
        await actions.pause(conn, floor.tenant_id, agent_id, "lunch", None)
        await actions.pause(conn, floor.tenant_id, agent_id, "lunch", None)
        await actions.pause(conn, floor.tenant_id, agent_id, "training", None)
        await actions.ready(conn, floor.tenant_id, agent_id, None)
        rows = await conn.fetch(STATES, floor.tenant_id, agent_id)
    assert [tuple(row) for row in rows] == [
        ("calling", None),
        ("idle", None),
        ("reserved", None),
        ("talking", None),
        ("wrap_up", None),
        ("paused", "lunch"),
        ("paused", "training"),
        ("idle", None),
    ]


@pytest.mark.parametrize("outcome", [OfferOutcome.NO_ANSWER, OfferOutcome.REJECTED])
async def test_a_state_never_begins_before_the_one_it_follows(floor: Floor, pool: Pool, outcome: OfferOutcome) -> None:
    agent_id, call_id = await floor.idle(), uuid.uuid4()
    async with pool.acquire() as first, pool.acquire() as second:
        async with first.transaction():
            began = await first.fetchval("select now()")
            taken = await store.reserve_agent(second, floor.tenant_id, agent_id, call_id)
            assert taken is not None
            assert taken.state_since > began
            freed = await store.released(first, floor.tenant_id, agent_id, call_id, outcome)
        assert freed is not None
        assert (freed.state, freed.state_since) == (AgentState.IDLE, taken.state_since)
        rows = await second.fetch(STATES, floor.tenant_id, agent_id)
    assert [row["state"] for row in rows] == ["calling", "idle", "idle"], "the reservation lasted no time"


async def test_one_of_two_concurrent_changes_is_recorded(floor: Floor, pool: Pool) -> None:
    agent_id = await floor.idle()

    async def reserve() -> bool:
        async with pool.acquire() as conn:
            return await store.reserve_for(conn, floor.tenant_id, agent_id, uuid.uuid4())

    assert sorted(await asyncio.gather(reserve(), reserve())) == [False, True]
    async with pool.acquire() as conn:
        rows = await conn.fetch(STATES, floor.tenant_id, agent_id)
    assert [row["state"] for row in rows] == ["calling", "idle", "reserved"]
