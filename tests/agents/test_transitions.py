"""The transitions of agents: each step in every state, in any order."""

import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.agents import Floor
from tests.support.api import Api
from tongdai.agents import phones, roster, store
from tongdai.agents.actions import store as actions
from tongdai.agents.model import (
    ALLOWED,
    AUTO_PAUSE_AFTER,
    IN_CALL,
    TRANSITIONS,
    Action,
    Agent,
    AgentState,
    Mode,
    NextState,
    SupervisorAction,
    free_state,
    is_available,
)
from tongdai.agents.roster import AgentRefusal
from tongdai.call_outcome import OfferOutcome
from tongdai.db.pool import Connection
from tongdai.ids import AgentId, KeyId, QueueId, SwitchId, TenantId
from tongdai.switches.model import DEFAULT
from tongdai.testing import factories

S = AgentState
OFFER_ENDS = {f"released {outcome}": outcome for outcome in OfferOutcome}
ACTIONS: dict[str, Action | SupervisorAction] = {
    "sign_in": Action.SIGN_IN,
    "sign_out": Action.SIGN_OUT,
    "ready": Action.READY,
    "pause": Action.PAUSE,
    "next paused": Action.NEXT_STATE,
    "next offline": Action.NEXT_STATE,
    "next idle": Action.NEXT_STATE,
    "force_sign_out": SupervisorAction.FORCE_SIGN_OUT,
    "force_ready": SupervisorAction.FORCE_READY,
    "force_pause": SupervisorAction.FORCE_PAUSE,
    "release": SupervisorAction.RELEASE,
}
EVENTS = (
    "to_call", "answered", "gone", "reserve", "reserve_for", "reserve_agent", "alert", "talking", "freed",
    "wrap_ups_over", "reachable", "unreachable", "busy", "not_busy", *OFFER_ENDS,
)  # fmt: skip
STEPS = (*ACTIONS, *EVENTS)


@dataclass
class OneAgent:
    """An agent, and the steps that may be taken with them."""

    conn: Connection
    tenant_id: TenantId
    queue_id: QueueId
    agent_id: AgentId
    key_id: KeyId

    async def row(self) -> Agent:
        found = await store.find(self.conn, self.tenant_id, self.agent_id)
        assert found is not None
        return found

    async def recorded(self) -> tuple[str, datetime, str | None] | None:
        """The state in which the agent is by the history: since when, and why if paused."""
        row = await self.conn.fetchrow(
            """
            select state, began_at, reason from agent_state where tenant_id = $1 and agent_id = $2
            order by began_at desc limit 1
            """,
            self.tenant_id,
            self.agent_id,
        )
        return None if row is None else tuple(row)

    async def take(self, name: str, before: Agent) -> object:
        """Take a step, of the agent's channel and call, if any."""
        return await self.steps(before.channel_id or uuid.uuid4(), before.call_id or uuid.uuid4())[name]()

    def steps(self, channel_id: uuid.UUID, call_id: uuid.UUID) -> dict[str, Callable[[], Coroutine[Any, Any, object]]]:
        """Each step; its result is truthy if it changed anything."""
        return self._actions() | self._events(channel_id, call_id)

    def _actions(self) -> dict[str, Callable[[], Coroutine[Any, Any, object]]]:
        whose = (self.conn, self.tenant_id, self.agent_id)
        key_id = self.key_id
        return {
            "sign_in": lambda: actions.sign_in(*whose, key_id),
            "sign_out": lambda: actions.sign_out(*whose, key_id),
            "ready": lambda: actions.ready(*whose, key_id),
            "pause": lambda: actions.pause(*whose, "lunch", key_id),
            "next paused": lambda: actions.set_next_state(*whose, NextState.PAUSED, "training", key_id),
            "next offline": lambda: actions.set_next_state(*whose, NextState.OFFLINE, None, key_id),
            "next idle": lambda: actions.set_next_state(*whose, None, None, key_id),
            "force_sign_out": lambda: actions.sign_out(*whose, key_id, forced=True),
            "force_ready": lambda: actions.ready(*whose, key_id, forced=True),
            "force_pause": lambda: actions.pause(*whose, "meeting", key_id, forced=True),
            "release": lambda: actions.release(*whose, key_id),
        }

    def _events(
        self, channel_id: uuid.UUID, call_id: uuid.UUID
    ) -> dict[str, Callable[[], Coroutine[Any, Any, object]]]:
        conn, tenant_id, agent_id = self.conn, self.tenant_id, self.agent_id

        async def to_call() -> Agent | None:
            return next((agent for agent in await store.to_call(conn) if agent.agent_id == agent_id), None)

        def ended(outcome: OfferOutcome) -> Callable[[], Coroutine[Any, Any, object]]:
            return lambda: store.released(conn, tenant_id, agent_id, call_id, outcome)

        def reported(
            report: Callable[[Connection, SwitchId, list[str]], Coroutine[Any, Any, int]],
        ) -> Callable[[], Coroutine[Any, Any, object]]:
            async def send() -> int:
                return await report(conn, DEFAULT, [(await self.row()).endpoint])

            return send

        return {
            "to_call": to_call,
            "answered": lambda: store.answered(conn, tenant_id, agent_id, channel_id),
            "gone": lambda: store.gone(conn, channel_id),
            "reserve": lambda: store.reserve(conn, tenant_id, self.queue_id, uuid.uuid4()),
            "reserve_for": lambda: store.reserve_for(conn, tenant_id, agent_id, uuid.uuid4()),
            "reserve_agent": lambda: store.reserve_agent(conn, tenant_id, agent_id, uuid.uuid4()),
            "alert": lambda: store.reserve_agent(conn, tenant_id, agent_id, uuid.uuid4(), S.ALERTING),
            "talking": lambda: store.talking(conn, tenant_id, [call_id]),
            "freed": lambda: store.freed(conn, tenant_id, [call_id]),
            "wrap_ups_over": lambda: store.wrap_ups_over(conn),
            "reachable": reported(phones.reachable),
            "unreachable": reported(phones.unreachable),
            "busy": reported(phones.busy_elsewhere),
            "not_busy": reported(phones.free_elsewhere),
        } | {name: ended(outcome) for name, outcome in OFFER_ENDS.items()}


async def new_agent(conn: Connection, key: factories.Key, wrap_up_s: int = 0, mode: Mode = Mode.NAILED_UP) -> OneAgent:
    queue_id = await conn.fetchval(
        "insert into inbound_queue (tenant_id, name) values ($1, 'Sales') returning queue_id", key.tenant_id
    )
    endpoint = f"a{uuid.uuid4().hex[:8]}"
    agent_id = await roster.create(conn, key.tenant_id, "A", endpoint, queue_id, wrap_up_s, key.key_id, mode=mode)
    assert not isinstance(agent_id, AgentRefusal)
    return OneAgent(conn, key.tenant_id, queue_id, agent_id, key.key_id)


def expected(name: str, before: Agent) -> AgentState | None:
    """The state after a step; None: nothing changes."""
    if name in ACTIONS:
        return _after_action(name, before) if before.state in ALLOWED[ACTIONS[name]] else None
    return _after_report(name, before) if name in _REPORTS else _after_event(name, before)


def _after_action(name: str, before: Agent) -> AgentState:
    nailed_up = before.mode is Mode.NAILED_UP
    match name:
        case "sign_in":
            return S.CALLING if nailed_up else _free(None, before)
        case "sign_out" | "force_sign_out":
            left = S.OFFLINE if before.channel_id is None else S.HANGING_UP
            return before.state if before.state in IN_CALL else left
        case "ready" | "force_ready":
            return S.IDLE if before.state is S.UNREACHABLE else _free(None, before)
        case "pause" | "force_pause":
            return before.state if before.state in {S.CALLING, *IN_CALL} else S.PAUSED
        case "release":
            connected = nailed_up and before.channel_id is not None and before.state is not S.HANGING_UP
            return S.HANGING_UP if connected else S.OFFLINE
        case _:
            return before.state


_REPORTS = {
    "reachable": (False, S.UNREACHABLE, S.IDLE),
    "unreachable": (True, S.IDLE, S.UNREACHABLE),
    "busy": (False, None, None),
    "not_busy": (True, None, None),
}


def _after_report(name: str, before: Agent) -> AgentState | None:
    was, source, target = _REPORTS[name]
    if (before.busy_elsewhere if "busy" in name else before.phone_reachable) != was:
        return None
    return target if before.state is source else before.state


def _after_event(name: str, before: Agent) -> AgentState | None:
    offered = before.state in {S.RESERVED, S.ALERTING}
    if name in OFFER_ENDS:
        return _after_offer(OFFER_ENDS[name], before) if offered else None
    nailed_up, connected = before.mode is Mode.NAILED_UP, before.channel_id is not None
    wraps_up = before.state is S.TALKING and before.next_state is not NextState.OFFLINE
    after_answer = free_state(before.next_state, reachable=True, connected=True)
    taken = (nailed_up and is_available(before), S.RESERVED)
    moves: dict[str, tuple[bool, AgentState]] = {
        "to_call": (before.state is S.CALLING and not connected, S.CALLING),
        "answered": (before.state is S.CALLING and connected, after_answer),
        "gone": (nailed_up and connected, S.OFFLINE),
        "reserve": taken,
        "reserve_for": taken,
        "reserve_agent": taken,
        "alert": (not nailed_up and is_available(before), S.ALERTING),
        "talking": (offered, S.TALKING),
        "freed": (before.state in IN_CALL, S.WRAP_UP if wraps_up else _free(before.next_state, before)),
        "wrap_ups_over": (before.state is S.WRAP_UP, _free(before.next_state, before)),
    }
    possible, target = moves[name]
    return target if possible else None


def _after_offer(outcome: OfferOutcome, before: Agent) -> AgentState:
    missed = before.missed + (outcome is OfferOutcome.NO_ANSWER)
    paused = outcome is OfferOutcome.NO_ANSWER and missed >= AUTO_PAUSE_AFTER
    next_state = before.next_state or (NextState.PAUSED if paused else None)
    reachable = before.phone_reachable and outcome is not OfferOutcome.UNREACHABLE
    return free_state(next_state, reachable=reachable, connected=before.mode is Mode.NAILED_UP)


def _free(next_state: NextState | None, before: Agent) -> AgentState:
    return free_state(next_state, reachable=before.phone_reachable, connected=before.mode is Mode.NAILED_UP)


def right_result(name: str, result: object, before: Agent, target: AgentState | None) -> bool:
    """Whether the result of a step is right. That of `wrap_ups_over` is about all agents, and not checked; a report of
    a phone has the number of agents who can take calls since."""
    if name == "gone":
        return result == (before.call_id if target is not None else None)
    if name in _REPORTS:
        free = before.state in {S.IDLE, S.UNREACHABLE} if name == "reachable" else before.state is S.IDLE
        available = free and target is not None and name in {"reachable", "not_busy"}
        return result == (available and (name == "not_busy" or not before.busy_elsewhere))
    return name == "wrap_ups_over" or bool(result) == (target is not None)


@pytest.mark.slow
@pytest.mark.parametrize("mode", Mode)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_order_of_steps_keeps_to_the_table(
    api: Api, conn: Connection, mode: Mode, data: st.DataObject
) -> None:
    one = await new_agent(conn, await api.key(), mode=mode)
    for _ in range(data.draw(st.integers(1, 40))):
        before = await one.row()
        possible = sorted(name for name in STEPS if expected(name, before) is not None)
        # One in four times any step, which often must change nothing.
        name = data.draw(st.sampled_from(sorted(STEPS) if data.draw(st.integers(0, 3)) == 0 else possible))
        result = await one.take(name, before)
        after, target = await one.row(), expected(name, before)
        assert after.state == (before.state if target is None else target), (name, before)
        assert after.state == before.state or after.state in TRANSITIONS[before.state]
        assert right_result(name, result, before, target), (name, result, before)
        assert target is not None or after == before
        reason = after.pause_reason if after.state is S.PAUSED else None
        recorded, never_signed_in = await one.recorded(), after.state is S.OFFLINE and after.offline_reason is None
        assert recorded == (after.state, after.state_since, reason) or (recorded is None and never_signed_in)


def situation(agent: Agent) -> tuple[object, ...]:
    """All that the statements ask of an agent's row. What an event does in a situation, it does whenever it is met."""
    return (
        agent.state, agent.next_state, agent.phone_reachable, agent.busy_elsewhere, min(agent.missed, AUTO_PAUSE_AFTER),
        agent.channel_id is not None,
    )  # fmt: skip


def is_paused(agent: Agent) -> bool:
    """Whether the agent is paused, or will be."""
    return agent.state is S.PAUSED or agent.next_state is NextState.PAUSED


@pytest.mark.slow
@pytest.mark.parametrize("mode", Mode)
async def test_no_event_makes_a_paused_agent_idle(api: Api, conn: Connection, mode: Mode) -> None:
    """All sequences of events, from a pause that is asked for in each state: every event in every situation that they
    lead to, each reached once by a sequence and undone by a savepoint."""
    one = await new_agent(conn, await api.key(), mode=mode)
    seen: set[tuple[object, ...]] = set()
    met: set[AgentState] = set()

    async def follow(before: Agent, names: tuple[str, ...]) -> None:
        for name in names:
            undone = conn.transaction()
            await undone.start()
            await one.take(name, before)
            after = await one.row()
            if is_paused(before) and name in EVENTS:
                assert after.state not in {S.IDLE, S.UNREACHABLE}, (name, before)
                assert after.state is S.PAUSED or before.state is not S.PAUSED or after.state is S.OFFLINE, name
                assert is_paused(after) or after.state is S.OFFLINE, (name, before)
            key = (situation(after), is_paused(after))
            if key not in seen:
                seen.add(key)
                met.add(after.state)
                more = ("pause", "next paused") if not is_paused(after) else ()
                await follow(after, EVENTS if after.state is not S.OFFLINE else ())
                await follow(after, more)
            await undone.rollback()

    outer = conn.transaction()
    await outer.start()
    await one.take("sign_in", await one.row())
    await follow(await one.row(), (*EVENTS, "pause", "next paused"))
    await outer.rollback()
    rings = {S.ALERTING} if mode is Mode.RING else {S.RESERVED, S.CALLING, S.OFFLINE}
    assert met == {S.IDLE, S.TALKING, S.WRAP_UP, S.PAUSED, S.UNREACHABLE, *rings}


@pytest.mark.parametrize("name", ["answered", "gone", "talking", "freed", *OFFER_ENDS])
async def test_event_of_another_channel_or_call_changes_nothing(floor: Floor, conn: Connection, name: str) -> None:
    for agent_id in (await floor.agent(), await floor.idle(), (await floor.talking())[0]):
        before = await floor.find(agent_id)
        one = OneAgent(conn, floor.tenant_id, floor.queue_id, agent_id, floor.tenant.key.key_id)
        assert not await one.steps(uuid.uuid4(), uuid.uuid4())[name]()
        assert await floor.find(agent_id) == before


def test_every_state_but_offline_ends_when_the_phones_call_ends() -> None:
    assert all(S.OFFLINE in TRANSITIONS[state] for state in S if state is not S.OFFLINE)
