"""Parties of the calls of a store in memory: what `PostgresParties` does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from tests.support.acts import Changed, MemoryActs
from tongdai.agents.model import Agent, AgentState, Mode
from tongdai.calls.acts.model import Consulted, Talk
from tongdai.calls.parties.model import Party, PartyKind, PartyOfSwitch, PartyState
from tongdai.calls.segments import Kind
from tongdai.ids import AgentId, TenantId
from tongdai.telephony.parties.store import GONE, NOT_AVAILABLE, Line, consulted


@dataclass
class MemoryParties:
    """Implements `PartyStore`."""

    acts: MemoryActs
    trunk: str | None = None
    rows: dict[str, Party] = field(default_factory=dict[str, Party])
    """By channel."""

    def __post_init__(self) -> None:
        self.acts.parties = self.rows
        if self.acts.acd is not None:
            self.acts.acd.parties = self.rows

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        return await self.acts.talk_of(tenant_id, call_id)

    async def consult(
        self, tenant_id: TenantId, call_id: UUID, who: Consulted, at: datetime, until: datetime
    ) -> Party | str:
        talk = await self.talk_of(tenant_id, call_id)
        if talk is None or talk.agent_id is None:
            return GONE
        agent: Agent | None = None
        if who.agent_id is not None:
            found = self.acts.calls.agents.get(who.agent_id)
            if found is None:
                return NOT_AVAILABLE
            state = AgentState.ALERTING if found.mode is Mode.RING else AgentState.RESERVED
            agent = await self.acts.calls.reserve_agent(who.agent_id, call_id, state)
            if agent is None:
                return NOT_AVAILABLE
        party = consulted(tenant_id, call_id, who, agent, at)
        self.rows[party.channel] = party
        self._change(call_id, Kind.CONSULT, talk.agent_id, at)
        self.acts.changed.setdefault(call_id, Changed()).held_until = until
        return party

    async def answered(self, party: Party) -> bool:
        found = self.rows.get(party.channel)
        if found is None or found.state is not PartyState.CALLED or not self._live(party.call_id):
            return False
        self.rows[party.channel] = replace(found, state=PartyState.CONSULTING)
        return True

    async def left(self, party: Party, at: datetime) -> None:
        talk = await self.talk_of(party.tenant_id, party.call_id)
        if talk is None or talk.party is None or talk.party.channel != party.channel:
            return
        if party.agent_id is not None:
            self.acts.calls.segments.end_conference(party.call_id, party.agent_id, at)
            self._free(party.call_id, party.agent_id)
        if talk.held:
            self._change(party.call_id, Kind.HOLD, talk.agent_id, at)
        del self.rows[party.channel]

    async def cancelled(self, party: Party, at: datetime) -> None:
        await self.left(party, at)
        talk = await self.talk_of(party.tenant_id, party.call_id)
        if talk is not None and talk.held:
            self._talk(party.call_id, talk.agent_id, at)

    async def join(self, party: Party, at: datetime) -> bool:
        talk = await self.talk_of(party.tenant_id, party.call_id)
        found = self.rows.get(party.channel)
        if talk is None or talk.agent_id is None or found is None or found.state is PartyState.TALKING:
            return False
        self.rows[party.channel] = replace(found, state=PartyState.TALKING)
        await self.acts.calls.caller_connected(party.call_id)
        self._talk(party.call_id, talk.agent_id, at)
        if party.agent_id is not None:
            self.acts.calls.segments.begin_conference(party.call_id, party.agent_id, at)
        return True

    async def promote(self, party: Party, at: datetime) -> bool:
        talk = await self.talk_of(party.tenant_id, party.call_id)
        if talk is None:
            return False
        self.rows[party.channel] = replace(self.rows.get(party.channel, party), state=PartyState.TALKING)
        if talk.agent_id is not None and talk.agent_id != party.agent_id:
            self._free(party.call_id, talk.agent_id)
            self.rows.pop(talk.agent_channel or "", None)
        if party.agent_id is not None:
            await self.acts.calls.caller_connected(party.call_id)
            self.acts.calls.segments.end_conference(party.call_id, party.agent_id, at)
            self.acts.talks_with(party.call_id, party.agent_id)
        self._talk(party.call_id, party.agent_id, at)
        await self.acts.unmute_call(party.call_id)
        return True

    async def line(self, tenant_id: TenantId, call_id: UUID) -> Line:
        del tenant_id, call_id
        return Line(self.trunk, None)

    async def all(self) -> Sequence[PartyOfSwitch]:
        return [
            PartyOfSwitch(party, self.acts.customer(party.call_id), not self._live(party.call_id), self._is_leg(party))
            for party in self.rows.values()
        ]

    async def forget(self, party: Party) -> None:
        if not self._live(party.call_id):
            self.rows.pop(party.channel, None)

    def _live(self, call_id: UUID) -> bool:
        return self.acts.state(call_id) is not None

    def _is_leg(self, party: Party) -> bool:
        if party.kind is not PartyKind.AGENT or party.agent_id is None:
            return True
        return self.acts.calls.agents[party.agent_id].mode is Mode.RING

    def _free(self, call_id: UUID, agent_id: AgentId) -> None:
        agent = self.acts.calls.agents[agent_id]
        if agent.call_id == call_id:
            self.acts.calls._freed(agent)

    def _change(self, call_id: UUID, kind: Kind, agent_id: AgentId | None, at: datetime) -> None:
        self.acts.calls.segments.change(call_id, kind, agent_id, at)

    def _talk(self, call_id: UUID, agent_id: AgentId | None, at: datetime) -> None:
        self._change(call_id, Kind.TALK, agent_id, at)
        self.acts.end_hold(call_id)
