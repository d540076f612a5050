"""The dialer's store in memory and the one in PostgreSQL do the same for any sequence of requests and steps."""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from tests.support.both_stores import AGENTS, CHOICE, LONG, PAST, ZONES, BothStores
from tongdai.agents import available, phones, roster
from tongdai.agents import store as agents
from tongdai.agents.model import Agent, AgentState, IdleAgent, Mode, OfflineReason
from tongdai.agents.phones import Phone
from tongdai.call_outcome import OfferOutcome, Outcome
from tongdai.calls.live.pacing_inputs import Load
from tongdai.calls.model import Call, CallState, ClaimConditions, Ending, Failure
from tongdai.campaigns.model import PauseReason, RunningCampaign
from tongdai.clock import SystemClock
from tongdai.dialer.store import DialerStore
from tongdai.ids import AgentId, CampaignId, ContactId
from tongdai.local_time import FOREVER
from tongdai.switches.model import DEFAULT
from tongdai.testing.memory_store.model import PENDING

_EXAMPLES = int(os.environ.get("TONGDAI_RECORDS_EXAMPLES", "8"))
Shown = tuple[ContactId, str, CallState, AgentId | None, bool, bool, bool, bool]


class DialerSteps(BothStores):
    """Each rule is a step of the dialer in both stores, whose results must agree. Ids and instants differ."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[tuple[AgentId, UUID]] = []
        self.agent_signs_on(0)
        self.agent_signs_on(1)

    def call(self, choice: int) -> tuple[Call, Call]:
        """A call in memory, and the same call in PostgreSQL."""
        return self.calls[choice % len(self.calls)]

    def conditions(self, campaign: int, lease: timedelta) -> ClaimConditions:
        campaign_id = self.campaigns[campaign]
        cap = self.memory.campaigns[campaign_id].settings.number_cap
        return ClaimConditions(self.tenant_id, campaign_id, dict.fromkeys(ZONES, FOREVER), lease, (cap,) if cap else ())

    # Claims

    @rule(campaign=st.integers(0, 1), limit=st.integers(1, 4), lease=st.sampled_from((LONG, LONG, PAST)))
    def claim(self, campaign: int, limit: int, lease: timedelta) -> None:
        conditions = self.conditions(campaign, lease)
        here, there = self.both(lambda store: store.claim(conditions, limit))
        assert (here.rescheduled, here.closed) == (there.rescheduled, there.closed)
        self._pair(here.calls, there.calls)

    @rule(limit=st.integers(1, 3))
    def claim_accepted(self, limit: int) -> None:
        conditions = self.conditions(2, LONG)
        here, there = self.both(lambda store: store.claim_accepted(conditions, limit))
        self._pair(here, there)

    def _pair(self, here: list[Call], there: list[Call]) -> None:
        by_contact = {call.contact_id: call for call in there}
        assert {call.contact_id for call in here} == set(by_contact)
        for call in here:
            self.calls.append((call, by_contact[call.contact_id]))
            self.pairs[call.call_id] = by_contact[call.contact_id].call_id
            assert _shown(call) == _shown(by_contact[call.contact_id])

    # Calls

    @rule(number=st.integers(20, 10**7 - 1), campaign=st.integers(0, 1), steps=st.sampled_from((1, 2, 3, 5, 5, 5)))
    def call_new_contact(self, number: int, campaign: int, steps: int) -> None:
        """The first steps of a call in order, which is rare among random rules."""
        self.do(self.new_contact(number, self.campaigns[campaign], ""))
        before = len(self.calls)
        self.claim(campaign, 4, LONG)
        new = self.calls[before:]
        if steps > 1:
            self._dial(new, LONG)
        for pair in new:
            for step in ("rang", "answered", "connected")[: steps - 2]:
                if step == "connected" and campaign == 1:
                    self._reserve(*pair)
                self._step(*pair, step)

    @rule(choice=CHOICE, lease=st.sampled_from((LONG, LONG, LONG, PAST)))
    @precondition(lambda self: self.calls)
    def dial(self, choice: int, lease: timedelta) -> None:
        self._dial(self.calls[-1 - choice % min(4, len(self.calls)) :], lease)

    def _dial(self, pairs: Sequence[tuple[Call, Call]], lease: timedelta) -> None:
        here = self.do(self.memory.dial([one for one, _ in pairs], lease))
        there = self.do(self.postgres.dial([other for _, other in pairs], lease))
        assert {self.pairs[call_id]: verdict for call_id, verdict in here.items()} == there

    @rule(choice=CHOICE, step=st.sampled_from(("rang", "answered", "answered", "connected")))
    @precondition(lambda self: self.calls)
    def step(self, choice: int, step: str) -> None:
        self._step(*self.call(choice), step)

    def _step(self, one: Call, other: Call, step: str) -> None:
        now, agent = SystemClock().now(), self.memory._agent_of(one.call_id)

        async def take(store: DialerStore, call: Call) -> bool:
            match step:
                case "rang":
                    return await store.rang(call, now)
                case "answered":
                    return await store.answered(call, now, LONG)
                case _:
                    return await store.connected(call, now, agent and agent.agent_id)

        assert self.do(take(self.memory, one)) == self.do(take(self.postgres, other))

    @rule(choice=CHOICE, outcome=st.sampled_from(list(Outcome)))
    @precondition(lambda self: self.calls)
    def end(self, choice: int, outcome: Outcome) -> None:
        one, other = self.call(choice)
        assert self.do(self.memory.end(one, Ending(outcome))) == self.do(self.postgres.end(other, Ending(outcome)))

    @rule(choice=CHOICE)
    @precondition(lambda self: self.calls)
    def end_unheard(self, choice: int) -> None:
        one, other = self.call(choice)
        ending = Ending(Outcome.FAILED, 16, failure=Failure.SOUND_NOT_PLAYED)
        assert self.do(self.memory.end(one, ending)) == self.do(self.postgres.end(other, ending))

    @rule(choice=CHOICE, calls=st.integers(1, 3))
    @precondition(lambda self: self.calls)
    def pause(self, choice: int, calls: int) -> None:
        one, other = self.call(choice)
        here, there = (
            self.do(store.pause(call, PauseReason.SOUND_NOT_PLAYED, calls))
            for store, call in ((self.memory, one), (self.postgres, other))
        )
        assert here == there
        self.pause_or_resume(self.campaigns.index(one.campaign_id), running=True)

    @rule(choice=CHOICE, lease=st.sampled_from((LONG, PAST)))
    @precondition(lambda self: self.calls)
    def extend(self, choice: int, lease: timedelta) -> None:
        one, other = self.call(choice)
        self.do(self.memory.extend([one], lease))
        self.do(self.postgres.extend([other], lease))

    @rule(choice=CHOICE)
    @precondition(lambda self: self.calls)
    def reserve(self, choice: int) -> None:
        self._reserve(*self.call(choice))

    def _reserve(self, one: Call, other: Call) -> None:
        here = self.do(self.memory.reserve(one, self.queue_id))
        there = self.do(self.postgres.reserve(other, self.queue_id))
        assert (here and here.agent_id) == (there and there.agent_id)

    # Agents

    @rule(choice=AGENTS)
    def agent_signs_on(self, choice: int) -> None:
        self.agent_acts(choice, "sign_in")
        self.call_agents()
        self.agent_answers(choice)

    @rule()
    def call_agents(self) -> None:
        here, there = self.both(lambda store: store.agents_to_call())
        ours = {agent.agent_id for agent in there if agent.tenant_id == self.tenant_id}
        assert {agent.agent_id for agent in here} == ours

    def _present(self, choice: int) -> tuple[Agent, Agent] | None:
        """An agent in memory and in PostgreSQL; None: they have no channel, in either."""
        here, there = self.both(lambda store: store.agents_present())
        ones = [agent for agent in here if agent.agent_id == self.agents[choice]]
        others = [agent for agent in there if agent.agent_id == self.agents[choice]]
        assert len(ones) == len(others)
        return (ones[0], others[0]) if ones else None

    @rule(choice=AGENTS)
    def agent_answers(self, choice: int) -> None:
        pair = self._present(choice)
        if pair is not None:
            here, there = pair
            assert self.do(self.memory.agent_answered(here)) == self.do(self.postgres.agent_answered(there))

    @rule(choice=AGENTS)
    def agent_hangs_up(self, choice: int) -> None:
        pair = self._present(choice)
        if pair is not None:
            here, there = (agent.channel_id for agent in pair)
            assert here is not None
            assert there is not None
            had = self.do(self.memory.agent_gone(here, OfflineReason.LOST))
            has = self.do(self.postgres.agent_gone(there, OfflineReason.LOST))
            assert (had and self.pairs[had]) == has

    @rule(choice=AGENTS, reachable=st.booleans())
    def phone_is_reported(self, choice: int, reachable: bool) -> None:
        endpoint = self.memory.agents[self.agents[choice]].endpoint

        async def report() -> int:
            async with self.pool.acquire() as conn:
                report = phones.reachable if reachable else phones.unreachable
                return await report(conn, DEFAULT, [endpoint])

        assert self.do(report()) == self.do(self.memory.phone_reachable(endpoint, reachable=reachable))

    @rule(choice=AGENTS, busy=st.booleans())
    def phone_is_in_another_call(self, choice: int, busy: bool) -> None:
        endpoint = self.memory.agents[self.agents[choice]].endpoint
        here, there = self.both(
            lambda store: store.phones_busy_elsewhere([endpoint]) if busy else store.phones_free_elsewhere([endpoint])
        )
        assert here == there

    @rule(choice=AGENTS)
    def offer_caller(self, choice: int) -> None:
        """An agent is assigned to a caller; the callers have ids of their own."""
        agent_id, call_id = self.agents[choice], uuid4()
        rings = self.memory.agents[agent_id].mode is Mode.RING
        state = AgentState.ALERTING if rings else AgentState.RESERVED

        async def offer() -> Agent | None:
            async with self.pool.acquire() as conn:
                return await agents.reserve_agent(conn, self.tenant_id, agent_id, call_id, state)

        there, here = self.do(offer()), self.do(self.memory.reserve_agent(agent_id, call_id, state))
        assert (there and there.agent_id) == (here and here.agent_id)
        if here is not None:
            self.pairs[call_id] = call_id
            self.offers.append((agent_id, call_id))

    @rule(choice=CHOICE, outcome=st.sampled_from(OfferOutcome))
    @precondition(lambda self: self.offers)
    def end_offer(self, choice: int, outcome: OfferOutcome) -> None:
        agent_id, call_id = self.offers[-1 - choice % min(3, len(self.offers))]

        async def end() -> Agent | None:
            async with self.pool.acquire() as conn:
                return await agents.released(conn, self.tenant_id, agent_id, call_id, outcome)

        there, here = self.do(end()), self.do(self.memory.released(agent_id, call_id, outcome))
        assert (there and there.state) == (here and here.state)

    @rule(choice=CHOICE, ends=st.booleans())
    @precondition(lambda self: self.offers)
    def talk_to_caller(self, choice: int, ends: bool) -> None:
        _, call_id = self.offers[-1 - choice % min(3, len(self.offers))]

        async def talk() -> list[AgentId]:
            async with self.pool.acquire() as conn:
                step = agents.freed if ends else agents.talking
                return [agent.agent_id for agent in await step(conn, self.tenant_id, [call_id])]

        step = self.memory.caller_left if ends else self.memory.caller_connected
        assert self.do(talk()) == [agent.agent_id for agent in self.do(step(call_id))]

    @rule()
    def end_wrap_ups(self) -> None:
        self.both(lambda store: store.wrap_ups_over())

    # What both show

    @invariant()
    def same_calls(self) -> None:
        for here, there in (self.both(lambda store: store.active_calls()), self.both(lambda store: store.overdue())):
            ours = [call for call in there if call.tenant_id == self.tenant_id]
            assert {self.pairs[call.call_id]: _shown(call) for call in here} == {
                call.call_id: _shown(call) for call in ours
            }
        ended = self.do(self.memory.ended([one.call_id for one, _ in self.calls]))
        ended_there = self.do(self.postgres.ended([other.call_id for _, other in self.calls]))
        assert {self.pairs[call_id] for call_id in ended} == set(ended_there)

    @invariant()
    def same_contacts(self) -> None:
        async def read() -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
            async with self.pool.acquire() as conn:
                return await conn.fetch(_CONTACTS, self.tenant_id), await conn.fetch(_COUNTERS, self.tenant_id)

        rows, counters = self.do(read())
        present = [contact for contact in self.memory.contacts.values() if not contact.deleted]
        here = {c.contact_id: (c.process_status, c.call_status) for c in present}
        assert here == {row["contact_id"]: (row["process_status"], row["call_status"]) for row in rows}
        due = {c.contact_id: c.due_at for c in present if c.process_status == PENDING}
        for row in rows:
            if row["process_status"] == PENDING:
                assert abs(due[row["contact_id"]] - row["due_at"]) < timedelta(seconds=30), (due, row)
        counted = Counter((c.campaign_id, c.process_status, c.call_status or "") for c in present)
        assert {tuple(row)[:3]: row["contacts"] for row in counters} == counted

    @invariant()
    def same_agents(self) -> None:
        for here, there in (
            self.both(lambda store: store.agents_present()),
            self.both(lambda store: store.agents_to_hang_up()),
        ):
            ours = [agent for agent in there if agent.tenant_id == self.tenant_id]
            assert {agent.agent_id for agent in here} == {agent.agent_id for agent in ours}

        async def read() -> tuple[list[Agent], list[IdleAgent]]:
            async with self.pool.acquire() as conn:
                found = await roster.after(conn, self.tenant_id, None, 10, queue_id=None, state=None)
                return found, [one for one in await available.idle(conn) if one.tenant_id == self.tenant_id]

        found, idle_there = self.do(read())
        idle = self.do(self.memory.idle())
        pairs = self.pairs | {None: None}
        assert [_agent(agent, pairs) for agent in self.memory.agents.values()] == [
            _agent(agent, {agent.call_id: agent.call_id}) for agent in found
        ]
        assert [_idle(agent) for agent in idle] == [_idle(agent) for agent in idle_there]
        phones_here, phones_there = self.both(lambda store: store.phones())
        names = {agent.endpoint for agent in self.memory.agents.values()}
        assert {_phone(one) for one in phones_here} == {_phone(one) for one in phones_there if one.endpoint in names}

    @invariant()
    def same_load(self) -> None:
        for campaign_id in self.campaigns:
            self._same_load(campaign_id)

    def _same_load(self, campaign_id: CampaignId) -> None:
        settings = self.memory.campaigns[campaign_id].settings
        campaign = RunningCampaign(self.tenant_id, campaign_id, "", self.memory.tenant_zone, settings)
        load, load_there = self.both(lambda store: store.load(campaign))
        assert _counts(load) == _counts(load_there)
        zones, zones_there = self.both(lambda store: store.waiting_zones(self.tenant_id, campaign_id))
        assert zones == zones_there
        recent, recent_there = self.both(lambda store: store.recent(campaign))
        assert recent.last_30_days == recent_there.last_30_days
        assert sum(recent.answered_after) == sum(recent_there.answered_after)


_CONTACTS = """
select c.contact_id, case when a.call_id is null then process_status else 1 end as process_status, call_status,
    coalesce(d.due_at, c.created_at) as due_at
from contact c left join call a on a.tenant_id = $1 and a.contact_id = c.contact_id and a.ended_at is null
left join contact_due d on d.tenant_id = $1 and d.contact_id = c.contact_id
where c.tenant_id = $1
"""
_COUNTERS = """
select campaign_id, process_status, call_status, sum(contacts)::bigint as contacts from contact_counter
where tenant_id = $1 group by campaign_id, process_status, call_status having sum(contacts) <> 0
"""


def _agent(agent: Agent, pairs: Mapping[UUID | None, UUID | None]) -> tuple[object, ...]:
    return (
        agent.agent_id, agent.queue_id, agent.mode, agent.state, agent.next_state, agent.pause_reason, agent.missed,
        agent.phone_reachable, agent.busy_elsewhere, agent.offline_reason, pairs[agent.call_id],
        agent.channel_id is not None, agent.wrap_up_until is not None,
    )  # fmt: skip


def _phone(one: Phone) -> tuple[str, bool, bool]:
    return one.endpoint, one.channel_id is not None, one.busy_elsewhere


def _idle(agent: IdleAgent) -> tuple[object, ...]:
    connected = agent.channel_id is not None
    return agent.agent_id, agent.mode, agent.queues, agent.skills, agent.calls_today, connected


def _shown(call: Call) -> Shown:
    """The fields that must be the same in both stores."""
    instants = (call.dialled_at, call.ringing_at, call.answered_at, call.connected_at)
    dialled, rang, answered, connected = (instant is not None for instant in instants)
    return (call.contact_id, call.phone, call.state, call.agent_id, dialled, rang, answered, connected)


def _counts(load: Load) -> tuple[float, ...]:
    lists = (load.ringing_since, load.talking_since, load.wrap_up_since)
    return (load.active_calls, load.waiting, load.agents_free, load.wrap_up_s, *map(len, lists))


def test_memory_and_postgres_agree(own_dsn: str) -> None:
    class Machine(DialerSteps):
        pass

    Machine.dsn = own_dsn  # lists are of all tenants of a switch
    with asyncio.Runner() as runner:
        Machine.runner = runner
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=_EXAMPLES,
                stateful_step_count=50,
                deadline=None,
                database=None,
                derandomize="TONGDAI_RECORDS_EXAMPLES" not in os.environ,
                suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
            ),
        )
