"""The calls of agents' phones: placed when they sign in, up until they sign out."""

from functools import partial
from uuid import UUID

import structlog

from tongdai.agents.model import Agent, AgentState
from tongdai.clock import Clock
from tongdai.db.pool import UNREACHABLE
from tongdai.dialer import core
from tongdai.dialer.call_controller import Carrying
from tongdai.dialer.options import AGENT, LEASE, Options
from tongdai.dialer.per_call_queue import InOrder
from tongdai.dialer.store import Records
from tongdai.switch import commands
from tongdai.switch.commands import Channel, Refused
from tongdai.switch.events import ChannelDestroyed, Event, StasisStart
from tongdai.switch.interface import Ari, SwitchError

log = structlog.get_logger()

RING_S = 30
AGAIN_S = 5.0
"""A hang-up that seems to be lost is asked for again."""


class Phones:
    def __init__(
        self, records: Records, ari: Ari, clock: Clock, options: Options, in_order: InOrder, carrying: Carrying
    ) -> None:
        self._records, self._ari, self._clock, self._options = records, ari, clock, options
        self._in_order, self._carrying = in_order, carrying
        self._agents: dict[str, Agent] = {}
        """By channel id, until the channel is gone."""
        self._missing: dict[str, float] = {}
        """Since when the switch does not list a channel that was asked for."""
        self._hung_up: dict[str, float] = {}

    def knows(self, channel_id: str) -> bool:
        return channel_id in self._agents

    async def round(self) -> None:
        """Once a second: call who signed in, hang up who signed out, end wrap-ups."""
        if await self._records.wrap_ups_over():
            self._carrying.agents_free()
        if not self._ari.up:
            return
        for agent in await self._records.agents_to_call():
            channel_id = str(agent.channel_id)
            self._agents[channel_id] = agent
            self._in_order.post(channel_id, partial(self._call, agent, channel_id))
        now = self._clock.monotonic()
        for agent in await self._records.agents_to_hang_up():
            channel_id = str(agent.channel_id)
            if now - self._hung_up.get(channel_id, -AGAIN_S) >= AGAIN_S:
                self._hung_up[channel_id] = now
                self._agents[channel_id] = agent
                self._in_order.post(channel_id, partial(self._hang_up, channel_id))

    def post(self, channel_id: str, event: Event) -> None:
        if isinstance(event, StasisStart):
            self._in_order.post(channel_id, partial(self._answered, channel_id))
        elif isinstance(event, ChannelDestroyed):
            self._in_order.post(channel_id, partial(self._gone, channel_id))

    async def _call(self, agent: Agent, channel_id: str) -> None:
        if not self._ari.up:
            await self._gone(channel_id)
            return
        try:
            endpoint = commands.agent_endpoint_of(agent.endpoint)
            asked = await commands.originate(
                self._ari, channel_id, endpoint, self._options.app, [AGENT], self._options.caller_id, RING_S
            )
        except SwitchError:
            return  # it may ring: its events tell, or the list of channels
        log.info("agent called", tenant=agent.tenant_id, agent=agent.agent_id, result=type(asked).__name__)
        if isinstance(asked, Refused):
            await self._gone(channel_id)

    async def _answered(self, channel_id: str) -> None:
        agent = self._agents.get(channel_id)
        if agent is None:
            return
        if await self._records.agent_answered(agent):
            log.info("agent signed in", tenant=agent.tenant_id, agent=agent.agent_id)
            self._carrying.agents_free()

    async def _hang_up(self, channel_id: str) -> None:
        try:
            there = await commands.hang_up(self._ari, channel_id)
        except SwitchError:
            return
        if not there:
            await self._gone(channel_id)

    async def _gone(self, channel_id: str) -> None:
        call_id = await self._records.agent_gone(UUID(channel_id))
        agent = self._forget(channel_id)
        if agent is not None:
            log.info("agent offline", tenant=agent.tenant_id, agent=agent.agent_id)
        if call_id is not None:
            self._carrying.post(str(call_id), core.AgentLeft(channel_id))

    def _forget(self, channel_id: str) -> Agent | None:
        self._missing.pop(channel_id, None)
        self._hung_up.pop(channel_id, None)
        return self._agents.pop(channel_id, None)

    def reconcile(self, present: list[Agent], listed: dict[str, Channel]) -> None:
        """What the records say of agents with channels, against the switch's list, which was made later."""
        for agent in present:
            channel_id = str(agent.channel_id)
            self._agents[channel_id] = agent
            channel = listed.get(channel_id)
            if channel is None:
                self._unlisted(agent, channel_id)
            else:
                self._missing.pop(channel_id, None)
                if channel.state == "Up" and agent.state is AgentState.CALLING:
                    self._in_order.post(channel_id, partial(self._answered, channel_id))
        here = {str(agent.channel_id) for agent in present}
        for channel_id in self._agents.keys() - here:
            self._in_order.post(channel_id, partial(self._check, channel_id))

    def _unlisted(self, agent: Agent, channel_id: str) -> None:
        """One that was answered does not come back; one that was asked for may come yet."""
        since = self._missing.setdefault(channel_id, self._clock.monotonic())
        may_come = agent.state in {AgentState.CALLING, AgentState.HANGING_UP}
        if not may_come or self._clock.monotonic() - since >= LEASE.total_seconds():
            self._in_order.post(channel_id, partial(self._gone, channel_id))

    async def _check(self, channel_id: str) -> None:
        """The records knew it no more, or (called just now) not yet: the switch's list may be older than it, too."""
        try:
            if any(str(agent.channel_id) == channel_id for agent in await self._records.agents_present()):
                return
            there = await commands.hang_up(self._ari, channel_id)
        except (SwitchError, *UNREACHABLE):
            return
        if not there:
            self._forget(channel_id)
