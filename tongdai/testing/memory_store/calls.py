"""Calls from their claim to their end."""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tongdai.agents.model import AgentState, is_available
from tongdai.call_outcome import NOT_PLACED, Outcome
from tongdai.calls.model import (
    TRANSITIONS,
    Call,
    CallState,
    ClaimConditions,
    Claims,
    EarlierCalls,
    Ending,
    RetryContext,
)
from tongdai.campaigns.model import Status
from tongdai.ids import AgentId, CampaignId, ContactId
from tongdai.states import moved
from tongdai.testing.memory_store.model import (
    BUSY_FOR,
    IN_CALL,
    PENDING,
    PROCESSED,
    Ended,
    Listed,
    MemoryContact,
    rang_s,
)
from tongdai.testing.memory_store.state import MemoryState


class MemoryCalls(MemoryState):
    async def claim(self, conditions: ClaimConditions, limit: int) -> Claims:
        campaign, now = self.campaigns[conditions.campaign_id], self._clock.now()
        if self.held or campaign.status is not Status.RUNNING:
            return Claims([])
        due = sorted(
            entry
            for zone, until in conditions.open_until.items()
            if until > now
            for entry in campaign.due.get(zone, [])[:limit]
            if entry[0] <= now
        )
        return self._take(conditions, [self.contacts[contact_id] for _, contact_id in due[:limit]], None)

    async def claim_accepted(self, conditions: ClaimConditions, limit: int) -> list[Call]:
        campaign, now = self.campaigns[conditions.campaign_id], self._clock.now()
        calls: list[Call] = []
        for agent_id, contact_id in list(self.accepted.items()):
            agent, contact = self.agents[agent_id], self.contacts[contact_id]
            if contact.campaign_id != conditions.campaign_id or not is_available(agent) or len(calls) == limit:
                continue
            if self.held or campaign.status is not Status.RUNNING:
                continue
            del self.accepted[agent_id]
            until = conditions.open_until.get(contact.zone)
            if until is None or until <= now or contact.process_status != PENDING or contact.due_at > now:
                continue
            for call in self._take(conditions, [contact], agent_id).calls:
                calls.append(call)
                self._set_agent(agent, AgentState.RESERVED, call_id=call.call_id)
        return calls

    def _take(self, conditions: ClaimConditions, due: list[MemoryContact], agent_id: AgentId | None) -> Claims:
        calls: list[Call] = []
        closed = rescheduled = 0
        for contact in due:
            permanently, next_attempt_at = self._blocked(conditions, contact)
            self._dequeue(contact)
            if permanently:
                contact.process_status, contact.call_status = PROCESSED, Outcome.DNC.value
                closed += 1
            elif next_attempt_at is not None:
                contact.due_at = next_attempt_at
                self._enqueue(contact)
                rescheduled += 1
            else:
                calls.append(self._open(conditions, contact, agent_id))
        return Claims(calls, rescheduled, closed)

    def _blocked(self, conditions: ClaimConditions, contact: MemoryContact) -> tuple[bool, datetime | None]:
        """Whether the contact may never be called, and when it may be called next; None: now."""
        now, phone = self._clock.now(), contact.phone
        listed = self._listings(phone, conditions.campaign_id)
        until = [listing.until for listing in listed if listing.until is not None]
        if phone in self._busy:
            until.append(now + BUSY_FOR)
        dialled = self._by_number.get(phone, [])
        until += [
            dialled[-cap.calls] + cap.period
            for cap in conditions.number_caps
            if len(dialled) >= cap.calls and dialled[-cap.calls] + cap.period > now
        ]
        return any(listing.until is None for listing in listed), max(until, default=None)

    def _listings(self, phone: str, campaign_id: CampaignId) -> list[Listed]:
        now = self._clock.now()
        return [
            listing
            for listing in self.listed.get(phone, ())
            if listing.campaign_id in {None, campaign_id} and (listing.until is None or listing.until > now)
        ]

    def _open(self, conditions: ClaimConditions, contact: MemoryContact, agent_id: AgentId | None) -> Call:
        now = self._clock.now()
        contact.process_status = IN_CALL
        call = Call(
            tenant_id=self.tenant_id,
            call_id=UUID(int=self._rng.getrandbits(128), version=4),
            campaign_id=conditions.campaign_id,
            contact_id=contact.contact_id,
            phone=contact.phone,
            state=CallState.CLAIMED,
            opened_at=now,
            dial_until=conditions.open_until[contact.zone],
            lease_until=now + conditions.lease,
            agent_id=agent_id,
        )
        self._busy.add(contact.phone)
        self._keep(call)
        return call

    def _keep(self, call: Call) -> bool:
        self.active[call.call_id] = call
        self.campaigns[call.campaign_id].active[call.call_id] = call
        return True

    async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
        now = self._clock.now()
        verdicts: dict[UUID, Outcome | None] = {}
        for asked in calls:
            call = self.active.get(asked.call_id)
            if call is None or call.state is not CallState.CLAIMED or call.lease_until <= now:
                continue
            verdicts[call.call_id] = why_not = self._refusal(call)
            if why_not is None:
                self._keep(replace(call, state=CallState.DIALING, dialled_at=now, lease_until=now + lease))
                insort(self._by_number.setdefault(call.phone, []), now)
        return verdicts

    def _refusal(self, call: Call) -> Outcome | None:
        listings = self._listings(call.phone, call.campaign_id)
        if listings:
            return Outcome.DNC if any(listing.until is None for listing in listings) else Outcome.CANCELLED
        if self.held or self.campaigns[call.campaign_id].status is not Status.RUNNING:
            return Outcome.CANCELLED
        return Outcome.OUT_OF_WINDOW if call.dial_until <= self._clock.now() else None

    async def rang(self, call: Call, at: datetime) -> bool:
        return self._advance(call, CallState.RINGING, lambda a: replace(a, ringing_at=at))

    async def answered(self, call: Call, at: datetime, lease: timedelta) -> bool:
        until = self._clock.now() + lease
        return self._advance(call, CallState.ANSWERED, lambda a: replace(a, answered_at=at, lease_until=until))

    def _advance(self, asked: Call, target: CallState, change: Callable[[Call], Call]) -> bool:
        call = self.active.get(asked.call_id)
        if call is None or target not in TRANSITIONS[call.state]:
            return False
        return self._keep(replace(change(call), state=moved(TRANSITIONS, call.state, target)))

    async def connected(self, call: Call, at: datetime, agent_id: AgentId | None) -> bool:
        found = self.active.get(call.call_id)
        if found is None or found.state is not CallState.ANSWERED or found.connected_at is not None:
            return False
        agent = self._agent_of(call.call_id)
        if agent is not None and agent.state in {AgentState.RESERVED, AgentState.ALERTING}:
            self._set_agent(agent, AgentState.TALKING, missed=0)
        self.segments.connected(call.call_id, agent_id, at)
        return self._keep(replace(found, connected_at=at, agent_id=agent_id or found.agent_id))

    async def end(self, call: Call, ending: Ending) -> bool:
        found = self.active.get(call.call_id)
        if found is None:
            return False
        if ending.outcome in NOT_PLACED and found.dialled_at is not None:
            self._by_number[found.phone].remove(found.dialled_at)
            found = replace(found, dialled_at=None)
        if ending.failure is not None:
            found = replace(found, connected_at=None)
        now, contact = self._clock.now(), self.contacts[found.contact_id]
        next_attempt_at = self._next_attempt_at(found, contact, ending)
        contact.process_status = PROCESSED if next_attempt_at is None else PENDING
        if next_attempt_at is None or ending.outcome not in NOT_PLACED:
            contact.call_status = ending.outcome.value
        if next_attempt_at is not None:
            contact.due_at = next_attempt_at
            self._enqueue(contact)
        self._close(found, Ended(found, ending, now, next_attempt_at))
        self._free(found.call_id)
        return True

    def _next_attempt_at(self, call: Call, contact: MemoryContact, ending: Ending) -> datetime | None:
        context = RetryContext(self.history(contact.contact_id), contact.zone, self.tenant_zone, self._clock.now())
        return context.next_attempt_at(self.campaigns[call.campaign_id].settings, ending)

    def history(self, contact_id: ContactId) -> EarlierCalls:
        ended = [e for e in self._histories.get(contact_id, ()) if e.call.dialled_at is not None]
        dialled_at = [e.call.dialled_at for e in ended if e.call.dialled_at is not None]
        return EarlierCalls(Counter(e.ending.outcome for e in ended), dialled_at[-1000:])

    def _close(self, call: Call, ended: Ended) -> None:
        del self.active[call.call_id]
        self.segments.ended(call.call_id, ended.at)
        self._busy.discard(call.phone)
        campaign = self.campaigns[call.campaign_id]
        del campaign.active[call.call_id]
        if call.dialled_at is not None and ended.ending.outcome not in {Outcome.LOST, Outcome.FAILED}:
            live = call.answered_at is not None and ended.ending.outcome is not Outcome.MACHINE
            seconds = rang_s(call.dialled_at, call.answered_at or ended.at)
            campaign.rings.append((call.dialled_at, live, seconds))
        campaign.outcomes[ended.ending.outcome] += 1
        campaign.placed += call.dialled_at is not None
        if call.connected_at is not None:
            campaign.talk_s += (ended.at - call.connected_at).total_seconds()
        self.over[call.call_id] = ended
        self._histories.setdefault(call.contact_id, []).append(ended)

    def _free(self, call_id: UUID) -> None:
        for agent in [agent for agent in self.agents.values() if agent.call_id == call_id]:
            self._freed(agent)

    async def extend(self, calls: Sequence[Call], lease: timedelta) -> None:
        until = self._clock.now() + lease
        for asked in calls:
            call = self.active.get(asked.call_id)
            if call is not None:
                self._keep(replace(call, lease_until=until))

    async def active_calls(self) -> list[Call]:
        found = [call for call in self.active.values() if call.call_id not in self.transferred]
        return sorted(found, key=lambda call: (call.opened_at, call.call_id))

    async def overdue(self) -> list[Call]:
        now = self._clock.now()
        found = [call for call in await self.active_calls() if call.lease_until < now]
        return sorted(found, key=lambda call: (call.opened_at, call.call_id))

    async def ended(self, call_ids: Sequence[UUID]) -> list[UUID]:
        return [call_id for call_id in call_ids if call_id in self.over]
