"""The records in memory and those in PostgreSQL do the same, whatever is asked of them in whatever order."""

import asyncio
import os
import random
import secrets
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.support.contacts import put_due
from tongdai.agents import store as agents
from tongdai.agents.previews import store as previews
from tongdai.calls.model import Call, ClaimConditions, Ending, Outcome
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import RunningCampaign, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import FrequencyCap, Mode, RetryRule
from tongdai.campaigns.settings.windows import FOREVER
from tongdai.clock import SystemClock
from tongdai.contacts import bulk_store
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.db.pool import open_pool
from tongdai.dialer.postgres_store import PostgresStore
from tongdai.testing import factories
from tongdai.testing.memory_store import PENDING, MemoryStore

LONG, PAST = timedelta(hours=1), timedelta(seconds=-1)
ZONES = ("", "Asia/Ho_Chi_Minh")
AT_ONCE, NOT_NOW = RetryRule(timedelta(0), 2), RetryRule(LONG, 1)
RETRIES = {"no_answer": AT_ONCE, "busy": NOT_NOW, "failed": AT_ONCE, "abandoned": RetryRule(timedelta(0), 1)}
NUMBERS = st.integers(0, 7)
CAMPAIGNS = st.integers(0, 2)
CHOICE = st.integers(0, 10**6)
_examples = int(os.environ.get("TONGDAI_RECORDS_EXAMPLES", "15"))


class BothStores(RuleBasedStateMachine):
    """Each rule is done to both, and what they say is compared. Ids of calls and channels differ, and instants."""

    dsn = ""
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.do(self._begin())
        for number in range(10, 13):
            self.do(self._add_contact(number, self.campaigns[2], ""))
        self.agent_signs_on(0)
        self.agent_signs_on(1)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    async def _begin(self) -> None:
        self.pool = await open_pool(self.dsn, 2, name="tests")
        self.postgres = PostgresStore(self.pool)
        async with self.pool.acquire() as conn:
            self.tenant = await factories.tenant(conn)
            zone = await conn.fetchval("select zone from tenant where tenant_id = $1", self.tenant)
            self.memory = MemoryStore(SystemClock(), random.Random(1), self.tenant, zone)
            self.queue = await conn.fetchval(QUEUE, self.tenant)
            self.campaigns = [
                await self._campaign(conn, CallSettings(retries=RETRIES, number_cap=FrequencyCap(1, LONG), priority=1)),
                await self._campaign(
                    conn,
                    CallSettings(
                        mode=Mode.PROGRESSIVE, queue_id=self.queue, retries=RETRIES, contact_cap=FrequencyCap(2, LONG)
                    ),
                ),
                await self._campaign(conn, CallSettings(mode=Mode.PREVIEW, queue_id=self.queue, retries=RETRIES)),
            ]
            self.people = [await self._agent(conn, wrap_up_s) for wrap_up_s in (0, 3600, 0)]
        self.contacts: set[int] = set()
        self.calls: list[tuple[Call, Call]] = []
        self.pairs: dict[UUID, UUID] = {}

    async def _campaign(self, conn: Any, wanted: CallSettings) -> Any:
        made = await campaigns.create(conn, self.tenant, "A", "A", None, None)
        async with conn.transaction():
            before = await campaigns.lock(conn, self.tenant, made.campaign_id)
            assert before is not None
            await campaigns.change(conn, self.tenant, made.campaign_id, settings=(before, wanted), by=None)
        await conn.execute(STATUS, self.tenant, made.campaign_id, 2)
        stored = await campaigns.call_settings(conn, self.tenant, made.campaign_id)
        assert stored is not None
        return self.memory.add_campaign(made.campaign_id, stored)

    async def _agent(self, conn: Any, wrap_up_s: int) -> Any:
        endpoint = f"a{secrets.token_hex(4)}"
        made = await conn.fetchval(AGENT, self.tenant, endpoint, self.queue, wrap_up_s)
        return self.memory.add_agent(made, endpoint, self.queue, wrap_up_s)

    def teardown(self) -> None:
        self.do(self.pool.close())

    # Requests

    @rule(number=NUMBERS, campaign=CAMPAIGNS, zone=st.sampled_from(ZONES))
    def add_contact(self, number: int, campaign: int, zone: str) -> None:
        self.do(self._add_contact(number, self.campaigns[campaign], zone))

    async def _add_contact(self, number: int, campaign_id: Any, zone: str) -> None:
        phone = f"+8490{number:07d}"
        async with self.pool.acquire() as conn, conn.transaction():
            list_id = await contacts.list_named(conn, self.tenant, campaign_id, "A list")
            added = await bulk_store.add_many(conn, self.tenant, campaign_id, list_id, [NewContact(phone=phone)])
            contact_id = added.contact_ids[phone]
            if added.made:
                await put_due(conn, self.tenant, contact_id, await conn.fetchval("select clock_timestamp()"), zone)
        if contact_id not in self.contacts:
            self.contacts.add(contact_id)
            self.memory.add_contact(contact_id, campaign_id, phone, zone)

    @rule(choice=CHOICE)
    @precondition(lambda self: self.contacts)
    def delete_contact(self, choice: int) -> None:
        contact_id = sorted(self.contacts)[choice % len(self.contacts)]
        deleted = self.memory.delete_contact(contact_id)
        campaign_id = self.memory.contacts[contact_id].campaign_id

        async def delete() -> bool:
            async with self.pool.acquire() as conn:
                await contacts.delete(conn, self.tenant, campaign_id, contact_id, None)
                return await conn.fetchval(GONE, self.tenant, contact_id)

        assert self.do(delete()) == deleted
        if deleted:
            self.contacts.discard(contact_id)

    @rule(campaign=CAMPAIGNS, running=st.sampled_from((True, True, False)))
    def pause_or_resume(self, campaign: int, running: bool) -> None:
        status = Status.RUNNING if running else Status.PAUSED
        self.memory.move(self.campaigns[campaign], status)
        self.do(self._execute(STATUS, self.tenant, self.campaigns[campaign], int(status)))

    @rule(number=NUMBERS, campaign=st.none() | CAMPAIGNS, until=st.sampled_from((None, LONG, PAST)))
    def list_number(self, number: int, campaign: int | None, until: timedelta | None) -> None:
        campaign_id = None if campaign is None else self.campaigns[campaign]
        at = None if until is None else SystemClock().now() + until
        phone = f"+8490{number:07d}"
        self.memory.do_not_call(phone, campaign_id, at)
        self.do(self._execute(LIST, self.tenant, campaign_id, secrets.token_hex(8), phone, at))

    async def _execute(self, sql: str, *args: Any) -> None:
        async with self.pool.acquire() as conn:
            await conn.execute(sql, *args)

    @rule(choice=st.integers(0, 2), act=st.sampled_from(("sign_in", "sign_out", "ready")))
    def agent_acts(self, choice: int, act: str) -> None:
        agent_id = self.people[choice]

        async def acts() -> bool:
            async with self.pool.acquire() as conn:
                return await getattr(agents, act)(conn, self.tenant, agent_id, None) is not None

        assert self.do(acts()) == getattr(self.memory, act)(agent_id)

    @rule(choice=st.integers(0, 2))
    def accept_preview(self, choice: int) -> None:
        agent_id = self.people[choice]

        async def accept() -> Any:
            async with self.pool.acquire() as conn:
                await previews.offer(conn, self.tenant, agent_id, self.campaigns[2], lambda *_: True)
                had = await conn.fetchval(ACCEPTED, self.tenant, agent_id)
                accepted = await previews.accept(conn, self.tenant, agent_id)
                return None if had else getattr(accepted, "contact_id", None)

        contact_id = self.do(accept())
        if contact_id is not None:
            assert self.memory.accept(agent_id, contact_id)

    # What the dialer asks

    def both(self, method: str, *args: Any) -> tuple[Any, Any]:
        return self.of_memory(method, *args), self.of_postgres(method, *args)

    def of_memory(self, method: str, *args: Any) -> Any:
        return self.do(getattr(self.memory, method)(*args))

    def of_postgres(self, method: str, *args: Any) -> Any:
        return self.do(getattr(self.postgres, method)(*args))

    def call(self, choice: int) -> tuple[Call, Call]:
        return self.calls[choice % len(self.calls)]

    def conditions(self, campaign: int, lease: timedelta) -> ClaimConditions:
        campaign_id = self.campaigns[campaign]
        cap = self.memory.campaigns[campaign_id].settings.number_cap
        return ClaimConditions(self.tenant, campaign_id, dict.fromkeys(ZONES, FOREVER), lease, (cap,) if cap else ())

    @rule(campaign=st.integers(0, 1), limit=st.integers(1, 4), lease=st.sampled_from((LONG, LONG, PAST)))
    def claim(self, campaign: int, limit: int, lease: timedelta) -> None:
        self._claim(campaign, limit, lease)

    def _claim(self, campaign: int, limit: int, lease: timedelta) -> None:
        here, there = self.both("claim", self.conditions(campaign, lease), limit)
        assert (here.rescheduled, here.closed) == (there.rescheduled, there.closed)
        self._pair(here.calls, there.calls)

    @rule(number=st.integers(20, 10**7 - 1), campaign=st.integers(0, 1), steps=st.sampled_from((1, 2, 3, 5, 5, 5)))
    def call_somebody_new(self, number: int, campaign: int, steps: int) -> None:
        """Alone these steps would rarely follow each other."""
        self.do(self._add_contact(number, self.campaigns[campaign], ""))
        before = len(self.calls)
        self._claim(campaign, 4, LONG)
        new = self.calls[before:]
        if steps > 1:
            self._dial(new, LONG)
        for one, other in new:
            for step in ("rang", "answered", "connected")[: steps - 2]:
                if step == "connected" and campaign == 1:
                    self._reserve(one, other)
                self._step(one, other, step)

    @rule(choice=st.integers(0, 2))
    def agent_signs_on(self, choice: int) -> None:
        self.agent_acts(choice, "sign_in")
        self.call_agents()
        self.agent_answers(choice)

    @rule(limit=st.integers(1, 3))
    def claim_accepted(self, limit: int) -> None:
        here, there = self.both("claim_accepted", self.conditions(2, LONG), limit)
        self._pair(here, there)

    def _pair(self, here: list[Call], there: list[Call]) -> None:
        by_contact = {call.contact_id: call for call in there}
        assert {call.contact_id for call in here} == set(by_contact)
        for call in here:
            self.calls.append((call, by_contact[call.contact_id]))
            self.pairs[call.call_id] = by_contact[call.contact_id].call_id
            assert _shown(call) == _shown(by_contact[call.contact_id])

    @rule(choice=CHOICE, lease=st.sampled_from((LONG, LONG, LONG, PAST)))
    @precondition(lambda self: self.calls)
    def dial(self, choice: int, lease: timedelta) -> None:
        self._dial(self.calls[-1 - choice % min(4, len(self.calls)) :], lease)

    def _dial(self, pairs: list[tuple[Call, Call]], lease: timedelta) -> None:
        here = self.of_memory("dial", [one for one, _ in pairs], lease)
        there = self.of_postgres("dial", [one for _, one in pairs], lease)
        assert {self.pairs[call_id]: why for call_id, why in here.items()} == there

    @rule(choice=CHOICE, step=st.sampled_from(("rang", "answered", "answered", "connected")))
    @precondition(lambda self: self.calls)
    def step(self, choice: int, step: str) -> None:
        one, other = self.call(choice)
        self._step(one, other, step)

    def _step(self, one: Call, other: Call, step: str) -> None:
        now, agent = SystemClock().now(), self.memory._agent_of(one.call_id)
        more = {"rang": (), "answered": (LONG,), "connected": (agent and agent.agent_id,)}[step]
        assert self.of_memory(step, one, now, *more) == self.of_postgres(step, other, now, *more)

    @rule(choice=CHOICE, outcome=st.sampled_from(list(Outcome)))
    @precondition(lambda self: self.calls)
    def end(self, choice: int, outcome: Outcome) -> None:
        one, other = self.call(choice)
        assert self.of_memory("end", one, Ending(outcome)) == self.of_postgres("end", other, Ending(outcome))

    @rule(choice=CHOICE, lease=st.sampled_from((LONG, PAST)))
    @precondition(lambda self: self.calls)
    def extend(self, choice: int, lease: timedelta) -> None:
        one, other = self.call(choice)
        self.of_memory("extend", [one], lease)
        self.of_postgres("extend", [other], lease)

    @rule(choice=CHOICE)
    @precondition(lambda self: self.calls)
    def reserve(self, choice: int) -> None:
        self._reserve(*self.call(choice))

    def _reserve(self, one: Call, other: Call) -> None:
        here, there = self.of_memory("reserve", one, self.queue), self.of_postgres("reserve", other, self.queue)
        assert (here and here.agent_id) == (there and there.agent_id)

    @rule()
    def call_agents(self) -> None:
        here, there = self.both("agents_to_call")
        ours = {agent.agent_id for agent in there if agent.tenant_id == self.tenant}
        assert {agent.agent_id for agent in here} == ours

    @rule(choice=st.integers(0, 2))
    def agent_answers(self, choice: int) -> None:
        here, there = self.both("agents_present")
        one = next((a for a in here if a.agent_id == self.people[choice]), None)
        other = next((a for a in there if a.agent_id == self.people[choice]), None)
        assert (one is None) == (other is None)
        if one is not None:
            assert self.of_memory("agent_answered", one) == self.of_postgres("agent_answered", other)

    @rule(choice=st.integers(0, 2))
    def agent_is_gone(self, choice: int) -> None:
        here, there = self.both("agents_present")
        for one in (a for a in here if a.agent_id == self.people[choice]):
            (other,) = (a for a in there if a.agent_id == self.people[choice])
            had, has = self.of_memory("agent_gone", one.channel_id), self.of_postgres("agent_gone", other.channel_id)
            assert (had and self.pairs[had]) == has

    @rule()
    def end_wrap_ups(self) -> None:
        self.both("wrap_ups_over")

    # What both show

    @invariant()
    def same_calls(self) -> None:
        for method in ("live", "overdue"):
            here, there = self.both(method)
            ours = [a for a in there if a.tenant_id == self.tenant]
            assert {self.pairs[a.call_id]: _shown(a) for a in here} == {a.call_id: _shown(a) for a in ours}
        over = self.of_memory("ended", [one.call_id for one, _ in self.calls])
        there = self.of_postgres("ended", [other.call_id for _, other in self.calls])
        assert {self.pairs[call_id] for call_id in over} == set(there)

    @invariant()
    def same_contacts(self) -> None:
        async def read() -> tuple[list[asyncpg.Record], list[asyncpg.Record]]:
            async with self.pool.acquire() as conn:
                return await conn.fetch(CONTACTS, self.tenant), await conn.fetch(COUNTERS, self.tenant)

        rows, counters = self.do(read())
        kept = [contact for contact in self.memory.contacts.values() if not contact.deleted]
        here = {c.contact_id: (c.process_status, c.call_status) for c in kept}
        assert here == {row["contact_id"]: (row["process_status"], row["call_status"]) for row in rows}
        now = SystemClock().now()
        due = {c.contact_id: c.due_at for c in kept if c.process_status == PENDING}
        for row in rows:
            if row["process_status"] == PENDING:
                assert abs(due[row["contact_id"]] - row["due_at"]) < timedelta(seconds=30), (due, row, now)
        counted = Counter((c.campaign_id, c.process_status, c.call_status or "") for c in kept)
        assert {tuple(row)[:3]: row["contacts"] for row in counters} == counted

    @invariant()
    def same_agents(self) -> None:
        here, there = self.both("agents_present")
        hang_up_here, hang_up_there = self.both("agents_to_hang_up")
        assert self._agents(here, own=False) == self._agents(there, own=True)
        assert self._agents(hang_up_here, own=False) == self._agents(hang_up_there, own=True)

    def _agents(self, found: list[Any], own: bool) -> dict[int, Any]:
        return {
            a.agent_id: (a.state, a.sign_out_pending, a.call_id if own or a.call_id is None else self.pairs[a.call_id])
            for a in found
            if a.tenant_id == self.tenant
        }

    @invariant()
    def same_load(self) -> None:
        for campaign_id in self.campaigns:
            found = self.memory.campaigns[campaign_id].settings
            running = RunningCampaign(self.tenant, campaign_id, "", self.memory.tenant_zone, found)
            here, there = self.both("load", running)
            assert _counts(here) == _counts(there)
            here, there = self.both("waiting_zones", self.tenant, campaign_id)
            assert here == there
            recent_here, recent_there = self.both("recent", running)
            assert recent_here.last_30_days == recent_there.last_30_days
            assert sum(recent_here.answered_after) == sum(recent_there.answered_after)


QUEUE = "insert into inbound_queue (tenant_id, name) values ($1, 'A queue') returning queue_id"
STATUS = "update campaign set status = $3 where tenant_id = $1 and campaign_id = $2"
AGENT = """
insert into agent (tenant_id, name, endpoint, queue_id, wrap_up_s) values ($1, 'A', $2, $3, $4) returning agent_id
"""
GONE = "select not exists (select from contact where tenant_id = $1 and contact_id = $2)"
LIST = """
with made as (
    insert into do_not_call_list (tenant_id, campaign_id, name) values ($1, $2, $3) returning dnc_list_id
)
insert into do_not_call (tenant_id, dnc_list_id, phone, expires_at) select $1, dnc_list_id, $4, $5 from made
"""
ACCEPTED = "select accepted_at is not null from preview where tenant_id = $1 and agent_id = $2"
CONTACTS = """
select c.contact_id, case when a.call_id is null then process_status else 1 end as process_status, call_status,
    coalesce(d.due_at, c.created_at) as due_at
from contact c left join call a on a.tenant_id = $1 and a.contact_id = c.contact_id and a.ended_at is null
left join contact_due d on d.tenant_id = $1 and d.contact_id = c.contact_id
where c.tenant_id = $1
"""
COUNTERS = """
select campaign_id, process_status, call_status, sum(contacts)::bigint as contacts from contact_counter
where tenant_id = $1 group by campaign_id, process_status, call_status having sum(contacts) <> 0
"""


def _shown(call: Call) -> tuple[Any, ...]:
    instants = (call.dialled_at, call.ringing_at, call.answered_at, call.connected_at)
    known = tuple(instant is not None for instant in instants)
    return (call.contact_id, call.phone, call.state, call.agent_id, *known)


def _counts(load: Any) -> tuple[Any, ...]:
    lists = (load.ringing_since, load.talking_since, load.wrap_up_since)
    return (load.active_calls, load.waiting, load.agents_free, load.wrap_up_s, *map(len, lists))


def test_memory_and_postgres_agree(dsn: str) -> None:
    class Machine(BothStores):
        pass

    Machine.dsn = dsn
    with asyncio.Runner() as runner:
        Machine.runner = runner
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=_examples,
                stateful_step_count=50,
                deadline=None,
                database=None,
                derandomize="TONGDAI_RECORDS_EXAMPLES" not in os.environ,
                suppress_health_check=cast("list[HealthCheck]", list(HealthCheck)),
            ),
        )
