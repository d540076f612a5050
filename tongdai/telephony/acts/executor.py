"""Does what the API asks of live calls: hold, mute, hang up.

    call_act: asked ─→ core.refusal ─→ begin (committed, audited) ─→ core.steps: records and requests ─→ finish

Owns nothing but the acts that it has queued. Acts of a call are done in the order of their requests, by the per-channel
queue of the call, so never beside an event of it. The rows tell the rest: what is on hold and until when, and who is
muted (calls/acts/controls.py). Once a second it ends the holds whose limit has passed, and unmutes phones whose call
has ended.

Fails safely:
- no leader, or no connection with the switch: the act is not begun, and lapses;
- a crash before `begin`: likewise; after it: the act has no end, and its requester learns that the result is not
  known. Nothing is done twice;
- a crash between the record and the switch, or a switch that does not confirm: hold, resume, mute and unmute are
  completed by the records, each second until the switch confirms it, by whoever leads then;
- a crash within a hold: its row is there, and whoever leads ends it at its limit;
- the customer hangs up, or the agent's phone does: the call ends as without a hold.
"""

import asyncio
from datetime import datetime
from functools import partial
from typing import assert_never
from uuid import UUID

import structlog

from tongdai.calls.acts.model import CONSULTING, REPEATABLE, SUPERVISING, Act, Control, Ended, Kind, Result, Talk
from tongdai.clock import Clock, cancel_requested
from tongdai.db.unavailable import unavailable
from tongdai.dialer.options import Options
from tongdai.runtime.background import Attempts
from tongdai.switch import commands
from tongdai.switch.events import ChannelDestroyed, Event
from tongdai.switch.interface import Ari, SwitchError
from tongdai.switch.per_channel_queue import PerChannelQueue
from tongdai.telephony.acts import core
from tongdai.telephony.acts.store import ActStore
from tongdai.telephony.acts.supervisors import Supervisors
from tongdai.telephony.acts.transfers import Transfers
from tongdai.telephony.parties.controller import Parties

log = structlog.get_logger()

POLL_S = 0.25
"""How soon an act is found whose notification was lost."""
SWEEP_S = 1.0
INTERRUPTED = "It was interrupted: read the call for what it came to"


class Acts:
    def __init__(
        self,
        store: ActStore,
        ari: Ari,
        clock: Clock,
        options: Options,
        queue: PerChannelQueue,
        parties: Parties | None = None,
        transfers: Transfers | None = None,
    ) -> None:
        """`parties`: None: nobody can be consulted, and no phone takes over. `transfers`: None: nobody transfers."""
        self._store, self._ari, self._clock, self._queue = store, ari, clock, queue
        self._parties, self._transfers = parties, transfers
        self._supervisors = Supervisors(store, ari, clock, options, queue, parties)
        self._queued: set[UUID] = set()
        self._interrupted: dict[UUID, Act] = {}
        """Repeatable acts of which it is not known whether they were done, by id, in the order of their requests."""
        self._connected_anew = False
        self._muted: dict[str, str] = {}
        """Muted phones by the channel of their customer."""
        self._asked = asyncio.Event()
        self._swept_at = -SWEEP_S

    def wake(self) -> None:
        """Something may have been asked."""
        self._asked.set()

    def reconnected(self) -> None:
        """The switch is connected again, perhaps after another process had it."""
        self._connected_anew = True
        self._supervisors.reconnected()

    async def run(self) -> None:
        """Until cancelled."""
        with Attempts("acts", lambda error: isinstance(error, SwitchError) or unavailable(error)) as attempts:
            while not cancel_requested():
                try:
                    await self.round()
                    attempts.succeeded()
                except Exception as error:
                    attempts.failed(error)
                try:
                    async with asyncio.timeout(POLL_S):
                        await self._asked.wait()
                except TimeoutError:
                    pass
                self._asked.clear()

    async def round(self) -> None:
        """Queue what was asked; once a second, end what is over."""
        if not self._ari.up:
            return
        for act in await self._store.asked():
            if act.act_id not in self._queued:
                self._queued.add(act.act_id)
                self._queue.post(act.channel, partial(self._do, act))
        if self._clock.monotonic() - self._swept_at >= SWEEP_S:
            self._swept_at = self._clock.monotonic()
            await self._complete_interrupted()
            for control in await self._store.controlled(self._clock.now()):
                self._sweep(control)
            await self._supervisors.round()

    def observe(self, event: Event) -> None:
        """A customer whose agent is muted is gone: the agent may get another one at once."""
        self._supervisors.observe(event)
        if isinstance(event, ChannelDestroyed) and (muted := self._muted.pop(event.channel_id, None)) is not None:
            self._queue.start(self._unmute_next(muted))

    # Acts

    async def _do(self, act: Act) -> None:
        try:
            talk = await self._store.talk(act)
            why = core.refusal(act.kind, talk, self._parties is not None)
            if why is not None or talk is None:
                await self._store.finish(act, Ended(Result.REFUSED, why or core.GONE))
            elif self._ari.up and await self._store.begin(act):
                how = await self._carry_out(act, talk)
                log.info(
                    "act ended",
                    tenant=act.tenant_id,
                    call=str(act.call_id),
                    act=act.kind.value,
                    result=how.result.value,
                )
                await self._store.finish(act, how)
        finally:
            self._queued.discard(act.act_id)

    async def _carry_out(self, act: Act, talk: Talk) -> Ended:
        try:
            if act.kind in SUPERVISING:
                return await self._supervisors.do(act, talk)
            if act.kind in CONSULTING and self._parties is not None:
                return await self._parties.do(act, talk)
            if act.kind is Kind.TRANSFER and self._transfers is not None:
                return await self._transfers.do(act, await self._unmuted(act, talk))
            for step in core.steps(act, talk, self._clock.now()):
                if not await self._make(act, talk, step):
                    for undone in core.undo(act):
                        await self._make(act, talk, undone)
                    return Ended(Result.REFUSED, core.GONE)
        except SwitchError as error:
            if act.kind in REPEATABLE:
                self._interrupted[act.act_id] = act
            log.warning("act not confirmed", call=str(act.call_id), act=act.kind.value, error=str(error))
            return Ended(Result.FAILED, "The switch did not confirm it: whether it was done is not known")
        return Ended(Result.DONE)

    async def _complete_interrupted(self) -> None:
        if self._connected_anew:
            for act in await self._store.interrupted():
                if act.act_id not in self._queued:
                    self._interrupted.setdefault(act.act_id, act)
            self._connected_anew = False
        for act in self._interrupted.values():
            if act.act_id not in self._queued:
                self._queued.add(act.act_id)
                self._queue.post(act.channel, partial(self._complete, act))

    async def _complete(self, act: Act) -> None:
        """Do what is left of an act; again in a second if the switch does not confirm it."""
        try:
            talk = await self._store.talk(act)
            for step in core.rest(act, talk):
                assert talk is not None, "an act on a call that has ended has nothing left"
                if not await self._make(act, talk, step):
                    break  # the call ends by its events
            await self._store.finish(act, Ended(Result.FAILED, INTERRUPTED))
            self._interrupted.pop(act.act_id, None)
            log.info("interrupted act completed", tenant=act.tenant_id, call=str(act.call_id), act=act.kind.value)
        except SwitchError as error:
            log.warning("act not confirmed", call=str(act.call_id), act=act.kind.value, error=str(error))
        finally:
            self._queued.discard(act.act_id)

    async def _unmuted(self, act: Act, talk: Talk) -> Talk:
        """The talk with its agent heard again, who is about to leave it."""
        if talk.muted_channel is not None:
            await self._tell(core.Unmute(talk.muted_channel))
            await self._record(act, talk, core.RecordUnmute(), self._clock.now())
        return talk

    async def _make(self, of: Act | Control, talk: Talk, step: core.Step) -> bool:
        """False: a channel or the call is gone."""
        match step:
            case core.RecordHold() | core.RecordTalk() | core.RecordMute() | core.RecordUnmute():
                return await self._record(of, talk, step, self._clock.now())
            case core.PlayMusic(channel=channel):
                await commands.remove_from_bridge(self._ari, talk.channel, channel)
                return await commands.start_music(self._ari, channel)
            case core.Bridge(bridge=bridge, channels=channels):
                for channel in channels:
                    await commands.stop_music(self._ari, channel)
                await commands.create_bridge(self._ari, bridge)
                return await commands.add_to_bridge(self._ari, bridge, *channels)
            case _:
                return await self._tell(step)

    async def _tell(self, request: core.Mute | core.Unmute | core.Press | core.HangUp) -> bool:
        """Make a request of one channel."""
        match request:
            case core.Mute(channel=channel):
                return await commands.mute(self._ari, channel)
            case core.Unmute(channel=channel):
                return await commands.unmute(self._ari, channel)
            case core.Press(channel=channel, keys=keys):
                return await commands.send_dtmf(self._ari, channel, keys)
            case core.HangUp(channel=channel):
                return await commands.hang_up(self._ari, channel)
            case _:
                assert_never(request)

    async def _record(self, of: Act | Control, talk: Talk, record: core.Record, now: datetime) -> bool:
        match record:
            case core.RecordHold(until=until):
                return await self._store.hold(of, talk, now, until)
            case core.RecordTalk():
                return await self._store.resume(of, talk, now)
            case core.RecordMute(channel=channel):
                self._muted[talk.channel] = channel
                return await self._store.mute(of, channel)
            case core.RecordUnmute():
                self._muted.pop(talk.channel, None)
                await self._store.unmute(of)
                return True
            case _:
                assert_never(record)

    # What is over

    def _sweep(self, control: Control) -> None:
        channel_id = control.channel
        if control.over:
            self._queue.post(channel_id, partial(self._release, control))
        elif control.overdue:
            self._queue.post(channel_id, partial(self._end_hold, control))
        elif control.muted_channel is not None:
            self._muted[channel_id] = control.muted_channel

    async def _release(self, control: Control) -> None:
        """The call has ended: its agent's phone is heard again."""
        if control.muted_channel is not None and not await self._unmute(control.muted_channel):
            return
        self._muted.pop(control.channel, None)
        await self._store.forget(control)

    async def _end_hold(self, control: Control) -> None:
        talk = await self._store.talk(control)
        if talk is None or talk.held_until is None or talk.held_until > self._clock.now() or not talk.with_agent:
            return
        try:
            if self._parties is not None and await self._parties.end_hold(talk):
                return
            if await self._make(control, talk, core.together(talk)):
                await self._make(control, talk, core.RecordTalk())
                log.info("hold ended at its limit", tenant=control.tenant_id, call=talk.channel)
        except SwitchError as error:
            log.warning("hold not ended", call=talk.channel, error=str(error))

    async def _unmute_next(self, channel_id: str) -> None:
        await self._unmute(channel_id)  # if not now, the next sweep does it

    async def _unmute(self, channel_id: str) -> bool:
        """False: not known."""
        try:
            await commands.unmute(self._ari, channel_id)
        except SwitchError:
            return False
        return True
