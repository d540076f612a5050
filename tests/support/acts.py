"""Acts on the calls of a store in memory, with the segments that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from tongdai.agents.model import AgentState
from tongdai.calls.acts.model import LAPSES_AFTER, Act, Control, Ended, Kind, Talk
from tongdai.clock import Clock
from tongdai.ids import TenantId
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
    acts: dict[UUID, tuple[Act, datetime]] = field(default_factory=dict[UUID, tuple[Act, datetime]])
    begun: set[UUID] = field(default_factory=set[UUID])
    ended: dict[UUID, Ended] = field(default_factory=dict[UUID, Ended])
    changed: dict[UUID, Changed] = field(default_factory=dict[UUID, Changed])
    others_phones: set[str] = field(default_factory=set[str])
    segments: list[tuple[str, datetime]] = field(default_factory=list[tuple[str, datetime]])
    """Kinds and beginnings, after the talk that the connection began."""
    _numbers: Any = field(default_factory=lambda: count(1))

    def ask(self, call_id: UUID, kind: Kind, arguments: Mapping[str, Any] | None = None) -> UUID:
        act = Act(self.calls.tenant_id, UUID(int=next(self._numbers)), call_id, str(call_id), kind, arguments or {})
        self.acts[act.act_id] = (act, self.clock.now())
        return act.act_id

    async def asked(self) -> Sequence[Act]:
        return [
            act
            for act, at in self.acts.values()
            if act.act_id not in self.begun | self.ended.keys() and self.clock.now() - at < LAPSES_AFTER
        ]

    async def begin(self, act: Act) -> bool:
        _, at = self.acts[act.act_id]
        if act.act_id in self.begun or self.clock.now() - at >= LAPSES_AFTER:
            return False
        self.begun.add(act.act_id)
        return True

    async def finish(self, act: Act, how: Ended) -> None:
        self.ended.setdefault(act.act_id, how)

    async def talk(self, of: Act | Control) -> Talk | None:
        call = self.calls.active.get(of.call_id)
        if call is None:
            return None
        agents = [one for one in self.calls.agents.values() if one.call_id == of.call_id]
        agent = next((one for one in agents if one.state is AgentState.TALKING), None)
        changed = self.changed.get(of.call_id, Changed())
        return Talk(
            call.state,
            str(call.call_id),
            None if agent is None else agent.agent_id,
            None if agent is None else str(agent.channel_id),
            changed.held_until,
            changed.muted_channel,
        )

    async def talk_of(self, tenant_id: TenantId, call_id: UUID) -> Talk | None:
        return await self.talk(Control(tenant_id, call_id, str(call_id), over=False, overdue=False, muted_channel=None))

    async def may_call(self, tenant_id: TenantId, endpoint: str) -> bool:
        return endpoint not in self.others_phones

    async def controlled(self, now: datetime) -> Sequence[Control]:
        return [
            Control(
                self.calls.tenant_id,
                call_id,
                str(call_id),
                call_id not in self.calls.active,
                changed.held_until is not None and changed.held_until <= now,
                changed.muted_channel,
            )
            for call_id, changed in self.changed.items()
        ]

    async def hold(self, of: Act | Control, talk: Talk, at: datetime, until: datetime) -> bool:
        if of.call_id not in self.calls.active:
            return False
        self.changed.setdefault(of.call_id, Changed()).held_until = until
        self.segments.append(("hold", at))
        return True

    async def resume(self, of: Act | Control, talk: Talk, at: datetime) -> bool:
        if of.call_id not in self.calls.active:
            return False
        self.changed[of.call_id].held_until = None
        self.segments.append(("talk", at))
        self._tidy(of.call_id)
        return True

    async def mute(self, of: Act | Control, channel: str) -> bool:
        if of.call_id not in self.calls.active:
            return False
        self.changed.setdefault(of.call_id, Changed()).muted_channel = channel
        return True

    async def unmute(self, of: Act | Control) -> None:
        if of.call_id in self.changed:
            self.changed[of.call_id].muted_channel = None
            self._tidy(of.call_id)

    async def forget(self, control: Control) -> None:
        self.changed.pop(control.call_id, None)

    def _tidy(self, call_id: UUID) -> None:
        if self.changed[call_id].plain:
            del self.changed[call_id]
