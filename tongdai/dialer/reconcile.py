"""What the records say, held against what the switch lists: nothing stays that nobody attends to.

A live call with a channel is alive: its lease begins anew, another process's is adopted, and what was asked of it
in vain is asked again. Without a channel, and with its lease past, it is over: as answered when it was known to be,
else as lost, which is not dialled again by itself; a claim was never dialled, and is taken back. One that was answered
had its channel: without one it is over at once. A channel of a call that has ended is hung up.

One that was answered unheard is adopted too: who answered is there, and gets the message, or the agent if one is free;
if none is, the two seconds are over, and it ends as abandoned.
"""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from tongdai.calls.model import Call, CallState, Outcome
from tongdai.campaigns.settings.model import CallSettings
from tongdai.clock import cancel_requested
from tongdai.db.pool import UNREACHABLE
from tongdai.dialer import core
from tongdai.dialer.agent_phones import Phones
from tongdai.dialer.call_controller import Carrying, told_end
from tongdai.dialer.options import LEASE
from tongdai.dialer.store import Records
from tongdai.switch import commands
from tongdai.switch.commands import Channel
from tongdai.switch.interface import Ari, SwitchError

log = structlog.get_logger()

AGAIN_S, BROKEN_S = 0.5, 5.0


class Reconciling:
    def __init__(self, records: Records, ari: Ari, carrying: Carrying, phones: Phones) -> None:
        self._records, self._ari, self._carrying, self._phones = records, ari, carrying, phones
        self._one = asyncio.Lock()

    async def until_done(self) -> None:
        """Until it succeeds, or the switch goes: that is told, and it comes back."""
        while not cancel_requested():
            try:
                await self.once()
            except UNREACHABLE:
                await asyncio.sleep(AGAIN_S)
            except SwitchError as error:
                log.warning("not reconciled", error=str(error))
                return
            except Exception:
                # Nothing may be dialled before it is done, and events are of no use to one who knows no calls.
                log.exception("cannot reconcile")
                await asyncio.sleep(BROKEN_S)
            else:
                return

    async def sweep(self) -> None:
        """At once when a lease is past."""
        overdue = await self._records.overdue()
        await self._take_back(overdue)
        if self._ari.up and any(call.state is not CallState.CLAIMED for call in overdue):
            await self.once()

    async def once(self) -> None:
        """Raises UNREACHABLE and SwitchError, with part of it done."""
        async with self._one:
            before = {channel_id: line.progress.agent_channel for channel_id, line in self._carrying.lines.items()}
            self._carrying.over.clear()
            overdue = await self._records.overdue()
            live = await self._records.live()
            present = await self._records.agents_present()
            # Last: of what was in the records, nothing that it does not show is there any more.
            listed = {channel.channel_id: channel for channel in await commands.channels(self._ari)}
            await self._take_back(overdue)
            await self._adopt(live)
            self._forget(set(before), live)
            self._phones.reconcile(present, listed)
            over = {str(call.call_id) for call in overdue}
            await self._compare(live, listed, over)
            self._compare_agents(before, listed)
            await self._hang_up_strays(listed)

    async def _take_back(self, overdue: Sequence[Call]) -> None:
        """Claims of another process, or whose answer was lost; of this one, what it did not come to dial."""
        for call in overdue:
            if call.state is not CallState.CLAIMED:
                continue
            if (channel_id := str(call.call_id)) in self._carrying.lines:
                self._carrying.post(channel_id, core.Lapsed())
            elif await self._records.end(call, core.CANCELLED):
                told_end(call, Outcome.CANCELLED)

    async def _adopt(self, live: Sequence[Call]) -> None:
        known: dict[tuple[int, int], CallSettings | None] = {}
        for call in live:
            channel_id = str(call.call_id)
            told = channel_id in self._carrying.lines or channel_id in self._carrying.over
            if told or call.state is CallState.CLAIMED:
                continue
            key = (call.tenant_id, call.campaign_id)
            if key not in known:
                known[key] = await self._records.settings(*key)
            self._carrying.adopt(call, known[key] or CallSettings())
            log.info("call adopted", tenant=call.tenant_id, call=channel_id, state=call.state)

    def _forget(self, before: set[str], live: Sequence[Call]) -> None:
        """Another process ended it."""
        for channel_id in before - {str(call.call_id) for call in live}:
            line = self._carrying.lines.get(channel_id)
            if line is not None and not line.unwritten and line.progress.stage is not core.Stage.CLAIMED:
                self._carrying.forget(channel_id)

    async def _compare(self, live: Sequence[Call], listed: Mapping[str, Channel], over: set[str]) -> None:
        alive: list[Call] = []
        for call in live:
            channel_id = str(call.call_id)
            channel = listed.get(channel_id)
            if channel is not None:
                alive.append(call)
                self._carrying.post(channel_id, core.Seen(channel.state == "Up", channel.state == "Ringing"))
            elif call.state is CallState.ANSWERED or (channel_id in over and call.state is not CallState.CLAIMED):
                self._carrying.post(channel_id, core.Unseen())
        if alive:
            await self._records.extend(alive, LEASE)

    def _compare_agents(self, before: Mapping[str, str | None], listed: Mapping[str, Channel]) -> None:
        """An agent whom a call had before the list was made, and who is not in it, has left: maybe that was told to
        the records, and their answer lost."""
        for channel_id, agent_channel in before.items():
            if agent_channel is not None and agent_channel not in listed:
                self._carrying.post(channel_id, core.AgentLeft(agent_channel))

    async def _hang_up_strays(self, listed: Mapping[str, Channel]) -> None:
        strays = [
            call_id
            for channel_id in listed
            if channel_id not in self._carrying.lines
            and not self._phones.knows(channel_id)
            and (call_id := _uuid(channel_id)) is not None
        ]
        for call_id in await self._records.ended(strays) if strays else []:
            if await commands.hang_up(self._ari, str(call_id)):  # most have just ended by themselves
                log.warning("stray call hung up", call=str(call_id))


def _uuid(channel_id: str) -> UUID | None:
    try:
        return UUID(channel_id)
    except ValueError:
        return None
