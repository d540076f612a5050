"""The ACD's store in memory, beside a `MemoryStore`, which has the agents: what `PostgresAcdStore` does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from tongdai.acd.admission import QueueCounts
from tongdai.acd.caller.forwarding import hops_of
from tongdai.acd.caller.model import NumberCall
from tongdai.acd.caller.store import PLACE_KEPT_FOR, CallerRow
from tongdai.acd.store import LEASE, ActiveCall, Line, Pace, QueueState, active_call
from tongdai.agents.model import Agent, AgentState, IdleAgent, Mode
from tongdai.call_outcome import InboundOutcome, OfferOutcome, Outcome
from tongdai.callbacks.model import Source
from tongdai.calls.inbound.model import Arrival, InboundCall, InboundEnding
from tongdai.calls.model import CallState, Ending
from tongdai.calls.parties.model import Party, PartyKind, PartyState
from tongdai.clock import Clock
from tongdai.ids import AgentId, MenuId, QueueId, TenantId
from tongdai.queues.menus.model import Menu, Menus
from tongdai.queues.model import Destination, QueueRules
from tongdai.queues.sounds.model import QueueSounds
from tongdai.switches.model import DEFAULT
from tongdai.testing.memory_store.callbacks import MemoryCallbacks, Offer
from tongdai.testing.memory_store.store import MemoryStore

NOT_SIGNED_IN = {AgentState.OFFLINE, AgentState.CALLING, AgentState.HANGING_UP}


NOT_SERVING = NOT_SIGNED_IN | {AgentState.PAUSED, AgentState.UNREACHABLE}


class MemoryAcdStore(MemoryCallbacks):
    """Implements `AcdStore`; each method is one step that nothing comes between."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        super().__init__(store, clock)
        self.queues: dict[QueueId, QueueRules] = {}
        self.menu: dict[MenuId, Menu] = {}
        self.numbers: dict[str, QueueId] = {}
        """The queues of called numbers, as carriers send them."""
        self._numbers = count(1)
        """Numbers of calls that came in."""
        self.lost: list[tuple[InboundCall, datetime]] = []
        """Calls that a crash of the switch ended, and when."""
        self.files = QueueSounds()
        """The sound files of every queue."""
        self.handling_s: float | None = None
        self.over: dict[UUID, InboundEnding] = {}
        self.talks: list[InboundCall] = []
        """Ended calls that an agent talked on."""
        self.parties: dict[str, Party] = {}
        """The parties of calls by channel; written by the tests' store of parties."""
        self.called: dict[UUID, NumberCall] = {}
        """The numbers that are called for callers, or talk."""
        self.keys: list[tuple[UUID, MenuId, str | None, Destination | None]] = []
        """The menus that callers came to, and the keys that they pressed there, with where these led."""
        self.talking: set[UUID] = set()
        """The calls that are connected with an agent or a number."""

    async def arrive(self, arrival: Arrival, trunk: str | None) -> InboundCall | None:
        del trunk
        queue_id = self.numbers.get(arrival.called)
        if queue_id is None:
            return None
        for call in self.live.values():
            if call.channel == arrival.channel:
                return call
        now = self._clock.now()
        call = InboundCall(
            tenant_id=self._store.tenant_id,
            call_id=UUID(int=next(self._numbers), version=4),
            switch_id=arrival.switch_id,
            channel=arrival.channel,
            queue_id=queue_id,
            called=arrival.called,
            phone=arrival.phone,
            state=CallState.RINGING,
            opened_at=now,
            lease_until=now + LEASE,
        )
        self.live[call.call_id] = call
        return call

    async def queue(self, tenant_id: TenantId, queue_id: QueueId) -> QueueState | None:
        rules = self.queues.get(queue_id)
        if rules is None or tenant_id != self._store.tenant_id:
            return None
        waiting = sum(row.queue_id == queue_id for row in self.waiting.values())
        agents = [agent for agent in self._store.agents.values() if agent.state not in NOT_SIGNED_IN]
        members = [
            agent
            for agent in agents
            if any(one.queue_id == queue_id for one in self._store.roles[agent.agent_id].queues)
        ]
        return QueueState(rules, QueueCounts(waiting, len(members)))

    async def menus(self, tenant_id: TenantId) -> Menus:
        del tenant_id
        return dict(self.menu)

    async def sounds(self, tenant_id: TenantId, rules: QueueRules) -> QueueSounds:
        del tenant_id
        return self.files if rules.hold_music is not None else replace(self.files, music=None)

    async def pace(self, tenant_id: TenantId, queue_id: QueueId) -> Pace:
        del tenant_id
        return Pace(self.handling_s, len(self._serving(queue_id)))

    def _serving(self, queue_id: QueueId) -> list[Agent]:
        return [
            agent
            for agent in self._store.agents.values()
            if agent.state not in NOT_SERVING
            and any(one.queue_id == queue_id for one in self._store.roles[agent.agent_id].queues)
        ]

    async def announced(self, call: InboundCall, position: int) -> None:
        if call.call_id in self.waiting:
            self.waiting[call.call_id] = self.waiting[call.call_id]._replace(announced=position)

    async def join(self, call: InboundCall, rules: QueueRules, hops: int, at: datetime) -> CallerRow | None:
        found = self.live.get(call.call_id)
        if found is None:
            return None
        before = self.waiting.get(call.call_id)
        if before is not None and (before.hops >= hops or before.state != "waiting"):
            return before
        self._unreached(call.call_id, hops)
        if call.call_id in self.talking or call.call_id in self.called:
            return None
        answered_at = found.answered_at or at
        self.live[call.call_id] = replace(
            found, state=CallState.ANSWERED, answered_at=answered_at, queue_id=rules.queue_id
        )
        offers, announced = (0, None) if before is None else (before.offers, before.announced)
        arrived_at = call.opened_at if before is None else before.arrived_at
        for lost, ended_at in self.lost:
            if lost.phone == call.phone != "" and ended_at > call.opened_at - PLACE_KEPT_FOR:
                arrived_at = min(arrived_at, lost.opened_at)
        arrived_at = min(arrived_at, self.replaced(call, rules.queue_id) or arrived_at)
        self._store.segments.waits(call.call_id, rules.queue_id, max(at, answered_at))
        row = CallerRow(call.call_id, rules.queue_id, "waiting", arrived_at, at, hops, offers, announced)
        self.waiting[call.call_id] = row
        return row

    def _unreached(self, call_id: UUID, hops: int | None) -> None:
        """The number that was called for the caller was not reached, unless it was called after so many hops."""
        number = self.called.get(call_id)
        if number is not None and not number.talks and (hops is None or (hops_of(number.channel) or 0) < hops):
            del self.called[call_id]

    async def preferred_agent(self, call: InboundCall, rules: QueueRules) -> AgentId | None:
        if call.call_id not in self.live or rules.preferred_agent_days is None or not call.phone:
            return None
        since = call.opened_at - timedelta(days=rules.preferred_agent_days)
        talks = [talk for talk in self.talks if talk.phone == call.phone and talk.opened_at >= since]
        if not talks:
            return None
        agent_id = max(talks, key=lambda talk: talk.opened_at).agent_id
        serving = [agent.agent_id for agent in self._serving(rules.queue_id)]
        offered = any(offer.call_id == call.call_id and offer.agent_id == agent_id for offer in self.offers)
        return agent_id if agent_id in serving and not offered else None

    async def take(self, tenant_id: TenantId, call_id: UUID) -> ActiveCall | None:
        found, agent = self._store.active.get(call_id), self._agent_of(call_id)
        if call_id not in self.live:
            parted = any(one.call_id == call_id and one.state is PartyState.TALKING for one in self.parties.values())
            talks = parted or (agent is not None and agent.state is AgentState.TALKING)
            if found is None or found.connected_at is None or found.agent_id is None or not talks:
                return None
            last = self._store.agents[found.agent_id] if agent is None else agent
            self._store.transferred.add(call_id)
            self.talking.add(call_id)
            self.live[call_id] = InboundCall(
                tenant_id=tenant_id, call_id=call_id, switch_id=DEFAULT, channel=str(call_id), called="",
                queue_id=last.queue_id, phone=found.phone, state=CallState.ANSWERED, opened_at=found.opened_at,
                lease_until=found.lease_until, agent_id=last.agent_id, answered_at=found.answered_at,
                connected_at=found.connected_at, to_contact=True,
            )  # fmt: skip
        return ActiveCall(self.live[call_id], self.waiting.get(call_id), agent, self._number_of(call_id))

    def _number_of(self, call_id: UUID) -> NumberCall | None:
        talking = (one for one in self.parties.values() if one.call_id == call_id and one.state is PartyState.TALKING)
        left = (NumberCall(one.target, one.channel, True) for one in talking if one.kind is PartyKind.NUMBER)
        return self.called.get(call_id) or next(left, None)

    async def transfer(self, call: InboundCall, queue_id: QueueId, hops: int, at: datetime) -> CallerRow | None:
        if not await self._parted(call, at):
            return None
        self.live[call.call_id] = replace(self.live[call.call_id], queue_id=queue_id)
        self._store.segments.waits(call.call_id, queue_id, at)
        row = CallerRow(call.call_id, queue_id, "waiting", call.opened_at, at, hops, 0, None)
        self.waiting[call.call_id] = row
        return row

    async def _parted(self, call: InboundCall, at: datetime) -> bool:
        """The talk is over. False: there was none."""
        if call.call_id not in self.talking or call.call_id not in self.live:
            return False
        self.talking.discard(call.call_id)
        self.called.pop(call.call_id, None)
        for channel in [one.channel for one in self.parties.values() if one.call_id == call.call_id]:
            del self.parties[channel]
        self._store.segments.ended(call.call_id, at)
        await self._store.caller_left(call.call_id)
        return True

    async def line(self, call: InboundCall) -> Line:
        return Line(None, call.called)

    async def forward(self, call: InboundCall, number: NumberCall, at: datetime, *, transfer: bool) -> bool:
        found = self.live.get(call.call_id)
        if found is None or (transfer and not await self._parted(call, at)) or self._talks_with_agent(call.call_id):
            return False
        self._leave(call.call_id, OfferOutcome.WITHDRAWN)
        answered_at = found.answered_at or at
        self.live[call.call_id] = replace(found, state=CallState.ANSWERED, answered_at=answered_at)
        self._store.segments.waits(call.call_id, found.queue_id if transfer else None, max(at, answered_at))
        self.called[call.call_id] = number
        return True

    async def answer(self, call: InboundCall, at: datetime, menu_id: MenuId | None = None) -> bool:
        found = self.live.get(call.call_id)
        if found is None:
            return False
        if found.state is CallState.RINGING:
            self.live[call.call_id] = replace(found, state=CallState.ANSWERED, answered_at=at)
        self._unreached(call.call_id, None)
        self._leave(call.call_id, OfferOutcome.WITHDRAWN)
        if menu_id is not None:
            self._store.segments.in_menu(call.call_id, max(at, found.answered_at or at))
            self.keys.append((call.call_id, menu_id, None, None))
        return True

    async def key(
        self, call: InboundCall, menu_id: MenuId, key: str | None, to: Destination | None, at: datetime
    ) -> None:
        del at
        self.keys.append((call.call_id, menu_id, key, to))

    async def offer(self, call: InboundCall, agent_id: AgentId, at: datetime) -> Agent | None:
        del at
        if call.call_id not in self.live:
            return None
        agent = self._store.agents[agent_id]
        if agent.call_id == call.call_id:
            return agent
        self._lapse(call.call_id)
        row = self.waiting.get(call.call_id)
        if row is None or row.state != "waiting":
            return None
        state = AgentState.ALERTING if agent.mode is Mode.RING else AgentState.RESERVED
        reserved = await self._store.reserve_agent(agent_id, call.call_id, state)
        if reserved is not None:
            self.waiting[call.call_id] = row._replace(state="offered", offers=row.offers + 1)
            self.offers.append(Offer(call.call_id, agent_id))
        return reserved

    async def offer_all(self, call: InboundCall, agent_ids: Sequence[AgentId], at: datetime) -> list[Agent]:
        del at
        if call.call_id not in self.live:
            return []
        taken = self._agents_of(call.call_id)
        if taken:
            return taken
        self._lapse(call.call_id)
        row = self.waiting.get(call.call_id)
        if row is None or row.state != "waiting":
            return []
        reserved: list[Agent] = []
        for agent_id in sorted(agent_ids):
            agent = await self._store.reserve_agent(agent_id, call.call_id, AgentState.ALERTING)
            if agent is not None:
                reserved.append(agent)
                self.offers.append(Offer(call.call_id, agent_id))
        if reserved:
            self.waiting[call.call_id] = row._replace(state="offered", offers=row.offers + len(reserved))
        return reserved

    def _lapse(self, call_id: UUID) -> None:
        """End offers whose agents have gone; the caller waits then."""
        if self._agent_of(call_id) is None and self._end_offers(call_id, OfferOutcome.UNREACHABLE):
            self.waiting[call_id] = self.waiting[call_id]._replace(state="waiting")

    async def offer_failed(
        self, call: InboundCall, agent_id: AgentId | None, outcome: OfferOutcome, at: datetime
    ) -> bool:
        del at
        ended = self._end_offers(call.call_id, outcome, agent_id)
        row = self.waiting.get(call.call_id)
        offered = any(offer.call_id == call.call_id and offer.outcome is None for offer in self.offers)
        if ended and row is not None and not offered:
            self.waiting[call.call_id] = row._replace(state="waiting")
        rules = self.queues.get(call.queue_id)
        after = () if rules is None else (rules.auto_pause_after,)
        for one in ended:
            await self._store.released(one, call.call_id, outcome, *after)
        return bool(ended)

    async def connect(self, call: InboundCall, at: datetime) -> bool:
        agent, found, number = self._agent_of(call.call_id), self.live.get(call.call_id), self.called.get(call.call_id)
        if found is None or (agent is None and number is None):
            return False
        agent_id = found.agent_id if agent is None else agent.agent_id
        self.live[call.call_id] = replace(found, connected_at=found.connected_at or at, agent_id=agent_id)
        if number is not None:
            self.called[call.call_id] = number._replace(talks=True)
        if call.call_id not in self.talking:
            self._store.segments.connected(call.call_id, None if agent is None else agent.agent_id, at)
        self.talking.add(call.call_id)
        self._leave(call.call_id, OfferOutcome.ANSWERED)
        await self._store.caller_connected(call.call_id)
        self.try_connected(call.call_id)
        return True

    async def end(self, call: InboundCall, ending: InboundEnding) -> bool:
        gone = self.live.pop(call.call_id, None)
        if gone is None:
            return False
        if ending.outcome is InboundOutcome.LOST and gone.connected_at is None:
            self.lost.append((gone, self._clock.now()))
        if gone.connected_at is not None:
            self.talks.append(gone)
        if not gone.to_contact:
            self.over[call.call_id] = ending
            self.try_ended(call.call_id, ending.outcome)
            self._store.segments.ended(call.call_id, self._clock.now())
        self.called.pop(call.call_id, None)
        self.talking.discard(call.call_id)
        self._leave(call.call_id, OfferOutcome.CALLER_GONE)
        if gone.to_contact:
            return await self._store.end(
                self._store.active[call.call_id], Ending(Outcome.ANSWERED, ending.hangup_cause)
            )
        await self._store.caller_left(call.call_id)
        return True

    async def extend(self, present: Sequence[InboundCall]) -> None:
        for call in present:
            if call.call_id in self.live:
                self.live[call.call_id] = replace(self.live[call.call_id], lease_until=self._clock.now() + LEASE)
            if call.call_id in self._store.transferred & self._store.active.keys():
                await self._store.extend([self._store.active[call.call_id]], LEASE)

    async def idle_agents(self) -> list[IdleAgent]:
        return await self._store.idle()

    async def agents_of_calls(self, calls: Sequence[InboundCall]) -> set[tuple[UUID, AgentId]]:
        return {(call.call_id, agent.agent_id) for call in calls for agent in self._agents_of(call.call_id)}

    async def try_phones_again(self) -> int:
        return self._store.try_phones_again()

    async def active(self) -> list[ActiveCall]:
        found = (one for one in self.live.values() if not one.called_back or one.state is CallState.ANSWERED)
        in_order = sorted(found, key=lambda call: (call.opened_at, call.call_id))
        asked = {one.from_call for one in self.callbacks.values() if one.source is Source.CALLER}
        return [
            active_call(
                *(call, self.waiting.get(call.call_id), self._agents_of(call.call_id), self._number_of(call.call_id)),
                has_callback=call.call_id in asked,
            )
            for call in in_order
        ]

    def _agents_of(self, call_id: UUID) -> list[Agent]:
        found = [agent for agent in self._store.agents.values() if agent.call_id == call_id]
        return sorted(found, key=lambda agent: agent.agent_id)

    def _talks_with_agent(self, call_id: UUID) -> bool:
        agent = self._agent_of(call_id)
        return agent is not None and agent.state is AgentState.TALKING

    def _agent_of(self, call_id: UUID) -> Agent | None:
        return next(iter(self._agents_of(call_id)), None)

    def _leave(self, call_id: UUID, outcome: OfferOutcome) -> None:
        self._end_offers(call_id, outcome)
        self.waiting.pop(call_id, None)

    def _end_offers(self, call_id: UUID, outcome: OfferOutcome, agent_id: AgentId | None = None) -> list[AgentId]:
        ended: list[AgentId] = []
        for place, offer in enumerate(self.offers):
            if offer.call_id == call_id and offer.outcome is None and agent_id in {None, offer.agent_id}:
                self.offers[place] = offer._replace(outcome=outcome)
                ended.append(offer.agent_id)
        return sorted(ended)
