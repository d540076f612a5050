"""The ACD's store in PostgreSQL, a queue with a number and an agent, and a call to it."""

import itertools
from datetime import datetime

import pytest

from tests.support.call_scene import now_of
from tests.support.calls import new_agent, new_queue
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.calls.inbound.model import Arrival, InboundCall
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.numbers import store as numbers
from tongdai.queues.model import QueueRules
from tongdai.switches.model import DEFAULT

NUMBER = itertools.count(842873000000)


@pytest.fixture
def store(pool: Pool) -> PostgresAcdStore:
    return PostgresAcdStore(pool)


@pytest.fixture
async def at(conn: Connection) -> datetime:
    return await now_of(conn)


@pytest.fixture
async def arrival(conn: Connection, tenant_id: TenantId) -> Arrival:
    """A call by a number that the tenant has."""
    number = next(NUMBER)
    await numbers.give(conn, tenant_id, number, None, None)
    return Arrival(switch_id=DEFAULT, channel=f"1.{number}", called=f"+{number}", phone="+84901234567")


@pytest.fixture
async def queue_id(conn: Connection, tenant_id: TenantId, arrival: Arrival) -> QueueId:
    """The queue of the number."""
    queue_id = await new_queue(conn, tenant_id)
    await conn.execute("update inbound_queue set number = $2 where queue_id = $1", queue_id, arrival.called)
    return queue_id


@pytest.fixture
async def agent_id(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> AgentId:
    """An idle agent of the queue."""
    return await new_agent(conn, tenant_id, queue_id)


@pytest.fixture
async def call(store: PostgresAcdStore, queue_id: QueueId, arrival: Arrival) -> InboundCall:
    call = await store.arrive(arrival, "carrier")
    assert call is not None
    return call


@pytest.fixture
def rules(queue_id: QueueId) -> QueueRules:
    return QueueRules(queue_id=queue_id, name="A queue")
