"""Callers in menus in the database: the parts of their calls, and the keys that they pressed."""

from datetime import datetime, timedelta

from tongdai.acd.caller.model import NumberCall
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.call_outcome import InboundOutcome
from tongdai.calls.events import store as events
from tongdai.calls.events.model import EventKind
from tongdai.calls.inbound.model import InboundCall, InboundEnding
from tongdai.db.pool import Connection
from tongdai.ids import MenuId
from tongdai.queues.model import HANG_UP, QueueRules

FRONT, SECOND = MenuId(3), timedelta(seconds=1)
ABANDONED, ANSWERED = InboundEnding(InboundOutcome.ABANDONED), InboundEnding(InboundOutcome.ANSWERED)
PARTS = "select kind, started_at, ended_at from segment where tenant_id = $1 and call_id = $2 order by started_at"
PART_OF_QUEUE = """
select array_agg(kind) from segment where tenant_id = $1 and call_id = $2 and queue_id is not null
"""


async def parts(conn: Connection, call: InboundCall) -> list[tuple[str, datetime, datetime | None]]:
    """The kinds of the segments of a call, from when until when."""
    rows = await conn.fetch(PARTS, call.tenant_id, call.call_id)
    return [(row["kind"], row["started_at"], row["ended_at"]) for row in rows]


async def test_menu_is_a_part_of_the_call_until_the_caller_waits(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    for _ in range(2):  # repeated, as when the answer was lost
        assert await store.answer(call, at, FRONT)
    await store.key(call, FRONT, "7", None, at + SECOND)
    await store.key(call, FRONT, None, HANG_UP, at + 2 * SECOND)
    await store.join(call, rules, 1, at + 3 * SECOND)
    assert await parts(conn, call) == [("menu", at, at + 3 * SECOND), ("wait", at + 3 * SECOND, None)]
    happened = await events.of_call(conn, call.tenant_id, call.call_id, 9)
    assert [(one.kind, one.key, one.to_kind) for one in happened] == [
        *((EventKind.MENU, None, None), (EventKind.KEY, "7", None), (EventKind.OTHERWISE, None, "hang_up")),
    ]
    assert await store.answer(call, at + 4 * SECOND, FRONT), "the queue has sent the caller to a menu"
    assert (await parts(conn, call))[1:] == [
        *(("wait", at + 3 * SECOND, at + 4 * SECOND), ("menu", at + 4 * SECOND, None)),
    ]


async def test_caller_for_whom_a_number_is_called_from_a_menu_waits_in_no_queue(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, at: datetime
) -> None:
    await store.answer(call, at, FRONT)
    number = NumberCall("+84987654321", f"{call.call_id}-number-0-2", talks=False)
    assert await store.forward(call, number, at + SECOND, transfer=False)
    assert await store.connect(call, at + 5 * SECOND)
    assert await parts(conn, call) == [
        ("menu", at, at + SECOND),
        ("wait", at + SECOND, at + 5 * SECOND),
        ("talk", at + 5 * SECOND, None),
    ]
    assert await conn.fetchval(PART_OF_QUEUE, call.tenant_id, call.call_id) == ["menu"]
    await store.end(call, ANSWERED)
    assert all(ended_at for _, _, ended_at in await parts(conn, call))


async def test_caller_who_hangs_up_in_a_menu_was_in_it_to_the_end(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, at: datetime
) -> None:
    await store.answer(call, at, FRONT)
    await store.answer(call, at + SECOND)  # a key led to a message, which is the end of the menu's part
    await store.end(call, ABANDONED)
    ((kind, began_at, ended_at),) = await parts(conn, call)
    found = await conn.fetchval("select ended_at from call where call_id = $1", call.call_id)
    assert (kind, began_at, ended_at) == ("menu", at, found)
