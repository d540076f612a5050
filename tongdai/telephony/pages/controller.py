"""Keeps the calls of agents whose page is loaded again, with whom a phone in a browser has lost its connection.

    page gone ──▶ customer on hold, with music ──▶ a page has the account, and signs on ──▶ called anew ──▶ answered
                                                                                             └▶ both in the bridge
              └─ return_s later ──▶ given up: the phone is hung up, and the agent's call continues as AgentPhones says

Owns nothing: the channels are those of `AgentPhones`, and the rows say whose page is gone, since when, and what was
called since (agents/pages.py). So whoever leads the switch continues at the same place, and the call stays one: its
segments are talk, hold, talk. Once each ROUND_S, and when a phone has been answered, the next step of each is made
(core.py); a step that the switch does not confirm is made again in the next round. What concerns a call is done in its
queue.

The channel of the former page is hung up when the phone is called anew; its end, before or after, is that of no agent.
Reconciliation asks `parted` before it takes a channel that is not listed for an agent who has left.

- A page whose network was cut comes back with its call: nothing is done here.
- A call with somebody who is consulted, or in a conference, is not put on hold; the bridge follows the rows
  (parties/core.py) when the agent is back.
- A call that its agent had on hold stays there; an agent who was muted is muted again.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from tongdai.agents.model import Agent, AgentState, LostPage
from tongdai.calls.acts.model import MAX_HOLD_S, Talk
from tongdai.clock import Clock
from tongdai.ids import TenantId
from tongdai.switch import commands
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.telephony.agent_phones import AgentPhones
from tongdai.telephony.pages.core import Next, next_step
from tongdai.telephony.pages.store import PageStore
from tongdai.telephony.parties.controller import Parties
from tongdai.telephony.parties.talks import Talks

log = structlog.get_logger()

ROUND_S = 0.5


class Pages:
    def __init__(
        self,
        store: PageStore,
        ari: Ari,
        clock: Clock,
        return_s: float,
        queue: PerChannelQueue,
        phones: AgentPhones,
        talks: Talks,
        parties: Parties | None = None,
    ) -> None:
        self._store, self._ari, self._clock, self._return_s = store, ari, clock, return_s
        self._queue, self._phones, self._talks, self._parties = queue, phones, talks, parties
        self._calls: set[UUID] = set()
        """The calls whose agent is waited for."""
        self._music: set[UUID] = set()
        """The calls of them whose customer hears music, since this process began to wait."""
        self._requested_at: dict[str, float] = {}
        """When the channels were requested that are called anew."""

    def parted(self, call_id: UUID) -> bool:
        """Whether the agent of a call is waited for, whose channel is gone."""
        return call_id in self._calls

    async def awaited(self, channel_id: str) -> bool:
        """Whether the page of a phone that is gone is waited for."""
        return await self._store.awaited(UUID(channel_id))

    async def read(self) -> list[LostPage]:
        """Find the pages that are gone. Raises UNAVAILABLE."""
        found = list(await self._store.lost())
        self._calls = {lost.agent.call_id for lost in found if lost.agent.call_id is not None}
        self._music &= self._calls
        channels = {str(lost.agent.channel_id) for lost in found}
        self._requested_at = {one: at for one, at in self._requested_at.items() if one in channels}
        return found

    async def round(self) -> None:
        """Make the next step of each."""
        if not self._ari.up:
            return
        for lost in await self.read():
            await self._follow(lost)

    async def _follow(self, lost: LostPage) -> None:
        agent, channel_id = lost.agent, str(lost.agent.channel_id)
        if agent.state is AgentState.TALKING and agent.call_id is not None:
            await self._in_call(agent, partial(self._hold, lost, agent.call_id))
        listed = await commands.channel(self._ari, channel_id) if lost.called else None
        requested_at = self._requested_at.setdefault(channel_id, self._clock.monotonic())
        match next_step(
            lost,
            self._return_s,
            listed=None if listed is None else listed.state,
            requested_s=self._clock.monotonic() - requested_at,
        ):
            case Next.CALL:
                await self._call(lost)
            case Next.CONNECT if agent.call_id is not None:
                await self._in_call(agent, partial(self._connect, lost, agent.call_id))
            case Next.CONNECT:
                await self._back(lost)
            case Next.GIVE_UP:
                await self._give_up(lost)
            case Next.WAIT:
                pass

    async def _in_call(self, agent: Agent, job: Callable[[Talk], Awaitable[None]]) -> None:
        """Do something in the queue of the agent's call, unless it is busy: a round comes again."""
        if agent.call_id is None:
            return
        ids = (agent.tenant_id, agent.call_id)
        talk = await self._store.talk_of(*ids)
        if talk is not None and not self._queue.busy(talk.channel):
            self._queue.post(talk.channel, partial(self._do, *ids, job))

    async def _do(self, tenant_id: TenantId, call_id: UUID, job: Callable[[Talk], Awaitable[None]]) -> None:
        try:
            talk = await self._store.talk_of(tenant_id, call_id)
            if talk is not None:
                await job(talk)
        except SwitchError as error:
            log.warning("switch did not confirm a change of phones", call=str(call_id), error=str(error))

    # The steps

    async def _hold(self, lost: LostPage, call_id: UUID, talk: Talk) -> None:
        """The customer hears music, unless somebody else talks with them."""
        agent = lost.agent
        waits = talk.agent_id == agent.agent_id and talk.party is None and call_id in self._calls
        if not waits or (talk.held and call_id in self._music):
            return
        now = self._clock.now()
        until = now + timedelta(seconds=MAX_HOLD_S)
        if not talk.held and not await self._store.hold(agent, call_id, max(now, lost.since), until):
            return
        await commands.remove_from_bridge(self._ari, talk.channel, talk.channel)
        if await commands.start_music(self._ari, talk.channel):
            self._music.add(call_id)
            log.info("call held for a page", tenant=agent.tenant_id, call=str(call_id), agent=agent.agent_id)

    async def _call(self, lost: LostPage) -> None:
        """Call the phone anew, at the page that has it now."""
        agent = lost.agent
        endpoint = await commands.endpoint(self._ari, agent.endpoint)
        if endpoint is None or endpoint.state != "online":
            return  # it has not signed on yet
        anew = await self._store.call_anew(lost)
        if anew is None:
            return
        channel_id = str(anew.channel_id)
        self._requested_at[channel_id] = self._clock.monotonic()
        if anew.call_id is not None:
            talk = await self._store.talk_of(anew.tenant_id, anew.call_id)
            if talk is not None:
                self._talks.changed(talk.channel, anew.agent_id, channel_id)
        self._phones.call_anew(anew, str(agent.channel_id))

    async def _connect(self, lost: LostPage, call_id: UUID, talk: Talk) -> None:
        """The phone was answered: agent and customer are together again."""
        agent, channel_id = lost.agent, str(lost.agent.channel_id)
        if talk.agent_channel != channel_id:
            return
        if talk.party is not None and self._parties is not None:
            await self._parties.settle(agent.tenant_id, call_id)
        else:
            ours = talk.held and await self._store.held_since(agent, call_id, lost.since)
            together = (channel_id, talk.channel) if ours or not talk.held else (channel_id,)
            if ours:
                await commands.stop_music(self._ari, talk.channel)
            await commands.create_bridge(self._ari, talk.channel)
            if not await commands.add_to_bridge(self._ari, talk.channel, *together):
                self._music.discard(call_id)
                return  # one of them is gone, or not yet there
            if ours:
                await self._store.resume(agent, call_id, self._clock.now())
        if talk.muted and await commands.mute(self._ari, channel_id):
            await self._store.mute(agent, call_id, channel_id)
        await self._back(lost)

    async def _back(self, lost: LostPage) -> None:
        agent = lost.agent
        idle = await self._store.back(agent)
        if idle is None:
            return
        if agent.call_id is not None:
            self._calls.discard(agent.call_id)
            self._music.discard(agent.call_id)
        self._phones.is_back(agent)
        log.info("phone called anew", tenant=agent.tenant_id, agent=agent.agent_id, after_s=round(lost.lost_s, 1))
        if idle:
            self._phones.agent_became_free()

    async def _give_up(self, lost: LostPage) -> None:
        agent = lost.agent
        if not await self._store.give_up(agent):
            return
        if agent.call_id is not None:
            self._calls.discard(agent.call_id)
        log.info("page not returned", tenant=agent.tenant_id, agent=agent.agent_id, after_s=round(lost.lost_s, 1))
        self._phones.end(agent)
