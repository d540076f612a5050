"""The dialer's store in memory and in PostgreSQL, side by side, and requests that change the data of both."""

import asyncio
import random
import secrets
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.support.contacts import add_many, put_due
from tongdai.agents import roster
from tongdai.agents.actions import store as agents
from tongdai.agents.model import AgentRefusal, Membership, Mode, NextState
from tongdai.agents.previews import store as previews
from tongdai.calls.model import Call
from tongdai.campaigns import store as campaigns
from tongdai.campaigns.model import Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.values import FrequencyCap, RetryRule
from tongdai.campaigns.settings.values import Mode as DialingMode
from tongdai.clock import SystemClock
from tongdai.contacts import store as contacts
from tongdai.contacts.model import NewContact
from tongdai.db.pool import Connection, open_pool
from tongdai.dialer.postgres_store import PostgresStore
from tongdai.dialer.store import DialerStore
from tongdai.ids import AgentId, CampaignId, ContactId, KeyId, QueueId, TenantId
from tongdai.testing import factories
from tongdai.testing.memory_store.store import MemoryStore

Result = TypeVar("Result")
LONG, PAST = timedelta(hours=1), timedelta(seconds=-1)
ZONES = ("", "Asia/Ho_Chi_Minh")
CAMPAIGNS = st.integers(0, 2)
AGENTS = st.integers(0, 3)
CHOICE = st.integers(0, 10**6)
_NUMBERS = st.integers(0, 7)
_AT_ONCE, _NOT_NOW = RetryRule(timedelta(0), 2), RetryRule(LONG, 1)
_RETRIES = {"no_answer": _AT_ONCE, "busy": _NOT_NOW, "failed": _AT_ONCE, "abandoned": RetryRule(timedelta(0), 1)}

_QUEUE = "insert into inbound_queue (tenant_id, name) values ($1, 'A queue') returning queue_id"
_STATUS = "update campaign set status = $3 where tenant_id = $1 and campaign_id = $2"
_ACTS = (
    "sign_in", "sign_in", "sign_out", "ready", "ready", "force_ready", "pause", "pause_next", "offline_next",
    "idle_next", "release",
)  # fmt: skip
_NEXT: dict[str, tuple[NextState | None, str | None]] = {
    "pause_next": (NextState.PAUSED, "training"),
    "offline_next": (NextState.OFFLINE, None),
    "idle_next": (None, None),
}
_GONE = "select not exists (select from contact where tenant_id = $1 and contact_id = $2)"
_LIST = """
with made as (
    insert into do_not_call_list (tenant_id, campaign_id, name) values ($1, $2, $3) returning dnc_list_id
)
insert into do_not_call (tenant_id, dnc_list_id, phone, expires_at) select $1, dnc_list_id, $4, $5 from made
"""
_ACCEPTED = "select accepted_at is not null from preview where tenant_id = $1 and agent_id = $2"


class BothStores(RuleBasedStateMachine):
    """Both stores with the same campaigns, contacts and agents. Each rule does what a request does, to both."""

    dsn = ""
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.do(self._begin())
        for number in range(10, 13):
            self.do(self.new_contact(number, self.campaigns[2], ""))

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def both(self, step: Callable[[DialerStore], Coroutine[Any, Any, Result]]) -> tuple[Result, Result]:
        """The results of a step in memory and in PostgreSQL."""
        return self.do(step(self.memory)), self.do(step(self.postgres))

    async def _begin(self) -> None:
        self.pool = await open_pool(self.dsn, 2, name="tests")
        self.postgres = PostgresStore(self.pool)
        async with self.pool.acquire() as conn:
            self.tenant_id: TenantId = await factories.tenant(conn)
            zone = await conn.fetchval("select zone from tenant where tenant_id = $1", self.tenant_id)
            self.memory = MemoryStore(SystemClock(), random.Random(1), self.tenant_id, zone)
            self.queue_id: QueueId = await conn.fetchval(_QUEUE, self.tenant_id)
            wanted = (
                CallSettings(retries=_RETRIES, number_cap=FrequencyCap(1, LONG), priority=1),
                CallSettings(
                    mode=DialingMode.PROGRESSIVE,
                    queue_id=self.queue_id,
                    retries=_RETRIES,
                    contact_cap=FrequencyCap(2, LONG),
                ),
                CallSettings(mode=DialingMode.PREVIEW, queue_id=self.queue_id, retries=_RETRIES),
            )
            self.campaigns = [await self._campaign(conn, settings) for settings in wanted]
            self.other_queue: QueueId = await conn.fetchval(_QUEUE, self.tenant_id)
            self.agents = [await self._agent(conn, wrap_up_s) for wrap_up_s in (0, 3600, 0)]
            self.agents.append(await self._agent(conn, 0, Mode.RING))
        self.contacts: set[ContactId] = set()
        self.calls: list[tuple[Call, Call]] = []
        self.pairs: dict[UUID, UUID] = {}
        """The id in PostgreSQL of each call in memory."""

    async def _campaign(self, conn: Connection, wanted: CallSettings) -> CampaignId:
        made = await campaigns.create(conn, self.tenant_id, "A", "A", None, None)
        async with conn.transaction():
            before = await campaigns.lock(conn, self.tenant_id, made.campaign_id)
            assert before is not None
            await campaigns.change(conn, self.tenant_id, made.campaign_id, settings=(before, wanted), by=None)
        await conn.execute(_STATUS, self.tenant_id, made.campaign_id, 2)
        stored = await campaigns.call_settings(conn, self.tenant_id, made.campaign_id)
        assert stored is not None
        return self.memory.add_campaign(made.campaign_id, stored)

    async def _agent(self, conn: Connection, wrap_up_s: int, mode: Mode = Mode.NAILED_UP) -> AgentId:
        """An agent of both queues; the one with a long wrap-up is of the other queue first."""
        endpoint, own, also = f"a{secrets.token_hex(4)}", self.queue_id, self.other_queue
        if wrap_up_s:
            own, also = also, own
        queues = [Membership(also, 2)]
        made = await roster.create(conn, self.tenant_id, "A", endpoint, own, wrap_up_s, None, mode=mode, queues=queues)
        assert not isinstance(made, AgentRefusal)
        return self.memory.add_agent(made, endpoint, own, wrap_up_s, mode=mode, queues=queues)

    def teardown(self) -> None:
        self.do(self.pool.close())

    # Contacts

    @rule(number=_NUMBERS, campaign=CAMPAIGNS, zone=st.sampled_from(ZONES))
    def add_contact(self, number: int, campaign: int, zone: str) -> None:
        self.do(self.new_contact(number, self.campaigns[campaign], zone))

    async def new_contact(self, number: int, campaign_id: CampaignId, zone: str) -> None:
        phone = f"+8490{number:07d}"
        async with self.pool.acquire() as conn, conn.transaction():
            added = await add_many(conn, self.tenant_id, campaign_id, [NewContact(phone=phone)])
            contact_id = added.contact_ids[phone]
            if added.made:
                await put_due(conn, self.tenant_id, contact_id, await conn.fetchval("select clock_timestamp()"), zone)
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
                await contacts.delete(conn, self.tenant_id, campaign_id, contact_id, KeyId(1))
                return await conn.fetchval(_GONE, self.tenant_id, contact_id)

        assert self.do(delete()) == deleted
        if deleted:
            self.contacts.discard(contact_id)

    @rule(number=_NUMBERS, campaign=st.none() | CAMPAIGNS, until=st.sampled_from((None, LONG, PAST)))
    def list_number(self, number: int, campaign: int | None, until: timedelta | None) -> None:
        campaign_id = None if campaign is None else self.campaigns[campaign]
        at = None if until is None else SystemClock().now() + until
        phone = f"+8490{number:07d}"
        self.memory.do_not_call(phone, campaign_id, at)
        self.do(self._execute(_LIST, self.tenant_id, campaign_id, secrets.token_hex(8), phone, at))

    # Campaigns

    @rule(campaign=CAMPAIGNS, running=st.sampled_from((True, True, False)))
    def pause_or_resume(self, campaign: int, running: bool) -> None:
        status = Status.RUNNING if running else Status.PAUSED
        self.memory.move(self.campaigns[campaign], status)
        self.do(self._execute(_STATUS, self.tenant_id, self.campaigns[campaign], int(status)))

    async def _execute(self, sql: str, *args: object) -> None:
        async with self.pool.acquire() as conn:
            await conn.execute(sql, *args)

    # Agents

    @rule(choice=AGENTS, act=st.sampled_from(_ACTS))
    def agent_acts(self, choice: int, act: str) -> None:
        agent_id = self.agents[choice]

        async def acts() -> bool:
            async with self.pool.acquire() as conn:
                match act:
                    case "sign_in":
                        return await agents.sign_in(conn, self.tenant_id, agent_id, None) is not None
                    case "sign_out":
                        return await agents.sign_out(conn, self.tenant_id, agent_id, None) is not None
                    case "ready" | "force_ready":
                        forced = act == "force_ready"
                        return await agents.ready(conn, self.tenant_id, agent_id, None, forced=forced) is not None
                    case "pause":
                        return await agents.pause(conn, self.tenant_id, agent_id, "lunch", None) is not None
                    case "release":
                        return await agents.release(conn, self.tenant_id, agent_id, None) is not None
                    case _:
                        state, reason = _NEXT[act]
                        moved = agents.set_next_state(conn, self.tenant_id, agent_id, state, reason, None)
                        return await moved is not None

        assert self.do(acts()) == self._acts_in_memory(agent_id, act)

    def _acts_in_memory(self, agent_id: AgentId, act: str) -> bool:
        match act:
            case "force_ready":
                return self.memory.ready(agent_id, forced=True)
            case "pause":
                return self.memory.pause_agent(agent_id, "lunch")
            case "pause_next" | "offline_next" | "idle_next":
                return self.memory.set_next_state(agent_id, *_NEXT[act])
            case _:
                return getattr(self.memory, act)(agent_id)

    @rule(choice=AGENTS)
    def accept_preview(self, choice: int) -> None:
        agent_id = self.agents[choice]

        async def accept() -> ContactId | None:
            async with self.pool.acquire() as conn:
                await previews.offer(conn, self.tenant_id, agent_id, self.campaigns[2], lambda *_: True)
                had = await conn.fetchval(_ACCEPTED, self.tenant_id, agent_id)
                accepted = await previews.accept(conn, self.tenant_id, agent_id)
                return None if had or isinstance(accepted, previews.PreviewRefusal) else accepted.contact_id

        contact_id = self.do(accept())
        if contact_id is not None:
            assert self.memory.accept(agent_id, contact_id)
