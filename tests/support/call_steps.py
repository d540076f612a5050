"""Steps of one call at a time, where the product takes many; each returns whether it changed the call."""

from datetime import datetime, timedelta

from tongdai.calls import finish, store
from tongdai.calls.finish import FinishedCall
from tongdai.calls.model import Call, EarlierCalls, Ending
from tongdai.calls.store import Step
from tongdai.db.pool import Connection
from tongdai.ids import AgentId


async def rang(conn: Connection, call: Call, at: datetime) -> bool:
    return bool(await store.rang(conn, [Step(call, at)]))


async def answered(conn: Connection, call: Call, at: datetime, lease: timedelta) -> bool:
    return bool(await store.answered(conn, [Step(call, at)], lease))


async def connected(conn: Connection, call: Call, at: datetime, agent_id: AgentId | None) -> bool:
    return bool(await store.connected(conn, [Step(call, at, agent_id)]))


async def end(conn: Connection, call: Call, ending: Ending, again_at: datetime | None) -> bool:
    return bool(await finish.end(conn, [FinishedCall(call, ending, again_at)]))


async def history(conn: Connection, call: Call) -> EarlierCalls | None:
    """The history of the call's contact; None: the call has ended or the contact was deleted."""
    context = (await finish.retry_contexts(conn, [call])).get(call.call_id)
    return context and context.history
