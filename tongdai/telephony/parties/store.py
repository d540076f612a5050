"""The store of parties: a protocol, and its implementation for one switch, `PostgresParties`.

Each method is one transaction, idempotent, and safe to retry: a step that does not fit the rows changes nothing.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID, uuid4

from tongdai.agents import store as agents
from tongdai.agents.model import Agent, AgentState, Mode
from tongdai.agents.wrap_up import store as wrap_up
from tongdai.calls import segments
from tongdai.calls.acts import controls
from tongdai.calls.acts.model import Consulted, Talk
from tongdai.calls.parties import store
from tongdai.calls.parties.model import Party, PartyOfSwitch, PartyState
from tongdai.calls.segments import Kind
from tongdai.db.pool import Connection, Pool
from tongdai.ids import AgentId, QueueId, SwitchId, TenantId
from tongdai.numbers.endpoints.model import EndpointKind
from tongdai.numbers.endpoints.rule import may_use

GONE = "The call has ended"
NOT_AVAILABLE = "The agent is not available: nobody is reserved"


class Line(NamedTuple):
    """How a number is called for a call."""

    trunk: str | None
    """None: by the installation's."""
    caller_id: str | None


class PartyStore(Protocol):
    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        """None: the call has ended."""
        ...

    async def consult(
        self, tenant_id: TenantId, call_id: UUID, who: Consulted, at: datetime, until: datetime
    ) -> Party | str:
        """The customer is on hold until then, and somebody is to be called, or consulted at once: an agent whose phone
        is connected. An agent is reserved. A text: why not."""
        ...

    async def answered(self, party: Party) -> bool:
        """The party is consulted. False: it has left, or was before."""
        ...

    async def left(self, party: Party, at: datetime) -> None:
        """The party has left; the agent keeps the call, and the customer is on hold if they were."""
        ...

    async def cancelled(self, party: Party, at: datetime) -> None:
        """The party has left, and the hold is over."""
        ...

    async def join(self, party: Party, at: datetime) -> bool:
        """Customer, agent and party talk. False: the call has ended, or the party has left."""
        ...

    async def promote(self, party: Party, at: datetime) -> bool:
        """The talk is the party's, who was there or was not (a phone that takes over); its agent leaves to their
        wrap-up, and the hold is over. False: the call has ended."""
        ...

    async def line(self, tenant_id: TenantId, call_id: UUID) -> Line: ...

    async def all(self) -> Sequence[PartyOfSwitch]:
        """The parties of all calls of the switch, until each is forgotten."""
        ...

    async def forget(self, party: Party) -> None:
        """Forget a party of a call that has ended."""
        ...


LOCK = """
select queue_id, campaign_id from live_call where tenant_id = $1 and call_id = $2 and state = 'answered' for update
"""
QUEUE = "select queue_id from open_segment where tenant_id = $1 and call_id = $2 and kind <> 'wrap_up' limit 1"
LINE = f"""
select case when c.trunk is not null and {may_use("$1", "a.switch_id", "c.trunk", EndpointKind.TRUNK)} then c.trunk
        when n.trunk is not null and {may_use("$1", "a.switch_id", "n.trunk", EndpointKind.TRUNK)} then n.trunk
    end as trunk, coalesce(c.caller_id, a.called) as caller_id
from live_call a left join campaign c on c.tenant_id = $1 and c.campaign_id = a.campaign_id
left join called_number n on n.tenant_id = $1 and n.number = nullif(ltrim(a.called, '+'), '')::bigint
where a.tenant_id = $1 and a.call_id = $2
"""


class PostgresParties:
    """Implements `PartyStore` for one switch."""

    def __init__(self, pool: Pool, switch_id: SwitchId) -> None:
        self._pool, self._switch_id = pool, switch_id

    @asynccontextmanager
    async def _locked(self, tenant_id: TenantId, call_id: UUID) -> AsyncGenerator[tuple[Connection, bool]]:
        """A transaction that holds the call; False: it has ended."""
        async with self._pool.acquire() as conn, conn.transaction():
            yield conn, await conn.fetchrow(LOCK, tenant_id, call_id) is not None

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        async with self._pool.acquire() as conn:
            return await controls.talk(conn, tenant_id, call_id)

    async def consult(
        self, tenant_id: TenantId, call_id: UUID, who: Consulted, at: datetime, until: datetime
    ) -> Party | str:
        async with self._locked(tenant_id, call_id) as (conn, live):
            talk = await controls.talk(conn, tenant_id, call_id)
            if not live or talk is None or talk.agent_id is None:
                return GONE
            agent = None
            if who.agent_id is not None:
                agent = await _reserve(conn, tenant_id, call_id, who.agent_id)
                if agent is None:
                    return NOT_AVAILABLE
            party = consulted(tenant_id, call_id, who, agent, at)
            assert await store.add(conn, party), f"call {call_id} is held, and gets no party"
            await controls.hold(conn, tenant_id, call_id, talk.agent_id, at, until, Kind.CONSULT)
            return party

    async def answered(self, party: Party) -> bool:
        async with self._locked(party.tenant_id, party.call_id) as (conn, live):
            return live and await store.move(conn, party.tenant_id, party.call_id, party.channel, PartyState.CONSULTING)

    async def left(self, party: Party, at: datetime) -> None:
        async with self._locked(party.tenant_id, party.call_id) as (conn, live):
            if live:
                await self._leave(conn, party, at)

    async def cancelled(self, party: Party, at: datetime) -> None:
        async with self._locked(party.tenant_id, party.call_id) as (conn, live):
            talk = await self._leave(conn, party, at) if live else None
            if talk is not None and talk.held:
                await controls.resume(conn, party.tenant_id, party.call_id, talk.agent_id, at)

    @staticmethod
    async def _leave(conn: Connection, party: Party, at: datetime) -> Talk | None:
        """The party leaves a call that is its agent's. None: it had left."""
        ids = (party.tenant_id, party.call_id)
        talk = await controls.talk(conn, *ids)
        if talk is None or talk.party is None or talk.party.channel != party.channel:
            return None
        if party.agent_id is not None:
            await segments.end_conference(conn, *ids, party.agent_id, at)
            await _free(conn, *ids, party.agent_id)  # whoever has not talked with the customer has no wrap-up
        if talk.held and talk.agent_id is not None:
            await segments.change(conn, *ids, Kind.HOLD, talk.agent_id, at)
        await store.remove(conn, *ids, party.channel)
        return talk

    async def join(self, party: Party, at: datetime) -> bool:
        ids = (party.tenant_id, party.call_id)
        async with self._locked(*ids) as (conn, live):
            talk = await controls.talk(conn, *ids)
            if not live or talk is None or talk.agent_id is None:
                return False
            if not await store.move(conn, *ids, party.channel, PartyState.TALKING):
                return False
            if party.agent_id is not None:
                await agents.talking(conn, ids[0], [ids[1]])
            await controls.resume(conn, *ids, talk.agent_id, at)
            if party.agent_id is not None:
                await segments.begin_conference(conn, *ids, party.agent_id, at)
        return True

    async def promote(self, party: Party, at: datetime) -> bool:
        ids = (party.tenant_id, party.call_id)
        async with self._locked(*ids) as (conn, live):
            talk = await controls.talk(conn, *ids)
            if not live or talk is None:
                return False
            if not await store.move(conn, *ids, party.channel, PartyState.TALKING):
                await store.add(conn, party)
            leaves = talk.agent_id
            if leaves is not None and leaves != party.agent_id:
                await _free(conn, *ids, leaves)
                await store.remove(conn, *ids, talk.agent_channel or "")
            if party.agent_id is not None:
                await agents.talking(conn, ids[0], [ids[1]])
                await segments.end_conference(conn, *ids, party.agent_id, at)
                await store.talks_with(conn, *ids, party.agent_id)
            await controls.resume(conn, *ids, party.agent_id, at)
            await controls.unmute(conn, *ids)
        return True

    async def line(self, tenant_id: TenantId, call_id: UUID) -> Line:
        async with self._pool.acquire() as conn:
            row = await conn.fetchrow(LINE, tenant_id, call_id)
            return Line(None, None) if row is None else Line(*row)

    async def all(self) -> Sequence[PartyOfSwitch]:
        async with self._pool.acquire() as conn:
            return await store.of_switch(conn, self._switch_id)

    async def forget(self, party: Party) -> None:
        async with self._pool.acquire() as conn:
            await store.forget(conn, party.tenant_id, party.call_id, party.channel)


def consulted(tenant_id: TenantId, call_id: UUID, who: Consulted, agent: Agent | None, at: datetime) -> Party:
    """The party that somebody is who is to be consulted; `agent`: reserved."""
    nailed_up = agent is not None and agent.mode is Mode.NAILED_UP
    return Party(
        tenant_id=tenant_id,
        call_id=call_id,
        channel=str(uuid4() if agent is None else agent.channel_id),
        kind=who.kind,
        agent_id=who.agent_id,
        target=who.target if agent is None else agent.endpoint,
        state=PartyState.CONSULTING if nailed_up else PartyState.CALLED,
        called_at=at,
    )


async def _reserve(conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId) -> Agent | None:
    agent = await agents.find(conn, tenant_id, agent_id)
    if agent is None:
        return None
    state = AgentState.ALERTING if agent.mode is Mode.RING else AgentState.RESERVED
    return await agents.reserve_agent(conn, tenant_id, agent_id, call_id, state)


async def _free(conn: Connection, tenant_id: TenantId, call_id: UUID, agent_id: AgentId) -> None:
    """An agent leaves a call that continues, to their wrap-up."""
    queue_id: QueueId | None = await conn.fetchval(QUEUE, tenant_id, call_id)
    queues = {} if queue_id is None else {call_id: queue_id}
    if await agents.freed(conn, tenant_id, [call_id], queues, agent_id):
        await wrap_up.apply_rules(conn, tenant_id, [call_id])
