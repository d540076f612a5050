"""The dialer's store in memory, by a given clock: what `PostgresStore` does, without a database.

Contacts, lists, campaigns and agents are changed by the methods that do what a request does. Each method of
`DialerStore` is one step that nothing comes between.
"""

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from tongdai.agents.model import TRANSITIONS as AGENT_TRANSITIONS
from tongdai.agents.model import Agent, AgentState, OfflineReason
from tongdai.call_outcome import NOT_PLACED, Outcome
from tongdai.calls.live.pacing_inputs import LiveAnswers, Load, Recent
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
from tongdai.campaigns.model import PauseReason, RunningCampaign, Status
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.rules import in_force
from tongdai.campaigns.settings.values import Mode
from tongdai.campaigns.settings.windows import ALWAYS
from tongdai.clock import Clock
from tongdai.ids import AgentId, CampaignId, ContactId, QueueId, TenantId
from tongdai.states import moved

Due = tuple[datetime, ContactId]
PENDING, IN_CALL, PROCESSED = 0, 1, 2
BUSY_FOR = timedelta(minutes=1)
"""A contact whose number is in a call is due again after that."""
RECENT = timedelta(hours=1)
LONGEST_RING_S = 90


@dataclass(slots=True)
class MemoryContact:
    contact_id: ContactId
    campaign_id: CampaignId
    phone: str
    zone: str
    due_at: datetime
    process_status: int = PENDING
    call_status: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class MemoryCampaign:
    campaign_id: CampaignId
    settings: CallSettings
    status: Status
    pause_reason: PauseReason | None = None
    due: dict[str, list[tuple[datetime, ContactId]]] = field(
        default_factory=dict[str, list[tuple[datetime, ContactId]]]
    )
    """The pending contacts by zone, oldest due first."""
    live: dict[UUID, Call] = field(default_factory=dict[UUID, Call])
    rings: deque[tuple[datetime, bool, int]] = field(
        default_factory=lambda: deque[tuple[datetime, bool, int]](maxlen=2000)
    )
    """Ended calls: when each was dialled, whether it was answered live, after how many seconds."""
    outcomes: Counter[Outcome] = field(default_factory=Counter[Outcome])
    placed: int = 0
    talk_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """a call that is over."""

    call: Call
    """The call right before its end."""
    ending: Ending
    at: datetime
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A number on a do-not-call list."""

    campaign_id: CampaignId | None
    until: datetime | None


class MemoryStore:
    """Implements `DialerStore` for one tenant."""

    def __init__(self, clock: Clock, rng: Random, tenant_id: int = 1, tenant_zone: str = "UTC") -> None:
        self.tenant_id, self.tenant_zone = TenantId(tenant_id), tenant_zone
        self.campaigns: dict[CampaignId, MemoryCampaign] = {}
        self.contacts: dict[ContactId, MemoryContact] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.listed: dict[str, list[Listed]] = {}
        self.accepted: dict[AgentId, ContactId] = {}
        self.over: dict[UUID, Ended] = {}
        self.asked_sounds: list[str] = []
        self.sounds: dict[str, bool | None] = {}
        """Whether the switch has the sounds that were checked; None: it could not tell."""
        self.held = False
        """Whether dialing is held."""
        self._clock, self._rng = clock, rng
        self._live: dict[UUID, Call] = {}
        self._by_number: dict[str, list[datetime]] = {}
        """When each number was dialled."""
        self._histories: dict[ContactId, list[Ended]] = {}
        self._busy: set[str] = set()

    # What requests do

    def add_campaign(self, campaign_id: int, settings: CallSettings, status: Status = Status.RUNNING) -> CampaignId:
        made = CampaignId(campaign_id)
        # The tenant calls at any hour, as those of `factories` do.
        self.campaigns[made] = MemoryCampaign(made, in_force(settings, ALWAYS), status)
        return made

    def add_contact(self, contact_id: int, campaign_id: int, phone: str, zone: str = "") -> ContactId:
        made = MemoryContact(ContactId(contact_id), CampaignId(campaign_id), phone, zone, self._clock.now())
        self.contacts[made.contact_id] = made
        self._wait(made)
        return made.contact_id

    def delete_contact(self, contact_id: ContactId) -> bool:
        """False when it is not pending (any more)."""
        contact = self.contacts[contact_id]
        if contact.deleted or contact.process_status != PENDING:
            return False
        self._no_longer_waits(contact)
        contact.deleted = True
        self.accepted = {agent: shown for agent, shown in self.accepted.items() if shown != contact_id}
        return True

    def move(self, campaign_id: CampaignId, status: Status) -> None:
        self.campaigns[campaign_id].status, self.campaigns[campaign_id].pause_reason = status, None

    def do_not_call(self, phone: str, campaign_id: CampaignId | None = None, until: datetime | None = None) -> None:
        self.listed.setdefault(phone, []).append(Listed(campaign_id, until))

    def add_agent(self, agent_id: int, endpoint: str, queue_id: int, wrap_up_s: int = 10) -> AgentId:
        made = AgentId(agent_id)
        self.agents[made] = Agent(
            tenant_id=self.tenant_id,
            agent_id=made,
            name=endpoint,
            endpoint=endpoint,
            queue_id=QueueId(queue_id),
            wrap_up_s=wrap_up_s,
            state=AgentState.OFFLINE,
            state_since=self._clock.now(),
            channel_id=None,
            call_id=None,
            sign_out_pending=False,
            offline_reason=None,
            created_at=self._clock.now(),
        )
        return made

    def sign_in(self, agent_id: AgentId) -> bool:
        return self._move_agent(agent_id, {AgentState.OFFLINE}, AgentState.CALLING)

    def ready(self, agent_id: AgentId) -> bool:
        return self._move_agent(agent_id, {AgentState.WRAP_UP}, AgentState.IDLE)

    def sign_out(self, agent_id: AgentId) -> bool:
        agent = self.agents[agent_id]
        if agent.state in {AgentState.OFFLINE, AgentState.HANGING_UP}:
            return False
        self.accepted.pop(agent_id, None)
        if agent.state in {AgentState.RESERVED, AgentState.TALKING}:
            self.agents[agent_id] = replace(agent, sign_out_pending=True)
        elif agent.channel_id is None:
            self._set_agent(agent, AgentState.OFFLINE, offline_reason=OfflineReason.SIGNED_OUT)
        else:
            self._set_agent(agent, AgentState.HANGING_UP)
        return True

    def accept(self, agent_id: AgentId, contact_id: ContactId) -> bool:
        """Have a contact called for an agent who has looked at it."""
        contact = self.contacts[contact_id]
        free = self.agents[agent_id].state is AgentState.IDLE and agent_id not in self.accepted
        if not free or contact.deleted or contact.process_status != PENDING or contact_id in self.accepted.values():
            return False
        self.accepted[agent_id] = contact_id
        return True

    def _move_agent(self, agent_id: AgentId, source: set[AgentState], target: AgentState) -> bool:
        if self.agents[agent_id].state not in source:
            return False
        self._set_agent(self.agents[agent_id], target)
        return True

    def _set_agent(self, agent: Agent, state: AgentState, **changes: object) -> Agent:
        moved(AGENT_TRANSITIONS, agent.state, state)
        changes = {"offline_reason": None} | changes
        changed = replace(agent, state=state, state_since=self._clock.now(), **changes)  # type: ignore[arg-type]
        self.agents[agent.agent_id] = changed
        return changed

    # What the dialer asks of campaigns

    async def now(self) -> datetime:
        return self._clock.now()

    async def running(self) -> list[RunningCampaign]:
        return [
            RunningCampaign(self.tenant_id, campaign.campaign_id, "", self.tenant_zone, campaign.settings)
            for campaign in sorted(self.campaigns.values(), key=lambda one: (-one.settings.priority, one.campaign_id))
            if campaign.status is Status.RUNNING
        ]

    async def settings(self, tenant_id: TenantId, campaign_id: CampaignId) -> CallSettings | None:
        campaign = self.campaigns.get(campaign_id)
        return None if campaign is None or tenant_id != self.tenant_id else campaign.settings

    async def waiting_zones(self, tenant_id: TenantId, campaign_id: CampaignId) -> list[str]:
        due, now = self.campaigns[campaign_id].due, self._clock.now()
        return sorted(zone for zone, waiting in due.items() if waiting and waiting[0][0] <= now)

    async def sounds_asked(self) -> list[str]:
        asked, self.asked_sounds = self.asked_sounds, []
        return asked

    async def record_sounds(self, found: Mapping[str, bool | None], at: datetime) -> None:
        self.sounds |= found

    async def load(self, campaign: RunningCampaign) -> Load:
        queue_id = campaign.settings.queue_id
        agents = [agent for agent in self.agents.values() if agent.queue_id == queue_id]
        here = [agent.wrap_up_s for agent in agents if agent.state is not AgentState.OFFLINE]
        taken = {agent.call_id for agent in agents if agent.state is AgentState.RESERVED}
        wanting = [call for call in self._wanting(queue_id) if call.agent_id is None]
        answered = [call for call in wanting if call.state is CallState.ANSWERED]
        return Load(
            now=self._clock.now(),
            active_calls=len(self.campaigns[campaign.campaign_id].live),
            ringing_since=tuple(a.dialled_at or a.opened_at for a in wanting if a.state is not CallState.ANSWERED),
            waiting=sum(a.connected_at is None and a.call_id not in taken for a in answered),
            agents_free=sum(agent.state is AgentState.IDLE for agent in agents),
            talking_since=_since(agents, AgentState.TALKING),
            wrap_up_since=_since(agents, AgentState.WRAP_UP),
            wrap_up_s=sum(here) / len(here) if here else 0.0,
        )

    def _wanting(self, queue_id: QueueId | None) -> list[Call]:
        """Live calls that want an agent of that queue, or have one."""
        return [
            call
            for campaign in self.campaigns.values()
            if queue_id is not None and campaign.settings.queue_id == queue_id
            if campaign.settings.mode is not Mode.AGENTLESS
            for call in campaign.live.values()
        ]

    async def recent(self, campaign: RunningCampaign) -> Recent:
        found = self.campaigns[campaign.campaign_id]
        known = self._clock.now() - timedelta(seconds=campaign.settings.ring_timeout_s)
        answered, unanswered = Counter[int](), Counter[int]()
        for dialled_at, live, after_s in found.rings:
            if known - RECENT < dialled_at <= known:
                (answered if live else unanswered)[after_s] += 1
        for call in found.live.values():
            if call.answered_at and call.dialled_at and call.dialled_at <= known:
                answered[_rang_s(call.dialled_at, call.answered_at)] += 1
        abandoned, talks = found.outcomes[Outcome.ABANDONED], found.outcomes[Outcome.ANSWERED]
        shares = LiveAnswers(talks + abandoned, abandoned)
        mean_s = found.talk_s / talks if talks else 0.0
        return Recent(_histogram(answered), _histogram(unanswered), shares, shares, mean_s)

    # Of calls

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
            if (
                contact.campaign_id != conditions.campaign_id
                or agent.state is not AgentState.IDLE
                or len(calls) == limit
            ):
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
            forever, next_attempt_at = self._hindrance(conditions, contact)
            self._no_longer_waits(contact)
            if forever:
                contact.process_status, contact.call_status = PROCESSED, Outcome.DNC.value
                closed += 1
            elif next_attempt_at is not None:
                contact.due_at = next_attempt_at
                self._wait(contact)
                rescheduled += 1
            else:
                calls.append(self._open(conditions, contact, agent_id))
        return Claims(calls, rescheduled, closed)

    def _hindrance(self, conditions: ClaimConditions, contact: MemoryContact) -> tuple[bool, datetime | None]:
        """Whether it is never to be called, and until when it is not."""
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
        self._live[call.call_id] = call
        self.campaigns[call.campaign_id].live[call.call_id] = call
        return True

    async def dial(self, calls: Sequence[Call], lease: timedelta) -> dict[UUID, Outcome | None]:
        now = self._clock.now()
        verdicts: dict[UUID, Outcome | None] = {}
        for asked in calls:
            call = self._live.get(asked.call_id)
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
        call = self._live.get(asked.call_id)
        if call is None or target not in TRANSITIONS[call.state]:
            return False
        return self._keep(replace(change(call), state=moved(TRANSITIONS, call.state, target)))

    async def connected(self, call: Call, at: datetime, agent_id: AgentId | None) -> bool:
        found = self._live.get(call.call_id)
        if found is None or found.state is not CallState.ANSWERED or found.connected_at is not None:
            return False
        agent = self._agent_of(call.call_id)
        if agent is not None and agent.state is AgentState.RESERVED:
            self._set_agent(agent, AgentState.TALKING)
        return self._keep(replace(found, connected_at=at, agent_id=agent_id or found.agent_id))

    async def end(self, call: Call, ending: Ending) -> bool:
        found = self._live.get(call.call_id)
        if found is None:
            return False
        if ending.outcome in NOT_PLACED and found.dialled_at is not None:
            self._by_number[found.phone].remove(found.dialled_at)
            found = replace(found, dialled_at=None)
        if ending.failure is not None:
            found = replace(found, connected_at=None)
        now, contact = self._clock.now(), self.contacts[found.contact_id]
        next_attempt_at = self._next_attempt_at(found, contact, ending.outcome)
        contact.process_status = PROCESSED if next_attempt_at is None else PENDING
        if next_attempt_at is None or ending.outcome not in NOT_PLACED:
            contact.call_status = ending.outcome.value
        if next_attempt_at is not None:
            contact.due_at = next_attempt_at
            self._wait(contact)
        self._close(found, Ended(found, ending, now, next_attempt_at))
        self._free(found.call_id)
        return True

    def _next_attempt_at(self, call: Call, contact: MemoryContact, outcome: Outcome) -> datetime | None:
        context = RetryContext(self.history(contact.contact_id), contact.zone, self.tenant_zone, self._clock.now())
        return context.next_attempt_at(self.campaigns[call.campaign_id].settings, outcome)

    def history(self, contact_id: ContactId) -> EarlierCalls:
        ended = [e for e in self._histories.get(contact_id, ()) if e.call.dialled_at is not None]
        dialled_at = [e.call.dialled_at for e in ended if e.call.dialled_at is not None]
        return EarlierCalls(Counter(e.ending.outcome for e in ended), dialled_at[-1000:])

    def _close(self, call: Call, ended: Ended) -> None:
        del self._live[call.call_id]
        self._busy.discard(call.phone)
        campaign = self.campaigns[call.campaign_id]
        del campaign.live[call.call_id]
        if call.dialled_at is not None and ended.ending.outcome not in {Outcome.LOST, Outcome.FAILED}:
            live = call.answered_at is not None and ended.ending.outcome is not Outcome.MACHINE
            rang_s = _rang_s(call.dialled_at, call.answered_at or ended.at)
            campaign.rings.append((call.dialled_at, live, rang_s))
        campaign.outcomes[ended.ending.outcome] += 1
        campaign.placed += call.dialled_at is not None
        if call.connected_at is not None:
            campaign.talk_s += (ended.at - call.connected_at).total_seconds()
        self.over[call.call_id] = ended
        self._histories.setdefault(call.contact_id, []).append(ended)

    def _free(self, call_id: UUID) -> None:
        agent = self._agent_of(call_id)
        if agent is not None:
            idle = AgentState.WRAP_UP if agent.state is AgentState.TALKING else AgentState.IDLE
            self._set_agent(
                agent, AgentState.HANGING_UP if agent.sign_out_pending else idle, call_id=None, sign_out_pending=False
            )

    async def pause(self, call: Call, reason: PauseReason, calls: int) -> bool:
        campaign = self.campaigns[call.campaign_id]
        if campaign.status is not Status.RUNNING:
            return False
        campaign.status, campaign.pause_reason = Status.PAUSED, reason
        return True

    async def extend(self, calls: Sequence[Call], lease: timedelta) -> None:
        until = self._clock.now() + lease
        for asked in calls:
            call = self._live.get(asked.call_id)
            if call is not None:
                self._keep(replace(call, lease_until=until))

    async def live(self) -> list[Call]:
        return sorted(self._live.values(), key=lambda call: (call.opened_at, call.call_id))

    async def overdue(self) -> list[Call]:
        now = self._clock.now()
        found = [call for call in self._live.values() if call.lease_until < now]
        return sorted(found, key=lambda call: (call.opened_at, call.call_id))

    async def ended(self, call_ids: Sequence[UUID]) -> list[UUID]:
        return [call_id for call_id in call_ids if call_id in self.over]

    # Of agents

    async def agents_to_call(self) -> list[Agent]:
        called = [
            replace(agent, channel_id=UUID(int=self._rng.getrandbits(128), version=4))
            for agent in self.agents.values()
            if agent.state is AgentState.CALLING and agent.channel_id is None
        ]
        self.agents |= {agent.agent_id: agent for agent in called}
        return called

    async def agents_to_hang_up(self) -> list[Agent]:
        return [agent for agent in self.agents.values() if agent.state is AgentState.HANGING_UP]

    async def agents_present(self) -> list[Agent]:
        return [agent for agent in self.agents.values() if agent.channel_id is not None]

    async def agent_answered(self, agent: Agent) -> bool:
        found = self.agents[agent.agent_id]
        if found.state is not AgentState.CALLING or found.channel_id != agent.channel_id:
            return False
        self._set_agent(found, AgentState.IDLE)
        return True

    async def agent_gone(self, channel_id: UUID, why: OfflineReason) -> UUID | None:
        for agent in self.agents.values():
            if agent.channel_id == channel_id:
                signed_out = agent.sign_out_pending or agent.state is AgentState.HANGING_UP
                self._set_agent(
                    agent,
                    AgentState.OFFLINE,
                    channel_id=None,
                    call_id=None,
                    sign_out_pending=False,
                    offline_reason=OfflineReason.SIGNED_OUT if signed_out else why,
                )
                self.accepted.pop(agent.agent_id, None)
                return agent.call_id
        return None

    async def reserve(self, call: Call, queue_id: QueueId) -> Agent | None:
        if call.call_id not in self._live:
            return None
        taken = self._agent_of(call.call_id)
        if taken is not None:
            return taken
        idle = [a for a in self.agents.values() if a.state is AgentState.IDLE and a.queue_id == queue_id]
        if not idle:
            return None
        longest = min(idle, key=lambda agent: (agent.state_since, agent.agent_id))
        return self._set_agent(longest, AgentState.RESERVED, call_id=call.call_id)

    def _agent_of(self, call_id: UUID) -> Agent | None:
        return next((agent for agent in self.agents.values() if agent.call_id == call_id), None)

    async def wrap_ups_over(self) -> int:
        now = self._clock.now()
        over = [
            agent
            for agent in self.agents.values()
            if agent.state is AgentState.WRAP_UP and agent.state_since + timedelta(seconds=agent.wrap_up_s) <= now
        ]
        for agent in over:
            self._set_agent(agent, AgentState.IDLE)
        return len(over)

    # Contacts that wait

    def _wait(self, contact: MemoryContact) -> None:
        due = self.campaigns[contact.campaign_id].due.setdefault(contact.zone, [])
        insort(due, (contact.due_at, contact.contact_id))

    def _no_longer_waits(self, contact: MemoryContact) -> None:
        due = self.campaigns[contact.campaign_id].due[contact.zone]
        del due[bisect_left(due, (contact.due_at, contact.contact_id))]


def _rang_s(dialled_at: datetime, until: datetime) -> int:
    return min(max(int((until - dialled_at).total_seconds()), 0), LONGEST_RING_S)


def _since(agents: list[Agent], state: AgentState) -> tuple[datetime, ...]:
    return tuple(agent.state_since for agent in agents if agent.state is state and not agent.sign_out_pending)


def _histogram(counts: Counter[int]) -> tuple[int, ...]:
    return tuple(counts[after_s] for after_s in range(max(counts, default=-1) + 1))
