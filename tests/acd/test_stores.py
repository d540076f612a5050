"""The ACD's store in memory and the one in PostgreSQL do the same for any sequence of steps."""

import asyncio
import itertools
import os
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from tests.support.both_stores import AGENTS, CHOICE, BothStores
from tongdai.acd.caller.model import NumberCall
from tongdai.acd.caller.store import CallerRow
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.acd.store import AcdStore, ActiveCall
from tongdai.agents.model import Agent
from tongdai.call_outcome import InboundOutcome, OfferOutcome
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.clock import SystemClock
from tongdai.ids import MenuId
from tongdai.numbers import store as numbers
from tongdai.switches.model import DEFAULT
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.segments import BEFORE_TALK

_EXAMPLES = int(os.environ.get("TONGDAI_RECORDS_EXAMPLES", "8"))
_NUMBERS = itertools.count(842877000000 + secrets.randbelow(900) * 1000)
_NUMBER = "update inbound_queue set number = $3 where tenant_id = $1 and queue_id = $2"
_OFFERS = "select agent_id, outcome from offer where tenant_id = $1 order by offered_at, call_id"
_ENDED = "select count(*) from call where tenant_id = $1 and direction = 'inbound' and ended_at is not null"
_OPEN_PARTS = """
select call_id, kind, case when kind = 'wait' then queue_id end as queue_id from open_segment
where tenant_id = $1 and kind in ('menu', 'wait')
"""
Result = TypeVar("Result")


class AcdSteps(BothStores):
    """Each rule is a step of the ACD in both stores, whose results must agree. Ids and instants differ."""

    def __init__(self) -> None:
        super().__init__()
        self.here = MemoryAcdStore(self.memory, SystemClock())
        self.there = PostgresAcdStore(self.pool)
        self.called = f"+{next(_NUMBERS)}"
        self.inbound: list[tuple[InboundCall, InboundCall]] = []
        self.do(self._give_number())
        self.agent_signs_on(0)
        self.agent_signs_on(1)

    async def _give_number(self) -> None:
        async with self.pool.acquire() as conn:
            await numbers.give(conn, self.tenant_id, int(self.called[1:]), None, None)
            await conn.execute(_NUMBER, self.tenant_id, self.queue_id, self.called)
        self.here.numbers[self.called] = self.queue_id
        for queue_id in (self.queue_id, self.other_queue):
            found = await self.there.queue(self.tenant_id, queue_id)
            assert found is not None
            self.here.queues[queue_id] = found.rules

    def steps(
        self, choice: int, step: Callable[[AcdStore, InboundCall], Coroutine[Any, Any, Result]]
    ) -> tuple[Result, Result]:
        """The results of a step of one call, in memory and in PostgreSQL."""
        here, there = self.inbound[choice % len(self.inbound)]
        return self.do(step(self.here, here)), self.do(step(self.there, there))

    @rule(choice=AGENTS)
    def agent_signs_on(self, choice: int) -> None:
        self.agent_acts(choice, "sign_in")
        self.both(lambda store: store.agents_to_call())
        here, there = self.both(lambda store: store.agents_present())
        of_tenant = [agent for agent in there if agent.tenant_id == self.tenant_id]
        for one in here:
            (other,) = (agent for agent in of_tenant if agent.agent_id == one.agent_id)
            assert self.do(self.memory.agent_answered(one)) == self.do(self.postgres.agent_answered(other))

    @rule(known=st.sampled_from((True, True, True, False)))
    def arrive(self, known: bool) -> None:
        called = self.called if known else "+84999"
        arrival = Arrival(switch_id=DEFAULT, channel=f"1.{secrets.token_hex(8)}", called=called, phone="+84901234567")
        here, there = self.do(self.here.arrive(arrival, "carrier")), self.do(self.there.arrive(arrival, "carrier"))
        assert (here is None) == (there is None) == (not known)
        if here is not None and there is not None:
            self.inbound.append((here, there))

    @rule(choice=CHOICE, other=st.booleans(), hops=st.integers(0, 2))
    @precondition(lambda self: self.inbound)
    def join(self, choice: int, other: bool, hops: int) -> None:
        rules = self.here.queues[self.other_queue if other else self.queue_id]
        at = SystemClock().now()
        here, there = self.steps(choice, lambda store, call: store.join(call, rules, hops, at))
        assert _row(here) == _row(there)

    @rule(choice=CHOICE, other=st.booleans())
    @precondition(lambda self: self.inbound)
    def preferred(self, choice: int, other: bool) -> None:
        rules = replace(self.here.queues[self.other_queue if other else self.queue_id], preferred_agent_days=1)
        here, there = self.steps(choice, lambda store, call: store.preferred_agent(call, rules))
        assert here == there

    @rule(choice=CHOICE, menu=st.booleans())
    @precondition(lambda self: self.inbound)
    def answer(self, choice: int, menu: bool) -> None:
        at, menu_id = SystemClock().now(), MenuId(1) if menu else None
        here, there = self.steps(choice, lambda store, call: store.answer(call, at, menu_id))
        assert here == there

    @rule(choice=CHOICE, agent=AGENTS)
    @precondition(lambda self: self.inbound)
    def offer(self, choice: int, agent: int) -> None:
        at = SystemClock().now()
        here, there = self.steps(choice, lambda store, call: store.offer(call, self.agents[agent], at))
        assert _agent(here) == _agent(there)

    @rule(choice=CHOICE)
    @precondition(lambda self: self.inbound)
    def agents_of_calls(self, choice: int) -> None:
        here, there = self.steps(choice, lambda store, call: store.agents_of_calls([call]))
        assert {agent_id for _, agent_id in here} == {agent_id for _, agent_id in there}

    @rule(choice=CHOICE)
    @precondition(lambda self: self.inbound)
    def offer_all(self, choice: int) -> None:
        at = SystemClock().now()
        here, there = self.steps(choice, lambda store, call: store.offer_all(call, self.agents, at))
        assert [_agent(agent) for agent in here] == [_agent(agent) for agent in there]

    @rule(
        choice=CHOICE, agent=AGENTS, outcome=st.sampled_from((OfferOutcome.ANSWERED_ELSEWHERE, OfferOutcome.NO_ANSWER))
    )
    @precondition(lambda self: self.inbound)
    def offer_of_one_failed(self, choice: int, agent: int, outcome: OfferOutcome) -> None:
        at = SystemClock().now()
        here, there = self.steps(choice, lambda store, call: store.offer_failed(call, self.agents[agent], outcome, at))
        assert here == there

    @rule(choice=CHOICE, outcome=st.sampled_from((OfferOutcome.NO_ANSWER, OfferOutcome.REJECTED)))
    @precondition(lambda self: self.inbound)
    def offer_failed(self, choice: int, outcome: OfferOutcome) -> None:
        at = SystemClock().now()
        here, there = self.steps(choice, lambda store, call: store.offer_failed(call, None, outcome, at))
        assert here == there

    @rule(choice=CHOICE)
    @precondition(lambda self: self.inbound)
    def connect(self, choice: int) -> None:
        at = SystemClock().now()
        call = self.inbound[choice % len(self.inbound)][0]
        for other in self.here._agents_of(call.call_id)[1:]:  # their offers end before the first is connected
            self.steps(
                choice,
                lambda store, call, agent_id=other.agent_id: store.offer_failed(
                    call, agent_id, OfferOutcome.ANSWERED_ELSEWHERE, at
                ),
            )
        here, there = self.steps(choice, lambda store, call: store.connect(call, at))
        assert here == there

    @rule(choice=CHOICE, other=st.booleans(), hops=st.integers(1, 3))
    @precondition(lambda self: self.inbound)
    def transfer(self, choice: int, other: bool, hops: int) -> None:
        queue_id, at = self.other_queue if other else self.queue_id, SystemClock().now()
        here, there = self.steps(choice, lambda store, call: store.transfer(call, queue_id, hops, at))
        assert _row(here) == _row(there)

    @rule(choice=CHOICE, hops=st.integers(1, 3), transfer=st.booleans())
    @precondition(lambda self: self.inbound)
    def forward(self, choice: int, hops: int, transfer: bool) -> None:
        at = SystemClock().now()

        def step(store: AcdStore, call: InboundCall) -> Coroutine[Any, Any, bool]:
            number = NumberCall("+84987654321", f"{call.call_id}-number-0-{hops}", talks=False)
            return store.forward(call, number, at, transfer=transfer)

        here, there = self.steps(choice, step)
        assert here == there

    @rule(choice=CHOICE, position=st.integers(1, 9))
    @precondition(lambda self: self.inbound)
    def announced(self, choice: int, position: int) -> None:
        self.steps(choice, lambda store, call: store.announced(call, position))

    @rule(choice=CHOICE)
    @precondition(lambda self: self.inbound)
    def end(self, choice: int) -> None:
        here, there = self.steps(
            choice, lambda store, call: store.end(call, InboundEnding(InboundOutcome.ABANDONED, 16))
        )
        assert here == there

    def _open_parts(self) -> list[tuple[int, str, int | None]]:
        """Where the callers are: the place of the call, the kind, and the queue in which they wait."""
        ours = {here.call_id: place for place, (here, _) in enumerate(self.inbound)}
        found = [one for one in self.memory.segments.open if one.call_id in ours]
        return sorted((ours[one.call_id], one.kind, one.queue_id or 0) for one in found if one.kind in BEFORE_TALK)

    async def _open_parts_there(self) -> list[tuple[int, str, int | None]]:
        theirs = {there.call_id: place for place, (_, there) in enumerate(self.inbound)}
        async with self.pool.acquire() as conn:
            rows = await conn.fetch(_OPEN_PARTS, self.tenant_id)
        return sorted(
            (theirs[row["call_id"]], row["kind"], row["queue_id"] or 0) for row in rows if row["call_id"] in theirs
        )

    @invariant()
    def rows_agree(self) -> None:
        here, there = self.do(self.here.active()), self.do(self.there.active())
        ours = [found for found in there if found.call.tenant_id == self.tenant_id]
        assert [_active(found) for found in here] == [_active(found) for found in ours]
        for queue_id in (self.queue_id, self.other_queue):
            assert self.do(self.here.queue(self.tenant_id, queue_id)) == self.do(
                self.there.queue(self.tenant_id, queue_id)
            )
            here_pace, there_pace = (self.do(store.pace(self.tenant_id, queue_id)) for store in (self.here, self.there))
            assert here_pace.agents == there_pace.agents
        idle = [agent for agent in self.do(self.there.idle_agents()) if agent.tenant_id == self.tenant_id]
        assert {agent.agent_id for agent in self.do(self.here.idle_agents())} == {agent.agent_id for agent in idle}
        assert self._open_parts() == self.do(self._open_parts_there())
        offers, ended = self.do(self._stored())
        assert sorted((offer.agent_id, offer.outcome or "") for offer in self.here.offers) == sorted(offers)
        assert len(self.here.over) == ended

    async def _stored(self) -> tuple[list[tuple[int, str]], int]:
        async with self.pool.acquire() as conn:
            offers = [(row["agent_id"], row["outcome"] or "") for row in await conn.fetch(_OFFERS, self.tenant_id)]
            return offers, await conn.fetchval(_ENDED, self.tenant_id)


def _row(row: CallerRow | None) -> tuple[object, ...] | None:
    return None if row is None else (row.queue_id, row.state, row.hops, row.offers, row.announced)


def _agent(agent: Agent | None) -> tuple[object, ...] | None:
    return None if agent is None else (agent.agent_id, agent.state, agent.next_state, agent.missed)


def _active(found: ActiveCall) -> tuple[object, ...]:
    call = found.call
    answered, connected = call.answered_at is not None, call.connected_at is not None
    shown = (call.channel, call.queue_id, call.state, call.agent_id, answered, connected)
    number = None if found.number is None else (found.number.channel[36:], found.number.talks)
    return (*shown, _row(found.caller), _agent(found.agent), number, *map(_agent, found.others))


def test_memory_and_postgres_agree(dsn: str) -> None:
    class Machine(AcdSteps):
        pass

    Machine.dsn = dsn
    with asyncio.Runner() as runner:
        Machine.runner = runner
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=_EXAMPLES,
                stateful_step_count=40,
                deadline=None,
                database=None,
                derandomize="TONGDAI_RECORDS_EXAMPLES" not in os.environ,
                suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
            ),
        )
