"""Agents' phones: each is called once when its agent signs in (a nailed-up connection), and hung up on sign-out.

    sign-in → CALLING: originate → answered → IDLE … sign-out → HANGING_UP: hang up → ChannelDestroyed → OFFLINE

Owns the channels of phones. The agent's row is the source of truth for the agent's state, and has the channel's id
before the phone is called; in memory there is only the mapping from channels to agents. The store guards each
transition, so a late event changes nothing.

Trusts ChannelDestroyed and the switch's list of channels to show that a phone is gone: the agent is offline then, and
the controller of the agent's call gets `AgentLeft`, so that the agent's call ends or gets another agent. Unless the
phone's page is waited for, which was loaded again (pages/controller.py): then it is called anew, and this says no more.

When an originate or hang-up request fails, reconciliation finds out its result: a phone that may still ring counts as
gone only when it has not been listed for the lease of a call; a hang-up is repeated every HANG_UP_AGAIN_S. When the
database fails, the round fails and is repeated.

Asserted: a channel belongs to one agent.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

import structlog

from tongdai.acd.controller import AcdController
from tongdai.agents.model import Agent, AgentState, OfflineReason
from tongdai.call_outcome import Outcome
from tongdai.calls.causes import outcome_of
from tongdai.clock import Clock
from tongdai.db.unavailable import UNAVAILABLE
from tongdai.dialer.call import model
from tongdai.dialer.call.controller import CallController
from tongdai.dialer.options import LEASE, Options
from tongdai.dialer.store import DialerStore
from tongdai.ids import TenantId
from tongdai.switch import commands
from tongdai.switch.commands import Channel, Refused
from tongdai.switch.events import AGENT, ChannelDestroyed, ChannelEvent, StasisStart
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue

log = structlog.get_logger()

RING_S = 30
HANG_UP_AGAIN_S = 5.0


class AgentPhones:
    """Implements `ChannelOwner`."""

    def __init__(
        self,
        store: DialerStore,
        ari: Ari,
        clock: Clock,
        options: Options,
        queue: PerChannelQueue,
        controller: CallController,
        acd: AcdController | None = None,
    ) -> None:
        self._store, self._ari, self._clock, self._options = store, ari, clock, options
        self._queue, self._controller, self._acd = queue, controller, acd
        self._agents: dict[str, Agent] = {}
        """The agents by channel id, until the channel is gone."""
        self.parted: Callable[[TenantId, UUID, str], bool] | None = None
        """Notified that a phone has left a talk; whether another part decides how the call continues."""
        self.awaited: Callable[[str], Awaitable[bool]] | None = None
        """Whether the page of a phone is waited for, whose channel is gone."""
        self._replaced: set[str] = set()
        """Channels of pages that are gone, in whose place others are called: their end is no agent's."""
        self._unlisted_since: dict[str, float] = {}
        """Requested channels that the switch does not list, and since when."""
        self._hung_up_at: dict[str, float] = {}

    def owns(self, channel_id: str) -> bool:
        return channel_id in self._agents

    async def round(self) -> None:
        """Once a second: call agents who signed in, hang up agents who signed out, end wrap-ups."""
        if await self._store.wrap_ups_over():
            self.agent_became_free()
        if not self._ari.up:
            return
        for agent in await self._store.agents_to_call():
            channel_id = self._take(agent)
            self._queue.post(channel_id, partial(self._call, agent, channel_id))
        now = self._clock.monotonic()
        for agent in await self._store.agents_to_hang_up():
            channel_id = self._take(agent)
            if now - self._hung_up_at.get(channel_id, -HANG_UP_AGAIN_S) >= HANG_UP_AGAIN_S:
                self._hung_up_at[channel_id] = now
                self._queue.post(channel_id, partial(self._hang_up, channel_id))

    def post(self, channel_id: str, event: ChannelEvent) -> None:
        if isinstance(event, StasisStart):
            self._queue.post(channel_id, partial(self._answered, channel_id))
        elif isinstance(event, ChannelDestroyed):
            self._queue.post(channel_id, partial(self._gone, channel_id, self._reason(channel_id, event)))

    def _reason(self, channel_id: str, event: ChannelDestroyed) -> OfflineReason:
        agent = self._agents.get(channel_id)
        return offline_reason(agent is not None and agent.state is AgentState.CALLING, event)

    def _take(self, agent: Agent) -> str:
        channel_id = str(agent.channel_id)
        before = self._agents.setdefault(channel_id, agent)
        assert before.agent_id == agent.agent_id, (
            f"channel {channel_id} is of agents {before.agent_id}, {agent.agent_id}"
        )
        self._agents[channel_id] = agent
        return channel_id

    async def _call(self, agent: Agent, channel_id: str) -> None:
        if not self._ari.up:
            await self._gone(channel_id, OfflineReason.UNREACHABLE)
            return
        try:
            endpoint = commands.agent_endpoint_of(agent.endpoint)
            result = await commands.originate(
                self._ari, channel_id, endpoint, self._options.app, [AGENT], self._options.caller_id, RING_S
            )
        except SwitchError:
            return  # it may ring: events or the list of channels will show
        log.info("agent called", tenant=agent.tenant_id, agent=agent.agent_id, result=type(result).__name__)
        if isinstance(result, Refused):
            await self._gone(channel_id, OfflineReason.UNREACHABLE)

    async def _answered(self, channel_id: str) -> None:
        agent = self._agents.get(channel_id)
        if agent is None:
            return
        if await self._store.agent_answered(agent):
            self._agents[channel_id] = replace(agent, state=AgentState.IDLE)
            log.info("agent signed in", tenant=agent.tenant_id, agent=agent.agent_id)
            self.agent_became_free()

    async def _hang_up(self, channel_id: str) -> None:
        try:
            listed = await commands.hang_up(self._ari, channel_id)
        except SwitchError:
            return
        if not listed:
            await self._gone(channel_id, OfflineReason.LOST)

    def call_anew(self, agent: Agent, former: str) -> None:
        """Call the phone at another page, by the agent's channel, and hang up the former one."""
        self._replaced.add(former)
        self._queue.post(former, partial(self._hang_up, former))
        channel_id = self._take(agent)
        self._queue.post(channel_id, partial(self._call, agent, channel_id))

    def is_back(self, agent: Agent) -> None:
        """The phone that was called anew is connected."""
        channel_id = str(agent.channel_id)
        if agent.state is AgentState.CALLING:
            self._queue.post(channel_id, partial(self._answered, channel_id))

    def end(self, agent: Agent) -> None:
        """Hang up a phone that is waited for no more."""
        channel_id = self._take(agent)
        self._queue.post(channel_id, partial(self._hang_up, channel_id))

    async def _gone(self, channel_id: str, why: OfflineReason) -> None:
        if channel_id in self._replaced or (self.awaited is not None and await self.awaited(channel_id)):
            self._forget(channel_id)
            return
        call_id = await self._store.agent_gone(UUID(channel_id), why)
        agent = self._forget(channel_id)
        if agent is not None:
            log.info("agent offline", tenant=agent.tenant_id, agent=agent.agent_id, reason=why.value)
        if call_id is not None and (agent is None or not self._decided(agent.tenant_id, call_id, channel_id)):
            self._controller.post(str(call_id), model.AgentLeft(channel_id))
            if self._acd is not None:
                self._acd.agent_left(call_id, channel_id)

    def _decided(self, tenant_id: TenantId, call_id: UUID, channel_id: str) -> bool:
        return self.parted is not None and self.parted(tenant_id, call_id, channel_id)

    def agent_became_free(self) -> None:
        """Have callers and callees who wait matched again."""
        self._controller.agent_became_free()
        if self._acd is not None:
            self._acd.agent_became_free()

    def _forget(self, channel_id: str) -> Agent | None:
        self._unlisted_since.pop(channel_id, None)
        self._hung_up_at.pop(channel_id, None)
        self._replaced.discard(channel_id)
        return self._agents.pop(channel_id, None)

    def reconcile(self, present: list[Agent], listed: dict[str, Channel]) -> None:
        """Compare the store's agents with channels to the switch's list, which was made after they were read."""
        for agent in present:
            channel_id = self._take(agent)
            channel = listed.get(channel_id)
            if channel is None:
                self._unlisted(agent, channel_id)
            else:
                self._unlisted_since.pop(channel_id, None)
                if channel.state == "Up" and agent.state is AgentState.CALLING:
                    self._queue.post(channel_id, partial(self._answered, channel_id))
        for channel_id in self._agents.keys() - {str(agent.channel_id) for agent in present}:
            self._queue.post(channel_id, partial(self._check, channel_id))

    def _unlisted(self, agent: Agent, channel_id: str) -> None:
        """A phone that was answered is gone; one that was only called may still ring."""
        since = self._unlisted_since.setdefault(channel_id, self._clock.monotonic())
        may_ring = agent.state in {AgentState.CALLING, AgentState.HANGING_UP}
        if not may_ring or self._clock.monotonic() - since >= LEASE.total_seconds():
            self._queue.post(channel_id, partial(self._gone, channel_id, OfflineReason.LOST))

    async def _check(self, channel_id: str) -> None:
        """Check a channel whose agent the store did not list: they signed out, or were called after the list was
        read."""
        try:
            if any(str(agent.channel_id) == channel_id for agent in await self._store.agents_present()):
                return
            listed = await commands.hang_up(self._ari, channel_id)
        except (SwitchError, *UNAVAILABLE):
            return
        if not listed:
            self._forget(channel_id)


_REASONS = {Outcome.NO_ANSWER: OfflineReason.NO_ANSWER, Outcome.BUSY: OfflineReason.BUSY}


def offline_reason(calling: bool, event: ChannelDestroyed) -> OfflineReason:
    """Why an agent is offline whose phone's channel was destroyed, while it was called or afterwards."""
    if not calling:
        return OfflineReason.PHONE_HUNG_UP
    outcome = outcome_of(rang=True, answered=False, cause=event.cause, sip_status=event.tech_cause)
    return _REASONS.get(outcome, OfflineReason.UNREACHABLE)
