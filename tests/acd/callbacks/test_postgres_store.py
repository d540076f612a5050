"""Callbacks in the ACD's store in PostgreSQL: what is dialled, with whom, and what happens to it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from tests.support import callbacks
from tests.support.callbacks import PHONE, found
from tests.support.calls import new_queue
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.agents import store as agents
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.callbacks import core
from tongdai.callbacks import store as callback_store
from tongdai.callbacks.model import OTHERS_A_DAY, RETRY_AFTER, WITHHELD_A_DAY, Askable, Callback, CallbackState, Source
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.calls.missed import store as missed
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, QueueId, TenantId
from tongdai.queues.live import store as live
from tongdai.queues.model import QueueRules

LIST = """
with made as (
    insert into do_not_call_list (tenant_id, name) values ($1, 'L') returning dnc_list_id
)
insert into do_not_call (tenant_id, dnc_list_id, phone) select $1, dnc_list_id, $2 from made
"""
SEGMENTS = "select kind, queue_id, agent_id from segment where tenant_id = $1 order by started_at, kind desc"
CALLS = "select direction, outcome, queue_id, connected_at is not null as connected from call where tenant_id = $1"


@pytest.fixture
async def callback(conn: Connection, tenant_id: TenantId, queue_id: QueueId) -> Callback:
    await callbacks.any_hour(conn, tenant_id)
    return await callbacks.asked(conn, tenant_id, queue_id)


async def state_of(conn: Connection, agent_id: AgentId, tenant_id: TenantId) -> AgentState:
    agent = await agents.find(conn, tenant_id, agent_id)
    assert agent is not None
    return agent.state


async def test_customer_is_called_once_with_an_agent_reserved_and_talks(
    conn: Connection, store: PostgresAcdStore, callback: Callback, agent_id: AgentId, at: datetime
) -> None:
    tenant_id = callback.tenant_id
    (due,) = [one for one in await store.due_callbacks() if one.tenant_id == tenant_id]
    assert due == callback
    begun = await store.dial(callback, agent_id, at)
    assert begun is not None
    call = begun.call
    assert (call.phone, call.channel, call.called_back) == (PHONE, str(call.call_id), True)
    assert await state_of(conn, agent_id, tenant_id) is AgentState.RESERVED
    assert await store.dial(callback, agent_id, at) is None, "once"
    assert not [one for one in await store.due_callbacks() if one.tenant_id == tenant_id]
    assert [one.call for one in await store.dialled() if one.call.tenant_id == tenant_id] == [call]
    assert not [one for one in await store.active() if one.call.tenant_id == tenant_id]
    answered = await store.customer_answered(call, at)
    assert answered is not None
    assert (answered.caller.arrived_at, answered.caller.state) == (callback.arrived_at, "offered")
    assert answered.agent is not None
    assert answered.agent.agent_id == agent_id
    assert [one.call for one in await store.active() if one.call.tenant_id == tenant_id] == [answered.call]
    assert not [one for one in await store.dialled() if one.call.tenant_id == tenant_id]
    assert await store.connect(answered.call, at)
    assert (await found(conn, tenant_id, callback.callback_id)).state is CallbackState.DONE
    assert await store.end(answered.call, InboundEnding(InboundOutcome.ANSWERED, 16))
    assert (await found(conn, tenant_id, callback.callback_id)).state is CallbackState.DONE
    assert await state_of(conn, agent_id, tenant_id) is AgentState.WRAP_UP
    (row,) = await conn.fetch(CALLS, tenant_id)
    assert tuple(row) == ("outbound", "answered", callback.queue_id, True)
    segments = [tuple(row) for row in await conn.fetch(SEGMENTS, tenant_id)]
    queue_id = callback.queue_id
    assert sorted(segments) == [("talk", queue_id, agent_id), ("wait", queue_id, None), ("wrap_up", queue_id, agent_id)]


async def test_agent_is_free_without_a_wrap_up_when_nobody_answers(
    conn: Connection, store: PostgresAcdStore, callback: Callback, agent_id: AgentId, at: datetime
) -> None:
    begun = await store.dial(callback, agent_id, at)
    assert begun is not None
    assert await store.end(begun.call, InboundEnding(Outcome.NO_ANSWER, 19))
    assert not await store.end(begun.call, InboundEnding(Outcome.NO_ANSWER, 19)), "once"
    assert await state_of(conn, agent_id, callback.tenant_id) is AgentState.IDLE
    again = await found(conn, callback.tenant_id, callback.callback_id)
    assert (again.state, again.tries, again.arrived_at) == (CallbackState.PENDING, 1, callback.arrived_at)
    assert again.due_at >= at + RETRY_AFTER
    assert await conn.fetchval("select count(*) from caller where tenant_id = $1", callback.tenant_id) == 0


async def test_last_try_fails_and_one_that_was_not_dialled_does_not_count(
    conn: Connection, store: PostgresAcdStore, callback: Callback, at: datetime
) -> None:
    states: list[tuple[CallbackState, int]] = []
    outcomes = [Outcome.BUSY, Outcome.CANCELLED, Outcome.LOST, InboundOutcome.ABANDONED]
    for outcome in outcomes:
        begun = await store.dial(callback, None, at)
        assert begun is not None
        assert await store.end(begun.call, InboundEnding(outcome))
        after = await found(conn, callback.tenant_id, callback.callback_id)
        states.append((after.state, after.tries))
        await conn.execute("update callback set due_at = now() where callback_id = $1", callback.callback_id)
    pending = CallbackState.PENDING
    assert states == [(pending, 1), (pending, 1), (pending, 2), (CallbackState.FAILED, 3)]


@pytest.mark.parametrize(
    "statement",
    [
        "update callback set due_at = now() + interval '1 hour'",
        "update callback set expires_at = now()",
        "update calling_hours set windows = '[[], [], [], [], [], [], []]'",
    ],
)
async def test_customer_is_not_called(
    conn: Connection, store: PostgresAcdStore, callback: Callback, agent_id: AgentId, at: datetime, statement: str
) -> None:
    await conn.execute(f"{statement} where tenant_id = {callback.tenant_id}")
    assert await store.dial(callback, agent_id, at) is None
    assert await state_of(conn, agent_id, callback.tenant_id) is AgentState.IDLE
    assert not [one for one in await store.due_callbacks() if one.tenant_id == callback.tenant_id]


async def test_number_on_a_do_not_call_list_is_not_called(
    conn: Connection, store: PostgresAcdStore, callback: Callback, agent_id: AgentId, at: datetime
) -> None:
    await conn.execute(LIST, callback.tenant_id, PHONE)
    assert await store.dial(callback, agent_id, at) is None
    over = await found(conn, callback.tenant_id, callback.callback_id)
    assert (over.state, over.tries) == (CallbackState.FORBIDDEN, 0)


async def test_agent_who_is_not_idle_and_number_that_is_in_a_call_change_nothing(
    conn: Connection,
    store: PostgresAcdStore,
    callback: Callback,
    agent_id: AgentId,
    arrival: Arrival,
    at: datetime,
) -> None:
    await conn.execute("update agent set state = 'paused', pause_reason = 'a' where agent_id = $1", agent_id)
    assert await store.dial(callback, agent_id, at) is None
    assert await store.arrive(arrival, "carrier") is not None
    assert await store.dial(callback, None, at) is None
    assert await found(conn, callback.tenant_id, callback.callback_id) == callback


async def test_expired_callback_is_over(conn: Connection, store: PostgresAcdStore, callback: Callback) -> None:
    await conn.execute("update callback set expires_at = now() where callback_id = $1", callback.callback_id)
    await store.due_callbacks()
    assert (await found(conn, callback.tenant_id, callback.callback_id)).state is CallbackState.EXPIRED


async def test_caller_who_rings_again_has_the_place_of_the_callback(
    conn: Connection, store: PostgresAcdStore, callback: Callback, rules: QueueRules, arrival: Arrival, at: datetime
) -> None:
    other = await store.arrive(replace(arrival, channel="other", phone="+84907654321"), "carrier")
    assert other is not None
    joined = await store.join(other, rules, 0, at)
    assert joined is not None
    assert joined.arrived_at == other.opened_at
    call = await store.arrive(arrival, "carrier")
    assert call is not None
    row = await store.join(call, rules, 0, at)
    assert row is not None
    assert row.arrived_at == callback.arrived_at
    assert (await found(conn, callback.tenant_id, callback.callback_id)).state is CallbackState.REPLACED


async def test_lease_of_a_call_that_is_dialled_expires(
    conn: Connection, store: PostgresAcdStore, callback: Callback, at: datetime
) -> None:
    begun = await store.dial(callback, None, at)
    assert begun is not None
    (dialled,) = [one for one in await store.dialled() if one.call == begun.call]
    assert not dialled.overdue
    await conn.execute("update call set lease_until = now() - interval '1 s' where call_id = $1", begun.call.call_id)
    (dialled,) = [one for one in await store.dialled() if one.call.call_id == begun.call.call_id]
    assert dialled.overdue


async def test_answer_of_a_call_that_has_ended_changes_nothing(
    store: PostgresAcdStore, callback: Callback, at: datetime
) -> None:
    begun = await store.dial(callback, None, at)
    assert begun is not None
    assert await store.end(begun.call, InboundEnding(Outcome.LOST))
    assert await store.customer_answered(begun.call, at) is None


async def test_number_is_asked_for_once_and_keeps_the_earlier_place(
    conn: Connection, callback: Callback, at: datetime
) -> None:
    again = await callbacks.asked(conn, callback.tenant_id, callback.queue_id, arrived_at=at)
    assert (again.callback_id, again.arrived_at) == (callback.callback_id, callback.arrived_at)


async def test_callbacks_that_must_wait_keep_none_of_another_queue_or_zone_from_being_due(
    conn: Connection, callback: Callback, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback_store, "MOST_DUE", 2)
    monkeypatch.setattr(core, "may_call", lambda _, phone, *__: phone.startswith("+84"))  # it is night in New York
    tenant_id, other = callback.tenant_id, await new_queue(conn, callback.tenant_id)
    before = at - timedelta(hours=1)
    for number in range(3):
        await callbacks.asked(conn, tenant_id, callback.queue_id, phone=f"+1212555012{number}", arrived_at=before)
        await callbacks.asked(conn, tenant_id, other, phone=f"+8490123450{number}", arrived_at=before)
    due = await callback_store.due_of_tenant(conn, tenant_id)
    assert [one.queue_id for one in due] == [other, other, callback.queue_id]
    assert due[-1].callback_id == callback.callback_id


async def test_caller_who_asks_leaves_the_place_to_the_callback_and_is_not_missed_unless_it_fails(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    joined = await store.join(call, rules, 0, at)
    assert joined is not None
    asked = await store.ask_callback(call, PHONE, at)
    assert asked is not None
    assert (asked.arrived_at, asked.from_call, asked.called) == (joined.arrived_at, call.call_id, call.called)
    assert (asked.source, asked.state, asked.queue_id) == (Source.CALLER, CallbackState.PENDING, rules.queue_id)
    assert asked.expires_at == at + timedelta(hours=4)
    assert await conn.fetchval("select count(*) from caller where tenant_id = $1", call.tenant_id) == 0
    assert [one.asked for one in await store.active() if one.call.call_id == call.call_id] == [True]
    again = await store.ask_callback(call, PHONE, at + timedelta(seconds=1))
    assert again is not None
    assert (again.callback_id, again.arrived_at) == (asked.callback_id, asked.arrived_at), "repeated"
    assert await store.end(call, InboundEnding(InboundOutcome.CALLBACK, 16))
    (today,) = (await live.figures(conn, call.tenant_id, None, [rules.queue_id])).queues
    assert (today.today.offered, today.today.abandoned, today.today.sent_on) == (1, 0, 1)
    nothing = (None, None, None, None)
    assert await missed.page(conn, call.tenant_id, nothing, 10, 0) == ([], 0)
    await conn.execute("update callback set state = 'expired', ended_at = now() where tenant_id = $1", call.tenant_id)
    (one,), _ = await missed.page(conn, call.tenant_id, nothing, 10, 0)
    assert (one.call_id, one.outcome) == (call.call_id, "callback")
    assert await store.ask_callback(call, PHONE, at) is None, "the call has ended"


async def test_caller_of_a_menu_counts_as_offered_to_the_queue_of_the_number(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, rules: QueueRules, at: datetime
) -> None:
    assert await store.answer(call, at)
    asked = await store.ask_callback(call, "+84907654321", at)
    assert asked is not None
    assert (asked.phone, asked.arrived_at) == ("+84907654321", call.opened_at)
    assert await store.end(call, InboundEnding(InboundOutcome.CALLBACK, 16))
    (figures,) = (await live.figures(conn, call.tenant_id, None, [rules.queue_id])).queues
    assert (figures.today.offered, figures.today.abandoned) == (1, 0)


async def test_limit_of_numbers_of_others_holds_for_callers_who_ask_at_once(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, at: datetime
) -> None:
    assert await store.answer(call, at)
    numbers = [f"+8490765{number:04d}" for number in range(OTHERS_A_DAY)]
    for number in numbers[1:]:
        await callbacks.asked(conn, call.tenant_id, call.queue_id, phone=number, from_call=await another(conn, call))
    rivals = [replace(call, call_id=await another(conn, call)) for _ in range(3)]
    assert [(await store.askable(rival, at)).others for rival in rivals] == [True] * 3
    made = await asyncio.gather(
        *(store.ask_callback(rival, f"+8490766000{n}", at, others=True) for n, rival in enumerate(rivals))
    )
    (first,) = [asked for asked in made if asked is not None]
    again = await store.ask_callback(rivals[made.index(first)], first.phone, at, others=True)
    assert again is not None, "repeated"
    assert again.callback_id == first.callback_id
    assert await store.ask_callback(call, call.called, at, others=True) is None, "a number of the tenant"
    assert await store.ask_callback(call, PHONE, at) is not None, "their own"


async def another(conn: Connection, call: InboundCall) -> UUID:
    """One more answered call of the same caller."""
    call_id = uuid4()
    await conn.execute(
        """
        insert into live_call (tenant_id, call_id, switch_id, direction, queue_id, called, phone, channel, state,
            opened_at, answered_at, dial_until, lease_until)
        select tenant_id, $3, switch_id, direction, queue_id, called, phone, $3::uuid::text, state,
            opened_at, answered_at, dial_until, lease_until
        from live_call where tenant_id = $1 and call_id = $2
        """,
        *(call.tenant_id, call.call_id, call_id),
    )
    return call_id


@pytest.mark.parametrize(("shown", "most"), [(PHONE, OTHERS_A_DAY), ("", WITHHELD_A_DAY)])
async def test_numbers_of_others_are_limited_by_calling_number_and_day(
    conn: Connection, store: PostgresAcdStore, call: InboundCall, at: datetime, shown: str, most: int
) -> None:
    tenant_id, own = call.tenant_id, frozenset({call.called})
    caller = replace(call, phone=shown)
    ids = (tenant_id, call.call_id)
    await conn.execute("update live_call set phone = $3 where tenant_id = $1 and call_id = $2", *ids, shown)

    async def asked(phone: str, **values: object) -> None:
        await callbacks.asked(conn, tenant_id, call.queue_id, **{"from_call": call.call_id, "phone": phone, **values})

    for number in range(most - 1):
        await asked(f"+8490765{number:04d}")
    await asked("+84907659000", from_call=None)
    await asked("+84907659001", source=Source.API)
    if shown:
        await asked(shown)
    assert await store.askable(caller, at) == Askable(own, others=True)
    await asked("+84907659002")
    assert await store.askable(caller, at) == Askable(own, others=False)
    assert await store.askable(replace(call, phone="+84901110000"), at) == Askable(own, others=True), "somebody else"
    assert await store.askable(caller, at + timedelta(days=1, minutes=5)) == Askable(own, others=True)
