"""Calls of a floor's agents, to be wrapped up: to a contact of a campaign, and of a caller."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.support import call_steps
from tests.support.agents import Floor
from tests.support.call_scene import LEASE, due_contacts, now_of, placed, terms_of
from tongdai.acd.postgres_store import PostgresAcdStore
from tongdai.agents import store as agents
from tongdai.agents.model import AgentState
from tongdai.call_outcome import InboundOutcome, Outcome
from tongdai.calls.inbound import store as inbound
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.calls.model import Call, Ending
from tongdai.dialer.postgres_store import PostgresStore
from tongdai.ids import AgentId, CampaignId
from tongdai.switches.model import DEFAULT


@dataclass
class Talk:
    """An agent who talks in a call."""

    floor: Floor
    agent_id: AgentId
    call: Call

    @property
    def path(self) -> str:
        return f"/v1/calls/{self.call.call_id}/wrap-up"

    async def end(self, outcome: Outcome = Outcome.ANSWERED) -> None:
        assert await PostgresStore(self.floor.pool).end(self.call, Ending(outcome))


@dataclass
class CallerTalk:
    """An agent who talks with a caller."""

    floor: Floor
    agent_id: AgentId
    call: InboundCall

    @property
    def path(self) -> str:
        return f"/v1/calls/{self.call.call_id}/wrap-up"

    async def end(self) -> None:
        assert await PostgresAcdStore(self.floor.pool).end(self.call, InboundEnding(InboundOutcome.ANSWERED))


@dataclass
class WrapUps:
    floor: Floor
    campaign_id: CampaignId
    _numbers: list[int] = field(default_factory=list[int])

    async def code(self, name: str, **flags: bool) -> int:
        return (await self.floor.tenant.done("POST", "/v1/wrap-up-codes", json={"name": name} | flags))["codeId"]

    async def rule(self, **fields: Any) -> None:
        await self.floor.tenant.done("PUT", f"/v1/campaigns/{self.campaign_id}/wrap-up", json=fields)

    async def talk(self) -> Talk:
        """An agent talks with a contact of the campaign."""
        self._numbers.append(len(self._numbers))
        tenant_id, agent_id = self.floor.tenant_id, await self.floor.idle()
        async with self.floor.pool.acquire() as conn:
            await due_contacts(conn, tenant_id, self.campaign_id, self._numbers[-1:])
            (call,) = await placed(conn, terms_of(tenant_id, self.campaign_id))
            assert await call_steps.answered(conn, call, await now_of(conn), LEASE)
            assert await agents.reserve_for(conn, tenant_id, agent_id, call.call_id)
            assert await call_steps.connected(conn, call, await now_of(conn), agent_id)
            assert await agents.talking(conn, tenant_id, [call.call_id])
        return Talk(self.floor, agent_id, call)

    async def caller(self, phone: str = "+84901234567") -> CallerTalk:
        """An agent talks with a caller of the queue."""
        tenant_id, queue_id, agent_id = self.floor.tenant_id, self.floor.queue_id, await self.floor.idle()
        arrival = Arrival(switch_id=DEFAULT, channel=uuid.uuid4().hex, called="+842873001234", phone=phone)
        async with self.floor.pool.acquire() as conn:
            call = await inbound.arrive(conn, tenant_id, queue_id, arrival, LEASE)
            assert call is not None
            assert await inbound.join(conn, tenant_id, call.call_id, queue_id, await now_of(conn), LEASE)
            assert await agents.reserve_for(conn, tenant_id, agent_id, call.call_id)
            assert await inbound.connect(conn, tenant_id, call.call_id, agent_id, await now_of(conn))
            assert await agents.talking(conn, tenant_id, [call.call_id])
        return CallerTalk(self.floor, agent_id, call)

    async def set(self, path: str, code_id: int, **fields: Any) -> Any:
        return await self.floor.tenant.done("PUT", path, json={"codeId": code_id} | fields)

    async def status(self, talk: Talk) -> tuple[int, float | None]:
        """The process status of the contact, and in how many seconds it is due."""
        row = await self.floor.pool.fetchrow(
            "select process_status, extract(epoch from due_at - now())::float8 as due from contact c "
            "left join contact_due d on d.tenant_id = c.tenant_id and d.contact_id = c.contact_id "
            "where c.tenant_id = $1 and c.contact_id = $2",
            self.floor.tenant_id, talk.call.contact_id,
        )  # fmt: skip
        assert row is not None
        return row["process_status"], row["due"]

    async def pending_counted(self) -> bool:
        """Whether the counters of pending contacts agree with the contacts."""
        return await self.floor.pool.fetchval(
            "select (select sum(contacts) from contact_counter where tenant_id = $1 and process_status = 0)"
            " = (select count(*) from contact where tenant_id = $1 and process_status = 0)",
            self.floor.tenant_id,
        )

    async def over_after(self, agent_id: AgentId, seconds: float) -> bool:
        """Let time pass for the wrap-up of an agent; whether it is over then."""
        await self.floor.pool.execute(
            "update agent set wrap_up_until = wrap_up_until - $3::interval where tenant_id = $1 and agent_id = $2",
            self.floor.tenant_id, agent_id, timedelta(seconds=seconds),
        )  # fmt: skip
        async with self.floor.pool.acquire() as conn:
            await agents.wrap_ups_over(conn)
        return await self.floor.state(agent_id) is not AgentState.WRAP_UP
