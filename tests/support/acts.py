"""Acts on the calls of a store in memory, with the segments that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from tongdai.agents.model import AgentState
from tongdai.calls.acts.model import LAPSES_AFTER, REPEATABLE, Act, Control, Ended, Kind, Talk
from tongdai.calls.events.model import EventKind
from tongdai.calls.inbound.model import InboundCall
from tongdai.calls.model import Call, CallState
from tongdai.calls.parties.model import Party
from tongdai.calls.segments import Kind as Segment
from tongdai.clock import Clock
from tongdai.ids import AgentId, TenantId
from tongdai.testing.memory_store.acd import MemoryAcdStore
from tongdai.testing.memory_store.store import MemoryStore


@dataclass
class Changed:
    held_until: datetime | None = None
    muted_channel: str | None = None

    @property
    def plain(self) -> bool:
        return self.held_until is None and self.muted_channel is None


@dataclass
class MemoryActs:
    """Implements `ActStore`."""

    calls: MemoryStore
    clock: Clock
    acd: MemoryAcdStore | None = None
    """Has the calls of queues."""
    acts: dict[UUID, tuple[Act, datetime]] = field(default_factory=dict[UUID, tuple[Act, datetime]])
    begun: set[UUID] = field(default_factory=set[UUID])
    ended: dict[UUID, Ended] = field(default_factory=dict[UUID, Ended])
    changed: dict[UUID, Changed] = field(default_factory=dict[UUID, Changed])
    others_phones: set[str] = field(default_factory=set[str])
    segments: list[tuple[str, datetime]] = field(default_factory=list[tuple[str, datetime]])
    """Kinds and beginnings, after the talk that the connection began."""
    phone_events: list[tuple[UUID, EventKind, str]] = field(default_factory=list[tuple[UUID, EventKind, str]])
    parties: dict[str, Party] = field(default_factory=dict[str, Party])
    """The rows of MemoryParties, by channel."""
    _channels: dict[UUID, str] = field(default_factory=dict[UUID, str])
    """The customers' channels of inbound calls."""
    _numbers: Any = field(default_factory=lambda: count(1))

    def ask(self, call_id: UUID, kind: Kind, arguments: Mapping[str, Any] | None = None) -> UUID:
        channel = self.customer(call_id)
        act = Act(self.calls.tenant_id, UUID(int=next(self._numbers)), call_id, channel, kind, arguments or {})
        self.acts[act.act_id] = (act, self.clock.now())
        return act.act_id

    async def asked(self) -> Sequence[Act]:
        return [
            act
            for act, at in self.acts.values()
            if act.act_id not in self.begun and act.act_id not in self.ended and self.clock.now() - at < LAPSES_AFTER
        ]

    async def interrupted(self) -> Sequence[Act]:
        return [
            act
            for act, _ in self.acts.values()
            if act.act_id in self.begun and act.act_id not in self.ended and act.kind in REPEATABLE
        ]

    async def begin(self, act: Act) -> bool:
        _, at = self.acts[act.act_id]
        if act.act_id in self.begun or self.clock.now() - at >= LAPSES_AFTER:
            return False
        self.begun.add(act.act_id)
        return True

    async def phone_event(self, tenant_id: TenantId, call_id: UUID, kind: EventKind, endpoint: str) -> None:
        del tenant_id
        self.phone_events.append((call_id, kind, endpoint))

    async def finish(self, act: Act, how: Ended) -> None:
        self.ended.setdefault(act.act_id, how)

    async def talk(self, of: Act | Control) -> Talk | None:
        call = self._call(of.call_id)
        if call is None:
            return None
        agents = [one for one in self.calls.agents.values() if one.call_id == of.call_id]
        talking = [one for one in agents if one.state is AgentState.TALKING and call.agent_id in {None, one.agent_id}]
        agent = next(iter(talking), None)
        agent_channel = None if agent is None else str(agent.channel_id)
        changed = self.changed.get(of.call_id, Changed())
        others = [one for one in self.parties.values() if one.call_id == of.call_id and one.channel != agent_channel]
        return Talk(
            call.state,
            self.customer(of.call_id),
            None if agent is None else agent.agent_id,
            agent_channel,
            changed.held_until,
            changed.muted_channel,
            next(iter(others), None),
        )

    def _call(self, call_id: UUID) -> Call | InboundCall | None:
        found = self.calls.active.get(call_id)
        return self.acd.live.get(call_id) if found is None and self.acd is not None else found

    def state(self, call_id: UUID) -> CallState | None:
        """None: the call has ended."""
        call = self._call(call_id)
        return None if call is None else call.state

    def customer(self, call_id: UUID) -> str:
        """The channel of a call's customer."""
        inbound = None if self.acd is None else self.acd.live.get(call_id)
        if inbound is not None:
            self._channels[call_id] = inbound.channel
        return self._channels.get(call_id, str(call_id))

    def talks_with(self, call_id: UUID, agent_id: AgentId) -> None:
        """The talk of a call is another agent's."""
        if call_id in self.calls.active:
            self.calls._keep(replace(self.calls.active[call_id], agent_id=agent_id))
        elif self.acd is not None:
            self.acd.live[call_id] = replace(self.acd.live[call_id], agent_id=agent_id)

    def end_hold(self, call_id: UUID) -> None:
        if call_id in self.changed:
            self.changed[call_id].held_until = None
            self._tidy(call_id)

    async def unmute_call(self, call_id: UUID) -> None:
        if call_id in self.changed:
            self.changed[call_id].muted_channel = None
            self._tidy(call_id)

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        return await self.talk(Control(tenant_id, call_id, str(call_id), over=False, overdue=False, muted_channel=None))

    async def may_call(self, tenant_id: TenantId, endpoint: str) -> bool:
        return endpoint not in self.others_phones

    async def controlled(self, now: datetime) -> Sequence[Control]:
        return [
            Control(
                self.calls.tenant_id,
                call_id,
                self.customer(call_id),
                self._call(call_id) is None,
                changed.held_until is not None and changed.held_until <= now,
                changed.muted_channel,
            )
            for call_id, changed in self.changed.items()
        ]

    async def hold(self, of: Act | Control, talk: Talk, at: datetime, until: datetime) -> bool:
        if self._call(of.call_id) is None:
            return False
        self.changed.setdefault(of.call_id, Changed()).held_until = until
        self.segments.append(("hold", at))
        self.calls.segments.change(of.call_id, Segment.HOLD, talk.agent_id, at)
        return True

    async def resume(self, of: Act | Control, talk: Talk, at: datetime) -> bool:
        if self._call(of.call_id) is None:
            return False
        self.end_hold(of.call_id)
        self.segments.append(("talk", at))
        self.calls.segments.change(of.call_id, Segment.TALK, talk.agent_id, at)
        return True

    async def mute(self, of: Act | Control, channel: str) -> bool:
        if self._call(of.call_id) is None:
            return False
        self.changed.setdefault(of.call_id, Changed()).muted_channel = channel
        return True

    async def unmute(self, of: Act | Control) -> None:
        await self.unmute_call(of.call_id)

    async def forget(self, control: Control) -> None:
        self.changed.pop(control.call_id, None)

    def _tidy(self, call_id: UUID) -> None:
        if self.changed[call_id].plain:
            del self.changed[call_id]
